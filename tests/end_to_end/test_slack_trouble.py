"""What comes twice, at once or with the database away, in a Slack that is not ours."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.end_to_end.slack_bot import furnish, running_bot, running_server, said_before_answering
from tests.end_to_end.slack_workspace import (
    ALICE,
    BOB,
    BOT,
    CAROL,
    DIRECT,
    GENERAL,
    PRIVATE,
    RANDOM,
    Json,
    Mode,
    Workspace,
    running_workspace,
    words_of,
)
from tests.postgres import PostgresServer

BUSES = "has anyone tried self-driving shuttle buses?"


@pytest.fixture(params=["events", "socket"])
async def slack(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Workspace]:
    """With the sample pilots; nothing said in it was a fault."""
    async with running_bot(tmp_path, request.param) as workspace:
        yield workspace
        assert await workspace.faults() == []


@pytest.fixture
async def by_events(tmp_path: Path) -> AsyncIterator[Workspace]:
    """As above; deliveries can be repeated and made up in this mode only."""
    async with running_bot(tmp_path, "events") as workspace:
        yield workspace
        assert await workspace.faults() == []


async def _all_said(slack: Workspace) -> list[Json]:
    channels = (GENERAL, RANDOM, PRIVATE, *DIRECT.values())
    return [each for channel in channels for each in await slack.messages(channel) if each["user"] == BOT]


# Twice


@pytest.mark.shows("redelivered")
async def test_what_is_delivered_again_is_answered_once(by_events: Workspace) -> None:
    asked = await by_events.mention(ALICE, GENERAL, BUSES)
    answer = await by_events.wait_for_answer(GENERAL, thread_ts=asked)
    await by_events.direct_message(BOB, BUSES)
    private = await by_events.wait_for_answer(DIRECT[BOB])
    for delivery in tuple(by_events.deliveries):
        assert (await by_events.redeliver(delivery)).in_time
    assert await said_before_answering(by_events, BOB, GENERAL) == [answer]
    assert await by_events.answers(DIRECT[BOB]) == [private]


@pytest.mark.shows("redelivered")
async def test_a_command_that_is_delivered_again_is_answered_once(by_events: Workspace) -> None:
    await by_events.command(ALICE, GENERAL, "/pilot", BUSES)
    answer = await by_events.wait_for_answer(GENERAL, "Yes:")
    await by_events.redeliver(by_events.deliveries[-1])
    assert await said_before_answering(by_events, BOB, GENERAL) == [answer]


@pytest.mark.shows("restarted")
async def test_what_was_answered_before_a_restart_is_not_answered_after_it(tmp_path: Path) -> None:
    await furnish(tmp_path)
    async with running_workspace(tmp_path) as slack:
        async with running_server(slack, tmp_path):
            asked = await slack.mention(ALICE, GENERAL, BUSES)
            answer = await slack.wait_for_answer(GENERAL, thread_ts=asked)
        async with running_server(slack, tmp_path):
            for delivery in tuple(slack.deliveries):
                await slack.redeliver(delivery)
            assert await said_before_answering(slack, BOB, GENERAL) == [answer]
            # The thread goes on where it was.
            await slack.post(BOB, GENERAL, "what about in Norway?", thread_ts=asked)
            await slack.wait_for_answer(GENERAL, "I looked first at: Norway", thread_ts=asked)
        assert await slack.faults() == []


@pytest.mark.shows("replicas")
async def test_of_two_replicas_one_answers(tmp_path: Path, postgres_url: str) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    await furnish(tmp_path, database_url=postgres_url)
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(running_workspace(tmp_path))
        replicas = [await stack.enter_async_context(running_server(slack, each, postgres_url)) for each in folders]
        for number in range(3):
            asked = f"179000000{number}.000100"
            said = {
                "type": "message",
                "channel": GENERAL,
                "channel_type": "channel",
                "user": ALICE,
                "text": f"<@{BOT}> {BUSES}",
                "ts": asked,
            }
            await asyncio.gather(*(_sent_to(slack, each, said) for each in replicas))
            await slack.wait_for_answer(GENERAL, "Yes: 2 pilots", thread_ts=asked)
        await said_before_answering(slack, BOB, GENERAL)
        assert [len(await slack.answers(GENERAL, f"179000000{number}.000100")) for number in range(3)] == [1, 1, 1]
        assert await slack.faults() == []


async def _sent_to(slack: Workspace, address: str, event: Json) -> None:
    slack.request_url = address
    assert (await slack.send_event(event)).in_time


# At once


@pytest.mark.shows("at_once")
async def test_two_people_at_once_each_get_their_own_answer(slack: Workspace) -> None:
    asked = {ALICE: BUSES, BOB: "has anyone tried a four-day week?"}
    await asyncio.gather(*(slack.direct_message(person, text) for person, text in asked.items()))
    await slack.wait_for_answer(DIRECT[ALICE], "Self-driving bus in the old town")
    await slack.wait_for_answer(DIRECT[BOB], "Four-day week at the town hall")
    assert [len(await slack.answers(DIRECT[person])) for person in asked] == [1, 1]


@pytest.mark.shows("at_once")
async def test_ten_questions_at_once_are_all_answered_where_they_were_asked(slack: Workspace) -> None:
    questions = {
        "has anyone tried a chatbot for tax questions?": "Chatbot for tax questions",
        "has anyone tried a four-day week?": "Four-day week at the town hall",
        "has anyone tried drones to count birds?": "Drones over the wetlands",
    }
    rooms = [(channel, *each) for channel in (GENERAL, RANDOM, PRIVATE) for each in questions.items()]

    async def ask(channel: str, text: str, expected: str) -> None:
        thread = await slack.mention(ALICE, channel, text)
        await slack.wait_for_answer(channel, expected, thread_ts=thread)

    await asyncio.gather(*(ask(*each) for each in rooms), slack.direct_message(CAROL, BUSES))
    await slack.wait_for_answer(DIRECT[CAROL], "Self-driving bus in the old town")
    assert len(await _all_said(slack)) == 10


# The database away


@pytest.mark.shows("away")
@pytest.mark.parametrize("mode", ["events", "socket"])
async def test_with_the_database_away_people_get_a_reference_and_the_log_none_of_their_words(
    mode: Mode, tmp_path: Path, postgres_server: PostgresServer, postgres_url: str
) -> None:
    async with running_bot(tmp_path, mode, database_url=postgres_url) as slack:
        asked = await slack.mention(ALICE, GENERAL, BUSES)
        await slack.wait_for_answer(GENERAL, "Yes: 2 pilots", thread_ts=asked)
        with postgres_server.away(postgres_url):
            await slack.direct_message(BOB, "has anyone tried zeppelins for the post?")
            told = [await slack.wait_for_answer(DIRECT[BOB], "I cannot get at what I know just now.")]
            thread = await slack.mention(ALICE, GENERAL, "has anyone tried zeppelins?")
            told.append(await slack.wait_for_answer(GENERAL, "I cannot get at what I know just now."))
            await slack.command(CAROL, RANDOM, "/pilot", "ask has anyone tried zeppelins?")
            told.append(await slack.wait_for_answer(RANDOM, "I cannot get at what I know just now."))
            # Nobody addressed it here.
            await slack.post(ALICE, PRIVATE, "Has anyone here tried self-driving zeppelins for the post?")
            await slack.post(ALICE, GENERAL, "what about in Norway?", thread_ts=asked)
            await slack.direct_message(ALICE, "has anyone tried zeppelins?")
            told.append(await slack.wait_for_answer(DIRECT[ALICE], "I cannot get at what I know just now."))
        log = (tmp_path / "pilotlight.log").read_text()
        for each in told:
            reference = re.search(r"this reference: (\w+)", words_of(each))
            assert reference is not None
            assert reference[1] in log
        assert [each.get("ephemeral_to") for each in told] == [None, ALICE, CAROL, None]
        assert "zeppelin" not in log.casefold()
        assert "norway" not in log.casefold()
        assert [len(await slack.answers(GENERAL, each)) for each in (asked, thread)] == [1, 0]
        await slack.mention(ALICE, GENERAL, BUSES, thread_ts=thread)
        await slack.wait_for_answer(GENERAL, "Yes: 2 pilots", thread_ts=thread)
        assert await slack.answers(PRIVATE) == []
        assert await slack.faults() == []
