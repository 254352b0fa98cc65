"""The sweep of the learning circles: some days after each round, or once all have answered, members get its summary.

Nothing is sent here: that is planned as a delivery, by a key of the circle, the round's day and the person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.check_ins import CheckInPlan, CheckInState
from bot.circles import SUMMARY, Circle
from bot.deliveries import Delivery
from bot.members import Preferences
from bot.ports import CheckInPlans, CheckIns, Circles, Deliveries, People
from jobs.calendars import WorkingCalendar

WAITS = timedelta(days=7)
GOOD_FOR = timedelta(days=7)  # after which the next round is nearer


@dataclass(frozen=True, slots=True, kw_only=True)
class CircleSweep:
    """Every replica may plan. Moderators begin circles, so they are few; members are read near a round only."""

    calendar: WorkingCalendar
    circles: Circles
    plans: CheckInPlans
    check_ins: CheckIns
    people: People
    deliveries: Deliveries

    async def __call__(self, at: datetime) -> int:
        """How many were not planned before."""
        planned = [due for circle in await self.circles.circles() for due in await self._due(circle, at)]
        return await self.deliveries.plan(planned)

    async def _due(self, circle: Circle, at: datetime) -> Sequence[Delivery]:
        # Two rounds may be near: where they are a week apart, one is over when the next one is asked.
        over, newest = self._round(circle, at - WAITS), self._round(circle, at)
        due: list[Delivery] = []
        if over is not None and at < over[1] + WAITS + GOOD_FOR:
            due += await self._summaries(circle, *over, await self._members(circle), at)
        if newest is not None and newest != over:
            members = await self._members(circle)
            if await self._have_all_answered(members, newest[0]):
                due += await self._summaries(circle, *newest, members, at)
        return due

    def _round(self, circle: Circle, at: datetime) -> tuple[date, datetime] | None:
        """The day by rights of the latest round then, and when it was asked where nobody said when they work."""
        plan = CheckInPlan(
            pilot_id=circle.id,
            community=circle.community,
            person="",
            rhythm=circle.rhythm,
            started_on=circle.started_on,
        )
        due = self.calendar.due_now(plan, Preferences(), at)
        return (due.on, due.at) if due else None

    async def _members(self, circle: Circle) -> Sequence[CheckInPlan]:
        plans = [await self.plans.plan(each) for each in await self.circles.joined(circle.id)]
        return [each for each in plans if each is not None and circle.keeps(each)]

    async def _have_all_answered(self, members: Sequence[CheckInPlan], on: date) -> bool:
        """Whoever was not asked yet has not."""
        for each in members:
            latest = await self.check_ins.latest(each.pilot_id)
            if latest is None or latest.on != on or latest.state is CheckInState.OPEN:
                return False
        return bool(members)

    async def _summaries(
        self, circle: Circle, on: date, asked_at: datetime, members: Sequence[CheckInPlan], at: datetime
    ) -> Sequence[Delivery]:
        people = {await self.people.person(circle.community, each.person) for each in members}
        return [
            Delivery(
                key=f"{SUMMARY} {circle.id} {on} {person}",
                kind=SUMMARY,
                community=circle.community,
                person=person,
                about=circle.id,
                payload={"circle": circle.id, "on": on.isoformat()},
                due_at=at,
                stale_after=asked_at + WAITS + GOOD_FOR,
            )
            for person in sorted(people)
        ]
