"""The sweep that sends what is due, over the fake; tests/contracts holds the stores to the same."""

import asyncio
import itertools
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.deliveries import Delivery, Standing, State, WhenInDoubt
from jobs.deliveries import (
    NO_ANSWER,
    NOT_THERE,
    OUR_FAULT,
    SENT_AGAIN,
    SKIPPED,
    TOO_LATE,
    TOO_OFTEN,
    Away,
    Claimed,
    Dead,
    Dropped,
    Limits,
    NotNow,
    Outcome,
    Result,
    Sent,
    Sweep,
    Unclear,
)
from knowledge.errors import InvalidRecordError, PilotlightError, UnavailableError
from tests.base import NOW
from tests.fakes import MemoryDeliveries

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BARE = Delivery(key="bare", kind="digest", community="example", person="ann", due_at=NOW)
QUICK = Limits(at_once=4, attempts=3, send_within=timedelta(seconds=0.05), lease=timedelta(seconds=60))


class InDoubtError(UnavailableError):
    is_in_doubt = True


class KilledError(BaseException):
    """The replica is gone in the middle of this."""


@dataclass
class House:
    """The sweep with what it needs; `begun` are the keys of the sends, and `clock` is the database's."""

    send_one: Callable[[Delivery], Awaitable[Result]] | None = None
    found: bool | PilotlightError | Exception | None = None
    limits: Limits = QUICK
    jitter: float = 0.0
    clock: datetime = NOW
    begun: list[str] = field(default_factory=list)
    looked_for: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = MemoryDeliveries(lambda: self.clock)
        self.sweep = self.replica()

    def replica(self) -> Sweep:
        return Sweep(
            queue=self.store,
            send=self._send,
            was_sent=self._was_sent,
            jitter=lambda: self.jitter,
            limits=self.limits,
        )

    async def plan(self, *planned: Delivery) -> None:
        await self.store.plan(planned or [BARE])

    async def standing(self, key: str = BARE.key) -> Standing:
        standing = await self.store.standing(key)
        assert standing
        return standing

    async def told(self, key: str = BARE.key) -> tuple[State, str]:
        standing = await self.standing(key)
        return standing.state, standing.note

    async def _send(self, delivery: Delivery) -> Result:
        self.begun.append(delivery.key)
        return await self.send_one(delivery) if self.send_one else Sent("slack", "17.5")

    async def _was_sent(self, delivery: Delivery) -> bool | None:
        self.looked_for.append(delivery.key)
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


def ending(outcome: Result | BaseException) -> Callable[[Delivery], Awaitable[Result]]:
    """A send that ends so."""

    async def send(_: Delivery) -> Result:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return send


def several(count: int, **fields: object) -> list[Delivery]:
    return [replace(BARE, key=f"k{number}", **fields) for number in range(count)]  # type: ignore[arg-type]


async def test_what_is_due_is_sent_once_and_the_rest_waits() -> None:
    house = House()
    await house.plan(BARE, replace(BARE, key="later", due_at=NOW + HOUR))
    assert await house.sweep(NOW) == {State.SENT: 1}
    assert await house.sweep(NOW) == {}
    assert house.begun == ["bare"]
    assert await house.standing() == Standing(
        delivery=BARE, state=State.SENT, attempts=1, platform="slack", message="17.5", settled_at=NOW
    )


@pytest.mark.parametrize("failure", [Away("Slack is away."), UnavailableError("Slack is away.")])
async def test_while_a_platform_is_away_the_wait_grows_and_then_it_is_given_up(failure: Away | Exception) -> None:
    house = House(ending(failure))
    await house.plan()
    assert await house.sweep(NOW) == {State.WAITING: 1}
    assert await house.sweep(NOW + MINUTE - timedelta(seconds=1)) == {}
    assert await house.sweep(NOW + MINUTE) == {State.WAITING: 1}
    assert await house.sweep(NOW + 3 * MINUTE - timedelta(seconds=1)) == {}
    assert await house.told() == (State.WAITING, "Slack is away.")
    assert await house.sweep(NOW + 3 * MINUTE) == {State.DEAD: 1}
    assert await house.told() == (State.DEAD, f"Slack is away. {TOO_OFTEN}")
    assert await house.sweep(NOW + DAY) == {}
    assert len(house.begun) == 3


@pytest.mark.parametrize("failure", [Dead("They said no."), PilotlightError("They said no.")])
async def test_what_is_refused_is_dead_at_once_and_may_be_tried_again(failure: Dead | Exception) -> None:
    house = House(ending(failure))
    await house.plan()
    assert await house.sweep(NOW) == {State.DEAD: 1}
    assert await house.told() == (State.DEAD, "They said no.")
    house.send_one = None
    assert await house.store.retry("example", BARE.key, NOW + DAY)
    assert await house.sweep(NOW + DAY) == {State.SENT: 1}


async def test_what_is_not_wanted_now_is_sent_then_and_what_is_not_wanted_any_more_never() -> None:
    house = House(ending(NotNow(NOW + HOUR, "Quiet hours.")))
    await house.plan()
    assert await house.sweep(NOW) == {State.WAITING: 1}
    house.send_one = ending(Dropped("The pilot was stopped."))
    assert await house.sweep(NOW + HOUR) == {State.DROPPED: 1}
    assert await house.told() == (State.DROPPED, "The pilot was stopped.")


async def test_a_pass_ends_also_where_something_is_never_wanted_now() -> None:
    house = House(ending(NotNow(NOW - DAY)))
    await house.plan()
    for minutes in range(5):
        assert await house.sweep(NOW + minutes * MINUTE) == {State.WAITING: 1}
    assert (await house.standing()).attempts == 0


@pytest.mark.parametrize(
    ("failure", "note"),
    [
        (Unclear("Slack may have it."), "Slack may have it."),
        (InDoubtError("Slack may have it."), "Slack may have it."),
        (TimeoutError(), NO_ANSWER),
        (KeyError("our mistake"), OUR_FAULT),
    ],
)
async def test_what_may_have_been_sent_is_looked_for_after_a_while(failure: Unclear | Exception, note: str) -> None:
    house = House(ending(failure), found=True)
    await house.plan()
    assert await house.sweep(NOW) == {State.DOUBT: 1}
    assert await house.told() == (State.DOUBT, note)
    assert await house.sweep(NOW) == {}
    assert await house.sweep(NOW + MINUTE) == {State.SENT: 1}
    assert (house.begun, house.looked_for) == (["bare"], ["bare"])


async def test_a_send_that_does_not_end_is_cut_off_and_in_doubt() -> None:
    async def hang(_: Delivery) -> Result:
        await asyncio.Event().wait()
        return Sent()

    house = House(hang)
    await house.plan()
    assert await house.sweep(NOW) == {State.DOUBT: 1}
    assert await house.told() == (State.DOUBT, NO_ANSWER)


async def test_a_mistake_of_ours_is_logged_without_what_it_says(caplog: pytest.LogCaptureFixture) -> None:
    house = House(ending(KeyError("x")), found=ValueError("y"))
    await house.plan()
    await house.sweep(NOW)
    assert "may have been sent: bare" in caplog.text
    assert await house.sweep(NOW + MINUTE) == {State.DOUBT: 1}
    assert "could not be found out: bare" in caplog.text


@pytest.mark.parametrize(
    ("found", "policy", "becomes", "note"),
    [
        (True, WhenInDoubt.SKIP, State.SENT, ""),
        (True, WhenInDoubt.RESEND, State.SENT, ""),
        (False, WhenInDoubt.SKIP, State.SENT, NOT_THERE),
        (False, WhenInDoubt.RESEND, State.SENT, NOT_THERE),
        (None, WhenInDoubt.SKIP, State.DROPPED, SKIPPED),
        (None, WhenInDoubt.RESEND, State.SENT, SENT_AGAIN),
        (PilotlightError("The workspace is gone."), WhenInDoubt.SKIP, State.DROPPED, SKIPPED),
        (UnavailableError("Slack is away."), WhenInDoubt.RESEND, State.DOUBT, "Slack is away."),
        (TimeoutError(), WhenInDoubt.RESEND, State.DOUBT, NO_ANSWER),
    ],
)
async def test_after_a_kill_what_the_platform_knows_decides_and_else_the_policy(
    found: bool | Exception | None,  # noqa: FBT001 - one of the cases
    policy: WhenInDoubt,
    becomes: State,
    note: str,
) -> None:
    house = House(ending(KilledError()), found=found)
    await house.plan(replace(BARE, when_in_doubt=policy))
    with pytest.raises(KilledError):
        await house.sweep(NOW)
    house.send_one = None
    assert await house.sweep(NOW) == {}
    house.clock += QUICK.lease
    assert (await house.sweep(NOW))[becomes] == 1
    assert await house.told() == (becomes, note)
    assert len(house.begun) == (2 if note in {NOT_THERE, SENT_AGAIN} else 1)


async def test_what_kills_us_each_time_is_given_up() -> None:
    house = House(ending(KilledError()), found=False)
    await house.plan()
    for _ in range(3):
        with pytest.raises(KilledError):
            await house.sweep(NOW)
        house.clock += QUICK.lease
    assert await house.sweep(NOW) == {State.DEAD: 1}
    assert await house.told() == (State.DEAD, f"{NOT_THERE} {TOO_OFTEN}")


async def test_an_hour_asleep_sends_once_and_a_day_off_drops_what_is_stale() -> None:
    house = House()
    await house.plan(BARE, replace(BARE, key="stale", stale_after=NOW + DAY))
    late = replace(BARE, key="late", stale_after=NOW + DAY + MINUTE)
    await house.plan(late)
    assert await house.sweep(NOW + DAY) == {State.SENT: 2, State.DROPPED: 1}
    assert await house.told("stale") == (State.DROPPED, TOO_LATE)
    assert sorted(house.begun) == ["bare", "late"]


@pytest.mark.parametrize("found", [False, None, UnavailableError("away")])
async def test_what_is_in_doubt_until_it_is_stale_is_dropped(found: bool | Exception | None) -> None:  # noqa: FBT001 - as above
    house = House(ending(Unclear("Hm.")), found=found)
    await house.plan(replace(BARE, stale_after=NOW + DAY, when_in_doubt=WhenInDoubt.RESEND))
    await house.sweep(NOW)
    assert await house.sweep(NOW + DAY) == {State.DROPPED: 1}
    assert await house.told() == (State.DROPPED, TOO_LATE)


async def test_so_many_are_sent_at_once_and_a_slow_one_holds_up_nobody() -> None:
    release, together, most = asyncio.Event(), 0, 0

    async def send(delivery: Delivery) -> Result:
        nonlocal together, most
        together += 1
        most = max(most, together)
        await (release.wait() if delivery.key == "k0" else asyncio.sleep(0))
        together -= 1
        if len(house.begun) == 50:
            release.set()
        return Sent()

    house = House(send, limits=replace(QUICK, send_within=timedelta(seconds=20)))
    await house.plan(*several(50))
    assert await house.sweep(NOW) == {State.SENT: 50}
    assert most == 4


async def test_every_replica_may_sweep_at_once() -> None:
    async def send(_: Delivery) -> Result:
        await asyncio.sleep(0)
        return Sent()

    house = House(send)
    await house.plan(*several(100))
    passed = await asyncio.gather(*(house.replica()(NOW) for _ in range(5)))
    assert sum(passed, Counter()) == {State.SENT: 100}
    assert sorted(house.begun) == sorted(each.key for each in several(100))


async def test_one_that_drains_ends_what_is_on_its_way_and_gives_back_the_rest() -> None:
    on_its_way, release = asyncio.Event(), asyncio.Event()

    async def send(_: Delivery) -> Result:
        on_its_way.set()
        await release.wait()
        return Sent()

    house = House(send, limits=replace(QUICK, send_within=timedelta(seconds=20)))
    await house.plan(*several(20))
    under_way = asyncio.create_task(house.sweep(NOW))
    await on_its_way.wait()
    house.sweep.drain()
    release.set()
    assert (await under_way)[State.SENT] == len(house.begun) <= 4
    assert await house.sweep(NOW) == {}
    sent = len(house.begun)
    assert await house.replica()(NOW) == {State.SENT: 20 - sent}
    assert sorted(house.begun) == sorted(each.key for each in several(20))


async def test_what_was_claimed_and_not_begun_is_given_back_at_once_by_one_that_drains() -> None:
    house = House()

    class Draining(MemoryDeliveries):
        async def claim(self, at: datetime, limit: int, lease: timedelta) -> list[Claimed]:
            house.sweep.drain()
            return list(await super().claim(at, limit, lease))

    house.store = Draining(lambda: house.clock)
    house.sweep = house.replica()
    await house.plan()
    assert await house.sweep(NOW) == {State.WAITING: 1}
    assert (await house.standing()).attempts == 0
    assert house.begun == []


async def test_one_that_is_cancelled_ends_what_is_on_its_way() -> None:
    on_its_way, release = asyncio.Event(), asyncio.Event()

    async def send(_: Delivery) -> Result:
        on_its_way.set()
        await release.wait()
        return Sent()

    house = House(send, limits=replace(QUICK, send_within=timedelta(seconds=20)))
    await house.plan()
    under_way = asyncio.create_task(house.sweep(NOW))
    await on_its_way.wait()
    under_way.cancel()
    await asyncio.sleep(0)
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await under_way
    assert await house.told() == (State.SENT, "")


async def test_what_waited_too_long_for_its_turn_is_left_to_others() -> None:
    async def send(delivery: Delivery) -> Result:
        house.clock += QUICK.lease
        return Sent()

    house = House(send)
    await house.plan(*several(2))
    assert await house.sweep(NOW) == {State.SENT: 1}
    assert len(house.begun) == 1
    assert await house.sweep(NOW) == {State.SENT: 1}


async def test_where_the_database_goes_away_what_is_on_its_way_ends_and_is_looked_for() -> None:
    class Failing(MemoryDeliveries):
        is_away = True

        async def settle(self, claimed: Claimed, outcome: Outcome, at: datetime) -> bool:
            if self.is_away and claimed.delivery.key == "k0":
                raise UnavailableError("The database is away.")
            return await super().settle(claimed, outcome, at)

    house = House(found=True)
    house.store = store = Failing(lambda: house.clock)
    house.sweep = house.replica()
    await house.plan(*several(3))
    with pytest.raises(UnavailableError, match="database is away"):
        await house.sweep(NOW)
    assert [(await house.standing(f"k{number}")).state for number in range(3)] == [
        State.SENDING,
        State.SENT,
        State.SENT,
    ]
    store.is_away = False
    house.clock += QUICK.lease
    assert await house.sweep(NOW) == {State.SENT: 1}
    assert Counter(house.begun) == {"k0": 1, "k1": 1, "k2": 1}


def test_the_waits_double_up_to_the_longest_and_jitter_shortens_them_by_up_to_a_half() -> None:
    limits = Limits()
    waits = [limits.wait(attempts, 0.0) // MINUTE for attempts in range(10)]
    assert waits == [1, 1, 2, 4, 8, 16, 32, 64, 120, 120]
    assert limits.wait(10**9, 1.0) == HOUR


def test_a_lease_outlives_the_send_it_is_for() -> None:
    with pytest.raises(ValueError, match="twice as long"):
        Limits(send_within=HOUR, lease=HOUR)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"key": ""}, "key: must not be empty"),
        ({"person": "a" * 301}, "person: is longer than 300"),
        ({"about": "a\x00b"}, "about: holds characters"),
        ({"due_at": NOW.replace(tzinfo=None)}, "due_at: a moment needs a time zone"),
        ({"stale_after": NOW}, "stale_after: is not after it is due"),
        ({"payload": {"text": "a" * 4_000}}, "payload: is longer than 4,000"),
    ],
)
def test_a_delivery_that_cannot_be_sent_is_not_built(fields: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidRecordError, match=message):
        replace(BARE, **fields)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Ending:
    """How one attempt ends, and whether it arrived."""

    result: Result | BaseException
    arrives: bool


SENDS = Ending(Sent(), arrives=True)
ENDINGS = (
    SENDS,
    Ending(Away("away"), arrives=False),
    Ending(Dead("refused"), arrives=False),
    Ending(NotNow(NOW, "not now"), arrives=False),
    *(Ending(each, arrives=arrives) for each in (Unclear("hm"), KilledError(), OSError()) for arrives in (True, False)),
)
POLICIES = tuple(itertools.product((True, False), WhenInDoubt))  # whether the platform knows what it has


@given(st.lists(st.tuples(st.sampled_from(POLICIES), st.lists(st.sampled_from(ENDINGS), max_size=6)), max_size=6))
async def test_however_sends_end_each_is_settled_and_sent_as_often_as_it_may_be(
    stories: list[tuple[tuple[bool, WhenInDoubt], list[Ending]]],
) -> None:
    arrived: dict[str, int] = defaultdict(int)
    doubted: set[str] = set()
    planned = [replace(BARE, key=str(number), when_in_doubt=story[0][1]) for number, story in enumerate(stories)]

    async def send(delivery: Delivery) -> Result:
        endings = stories[int(delivery.key)][1]
        attempt = house.begun.count(delivery.key) - 1
        ending = endings[attempt] if attempt < len(endings) else SENDS
        arrived[delivery.key] += ending.arrives
        if isinstance(ending.result, BaseException):
            raise ending.result
        return ending.result

    async def was_sent(delivery: Delivery) -> bool | None:
        doubted.add(delivery.key)
        return arrived[delivery.key] > 0 if stories[int(delivery.key)][0][0] else None

    house = House(send, limits=replace(QUICK, attempts=4))
    house.sweep = replace(house.sweep, was_sent=was_sent)
    await house.store.plan(planned)
    for number in range(40):
        house.clock += HOUR
        try:
            await house.sweep(NOW + number * DAY)
        except KilledError:
            continue
    for delivery, ((knows, policy), _) in zip(planned, stories, strict=True):
        standing, times = await house.standing(delivery.key), arrived[delivery.key]
        assert standing.state.is_settled
        assert standing.attempts <= 4
        if knows:
            assert times == (standing.state is State.SENT)
        elif policy is WhenInDoubt.SKIP:
            assert times <= 1
            assert (standing.state is State.DROPPED) == (delivery.key in doubted)
        if standing.state is State.SENT:
            assert times >= 1
