"""Pilots, their revisions and learnings, and the change feed."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.connections import Connections
from adapters.sql.tables import Row, feed, learnings, pilots, revisions
from knowledge.errors import InvalidRecordError
from knowledge.learnings import Learning
from knowledge.pilots import Pilot
from knowledge.ports import Author, Change, History, Revision
from knowledge.records import learning_from_record, learning_to_record, pilot_from_record, pilot_to_record

T = TypeVar("T")

_BATCH = 500  # rows a statement: within what every driver binds, and soon enough back to the event loop

_LATEST = pilots.join(revisions, (revisions.c.pilot_id == pilots.c.id) & (revisions.c.number == pilots.c.revision))
_IN_SIGHT = revisions.c.removed_at.is_(None)


class SqlPilotStore:
    """A PilotStore in SQLite or PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def identity(self) -> str:
        async with self._connections.reading() as connection:
            return str(await connection.scalar(select(feed.c.identity)))

    async def save(self, pilots: Sequence[Pilot], by: Author, at: datetime) -> int:
        """Writers on the whole database take turns, so no revision is ever numbered twice."""
        saved = 0
        async with self._connections.writing() as connection:
            change = await _take_turn(connection)
            for batch in _batches(pilots):
                saved += await _save_batch(connection, batch, by, at, change + saved)
            await _leave_turn(connection, change + saved)
        return saved

    async def get(self, pilot_id: str) -> Pilot | None:
        async with self._connections.reading() as connection:
            record = await connection.scalar(_latest(revisions.c.record).where(pilots.c.id == pilot_id, _IN_SIGHT))
        return pilot_from_record(record) if record else None

    async def pilots(self, ids: Sequence[str]) -> Mapping[str, Pilot]:
        wanted = _latest(pilots.c.id, revisions.c.record)
        async with self._connections.reading() as connection:
            return {
                row.id: pilot_from_record(row.record)
                for batch in _batches(ids)
                for row in await connection.execute(wanted.where(_IN_SIGHT, pilots.c.id.in_(batch)))
            }

    async def owned_by(self, community: str, person: str) -> Sequence[Pilot]:
        wanted = _latest(revisions.c.record).where(pilots.c.owner == person, _IN_SIGHT).order_by(pilots.c.id)
        async with self._connections.reading() as connection:
            owned = [pilot_from_record(row.record) for row in await connection.execute(wanted)]
        # A person's are few, and the index is by person.
        return [pilot for pilot in owned if pilot.visibility.community == community]

    async def remove(self, pilot_id: str, by: Author, at: datetime) -> bool:
        async with self._connections.writing() as connection:
            change = await _take_turn(connection)
            number = await connection.scalar(_latest(pilots.c.revision).where(pilots.c.id == pilot_id, _IN_SIGHT))
            if number is None:
                return False
            await connection.execute(
                update(revisions)
                .where(revisions.c.pilot_id == pilot_id, revisions.c.number == number)
                .values(removed_at=at, removed_by=by.name, removed_because=by.reason)
            )
            await _mark_changed(connection, pilot_id, change + 1)
        return True

    async def histories(self, pilot_ids: Sequence[str]) -> Mapping[str, History]:
        wanted = select(revisions).order_by(revisions.c.pilot_id, revisions.c.number)
        async with self._connections.reading() as connection:
            rows = [
                row
                for batch in _batches(pilot_ids)
                for row in await connection.execute(wanted.where(revisions.c.pilot_id.in_(batch)))
            ]
        return {
            pilot_id: History(revisions=tuple(map(_revision, of_one)), is_removed=of_one[-1].removed_at is not None)
            for pilot_id, of_one in ((key, list(group)) for key, group in groupby(rows, key=lambda row: row.pilot_id))
        }

    async def keep_learning(self, learning: Learning) -> None:
        """Writers take turns here, too, so nobody else can take the id between the look and the write."""
        async with self._connections.writing() as connection:
            change = await _take_turn(connection)
            there = _latest(pilots.c.id).where(pilots.c.id == learning.pilot_id, _IN_SIGHT)
            if await connection.scalar(there) is None:
                raise InvalidRecordError(f"there is no pilot {learning.pilot_id!r:.60}", field="pilot_id")
            if await _write_learning(connection, learning):
                await _mark_changed(connection, learning.pilot_id, change + 1)

    async def remove_learning(self, learning_id: str) -> bool:
        async with self._connections.writing() as connection:
            change = await _take_turn(connection)
            pilot_id = await connection.scalar(select(learnings.c.pilot_id).where(learnings.c.id == learning_id))
            if pilot_id is None:
                return False
            await connection.execute(delete(learnings).where(learnings.c.id == learning_id))
            await _mark_changed(connection, pilot_id, change + 1)
        return True

    async def learnings_of(self, pilot_ids: Sequence[str]) -> Mapping[str, Sequence[Learning]]:
        async with self._connections.reading() as connection:
            return await _learnings(connection, pilot_ids)

    async def learnings(self, pilot_id: str) -> Sequence[Learning]:
        async with self._connections.reading() as connection:
            return (await _learnings(connection, [pilot_id])).get(pilot_id, ())

    async def count(self) -> int:
        """How many pilots are in sight."""
        async with self._connections.reading() as connection:
            return int(await connection.scalar(select(func.count()).select_from(_LATEST).where(_IN_SIGHT)) or 0)

    async def all(self) -> AsyncIterator[Pilot]:
        """A page at a time, each its own transaction: a slow reader holds neither a connection nor SQLite's log."""
        last = ""
        while True:
            page = _latest(pilots.c.id, revisions.c.record).where(pilots.c.id > last, _IN_SIGHT)
            async with self._connections.reading() as connection:
                rows = (await connection.execute(page.order_by(pilots.c.id).limit(_BATCH))).all()
            for row in rows:
                yield pilot_from_record(row.record)
            if len(rows) < _BATCH:
                return
            last = rows[-1].id

    async def changes(self, after: int, limit: int = 1000) -> Sequence[Change]:
        newer = _latest(pilots.c.id, pilots.c.change, revisions.c.record, revisions.c.removed_at)
        newer = newer.where(pilots.c.change > after).order_by(pilots.c.change).limit(limit)
        async with self._connections.reading() as connection:
            rows = (await connection.execute(newer)).all()
            told = await _learnings(connection, [row.id for row in rows])
        return [
            Change(
                number=row.change,
                pilot_id=row.id,
                pilot=pilot_from_record(row.record) if row.removed_at is None else None,
                learnings=told.get(row.id, ()),
            )
            for row in rows
        ]


def _revision(row: Any) -> Revision:
    pilot = pilot_from_record(row.record)
    return Revision(pilot=pilot, number=row.number, at=row.at, by=Author(row.by, reason=row.reason))


async def _take_turn(connection: AsyncConnection) -> int:
    """Wait for every writer before us, and give the number of the latest change.

    The lock on the feed's one row is held until we commit. So numbers are committed in the order they were given,
    and whoever has seen number N has seen, or can see, every number below it; a sequence could not promise that.
    (SQLite: BEGIN IMMEDIATE has taken the turn already.)
    """
    return int(await connection.scalar(select(feed.c.last_change).with_for_update()))  # type: ignore[arg-type]  # made by the first migration


async def _leave_turn(connection: AsyncConnection, change: int) -> None:
    await connection.execute(update(feed).values(last_change=change))


async def _mark_changed(connection: AsyncConnection, pilot_id: str, change: int) -> None:
    await connection.execute(update(pilots).where(pilots.c.id == pilot_id).values(change=change))
    await _leave_turn(connection, change)


async def _save_batch(
    connection: AsyncConnection, batch: Sequence[Pilot], by: Author, at: datetime, change: int
) -> int:
    """Save those that differ, with the numbers after `change`; how many did."""
    wanted = _latest(pilots.c.id, pilots.c.revision, revisions.c.record, revisions.c.removed_at)
    rows = (await connection.execute(wanted.where(pilots.c.id.in_([pilot.id for pilot in batch])))).all()
    known = {row.id for row in rows}
    numbers: dict[str, int] = {row.id: row.revision for row in rows}
    records: dict[str, Row] = {row.id: row.record for row in rows if row.removed_at is None}
    new_revisions: list[Row] = []
    states: dict[str, Row] = {}
    for pilot in batch:
        pilot_id, record = pilot.id, pilot_to_record(pilot)
        if pilot_id in records and _says_the_same(records[pilot_id], record, pilot):
            continue
        records[pilot_id] = record
        number = numbers[pilot_id] = numbers.get(pilot_id, 0) + 1
        new_revisions.append(
            {"pilot_id": pilot_id, "number": number, "record": record, "at": at, "by": by.name, "reason": by.reason}
        )
        owner = pilot.owner and pilot.owner.person
        states[pilot_id] = {"revision": number, "change": change + len(new_revisions), "owner": owner}
    await _write_states(connection, states, known)
    if new_revisions:
        await connection.execute(insert(revisions), new_revisions)
    return len(new_revisions)


def _says_the_same(stored: Row, record: Row, pilot: Pilot) -> bool:
    """Records are cheap to compare; where they differ, it may only be that this version writes them otherwise."""
    return stored == record or pilot_from_record(stored) == pilot


async def _write_states(connection: AsyncConnection, states: dict[str, Row], known: set[str]) -> None:
    if made := [{"id": pilot_id, **state} for pilot_id, state in states.items() if pilot_id not in known]:
        await connection.execute(insert(pilots), made)
    # An update's own parameters may not be called like the columns that it sets.
    if changed := [{"key": pilot_id, **state} for pilot_id, state in states.items() if pilot_id in known]:
        await connection.execute(update(pilots).where(pilots.c.id == bindparam("key")), changed)


async def _write_learning(connection: AsyncConnection, learning: Learning) -> bool:
    """Add it, or replace what its author said before; whether anything is another now."""
    row = {"told_at": learning.told_at, "record": learning_to_record(learning)}
    stored = await connection.scalar(select(learnings.c.record).where(learnings.c.id == learning.id))
    if stored is None:
        await connection.execute(insert(learnings), {"id": learning.id, "pilot_id": learning.pilot_id, **row})
        return True
    before = learning_from_record(stored)
    if not learning.may_replace(before):
        raise InvalidRecordError(f"another learning is called {learning.id!r:.60}", field="id")
    if learning == before:
        return False
    await connection.execute(update(learnings).where(learnings.c.id == learning.id).values(row))
    return True


async def _learnings(connection: AsyncConnection, pilot_ids: Sequence[str]) -> dict[str, tuple[Learning, ...]]:
    """Of those pilots that are in sight, oldest first."""
    told: dict[str, tuple[Learning, ...]] = {}
    joined = _LATEST.join(learnings, learnings.c.pilot_id == pilots.c.id)
    wanted = select(learnings.c.pilot_id, learnings.c.record).select_from(joined)
    wanted = wanted.order_by(learnings.c.told_at, learnings.c.id)
    for batch in _batches(pilot_ids):
        for row in await connection.execute(wanted.where(_IN_SIGHT, learnings.c.pilot_id.in_(batch))):
            told[row.pilot_id] = (*told.get(row.pilot_id, ()), learning_from_record(row.record))
    return told


def _latest(*columns: ColumnElement[Any]) -> Select[Any]:
    """Of every pilot that there is or was, with its latest revision."""
    return select(*columns).select_from(_LATEST)


def _batches(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), _BATCH):
        yield values[start : start + _BATCH]
