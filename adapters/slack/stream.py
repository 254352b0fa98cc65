"""An answer that grows in its thread while a model writes it; where Slack streams none, it is posted whole."""

import logging
import re
from collections.abc import Callable
from itertools import takewhile
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.blocks import escape, render
from adapters.slack.inbound import Origin, Surface
from adapters.slack.outbox import Outbox, SlackRefusedError
from bot.messages import PARAGRAPH, Message, Reply, Text
from knowledge.errors import UnavailableError

_log = logging.getLogger(__name__)

_APPEND_SECONDS = 1.0
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

    async def progress(self, text: str) -> None:
        """Show what is new of the text so far, about once a second."""
        if not self._is_open or (self._moment and self._clock() - self._appended_at < _APPEND_SECONDS):
            return
        try:
            await (self._append(text) if self._moment else self._start(text))
        except (SlackRefusedError, UnavailableError) as error:
            _log.info("An answer is not streamed: %s", error)
            self._is_open = False

    async def finish(self, reply: Reply | None) -> bool:
        """Whether the stream, closed now, shows the reply; else it is to be posted."""
        if not self._moment:
            return False
        message = reply.content if reply and isinstance(reply.content, Message) else Message(())
        unread, rest = self._rest(message)
        try:
            await self._call("chat_stopStream", ts=self._moment, markdown_text=unread or None, blocks=render(rest))
        except (SlackRefusedError, UnavailableError) as error:
            _log.info("A streamed answer was not finished: %s", error)
            return False
        return not (reply and reply.is_private)

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
