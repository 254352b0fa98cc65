"""The sweep of the check-ins: whoever is due by now is asked once, in their working time, and only the newest.

A plan is kept anew with the day it is asked for before anything is noted of that day, so of several replicas one goes
on with it; what a killed one left half done, the next pass does to its end. Nothing is sent here: that is planned as a
delivery, by a key that holds the pilot and the day.
"""

import logging
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from bot.check_ins import ASK, CheckIn, CheckInPlan, CheckInState, Due, PlanState, challenge_day
from bot.deliveries import Delivery, State
from bot.hand_overs import WHETHER
from bot.members import Preferences
from bot.ports import CheckInPlans, CheckIns, Deliveries, MemberStore, People
from jobs.calendars import WorkingCalendar
from jobs.hand_overs import HandOver
from knowledge.errors import PilotlightError, UnavailableError
from knowledge.pilots import Pilot
from knowledge.ports import PilotStore

SILENCES_TO_HALVE = 3
SILENCES_TO_ASK_WHETHER = 6
SILENCES_TO_PAUSE = 7

_BATCH = 200

_log = logging.getLogger(__name__)


class Step(StrEnum):
    """What became of a plan that was due."""

    ASKED = "asked"
    ASKED_AGAIN = "asked again"  # what was put off
    MOVED = "moved"  # another time is right by now
    TOO_LATE = "too late"
    OVER = "over"  # it is stopped or gone, or nobody answers any more
    TAKEN = "left to others"  # somebody changed it at this moment
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSweep:
    calendar: WorkingCalendar
    pilots: PilotStore
    plans: CheckInPlans
    check_ins: CheckIns
    members: MemberStore
    people: People
    deliveries: Deliveries
    hand_over: HandOver

    async def __call__(self, at: datetime) -> Counter[Step]:
        """One pass over what is due at that moment. Raises UnavailableError where the database went away."""
        steps: Counter[Step] = Counter()
        seen: set[str] = set()
        while plans := [each for each in await self.plans.due(at, _BATCH) if each.pilot_id not in seen]:
            seen |= {each.pilot_id for each in plans}
            for plan in plans:
                steps[await self._take(plan, at)] += 1
        return steps

    async def _take(self, plan: CheckInPlan, at: datetime) -> Step:
        try:
            return await self._one(plan, at)
        except UnavailableError:
            raise
        except PilotlightError as error:
            # A plan that cannot be read would be due in every pass, before all others.
            _log.error("A plan of check-ins is not followed any more: %s %s", plan.pilot_id, error)
            return await self._keep(replace(plan, due_at=None), Step.FAILED)

    async def _one(self, plan: CheckInPlan, at: datetime) -> Step:
        pilot = await self.pilots.get(plan.pilot_id)
        if pilot is None or pilot.stage == "stopped":
            return await self._keep(replace(plan, due_at=None), Step.OVER)
        person = await self.people.person(plan.community, plan.person)
        preferences = (await self.members.member(plan.community, person)).preferences
        due = self.calendar.due_now(plan, preferences, at)
        if due is None:
            return await self._go_on(plan, preferences, at)
        stale_after = self.calendar.stale_after(plan, preferences, due)
        if stale_after is not None and at > stale_after:
            return await self._drop(plan, preferences, due, stale_after, at)
        opens_at = self.calendar.opens_at(preferences, at)
        if opens_at is None or opens_at > at:
            return await self._keep(replace(plan, due_at=opens_at), Step.MOVED)
        if due.on == plan.asked_on:
            return await self._ask_again(plan, preferences, due, at)
        return await self._ask(plan, pilot, preferences, due, at)

    async def _ask(self, plan: CheckInPlan, pilot: Pilot, preferences: Preferences, due: Due, at: datetime) -> Step:
        latest = await self.check_ins.latest(plan.pilot_id)
        missed = latest if latest and latest.state is CheckInState.OPEN and latest.on < due.on else None
        is_silence = missed is not None and await self._was_told(missed)
        asked = replace(
            plan,
            asked_on=due.on,
            silences=plan.silences + is_silence,
            snoozed_until=None,
            state=PlanState.ACTIVE,
            paused_until=None,
        )
        if is_silence:
            asked = await self._after_silence(asked, pilot, due)
        # Still due: where this is cut off, the next pass finds the day without its check-in.
        if not await self.plans.keep(asked):
            return Step.TAKEN
        asked = replace(asked, version=asked.version + 1)
        if missed is not None:
            # Where it was answered at this moment, that holds.
            await self.check_ins.keep(replace(missed, state=CheckInState.MISSED))
        return await self._record(asked, preferences, due, at)

    async def _after_silence(self, plan: CheckInPlan, pilot: Pilot, due: Due) -> CheckInPlan:
        """After some, half as often, with the deputy asked to take it over; at last not at all."""
        if plan.silences >= SILENCES_TO_PAUSE:
            return replace(plan, state=PlanState.PAUSED)
        if plan.silences != SILENCES_TO_HALVE:
            return plan
        rhythm = self.calendar.halved(plan.rhythm)
        # Counted from its start, the next could be as near as before.
        started_on = plan.started_on if rhythm == plan.rhythm else due.on
        offered_to = plan.offered_to or await self.hand_over.deputy(plan, pilot)
        return replace(plan, rhythm=rhythm, started_on=started_on, offered_to=offered_to)

    async def _record(self, plan: CheckInPlan, preferences: Preferences, due: Due, at: datetime) -> Step:
        """What the plan says is asked; done twice it is done once."""
        if plan.silences >= SILENCES_TO_HALVE and plan.offered_to:
            await self.hand_over.offer(plan, at)
        if plan.silences >= (SILENCES_TO_ASK_WHETHER if plan.offered_to else SILENCES_TO_HALVE):
            await self.hand_over.ask_moderators(plan, at)
        if plan.state is PlanState.PAUSED:
            return await self._keep(replace(plan, due_at=None), Step.OVER)
        following = self.calendar.next_due(plan, preferences, due.at)
        check_in = CheckIn(
            pilot_id=plan.pilot_id,
            community=plan.community,
            person=plan.person,
            on=due.on,
            asked_at=at,
            question_set=plan.question_set,
            day=challenge_day(plan, due.on),
            until=following.on if following else None,
        )
        await self.check_ins.keep(check_in)
        kind = WHETHER if plan.silences >= SILENCES_TO_ASK_WHETHER else ASK
        await self._send(plan, preferences, due, at, kind=kind)
        return await self._advance(plan, preferences, at, Step.ASKED)

    async def _ask_again(self, plan: CheckInPlan, preferences: Preferences, due: Due, at: datetime) -> Step:
        """What was put off, as long as it is open; its silence is counted with the next one."""
        latest = await self.check_ins.latest(plan.pilot_id)
        if latest is not None and latest.on == due.on and latest.state is CheckInState.OPEN:
            await self._send(plan, preferences, due, at, again=f" again {plan.snoozed_until}")
            # To be asked once more is to be reminded.
            await self.check_ins.keep(replace(latest, reminded_at=latest.reminded_at or at))
            return await self._advance(replace(plan, snoozed_until=None), preferences, at, Step.ASKED_AGAIN)
        return await self._advance(replace(plan, snoozed_until=None), preferences, at, Step.MOVED)

    async def _go_on(self, plan: CheckInPlan, preferences: Preferences, at: datetime) -> Step:
        """Nothing is due, or it was begun by a pass that did not come to its end."""
        latest = await self.check_ins.latest(plan.pilot_id)
        is_begun = plan.asked_on is not None and (latest is None or latest.on < plan.asked_on)
        if plan.asked_on is None or not is_begun or plan.due_at is None:
            return await self._advance(plan, preferences, at, Step.MOVED)
        due = Due(plan.asked_on, plan.due_at)
        stale_after = self.calendar.stale_after(plan, preferences, due)
        if stale_after is not None and at > stale_after:
            return await self._advance(plan, preferences, at, Step.TOO_LATE)
        return await self._record(plan, preferences, due, at)

    async def _drop(
        self, plan: CheckInPlan, preferences: Preferences, due: Due, stale_after: datetime, at: datetime
    ) -> Step:
        """Noted as a delivery that is too late, which is seen where the others are."""
        await self.deliveries.plan([self._delivery(plan, due, due.at, stale_after)])
        dropped = replace(plan, asked_on=due.on, snoozed_until=None)
        return await self._advance(dropped, preferences, at, Step.TOO_LATE)

    async def _send(
        self, plan: CheckInPlan, preferences: Preferences, due: Due, at: datetime, *, kind: str = ASK, again: str = ""
    ) -> None:
        stale_after = self.calendar.stale_after(plan, preferences, due)
        if stale_after is not None and stale_after <= at:
            stale_after = None  # it is sent in this very moment
        await self.deliveries.plan([self._delivery(plan, due, at, stale_after, kind=kind, again=again)])

    def _delivery(
        self,
        plan: CheckInPlan,
        due: Due,
        at: datetime,
        stale_after: datetime | None,
        *,
        kind: str = ASK,
        again: str = "",
    ) -> Delivery:
        return Delivery(
            key=f"{key_of_day(plan.pilot_id, due.on)}{again}",
            kind=kind,
            community=plan.community,
            person=plan.person,
            about=plan.pilot_id,
            payload={"on": due.on.isoformat()},
            due_at=at,
            stale_after=stale_after,
        )

    async def _was_told(self, missed: CheckIn) -> bool:
        """Nobody is silent who was never asked."""
        standing = await self.deliveries.standing(key_of_day(missed.pilot_id, missed.on))
        return standing is not None and standing.state is State.SENT

    async def _advance(self, plan: CheckInPlan, preferences: Preferences, at: datetime, step: Step) -> Step:
        following = self.calendar.next_due(plan, preferences, at)
        return await self._keep(replace(plan, due_at=following.at if following else None), step)

    async def _keep(self, plan: CheckInPlan, step: Step) -> Step:
        return step if await self.plans.keep(plan) else Step.TAKEN


def key_of_day(pilot_id: str, on: date) -> str:
    """Of the delivery that asks on that day; one, whatever it says."""
    return f"{ASK} {pilot_id}@{on}"
