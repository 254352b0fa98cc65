"""What Slack sends, as events: each recorded payload, and whatever else may come."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.slack.inbound import (
    ASK_SHORTCUT,
    SEARCH,
    Incoming,
    Origin,
    Surface,
    Workspace,
    from_action,
    from_command,
    from_event,
    from_shortcut,
    from_view,
)
from adapters.slack.modals import form_view
from bot.actions import Action, NotNow, OldAction, OpenSettings, RateAnswer, encode
from bot.events import Commanded, Event, Opened, Pressed, Said, Submitted, Visited
from bot.forms import Field, Form
from bot.people import Person
from bot.places import Place
from tests.slack import PAYLOADS, WORKSPACE, Json, payload

NAMES = sorted(path.stem for path in PAYLOADS.glob("*.json"))
READERS: tuple[Callable[[Mapping[str, Any], Workspace], Incoming | None], ...] = (
    from_event,
    from_command,
    from_shortcut,
    from_action,
    from_view,
)
TRIGGER = "1795348800.1.0123456789abcdef01234567"
HOOK = "http://127.0.0.1:43000/_hooks/response/00000000-0000-4000-8000-000000000001"
QUESTION = "who tried driverless shuttles?"
ALICE = Person("U01ALICE", "alice")


def channel(thread: str, room: str = "C01GENERAL", *, is_outside: bool = False) -> Place:
    return Place("slack", "example", room, thread, is_outside=is_outside)


def direct(thread: str = "") -> Place:
    return Place("slack", "example", "D01ALICE U01ALICE", thread, is_private=True)


def aside(thread: str = "", *, is_outside: bool = False) -> Place:
    return Place("slack", "example", "C01GENERAL", thread, is_private=True, is_shareable=True, is_outside=is_outside)


def home(user: str = "U01ALICE") -> Place:
    return Place("slack", "example", f"home {user}", is_private=True)


def said(user: str, place: Place, text: str, moment: str, *, name: str = "", is_addressed: bool = True) -> Said:
    return Said(
        person=Person(user, name),
        place=place,
        text=text,
        is_addressed=is_addressed,
        key=f"T01TEST {place.room.partition(' ')[0]} {moment}",
    )


def origin(surface: Surface, user: str = "U01ALICE", **more: Any) -> Origin:
    return Origin(surface=surface, team="T01TEST", user=user, **more)


def spoken(user: str, moment: str, *, room: str = "C01GENERAL", thread: str = "") -> Origin:
    surface = Surface.DIRECT if room.startswith("D") else Surface.CHANNEL
    return origin(surface, user, channel=room, thread=thread, message=moment)


EVENTS: dict[str, Incoming | None] = {
    "app_mention": Incoming(
        event=said("U01ALICE", channel("1795348800.000001"), QUESTION, "1795348800.000001"),
        origin=spoken("U01ALICE", "1795348800.000001"),
    ),
    "app_mention_in_full": Incoming(
        event=said("U01ALICE", channel("1795348800.000100"), QUESTION, "1795348800.000100"),
        origin=spoken("U01ALICE", "1795348800.000100"),
    ),
    "app_mention_in_thread": Incoming(
        event=said("U02BOB", channel("1795348800.000002"), "and where?", "1795348800.000001"),
        origin=spoken("U02BOB", "1795348800.000001", thread="1795348800.000002"),
    ),
    "app_mention_org_install": Incoming(
        event=said("W01ALICE", channel("1795348800.000100"), QUESTION, "1795348800.000100"),
        origin=spoken("W01ALICE", "1795348800.000100"),
    ),
    "app_mention_slack_connect": Incoming(
        event=said("U77STRANGER", channel("1795348800.000100", is_outside=True), QUESTION, "1795348800.000100"),
        origin=spoken("U77STRANGER", "1795348800.000100"),
    ),
    "message_slack_connect": Incoming(
        event=said(
            "U77STRANGER", channel("1795348800.000100", is_outside=True), QUESTION, "1795348800.000100", name="sam"
        ),
        origin=spoken("U77STRANGER", "1795348800.000100"),
    ),
    "message_in_channel": Incoming(
        event=said("U01ALICE", channel("1795348800.000001"), QUESTION, "1795348800.000001"),
        origin=spoken("U01ALICE", "1795348800.000001"),
    ),
    "message_mention_in_blocks_only": Incoming(
        event=said("U01ALICE", channel("1795348800.000100"), QUESTION, "1795348800.000100"),
        origin=spoken("U01ALICE", "1795348800.000100"),
    ),
    "message_in_private_channel": Incoming(
        event=said(
            "U01ALICE",
            channel("1795348800.000001", "G01PRIVATE"),
            "shall we try a shuttle?",
            "1795348800.000001",
            is_addressed=False,
        ),
        origin=spoken("U01ALICE", "1795348800.000001", room="G01PRIVATE"),
    ),
    "message_in_direct": Incoming(
        event=said("U01ALICE", direct(), QUESTION, "1795348800.000001"),
        origin=spoken("U01ALICE", "1795348800.000001", room="D01ALICE"),
    ),
    "message_in_thread": Incoming(
        event=said("U02BOB", channel("1795348800.000100"), "and where?", "1795348860.000200", is_addressed=False),
        origin=spoken("U02BOB", "1795348860.000200", thread="1795348800.000100"),
    ),
    "message_thread_broadcast": Incoming(
        event=said(
            "U01ALICE", channel("1795348800.000100"), "Example Port did.", "1795348860.000200", is_addressed=False
        ),
        origin=spoken("U01ALICE", "1795348860.000200", thread="1795348800.000100"),
    ),
    "message_me": Incoming(
        event=said("U01ALICE", channel("1795348800.000100"), "waves", "1795348800.000100", is_addressed=False),
        origin=spoken("U01ALICE", "1795348800.000100"),
    ),
    "message_file_share": Incoming(
        event=said("U01ALICE", channel("1795348800.000100"), "our report", "1795348800.000100", is_addressed=False),
        origin=spoken("U01ALICE", "1795348800.000100"),
    ),
    "app_home_opened_home": Incoming(
        event=Visited(person=Person("U01ALICE"), place=home()), origin=origin(Surface.HOME)
    ),
    "app_home_opened_home_again": Incoming(
        event=Visited(person=Person("U01ALICE"), place=home()),
        origin=origin(Surface.HOME, view_hash="1795348800.abcdef"),
    ),
    "app_home_opened_messages": Incoming(
        event=Opened(person=Person("U01ALICE"), place=direct()), origin=origin(Surface.DIRECT, channel="D01ALICE")
    ),
    "message_bot": None,
    "message_changed": None,
    "message_deleted": None,
    "message_of_our_own": None,
    "agent_session_stopped": None,
    "app_rate_limited": None,
    "app_uninstalled": None,
    "assistant_thread_started": None,
    "reaction_added": None,
    "tokens_revoked": None,
    "url_verification": None,
}


def pressed(place: Place, action: Action = OldAction()) -> Pressed:  # noqa: B008 - a record without state
    return Pressed(person=ALICE, place=place, action=action, key=f"T01TEST {TRIGGER}")


def card(moment: str, **more: Any) -> Origin:
    return origin(Surface.CARD, channel="C01GENERAL", message=moment, trigger=TRIGGER, response_url=HOOK, **more)


VIEW = {"trigger": TRIGGER, "view": "V01VIEW", "view_hash": "1795348800.abcdef"}
PRESSES: dict[str, Incoming] = {
    "block_actions_in_message": Incoming(
        event=pressed(aside("1795348800.000002")), origin=card("1795348800.000001", thread="1795348800.000002")
    ),
    "block_actions_in_ephemeral": Incoming(event=pressed(aside()), origin=card("1795348800.000001", is_ephemeral=True)),
    "block_actions_feedback_buttons": Incoming(
        event=pressed(aside("1795348800.000100")), origin=card("1795348800.000200", thread="1795348800.000100")
    ),
    "block_actions_in_home": Incoming(event=pressed(home()), origin=origin(Surface.HOME, **VIEW)),
    "block_actions_in_modal": Incoming(event=pressed(home()), origin=origin(Surface.MODAL, **VIEW)),
}


@pytest.mark.parametrize(("name", "expected"), EVENTS.items())
def test_an_event_is_what_it_means(name: str, expected: Incoming | None) -> None:
    assert from_event(payload(name), WORKSPACE) == expected


@pytest.mark.parametrize(("name", "expected"), PRESSES.items())
def test_a_press_is_what_it_means(name: str, expected: Incoming) -> None:
    assert from_action(payload(name), WORKSPACE) == expected


def test_every_recorded_payload_is_looked_at() -> None:
    elsewhere = {
        "slash_command",
        "slash_command_org_install",
        "message_shortcut",
        "global_shortcut",
        "global_shortcut_org_install",
        "view_submission",
        "view_closed",
    }
    assert set(NAMES) == set(EVENTS) | set(PRESSES) | elsewhere


def test_a_mention_that_comes_twice_has_one_key() -> None:
    mention, message = payload("app_mention_in_full"), payload("app_mention_in_full")
    message["event"] |= {"type": "message", "channel_type": "channel"}
    assert _event(from_event(mention, WORKSPACE)) == _event(from_event(message, WORKSPACE))
    recorded = [_event(from_event(payload(name), WORKSPACE)) for name in ("app_mention", "message_in_channel")]
    assert recorded[0].key == recorded[1].key != ""


def test_what_is_said_elsewhere_or_later_has_another_key() -> None:
    keys = set()
    for change in ({}, {"ts": "1795348800.000101"}, {"channel": "C02OTHER"}):
        body = payload("app_mention_in_full")
        body["event"] |= change
        keys.add(_event(from_event(body, WORKSPACE)).key)
    assert len(keys) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"bot_id": "B02OTHER"},
        {"user": "U0BOT"},
        {"user": "USLACKBOT"},
        {"user": None},
        {"ts": None},
        {"channel": None},
        {"subtype": "channel_join"},
        {"subtype": "bot_message"},
        {"subtype": "slackbot_response"},
        {"subtype": ["thread_broadcast"]},
        {"subtype": {"a": 1}},
    ],
)
def test_nobody_said_that(change: Json) -> None:
    for name in ("message_in_channel", "app_mention", "message_in_direct"):
        body = payload(name)
        body["event"] |= change
        assert from_event(body, WORKSPACE) is None


@pytest.mark.parametrize(
    ("change", "envelope", "is_outside"),
    [
        ({}, {}, False),
        ({"user_team": "T01TEST"}, {}, False),
        ({"user_team": "T02OTHER"}, {}, True),
        ({"source_team": "T02OTHER"}, {}, True),
        ({"team": "T02OTHER"}, {}, True),
        ({}, {"is_ext_shared_channel": True}, True),
        ({"team": "T02OTHER"}, {"is_ext_shared_channel": False}, True),
    ],
)
def test_strangers_read_along_where_slack_says_so(change: Json, envelope: Json, *, is_outside: bool) -> None:
    body = {**payload("message_in_channel"), **envelope}
    body["event"] |= change
    assert _event(from_event(body, WORKSPACE)).place.is_outside is is_outside


def test_what_is_said_in_a_thread_of_direct_messages_stays_in_it() -> None:
    body = payload("message_in_direct")
    body["event"]["thread_ts"] = "1795348700.000001"
    incoming = from_event(body, WORKSPACE)
    assert incoming is not None
    assert incoming.event.place == direct("1795348700.000001")
    assert incoming.origin == spoken("U01ALICE", "1795348800.000001", room="D01ALICE", thread="1795348700.000001")


@pytest.mark.parametrize(("tab", "room"), [("about", "D01ALICE"), (None, "D01ALICE"), ("messages", ""), (7, "D01")])
def test_only_the_known_tabs_are_opened(tab: object, room: str) -> None:
    body = payload("app_home_opened_messages")
    body["event"] |= {"tab": tab, "channel": room}
    assert from_event(body, WORKSPACE) is None


@pytest.mark.parametrize(
    ("typed", "command", "rest"),
    [
        ("", "help", ""),
        ("help", "help", ""),
        ("  help  ", "help", ""),
        ("has anyone tried a thing?", "ask", "has anyone tried a thing?"),
        ("ask x", "ask", "x"),
        ("ask <@U02BOB|bob> &amp; <#C01GENERAL|general>", "ask", "@bob & #general"),
        ("frobnicate", "frobnicate", ""),
        ("home", "home", ""),
        ("tell A <shuttle>", "tell", "A shuttle"),
    ],
)
def test_a_slash_command_is_a_command_of_ours(typed: str, command: str, rest: str) -> None:
    assert from_command({**payload("slash_command"), "text": typed}, WORKSPACE) == Incoming(
        event=Commanded(person=ALICE, place=aside(), command=command, rest=rest, key=f"T01TEST {TRIGGER}"),
        origin=origin(Surface.COMMAND, channel="C01GENERAL", trigger=TRIGGER, response_url=HOOK),
    )


def test_the_recorded_slash_commands_are_questions() -> None:
    for name, user in (("slash_command", "U01ALICE"), ("slash_command_org_install", "W01ALICE")):
        event = _event(from_command(payload(name), WORKSPACE))
        assert event == Commanded(
            person=Person(user, "alice"),
            place=aside(),
            command="ask",
            rest="find driverless shuttles",
            key=f"T01TEST {TRIGGER}",
        )


def test_a_slash_command_in_direct_messages_has_no_room_to_share_with() -> None:
    event = _event(from_command({**payload("slash_command"), "channel_id": "D01ALICE"}, WORKSPACE))
    assert event.place == direct()


@pytest.mark.parametrize("name", ["channel_id", "user_id"])
def test_a_slash_command_from_nowhere_is_none(name: str) -> None:
    assert from_command({**payload("slash_command"), name: ""}, WORKSPACE) is None


def test_the_shortcut_asks_about_a_message() -> None:
    body = {**payload("message_shortcut"), "callback_id": ASK_SHORTCUT}
    assert from_shortcut(body, WORKSPACE) == Incoming(
        event=Commanded(
            person=ALICE,
            place=aside("1795348800.000100"),
            command="ask",
            rest="Our harbour shuttle ran for a year.",
            key=f"T01TEST {TRIGGER}",
        ),
        origin=origin(Surface.COMMAND, channel="C01GENERAL", trigger=TRIGGER, response_url=HOOK),
    )
    body["message"]["thread_ts"] = "1795348700.000100"
    body["user"]["team_id"] = "T02OTHER"
    incoming = from_shortcut(body, WORKSPACE)
    assert incoming is not None
    assert incoming.event.place == aside("1795348700.000100", is_outside=True)
    assert incoming.origin.thread == "1795348700.000100"


@pytest.mark.parametrize("name", ["message_shortcut", "global_shortcut", "global_shortcut_org_install"])
def test_another_shortcut_is_none(name: str) -> None:
    assert from_shortcut(payload(name), WORKSPACE) is None


@pytest.mark.parametrize("action", [NotNow(), OpenSettings(), RateAnswer("a1", is_good=False)])
@pytest.mark.parametrize("name", PRESSES)
def test_a_button_of_ours_means_what_it_meant(name: str, action: Action) -> None:
    body = payload(name)
    body["actions"][0]["value"] = encode(action)
    incoming = from_action(body, WORKSPACE)
    assert incoming == Incoming(event=pressed(PRESSES[name].event.place, action), origin=PRESSES[name].origin)


def test_a_press_in_direct_messages_is_answered_there() -> None:
    body = payload("block_actions_in_message")
    body["channel"]["id"] = body["container"]["channel_id"] = "D01ALICE"
    incoming = from_action(body, WORKSPACE)
    assert incoming is not None
    assert incoming.event.place == direct("1795348800.000002")
    assert incoming.origin.surface is Surface.DIRECT


def test_a_press_from_another_workspace_sees_what_is_public() -> None:
    body = payload("block_actions_in_message")
    body["user"]["team_id"] = "T02OTHER"
    assert _event(from_action(body, WORKSPACE)).place == aside("1795348800.000002", is_outside=True)


def test_a_press_from_nowhere_is_none() -> None:
    body = payload("block_actions_in_message")
    del body["channel"], body["container"]
    assert from_action(body, WORKSPACE) is None
    assert from_action({**payload("block_actions_in_message"), "actions": []}, WORKSPACE) is None


def test_what_is_typed_into_the_search_of_the_home_page_is_said() -> None:
    body = payload("block_actions_in_home")
    body["actions"] = [{"type": "plain_text_input", "action_id": SEARCH, "value": " four-day week\x00 "}]
    assert from_action(body, WORKSPACE) == Incoming(
        event=Said(person=ALICE, place=home(), text="four-day week", key=f"T01TEST {TRIGGER}"),
        origin=origin(Surface.HOME, **VIEW),
    )
    body["view"]["type"] = "modal"
    assert isinstance(_event(from_action(body, WORKSPACE)), Pressed)


def test_a_form_of_another_version_has_no_name() -> None:
    assert from_view(payload("view_submission"), WORKSPACE) == Incoming(
        event=Submitted(
            person=ALICE, place=home(), form="", values={}, key=f"T01TEST {payload('view_submission')['trigger_id']}"
        ),
        origin=origin(Surface.MODAL, **VIEW),
    )


@pytest.mark.parametrize(
    ("room", "thread", "place"),
    [
        ("", "", home()),
        ("C01GENERAL", "", aside()),
        ("C01GENERAL", "1795348800.000100", aside("1795348800.000100")),
        ("D01ALICE", "", direct()),
    ],
)
def test_a_form_that_comes_back_knows_where_it_was_opened(room: str, thread: str, place: Place) -> None:
    form = Form(name="tell", title="Tell of a pilot", fields=(Field(name="title", label="Its title"),), context="a1")
    body = payload("view_submission")
    body["view"] |= form_view(form, room, thread)
    body["view"]["state"] = {"values": {"field title": {"value": {"value": " A shuttle\x07\ud800 "}}}}
    assert _event(from_view(body, WORKSPACE)) == Submitted(
        person=ALICE,
        place=place,
        form="tell",
        values={"title": "A shuttle"},
        context="a1",
        key=f"T01TEST {body['trigger_id']}",
    )


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("<@U0BOT> hello", "hello"),
        ("<@U0BOT|pilotlight> hello", "hello"),
        ("hello <@U0BOT>", "hello"),
        ("<@U01|bob> did", "@bob did"),
        ("<@U01> did", "@U01 did"),
        ("<@U01|@bob>", "@bob"),
        ("in <#C1|general>", "in #general"),
        ("in <#C1>", "in #C1"),
        ("in <#C1|>", "in #C1"),
        ("<https://x|label>", "label"),
        ("<https://x?a=1&amp;b=2>", "https://x?a=1&b=2"),
        ("<mailto:a@example.org|a@example.org>", "a@example.org"),
        ("R&amp;D &lt;3 &gt; 2", "R&D <3 > 2"),
        ("&amp;lt; &amp;copy;", "&lt; &copy;"),
        ("<!here> and <!channel|channel>", "@here and channel"),
        ("<!subteam^S1|@team>", "@team"),
        ("<!date^1795348800^{date}|22 November>", "22 November"),
        ("a <b", "a <b"),
        ("<>", ""),
        ("one\r\ntwo\u202e\x00\ud800", "one\ntwo"),
        ("  a   b  ", "a b"),
        ("", ""),
    ],
)
def test_words_are_read_as_people_read_them(sent: str, read: str) -> None:
    body = payload("message_in_direct")
    body["event"]["text"] = sent
    event = _event(from_event(body, WORKSPACE))
    assert isinstance(event, Said)
    assert event.text == read


def test_words_that_stand_in_blocks_alone_keep_their_lines() -> None:
    def section(*parts: Json) -> Json:
        return {"type": "rich_text_section", "elements": list(parts)}

    def words(text: str) -> Json:
        return {"type": "text", "text": text}

    body = payload("message_mention_in_blocks_only")
    body["event"]["blocks"][0]["elements"] = [
        section({"type": "user", "user_id": "U0BOT"}, words(" who tried:")),
        {"type": "rich_text_list", "elements": [section(words("buses")), section(words("trams"))]},
        section(
            words("asks "),
            {"type": "user", "user_id": "U02BOB"},
            words(" in "),
            {"type": "channel", "channel_id": "C01GENERAL"},
            words(", see "),
            {"type": "link", "url": "https://example.org"},
        ),
    ]
    event = _event(from_event(body, WORKSPACE))
    assert isinstance(event, Said)
    assert event.is_addressed
    assert event.text == "who tried:\nbuses\ntrams\nasks @U02BOB in #C01GENERAL, see https://example.org"


def test_a_mention_of_somebody_else_is_not_for_the_bot() -> None:
    body = payload("message_in_channel")
    body["event"]["text"] = "<@U0BOTTLE> who tried this? U0BOT?"
    event = _event(from_event(body, WORKSPACE))
    assert isinstance(event, Said)
    assert not event.is_addressed
    assert event.text == "@U0BOTTLE who tried this? U0BOT?"


WORDS = ("event", "type", "message", "app_mention", "user", "id", "channel", "ts", "U01ALICE", "C01", "D01", "view")
KEYS = st.sampled_from((*WORDS, "actions", "value", "blocks", "elements", "text", "state", "values", "team_id", "tab"))
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(WORDS)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=5),
    max_leaves=30,
)


@given(st.dictionaries(KEYS | st.text(max_size=5), ANYTHING, max_size=6))
@settings(max_examples=200, deadline=None)
def test_whatever_comes_is_an_event_or_none(body: Json) -> None:
    for read in READERS:
        check(read(body, WORKSPACE))


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_a_payload_with_parts_missing_or_of_another_kind_is_an_event_or_none(data: st.DataObject) -> None:
    body = payload(data.draw(st.sampled_from(NAMES)))
    if "view" in body and data.draw(st.booleans()):
        body["view"]["private_metadata"] = data.draw(st.sampled_from(["[]", "{", '{"form": 1}', "[" * 3_000]))
    for _ in range(data.draw(st.integers(1, 4))):
        if paths := places_in(body):
            path = data.draw(st.sampled_from(paths))
            change(body, path, data.draw(st.none() | ANYTHING), is_dropped=data.draw(st.booleans()))
    for read in READERS:
        check(read(copy.deepcopy(body), WORKSPACE))


def places_in(body: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    found = [(*path, step) for step, _ in steps]
    steps = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    return found + [deeper for step, inner in steps for deeper in places_in(inner, (*path, step))]


def change(body: Any, path: tuple[Any, ...], value: object, *, is_dropped: bool) -> None:
    *way, last = path
    for step in way:
        body = body[step]
    if is_dropped:
        del body[last]
    else:
        body[last] = value


def check(incoming: Incoming | None) -> None:
    if incoming is None:
        return
    event, came_from = incoming.event, incoming.origin
    assert event.person.id
    assert event.person.id == came_from.user
    assert (event.place.platform, event.place.community) == ("slack", "example")
    assert came_from.team == "T01TEST"
    assert event.place.room
    assert not event.key or event.key.startswith("T01TEST ")
    assert came_from.surface in (Surface.HOME, Surface.MODAL) or came_from.channel
    if not isinstance(event, Said):
        assert event.place.is_private
    if came_from.surface is Surface.CHANNEL:
        assert not event.place.is_private
        assert event.place.thread
    if event.place.is_shareable:
        assert event.place.is_private
        assert not event.place.room.startswith(("D", "home "))
    if isinstance(event, Submitted):
        assert all(isinstance(each, str) for pair in event.values.items() for each in pair)


def _event(incoming: Incoming | None) -> Event:
    assert incoming is not None
    return incoming.event


def test_two_people_in_one_direct_message_talk_with_the_bot_each_for_themselves() -> None:
    asked = {**payload("slash_command"), "channel_id": "D01BOTH"}
    alice = _event(from_command(asked, WORKSPACE))
    bob = _event(from_command({**asked, "user_id": "U02BOB"}, WORKSPACE))
    assert alice.place.room != bob.place.room


def test_a_message_longer_than_any_question_is_not_read_to_its_end() -> None:
    body = payload("message_in_direct")
    body["event"]["text"] = "a" + "\u0345" * 40_000
    said = _event(from_event(body, WORKSPACE))
    assert isinstance(said, Said)
    assert len(said.text) <= 5_000
