"""The digest: what a room that a moderator chose is told of the community, once a week and only where there is news."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.places import Place
from knowledge.errors import InvalidRecordError
from knowledge.learnings import Learning
from knowledge.pilots import Pilot

DIGEST = "digest"
"""The kind of the delivery; it is about the board, whose name is its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A room that a moderator chose to be told what is new. `weekday` counts from 0, Monday.

    `address` is the adapter's own and opaque here: it is how whoever chose was reached there, and empty where that was
    not known then. What came about before `told_until` was told already.
    """

    platform: str
    community: str
    room: str
    weekday: int
    chosen_by: str
    chosen_at: datetime
    told_until: datetime
    address: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not 0 <= self.weekday <= 6:
            raise InvalidRecordError("is from 0, Monday, to 6, Sunday", field="weekday")
        for name in ("chosen_at", "told_until"):
            if getattr(self, name).tzinfo is None:
                raise InvalidRecordError("a moment needs a time zone", field=name)

    @property
    def id(self) -> str:
        return f"{self.platform} {self.room}"

    def is_in(self, place: Place) -> bool:
        return (self.platform, self.community, self.room) == (place.platform, place.community, place.room)


@dataclass(frozen=True, slots=True)
class Spread:
    """A pilot that says what a second site would need: so many of the organisations told of here tried its topic."""

    pilot: Pilot
    tried: int
    organisations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What came about, as far as all who read it may see it; of what was imported by the thousand not all was read."""

    pilots: tuple[Pilot, ...] = ()
    stopped: tuple[Pilot, ...] = ()
    learnings: tuple[tuple[Pilot, Learning], ...] = ()
    spreads: tuple[Spread, ...] = ()
    open_questions: int = 0
    is_cut: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.pilots or self.stopped or self.learnings or self.open_questions)
