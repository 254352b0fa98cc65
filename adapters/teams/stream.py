"""An answer that grows in a chat of two while a model writes it, and the dots that say somebody is at it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from adapters.teams.cards import Json, markdown
from adapters.teams.connector import STREAM_STOPPED, TeamsRefusedError, TeamsUnavailableError
from adapters.teams.inbound import Origin, Surface
from adapters.teams.outbox import Address, Outbox
from knowledge.errors import UnavailableError

_log = logging.getLogger(__name__)

_PIECE_SECONDS = 1.0  # Teams takes about one a second
_PATIENCE_SECONDS = 3.0  # for a call under way when the answer is there
_LONGEST_SECONDS = 110.0  # Teams ends a stream after two minutes
_NOTICEABLE_SECONDS = 0.7  # most answers are there before anybody would miss the dots
_DOTS_SECONDS = 4.0  # then they fade


class Stream:
    """The one stream of one reply. Nothing is begun before there is something to show.

    What is told of an answer while it is written are its first paragraphs, as they stand in the message at last. Each
    piece holds the ones before it, or Teams refuses it. `on_stopped` is called where the person stops it as it grows.
    """

    def __init__(
        self,
        outbox: Outbox,
        origin: Origin,
        clock: Callable[[], float],
        on_stopped: Callable[[], object] = lambda: None,
    ) -> None:
        self._outbox = outbox
        self._where = Address(origin.tenant, origin.service_url, origin.conversation)
        self._clock = clock
        self._on_stopped = on_stopped
        self._is_open = origin.surface is Surface.PERSONAL and not origin.invoke
        self.is_stopped = False
        self._id = ""
        self._number = 0
        self._shown = ""
        self._began_at = self._shown_at = 0.0
        self._showing: asyncio.Task[None] | None = None

    async def progress(self, text: str) -> None:
        """Show the text so far, about once a second. The writing never waits for Teams."""
        now = self._clock()
        is_soon = self._id and (now - self._shown_at < _PIECE_SECONDS or now - self._began_at > _LONGEST_SECONDS)
        is_busy = self._showing is not None and not self._showing.done()
        if self._is_open and not (is_soon or is_busy):
            self._showing = asyncio.create_task(self._show(markdown(text)))

    async def finish(self, made: Json | None) -> str | None:
        """The id of the message that the stream, ended now, became; None where `made` is still to be posted.

        "" where it is not, as the person stopped it.
        """
        if self._showing is not None:
            await asyncio.wait({self._showing}, timeout=_PATIENCE_SECONDS)
            self._showing.cancel()
        if self.is_stopped:
            return ""
        if not self._id:
            return None
        # What was begun has to end; what ends otherwise than it began is posted by itself.
        goes_on = made is not None and str(made.get("text", "")).startswith(self._shown)
        last = made if goes_on and made is not None else {"type": "message", "text": self._shown}
        info = {"type": "streaminfo", "streamId": self._id, "streamType": "final"}
        entities = [*last.get("entities", ()), info]
        try:
            await self._outbox.send(self._where, {**last, "textFormat": "markdown", "entities": entities})
        except TeamsUnavailableError as error:
            _log.warning("A streamed answer may not be finished: %s", error)
            # Rather missing than doubled.
            return self._id if goes_on and error.is_in_doubt else None
        except TeamsRefusedError as error:
            _log.info("A streamed answer was not finished: %s", error)
            return "" if error.code == STREAM_STOPPED else None
        return self._id if goes_on else None

    @property
    def is_shown(self) -> bool:
        return bool(self._id)

    async def _show(self, text: str) -> None:
        if not text.startswith(self._shown) or text == self._shown:
            return
        self._number += 1
        info: Json = {"type": "streaminfo", "streamType": "streaming", "streamSequence": self._number}
        if self._id:
            info["streamId"] = self._id
        piece = {"type": "typing", "text": text, "textFormat": "markdown", "entities": [info]}
        try:
            given = await self._outbox.send(self._where, piece)
        except (TeamsRefusedError, UnavailableError) as error:
            _log.info("An answer is not streamed: %s", error)
            self._is_open = False
            if isinstance(error, TeamsRefusedError) and error.code == STREAM_STOPPED:
                self.is_stopped = True
                self._on_stopped()
            return
        if not self._id:
            self._id, self._began_at = given, self._clock()
            self._is_open = bool(given)
        self._shown, self._shown_at = text, self._clock()


@asynccontextmanager
async def typing(
    outbox: Outbox, origin: Origin, stream: Stream, noticeable: float = _NOTICEABLE_SECONDS
) -> AsyncIterator[None]:
    """Dots around the work, where it takes a while and nothing else shows it; their own trouble is nobody's."""
    showing = asyncio.create_task(_dots(outbox, origin, stream, noticeable))
    try:
        yield
    finally:
        showing.cancel()
        await asyncio.wait({showing})


async def _dots(outbox: Outbox, origin: Origin, stream: Stream, noticeable: float) -> None:
    where = Address(origin.tenant, origin.service_url, origin.conversation)
    await asyncio.sleep(noticeable)
    try:
        while not stream.is_shown:
            await outbox.send(where, {"type": "typing"})
            await asyncio.sleep(_DOTS_SECONDS)
    except (TeamsRefusedError, UnavailableError) as error:
        _log.info("Teams shows no dots here: %s", error)
