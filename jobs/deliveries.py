"""Deliveries: what is due is sent once, whichever replica sweeps and whenever one is killed."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, assert_never

from bot.deliveries import Delivery, State, WhenInDoubt
from knowledge.errors import PilotlightError, UnavailableError

TOO_LATE = "It was too late to send it."
SKIPPED = "It may have been sent, and nobody can say; so it is not sent again."
SENT_AGAIN = "It may have been sent, and nobody can say; so it is sent again."
NOT_THERE = "It was begun but never arrived; so it is sent again."
TOO_OFTEN = "It was tried as often as things are tried."
NO_ANSWER = "The platform did not answer in time."
OUR_FAULT = "Something went wrong that should not; the log says where."

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """One delivery in the hands of one sweep. `turn` counts who had it: only the latest may go on with it."""

    delivery: Delivery
    turn: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Sent:
    """Where it stands, as far as the platform tells."""

    platform: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Dropped:
    """It is not wanted any more."""

    note: str


@dataclass(frozen=True, slots=True)
class Dead:
    """It was refused, or tried too often."""

    note: str


@dataclass(frozen=True, slots=True)
class Later:
    """It was not sent, and is due again then; so many attempts count."""

    at: datetime
    attempts: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Doubtful:
    """It may have been sent, which is to be found out then."""

    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Away:
    """It was surely not sent; trying again may help."""

    note: str


@dataclass(frozen=True, slots=True)
class NotNow:
    """It is not wanted before then, as in quiet hours; that is no attempt."""

    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Unclear:
    """It may have been sent."""

    note: str


Outcome = Sent | Dropped | Dead | Later | Doubtful
Result = Sent | Dropped | Dead | NotNow | Away | Unclear

Send = Callable[[Delivery], Awaitable[Result]]
"""Sends it, or says why not. Errors will do as well: UnavailableError is Away or, in doubt, Unclear; others are Dead.

Whatever is no PilotlightError may have been raised after it was sent.
"""

WasSent = Callable[[Delivery], Awaitable[bool | None]]
"""Whether the platform has it; None where it cannot know. UnavailableError where it may say another time."""


class Queue(Protocol):
    """What a sweep needs of the deliveries. Each method raises UnavailableError where the database does not answer.

    What is due is compared with the moment that is given; leases are measured by the clock of the database alone.
    """

    async def lapse(self, at: datetime) -> int:
        """Take back what sweeps held longer than their lease: due again, or in doubt where a send was begun.

        How many are in doubt by that.
        """
        ...

    async def drop_stale(self, at: datetime, note: str) -> int:
        """Of what is due, what is too late or was cancelled; how many."""
        ...

    async def claim(self, at: datetime, limit: int, lease: timedelta) -> Sequence[Claimed]:
        """What is due, the earliest first, for nobody else while the lease lasts."""
        ...

    async def claim_doubtful(self, at: datetime, limit: int, lease: timedelta) -> Sequence[Claimed]:
        """What is in doubt and may be looked for, likewise."""
        ...

    async def fence(self, claimed: Claimed, lease: timedelta) -> bool:
        """Whether the claim still holds; then a send has begun, and the lease begins anew."""
        ...

    async def settle(self, claimed: Claimed, outcome: Outcome, at: datetime) -> bool:
        """Whether it was still this sweep's to settle. What was sent counts as sent whosoever it is meanwhile."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    at_once: int = 20
    attempts: int = 6
    send_within: timedelta = timedelta(seconds=30)
    lease: timedelta = timedelta(minutes=2)
    first_wait: timedelta = timedelta(minutes=1)
    longest_wait: timedelta = timedelta(hours=2)

    def __post_init__(self) -> None:
        if self.send_within * 2 > self.lease:
            # A send that outlives its lease is sent twice, and the database too takes its time.
            raise ValueError("a lease lasts at least twice as long as the send that it is for")

    def wait(self, attempts: int, jitter: float) -> timedelta:
        """Twice as long after each attempt; `jitter`, from 0 to 1, shortens it by up to a half."""
        doublings = min(max(attempts - 1, 0), 20)
        return min(self.first_wait * (1 << doublings), self.longest_wait) * (1 - jitter / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Sends what is due. Every replica may run it, at any time; one that drains begins nothing more."""

    queue: Queue
    send: Send
    was_sent: WasSent
    jitter: Callable[[], float]
    limits: Limits = field(default_factory=Limits)
    _drains: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def drain(self) -> None:
        """Let the passes under way end with what is being sent now."""
        self._drains.set()

    async def __call__(self, at: datetime) -> Counter[State]:
        """One pass over what is due at that moment; how many it left in which state.

        Raises UnavailableError where the database went away, once all that was being sent has ended; what it could
        not settle is in doubt when its lease ends.
        """
        await self.queue.lapse(at)
        passed = await self._work_off(self.queue.claim_doubtful, self._look_for, at)
        passed[State.DROPPED] += await self.queue.drop_stale(at, TOO_LATE)
        return passed + await self._work_off(self.queue.claim, self._deliver, at)

    async def _work_off(
        self,
        claim: Callable[[datetime, int, timedelta], Awaitable[Sequence[Claimed]]],
        work: Callable[[Claimed, datetime], Coroutine[None, None, State | None]],
        at: datetime,
    ) -> Counter[State]:
        """So many at once, claimed as they are needed: what waits for its turn too long would lose its lease."""
        under_way: set[asyncio.Task[State | None]] = set()
        ended: set[asyncio.Task[State | None]] = set()
        try:
            while not self._drains.is_set():
                free = self.limits.at_once - len(under_way)
                claimed = await claim(at, free, self.limits.lease)
                under_way |= {asyncio.create_task(work(each, at)) for each in claimed}
                if len(claimed) < free:
                    break
                while len(under_way) > self.limits.at_once // 2:
                    just_ended, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                    ended |= just_ended
        finally:
            await _end(under_way)
        return Counter(state for each in ended | under_way if (state := each.result()))

    async def _deliver(self, claimed: Claimed, at: datetime) -> State | None:
        """None where it was not ours any more."""
        outcome: Outcome
        if self._drains.is_set():
            outcome = Later(at, claimed.attempts)
        elif not await self.queue.fence(claimed, self.limits.lease):
            return None
        else:
            outcome = self._outcome(await self._send(claimed.delivery), claimed.attempts, at)
        return await self._settle(claimed, outcome, at)

    async def _send(self, delivery: Delivery) -> Result:
        try:
            async with asyncio.timeout(self.limits.send_within.total_seconds()):
                return await self.send(delivery)
        except TimeoutError:
            return Unclear(NO_ANSWER)
        except UnavailableError as error:
            return Unclear(str(error)) if error.is_in_doubt else Away(str(error))
        except PilotlightError as error:
            return Dead(str(error))
        except Exception:  # noqa: BLE001 - whatever went wrong with one, the others are sent
            _log.exception("A delivery failed, and may have been sent: %s", delivery.key)
            return Unclear(OUR_FAULT)

    def _outcome(self, result: Result, before: int, at: datetime) -> Outcome:
        """`before` this one there were so many attempts."""
        match result:
            case Sent() | Dropped() | Dead():
                return result
            case NotNow(then, note):
                # Due again within this very pass, it would keep the pass from ending.
                return Later(max(then, at + self.limits.first_wait), before, note)
            case Away(note):
                return self._again(at + self._wait(before + 1), before + 1, note)
            case Unclear(note):
                # Not at once: it may still be on its way.
                return Doubtful(at + self._wait(before + 1), note)
            case _:
                assert_never(result)

    async def _look_for(self, claimed: Claimed, at: datetime) -> State | None:
        return await self._settle(claimed, await self._found(claimed.delivery, claimed.attempts, at), at)

    async def _found(self, delivery: Delivery, attempts: int, at: datetime) -> Outcome:
        """What becomes of one that was in doubt."""
        found = await self._ask_for(delivery)
        if found is True:
            return Sent()
        if delivery.is_stale(at):
            return Dropped(TOO_LATE)
        if isinstance(found, str):
            return Doubtful(at + self._wait(attempts), found)
        if found is None and delivery.when_in_doubt is WhenInDoubt.SKIP:
            return Dropped(SKIPPED)
        return self._again(at, attempts, SENT_AGAIN if found is None else NOT_THERE)

    async def _ask_for(self, delivery: Delivery) -> bool | str | None:
        """Whether it was sent; None where nobody can know, and a sentence where nobody can say now."""
        try:
            async with asyncio.timeout(self.limits.send_within.total_seconds()):
                return await self.was_sent(delivery)
        except TimeoutError:
            return NO_ANSWER
        except UnavailableError as error:
            return str(error)
        except PilotlightError:
            return None
        except Exception:  # noqa: BLE001 - as above
            _log.exception("Whether a delivery was sent could not be found out: %s", delivery.key)
            return OUR_FAULT

    def _again(self, at: datetime, attempts: int, note: str) -> Later | Dead:
        return Later(at, attempts, note) if attempts < self.limits.attempts else Dead(f"{note} {TOO_OFTEN}")

    def _wait(self, attempts: int) -> timedelta:
        return self.limits.wait(attempts, self.jitter())

    async def _settle(self, claimed: Claimed, outcome: Outcome, at: datetime) -> State | None:
        if await self.queue.settle(claimed, outcome, at):
            return state_of(outcome)
        _log.warning("A delivery was not ours any more when it was settled: %s", claimed.delivery.key)
        return None


async def _end(tasks: set[asyncio.Task[State | None]]) -> None:
    """Wait for all of them, each of which ends in time; also where we are cancelled, since a send that is cut off is
    in doubt.
    """
    cancelled: asyncio.CancelledError | None = None
    while under_way := [each for each in tasks if not each.done()]:
        try:
            await asyncio.wait(under_way)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled:
        raise cancelled


def state_of(outcome: Outcome) -> State:
    match outcome:
        case Sent():
            return State.SENT
        case Dropped():
            return State.DROPPED
        case Dead():
            return State.DEAD
        case Later():
            return State.WAITING
        case Doubtful():
            return State.DOUBT
        case _:
            assert_never(outcome)
