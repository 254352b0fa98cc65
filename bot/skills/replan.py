"""Replan: in which rhythm somebody is asked about a pilot, when not, and who is."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.actions import ChangeCheckIns
from bot.cards import check_ins as cards
from bot.check_ins import DECLINED, OFFER, CheckIn, CheckInPlan, CheckInState, PlanState
from bot.deliveries import Delivery
from bot.forms import Field, Form
from bot.messages import Message
from bot.people import Person
from bot.places import Place
from bot.ports import CheckIns, Reaches
from bot.skills.check_in_forms import read_day
from bot.skills.tend import Tend, Tended
from bot.voice import say
from knowledge.errors import PilotlightError
from knowledge.text import clean, fold, shorten

FORM = "check-ins"
_ASK, _PAUSE = "ask", "pause"
_MENTION = re.compile(r"<@([A-Za-z0-9]+)(?:\|[^>]*)?>")
_LONGEST_RHYTHM = 7  # words
_LONGEST_WAIT = timedelta(days=731)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replan:
    """`by` in what is sent to a colleague is the id of whoever offers it."""

    tend: Tend
    check_ins: CheckIns
    reaches: Reaches
    now: Callable[[], datetime]

    async def rhythm(self, rest: str, person: Person, place: Place) -> Message:
        """`/pilot rhythm <pilot> <rhythm>`; without a rhythm, how it is."""
        if self.tend.calendar is None:
            return cards.nobody_is_asked()
        named, rhythm = self._split(rest)
        if not rest.strip():
            return cards.which_rhythm()
        found = await self.tend.named(named, person, place) if named else await self.tend.own(person, place)
        match found:
            case []:
                return cards.not_yours() if rhythm else cards.which_rhythm()
            case [tended]:
                return await self._set(tended, rhythm) if rhythm else cards.rhythm(tended.pilot, tended.plan)
            case several:
                return cards.which_of([each.pilot for each in several])

    async def set_rhythm(self, pilot_id: str, rhythm: str, person: Person, place: Place) -> Message:
        tended = await self.tend.one(pilot_id, person, place)
        if tended is None:
            return cards.not_yours()
        if self.tend.calendar is None:
            return cards.nobody_is_asked()
        read = self._read(rhythm)
        return await self._set(tended, read) if read else cards.which_rhythm()

    async def put_off(self, check_in_id: str, days: int, person: Person, place: Place) -> Message:
        tended = await self.tend.one(check_in_id.partition("@")[0], person, place)
        if tended is None:
            return cards.not_yours()
        latest = await self.check_ins.latest(tended.pilot.id)
        if latest is None or latest.id != check_in_id or latest.state is not CheckInState.OPEN:
            return cards.over()
        until = self.tend.today + timedelta(days=days)
        await self._put_off(tended, until)
        return cards.put_off(tended.pilot, until)

    async def form(self, pilot_id: str, person: Person, place: Place) -> Message | Form:
        tended = await self.tend.one(pilot_id, person, place)
        return self._form(tended) if tended else cards.not_yours()

    async def take(self, pilot_id: str, values: Mapping[str, str], person: Person, place: Place) -> Message | Form:
        """All of it or nothing; a change holds at once."""
        tended = await self.tend.one(pilot_id, person, place)
        if tended is None:
            return cards.not_yours()
        given = {name: clean(value) for name, value in values.items()}
        rhythm, errors = tended.plan.rhythm, dict[str, str]()
        if given.get("rhythm"):
            rhythm = self._read(given["rhythm"])
            if not rhythm:
                errors["rhythm"] = say("I do not know that rhythm. Please write it as every 2 weeks or first Tuesday.")
        until = read_day(given.get("until", "")) if given.get("until") else None
        if given.get("until") and (until is None or not self.tend.today < until <= self.tend.today + _LONGEST_WAIT):
            errors["until"] = say("Please write a day within the next two years, such as 2026-07-01.")
        if given.get("asking", _ASK) not in (_ASK, _PAUSE):
            errors["asking"] = say("Please choose one of these.")
        colleague = await self._colleague(given.get("colleague", ""), tended, person) if given.get("colleague") else ""
        if given.get("colleague") and not colleague:
            errors["colleague"] = say("I have not met them here. Please ask them to write to me once; then try again.")
        if errors:
            return replace(self._form(tended, given), errors=errors)
        is_paused = given.get("asking") == _PAUSE
        plan = await self._keep(tended, rhythm, until, colleague, is_paused=is_paused)
        if colleague:
            await self._send(OFFER, colleague, tended.pilot.id, plan, person)
        return cards.changed(tended.pilot, plan, given.get("colleague", ""))

    async def answer_offer(self, pilot_id: str, person: Person, place: Place, *, is_yes: bool) -> Message:
        """Only whom it was offered to can answer it."""
        plan, pilot = await self.tend.plans.plan(pilot_id), await self.tend.pilots.get(pilot_id)
        if plan is None or pilot is None or place.is_outside or plan.community != place.community:
            return cards.no_offer()
        if not plan.offered_to or await self.tend.people.person(plan.community, plan.offered_to) != person.id:
            return cards.no_offer()
        before = plan.person
        if not is_yes:
            declined = await self.tend.change(Tended(pilot, plan), lambda latest: replace(latest, offered_to=""))
            await self._send(DECLINED, before, pilot_id, declined, person)
            return cards.declined()

        def accepted(latest: CheckInPlan) -> CheckInPlan:
            # Where it was offered to somebody else at this moment, that holds.
            if latest.offered_to != plan.offered_to:
                return latest
            return replace(latest, person=person.id, offered_to="", silences=0)

        taken = await self.tend.change(Tended(pilot, plan), accepted)
        if taken.person != person.id:
            return cards.no_offer()
        await self.tend.call_off(plan, "Somebody else is asked now.")
        await self._hand_on(pilot_id, person)
        return cards.accepted(pilot, taken)

    async def _set(self, tended: Tended, rhythm: str) -> Message:
        def with_rhythm(plan: CheckInPlan) -> CheckInPlan:
            # A rhythm begins anew: a challenge counts its days from here.
            started_on = plan.started_on if plan.rhythm == rhythm else self.tend.today
            return replace(plan, rhythm=rhythm, started_on=started_on, silences=0, snoozed_until=None)

        return cards.changed(tended.pilot, await self.tend.change(tended, with_rhythm))

    async def _keep(
        self, tended: Tended, rhythm: str, until: date | None, colleague: str, *, is_paused: bool
    ) -> CheckInPlan:
        def changed(plan: CheckInPlan) -> CheckInPlan:
            started_on = plan.started_on if plan.rhythm == rhythm else self.tend.today
            state = plan.state
            if state is not PlanState.STOPPED:
                state = PlanState.PAUSED if is_paused else PlanState.ACTIVE
            return replace(
                plan,
                rhythm=rhythm,
                started_on=started_on,
                state=state,
                paused_until=until if is_paused else None,
                snoozed_until=None if is_paused else until,
                offered_to=colleague or plan.offered_to,
                silences=0,
            )

        plan = await self.tend.change(tended, changed)
        if is_paused or until:
            await self.tend.call_off(plan, "It was put off.")
        if is_paused:
            await self._leave_out(tended.pilot.id)
        return plan

    async def _put_off(self, tended: Tended, until: date) -> None:
        await self.tend.change(tended, lambda plan: replace(plan, snoozed_until=until, silences=0))
        await self.tend.call_off(tended.plan, "It was put off.")

    async def _leave_out(self, pilot_id: str) -> None:
        latest = await self.check_ins.latest(pilot_id)
        if latest and latest.state is CheckInState.OPEN:
            await self.check_ins.keep(replace(latest, state=CheckInState.SKIPPED, words=""))

    async def _hand_on(self, pilot_id: str, person: Person) -> None:
        latest: CheckIn | None = await self.check_ins.latest(pilot_id)
        if latest and latest.state is CheckInState.OPEN:
            await self.check_ins.keep(replace(latest, person=person.id, words=""))

    async def _send(self, kind: str, to: str, pilot_id: str, plan: CheckInPlan, by: Person) -> None:
        delivery = Delivery(
            key=f"{kind} {pilot_id} {plan.version}",
            kind=kind,
            community=plan.community,
            person=to,
            about=pilot_id,
            payload={"by": by.id},
            due_at=self.now(),
        )
        await self.tend.deliveries.plan([delivery])

    async def _colleague(self, typed: str, tended: Tended, person: Person) -> str:
        """Who that is here, by an id, a mention or the name that stands at a pilot; "" where nobody is known so."""
        plan = tended.plan
        mentioned = _MENTION.fullmatch(typed)
        name = mentioned[1] if mentioned else typed.removeprefix("@")
        accounts = await self.tend.people.accounts(plan.community, name)
        if await self.reaches.reaches(plan.community, accounts):
            return await self.tend.people.person(plan.community, name)
        asked = await self.tend.plans.plans(plan.community)
        pilots = await self.tend.pilots.pilots([each.pilot_id for each in asked])
        contacts = [each for pilot in (tended.pilot, *pilots.values()) for each in (pilot.deputy, pilot.owner) if each]
        named = {each.person for each in contacts if each.person and fold(each.name) == fold(name)} - {person.id}
        return named.pop() if len(named) == 1 else ""

    def _split(self, rest: str) -> tuple[str, str]:
        """The pilot and the rhythm, which is as many of the last words as make one."""
        said: Sequence[str] = rest.split()
        for start in range(max(0, len(said) - _LONGEST_RHYTHM), len(said)):
            if rhythm := self._read(" ".join(said[start:])):
                return " ".join(said[:start]), rhythm
        return " ".join(said), ""

    def _read(self, typed: str) -> str:
        """As the calendar writes it; "" where it knows none such."""
        try:
            return self.tend.calendar.rhythm(typed) if self.tend.calendar else ""
        except PilotlightError:
            return ""

    def _form(self, tended: Tended, given: Mapping[str, str] | None = None) -> Form:
        plan = tended.plan
        until = plan.paused_until or plan.snoozed_until
        asking = ((_ASK, say("yes")), (_PAUSE, say("pause, until that day or until I say so")))
        fields: tuple[Field, ...] = (
            Field(
                name="rhythm",
                label=say("How often?"),
                value=plan.rhythm,
                hint=say("such as every 2 weeks, every month, every quarter, first Tuesday or 100 days"),
            ),
            Field(
                name="asking",
                label=say("Shall I ask?"),
                value=_PAUSE if plan.state is PlanState.PAUSED else _ASK,
                choices=asking,
            ),
            Field(
                name="until",
                label=say("Not before"),
                value=until.isoformat() if until else "",
                hint=say("a day, such as 2026-07-01"),
            ),
            Field(
                name="colleague",
                label=say("Shall I ask a colleague instead?"),
                hint=say("their id or name here; I ask them first whether they take it over"),
            ),
        )
        if given is not None:
            fields = tuple(replace(each, value=given.get(each.name, "")) for each in fields)
        return Form(
            name=FORM,
            title=say("Check-ins"),
            lead=shorten(tended.pilot.title, 80),
            fields=fields,
            send=say("Save"),
            context=tended.pilot.id,
            action=ChangeCheckIns(tended.pilot.id),
        )
