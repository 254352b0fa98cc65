"""What is to be sent once: planned, claimed by one sweep at a time, and settled."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, assert_never

from sqlalchemy import ColumnElement, DateTime, Select, and_, delete, func, literal_column, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.connections import Connections
from adapters.sql.tables import Row, deliveries
from adapters.sql.upserts import insert_new, same
from bot.deliveries import Delivery, Standing, State, WhenInDoubt
from jobs.deliveries import Claimed, Dead, Doubtful, Dropped, Later, Outcome, Sent, state_of
from knowledge.text import clean, shorten

_AT_ONCE = 500  # rows that one transaction moves
_NOTE_LIMIT = 1_000

_columns = deliveries.c
_not_begun = _columns.state.in_((State.WAITING, State.CLAIMED))
_open = _columns.settled_at.is_(None)
_DELIVERY = (
    *("key", "kind", "community", "person", "about", "payload", "due_at", "stale_after"),
    "when_in_doubt",
)
_NOT_HELD: Row = {"next_at": None, "lease_until": None}


class SqlDeliveries:
    """Deliveries, and the Queue of them, in SQLite or PostgreSQL.

    A waiting row has a `next_at`, one that a sweep has in hand a `lease_until`, a settled one neither.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def plan(self, planned: Sequence[Delivery]) -> int:
        # In the order of their keys, in which two replicas that plan the same do not wait for each other in a ring.
        rows = [_row(each) for _, each in sorted({each.key: each for each in planned}.items())]
        if not rows:
            return 0
        never_begun = (_columns.state == State.DROPPED) & _columns.is_cancelled & (_columns.attempts == 0)
        async with self._connections.writing() as connection:
            # Whoever claimed it before it was cancelled has had its turn.
            return await insert_new(connection, deliveries, rows, unless=never_begun, keep={"turn"})

    async def standing(self, key: str) -> Standing | None:
        async with self._connections.reading() as connection:
            row = (await connection.execute(select(deliveries).where(_columns.key == key))).first()
        return _standing(row) if row else None

    async def dead_letters(self, community: str, limit: int = 100) -> Sequence[Standing]:
        # Written out, since an index of these rows serves no question whose state comes as a parameter.
        dead = (_columns.community == community) & (_columns.state == literal_column("'dead'"))
        wanted = select(deliveries).where(dead).order_by(_columns.settled_at.desc(), _columns.key).limit(limit)
        async with self._connections.reading() as connection:
            return [_standing(row) for row in await connection.execute(wanted)]

    async def retry(self, community: str, key: str, at: datetime) -> bool:
        dead = same(deliveries, {"key": key, "community": community, "state": State.DEAD})
        anew = {"next_at": at, "settled_at": None, "attempts": 0, "stale_after": None, "is_cancelled": False}
        return await self._change(dead, {"state": State.WAITING, **anew})

    async def cancel(
        self, community: str, at: datetime, note: str, *, kind: str = "", person: str = "", about: str = ""
    ) -> int:
        if not (person or about):
            raise ValueError("a person is named, or what it is about")
        named = {"kind": kind, "person": person, "about": about}
        theirs = same(deliveries, {"community": community, **{name: value for name, value in named.items() if value}})
        theirs = and_(theirs, _open, _columns.is_cancelled.is_(False))
        cancelled = {"is_cancelled": True, "note": _kept(note)}
        dropped = {**cancelled, **_NOT_HELD, "state": State.DROPPED, "settled_at": at}
        count = await self._move(_all(theirs & _not_begun), dropped)
        # What is on its way stays with whoever sends it; it is cancelled where it comes back.
        return count + await self._move(_all(theirs), cancelled)

    async def forget(self, before: datetime) -> None:
        """What was settled before that. Its key can be planned again, so nobody plans what was due as long ago."""
        async with self._connections.writing() as connection:
            await connection.execute(delete(deliveries).where(_columns.settled_at < before))

    async def lapse(self, at: datetime) -> int:
        lapsed = _columns.lease_until <= self._from_now()
        due, doubtful = ({**_waiting(at), "state": state} for state in (State.WAITING, State.DOUBT))
        await self._move(_free(lapsed & _not_begun, _columns.lease_until), due)
        return await self._move(_free(lapsed & ~_not_begun, _columns.lease_until), doubtful)

    async def drop_stale(self, at: datetime, note: str) -> int:
        dropped = {**_NOT_HELD, "state": State.DROPPED, "settled_at": at}
        due = _due(State.WAITING, at)
        count = await self._move(_free(due & _columns.is_cancelled, _columns.next_at), dropped)
        stale = _free(due & (_columns.stale_after <= at), _columns.next_at)
        return count + await self._move(stale, {**dropped, "note": note})

    async def claim(self, at: datetime, limit: int, lease: timedelta) -> Sequence[Claimed]:
        is_fresh = or_(_columns.stale_after.is_(None), _columns.stale_after > at)
        wanted = _due(State.WAITING, at) & is_fresh & _columns.is_cancelled.is_(False)
        return await self._claim(wanted, State.CLAIMED, limit, lease)

    async def claim_doubtful(self, at: datetime, limit: int, lease: timedelta) -> Sequence[Claimed]:
        return await self._claim(_due(State.DOUBT, at), State.DOUBT, limit, lease)

    async def fence(self, claimed: Claimed, lease: timedelta) -> bool:
        ours = _held(claimed) & (_columns.state == State.CLAIMED) & (_columns.lease_until > self._from_now())
        begun = {"attempts": _columns.attempts + 1, "lease_until": self._from_now(lease)}
        return await self._change(ours, {"state": State.SENDING, **begun})

    async def settle(self, claimed: Claimed, outcome: Outcome, at: datetime) -> bool:
        if isinstance(outcome, Sent):
            # It was sent: whoever has it meanwhile must not send it again.
            ours = (_columns.key == claimed.delivery.key) & (_columns.state != State.SENT)
        else:
            ours = _held(claimed) & _columns.lease_until.is_not(None)
        return await self._change(ours, {**_settled(outcome, at), "state": state_of(outcome)})

    async def _claim(
        self, wanted: ColumnElement[bool], state: State, limit: int, lease: timedelta
    ) -> Sequence[Claimed]:
        earliest = select(deliveries).where(wanted).order_by(_columns.next_at).limit(limit)
        async with self._connections.writing() as connection:
            rows = (await connection.execute(earliest.with_for_update(skip_locked=True))).all()
            held = {"state": state, "turn": _columns.turn + 1, "next_at": None, "lease_until": self._from_now(lease)}
            await _update(connection, rows, held)
        return [Claimed(delivery=_delivery(row), turn=row.turn + 1, attempts=row.attempts) for row in rows]

    async def _move(self, wanted: Select[tuple[str]], values: Row) -> int:
        """So many at a time, of which `values` makes others than those wanted."""
        moved = 0
        while True:
            async with self._connections.writing() as connection:
                rows = (await connection.execute(wanted.limit(_AT_ONCE))).all()
                await _update(connection, rows, values)
            moved += len(rows)
            if len(rows) < _AT_ONCE:
                return moved

    async def _change(self, wanted: ColumnElement[bool], values: Row) -> bool:
        """Of one row. Whether it was as wanted."""
        async with self._connections.writing() as connection:
            return (await connection.execute(update(deliveries).where(wanted).values(values))).rowcount == 1

    def _from_now(self, after: timedelta = timedelta()) -> ColumnElement[Any]:
        """By the clock of the database, which all replicas share, as `Instant` writes it."""
        if self._connections.engine.dialect.name == "postgresql":
            return func.statement_timestamp(type_=DateTime(timezone=True)) + after
        return func.strftime("%Y-%m-%d %H:%M:%f000", "now", f"{after.total_seconds():+.3f} seconds")


async def _update(connection: AsyncConnection, rows: Sequence[Any], values: Row) -> None:
    if rows:
        keys = [row.key for row in rows]
        await connection.execute(update(deliveries).where(_columns.key.in_(keys)).values(values))


def _due(state: State, at: datetime) -> ColumnElement[bool]:
    return (_columns.state == state) & (_columns.next_at <= at)


def _free(wanted: ColumnElement[bool], by: ColumnElement[Any]) -> Select[tuple[str]]:
    """Those that nobody else is changing. `by` is a column that has an index for them: without an order PostgreSQL may
    think that it comes upon some soon enough by reading whatever there is.
    """
    return select(_columns.key).where(wanted).order_by(by).with_for_update(skip_locked=True)


def _all(wanted: ColumnElement[bool]) -> Select[tuple[str]]:
    """Those that somebody is changing too, once that is done; in one order, so that nobody waits in a ring."""
    return select(_columns.key).where(wanted).order_by(_columns.key).with_for_update()


def _held(claimed: Claimed) -> ColumnElement[bool]:
    return same(deliveries, {"key": claimed.delivery.key, "turn": claimed.turn})


def _waiting(at: datetime) -> Row:
    return {"next_at": at, "lease_until": None}


def _settled(outcome: Outcome, at: datetime) -> Row:
    match outcome:
        case Sent(platform, message):
            return {**_NOT_HELD, "settled_at": at, "platform": platform, "message": message}
        case Dropped(note) | Dead(note):
            return {**_NOT_HELD, "settled_at": at, **_noted(note)}
        case Later(then, attempts, note):
            return {**_waiting(then), "attempts": attempts, **_noted(note)}
        case Doubtful(then, note):
            return {**_waiting(then), **_noted(note)}
        case _:
            assert_never(outcome)


def _noted(note: str) -> Row:
    """Without a new one the last one stays."""
    return {"note": _kept(note)} if note else {}


def _kept(note: str) -> str:
    return shorten(clean(note), _NOTE_LIMIT)


def _row(delivery: Delivery) -> Row:
    planned = {name: getattr(delivery, name) for name in _DELIVERY}
    at_first = {"state": State.WAITING, "turn": 0, "attempts": 0, "is_cancelled": False}
    empty = {"lease_until": None, "settled_at": None, "note": "", "platform": "", "message": ""}
    return {**planned, "payload": dict(delivery.payload), "next_at": delivery.due_at, **at_first, **empty}


def _delivery(row: Any) -> Delivery:
    planned = {name: getattr(row, name) for name in _DELIVERY}
    return Delivery(**{**planned, "when_in_doubt": WhenInDoubt(row.when_in_doubt)})


def _standing(row: Any) -> Standing:
    return Standing(
        delivery=_delivery(row),
        state=State(row.state),
        attempts=row.attempts,
        note=row.note,
        platform=row.platform,
        message=row.message,
        settled_at=row.settled_at,
    )
