"""The five dimensions: what a pilot should be able to say at its stage, and what of it is missing."""

import functools
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from importlib import resources

from knowledge.dimension_records import Commitment, Level
from knowledge.errors import InvalidFileError
from knowledge.pilots import Pilot, Planned, Stage, Unknown, value_at

QUARTER = timedelta(days=92)

_ORDER = (Stage.PLANNED, Stage.DEVELOPMENT, Stage.PILOT, Stage.IMPLEMENTED, Stage.COMPLETED)


class Dimension(StrEnum):
    ANCHORING = "anchoring"
    CRITICALITY = "criticality"
    EXIT_PLAN = "exit_plan"
    COMPETENCE = "competence"
    VALUES = "values"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing a pilot should be able to say; knowledge/dimensions.toml explains each field."""

    name: str
    dimension: Dimension
    field: str
    why: str
    ask: str
    weight: int
    first_stage: Stage
    last_stage: Stage
    days_before: int | None
    needs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What is missing. `by` is the day it should be closed, where one is known; `reason` is one sentence."""

    rule: str
    dimension: Dimension
    field: str
    reason: str
    question: str
    by: date | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of the things asked of a pilot at its stage it can say. No mark: `asked` may well be 0."""

    answered: int
    asked: int


def gaps(pilot: Pilot, on: date) -> tuple[Gap, ...]:
    """What is missing on a day, most urgent first: overdue, then due soonest; among equals what weighs most."""
    missing = [rule for rule in _asked(pilot, on) if not _is_quiet(pilot, rule, on)]
    missing.sort(key=lambda rule: (max(_due(pilot, rule, on) or date.max, on), -rule.weight, rule.name))
    return tuple(
        Gap(
            rule=rule.name,
            dimension=rule.dimension,
            field=rule.field,
            reason=rule.why,
            question=rule.ask,
            by=_due(pilot, rule, on),
        )
        for rule in missing
    )


def progress(pilot: Pilot, on: date) -> Mapping[Dimension, Progress]:
    """All five, in their order. What is planned or unknown counts as not yet answered."""
    asked = _asked(pilot, on)
    return {
        dimension: Progress(
            sum(_is_satisfied(pilot, rule, on) for rule in asked if rule.dimension is dimension),
            sum(rule.dimension is dimension for rule in asked),
        )
        for dimension in Dimension
    }


@functools.cache
def rules() -> tuple[Rule, ...]:
    """The shipped rules, in the order of the file."""
    text = resources.files("knowledge").joinpath("dimensions.toml").read_text(encoding="utf-8")
    return read_rules(text)


def read_rules(text: str) -> tuple[Rule, ...]:
    """Rules from TOML; InvalidFileError names the rule that cannot be."""
    found: list[Rule] = []
    for number, table in enumerate(tomllib.loads(text).get("rule", []), 1):
        try:
            found.append(_read_rule(table))
        except (KeyError, ValueError) as error:
            raise InvalidFileError(f"Rule {table.get('name', number)}: {error} is missing or not allowed.") from None
    return tuple(found)


def _read_rule(table: Mapping[str, str]) -> Rule:
    needs = table.get("needs", "an answer")
    if needs not in _CHECKS:
        raise ValueError(f"needs = {needs!r}")
    first = Stage(table["from"])
    return Rule(
        name=table["name"],
        dimension=Dimension(table["dimension"]),
        field=table["field"],
        why=table["why"],
        ask=table["ask"],
        weight=int(table["weight"]),
        first_stage=first,
        last_stage=Stage(table.get("until", Stage.IMPLEMENTED)),
        days_before=int(table["days_before"]) if "days_before" in table else None,
        needs=needs,
    )


def _asked(pilot: Pilot, on: date) -> list[Rule]:
    """The rules that hold at the pilot's stage, or because its money ends soon."""
    return [rule for rule in rules() if _holds_at(rule, pilot.stage) or _ends_within(pilot, rule, on)]


def _holds_at(rule: Rule, stage: Stage) -> bool:
    if Stage.STOPPED in (stage, rule.first_stage):
        return stage is rule.first_stage
    # Of a pilot whose stage nobody gave we ask what any plan should know.
    place = _ORDER.index(Stage.PLANNED if stage is Stage.UNKNOWN else stage)
    return _ORDER.index(rule.first_stage) <= place <= _ORDER.index(rule.last_stage)


def _ends_within(pilot: Pilot, rule: Rule, on: date) -> bool:
    ends = pilot.funding.ends
    is_live = pilot.stage not in (Stage.STOPPED, Stage.COMPLETED)
    return bool(ends and rule.days_before and is_live and ends.last() - on <= timedelta(days=rule.days_before))


def _due(pilot: Pilot, rule: Rule, on: date) -> date | None:
    """The day to close a gap: its promised day once that has passed, else so many days before the money ends."""
    promised = pilot.pending.get(rule.field)
    if isinstance(promised, Planned):
        return promised.by
    if _ends_within(pilot, rule, on) and pilot.funding.ends and rule.days_before:
        return pilot.funding.ends.last() - timedelta(days=rule.days_before)
    return None


def _is_quiet(pilot: Pilot, rule: Rule, on: date) -> bool:
    """Satisfied; or promised by a day not yet past; or said to be unknown, with the reason."""
    match pilot.pending.get(rule.field):
        case Planned(by):
            return on <= by
        case Unknown():
            return True
        case None:
            return _is_satisfied(pilot, rule, on)


def _is_satisfied(pilot: Pilot, rule: Rule, on: date) -> bool:
    return _CHECKS[rule.needs](pilot, rule.field, on)


def _has_answer(pilot: Pilot, field: str, _on: date) -> bool:
    return value_at(pilot, field) not in (None, ())


def _someone_committed(level: Level) -> Callable[[Pilot, str, date], bool]:
    return lambda pilot, _field, _on: any(
        each.level is level and each.commitment is Commitment.COMMITTED for each in pilot.stakeholders
    )


def _users_named(pilot: Pilot, _field: str, _on: date) -> bool:
    return any(each.level is Level.USER for each in pilot.stakeholders)


def _two_committed(pilot: Pilot, _field: str, _on: date) -> bool:
    return sum(each.commitment is Commitment.COMMITTED for each in pilot.stakeholders) >= 2


def _recent_contact(pilot: Pilot, _field: str, on: date) -> bool:
    return any(each.last_contact and on - each.last_contact <= QUARTER for each in pilot.stakeholders)


def _independently_evaluated(pilot: Pilot, _field: str, _on: date) -> bool:
    return any(each.independent for each in pilot.evaluations)


_CHECKS: dict[str, Callable[[Pilot, str, date], bool]] = {
    "an answer": _has_answer,
    "someone committed at the top": _someone_committed(Level.TOP),
    "someone committed in the middle": _someone_committed(Level.MIDDLE),
    "users named": _users_named,
    "two people committed": _two_committed,
    "contact within a quarter": _recent_contact,
    "an independent evaluation": _independently_evaluated,
}
