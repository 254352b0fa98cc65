"""A model that writes, suggested questions, the stop button, through the whole server: the peer knows none of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.cards import SUGGESTED_QUESTIONS
from tests.adapters.test_chat import DONE, Script, chat_server, event, sending
from tests.slack_api import SlackApi, fill, mention, payload, running_server, running_slack, settled, until

WRITTEN = "A self-driving shuttle bus took commuters to the harbour for a year"
WARNING = "Written by a model from these sources; check them before you rely on it."
STREAM = ("chat.startStream", "chat.appendStream", "chat.stopStream")


@pytest.fixture
async def slack() -> AsyncIterator[SlackApi]:
    async with running_slack() as slack:
        yield slack


async def _fill(folder: Path) -> str:
    url = f"sqlite:///{folder / 'pilotlight.sqlite'}"
    await fill(url)
    return url


def _said(slack: SlackApi) -> str:
    """All that people could read, message by message and piece by piece."""
    return "".join(call.words for call in slack.calls if call.method in (*STREAM, "chat.postMessage"))


@pytest.mark.shows("streaming", "written")
async def test_a_written_answer_grows_names_its_pilots_and_says_that_a_model_wrote_it(
    slack: SlackApi, tmp_path: Path
) -> None:
    script = sending(event(f"{WRITTEN} [1]. "), 0.3, event("The insurer withdrew after a collision [1].", "stop"), DONE)
    async with (
        chat_server(script) as server,
        running_server(slack, tmp_path, database_url=await _fill(tmp_path), writer=_named(server.url)) as sender,
    ):
        await sender.event(mention("who tried driverless shuttles?"))
        (ended,) = await until(lambda: slack.called("chat.stopStream"))
        assert slack.called("chat.startStream")
        assert f"{WRITTEN} [1]" in _said(slack)
        assert "Driverless shuttle to the harbour" in ended.words
        assert WARNING in ended.words
        assert slack.called("chat.postMessage") == []


@pytest.mark.shows("stop")
async def test_who_presses_stop_gets_no_answer_any_more(slack: SlackApi, tmp_path: Path) -> None:
    async with (
        chat_server(_never_ending()) as server,
        running_server(slack, tmp_path, database_url=await _fill(tmp_path), writer=_named(server.url)) as sender,
    ):
        asked = mention("who tried driverless shuttles?")
        await sender.event(asked)
        await until(lambda: server.requests)
        stopped = payload("agent_session_stopped")
        stopped["event"] |= {"channel": asked["event"]["channel"], "thread_ts": asked["event"]["ts"]}
        await sender.event(stopped)
        (told,) = await until(lambda: slack.called("chat.postMessage"))
        await settled(slack)
        assert told.arguments["text"] == "Stopped."
        assert slack.called("chat.postMessage") == [told]
        assert WARNING not in _said(slack)


@pytest.mark.shows("suggested")
async def test_who_opens_the_chat_is_offered_questions_to_begin_with(slack: SlackApi, tmp_path: Path) -> None:
    async with running_server(slack, tmp_path, database_url=await _fill(tmp_path)) as sender:
        await sender.event(payload("app_home_opened_messages"))
        (offered,) = await until(lambda: slack.called("assistant.threads.setSuggestedPrompts"))
        assert all(each in offered.words for each in SUGGESTED_QUESTIONS)


def _named(url: str) -> str:
    return f"openai:{url}#tiny"


def _never_ending() -> Script:
    return sending(event(f"{WRITTEN} [1]. "), 60.0)
