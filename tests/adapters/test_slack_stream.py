import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import web

from adapters.slack.inbound import Origin, Surface
from adapters.slack.outbox import Outbox, web_client
from adapters.slack.stream import Stream
from bot.messages import Message, Reply, Source, Sources, Text
from tests.slack_api import BOT_TOKEN, TEAM, SlackApi, running_slack

IN_CHANNEL = Origin(surface=Surface.CHANNEL, team=TEAM, user="U01ALICE", channel="C1", message="1.5")
LEAD, WRITTEN = "Yes: 2 pilots tried this.", "The first was stopped [1]. The second runs <!channel> [2]."
ANSWER = Reply(content=Message((Text(LEAD), Text(WRITTEN), Sources((Source(title="Bus"),)))))
SO_FAR = (LEAD, f"{LEAD}\n\nThe first was stopped [1].", f"{LEAD}\n\n{WRITTEN}")


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def slack() -> AsyncIterator[SlackApi]:
    async with running_slack() as slack:
        yield slack


@pytest.fixture
def clock() -> Clock:
    return Clock()


def stream(slack: SlackApi, clock: Clock, origin: Origin = IN_CHANNEL) -> Stream:
    client = web_client(BOT_TOKEN, base_url=slack.api_url)
    return Stream(Outbox(clock=lambda: 0.0), client, origin, clock)


async def shown(growing: Stream, text: str) -> None:
    """Told, and there: the writing itself never waits."""
    await growing.progress(text)
    if growing._showing:
        await growing._showing


def refuse(slack: SlackApi, method: str, code: str) -> None:
    slack.refusals[method].append(web.json_response({"ok": False, "error": code}))


def streamed(slack: SlackApi) -> str:
    methods = ("chat.startStream", "chat.appendStream", "chat.stopStream")
    return "".join(call.arguments.get("markdown_text") or "" for method in methods for call in slack.called(method))


async def test_an_answer_grows_in_the_thread_of_its_question_and_ends_with_its_sources(
    slack: SlackApi, clock: Clock
) -> None:
    growing = stream(slack, clock)
    for text in SO_FAR:
        await shown(growing, text)
        clock.now += 1.5
    assert await growing.finish(ANSWER)
    (begun,) = slack.called("chat.startStream")
    assert (
        begun.arguments.items()
        >= {
            "channel": "C1",
            "thread_ts": "1.5",
            "recipient_team_id": TEAM,
            "recipient_user_id": "U01ALICE",
        }.items()
    )
    assert len(slack.called("chat.appendStream")) == 2
    # Nothing of it is lost, said twice or read as markup.
    assert streamed(slack) == f"{LEAD}\n\n{WRITTEN}".replace("<!channel>", "&lt;!channel&gt;")
    (ended,) = slack.called("chat.stopStream")
    assert "Bus" in ended.words
    assert LEAD not in ended.words
    assert not slack.called("chat.postMessage")


async def test_what_comes_quickly_is_shown_about_once_a_second_and_whole_in_the_end(
    slack: SlackApi, clock: Clock
) -> None:
    growing = stream(slack, clock)
    for text in SO_FAR:
        await growing.progress(text)
    assert not slack.called("chat.appendStream")
    assert await growing.finish(ANSWER)
    assert streamed(slack) == f"{LEAD}\n\n{WRITTEN}".replace("<!channel>", "&lt;!channel&gt;")


async def test_an_answer_that_came_out_otherwise_than_it_began_is_shown_whole(slack: SlackApi, clock: Clock) -> None:
    growing = stream(slack, clock)
    await growing.progress("Something else.")
    assert await growing.finish(ANSWER)
    (ended,) = slack.called("chat.stopStream")
    assert LEAD in ended.words


async def test_where_slack_streams_nothing_the_answer_is_posted(slack: SlackApi, clock: Clock) -> None:
    refuse(slack, "chat.startStream", "unknown_method")
    growing = stream(slack, clock)
    for text in SO_FAR:
        await shown(growing, text)
        clock.now += 1.5
    assert not await growing.finish(ANSWER)
    # It was asked once, and refused.
    assert not slack.called("chat.startStream")


async def test_a_stream_that_breaks_off_is_followed_by_the_whole_answer(slack: SlackApi, clock: Clock) -> None:
    refuse(slack, "chat.stopStream", "message_not_in_streaming_state")
    growing = stream(slack, clock)
    await growing.progress(LEAD)
    assert not await growing.finish(ANSWER)


async def test_nothing_is_opened_where_nothing_was_written_or_no_thread_is_there(slack: SlackApi, clock: Clock) -> None:
    assert not await stream(slack, clock).finish(ANSWER)
    aside = Origin(surface=Surface.COMMAND, team=TEAM, user="U01ALICE", channel="C1", response_url="http://127.0.0.1/")
    alone = Origin(surface=Surface.DIRECT, team=TEAM, user="U01ALICE", channel="D1", message="1.5")
    for origin in (aside, alone):
        growing = stream(slack, clock, origin)
        await growing.progress(LEAD)
        assert not await growing.finish(ANSWER)
    assert not slack.called("chat.startStream")


async def test_the_writing_never_waits_for_slack(slack: SlackApi, clock: Clock) -> None:
    slack.delays["chat.startStream"] = 0.2
    growing = stream(slack, clock)
    async with asyncio.timeout(0.1):
        for text in SO_FAR:
            await growing.progress(text)
    assert await growing.finish(ANSWER)
    assert streamed(slack) == f"{LEAD}\n\n{WRITTEN}".replace("<!channel>", "&lt;!channel&gt;")


async def test_what_is_for_one_alone_never_ends_in_the_stream_of_a_room(slack: SlackApi, clock: Clock) -> None:
    growing = stream(slack, clock)
    await shown(growing, LEAD)
    assert not await growing.finish(Reply(content=Message((Text("A private trouble."),)), is_private=True))
    (ended,) = slack.called("chat.stopStream")
    assert "private" not in ended.words


async def test_in_direct_messages_the_stream_is_the_answer(slack: SlackApi, clock: Clock) -> None:
    direct = Origin(surface=Surface.DIRECT, team=TEAM, user="U01ALICE", channel="D1", thread="1.4", message="1.5")
    growing = stream(slack, clock, direct)
    await shown(growing, LEAD)
    assert await growing.finish(replace(ANSWER, is_private=True))
    assert "Bus" in slack.called("chat.stopStream")[0].words
