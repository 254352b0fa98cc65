"""Answers that were given, and what people thought of them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from adapters.sql.connections import Connections
from adapters.sql.tables import Row, answers, ratings
from adapters.sql.upserts import insert_first, same, upsert
from bot.answers import GivenAnswer, Rating

_ANSWER = [field.name for field in fields(GivenAnswer)]
_RATING = [ratings.c[field.name].label(f"rating_{field.name}") for field in fields(Rating)]


class SqlAnswerStore:
    """An AnswerStore in SQLite or PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def keep_answer(self, answer: GivenAnswer) -> None:
        """The first of an id stays."""
        async with self._connections.writing() as connection:
            await insert_first(connection, answers, _to_row(answer))

    async def answer(self, answer_id: str) -> GivenAnswer | None:
        async with self._connections.reading() as connection:
            row = (await connection.execute(select(answers).where(answers.c.id == answer_id))).mappings().first()
        return _answer(row) if row else None

    async def note_post(self, answer_id: str, post: str) -> None:
        async with self._connections.writing() as connection:
            await connection.execute(update(answers).where(answers.c.id == answer_id).values(post=post))

    async def answer_posted_as(self, post: str, community: str) -> GivenAnswer | None:
        # What stands nowhere is not what was asked for.
        if not post:
            return None
        wanted = select(answers).where(same(answers, {"post": post, "community": community}))
        wanted = wanted.order_by(answers.c.at.desc(), answers.c.id.desc()).limit(1)
        async with self._connections.reading() as connection:
            row = (await connection.execute(wanted)).mappings().first()
        return _answer(row) if row else None

    async def rate(self, rating: Rating) -> None:
        # Locked, lest whoever forgets old answers takes it away before its rating is in.
        there = select(answers.c.id).where(answers.c.id == rating.answer_id).with_for_update(read=True, key_share=True)
        async with self._connections.writing() as connection:
            if await connection.scalar(there) is not None:
                await upsert(connection, ratings, asdict(rating))

    async def ratings(self, community: str | None = None) -> Sequence[tuple[GivenAnswer, Rating]]:
        """Of one community, or of all; oldest first."""
        wanted = select(answers, *_RATING).join(ratings, ratings.c.answer_id == answers.c.id)
        wanted = wanted.order_by(ratings.c.at, answers.c.id, ratings.c.person)
        if community is not None:
            wanted = wanted.where(answers.c.community == community)
        async with self._connections.reading() as connection:
            rows = (await connection.execute(wanted)).mappings().all()
        return [(_answer(row), _rating(row)) for row in rows]

    async def forget(self, before: datetime) -> None:
        """Those given before that, unless somebody has said what they thought of them."""
        rated = select(ratings.c.answer_id).where(ratings.c.answer_id == answers.c.id).exists()
        async with self._connections.writing() as connection:
            await connection.execute(delete(answers).where(answers.c.at < before, ~rated))


def _to_row(answer: GivenAnswer) -> Row:
    return {**asdict(answer), "asked": list(answer.asked), "pilots": list(answer.pilots)}


def _answer(row: Mapping[Any, Any]) -> GivenAnswer:
    said = {name: row[name] for name in _ANSWER}
    return GivenAnswer(**{**said, "asked": tuple(row["asked"]), "pilots": tuple(row["pilots"])})


def _rating(row: Mapping[Any, Any]) -> Rating:
    return Rating(**{field.name: row[f"rating_{field.name}"] for field in fields(Rating)})
