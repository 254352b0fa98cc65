"""The sweep of the reminders: who has not answered a check-in is reminded once, gently and with the time left."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Protocol

from bot.check_ins import REMIND, CheckIn, PlanState
from bot.deliveries import Delivery, State
from bot.ports import CheckInPlans, CheckInRounds, CheckIns, Deliveries, MemberStore, People
from jobs.calendars import WorkingCalendar
from jobs.check_ins import key_of_day

REMIND_AFTER = timedelta(days=3)
TIME_LEFT = timedelta(days=1)  # with less there is the next one soon

_BATCH = 200


class Rounds(CheckIns, CheckInRounds, Protocol):
    """Both, as one store has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindSweep:
    calendar: WorkingCalendar
    plans: CheckInPlans
    check_ins: Rounds
    members: MemberStore
    people: People
    deliveries: Deliveries

    async def __call__(self, at: datetime) -> int:
        """How many are to be reminded that were not before. Raises UnavailableError where the database went away."""
        reminded, seen, asked_by = 0, set[str](), at - REMIND_AFTER
        while found := [each for each in await self.check_ins.unanswered(asked_by, _BATCH) if each.id not in seen]:
            seen |= {each.id for each in found}
            for each in found:
                reminder = await self._reminder(each, at)
                # By its key there is one, so it may well be planned before that is noted.
                reminded += await self.deliveries.plan([reminder]) if reminder else 0
                await self.check_ins.keep(replace(each, reminded_at=at))
        return reminded

    async def _reminder(self, check_in: CheckIn, at: datetime) -> Delivery | None:
        """None where nobody is to be reminded: it is not the newest, was put off or never sent, or is over soon."""
        plan, latest = await self.plans.plan(check_in.pilot_id), await self.check_ins.latest(check_in.pilot_id)
        if plan is None or plan.state is not PlanState.ACTIVE or plan.snoozed_until or latest != check_in:
            return None
        standing = await self.deliveries.standing(key_of_day(check_in.pilot_id, check_in.on))
        if standing is None or standing.state is not State.SENT:
            return None
        person = await self.people.person(plan.community, plan.person)
        preferences = (await self.members.member(plan.community, person)).preferences
        opens_at = self.calendar.opens_at(preferences, at)
        until = datetime.combine(check_in.until, time(), UTC) if check_in.until else None
        if opens_at is None or (until is not None and opens_at + TIME_LEFT > until):
            return None
        return Delivery(
            key=f"{REMIND} {check_in.id}",
            kind=REMIND,
            community=plan.community,
            person=plan.person,
            about=plan.pilot_id,
            payload={"on": check_in.on.isoformat()},
            due_at=opens_at,
            stale_after=until,
        )
