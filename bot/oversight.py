"""How the check-ins of a community go, as its moderators see it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.check_ins import CheckInPlan
from bot.deliveries import Standing
from knowledge.pilots import Pilot


class Status(StrEnum):
    """In the order in which they need somebody."""

    LATE = "late"  # asked a week ago or earlier, and not answered
    DUE = "due"  # within a week
    ASKED = "asked"
    LATER = "later"
    NOT_ASKED = "not asked"  # nobody chose a rhythm yet, or it is over
    PAUSED = "paused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overseen:
    """One pilot with its plan; of the last quarter, how often it was asked about and how often answered.

    `asked_at` where that still waits for its answer.
    """

    pilot: Pilot
    plan: CheckInPlan
    status: Status
    asked_at: datetime | None = None
    asked: int = 0
    answered: int = 0

    @property
    def due_stamp(self) -> float:
        """What is due earlier is smaller; what is not due is last."""
        return self.plan.due_at.timestamp() if self.plan.due_at else float("inf")


@dataclass(frozen=True, slots=True)
class Unsent:
    """A dead letter with the mark of its key, and the pilot it is about where the moderator may know of it."""

    standing: Standing
    mark: str
    pilot: Pilot | None = None
