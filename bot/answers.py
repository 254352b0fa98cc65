"""Answers that were given, and what people thought of them."""

from dataclasses import dataclass
from datetime import datetime

from knowledge.pilots import Pilot


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswer:
    """An answer that was given: to what (masked texts, oldest first), by which pilots. `verdict` is an answer's."""

    id: str
    at: datetime
    community: str
    person: str
    asked: tuple[str, ...]
    verdict: str
    pilots: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Pilots to choose from, best first, and the language of the room that is to read the one that is chosen."""

    pilots: tuple[Pilot, ...]
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """What one person thought of one answer."""

    answer_id: str
    person: str
    at: datetime
    is_good: bool
    reason: str = ""
