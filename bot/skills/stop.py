"""Stop: a pilot that was stopped is a result worth having, with what was learned."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot import cards as labels
from bot.actions import StopPilot
from bot.cards import check_ins as cards
from bot.check_ins import PlanState
from bot.forms import Field, Form
from bot.messages import Message
from bot.people import Person
from bot.places import Place
from bot.skills.check_in_forms import masked
from bot.skills.tend import Tend, Tended
from bot.voice import say
from knowledge.dates import PartialDate
from knowledge.errors import InvalidRecordError
from knowledge.learnings import Learning, LearningKind, Origin
from knowledge.pilots import Direction, Pilot, Stage, value_at
from knowledge.ports import Author
from knowledge.text import shorten
from knowledge.visibility import Audience, Visibility

FORM = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    tend: Tend
    now: Callable[[], datetime]

    async def form(self, pilot_id: str, person: Person, place: Place) -> Message | Form:
        tended = await self.tend.one(pilot_id, person, place)
        return self._form(tended) if tended else cards.not_yours()

    async def take(self, pilot_id: str, values: Mapping[str, str], person: Person, place: Place) -> Message | Form:
        tended = await self.tend.one(pilot_id, person, place)
        if tended is None:
            return cards.not_yours()
        given = {name: masked(value) for name, value in values.items()}
        errors = {name: labels.fill_in() for name in ("because", "learned") if not given.get(name)}
        if given.get("direction", "") not in ("", *Direction):
            errors["direction"] = say("Please choose one of these.")
        if errors:
            return replace(self._form(tended, given), errors=errors)
        pilot = self._stopped(tended.pilot, given)
        await self.tend.pilots.save([pilot], Author(person.id, "stopped"), self.now())
        await self.tend.pilots.keep_learning(self._learning(tended, given["learned"]))
        await self.tend.call_off(tended.plan, "The pilot was stopped.")
        await self.tend.change(tended, lambda plan: replace(plan, state=PlanState.STOPPED, offered_to=""))
        return cards.stopped(pilot)

    def _form(self, tended: Tended, given: Mapping[str, str] | None = None) -> Form:
        outcome = tended.pilot.outcome
        directions = tuple((each, labels.direction(each)) for each in Direction)
        fields: tuple[Field, ...] = (
            Field(
                name="because",
                label=say("Why was it stopped?"),
                value=outcome.stopped_because or "",
                is_long=True,
                is_required=True,
            ),
            Field(
                name="learned",
                label=say("What would you tell the next who tries it?"),
                is_long=True,
                is_required=True,
            ),
            Field(
                name="outcome", label=say("What came of it, good or bad?"), value=outcome.summary or "", is_long=True
            ),
            Field(
                name="direction",
                label=say("Which way did the results point?"),
                value=outcome.direction or "",
                choices=(("", say("too early to say")), *directions),
            ),
        )
        if given is not None:
            fields = tuple(replace(each, value=given.get(each.name, "")) for each in fields)
        title = shorten(tended.pilot.title, 80)
        return Form(
            name=FORM,
            title=say("It was stopped"),
            lead=say("“{title}” stays to be found. What was learned spares others the same.", title=title),
            fields=fields,
            send=say("Send"),
            context=tended.pilot.id,
            action=StopPilot(tended.pilot.id),
        )

    def _stopped(self, pilot: Pilot, given: Mapping[str, str]) -> Pilot:
        direction = Direction(given["direction"]) if given.get("direction") else pilot.outcome.direction
        summary = given.get("outcome") or pilot.outcome.summary
        outcome = replace(pilot.outcome, stopped_because=given["because"], summary=summary, direction=direction)
        ended = pilot.dates.ended or PartialDate(self.tend.today.isoformat())
        try:
            dates = replace(pilot.dates, ended=ended)
        except InvalidRecordError:  # it was to start later
            dates = pilot.dates
        # What is answered now is no longer planned or unknown.
        bare = replace(pilot, stage=Stage.STOPPED, outcome=outcome, dates=dates, pending={})
        pending = {path: why for path, why in pilot.pending.items() if value_at(bare, path) in (None, ())}
        return replace(bare, pending=pending)

    def _learning(self, tended: Tended, text: str) -> Learning:
        own = tended.pilot.visibility
        visibility = own if own.audience is not Audience.PUBLIC else _of(tended)
        return Learning(
            id=f"{tended.pilot.id}@stopped/learned",
            pilot_id=tended.pilot.id,
            text=text,
            kind=LearningKind.NOTE,
            origin=Origin.CHECK_IN,
            author=tended.plan.person,
            told_at=self.now(),
            question=say("What would you tell the next who tries it?"),
            visibility=visibility,
        )


def _of(tended: Tended) -> Visibility:
    until = tended.pilot.visibility.embargo_until
    people = tended.pilot.visibility.people if until else frozenset[str]()
    return Visibility(audience=Audience.COMMUNITY, community=tended.plan.community, people=people, embargo_until=until)
