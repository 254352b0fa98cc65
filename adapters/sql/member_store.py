"""People of a community: what they may do, and how they want to be written to."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import date, time
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.connections import Connections
from adapters.sql.tables import Row, members
from adapters.sql.upserts import same, upsert
from bot.members import Member, Preferences, Role
from knowledge.dates import Period


class SqlMemberStore:
    """A MemberStore in SQLite or PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def member(self, community: str, person: str) -> Member:
        wanted = select(members).where(same(members, {"community": community, "person": person}))
        async with self._connections.reading() as connection:
            row = (await connection.execute(wanted)).first()
        return _member(row) if row else Member(community=community, person=person)

    async def keep_preferences(self, community: str, person: str, preferences: Preferences) -> None:
        member = Member(community=community, person=person, preferences=preferences)
        async with self._connections.writing() as connection:
            await upsert(connection, members, _to_row(member), keep={"role"})

    async def appoint(self, community: str, person: str, role: Role, *, if_first: bool = False) -> bool:
        async with self._connections.writing() as connection:
            if if_first and await _has_administrator(connection, community):
                return False
            member = Member(community=community, person=person, role=role)
            await upsert(connection, members, _to_row(member), keep={"preferences"})
        return True

    async def moderators(self, community: str) -> Sequence[Member]:
        roles = [role for role in Role if role.may_moderate]
        wanted = select(members).where(members.c.community == community, members.c.role.in_(roles))
        async with self._connections.reading() as connection:
            found = [_member(row) for row in await connection.execute(wanted)]
        # Not by the database, which may sort as some language does.
        return sorted(found, key=lambda member: member.person)


async def _has_administrator(connection: AsyncConnection, community: str) -> bool:
    """Whether it has one; nobody else can appoint one until we commit, to which on SQLite BEGIN IMMEDIATE saw."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("LOCK TABLE members IN SHARE ROW EXCLUSIVE MODE"))
    administrator = same(members, {"community": community, "role": Role.ADMINISTRATOR})
    return await connection.scalar(select(members.c.person).where(administrator).limit(1)) is not None


def _to_row(member: Member) -> Row:
    values = {field.name: getattr(member.preferences, field.name) for field in fields(Preferences)}
    said: Row = {name: str(value) for name, value in values.items() if value not in (None, "", ())}
    if member.preferences.away:
        said["away"] = [[_iso(each.first), _iso(each.last)] for each in member.preferences.away]
    return {"community": member.community, "person": member.person, "role": member.role, "preferences": said}


def _member(row: Any) -> Member:
    return Member(
        community=row.community, person=row.person, role=Role(row.role), preferences=_preferences(row.preferences)
    )


def _preferences(said: Row) -> Preferences:
    quiet_from, quiet_until = map(said.get, ("quiet_from", "quiet_until"))
    return Preferences(
        quiet_from=time.fromisoformat(quiet_from) if quiet_from else None,
        quiet_until=time.fromisoformat(quiet_until) if quiet_until else None,
        paused_until=_day(said.get("paused_until")),
        away=tuple(Period(_day(first), _day(last)) for first, last in said.get("away", ())),
        **{name: said.get(name, "") for name in ("language", "time_zone", "country", "region")},
    )


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _day(iso: str | None) -> date | None:
    return date.fromisoformat(iso) if iso else None
