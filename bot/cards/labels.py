"""How things are called: dimensions, stages, results, people, days."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from bot.voice import phrase, say, spoken
from knowledge.answers import Learned
from knowledge.countries import country_name
from knowledge.dates import written as written_day
from knowledge.dimensions import Dimension, Progress
from knowledge.pilots import BarrierKind, Contact, Direction, Pilot, Stage

DIMENSIONS = {
    Dimension.ANCHORING: phrase("Anchoring"),
    Dimension.CRITICALITY: phrase("Criticality"),
    Dimension.EXIT_PLAN: phrase("Exit plan"),
    Dimension.COMPETENCE: phrase("Competence"),
    Dimension.VALUES: phrase("Values"),
}


DIRECTIONS = {
    Direction.POSITIVE: phrase("good results"),
    Direction.MIXED: phrase("mixed results"),
    Direction.NONE: phrase("no effect found"),
    Direction.NEGATIVE: phrase("bad results"),
}


STAGES = {
    Stage.PLANNED: phrase("planned"),
    Stage.DEVELOPMENT: phrase("in development"),
    Stage.PILOT: phrase("pilot"),
    Stage.IMPLEMENTED: phrase("in use"),
    Stage.COMPLETED: phrase("completed"),
    Stage.STOPPED: phrase("stopped"),
    Stage.UNKNOWN: "",
}


BARRIERS = {
    BarrierKind.PROCUREMENT: phrase("procurement"),
    BarrierKind.LEGAL: phrase("law and liability"),
    BarrierKind.FUNDING: phrase("money"),
    BarrierKind.DATA: phrase("data"),
    BarrierKind.TECHNOLOGY: phrase("technology"),
    BarrierKind.SKILLS: phrase("skills and staff"),
    BarrierKind.CULTURE: phrase("habits and resistance"),
    BarrierKind.LEADERSHIP: phrase("leadership"),
    BarrierKind.PUBLIC_TRUST: phrase("public trust"),
    BarrierKind.COORDINATION: phrase("coordination with others"),
    BarrierKind.OTHER: phrase("something else"),
}


def day(moment: date | datetime) -> str:
    """As people write it: 22 November 2026."""
    return written_day(moment, spoken())


def stage(named: Stage) -> str:
    """What people call a stage; "" of the unknown one."""
    return say(STAGES[named])


def barrier(named: BarrierKind) -> str:
    return say(BARRIERS[named])


def direction(named: Direction) -> str:
    return say(DIRECTIONS[named])


def meters(done: Mapping[Dimension, Progress]) -> tuple[tuple[str, int, int], ...]:
    return tuple((say(DIMENSIONS[each]), state.answered, state.asked) for each, state in done.items() if state.asked)


def details(shown: Pilot) -> tuple[str, ...]:
    """Who tried it, where, when, and what became of it: nothing that only some may know."""
    results = shown.outcome.direction
    known = (
        shown.organisation,
        country_name(shown.country, spoken()) if shown.country else None,
        str(shown.year) if shown.year else None,
        stage(shown.stage),
        direction(results) if results else None,
    )
    return tuple(detail for detail in known if detail)


def contact(contact: Contact) -> str:
    organisation = f" ({contact.organisation})" if contact.organisation else ""
    return f"{contact.name}{organisation}{f', {contact.address}' if contact.address else ''}"


def learned(each: Learned) -> str:
    """When it was told, by whom where all who read it know them as the contact, and the sentence that answers."""
    told_on = day(each.learning.told_at)
    if each.by:
        return say("As told on {day} by {name}: {text}", day=told_on, name=each.by, text=each.excerpt)
    return say("As told on {day}: {text}", day=told_on, text=each.excerpt)


def any_of(names: Iterable[str]) -> str:
    return say(" or ").join(names)
