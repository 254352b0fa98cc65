"""What a pilot records on the five dimensions: anchoring, criticality, exit plan, competence, values."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from knowledge.errors import InvalidRecordError
from knowledge.text import require_text

T = TypeVar("T")


class Level(StrEnum):
    POLITICAL = "political"
    TOP = "top"
    MIDDLE = "middle"
    OPERATIONAL = "operational"
    USER = "user"


class Sector(StrEnum):
    PUBLIC = "public"
    UNIVERSITY = "university"
    BUSINESS = "business"
    CIVIL_SOCIETY = "civil_society"


class Commitment(StrEnum):
    AWARE = "aware"
    SUPPORTS = "supports"
    COMMITTED = "committed"


class NextStep(StrEnum):
    SCALE = "scale"
    HAND_OVER = "hand_over"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stakeholder:
    """Someone the pilot leans on, by name or by role."""

    name: str
    level: Level
    sector: Sector = Sector.PUBLIC
    commitment: Commitment = Commitment.AWARE
    organisation: str | None = None
    last_contact: date | None = None

    def __post_init__(self) -> None:
        require_texts(self, "name", "organisation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Criticality:
    """Why the organisation would miss it: the goal it serves, how that is measured, what stopping would cost."""

    strategic_goal: str | None = None
    indicator: str | None = None
    if_stopped: str | None = None

    def __post_init__(self) -> None:
        require_texts(self, "strategic_goal", "indicator", "if_stopped")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitPlan:
    """What comes after the pilot: where it goes, who pays, owns and champions it, and what triggers it."""

    next_step: NextStep | None = None
    payer: str | None = None
    owner: str | None = None
    champion: str | None = None
    criterion: str | None = None
    threshold: str | None = None
    decide_by: date | None = None
    contract_route: str | None = None
    budget_line: str | None = None
    budget_deadline: date | None = None
    decommissioning: str | None = None

    def __post_init__(self) -> None:
        require_texts(
            self, "payer", "owner", "champion", "criterion", "threshold", "contract_route", "budget_line",
            "decommissioning",
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Competence:
    """Who must learn what to run it, and whether people still use it after 3 and 6 months."""

    training_needs: str | None = None
    training_planned: str | None = None
    training_done: str | None = None
    support_line: str | None = None
    manual: str | None = None
    usage_at_3_months: str | None = None
    usage_at_6_months: str | None = None

    def __post_init__(self) -> None:
        require_texts(
            self, "training_needs", "training_planned", "training_done", "support_line", "manual",
            "usage_at_3_months", "usage_at_6_months",
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeOff:
    """One value put before another: "openness over convenience", by whom, when, against which objections."""

    preferred: str
    over: str
    decided_by: str | None = None
    decided_on: date | None = None
    objections: str | None = None

    def __post_init__(self) -> None:
        require_texts(self, "preferred", "over", "decided_by", "objections")


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    trade_offs: tuple[TradeOff, ...] = ()
    impact_assessment: str | None = None
    legal_basis: str | None = None

    def __post_init__(self) -> None:
        require_texts(self, "impact_assessment", "legal_basis")
        object.__setattr__(self, "trade_offs", once_each(self.trade_offs))


def once_each(values: Iterable[T]) -> tuple[T, ...]:
    """In their order; saying a thing twice says no more."""
    return tuple(dict.fromkeys(values))


def require_texts(record: object, *fields: str) -> None:
    """Each named field is absent or valid text; the first that is not raises InvalidRecordError."""
    for field in fields:
        value = getattr(record, field)
        if value is None:
            continue
        if not isinstance(value, str):
            raise InvalidRecordError(f"{value!r} is not text", field=field)
        require_text(value, field)
