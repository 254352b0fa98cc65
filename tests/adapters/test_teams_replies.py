"""What the bot says in Teams: where, to whom, and what happens where Teams does not take it."""

import time
from dataclasses import replace
from typing import Any

import pytest

from adapters.teams.cards import ADAPTIVE, Json, activity, fallback, render
from adapters.teams.connector import TeamsRefusedError, TeamsUnavailableError
from adapters.teams.dialogs import FORM, Opener, form_card
from adapters.teams.inbound import Origin, Surface
from adapters.teams.outbox import Outbox
from adapters.teams.replies import Replies, made_of
from bot import cards
from bot.actions import NotNow, OpenSettings, RateAnswer, TellPilot, encode
from bot.forms import Field, Form
from bot.messages import Button, Buttons, Feedback, Heading, Message, Reply, Source, Sources, Text
from tests.end_to_end.teams_rules import faults_of_message
from tests.hostile import everything_in
from tests.teams_api import Called, RecordingConnector
from tests.teams_connector import TENANT

SAID = Message((Heading("An answer"), Text("Nobody <at>all</at> did."), Buttons((Button("Not now", NotNow()),))))
RATED = Feedback(Button("Helpful", RateAnswer("a1", True)), Button("Not helpful", RateAnswer("a1", False)))
WRITTEN = Message((Text("Yes [1].", is_written=True), Sources((Source(title="Bus"),)), RATED))
UNWRITTEN = Message((Text("Yes."), RATED))
ASKED = Form(
    name="tell",
    title="Tell of a pilot",
    fields=(Field(name="title", label="Its title"),),
    action=TellPilot("A shuttle"),
)
UNOPENED = replace(ASKED, action=None)

ROOM, ROOT, CARD = "19:projects@thread.tacv2", "1795348802000", "1795348805000"


def origin(surface: Surface, conversation: str, **more: Any) -> Origin:
    standard = {
        "service_url": "https://smba.trafficmanager.net/emea/",
        "tenant": TENANT,
        "user": "29:1alice",
        "activity": "1795348899000",
        "bot": "28:bot",
    }
    return Origin(surface=surface, conversation=conversation, **{**standard, **more})


IN_CHANNEL = origin(Surface.CHANNEL, f"{ROOM};messageid={ROOT}")
TARGETED = replace(IN_CHANNEL, is_targeted=True)
PRESSED = replace(IN_CHANNEL, reply_to=CARD, activity="f:1", invoke="adaptiveCard/action")
IN_GROUP = origin(Surface.GROUP, "19:group@thread.v2")
ALONE = origin(Surface.PERSONAL, "a:1alice")
PRESSED_ALONE = replace(ALONE, reply_to=CARD, activity="f:1", invoke="adaptiveCard/action")
EVERYWHERE = {
    "channel": IN_CHANNEL,
    "targeted": TARGETED,
    "pressed": PRESSED,
    "group": IN_GROUP,
    "alone": ALONE,
    "pressed alone": PRESSED_ALONE,
}


@pytest.fixture
def teams() -> RecordingConnector:
    return RecordingConnector()


@pytest.fixture
def noted() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def replies(teams: RecordingConnector, noted: list[tuple[str, str]]) -> Replies:
    async def posted(answer_id: str, post: str) -> None:
        noted.append((answer_id, post))

    return Replies(Outbox(teams, clock=time.monotonic), posted)


async def show(replies: Replies, content: Message | Form, where: Origin, **how: Any) -> None:
    await replies.show(Reply(content=content, **how), where)


def refusing(*statuses: int, code: str = "BadSyntax") -> list[Exception]:
    return [TeamsRefusedError("take a message", status, code) for status in statuses]


def card_of(call: Called) -> Json:
    (attached,) = call.what["attachments"]
    assert attached["contentType"] == ADAPTIVE
    card: Json = attached["content"]
    return card


@pytest.mark.parametrize("where", ["channel", "group", "alone"])
async def test_what_is_for_all_is_posted_where_it_was_asked(
    where: str, replies: Replies, teams: RecordingConnector
) -> None:
    await show(replies, SAID, EVERYWHERE[where])
    (call,) = teams.calls
    assert (call.name, call.conversation, call.is_targeted) == ("send", EVERYWHERE[where].conversation, False)
    assert call.what == activity(SAID)
    assert "recipient" not in call.what
    assert not faults_of_message(call.what)


@pytest.mark.shows("private")
@pytest.mark.parametrize("where", EVERYWHERE)
async def test_what_is_for_one_alone_is_seen_by_nobody_else(
    where: str, replies: Replies, teams: RecordingConnector
) -> None:
    there = EVERYWHERE[where]
    await show(replies, SAID, there, is_private=True)
    (call,) = teams.calls
    assert (call.name, call.conversation) == ("send", there.conversation)
    assert call.is_targeted is (there.surface is not Surface.PERSONAL)
    assert call.what.get("recipient") == (
        None if there.surface is Surface.PERSONAL else {"id": "29:1alice", "isTargeted": True}
    )
    told = [each for each in call.what.get("entities", ()) if each["type"] == "targetedMessageInfo"]
    asked = [{"type": "targetedMessageInfo", "messageId": "1795348899000"}] if there.is_targeted else []
    assert told == asked


@pytest.mark.parametrize("is_private", [True, False])
@pytest.mark.parametrize("where", ["pressed", "pressed alone"])
async def test_what_replaces_takes_the_place_of_what_was_pressed(
    where: str,
    is_private: bool,  # noqa: FBT001 - drawn
    replies: Replies,
    teams: RecordingConnector,
) -> None:
    await show(replies, SAID, EVERYWHERE[where], replaces=True, is_private=is_private)
    (call,) = teams.calls
    assert (call.name, call.conversation, call.post) == ("update", EVERYWHERE[where].conversation, CARD)
    assert call.what == activity(SAID)


async def test_where_nothing_was_pressed_there_is_nothing_to_replace(
    replies: Replies, teams: RecordingConnector
) -> None:
    await show(replies, SAID, IN_CHANNEL, replaces=True)
    await show(replies, SAID, IN_CHANNEL, replaces=True, is_private=True)
    assert [(call.name, call.is_targeted) for call in teams.calls] == [("send", False), ("send", True)]


@pytest.mark.parametrize("form", [ASKED, UNOPENED], ids=["by a button", "by none"])
@pytest.mark.parametrize("where", EVERYWHERE)
async def test_a_form_is_seen_by_who_fills_it_in_alone(
    where: str, form: Form, replies: Replies, teams: RecordingConnector
) -> None:
    there = EVERYWHERE[where]
    await show(replies, form, there)
    (call,) = teams.calls
    assert (call.name, call.conversation) == ("send", there.conversation)
    assert call.is_targeted is (there.surface is not Surface.PERSONAL)
    if there.surface is Surface.PERSONAL or form is UNOPENED:
        assert card_of(call) == form_card(form, there.conversation)
        assert call.what["summary"] == form.title
        kept = [each[FORM] for each in everything_in(card_of(call)) if FORM in each]
        assert {Opener(**each) for each in kept} == {Opener(form="tell", conversation=there.conversation)}
    else:
        opens = [each["data"] for each in everything_in(card_of(call)) if each.get("type") == "Action.Submit"]
        assert opens == [{"msteams": {"type": "task/fetch"}, "pilotlight": encode(TellPilot("A shuttle"))}]
    assert not faults_of_message(call.what)


# Refused


@pytest.mark.shows("refused")
@pytest.mark.parametrize("status", [400, 413])
@pytest.mark.parametrize("is_private", [True, False])
@pytest.mark.parametrize("where", EVERYWHERE)
async def test_a_card_that_teams_refuses_is_told_in_words(
    where: str,
    is_private: bool,  # noqa: FBT001 - drawn
    status: int,
    replies: Replies,
    teams: RecordingConnector,
) -> None:
    teams.troubles = {"send": refusing(status)}
    await show(replies, SAID, EVERYWHERE[where], is_private=is_private)
    first, second = teams.calls
    assert "attachments" not in second.what
    assert (second.what["text"], second.what["textFormat"]) == (fallback(SAID), "plain")
    assert (second.conversation, second.is_targeted) == (first.conversation, first.is_targeted)
    assert second.what.get("recipient") == first.what.get("recipient")


async def test_what_a_model_wrote_keeps_its_words_and_its_label_without_its_card(
    replies: Replies, teams: RecordingConnector
) -> None:
    teams.troubles = {"send": refusing(413)}
    await show(replies, WRITTEN, IN_CHANNEL)
    second = teams.calls[1].what
    assert (second["text"], second["textFormat"]) == (activity(WRITTEN)["text"], "markdown")
    assert second["entities"][0]["additionalType"] == ["AIGeneratedContent"]
    assert "attachments" not in second


@pytest.mark.parametrize("status", [400, 413])
@pytest.mark.parametrize("where", ["pressed", "pressed alone"])
async def test_a_card_that_teams_does_not_take_in_the_place_of_another_is_told_there_in_words(
    where: str, status: int, replies: Replies, teams: RecordingConnector
) -> None:
    teams.troubles = {"update": refusing(status)}
    await show(replies, SAID, EVERYWHERE[where], replaces=True)
    assert [(call.name, call.post) for call in teams.calls] == [("update", CARD)] * 2
    assert teams.calls[1].what["text"] == fallback(SAID)


@pytest.mark.parametrize("where", ["pressed", "pressed alone"])
async def test_where_what_was_pressed_is_gone_whoever_saw_no_answer_is_answered_alone(
    where: str, replies: Replies, teams: RecordingConnector
) -> None:
    there = EVERYWHERE[where]
    teams.troubles = {"update": refusing(404, code="ActivityNotFound") * 2}
    # As from a client that knows no buttons which are answered in their place.
    await show(replies, SAID, replace(there, invoke=""), replaces=True)
    assert [call.name for call in teams.calls] == ["update", "send"]
    assert teams.calls[1].is_targeted is (there.surface is not Surface.PERSONAL)
    # Who pressed has seen it in the response, and nobody else waits for it.
    with pytest.raises(TeamsRefusedError):
        await show(replies, SAID, there, replaces=True)
    assert len(teams.calls) == 3


@pytest.mark.shows("refused")
@pytest.mark.parametrize("content", [SAID, ASKED, UNOPENED], ids=["message", "form by a button", "form by none"])
@pytest.mark.parametrize("where", ["channel", "targeted", "pressed", "group"])
@pytest.mark.parametrize("status", [403, 404, 405, 501])
async def test_what_may_not_be_whispered_is_said_in_the_persons_own_chat(
    where: str, content: Message | Form, status: int, replies: Replies, teams: RecordingConnector
) -> None:
    teams.troubles = {"send": refusing(status)}
    await show(replies, content, EVERYWHERE[where], is_private=True)
    refused, begun, sent = teams.calls
    assert refused.is_targeted
    assert begun.what == {
        "isGroup": False,
        "bot": {"id": "28:bot"},
        "members": [{"id": "29:1alice"}],
        "tenantId": TENANT,
        "channelData": {"tenant": {"id": TENANT}},
    }
    assert (sent.conversation, sent.is_targeted) == ("a:own", False)
    assert "recipient" not in sent.what
    assert card_of(sent) == card_of(refused)


async def test_what_is_refused_as_a_card_and_as_a_whisper_still_comes(
    replies: Replies, teams: RecordingConnector
) -> None:
    teams.troubles = {"send": refusing(400, 400, 400)}
    await show(replies, SAID, TARGETED, is_private=True)
    assert [call.name for call in teams.calls] == ["send", "send", "create", "send", "send"]
    last = teams.calls[-1]
    assert (last.conversation, last.what["text"], last.is_targeted) == ("a:own", fallback(SAID), False)


@pytest.mark.shows("refused")
@pytest.mark.parametrize("where", ["channel", "group"])
@pytest.mark.parametrize("code", ["BotNotInConversationRoster", "MessageWritesBlocked", "Forbidden"])
async def test_where_the_bot_may_not_post_the_person_is_told_alone(
    where: str, code: str, replies: Replies, teams: RecordingConnector
) -> None:
    teams.troubles = {"send": refusing(403, code=code)}
    await show(replies, SAID, EVERYWHERE[where])
    assert [call.name for call in teams.calls] == ["send", "create", "send"]
    told = teams.calls[-1]
    assert told.conversation == "a:own"
    # Not the answer: it was for those in the room.
    assert told.what == activity(cards.not_in_channel("@Pilotlight"))


@pytest.mark.parametrize("where", ["alone", "pressed alone"])
async def test_in_a_chat_of_two_a_refusal_is_the_end(where: str, replies: Replies, teams: RecordingConnector) -> None:
    teams.troubles = {"send": refusing(403, code="MessageWritesBlocked")}
    with pytest.raises(TeamsRefusedError):
        await show(replies, SAID, EVERYWHERE[where])
    assert len(teams.calls) == 1


async def test_what_may_have_come_is_not_said_elsewhere(replies: Replies, teams: RecordingConnector) -> None:
    teams.troubles = {"send": [TeamsUnavailableError("take a message", is_in_doubt=True, status=502)]}
    with pytest.raises(TeamsUnavailableError):
        await show(replies, SAID, TARGETED, is_private=True)
    assert len(teams.calls) == 1


# What nobody asked for


@pytest.mark.parametrize("where", ["channel", "group"])
async def test_what_was_overheard_is_answered_in_the_room(
    where: str, replies: Replies, teams: RecordingConnector, noted: list[tuple[str, str]]
) -> None:
    await replies.interject(Reply(content=WRITTEN), EVERYWHERE[where])
    (call,) = teams.calls
    assert (call.name, call.conversation, call.is_targeted) == ("send", EVERYWHERE[where].conversation, False)
    assert [answer for answer, _ in noted] == ["a1"]


@pytest.mark.shows("silence")
@pytest.mark.parametrize("where", ["channel", "group"])
@pytest.mark.parametrize("code", ["BotNotInConversationRoster", "MessageWritesBlocked", "Forbidden"])
async def test_where_the_bot_may_not_post_nobody_hears_of_what_it_overheard(
    where: str, code: str, replies: Replies, teams: RecordingConnector
) -> None:
    teams.troubles = {"send": refusing(403, code=code)}
    with pytest.raises(TeamsRefusedError, match=code):
        await replies.interject(Reply(content=SAID), EVERYWHERE[where])
    assert [call.name for call in teams.calls] == ["send"]


async def test_nobody_is_asked_to_fill_in_what_they_did_not_ask_for(
    replies: Replies, teams: RecordingConnector
) -> None:
    await replies.interject(Reply(content=ASKED), IN_CHANNEL)
    assert teams.calls == []


# Which answer a message shows


@pytest.mark.shows("feedback")
async def test_which_answer_was_posted_is_noted_where_teams_lets_people_rate_it(
    replies: Replies, teams: RecordingConnector, noted: list[tuple[str, str]]
) -> None:
    await show(replies, WRITTEN, ALONE)
    assert teams.calls[0].what["channelData"] == {"feedbackLoop": {"type": "default"}}
    assert noted == [("a1", f"teams {TENANT} a:1alice post-1")]
    await show(replies, UNWRITTEN, ALONE)
    assert "channelData" not in teams.calls[1].what
    assert len(noted) == 1


@pytest.mark.parametrize("where", ["channel", "targeted", "pressed", "group"])
async def test_what_one_alone_sees_of_a_room_keeps_our_own_buttons_and_in_the_room_it_has_those_of_teams(
    where: str, replies: Replies, teams: RecordingConnector, noted: list[tuple[str, str]]
) -> None:
    await show(replies, WRITTEN, EVERYWHERE[where], is_private=True)
    aside = teams.calls[0]
    assert aside.is_targeted
    assert "channelData" not in aside.what
    assert verdicts(aside) == {"Helpful", "Not helpful"}
    assert noted == []
    await show(replies, WRITTEN, EVERYWHERE[where])
    said = teams.calls[1]
    assert said.what["channelData"] == {"feedbackLoop": {"type": "default"}}
    assert verdicts(said) == set()
    assert [answer for answer, _ in noted] == ["a1"]


async def test_what_one_alone_should_have_seen_keeps_them_in_their_own_chat_too(
    replies: Replies, teams: RecordingConnector, noted: list[tuple[str, str]]
) -> None:
    teams.troubles = {"send": refusing(403)}
    await show(replies, WRITTEN, IN_CHANNEL, is_private=True)
    instead = teams.calls[-1]
    assert (instead.conversation, verdicts(instead)) == ("a:own", {"Helpful", "Not helpful"})
    assert "channelData" not in instead.what
    assert noted == []


def verdicts(call: Called) -> set[str]:
    actions = [each for each in everything_in(card_of(call)) if str(each.get("type")).startswith("Action.")]
    return {str(each.get("title")) for each in actions} & {"Helpful", "Not helpful"}


async def test_in_a_thread_an_answer_is_named_by_its_room(replies: Replies, noted: list[tuple[str, str]]) -> None:
    await show(replies, WRITTEN, IN_CHANNEL)
    assert noted == [("a1", f"teams {TENANT} {ROOM} post-1")]


async def test_what_was_not_posted_is_noted_as_nothing(
    replies: Replies, teams: RecordingConnector, noted: list[tuple[str, str]]
) -> None:
    teams.troubles = {"send": refusing(403)}
    await show(replies, WRITTEN, IN_CHANNEL)
    teams.ids = [""]
    await show(replies, WRITTEN, ALONE)
    assert noted == []


# The first words


@pytest.mark.shows("suggested")
async def test_the_first_words_come_with_questions_to_begin_with(replies: Replies, teams: RecordingConnector) -> None:
    await replies.begin(Reply(content=cards.welcome()), ALONE)
    (call,) = teams.calls
    offered = call.what["suggestedActions"]
    assert offered["to"] == ["29:1alice"]
    assert [each["value"] for each in offered["actions"]] == list(cards.SUGGESTED_QUESTIONS)
    assert {each["type"] for each in offered["actions"]} == {"imBack"}
    assert card_of(call) == render(cards.welcome())
    await replies.begin(Reply(content=ASKED), ALONE)
    assert len(teams.calls) == 1


async def test_a_reply_is_in_the_language_of_who_reads_it(replies: Replies, teams: RecordingConnector) -> None:
    form = replace(ASKED, action=OpenSettings())
    await show(replies, form, IN_CHANNEL, language="de")
    await show(replies, form, IN_CHANNEL)
    assert teams.calls[0].what["summary"] != teams.calls[1].what["summary"]
    assert made_of(SAID) == activity(SAID)
