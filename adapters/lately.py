"""What a platform was asked lately, so that it is not asked again at every word."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from knowledge.errors import UnavailableError

T = TypeVar("T")

_RETRY_SECONDS = 30.0
_LONGEST_SECONDS = 120.0  # the roster of a large team has many pages
_REMEMBERED = 10_000


class Lately(Generic[T]):
    """Good for `fresh` seconds. Of many who ask at once one asks the platform.

    Who waits does so for `patience` seconds at most, and then has the `unknown` value, while the asking goes on. It
    stands in for a while too where the platform does not say, or refuses by an error of class `refused`.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        unknown: T,
        *,
        refused: type[Exception],
        fresh: float = 300.0,
        patience: float = 2.0,
    ) -> None:
        self._clock = clock
        self._unknown = unknown
        self._trouble = (refused, UnavailableError, TimeoutError)
        self._fresh = fresh
        self._patience = patience
        self._asking: dict[Hashable, asyncio.Task[T]] = {}
        self._known: OrderedDict[Hashable, tuple[T, float]] = OrderedDict()

    async def get(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        value, until = self._known.get(key, (self._unknown, 0.0))
        if self._clock() < until:
            return value
        if key not in self._asking:
            self._asking[key] = asyncio.create_task(self._asked(key, ask))
            self._asking[key].add_done_callback(lambda _: self._asking.pop(key, None))
        asking = self._asking[key]
        await asyncio.wait({asking}, timeout=self._patience)
        return asking.result() if asking.done() else self._unknown

    async def _asked(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                value, seconds = await ask(), self._fresh
        except self._trouble:
            value, seconds = self._unknown, _RETRY_SECONDS
        self._known[key] = value, self._clock() + seconds
        self._known.move_to_end(key)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return value
