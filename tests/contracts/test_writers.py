"""What every Writer does: the fake that tests use, and the client of a chat server."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import pytest

from adapters.llm.chat import ChatWriter
from knowledge.errors import UnavailableError
from knowledge.ports import Writer
from tests.adapters.test_chat import DONE, chat_server, event, sending
from tests.fakes import ScriptedWriter

PIECES = ["It was stopped ", "[1]. ", "It ran again [2]."]
GIVEN = ("has anyone tried it?", ["Title: One", "Title: Two"])


class Writers:
    """Makes writers of one kind that say these pieces; then they are in trouble, or go silent, or end."""

    def __init__(self, kind: str, open_parts: AsyncExitStack) -> None:
        self._kind = kind
        self._open_parts = open_parts

    async def __call__(
        self, pieces: Sequence[str] = PIECES, *, is_broken: bool = False, is_silent: bool = False
    ) -> Writer:
        if self._kind == "fake":
            return ScriptedWriter(pieces, trouble="It broke off." if is_broken else "", is_silent=is_silent)
        rest: list[bytes | float] = [30.0] if is_silent else [] if is_broken else [DONE]
        server = await self._open_parts.enter_async_context(chat_server(sending(*map(event, pieces), *rest)))
        return await self._open_parts.enter_async_context(ChatWriter(server.url, "tiny"))


@pytest.fixture(params=["fake", "chat"])
async def writers(request: pytest.FixtureRequest) -> AsyncIterator[Writers]:
    async with AsyncExitStack() as open_parts:
        yield Writers(request.param, open_parts)


async def test_pieces_come_in_order(writers: Writers) -> None:
    writer = await writers()
    assert [piece async for piece in writer.write(*GIVEN)] == PIECES


async def test_it_can_write_again_and_several_at_once(writers: Writers) -> None:
    writer = await writers()

    async def written() -> str:
        return "".join([piece async for piece in writer.write(*GIVEN)])

    assert await asyncio.gather(*(written() for _ in range(5))) == ["".join(PIECES)] * 5


async def test_nothing_is_said_before_somebody_listens(writers: Writers) -> None:
    writer = await writers()
    writer.write(*GIVEN)
    assert [piece async for piece in writer.write(*GIVEN)] == PIECES


async def test_trouble_comes_after_the_pieces_before_it(writers: Writers) -> None:
    writer = await writers(is_broken=True)
    came = []
    with pytest.raises(UnavailableError):  # noqa: PT012 - as the next
        async for piece in writer.write(*GIVEN):
            came.append(piece)  # noqa: PERF401 - what came before the trouble is what is tested
    assert came == PIECES


async def test_pieces_come_before_the_end(writers: Writers) -> None:
    writer = await writers(is_silent=True)
    pieces = aiter(writer.write(*GIVEN))
    assert [await asyncio.wait_for(anext(pieces), 5) for _ in PIECES] == PIECES
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(pieces), 0.1)


async def test_no_words_is_no_trouble(writers: Writers) -> None:
    writer = await writers([])
    assert [piece async for piece in writer.write("", [])] == []
