"""What Teams is answered in the response: by each kind of what waits for it, and each kind of reply."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from adapters.teams import extension, invokes
from adapters.teams.cards import ACTION, data_of, fallback, render
from adapters.teams.dialogs import FORM, form_card, form_dialog, message_dialog, read_opener
from adapters.teams.inbound import Incoming, Tenant, from_activity
from bot import cards
from bot.actions import RateAnswer, TellPilot
from bot.answers import Found, GivenAnswer
from bot.events import Pressed, Submitted
from bot.forms import Field, Form
from bot.messages import Button, Buttons, Message, Reply, Text
from bot.voice import speaking
from tests.adapters.test_teams_cards import check_card, elements_of
from tests.base import NOW, sample_pilots
from tests.slack_api import until
from tests.teams_api import Listener, Sender, TeamsApi, open_door, payload, running_teams, settled, words
from tests.teams_connector import TENANT, Json, refused

HERE = Tenant(id=TENANT, bot="28:7e0a0000-0000-4000-8000-0000000000b0", community="example")
SAID = Message((Text("An answer."), Buttons((Button("Tell", TellPilot("Bus")),))))
ASKED = Form(name="tell", title="Tell of a pilot", fields=(Field(name="title", label="Its title", is_required=True),))
WRONG = Form(name="tell", title="Tell of a pilot", fields=ASKED.fields, errors={"title": "It has a title already."})
SENT = {FORM: {"form": "tell", "context": "", "conversation": "a:1alice"}, "field-title": "Bus"}
PRESS = {ACTION: "tell Bus"}
CARD = "application/vnd.microsoft.card.adaptive"
WORDS = "application/vnd.microsoft.activity.message"
IN_PLACE = ("action_execute_in_channel", "action_execute_in_personal")
IN_DIALOG = (
    "dialog_fetch",
    "dialog_fetch_in_channel",
    "dialog_submit",
    "message_action_fetch",
    "message_action_submit",
)
REPLIES = {
    "nothing": None,
    "private message": Reply(content=SAID, is_private=True),
    "message for all": Reply(content=SAID),
    "message in its place": Reply(content=SAID, replaces=True),
    "private message in its place": Reply(content=SAID, replaces=True, is_private=True),
    "form": Reply(content=ASKED, is_private=True),
    "form with errors": Reply(content=WRONG, is_private=True),
}


def incoming(name: str, data: Json) -> Incoming:
    told = from_activity(sent(name, data), HERE)
    assert isinstance(told, Incoming)
    return told


def sent(name: str, data: Json, teams: TeamsApi | None = None) -> Json:
    body = payload(name, teams)
    holder = body["value"]["action"] if "action" in body["value"] else body["value"]
    holder["data"] = data
    return body


@pytest.mark.parametrize("name", [*IN_PLACE, *IN_DIALOG])
@pytest.mark.parametrize("data", [PRESS, SENT], ids=["press", "form"])
@pytest.mark.parametrize("reply", REPLIES)
def test_every_reply_is_something_that_teams_knows(name: str, data: Json, reply: str) -> None:
    response, is_shown = invokes.answer(REPLIES[reply], incoming(name, data))
    json.dumps(response)
    if name in IN_PLACE:
        assert response["statusCode"] == 200
        assert response["type"] in (CARD, WORDS)
        assert (response["type"] == CARD) is isinstance(response["value"], dict)
        if response["type"] == CARD:
            check_card(response["value"])
        else:
            # The card stays, and where there is a reply it says where that is.
            assert response["value"] == ("" if reply == "nothing" else fallback(cards.below()))
    elif response:
        assert set(response) == {"task"}
        assert response["task"]["type"] == "continue"
        shown = response["task"]["value"]["card"]["content"]
        check_card(shown)
        assert not [each for each in elements_of(shown) if each["type"] == "Action.Execute"]
    # What is not in the response is shown after, and what was said is never in neither.
    assert is_shown or REPLIES[reply] is not None
    said = "An answer." in json.dumps(response)
    assert said is (is_shown and "message" in reply)


@pytest.mark.parametrize("name", IN_PLACE)
@pytest.mark.parametrize(
    ("reply", "data", "card"),
    [
        ("message in its place", PRESS, render(SAID)),
        ("private message in its place", PRESS, render(SAID)),
        ("private message", SENT, render(SAID)),
        ("message for all", SENT, render(SAID)),
        ("private message", PRESS, None),
        ("message for all", PRESS, None),
        ("form", PRESS, None),
        ("nothing", PRESS, None),
        ("nothing", SENT, None),
    ],
)
def test_a_press_changes_its_card_where_that_is_meant(name: str, reply: str, data: Json, card: Json | None) -> None:
    response, is_shown = invokes.answer(REPLIES[reply], incoming(name, data))
    assert response["value"] == (card or ("" if reply == "nothing" else fallback(cards.below())))
    assert is_shown is (card is not None or reply == "nothing")


@pytest.mark.parametrize("name", IN_PLACE)
def test_thanks_for_a_rating_stand_at_the_button_and_in_no_message(name: str) -> None:
    rated = incoming(name, data_of(RateAnswer("a1", is_good=True)))
    response, is_shown = invokes.answer(Reply(content=cards.glad(), is_private=True), rated)
    assert (response["value"], is_shown) == (fallback(cards.glad()), True)


@pytest.mark.shows("errors")
@pytest.mark.parametrize("name", IN_PLACE)
def test_a_form_in_a_message_comes_again_with_what_is_wrong_and_all_that_it_was(name: str) -> None:
    came = incoming(name, SENT)
    response, is_shown = invokes.answer(REPLIES["form with errors"], came)
    assert is_shown
    assert response["value"] == form_card(WRONG, came.origin.conversation)
    assert "It has a title already." in json.dumps(response)


@pytest.mark.shows("errors")
@pytest.mark.parametrize("name", IN_DIALOG)
def test_in_a_dialog_a_form_shows_what_is_wrong_and_where_it_was_opened(name: str) -> None:
    came = incoming(name, SENT)
    response, is_shown = invokes.answer(REPLIES["form with errors"], came)
    assert is_shown
    assert response["task"]["value"] == form_dialog(WRONG, came.origin.conversation)
    (action,) = response["task"]["value"]["card"]["content"]["actions"]
    opener = read_opener(action["data"])
    assert opener is not None
    assert opener.conversation == came.origin.conversation


@pytest.mark.parametrize("name", IN_DIALOG)
def test_in_a_dialog_what_is_for_one_alone_is_shown_and_what_is_for_all_closes_it(name: str) -> None:
    came = incoming(name, PRESS)
    assert invokes.answer(REPLIES["private message"], came)[0]["task"]["value"] == message_dialog(SAID)
    assert invokes.answer(REPLIES["message for all"], came) == ({}, False)
    assert invokes.answer(None, came) == ({}, True)


@pytest.mark.shows("language")
def test_a_response_is_in_the_language_of_who_reads_it() -> None:
    came = incoming("dialog_fetch", PRESS)
    spoken = {
        language: json.dumps(invokes.answer(Reply(content=ASKED, language=language), came)[0])
        for language in ("en", "nl")
    }
    assert spoken["en"] != spoken["nl"]


@pytest.mark.parametrize("name", ["adaptiveCard/action", "task/fetch", "task/submit", "composeExtension/fetchTask"])
def test_nothing_and_one_moment_are_answers_too(name: str) -> None:
    is_press = name == "adaptiveCard/action"
    assert invokes.nothing(name) == ({"statusCode": 200, "type": WORDS, "value": ""} if is_press else {})
    waiting = invokes.one_moment(name)
    if is_press:
        assert waiting == {"statusCode": 200, "type": WORDS, "value": fallback(cards.one_moment())}
    else:
        assert waiting["task"]["value"] == message_dialog(cards.one_moment())


# At the door


@pytest.fixture
def listener() -> Listener:
    return Listener()


async def test_a_dialog_that_is_not_ours_says_that_it_is_old(listener: Listener) -> None:
    async with running_teams() as teams, open_door(teams, listener) as door:
        listener.reply = Reply(content=cards.old_card(), is_private=True)
        answer = await door.send(payload("dialog_fetch", teams))
        assert answer.json()["task"]["type"] == "continue"
        (event,) = listener.events
        assert isinstance(event, Pressed)


async def _after(door: Sender, teams: TeamsApi, name: str, data: Json) -> tuple[Json, list[Any]]:
    answer = await door.send(sent(name, data, teams))
    assert answer.status == 200
    await settled(teams, 0.1)
    return answer.json() if answer.text else {}, teams.said


@pytest.mark.parametrize("reply", ["private message", "message for all", "form"])
@pytest.mark.parametrize("name", [*IN_PLACE, *IN_DIALOG])
async def test_what_the_response_does_not_show_is_shown_once_beside_it(
    name: str, reply: str, listener: Listener
) -> None:
    listener.reply = REPLIES[reply]
    async with running_teams() as teams, open_door(teams, listener) as door:
        response, said = await _after(door, teams, name, PRESS)
        shown = json.dumps(response)
        text = "Its title" if reply == "form" else "An answer."
        assert (text in shown) + len(said) == 1
        if said and reply != "message for all":
            personal = said[0].body.get("recipient") is None
            assert personal is ("personal" in name)
        assert {each.method for each in said} <= {"POST"}


async def test_a_form_that_stood_in_a_message_ends_there_for_the_next_look_too(listener: Listener) -> None:
    listener.reply = Reply(content=SAID, is_private=True)
    async with running_teams() as teams, open_door(teams, listener) as door:
        response, (changed,) = await _after(door, teams, "action_execute_in_personal", SENT)
        assert response["value"] == render(SAID)
        assert (changed.method, "An answer." in words(changed)) == ("PUT", True)
        (event,) = listener.events
        assert isinstance(event, Submitted)
        assert event.values == {"title": "Bus"}


# A search


@pytest.mark.shows("compose", "language")
async def test_what_is_found_is_told_in_the_language_of_those_who_read_it(listener: Listener) -> None:
    pilots = tuple(sample_pilots())
    async with running_teams() as teams, open_door(teams, listener) as door:
        for language in ("en", "de"):
            listener.found = Found(pilots=pilots, language=language)
            answer = await door.send(payload("message_extension_query", teams))
            with speaking(language):
                assert answer.json() == extension.results(pilots)
        assert answer.json() != extension.results(pilots)


@pytest.mark.parametrize(
    ("options", "titles"),
    [
        ({"skip": 0, "count": 25}, range(8)),
        ({"skip": 0, "count": 3}, range(3)),
        ({"skip": 3, "count": 3}, range(3, 6)),
        ({"skip": 6, "count": 3}, range(6, 8)),
        ({"skip": 8, "count": 25}, ()),
        ({"skip": 25, "count": 25}, ()),
        ({"skip": 10**9, "count": 25}, ()),
    ],
)
async def test_whoever_looks_further_finds_what_comes_after_and_nothing_again(
    options: Json, titles: Sequence[int], listener: Listener
) -> None:
    pilots = tuple(sample_pilots())
    listener.found = Found(pilots=pilots, language="en")
    async with running_teams() as teams, open_door(teams, listener) as door:
        body = payload("message_extension_query", teams)
        body["value"]["queryOptions"] = options
        (found,) = (await door.send(body)).json().values()
    assert found["type"] == "result"
    assert [each["preview"]["content"]["title"] for each in found["attachments"]] == [pilots[at].title for at in titles]


# Teams' own thumbs


def _given(community: str) -> GivenAnswer:
    return GivenAnswer(
        id="a1", at=NOW, community=community, person="29:1alice", asked=("who?",), verdict="tried", pilots=()
    )


@pytest.mark.shows("feedback")
async def test_a_thumb_under_an_answer_is_a_rating_of_it(listener: Listener) -> None:
    listener.answers[f"teams {TENANT} a:1alice 1795348804000"] = _given("example")
    async with running_teams() as teams, open_door(teams, listener) as door:
        for name in ("feedback_like", "feedback_dislike"):
            answer = await door.send(payload(name, teams))
            assert (answer.status, answer.text) == (200, "")
            await settled(teams, 0.05)
        # Teams thanks by itself.
        assert teams.said == []
    good, bad = listener.events
    assert isinstance(good, Pressed)
    assert good.action == RateAnswer("a1", True)
    assert isinstance(bad, Submitted)
    assert (bad.context, bad.values) == ("a1", {"reason": "not what I asked"})


@pytest.mark.parametrize("community", ["another", None])
async def test_a_thumb_under_what_is_no_answer_here_rates_nothing(community: str | None, listener: Listener) -> None:
    if community:
        listener.answers[f"teams {TENANT} a:1alice 1795348804000"] = _given(community)
    async with running_teams() as teams, open_door(teams, listener) as door:
        answer = await door.send(payload("feedback_like", teams))
        assert (answer.status, answer.text) == (200, "")
        await settled(teams, 0.05)
    assert listener.events == []


# What somebody made of a card


@pytest.mark.shows("forged")
@pytest.mark.parametrize("name", ["action_execute_in_channel", "dialog_submit", "message_action_submit"])
@pytest.mark.parametrize(
    "elsewhere", ["19:secret@thread.tacv2;messageid=1", "a:1bob", "19:secret@thread.tacv2", "", "x" * 2_900, "../.."]
)
async def test_a_form_may_name_no_room_but_the_one_it_is_sent_from(
    name: str, elsewhere: str, listener: Listener
) -> None:
    listener.reply = Reply(content=SAID, is_private=True)
    data = {**SENT, FORM: {"form": "tell", "context": "someone-elses", "conversation": elsewhere}}
    async with running_teams() as teams, open_door(teams, listener) as door:
        _, said = await _after(door, teams, name, data)
        (event,) = listener.events
        body = payload(name)
        room, _, thread = body["conversation"]["id"].partition(";messageid=")
        assert (event.place.room, event.place.thread) == (room, thread)
        assert event.place.is_private
        assert not [each for each in teams.heard if elsewhere[:30] in each.path and elsewhere]
        assert all(room.partition("@")[0].partition(":")[2] in each.path for each in said)


async def test_a_form_may_say_which_thread_of_its_room_it_was_opened_in() -> None:
    body = sent("dialog_fetch_in_channel", SENT)
    room = body["conversation"]["id"].partition(";messageid=")[0]
    body["conversation"]["id"] = room
    body["value"]["data"] = {**SENT, FORM: {"form": "tell", "context": "", "conversation": f"{room};messageid=17"}}
    told = from_activity(body, HERE)
    assert isinstance(told, Incoming)
    assert (told.event.place.room, told.event.place.thread) == (room, "17")


# In a chat of two people, which Teams calls personal as it does the bot's own, and where the bot is not

NOT_THERE = refused(403, "BotNotInConversationRoster")


@pytest.mark.shows("outsiders")
async def test_beside_a_chat_that_the_bot_is_not_in_a_search_finds_what_is_public_only(listener: Listener) -> None:
    async with running_teams() as teams, open_door(teams, listener) as door:
        # Known from their own chat with the bot, where they may see more.
        await door.send(payload("message_in_personal", teams, text="who tried?"))
        await until(lambda: listener.events)
        assert not listener.events[0].place.is_outside
        teams.answers = [NOT_THERE]
        chat = {"id": "a:1alice-and-somebody", "conversationType": "personal", "tenantId": TENANT}
        await door.send(payload("message_extension_query", teams, conversation=chat))
        await door.send(payload("message_extension_query", teams))
        assert [place.is_outside for place in listener.searched] == [True, False]


@pytest.mark.parametrize("name", ["message_extension_query", "message_action_fetch"])
async def test_a_chat_of_two_people_is_not_where_one_of_them_is_written_to(name: str, listener: Listener) -> None:
    chat = {"id": "a:1alice-and-somebody", "conversationType": "personal", "tenantId": TENANT}
    async with running_teams() as teams, open_door(teams, listener) as door:
        body = payload("message_in_personal", teams, text="who tried?")
        await door.send(body)
        await settled(teams, 0.1)
        beside = payload(name, teams, conversation=chat) | {"from": body["from"]}
        await door.send(beside)
        await settled(teams, 0.1)
    (reach,) = await listener.reaches.reaches("example", [body["from"]["aadObjectId"]])
    assert reach.address["conversation"] == "a:1alice"


async def test_what_comes_too_late_for_a_dialog_beside_such_a_chat_is_said_in_the_persons_own(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.teams.app._PATIENCE_SECONDS", 0.1)
    chat = {"id": "a:1alice-and-somebody", "conversationType": "personal", "tenantId": TENANT}
    listener.reply = Reply(content=SAID, is_private=True)
    listener.may_answer.clear()
    async with running_teams() as teams, open_door(teams, listener) as door:
        await door.send(payload("message_action_fetch", teams, conversation=chat))
        teams.refusals = [NOT_THERE]
        listener.may_answer.set()
        await until(lambda: len(teams.written) == 3)
        refused_there, begun, told = teams.written
        assert "somebody" in refused_there.path
        assert begun.path.endswith("/v3/conversations")
        assert "An answer." in words(told)
        assert "somebody" not in told.path
