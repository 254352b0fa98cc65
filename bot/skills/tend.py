"""Tend: the pilots that somebody may speak for, and the plan by which people are asked about them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.check_ins import ASK, REMIND, CheckInPlan, Due, PlanState
from bot.people import Person
from bot.places import Place
from bot.ports import Calendar, CheckInPlans, Deliveries, MemberStore, People
from knowledge.errors import UnavailableError
from knowledge.index.analysis import words
from knowledge.pilots import Contact, Pilot, Stage
from knowledge.ports import PilotStore
from knowledge.questions import Question
from knowledge.search import Search
from knowledge.visibility import Viewer

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Tended:
    """A pilot with its plan, as it is kept or as it would begin."""

    pilot: Pilot
    plan: CheckInPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Tend:
    """Its owner, a colleague who took it over, the deputy and moderators speak for a pilot, and nobody else.

    Without a `calendar` nobody is asked: they tell what is new whenever they like.
    """

    pilots: PilotStore
    plans: CheckInPlans
    members: MemberStore
    people: People
    deliveries: Deliveries
    search: Search
    calendar: Calendar | None
    now: Callable[[], datetime]

    @property
    def today(self) -> date:
        return self.now().date()

    async def one(self, pilot_id: str, person: Person, place: Place) -> Tended | None:
        """None where there is none that this person may speak for: of others nothing is said."""
        pilot = await self.pilots.get(pilot_id)
        if pilot is None or place.is_outside or pilot.visibility.community != place.community:
            return None
        tended = Tended(pilot, await self.plans.plan(pilot_id) or self._begun(pilot, person))
        return tended if await self._speaks_for(tended, person) else None

    async def own(self, person: Person, place: Place) -> Sequence[Tended]:
        """Those that are the person's, and those whose check-ins they took over, by title."""
        ids: dict[str, None] = {}
        for account in await self.people.accounts(place.community, person.id):
            ids |= dict.fromkeys(each.id for each in await self.pilots.owned_by(place.community, account))
            ids |= dict.fromkeys(each.pilot_id for each in await self.plans.plans(place.community, account))
        found = [tended for each in ids if (tended := await self.one(each, person, place))]
        return sorted(found, key=lambda each: (each.pilot.title, each.pilot.id))

    async def named(self, text: str, person: Person, place: Place) -> Sequence[Tended]:
        """By id, else by words of the title: their own before others that they may speak for."""
        if tended := await self.one(text.strip(), person, place):
            return [tended]
        wanted, own = set(words(text)), await self.own(person, place)
        if fitting := [each for each in own if wanted <= set(words(each.pilot.title))]:
            return fitting
        viewer = Viewer(place.community, person.id)
        hits = await self.search.find(Question(text=text, topic=text), viewer, today=self.today)
        titled = [hit.pilot.id for hit in hits.hits if wanted <= set(words(hit.pilot.title))]
        return [tended for each in titled if (tended := await self.one(each, person, place))]

    async def change(self, tended: Tended, change: Callable[[CheckInPlan], CheckInPlan]) -> CheckInPlan:
        """Keep the plan otherwise, whatever others do to it meanwhile, with what is due by it. It holds at once."""
        plan = tended.plan
        for _ in range(_TRIES):
            changed = change(plan)
            due = await self.next_due(changed)
            changed = replace(changed, due_at=due.at if due else None)
            if await self.plans.keep(changed):
                return replace(changed, version=changed.version + 1)
            plan = await self.plans.plan(plan.pilot_id) or replace(plan, version=0)
        raise UnavailableError("The plan of a check-in is changed by others all the time.")

    async def replan(self, person: Person, place: Place) -> None:
        """What is due by each of their plans, once they changed when they may be written to."""
        for account in await self.people.accounts(place.community, person.id):
            for plan in await self.plans.plans(place.community, account):
                pilot = await self.pilots.get(plan.pilot_id)
                # What is due already, the next sweep asks in their time.
                if pilot is not None and (plan.due_at is None or plan.due_at > self.now()):
                    await self.change(Tended(pilot, plan), lambda latest: latest)

    async def next_due(self, plan: CheckInPlan, after: datetime | None = None) -> Due | None:
        if self.calendar is None or not plan.rhythm:
            return None
        # An account that was linked since is somebody who may have chosen otherwise.
        person = await self.people.person(plan.community, plan.person)
        preferences = (await self.members.member(plan.community, person)).preferences
        return self.calendar.next_due(plan, preferences, after or self.now())

    async def call_off(self, plan: CheckInPlan, note: str) -> None:
        """What was to be sent of a check-in, and is no longer wanted."""
        for kind in (ASK, REMIND):
            await self.deliveries.cancel(plan.community, self.now(), note, kind=kind, about=plan.pilot_id)

    async def readers(self, plan: CheckInPlan, person: Person) -> frozenset[str]:
        """Who reads what is for its owner and the moderators only."""
        moderators = {each.person for each in await self.members.moderators(plan.community)}
        return frozenset({plan.person, person.id, *moderators})

    def _begun(self, pilot: Pilot, person: Person) -> CheckInPlan:
        community = pilot.visibility.community
        assert community is not None
        asked = pilot.owner.person if pilot.owner and pilot.owner.person else person.id
        state = PlanState.STOPPED if pilot.stage is Stage.STOPPED else PlanState.ACTIVE
        return CheckInPlan(pilot_id=pilot.id, community=community, person=asked, started_on=self.today, state=state)

    async def _speaks_for(self, tended: Tended, person: Person) -> bool:
        pilot, plan = tended.pilot, tended.plan
        contacts = (each.person for each in (pilot.owner, pilot.deputy) if isinstance(each, Contact))
        kept = {plan.person} if plan.version else set()
        for theirs in {*kept, *contacts} - {None}:
            assert theirs is not None
            if theirs == person.id or await self.people.person(plan.community, theirs) == person.id:
                return True
        member = await self.members.member(plan.community, person.id)
        viewer = Viewer(plan.community, person.id)
        return member.role.may_moderate and pilot.visibility.is_open_to(viewer, self.today)
