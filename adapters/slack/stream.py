"""An answer that grows in its thread while a model writes it; where Slack streams none, it is posted whole."""

import asyncio
import logging
import re
from collections.abc import Callable
from itertools import takewhile
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.blocks import escape, render
from adapters.slack.inbound import Origin, Surface
from adapters.slack.outbox import Outbox, SlackRefusedError, SlackUnavailableError
from bot.messages import PARAGRAPH, Message, Reply, Text
from knowledge.errors import UnavailableError

_log = logging.getLogger(__name__)

_APPEND_SECONDS = 1.0
_PATIENCE_SECONDS = 3.0  # for a call under way when the answer is there
_CALL_LIMIT = 12_000
_MARKUP = re.compile(r"[*_~`#|\\]+")


class Stream:
    """The one stream of one reply. Nothing is opened before there is something to show.

    What is told of an answer while it is written are its first paragraphs, as they stand in the message at last.
    """

    def __init__(self, outbox: Outbox, client: AsyncWebClient, origin: Origin, clock: Callable[[], float]) -> None:
        self._outbox = outbox
        self._client = client
        self._origin = origin
        self._clock = clock
        # Slack streams in threads only: in a channel that is the one under the question.
        self._thread = origin.thread or (origin.message if origin.surface is Surface.CHANNEL else "")
        self._is_open = bool(self._thread) and origin.surface in (Surface.CHANNEL, Surface.DIRECT)
        self._moment = ""
        self._shown = ""
        self._appended_at = 0.0
        self._showing: asyncio.Task[None] | None = None

    async def progress(self, text: str) -> None:
        """Show what is new of the text so far, about once a second. The writing never waits for Slack."""
        is_soon = self._moment and self._clock() - self._appended_at < _APPEND_SECONDS
        is_busy = self._showing is not None and not self._showing.done()
        if self._is_open and not (is_soon or is_busy):
            self._showing = asyncio.create_task(self._show(text))

    async def _show(self, text: str) -> None:
        try:
            await (self._append(text) if self._moment else self._start(text))
        except (SlackRefusedError, UnavailableError) as error:
            _log.info("An answer is not streamed: %s", error)
            self._is_open = False

    async def finish(self, reply: Reply | None) -> bool:
        """Whether the stream, closed now, shows the reply; else it is to be posted."""
        if self._showing is not None:
            await asyncio.wait({self._showing}, timeout=_PATIENCE_SECONDS)
            self._showing.cancel()
        if not self._moment:
            return False
        # What was begun before a whole room is closed; what is for one alone is shown to that one.
        is_aside = reply is not None and reply.is_private and self._origin.surface is Surface.CHANNEL
        message = reply.content if reply and not is_aside and isinstance(reply.content, Message) else Message(())
        unread, rest = self._rest(message)
        try:
            await self._call("chat_stopStream", ts=self._moment, markdown_text=unread or None, blocks=render(rest))
        except SlackUnavailableError as error:
            _log.warning("A streamed answer may not be finished: %s", error)
            # Rather missing than doubled.
            return not is_aside and error.is_in_doubt
        except SlackRefusedError as error:
            _log.info("A streamed answer was not finished: %s", error)
            return False
        return not is_aside

    async def _start(self, text: str) -> None:
        answer = await self._call(
            "chat_startStream",
            thread_ts=self._thread,
            recipient_team_id=self._origin.team,
            recipient_user_id=self._origin.user,
            markdown_text=_plain(text),
        )
        self._moment = str(answer.get("ts") or "")
        self._is_open = bool(self._moment)
        self._remember(text)

    async def _append(self, text: str) -> None:
        new = text[len(self._shown) :] if text.startswith(self._shown) else ""
        if new.strip():
            await self._call("chat_appendStream", ts=self._moment, markdown_text=_plain(new))
            self._remember(text)

    def _remember(self, text: str) -> None:
        self._shown = text
        self._appended_at = self._clock()

    def _rest(self, message: Message) -> tuple[str, Message]:
        """What of its first paragraphs was not streamed yet, and what stands under them."""
        leading = tuple(takewhile(lambda block: isinstance(block, Text) and not block.is_quiet, message.blocks))
        whole = PARAGRAPH.join(block.text for block in leading if isinstance(block, Text))
        if not whole.startswith(self._shown):
            return "", message
        return _plain(whole[len(self._shown) :]), Message(message.blocks[len(leading) :])

    async def _call(self, method: str, **arguments: object) -> dict[str, Any]:
        channel = self._origin.channel
        return await self._outbox.call(self._client, self._origin.team, method, channel=channel, **arguments)


def _plain(text: str) -> str:
    """What a model writes is shown as words: Slack reads markup here."""
    return escape(_MARKUP.sub("", text))[:_CALL_LIMIT]
