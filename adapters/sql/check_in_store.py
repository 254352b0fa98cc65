"""Who is asked about which pilot, what came of it, and what is in the way."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, and_, delete, exists, literal_column, select, update

from adapters.sql.connections import Connections
from adapters.sql.tables import Row, blockers, check_in_plans, check_ins
from adapters.sql.upserts import insert_first, same, upsert
from bot.check_ins import Blocker, CheckIn, CheckInAnswer, CheckInPlan, CheckInState, PlanState, Sharing
from knowledge.learnings import LearningKind
from knowledge.pilots import BarrierKind

# Written out, since an index of these rows serves no question whose state comes as a parameter.
_open = check_ins.c.state == literal_column("'open'")


class SqlCheckInPlans:
    """CheckInPlans in SQLite or PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def plan(self, pilot_id: str) -> CheckInPlan | None:
        found = await _plans(self._connections, select(check_in_plans).where(check_in_plans.c.pilot_id == pilot_id))
        return found[0] if found else None

    async def keep(self, plan: CheckInPlan) -> bool:
        row = {field.name: getattr(plan, field.name) for field in fields(plan)}
        return await _keep(self._connections, check_in_plans, {"pilot_id": plan.pilot_id}, row)

    async def plans(self, community: str, person: str = "") -> Sequence[CheckInPlan]:
        wanted = {"community": community, **({"person": person} if person else {})}
        found = await _plans(self._connections, select(check_in_plans).where(same(check_in_plans, wanted)))
        # Not by the database, which may sort as some language does.
        return sorted(found, key=lambda plan: plan.pilot_id)

    async def due(self, at: datetime, limit: int) -> Sequence[CheckInPlan]:
        columns = check_in_plans.c
        earliest = select(check_in_plans).where(columns.due_at <= at).order_by(columns.due_at, columns.pilot_id)
        return await _plans(self._connections, earliest.limit(limit))


class SqlCheckIns:
    """CheckIns and CheckInRounds in SQLite or PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def keep(self, check_in: CheckIn) -> bool:
        row = {field.name: getattr(check_in, field.name) for field in fields(check_in)}
        row |= {"asked_for": row.pop("on"), "answers": {key: _told(each) for key, each in check_in.answers.items()}}
        key = {"pilot_id": check_in.pilot_id, "asked_for": check_in.on}
        return await _keep(self._connections, check_ins, key, row)

    async def latest(self, pilot_id: str) -> CheckIn | None:
        wanted = select(check_ins).where(check_ins.c.pilot_id == pilot_id)
        found = await self._found(wanted.order_by(check_ins.c.asked_for.desc()).limit(1))
        return found[0] if found else None

    async def open(self, community: str, person: str) -> Sequence[CheckIn]:
        other = check_ins.alias()
        later = exists().where(other.c.pilot_id == check_ins.c.pilot_id, other.c.asked_for > check_ins.c.asked_for)
        theirs = and_(same(check_ins, {"community": community, "person": person}), _open, ~later)
        order = (check_ins.c.asked_at.desc(), check_ins.c.pilot_id)
        return await self._found(select(check_ins).where(theirs).order_by(*order))

    async def answered(self, pilot_id: str, before: date) -> CheckIn | None:
        told = same(check_ins, {"pilot_id": pilot_id, "state": CheckInState.ANSWERED})
        wanted = select(check_ins).where(told, check_ins.c.asked_for < before)
        found = await self._found(wanted.order_by(check_ins.c.asked_for.desc()).limit(1))
        return found[0] if found else None

    async def unanswered(self, asked_by: datetime, limit: int) -> Sequence[CheckIn]:
        wanted = select(check_ins).where(_open, check_ins.c.reminded_at.is_(None), check_ins.c.asked_at <= asked_by)
        return await self._found(wanted.order_by(check_ins.c.asked_at, check_ins.c.pilot_id).limit(limit))

    async def asked(self, community: str, since: datetime) -> Sequence[CheckIn]:
        wanted = select(check_ins).where(check_ins.c.community == community, check_ins.c.asked_at >= since)
        return await self._found(wanted.order_by(check_ins.c.asked_at, check_ins.c.pilot_id))

    async def _found(self, wanted: Any) -> Sequence[CheckIn]:
        async with self._connections.reading() as connection:
            return [_check_in(dict(row._mapping)) for row in await connection.execute(wanted)]  # noqa: SLF001  # public, named so to keep off column names


class SqlBlockers:
    """Blockers in SQLite or PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def keep(self, blocker: Blocker) -> None:
        row = {field.name: getattr(blocker, field.name) for field in fields(blocker)}
        async with self._connections.writing() as connection:
            await upsert(connection, blockers, row)

    async def blocker(self, learning_id: str) -> Blocker | None:
        async with self._connections.reading() as connection:
            found = await connection.execute(select(blockers).where(blockers.c.learning_id == learning_id))
            row = found.first()
        return _blocker(row) if row else None

    async def unresolved(self, community: str) -> Sequence[Blocker]:
        wanted = select(blockers).where(blockers.c.community == community, blockers.c.resolved_at.is_(None))
        wanted = wanted.order_by(blockers.c.raised_at.desc(), blockers.c.learning_id)
        async with self._connections.reading() as connection:
            return [_blocker(row) for row in await connection.execute(wanted)]

    async def withdraw(self, learning_id: str) -> None:
        async with self._connections.writing() as connection:
            await connection.execute(delete(blockers).where(blockers.c.learning_id == learning_id))


async def _keep(connections: Connections, table: Table, key: Row, row: Row) -> bool:
    """With the next version, where the row is still as it was read."""
    read = row["version"]
    row = {**row, "version": read + 1}
    async with connections.writing() as connection:
        if not read:
            return await insert_first(connection, table, row)
        changed = await connection.execute(update(table).where(same(table, {**key, "version": read})).values(row))
        return changed.rowcount == 1


async def _plans(connections: Connections, wanted: Any) -> list[CheckInPlan]:
    async with connections.reading() as connection:
        rows = [dict(row._mapping) for row in await connection.execute(wanted)]  # noqa: SLF001  # as above
    return [CheckInPlan(**{**row, "state": PlanState(row["state"])}) for row in rows]


def _check_in(row: Row) -> CheckIn:
    read = {
        "on": row["asked_for"],
        "state": CheckInState(row["state"]),
        "sharing": Sharing(row["sharing"]),
        "answers": {key: _answer(key, told) for key, told in row["answers"].items()},
    }
    return CheckIn(**{**{name: value for name, value in row.items() if name != "asked_for"}, **read})


def _told(answer: CheckInAnswer) -> Row:
    told = {"asked": answer.asked, "kind": answer.kind, "text": answer.text, "at": answer.at.isoformat()}
    return told | ({"barrier": answer.barrier} if answer.barrier else {})


def _answer(key: str, told: Row) -> CheckInAnswer:
    return CheckInAnswer(
        question=key,
        asked=told["asked"],
        kind=LearningKind(told["kind"]),
        text=told["text"],
        at=datetime.fromisoformat(told["at"]),
        barrier=BarrierKind(told["barrier"]) if "barrier" in told else None,
    )


def _blocker(row: Any) -> Blocker:
    blocker = Blocker(**row._mapping)  # noqa: SLF001  # as above
    return replace(blocker, kind=BarrierKind(blocker.kind))
