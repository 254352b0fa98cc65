"""What is to be sent once: in memory, in SQLite and in PostgreSQL alike."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.deliveries import Delivery, Standing, State, WhenInDoubt
from jobs.deliveries import Claimed, Dead, Doubtful, Dropped, Later, Outcome, Sent, state_of
from tests.contracts.conftest import Opened

NOON = datetime(2026, 5, 17, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOKYO = timezone(timedelta(hours=9))
LONG, ENDED = timedelta(minutes=5), timedelta(seconds=-1)
CHECK_IN = Delivery(
    key="check-in p1 2026-05-17",
    kind="check-in",
    community="example",
    person="ann",
    about="p1",
    payload={"round": "7", "Größe": "“ja”"},
    due_at=NOON,
    stale_after=NOON + DAY,
    when_in_doubt=WhenInDoubt.RESEND,
)
BARE = Delivery(key="bare", kind="digest", community="example", person="ann", due_at=NOON)


def several(count: int) -> list[Delivery]:
    return [replace(BARE, key=f"k{number:04}") for number in range(count)]


async def claim(database: Opened, at: datetime = NOON, limit: int = 100, lease: timedelta = LONG) -> Sequence[Claimed]:
    return await database.deliveries.claim(at, limit, lease)


async def begin(database: Opened, delivery: Delivery = BARE, lease: timedelta = LONG) -> Claimed:
    """Planned, claimed and on its way."""
    await database.deliveries.plan([delivery])
    [claimed] = await claim(database)
    assert await database.deliveries.fence(claimed, lease)
    return claimed


async def state(database: Opened, key: str = BARE.key) -> State | None:
    standing = await database.deliveries.standing(key)
    return standing.state if standing else None


async def kill(database: Opened, key: str = "killed") -> None:
    claimed = await begin(database, replace(BARE, key=key))
    await database.deliveries.settle(claimed, Dead("refused"), NOON)


@pytest.mark.parametrize("delivery", [CHECK_IN, BARE])
async def test_what_is_planned_is_kept_as_it_is_and_waits(database: Opened, delivery: Delivery) -> None:
    assert await database.deliveries.standing(delivery.key) is None
    assert await database.deliveries.plan([delivery]) == 1
    assert await database.deliveries.standing(delivery.key) == Standing(delivery=delivery, state=State.WAITING)


async def test_of_one_key_the_first_stays(database: Opened) -> None:
    assert await database.deliveries.plan([]) == 0
    assert await database.deliveries.plan([BARE, CHECK_IN, BARE]) == 2
    assert await database.deliveries.plan([replace(BARE, person="bo"), replace(BARE, key="new")]) == 1
    assert await database.deliveries.standing(BARE.key) == Standing(delivery=BARE, state=State.WAITING)


async def test_two_replicas_that_plan_the_same_keep_it_once(database: Opened, replica: Opened) -> None:
    planned = several(500)
    kept = await asyncio.gather(
        *(store.deliveries.plan(planned[::step]) for store in (database, replica) for step in (1, -1, 1))
    )
    assert sum(kept) == 500
    assert len(await claim(database, limit=1000)) == 500


async def test_what_is_due_is_claimed_the_earliest_first(database: Opened) -> None:
    early, late = replace(BARE, key="early", due_at=NOON - HOUR), replace(BARE, key="late", due_at=NOON + HOUR)
    await database.deliveries.plan([late, BARE, early])
    assert await claim(database, NOON - DAY) == []
    [claimed] = await claim(database, limit=1)
    assert (claimed.delivery, claimed.attempts) == (early, 0)
    assert [each.delivery for each in await claim(database, NOON.astimezone(TOKYO))] == [BARE]
    assert await state(database, "early") is State.CLAIMED
    assert [each.delivery for each in await claim(database, NOON + HOUR)] == [late]
    assert await claim(database, NOON + DAY) == []


async def test_of_replicas_that_claim_at_once_each_gets_others(database: Opened, replica: Opened) -> None:
    await database.deliveries.plan(several(200))
    claimed: list[str] = []

    async def work(store: Opened) -> None:
        while found := await claim(store, limit=7):
            claimed.extend(each.delivery.key for each in found)

    await asyncio.gather(*(work(store) for store in (database, replica) * 2))
    assert sorted(claimed) == [each.key for each in several(200)]


async def test_a_claim_holds_until_its_lease_ends(database: Opened) -> None:
    await database.deliveries.plan([BARE])
    [claimed] = await claim(database)
    assert await database.deliveries.lapse(NOON + DAY) == 0
    assert await claim(database) == []
    assert await database.deliveries.fence(claimed, LONG)
    assert await state(database) is State.SENDING
    assert not await database.deliveries.fence(claimed, LONG)


async def test_a_claim_whose_lease_ended_no_longer_passes_the_fence(database: Opened) -> None:
    await database.deliveries.plan([BARE])
    [claimed] = await claim(database, lease=ENDED)
    assert not await database.deliveries.fence(claimed, LONG)
    assert await database.deliveries.lapse(NOON) == 0
    assert await state(database) is State.WAITING
    [anew] = await claim(database)
    assert anew == replace(claimed, turn=2)
    assert not await database.deliveries.fence(claimed, LONG)
    assert not await database.deliveries.settle(claimed, Later(NOON, 1), NOON)
    assert await database.deliveries.fence(anew, LONG)


async def test_a_send_whose_lease_ended_is_in_doubt_and_looked_for_by_one(database: Opened, replica: Opened) -> None:
    begun = await begin(database, lease=ENDED)
    assert await database.deliveries.claim_doubtful(NOON, 9, LONG) == []
    assert await database.deliveries.lapse(NOON) == 1
    assert await database.deliveries.lapse(NOON) == 0
    assert await claim(database) == []
    looked = await asyncio.gather(
        *(store.deliveries.claim_doubtful(NOON, 9, LONG) for store in (database, replica) * 2)
    )
    [claimed] = [each for found in looked for each in found]
    assert claimed == Claimed(delivery=BARE, turn=begun.turn + 1, attempts=1)
    assert not await database.deliveries.fence(claimed, LONG)
    assert await database.deliveries.settle(claimed, Later(NOON, 1, "Again."), NOON)
    assert [each.attempts for each in await claim(database)] == [1]


async def test_who_looks_for_it_and_dies_leaves_it_in_doubt(database: Opened) -> None:
    await begin(database, lease=ENDED)
    await database.deliveries.lapse(NOON)
    [first] = await database.deliveries.claim_doubtful(NOON, 9, ENDED)
    assert await database.deliveries.lapse(NOON) == 1
    [second] = await database.deliveries.claim_doubtful(NOON, 9, LONG)
    assert not await database.deliveries.settle(first, Dropped("skipped"), NOON)
    assert await database.deliveries.settle(second, Dropped("skipped"), NOON)


@pytest.mark.parametrize(
    "outcome",
    [
        Sent("slack", "1716.5"),
        Sent(),
        Dropped("No longer wanted."),
        Dead("Refused."),
        Later(NOON + HOUR, 1, "Slack was away."),
        Doubtful(NOON + HOUR, "No answer."),
    ],
)
async def test_what_is_settled_stands_so(database: Opened, outcome: Outcome) -> None:
    claimed = await begin(database, CHECK_IN)
    at = NOON + timedelta(minutes=1)
    assert await database.deliveries.settle(claimed, outcome, at.astimezone(TOKYO))
    is_sent = isinstance(outcome, Sent)
    assert await database.deliveries.standing(CHECK_IN.key) == Standing(
        delivery=CHECK_IN,
        state=state_of(outcome),
        attempts=1,
        note="" if isinstance(outcome, Sent) else outcome.note,
        platform=outcome.platform if isinstance(outcome, Sent) else "",
        message=outcome.message if isinstance(outcome, Sent) else "",
        settled_at=None if isinstance(outcome, Later | Doubtful) else at,
    )
    assert not await database.deliveries.settle(claimed, Dead("again"), at)
    assert await database.deliveries.settle(claimed, Sent(), at) is not is_sent


async def test_what_is_to_be_sent_later_is_due_then(database: Opened) -> None:
    claimed = await begin(database)
    await database.deliveries.settle(claimed, Later(NOON + HOUR, 1, "Away."), NOON)
    assert await claim(database, NOON + HOUR - timedelta(seconds=1)) == []
    [again] = await claim(database, NOON + HOUR)
    assert again == Claimed(delivery=BARE, turn=2, attempts=1)
    await database.deliveries.settle(again, Later(NOON, 1), NOON)
    standing = await database.deliveries.standing(BARE.key)
    assert standing
    assert (standing.note, standing.attempts) == ("Away.", 1)


async def test_what_is_in_doubt_is_looked_for_then(database: Opened) -> None:
    claimed = await begin(database)
    await database.deliveries.settle(claimed, Doubtful(NOON + HOUR, "No answer."), NOON)
    assert await claim(database, NOON + DAY) == []
    assert await database.deliveries.claim_doubtful(NOON, 9, LONG) == []
    assert len(await database.deliveries.claim_doubtful(NOON + HOUR, 9, LONG)) == 1


@pytest.mark.parametrize("meanwhile", [None, Later(NOON, 1), Dropped("skipped")])
async def test_what_was_sent_counts_as_sent_whoever_has_it(database: Opened, meanwhile: Outcome | None) -> None:
    """As of a replica that was asleep in mid-send."""
    slow = await begin(database, lease=ENDED)
    await database.deliveries.lapse(NOON)
    [other] = await database.deliveries.claim_doubtful(NOON, 9, LONG)
    if meanwhile:
        await database.deliveries.settle(other, meanwhile, NOON)
    assert await database.deliveries.settle(slow, Sent("teams", "a:1"), NOON)
    assert await state(database) is State.SENT
    assert not await database.deliveries.settle(other, Later(NOON, 1), NOON)
    assert await claim(database, NOON + DAY) == []


async def test_what_is_too_late_is_dropped_with_a_note_and_never_claimed(database: Opened) -> None:
    later = replace(CHECK_IN, key="later", stale_after=NOON + 2 * DAY)
    await database.deliveries.plan([CHECK_IN, later, BARE])
    assert await database.deliveries.drop_stale(NOON, "Too late.") == 0
    assert {each.delivery.key for each in await claim(database, NOON + DAY, lease=ENDED)} == {"bare", "later"}
    await database.deliveries.lapse(NOON + DAY)
    assert await database.deliveries.drop_stale(NOON + DAY, "Too late.") == 1
    standing = await database.deliveries.standing(CHECK_IN.key)
    assert standing == Standing(delivery=CHECK_IN, state=State.DROPPED, note="Too late.", settled_at=NOON + DAY)
    assert await state(database, "later") is State.WAITING


async def test_more_is_dropped_at_once_than_one_transaction_takes(database: Opened) -> None:
    await database.deliveries.plan([replace(each, stale_after=NOON + HOUR) for each in several(1001)])
    assert await database.deliveries.drop_stale(NOON + HOUR, "Too late.") == 1001


async def test_dead_letters_are_a_communitys_own_the_latest_first(database: Opened) -> None:
    for hours, key, community in ((0, "b", "example"), (0, "a", "example"), (1, "c", "example"), (2, "d", "another")):
        claimed = await begin(database, replace(BARE, key=key, community=community))
        await database.deliveries.settle(claimed, Dead("Refused."), NOON + hours * HOUR)
    await begin(database, replace(BARE, key="sending"))
    assert [each.delivery.key for each in await database.deliveries.dead_letters("example")] == ["c", "a", "b"]
    assert [each.delivery.key for each in await database.deliveries.dead_letters("example", 1)] == ["c"]
    [dead] = await database.deliveries.dead_letters("another")
    assert (dead.state, dead.note, dead.attempts) == (State.DEAD, "Refused.", 1)


async def test_a_dead_letter_is_sent_again_however_late_it_is(database: Opened) -> None:
    claimed = await begin(database, CHECK_IN)
    assert not await database.deliveries.retry("example", CHECK_IN.key, NOON)
    await database.deliveries.settle(claimed, Dead("Refused."), NOON)
    assert not await database.deliveries.retry("another", CHECK_IN.key, NOON)
    assert not await database.deliveries.retry("example", "unknown", NOON)
    assert await database.deliveries.retry("example", CHECK_IN.key, NOON + 9 * DAY)
    assert not await database.deliveries.retry("example", CHECK_IN.key, NOON + 9 * DAY)
    assert await database.deliveries.dead_letters("example") == []
    assert await database.deliveries.drop_stale(NOON + 9 * DAY, "Too late.") == 0
    [again] = await claim(database, NOON + 9 * DAY)
    assert (again.delivery, again.attempts) == (replace(CHECK_IN, stale_after=None), 0)


@pytest.mark.parametrize(
    ("named", "left"),
    [
        ({"person": "ann"}, {"bo's", "elsewhere"}),
        ({"about": "p1"}, {"other", "digest", "elsewhere"}),
        ({"about": "p1", "kind": "check-in"}, {"other", "digest", "elsewhere"}),
        ({"person": "ann", "kind": "digest"}, {"one", "other", "bo's", "elsewhere"}),
        ({"person": "ann", "about": "p2"}, {"one", "bo's", "digest", "elsewhere"}),
        ({"person": "eve"}, {"one", "other", "bo's", "digest", "elsewhere"}),
    ],
)
async def test_what_is_named_is_cancelled_and_the_rest_stays(
    database: Opened, named: dict[str, str], left: set[str]
) -> None:
    one = replace(CHECK_IN, key="one")
    await database.deliveries.plan(
        [
            one,
            replace(one, key="other", about="p2"),
            replace(one, key="bo's", person="bo"),
            replace(one, key="digest", kind="digest", about=""),
            replace(one, key="elsewhere", community="another"),
        ]
    )
    assert await database.deliveries.cancel("example", NOON, "Ann said stop.", **named) == 5 - len(left)
    assert await database.deliveries.cancel("example", NOON, "Ann said stop.", **named) == 0
    assert {each.delivery.key for each in await claim(database)} == left


async def test_cancelling_without_a_name_is_a_mistake(database: Opened) -> None:
    with pytest.raises(ValueError, match="named"):
        await database.deliveries.cancel("example", NOON, "Stop.", kind="check-in")


async def test_a_claim_that_is_cancelled_no_longer_passes_the_fence(database: Opened) -> None:
    await database.deliveries.plan([BARE])
    [claimed] = await claim(database)
    assert await database.deliveries.cancel("example", NOON, "Stop.", person="ann") == 1
    assert not await database.deliveries.fence(claimed, LONG)
    assert await database.deliveries.standing(BARE.key) == Standing(
        delivery=BARE, state=State.DROPPED, note="Stop.", settled_at=NOON
    )


@pytest.mark.parametrize("is_lapsed", [True, False])
async def test_what_was_on_its_way_when_it_was_cancelled_is_not_tried_again(
    database: Opened, *, is_lapsed: bool
) -> None:
    claimed = await begin(database, lease=ENDED if is_lapsed else LONG)
    assert await database.deliveries.cancel("example", NOON, "Stop.", person="ann") == 1
    assert await state(database) is State.SENDING
    if is_lapsed:
        await database.deliveries.lapse(NOON)
        [claimed] = await database.deliveries.claim_doubtful(NOON, 9, LONG)
    assert await database.deliveries.settle(claimed, Later(NOON, 1), NOON)
    assert await claim(database, NOON + DAY) == []
    assert await database.deliveries.drop_stale(NOON, "Too late.") == 1
    standing = await database.deliveries.standing(BARE.key)
    assert standing
    assert (standing.state, standing.note) == (State.DROPPED, "Stop.")


async def test_what_was_on_its_way_when_it_was_cancelled_may_arrive(database: Opened) -> None:
    claimed = await begin(database)
    await database.deliveries.cancel("example", NOON, "Stop.", person="ann")
    assert await database.deliveries.settle(claimed, Sent(), NOON)
    assert await state(database) is State.SENT
    assert await database.deliveries.plan([BARE]) == 0


async def test_what_was_cancelled_before_anything_was_sent_can_be_planned_anew(database: Opened) -> None:
    await database.deliveries.plan([BARE])
    await database.deliveries.cancel("example", NOON, "Paused.", person="ann")
    moved = replace(BARE, due_at=NOON + HOUR, payload={"anew": "yes"})
    assert await database.deliveries.plan([moved]) == 1
    assert await database.deliveries.standing(BARE.key) == Standing(delivery=moved, state=State.WAITING)
    assert await claim(database) == []
    assert len(await claim(database, NOON + HOUR)) == 1


async def test_a_cancelled_ones_next_life_has_turns_of_its_own(database: Opened) -> None:
    await database.deliveries.plan([BARE])
    [before] = await claim(database)
    await database.deliveries.cancel("example", NOON, "Paused.", person="ann")
    await database.deliveries.plan([BARE])
    [after] = await claim(database)
    assert not await database.deliveries.fence(before, LONG)
    assert await database.deliveries.fence(after, LONG)


async def test_what_was_settled_long_ago_is_forgotten_and_nothing_else(database: Opened) -> None:
    for key, at in (("old", NOON), ("new", NOON + DAY)):
        claimed = await begin(database, replace(BARE, key=key))
        await database.deliveries.settle(claimed, Sent(), at)
    await begin(database, replace(BARE, key="sending"))
    await database.deliveries.plan([BARE])
    await database.deliveries.forget(NOON + HOUR)
    found = {key: await state(database, key) for key in ("old", "new", "sending", "bare")}
    assert found == {"old": None, "new": State.SENT, "sending": State.SENDING, "bare": State.WAITING}


async def test_a_note_is_kept_without_what_no_text_has_and_not_at_any_length(database: Opened) -> None:
    claimed = await begin(database)
    assert await database.deliveries.settle(claimed, Dead("Ref\x00used. " + "x" * 5_000), NOON)
    [dead] = await database.deliveries.dead_letters("example")
    assert dead.note.startswith("Ref used.")
    assert len(dead.note) <= 1_000
