"""Queues that move at a platform's pace, and the count of what is still under way."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

Clock = Callable[[], float]
"""Seconds that only grow."""
Sleep = Callable[[float], Awaitable[None]]

_SECONDS_BETWEEN_SWEEPS = 60.0


class Gauge(Protocol):
    """How much of a limit is used."""

    def opens_at(self) -> float:
        """When the next call may go; a moment of the past where it may go at once."""
        ...

    def forgets_at(self) -> float:
        """When all is as if no call had ever gone."""
        ...

    def count(self, now: float) -> None:
        """A call goes now."""


class Limit(Protocol):
    """How many calls a platform takes."""

    def gauge(self, now: float) -> Gauge:
        """One of which nothing is used yet."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """A call every so many seconds, after a burst that may go at once."""

    seconds: float
    burst: int

    def gauge(self, now: float) -> Gauge:
        return _Burst(self, now)


@dataclass(frozen=True, slots=True)
class Windows:
    """So many calls in any so many seconds, for each of the pairs."""

    most: tuple[tuple[int, float], ...]

    def gauge(self, now: float) -> Gauge:
        return _Log(self, now)


UNPACED = Pace(seconds=0, burst=1)


class _Burst:
    def __init__(self, pace: Pace, now: float) -> None:
        self._pace = pace
        self._whole_at = now  # when the burst is whole again

    def opens_at(self) -> float:
        return self._whole_at - (self._pace.burst - 1) * self._pace.seconds

    def forgets_at(self) -> float:
        return self._whole_at

    def count(self, now: float) -> None:
        self._whole_at = max(now, self._whole_at) + self._pace.seconds


class _Log:
    def __init__(self, windows: Windows, now: float) -> None:
        self._most = windows.most
        self._since = now
        self._calls: deque[float] = deque(maxlen=max(calls for calls, _ in windows.most))

    def opens_at(self) -> float:
        full = ((calls, seconds) for calls, seconds in self._most if len(self._calls) >= calls)
        return max((self._calls[-calls] + seconds for calls, seconds in full), default=self._since)

    def forgets_at(self) -> float:
        return self._calls[-1] + max(seconds for _, seconds in self._most) if self._calls else self._since

    def count(self, now: float) -> None:
        self._calls.append(now)


class Lane:
    """A queue that moves at a pace, first come first served."""

    def __init__(self, limit: Limit, clock: Clock, sleep: Sleep) -> None:
        self.in_order = asyncio.Lock()
        """Held by who must be wholly done before the next one may start."""
        self.users = 0
        self._turn = asyncio.Lock()
        self._clock = clock
        self._sleep = sleep
        self._gauge = limit.gauge(clock())
        self._closed_until = clock()

    async def turn(self, deadline: float, *wider: "Lane") -> bool:
        """Wait for the right to one call; False, without waiting in vain, if it cannot come before the deadline.

        The call counts in the wider lanes, too, and goes only when they let it.
        """
        lanes = (self, *wider)
        async with self._turn:
            # Asked again after each sleep: a pause may have come meanwhile, or somebody into a wider lane.
            while (opens_at := max(lane.opens_at() for lane in lanes)) > (now := self._clock()):
                if opens_at > deadline:
                    return False
                await self._sleep(opens_at - now)
            if now > deadline:
                return False
            for lane in lanes:
                lane.count(now)
            return True

    def pause(self, seconds: float) -> None:
        """Let nobody through for so long."""
        self._closed_until = max(self._closed_until, self._clock() + seconds)

    @property
    def is_idle(self) -> bool:
        """Whether nothing would change if the lane were forgotten."""
        return not self.users and max(self._gauge.forgets_at(), self._closed_until) <= self._clock()

    def opens_at(self) -> float:
        return max(self._gauge.opens_at(), self._closed_until)

    def count(self, now: float) -> None:
        self._gauge.count(now)


class Lanes:
    """A lane for each key. Those that nobody uses any more are forgotten."""

    def __init__(self, clock: Clock, sleep: Sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lanes: dict[Hashable, Lane] = {}
        self._sweep_at = clock()

    def __len__(self) -> int:
        return len(self._lanes)

    def alone(self) -> Lane:
        """A lane of one's own, where there is nobody to wait for."""
        return Lane(UNPACED, self._clock, self._sleep)

    @contextmanager
    def shared(self, key: Hashable, limit: Limit) -> Iterator[Lane]:
        self._sweep()
        if key not in self._lanes:
            self._lanes[key] = Lane(limit, self._clock, self._sleep)
        lane = self._lanes[key]
        lane.users += 1
        try:
            yield lane
        finally:
            lane.users -= 1

    def _sweep(self) -> None:
        if self._clock() >= self._sweep_at:
            self._lanes = {key: lane for key, lane in self._lanes.items() if not lane.is_idle}
            self._sweep_at = self._clock() + _SECONDS_BETWEEN_SWEEPS


class UnderWay:
    """How many calls were begun and are not done."""

    def __init__(self, sleep: Sleep) -> None:
        self._sleep = sleep
        self._count = 0
        self._is_empty = asyncio.Event()
        self._is_empty.set()

    @contextmanager
    def one(self) -> Iterator[None]:
        self._count += 1
        self._is_empty.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._is_empty.set()

    async def drain(self, seconds: float) -> int:
        """Wait until all is done, so long at most; says how many calls are still under way."""
        waits = [asyncio.ensure_future(wait) for wait in (self._is_empty.wait(), self._sleep(seconds))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return self._count
