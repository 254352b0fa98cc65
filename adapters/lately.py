"""What a platform was asked lately, so that it is not asked again at every word."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from knowledge.errors import UnavailableError

T = TypeVar("T")

_RETRY_SECONDS = 30.0
_REMEMBERED = 10_000


class Lately(Generic[T]):
    """Good for `fresh` seconds. Of many who ask at once one asks the platform, for `patience` seconds at most.

    Where it does not say, or refuses by an error of class `refused`, the `unknown` value stands in for a while.
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
        self._turns: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()
        self._known: OrderedDict[Hashable, tuple[T, float]] = OrderedDict()

    async def get(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        async with self._turns.setdefault(key, asyncio.Lock()):
            value, until = self._known.get(key, (self._unknown, 0.0))
            return value if self._clock() < until else await self._asked(key, ask)

    async def _asked(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        try:
            async with asyncio.timeout(self._patience):
                value, seconds = await ask(), self._fresh
        except self._trouble:
            value, seconds = self._unknown, _RETRY_SECONDS
        self._known[key] = value, self._clock() + seconds
        self._known.move_to_end(key)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return value
