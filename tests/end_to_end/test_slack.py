"""What people say in channels and in direct messages, with the real server beside a Slack that is not ours."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.slack.inbound import ASK_SHORTCUT
from knowledge.records import pilot_from_record
from tests.base import sample_pilots
from tests.end_to_end.slack_bot import COMMUNITY, running_bot, said_before_answering
from tests.end_to_end.slack_workspace import (
    ALICE,
    BOB,
    BOT,
    CAROL,
    DIRECT,
    ELSEWHERE,
    GENERAL,
    PRIVATE,
    RANDOM,
    TEAM,
    Json,
    Workspace,
    words_of,
)

BUSES = "has anyone tried self-driving shuttle buses?"
OVERHEARD = "I overheard this"
_OF_ALICE_ALONE = {
    "source": "sample",
    "id": "night",
    "title": "Night shuttle for nurses",
    "summary": "A self-driving shuttle bus takes nurses home at night.",
    "country": "Finland",
    "visibility": {"audience": "restricted", "community": COMMUNITY, "people": [ALICE]},
}


@pytest.fixture(params=["events", "socket"])
async def slack(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Workspace]:
    """With a pilot that only Alice may see, and with Carol as its moderator; nothing said in it was a fault."""
    pilots = [*sample_pilots(), pilot_from_record(_OF_ALICE_ALONE)]
    async with running_bot(tmp_path, request.param, pilots, moderators=[CAROL]) as workspace:
        yield workspace
        assert await workspace.faults() == []


async def _whispered(slack: Workspace, user: str, channel: str, containing: str = "") -> Json:
    """What one person alone was shown."""
    answer = await slack.wait_for_answer(channel, containing)
    assert answer["ephemeral_to"] == user
    return answer


async def _overhear_in(slack: Workspace, channel: str) -> None:
    await slack.command(CAROL, channel, "/pilot", "channel overhear")
    await slack.wait_for_answer(channel, "From now on: I speak in this channel when somebody mentions me, and when")


async def _overheard(slack: Workspace, channel: str) -> tuple[str, Json]:
    """The thread of a question that the bot has answered by itself, and its answer."""
    await _overhear_in(slack, channel)
    asked = await slack.post(ALICE, channel, "Has anyone here tried self-driving shuttle buses?")
    return asked, await slack.wait_for_answer(channel, OVERHEARD, thread_ts=asked)


# Mentions and threads


@pytest.mark.shows("mention")
async def test_a_mention_is_answered_once_in_its_thread_and_not_in_the_channel(slack: Workspace) -> None:
    asked = await slack.mention(BOB, GENERAL, BUSES)
    answer = await slack.wait_for_answer(GENERAL, "Yes: 2 pilots in 2 countries tried this", thread_ts=asked)
    assert "Self-driving bus in the old town" in words_of(answer)
    # It came as a message and as a mention.
    assert await said_before_answering(slack, BOB, GENERAL) == [answer]


@pytest.mark.shows("private")
async def test_what_only_the_asker_may_see_is_not_told_to_a_room(slack: Workspace) -> None:
    asked = await slack.mention(ALICE, GENERAL, BUSES)
    assert "Night shuttle" not in words_of(await slack.wait_for_answer(GENERAL, thread_ts=asked))
    await slack.direct_message(ALICE, BUSES)
    assert "Night shuttle" in words_of(await slack.wait_for_answer(DIRECT[ALICE]))


@pytest.mark.shows("follow_up")
async def test_a_follow_up_in_the_thread_needs_no_mention_and_keeps_the_topic(slack: Workspace) -> None:
    asked = await slack.mention(ALICE, GENERAL, BUSES)
    await slack.wait_for_answer(GENERAL, "Yes: 2 pilots", thread_ts=asked)
    await slack.post(BOB, GENERAL, "what about in Norway?", thread_ts=asked)
    answer = await slack.wait_for_answer(GENERAL, "I looked first at: Norway", thread_ts=asked)
    assert "Self-driving bus in the old town" in words_of(answer)


@pytest.mark.shows("talk")
async def test_what_people_say_to_each_other_in_the_thread_gets_no_answer(slack: Workspace) -> None:
    asked = await slack.mention(ALICE, GENERAL, BUSES)
    answer = await slack.wait_for_answer(GENERAL, thread_ts=asked)
    for talk in ("thanks, I'll ask Bob", f"<@{BOB}> what about in Norway?", "I was in Norway last year"):
        await slack.post(ALICE, GENERAL, talk, thread_ts=asked)
    assert await said_before_answering(slack, BOB, GENERAL) == [answer]


async def test_another_thread_does_not_know_the_topic(slack: Workspace) -> None:
    first = await slack.mention(ALICE, GENERAL, BUSES)
    answer = await slack.wait_for_answer(GENERAL, thread_ts=first)
    second = await slack.post(BOB, GENERAL, "Lunch at noon.")
    await slack.post(BOB, GENERAL, "what about in Norway?", thread_ts=second)
    assert await said_before_answering(slack, BOB, GENERAL) == [answer]
    await slack.mention(BOB, GENERAL, "what about in Iceland?", thread_ts=second)
    answer = await slack.wait_for_answer(GENERAL, "Iceland", thread_ts=second)
    assert "shuttle" not in words_of(answer)


@pytest.mark.shows("mention_in_thread")
async def test_a_mention_in_the_middle_of_a_thread_is_answered_there(slack: Workspace) -> None:
    talk = await slack.post(ALICE, PRIVATE, "Our bus line is short of drivers.")
    await slack.mention(BOB, PRIVATE, BUSES, thread_ts=talk)
    answer = await slack.wait_for_answer(PRIVATE, "Yes: 2 pilots", thread_ts=talk)
    assert await slack.answers(PRIVATE) == []
    assert [each["user"] for each in await slack.replies(PRIVATE, talk)] == [BOB, answer["user"]]


@pytest.mark.shows("group_chat")
@pytest.mark.parametrize("slack", ["events"], indirect=True)
async def test_a_mention_in_a_group_of_direct_messages_is_answered_there(slack: Workspace) -> None:
    # The peer has no such conversations, so only what is sent says that it is one.
    said = {"type": "message", "channel_type": "mpim", "user": ALICE, "text": f"<@{BOT}> {BUSES}"}
    assert (await slack.send_event({**said, "channel": PRIVATE, "ts": "1790000000.000100"})).in_time
    answer = await slack.wait_for_answer(PRIVATE, "Yes: 2 pilots", thread_ts="1790000000.000100")
    assert "Night shuttle" not in words_of(answer)


# Direct messages


@pytest.mark.shows("direct")
async def test_a_direct_message_is_answered_and_followed_up(slack: Workspace) -> None:
    await slack.direct_message(BOB, "Hello!")
    await slack.wait_for_answer(DIRECT[BOB], "Has anyone tried it?")
    await slack.direct_message(BOB, BUSES)
    await slack.wait_for_answer(DIRECT[BOB], "Yes: 2 pilots")
    await slack.direct_message(BOB, "what about in Norway?")
    answer = await slack.wait_for_answer(DIRECT[BOB], "I looked first at: Norway")
    assert "Self-driving bus in the old town" in words_of(answer)
    assert len(await slack.answers(DIRECT[BOB])) == 3


# The slash command


@pytest.mark.shows("command", "share", "private")
async def test_a_commands_answer_is_the_askers_and_what_is_shared_is_what_the_room_may_see(slack: Workspace) -> None:
    await slack.command(ALICE, GENERAL, "/pilot", f"ask {BUSES}")
    answer = await _whispered(slack, ALICE, GENERAL, "Yes: 3 pilots")
    assert "Night shuttle" in words_of(answer)
    assert await slack.messages(GENERAL, seen_by=BOB) == []
    await slack.press(ALICE, answer, label="Share to channel")
    shared = await slack.wait_for_answer(GENERAL, "alice asked me")
    assert [shared] == await slack.messages(GENERAL, seen_by=BOB)
    assert "Yes: 2 pilots" in words_of(shared)
    assert "Night shuttle" not in words_of(shared)


@pytest.mark.shows("command")
@pytest.mark.parametrize("channel", [GENERAL, ELSEWHERE], ids=["a member", "no member"])
async def test_the_command_needs_no_ask_and_no_membership(slack: Workspace, channel: str) -> None:
    await slack.command(BOB, channel, "/pilot", BUSES)
    await _whispered(slack, BOB, channel, "Yes: 2 pilots")
    await slack.command(BOB, channel, "/pilot")
    await _whispered(slack, BOB, channel, "Just ask: has anyone tried …?")
    await slack.command(BOB, channel, "/pilot", "frobnicate")
    await _whispered(slack, BOB, channel, "I have no command “frobnicate”.")
    assert await slack.messages(channel, seen_by=ALICE) == []
    assert await slack.calls("chat.postMessage") == []


@pytest.mark.shows("help")
async def test_help_names_every_command(slack: Workspace) -> None:
    await slack.command(BOB, DIRECT[BOB], "/pilot", "help")
    told = words_of(await slack.wait_for_answer(DIRECT[BOB], "Just ask"))
    assert [word for word in ("ask", "show", "tell", "home", "settings", "channel", "help") if word not in told] == []


@pytest.mark.shows("more")
async def test_more_on_a_pilot_is_shown_to_the_presser_alone(slack: Workspace) -> None:
    asked = await slack.mention(ALICE, GENERAL, BUSES)
    answer = await slack.wait_for_answer(GENERAL, thread_ts=asked)
    await slack.press(BOB, answer, label="More on 1")
    await _whispered(slack, BOB, GENERAL, "What it can say so far")
    assert [asked, answer["ts"]] == [each["ts"] for each in await slack.messages(GENERAL, seen_by=CAROL)]


@pytest.mark.shows("about_message")
@pytest.mark.parametrize("slack", ["events"], indirect=True)
async def test_a_message_is_asked_about_and_only_who_asks_sees_the_answer(slack: Workspace) -> None:
    said = await slack.post(BOB, GENERAL, "We think of self-driving shuttle buses.")
    (message,) = await slack.messages(GENERAL)
    # The peer has no shortcuts: this one is sent as Slack would.
    sent = await slack.send(
        {
            "type": "message_action",
            "callback_id": ASK_SHORTCUT,
            "team": {"id": TEAM},
            "user": {"id": ALICE, "name": "alice", "team_id": TEAM},
            "channel": {"id": GENERAL, "name": "general"},
            "message": message,
            "message_ts": said,
            "trigger_id": "1.2",
        }
    )
    assert sent.in_time
    answer = await _whispered(slack, ALICE, GENERAL, "Yes: 3 pilots")
    assert "Share to channel" in words_of(answer)


# Overhearing


@pytest.mark.shows("modes")
async def test_channel_talk_is_not_answered_unless_a_moderator_wants_it(slack: Workspace) -> None:
    await slack.post(ALICE, GENERAL, "Has anyone here tried self-driving shuttle buses?")
    assert await said_before_answering(slack, BOB, GENERAL) == []
    await slack.command(ALICE, GENERAL, "/pilot", "channel overhear")
    await _whispered(slack, ALICE, GENERAL, "Only moderators of this community can do that.")
    await slack.command(ALICE, GENERAL, "/pilot", "channel")
    await _whispered(slack, ALICE, GENERAL, "I speak in this channel when somebody mentions me.")


async def test_where_nobody_moderates_the_refusal_says_how_somebody_can(tmp_path: Path) -> None:
    async with running_bot(tmp_path) as slack:
        await slack.command(ALICE, GENERAL, "/pilot", "channel overhear")
        await _whispered(slack, ALICE, GENERAL, "Please ask whoever runs me to name one.")
        assert await slack.faults() == []


@pytest.mark.shows("overheard")
async def test_an_overheard_question_is_answered_once_in_its_thread(slack: Workspace) -> None:
    asked, answer = await _overheard(slack, GENERAL)
    assert "Yes: 2 pilots" in words_of(answer)
    labels = words_of({"blocks": [each for each in answer["blocks"] if each["type"] == "actions"]})
    assert "Not now" in labels
    assert "Mute this thread" in labels
    await slack.post(BOB, GENERAL, "Has anyone here tried a chatbot for citizens?", thread_ts=asked)
    await said_before_answering(slack, BOB, GENERAL)
    assert await slack.answers(GENERAL, asked) == [answer]
    # What it may do here it may not do elsewhere.
    await slack.post(ALICE, RANDOM, "Has anyone here tried self-driving shuttle buses?")
    assert await said_before_answering(slack, BOB, RANDOM) == []


@pytest.mark.shows("silence")
async def test_what_is_no_question_that_can_be_answered_is_passed_over_in_silence(slack: Workspace) -> None:
    await _overhear_in(slack, GENERAL)
    await slack.post(ALICE, GENERAL, "Has anyone here tried playgrounds designed by children?")
    await slack.post(ALICE, GENERAL, "How do I book the shuttle bus to the other building?")
    await slack.post(ALICE, GENERAL, "The self-driving shuttle buses are late again.")
    edited = await slack.post(ALICE, GENERAL, "Good morning all.")
    await slack.edit(ALICE, GENERAL, edited, "Has anyone here tried self-driving shuttle buses?")
    if slack.mode == "events":
        another = {
            "type": "message",
            "channel": GENERAL,
            "channel_type": "channel",
            "bot_id": "B0OTHER",
            "user": "U0OTHER",
            "text": "Has anyone here tried self-driving shuttle buses?",
            "ts": "1790000000.000100",
        }
        assert (await slack.send_event(another)).in_time
    (chosen,) = await said_before_answering(slack, BOB, GENERAL)
    assert "From now on" in words_of(chosen)


@pytest.mark.shows("not_now")
async def test_not_now_takes_the_answer_away_for_everybody_and_says_who(slack: Workspace) -> None:
    asked, answer = await _overheard(slack, GENERAL)
    await slack.press(BOB, answer, label="Not now")
    left = await slack.wait_for_answer(GENERAL, "bob said “not now”: I took my answer back.", thread_ts=asked)
    assert left["ts"] == answer["ts"]
    assert "shuttle" not in words_of(left)
    assert await slack.answers(GENERAL, asked) == [left]


@pytest.mark.shows("mute")
async def test_a_muted_thread_is_silent_until_the_bot_is_mentioned(slack: Workspace) -> None:
    asked, answer = await _overheard(slack, GENERAL)
    await slack.press(BOB, answer, label="Mute this thread")
    muted = await slack.wait_for_answer(GENERAL, "Muted by bob", thread_ts=asked)
    assert muted.get("ephemeral_to") is None
    await slack.post(ALICE, GENERAL, "what about in Norway?", thread_ts=asked)
    await said_before_answering(slack, BOB, GENERAL)
    assert await slack.answers(GENERAL, asked) == [answer, muted]
    await slack.mention(ALICE, GENERAL, "what about in Norway?", thread_ts=asked)
    await slack.wait_for_answer(GENERAL, "I looked first at: Norway", thread_ts=asked)


@pytest.mark.shows("off", "modes")
async def test_switched_off_in_a_channel_a_mention_is_told_so_in_private(slack: Workspace) -> None:
    await slack.command(CAROL, GENERAL, "/pilot", "channel off")
    await slack.wait_for_answer(GENERAL, "From now on: I do not speak in this channel.")
    await slack.mention(ALICE, GENERAL, BUSES)
    await _whispered(slack, ALICE, GENERAL, "I am switched off in this channel.")
    (chosen,) = (each for each in await slack.messages(GENERAL, seen_by=BOB) if each["user"] == BOT)
    assert "From now on" in words_of(chosen)
