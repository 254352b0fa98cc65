"""Handing over: where nobody answers for a pilot any more, its deputy is asked, and then the moderators."""

from dataclasses import dataclass
from datetime import datetime

from bot.check_ins import OFFER, CheckInPlan
from bot.deliveries import Delivery
from bot.hand_overs import TAKE_OVER
from bot.ports import Deliveries, MemberStore, People
from knowledge.pilots import Pilot


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    people: People
    members: MemberStore
    deliveries: Deliveries

    async def deputy(self, plan: CheckInPlan, pilot: Pilot) -> str:
        """Who stands in for the person that is asked; "" where nobody else does."""
        if pilot.deputy is None or not pilot.deputy.person:
            return ""
        deputy = await self.people.person(plan.community, pilot.deputy.person)
        return "" if deputy == await self.people.person(plan.community, plan.person) else deputy

    async def offer(self, plan: CheckInPlan, at: datetime) -> None:
        """To whom it is offered by the plan; once, until somebody else is asked."""
        offer = Delivery(
            key=f"{OFFER} {plan.pilot_id} {plan.person} {plan.offered_to}",
            kind=OFFER,
            community=plan.community,
            person=plan.offered_to,
            about=plan.pilot_id,
            payload={"by": ""},  # nobody offers it: it is asked for by itself
            due_at=at,
        )
        await self.deliveries.plan([offer])

    async def ask_moderators(self, plan: CheckInPlan, at: datetime) -> None:
        """Once of each person who does not answer."""
        asked = [
            Delivery(
                key=f"{TAKE_OVER} {plan.pilot_id} {plan.person} {each.person}",
                kind=TAKE_OVER,
                community=plan.community,
                person=each.person,
                about=plan.pilot_id,
                due_at=at,
            )
            for each in await self.members.moderators(plan.community)
        ]
        await self.deliveries.plan(asked)
