"""What Teams sends, as events: each recorded activity, and whatever else may come."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.teams.cards import ACTION, data_of
from adapters.teams.dialogs import FORM
from adapters.teams.inbound import (
    Incoming,
    Origin,
    Query,
    Rated,
    Removed,
    Surface,
    Tenant,
    Told,
    from_activity,
    is_elsewhere,
    is_guest,
    origin_of,
)
from bot.actions import Action, NotNow, OldAction, OpenSettings, RateAnswer
from bot.events import Commanded, Event, Opened, Pressed, Said, Submitted
from bot.people import Person
from bot.places import Place

Json = dict[str, Any]

PAYLOADS = Path(__file__).parent / "teams_payloads"
NAMES = sorted(path.stem for path in PAYLOADS.glob("*.json"))
HOME = "7e0a0000-0000-4000-8000-000000000001"
ABROAD = "7e0a0000-0000-4000-8000-000000000002"
BOT = "28:7e0a0000-0000-4000-8000-0000000000b0"
TENANT = Tenant(id=HOME, bot=BOT, community="example")
INVOKE = "f:d0000000-0000-4000-8000-000000000001"
PROJECTS, GROUP, PERSONAL = "19:projects@thread.tacv2", "19:group@thread.v2", "a:1alice"
ROOT = "1795348802000"
PEOPLE = {
    "alice": Person("a0000000-0000-4000-8000-000000000001", "Alice Anderson"),
    "bob": Person("a0000000-0000-4000-8000-000000000002", "Bob Brown"),
    "carol": Person("a0000000-0000-4000-8000-000000000003", "Carol Costa"),
    "gwen": Person("a0000000-0000-4000-8000-0000000000e1", "Gwen Green"),
}
ZONES = {"alice": "Europe/Paris", "bob": "America/New_York", "carol": "Pacific/Auckland"}


def payload(name: str) -> Json:
    """A recorded activity, new each time."""
    read: Json = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    return read


def room(name: str, thread: str = "", *, is_outside: bool = False) -> Place:
    return Place("teams", "example", name, thread, is_private=name.startswith("a:"), is_outside=is_outside)


def aside(name: str, thread: str = "") -> Place:
    return Place("teams", "example", name, thread, is_private=True, is_shareable=not name.startswith("a:"))


def origin(who: str, conversation: str, activity: str = INVOKE, **more: Any) -> Origin:
    surfaces = {"a:": Surface.PERSONAL, "19": Surface.CHANNEL if "tacv2" in conversation else Surface.GROUP}
    surface = surfaces[conversation[:2]]
    standard = {
        "surface": surface,
        "service_url": f"https://smba.trafficmanager.net/emea/{HOME}/",
        "tenant": HOME,
        "conversation": conversation,
        "user": f"29:1{who}",
        "activity": activity,
        "team": "19:general@thread.tacv2" if surface is Surface.CHANNEL else "",
        "locale": "en-US",
        "time_zone": ZONES.get(who, ""),
        "bot": BOT,
    }
    return Origin(**{**standard, **more})


def key(conversation: str, activity: str = INVOKE) -> str:
    return f"{HOME} {conversation} {activity}"


def said(who: str, place: Place, text: str, activity: str, *, is_addressed: bool = True, **more: Any) -> Incoming:
    conversation = f"{place.room};messageid={place.thread}" if place.thread else place.room
    return Incoming(
        event=Said(
            person=PEOPLE[who], place=place, text=text, is_addressed=is_addressed, key=key(conversation, activity)
        ),
        origin=origin(who, conversation, activity, **more),
    )


def commanded(who: str, place: Place, command: tuple[str, str], conversation: str, activity: str) -> Incoming:
    name, rest = command
    event = Commanded(person=PEOPLE[who], place=place, command=name, rest=rest, key=key(conversation, activity))
    return Incoming(event=event, origin=origin(who, conversation, activity, is_targeted=True))


def pressed(who: str, place: Place, action: Action, activity: str = INVOKE, **more: Any) -> Incoming:
    conversation = f"{place.room};messageid={place.thread}" if place.thread else place.room
    return Incoming(
        event=Pressed(person=PEOPLE[who], place=place, action=action, key=key(conversation, activity)),
        origin=origin(who, conversation, activity, **more),
    )


def rated(reason: str, *, is_good: bool) -> Rated:
    given_by = origin("alice", PERSONAL, reply_to="1795348804000", invoke="message/submitAction", locale="")
    return Rated(
        person=PEOPLE["alice"],
        place=aside(PERSONAL),
        is_good=is_good,
        reason=reason,
        origin=given_by,
        key=key(PERSONAL),
    )


def query(text: str, conversation: str = PERSONAL) -> Query:
    # A chat of two people is called personal, too.
    beside = {} if conversation != PERSONAL else {"surface": Surface.GROUP}
    return Query(
        person=PEOPLE["alice"],
        place=aside(conversation),
        text=text,
        origin=origin("alice", conversation, invoke="composeExtension/query", **beside),
    )


def opened(**more: Any) -> Incoming:
    event = Opened(person=PEOPLE["alice"], place=room(PERSONAL), key=f"{HOME} {PERSONAL} added 2026-11-22")
    return Incoming(event=event, origin=origin("alice", PERSONAL, **more))


OLD = OldAction()
IN_THREAD = f"{PROJECTS};messageid={ROOT}"
CARD = {"reply_to": "1795348805000"}
SHARED = room("19:shared@thread.tacv2", ROOT, is_outside=True)
MEETING = "19:meeting_MjAyNg@thread.v2"
CALLED: dict[str, Told | None] = {
    "message_in_personal": said("alice", room(PERSONAL), "hello", "1795348800000"),
    "command_in_personal": said("alice", room(PERSONAL), "help", "1795348800000"),
    "message_with_file_in_personal": said("alice", room(PERSONAL), "see this", "1795348800000"),
    "message_with_picture_only": said("alice", room(PERSONAL), "", "1795348800000"),
    "message_with_little": Incoming(
        event=Said(
            person=Person("29:1alice", "Alice Anderson"),
            place=room(PERSONAL),
            text="hello",
            key=key(PERSONAL, "1795348800000"),
        ),
        origin=origin("alice", PERSONAL, "1795348800000", time_zone=""),
    ),
    "message_in_personal_of_another_tenant": said(
        "gwen",
        room("a:1gwen", is_outside=True),
        "hello",
        "1795348800000",
        service_url=f"https://smba.trafficmanager.net/emea/{ABROAD}/",
        time_zone="Europe/Paris",
    ),
    "mention_in_channel": said("carol", room(PROJECTS, ROOT), "hello", ROOT),
    "mention_in_channel_in_full": said("carol", room(PROJECTS, ROOT), "hello", ROOT),
    "mention_in_thread": said("bob", room(PROJECTS, ROOT), "in thread", "1795348803000"),
    "mention_in_group_chat": said("bob", room(GROUP), "hello", "1795348801000"),
    "mention_with_line_breaks": said("bob", room(GROUP), "who tried shuttles?", "1795348801000"),
    "mention_of_bot_twice_and_of_a_person": said("carol", room(PROJECTS, ROOT), "ask @Bob Brown about the page", ROOT),
    "mention_of_guest_in_channel": Incoming(
        event=Said(
            person=Person(PEOPLE["gwen"].id, "Gwen Green (Guest)"),
            place=room(PROJECTS, ROOT),
            text="hello",
            key=key(IN_THREAD, ROOT),
        ),
        origin=origin("gwen", IN_THREAD, ROOT, time_zone="Pacific/Auckland"),
    ),
    "mention_of_another_tenant_in_shared_channel": said("gwen", SHARED, "hello", ROOT, time_zone="Pacific/Auckland"),
    "mention_of_federated_person_in_group_chat": said(
        "gwen", room(GROUP, is_outside=True), "hello", "1795348801000", time_zone="America/New_York"
    ),
    "mention_of_anonymous_person_in_meeting": Incoming(
        event=Said(
            person=Person("29:1anonymous", "Visitor"),
            place=room(MEETING, is_outside=True),
            text="hello",
            key=key(MEETING, "1795348801000"),
        ),
        origin=origin("anonymous", MEETING, "1795348801000", time_zone="America/New_York"),
    ),
    "message_in_channel_overheard": said(
        "bob", room(PROJECTS, "1795348806000"), "overheard", "1795348806000", is_addressed=False
    ),
    "message_in_thread_overheard": said("bob", room(PROJECTS, ROOT), "overheard", "1795348807000", is_addressed=False),
    "message_in_group_chat_overheard": said(
        "bob", room(GROUP), "has anyone tried shuttles?", "1795348890000", is_addressed=False
    ),
    "slash_command_in_channel": commanded("carol", aside(PROJECTS), ("help", ""), IN_THREAD, ROOT),
    "slash_command_in_thread": commanded("bob", aside(PROJECTS, ROOT), ("help", ""), IN_THREAD, "1795348803000"),
    "slash_command_in_group_chat": commanded(
        "bob", aside(GROUP), ("ask", "who tried shuttles?"), GROUP, "1795348891000"
    ),
    "action_execute_in_channel": pressed("bob", aside(PROJECTS, ROOT), OLD, invoke="adaptiveCard/action", **CARD),
    "action_execute_in_personal": pressed(
        "alice", aside(PERSONAL), OLD, invoke="adaptiveCard/action", reply_to="1795348804000"
    ),
    "action_submit_in_channel": pressed("bob", aside(PROJECTS, ROOT), OLD, "1795348899000", **CARD),
    "action_submit_in_personal": pressed("alice", aside(PERSONAL), OLD, "1795348899000", reply_to="1795348804000"),
    "dialog_fetch": pressed("alice", aside(PERSONAL), OLD, invoke="task/fetch", reply_to="1795348801000"),
    "dialog_fetch_in_channel": pressed("bob", aside(PROJECTS, ROOT), OLD, invoke="task/fetch", **CARD),
    "dialog_submit": pressed("alice", aside(PERSONAL), OLD, invoke="task/submit"),
    "message_action_fetch": Incoming(
        event=Commanded(
            person=PEOPLE["alice"],
            place=aside(PROJECTS, ROOT),
            command="ask",
            rest="We would like autonomous shuttles in the valley.",
            key=key(IN_THREAD),
        ),
        origin=origin("alice", IN_THREAD, invoke="composeExtension/fetchTask"),
    ),
    "message_extension_query": query("shuttles"),
    "message_extension_first_query": query(""),
    "message_extension_query_in_channel": query("shuttles", PROJECTS),
    "feedback_like": rated("good", is_good=True),
    "feedback_in_plain_words": rated("good", is_good=True),
    "feedback_dislike": rated("not what I asked", is_good=False),
    "feedback_without_words": rated("", is_good=False),
    "bot_added_to_personal": opened(locale=""),
    "installed_in_personal": opened(),
    "bot_removed_from_team": Removed(conversation="19:general@thread.tacv2", tenant=HOME),
    "removed_from_team": Removed(conversation="19:general@thread.tacv2", tenant=HOME),
    "removed_from_group_chat": Removed(conversation=GROUP, tenant=HOME),
    "removed_from_personal": Removed(conversation=PERSONAL, tenant=HOME, person=PEOPLE["alice"].id),
}
IN_SILENCE = {
    *("bot_added_to_group_chat", "bot_added_to_team", "installed_in_group_chat", "installed_in_team"),
    *("card_refresh", "upgraded_in_team", "typing", "invoke_unknown_to_us"),
    *("channel_created", "channel_deleted", "channel_renamed", "channel_shared"),
    *("team_archived", "team_deleted", "team_renamed"),
    *("feedback_custom_form_fetch", "message_action_submit"),
    *("message_deleted", "message_edited", "message_edited_in_personal", "message_undeleted", "message_of_a_bot"),
    *("person_added_to_team", "person_removed_from_team", "persons_added_to_team"),
    *("reaction_added", "reaction_removed"),
}


@pytest.mark.parametrize(("name", "expected"), CALLED.items())
def test_an_activity_is_what_it_means(name: str, expected: Told) -> None:
    assert from_activity(payload(name), TENANT) == expected


@pytest.mark.parametrize("name", sorted(IN_SILENCE))
def test_what_nobody_says_to_the_bot_is_none(name: str) -> None:
    assert from_activity(payload(name), TENANT) is None


def test_every_recorded_activity_is_looked_at() -> None:
    assert set(NAMES) == set(CALLED) | IN_SILENCE
    assert not set(CALLED) & IN_SILENCE


@pytest.mark.parametrize("name", NAMES)
def test_every_activity_tells_how_to_answer(name: str) -> None:
    there = origin_of(payload(name), TENANT)
    assert there is not None
    assert there.service_url.startswith("https://")
    told = from_activity(payload(name), TENANT)
    assert isinstance(told, Removed | None) or told.origin == there


def test_an_addition_told_twice_is_one() -> None:
    first, second = (_event(payload(name)) for name in ("bot_added_to_personal", "installed_in_personal"))
    assert first.key == second.key != ""
    later = payload("installed_in_personal") | {"timestamp": "2026-11-23T09:00:00.000Z"}
    assert _event(later).key != first.key


def test_what_is_delivered_again_has_the_same_key_and_what_is_said_elsewhere_another() -> None:
    keys = set()
    for change in ({}, {}, {"id": "1795348802001"}):
        keys.add(_event(payload("mention_in_thread") | change).key)
    other = payload("mention_in_thread")
    other["conversation"]["id"] = f"19:other@thread.tacv2;messageid={ROOT}"
    assert len(keys | {_event(other).key}) == 3


@pytest.mark.parametrize(
    ("text", "mentions", "read"),
    [
        ("<at>Pilotlight</at> Pilotlight is a name", ["<at>Pilotlight</at>"], "Pilotlight is a name"),
        ("Pilotlight <at>Pilotlight</at>", ["<at>Pilotlight</at>"], "Pilotlight"),
        ("<at>Pilotlight</at>\u00a0R&amp;D &lt;b&gt;", ["<at>Pilotlight</at>"], "R&D <b>"),
        ('<at id="0">Pilotlight</at> hi', ['<at id="0">Pilotlight</at>'], "hi"),
        ("<at>Pilotlight</at> hi", ["<at>Elsewhere</at>"], "Pilotlight hi"),
        ("no mark of it", ["<at>Pilotlight</at>"], "no mark of it"),
        ("", ["<at>Pilotlight</at>"], ""),
        ("<at>Pilotlight</at> one\r\ntwo\u202e\x00\ud800", ["<at>Pilotlight</at>"], "one\ntwo"),
    ],
)
def test_a_mention_goes_by_its_entity_and_nothing_else(text: str, mentions: list[str], read: str) -> None:
    body = payload("mention_in_group_chat") | {"text": text}
    body["entities"] = [{"type": "mention", "mentioned": {"id": BOT}, "text": each} for each in mentions]
    event = _event(body)
    assert isinstance(event, Said)
    assert (event.text, event.is_addressed) == (read, True)


def test_a_person_of_the_bots_name_is_a_person() -> None:
    body = payload("mention_in_group_chat") | {"text": "<at>Pilotlight</at> and <at>Pilotlight</at>"}
    mark = "<at>Pilotlight</at>"
    body["entities"] = [
        {"type": "mention", "mentioned": {"id": "29:1namesake"}, "text": mark},
        {"type": "mention", "mentioned": {"id": BOT}, "text": mark},
    ]
    event = _event(body)
    assert isinstance(event, Said)
    assert event.text == "@Pilotlight and"
    body["entities"] = body["entities"][:1]
    event = _event(body)
    assert isinstance(event, Said)
    assert not event.is_addressed


def test_formatted_words_are_read_without_their_markup() -> None:
    body = payload("message_in_personal") | {
        "textFormat": "xml",
        "text": "<p>one<br/>two &amp; <b>three</b></p><p>4</p>",
    }
    event = _event(body)
    assert isinstance(event, Said)
    assert event.text == "one\ntwo & three\n4"


@pytest.mark.parametrize(
    ("text", "command", "rest"),
    [
        ("/pilot help", "help", ""),
        ("/pilot", "help", ""),
        ("/Pilot ask who tried shuttles?", "ask", "who tried shuttles?"),
        ("/pilotlight tell Shuttles", "tell", "Shuttles"),
        ("/pilot who has ever tried shuttles?", "ask", "who has ever tried shuttles?"),
    ],
)
@pytest.mark.parametrize(
    "name", ["message_in_personal", "message_in_group_chat_overheard", "message_in_thread_overheard"]
)
def test_a_typed_command_is_one_wherever_it_is_typed(name: str, text: str, command: str, rest: str) -> None:
    event = _event(payload(name) | {"text": text})
    assert isinstance(event, Commanded)
    assert (event.command, event.rest) == (command, rest)
    assert event.place.is_private
    assert event.place.is_shareable is (name != "message_in_personal")


@pytest.mark.parametrize(
    ("text", "command"), [("/help", "help"), ("help", "help"), ("/pilot help", "help"), ("", "help")]
)
def test_what_only_the_bot_was_told_is_a_command_with_or_without_its_mark(text: str, command: str) -> None:
    event = _event(payload("slash_command_in_thread") | {"text": text})
    assert isinstance(event, Commanded)
    assert event.command == command


@pytest.mark.parametrize("text", ["/pilots", "/pilotage in ports", "a /pilot help"])
def test_a_word_that_begins_like_the_command_is_none(text: str) -> None:
    assert isinstance(_event(payload("message_in_personal") | {"text": text}), Said)


@pytest.mark.parametrize("action", [NotNow(), OpenSettings(), RateAnswer("a1", is_good=False)])
def test_a_button_of_ours_means_what_it_meant(action: Action) -> None:
    executed, submitted, fetched = (
        payload(name) for name in ("action_execute_in_channel", "action_submit_in_channel", "dialog_fetch_in_channel")
    )
    executed["value"]["action"]["data"] = data_of(action)
    submitted["value"] = data_of(action)
    fetched["value"]["data"] = {"msteams": {"type": "task/fetch"}, **data_of(action)}
    for body in (executed, submitted, fetched):
        event = _event(body)
        assert isinstance(event, Pressed)
        assert event.action == action
        assert event.place == aside(PROJECTS, ROOT)


@pytest.mark.parametrize("name", ["action_execute_in_channel", "action_submit_in_channel", "dialog_submit"])
@pytest.mark.parametrize("conversation", ["", IN_THREAD, "19:other@thread.tacv2;messageid=7"])
def test_a_form_that_comes_back_is_in_the_room_that_teams_says(name: str, conversation: str) -> None:
    body = payload(name)
    body["conversation"] |= {"id": PROJECTS, "conversationType": "channel"}
    data = {
        FORM: {"form": "tell", "context": "a1", "conversation": conversation},
        "field-title": " A shuttle\x07\ud800 ",
        "choice-stage": "=pilot",
        "choice-none": "",
        "other": "x",
        "field-number": 3,
    }
    if name == "action_submit_in_channel":
        body["value"] = data
    else:
        body["value"] = {"data": data, "action": {"data": data}}
    event = _event(body)
    assert isinstance(event, Submitted)
    assert (event.form, event.context) == ("tell", "a1")
    assert event.values == {"title": "A shuttle", "stage": "pilot", "none": ""}
    assert event.place == aside(PROJECTS, ROOT if conversation == IN_THREAD else "")


def test_what_was_pressed_in_what_the_message_action_showed_is_a_press() -> None:
    body = payload("message_action_submit")
    body["value"]["data"] = data_of(NotNow())
    event = _event(body)
    assert isinstance(event, Pressed)
    assert event.action == NotNow()
    body["value"]["data"] = {FORM: {"form": "settings", "context": "", "conversation": ""}}
    assert isinstance(_event(body), Submitted)


def test_a_message_is_asked_about_in_its_thread_and_in_words() -> None:
    body = payload("message_action_fetch")
    body["conversation"]["id"] = PROJECTS
    body["value"]["messagePayload"]["body"]["content"] = (
        "<p>Has <script>x</script> anyone&nbsp;tried</p><ul><li>R&amp;D</li></ul>" + "<" * 60_000
    )
    event = _event(body)
    assert isinstance(event, Commanded)
    assert event.place == aside(PROJECTS, "1795348700000")
    assert event.rest.startswith("Has x anyone tried\nR&D")
    body["value"]["commandId"] = "another"
    assert from_activity(body, TENANT) is None


def test_a_message_of_a_chat_is_asked_about_without_a_thread() -> None:
    body = payload("message_action_fetch")
    body["conversation"] |= {"id": GROUP, "conversationType": "groupChat"}
    assert _event(body).place == aside(GROUP)


def test_what_is_thought_of_an_answer_needs_the_answer() -> None:
    body = payload("feedback_dislike")
    told = from_activity(body, TENANT)
    assert isinstance(told, Rated)
    event = told.event("a1")
    assert isinstance(event, Submitted)
    assert (event.form, event.values, event.context) == ("feedback", {"reason": "not what I asked"}, "a1")
    for name, is_good in (("feedback_like", True), ("feedback_without_words", False)):
        told = from_activity(payload(name), TENANT)
        assert isinstance(told, Rated)
        pressed_one = told.event("a1")
        assert isinstance(pressed_one, Pressed)
        assert pressed_one.action == RateAnswer("a1", is_good=is_good)
    del body["replyToId"]
    assert from_activity(body, TENANT) is None


@pytest.mark.parametrize(
    ("feedback", "reason"),
    [
        ('{"feedbackText": " late "}', "late"),
        ('{"feedbackText": 3}', ""),
        ('{"other": "x"}', ""),
        ("[1]", "[1]"),
        ("{", "{"),
        ("7", "7"),
        ("[" * 3_000, "[" * 3_000),
        ("9" * 5_000, "9" * 5_000),
        (None, ""),
        ({"feedbackText": "x"}, ""),
    ],
)
def test_words_come_in_several_wrappings(feedback: object, reason: str) -> None:
    body = payload("feedback_dislike")
    body["value"]["actionValue"]["feedback"] = feedback
    told = from_activity(body, TENANT)
    assert isinstance(told, Rated)
    assert told.reason == reason


@pytest.mark.parametrize(
    ("where", "name", "value"),
    [
        ("conversation", "tenantId", ABROAD),
        ("channelData", "tenant", {"id": ABROAD}),
        ("channelData", "channel", {"id": PROJECTS, "type": "shared"}),
        ("from", "tenantId", ABROAD),
        ("from", "aadObjectId", ""),
    ],
)
@pytest.mark.parametrize("recorded", ["mention_in_thread", "slash_command_in_thread", "action_execute_in_channel"])
def test_where_somebody_of_elsewhere_reads_along_it_is_outside(
    recorded: str, where: str, name: str, value: object
) -> None:
    body = payload(recorded)
    assert not _event(body).place.is_outside
    body[where][name] = value
    assert _event(body).place.is_outside


def test_a_chat_of_two_people_is_none_with_the_bot() -> None:
    body = payload("message_extension_query")
    assert _told(body).place.is_shareable is False
    body["conversation"]["id"] = "19:one_two@unq.gbl.spaces"
    asked = _told(body)
    assert asked.origin.surface is Surface.GROUP
    assert asked.place.is_shareable


def _told(body: Json) -> Query:
    told = from_activity(body, TENANT)
    assert isinstance(told, Query)
    return told


@pytest.mark.parametrize(
    ("member", "is_one"),
    [
        ({"userRole": "user", "tenantId": HOME, "userPrincipalName": "a@example.org"}, False),
        ({"userRole": "owner"}, False),
        ({}, False),
        ({"userRole": "guest"}, True),
        ({"userRole": "anonymous"}, True),
        ({"tenantId": ABROAD}, True),
        ({"userPrincipalName": "gwen_example.com#EXT#@example.org"}, True),
        ({"userRole": 3, "tenantId": None, "userPrincipalName": []}, False),
    ],
)
def test_the_roster_tells_a_guest(member: Json, is_one: bool) -> None:  # noqa: FBT001 - a parameter of the table
    assert (is_guest(member) or is_elsewhere(member, TENANT)) is is_one


@pytest.mark.parametrize(
    "change",
    [
        {"from": None},
        {"from": {"id": ""}},
        {"from": {"id": BOT}},
        {"from": {"id": "29:1alice", "role": "bot"}},
        {"from": {"id": "29:\x00"}},
        {"conversation": None},
        {"conversation": {"id": "x" * 5_000}},
        {"id": None},
        {"type": ["message"]},
        {"type": {}},
    ],
)
def test_nobody_said_that(change: Json) -> None:
    assert from_activity(payload("message_in_personal") | change, TENANT) is None


def test_what_is_not_known_to_be_between_two_is_read_by_others() -> None:
    body = payload("message_in_personal")
    del body["conversation"]["conversationType"]
    event = _event(body)
    assert isinstance(event, Said)
    assert not event.place.is_private
    assert not event.is_addressed


def test_a_search_says_which_page() -> None:
    body = payload("message_extension_query")
    for options, page in (
        ({"skip": 25, "count": 10}, (25, 10)),
        ({"skip": -1, "count": 1_000}, (0, 25)),
        ({"skip": 10**400, "count": 0}, (10**400, 0)),
        ({"skip": True, "count": "9"}, (0, 25)),
        (None, (0, 25)),
    ):
        body["value"]["queryOptions"] = options
        told = from_activity(body, TENANT)
        assert isinstance(told, Query)
        assert (told.skip, told.count) == page
    body["value"]["commandId"] = "other"
    assert from_activity(body, TENANT) is None


WORDS = (
    *("message", "invoke", "conversationUpdate", "installationUpdate", "add", "remove", "personal", "channel"),
    *("groupChat", "adaptiveCard/action", "task/fetch", "task/submit", "composeExtension/query", "like", "feedback"),
    *("composeExtension/fetchTask", "message/submitAction", "search", "similar", "mention", "/pilot help", HOME, BOT),
    *("29:1alice", IN_THREAD, PERSONAL, "xml", "<at>Pilotlight</at>", "\x00", "\ud800", "true"),
)
KEYS = st.sampled_from(
    (
        *("type", "name", "id", "from", "conversation", "conversationType", "tenantId", "channelData", "tenant"),
        *("recipient", "isTargeted", "text", "entities", "mentioned", "value", "action", "data", "actionName"),
        *("actionValue", "reaction", "replyToId", "commandId", "parameters", "queryOptions", "membersAdded"),
        *("messagePayload", "body", "content", "aadObjectId", "serviceUrl", "timestamp", ACTION, FORM, "field-a"),
    )
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(WORDS)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=5),
    max_leaves=30,
)


@given(st.dictionaries(KEYS | st.text(max_size=5), ANYTHING, max_size=8))
@settings(max_examples=200, deadline=None)
def test_whatever_comes_is_something_or_none(body: Json) -> None:
    check(body)


@given(st.data())
@settings(max_examples=500, deadline=None)
def test_an_activity_with_parts_missing_or_of_another_kind_is_something_or_none(data: st.DataObject) -> None:
    body = payload(data.draw(st.sampled_from(NAMES)))
    for _ in range(data.draw(st.integers(1, 4))):
        if paths := places_in(body):
            path = data.draw(st.sampled_from(paths))
            change(body, path, data.draw(st.none() | ANYTHING), is_dropped=data.draw(st.booleans()))
    check(body)


def test_however_much_comes_it_is_read_soon() -> None:
    body = payload("mention_in_channel") | {"text": "<at>Pilotlight</at>" * 100_000 + "<" * 100_000}
    body["entities"] = body["entities"] * 50_000
    deep: Json = {}
    for _ in range(50_000):
        deep = {"data": deep}
    check(body)
    check(payload("action_submit_in_channel") | {"value": deep})


def places_in(body: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = [*body.items()] if isinstance(body, dict) else [*enumerate(body)] if isinstance(body, list) else []
    found = [(*path, step) for step, _ in steps]
    return found + [deeper for step, inner in steps for deeper in places_in(inner, (*path, step))]


def change(body: Any, path: tuple[Any, ...], value: object, *, is_dropped: bool) -> None:
    *way, last = path
    for step in way:
        body = body[step]
    if is_dropped:
        del body[last]
    else:
        body[last] = value


def check(body: Json) -> None:
    came_from, told = origin_of(body, TENANT), from_activity(body, TENANT)
    if told is None:
        return
    if isinstance(told, Removed):
        assert told.conversation
        return
    assert told.origin == came_from
    person, place = (told.event.person, told.event.place) if isinstance(told, Incoming) else (told.person, told.place)
    assert person.id.isprintable()
    assert person.id
    assert (place.platform, place.community) == ("teams", "example")
    assert place.room == told.origin.conversation.partition(";")[0] or ";" in place.room
    assert place.is_private or isinstance(told, Incoming)
    if place.is_shareable:
        assert place.is_private
        assert told.origin.surface is not Surface.PERSONAL
    if isinstance(told, Incoming) and isinstance(told.event, Said) and told.origin.surface is Surface.CHANNEL:
        assert place.thread
    if isinstance(told, Incoming) and isinstance(told.event, Submitted):
        assert all(isinstance(each, str) for pair in told.event.values.items() for each in pair)


def _event(body: Json) -> Event:
    told = from_activity(body, TENANT)
    assert isinstance(told, Incoming)
    return told.event
