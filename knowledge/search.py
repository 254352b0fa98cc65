"""Search: who tried it, as far as this viewer may see, and how sure that is."""

from dataclasses import dataclass
from enum import StrEnum

from knowledge.pilots import Pilot


class Level(StrEnum):
    """How well a pilot answers the question."""

    REALLY = "really"  # it is what was asked for
    CLOSE = "close"  # near it, and worth mentioning as that


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """`score`, from 0 to 1, is how sure it is that this pilot is what was asked for; 0.5 is the floor."""

    pilot: Pilot
    score: float
    level: Level

    @property
    def is_close(self) -> bool:
        return self.level is Level.CLOSE


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """Best first. `pilots`, `countries` and `stopped` count all that really is it, also past the limit of `hits`.

    `confidence`, from 0 to 1, is how sure it is that somebody tried it; `answered` says that it clears the floor.
    """

    hits: tuple[Hit, ...]
    answered: bool
    confidence: float
    pilots: int
    countries: int
    stopped: int
