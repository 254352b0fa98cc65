"""Gather: pilots on one topic learn from each other, in one rhythm and with one summary of each round."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.cards import check_ins, oversight
from bot.cards import circles as cards
from bot.check_ins import CheckInPlan, PlanState
from bot.circles import BEGINS_AFTER, INVITATION, SUMMARY, TOLD, Circle, Told
from bot.deliveries import Delivery
from bot.messages import Message, Reply
from bot.oversight import Status
from bot.people import Person
from bot.places import Place
from bot.ports import Circles
from bot.skills.oversee import AT_ONCE, Oversee
from bot.skills.tend import Tend
from bot.voice import ENGLISH, speaking
from knowledge.pilots import Pilot, Stage
from knowledge.text import clean, fold
from knowledge.visibility import Viewer

_TOPIC_LIMIT = 100  # characters
_OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather:
    """`language` is what who has chosen none reads."""

    tend: Tend
    oversee: Oversee
    circles: Circles
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    language: str = ENGLISH

    async def __call__(self, rest: str, person: Person, place: Place) -> Message:
        """`/pilot circle <topic>, <rhythm>`, `/pilot circle <topic> off`, and without either which there are."""
        if no := await self.oversee.no(person, place):
            return no
        said = clean(rest).strip()
        if not said:
            return await self._all(person, place)
        first, _, last = said.rpartition(" ")
        if last.casefold() == _OFF:
            return await self._end(first.rstrip(", "), place)
        topic, _, rhythm = (each.strip() for each in said.rpartition(","))
        if not topic or not rhythm or len(topic) > _TOPIC_LIMIT:
            return cards.how()
        return await self._begin(topic, rhythm, person, place)

    async def answer(self, circle_id: str, pilot_id: str, person: Person, place: Place, *, is_yes: bool) -> Message:
        """Whoever may speak for the pilot joins with it; whoever joined and then says no is no member any more."""
        tended = await self.tend.one(pilot_id, person, place)
        if tended is None:
            return check_ins.not_yours()
        circle = await self._circle(circle_id, place.community)
        if circle is None or tended.plan.state is PlanState.STOPPED or tended.pilot.stage is Stage.STOPPED:
            return cards.over()
        if not is_yes:
            await self.circles.leave(circle.id, pilot_id)
            return cards.declined()
        if circle.keeps(tended.plan):
            await self.circles.join(circle.id, pilot_id)
            return cards.joined(circle, tended.pilot)

        def in_step(plan: CheckInPlan) -> CheckInPlan:
            if plan.state is PlanState.STOPPED:
                return plan
            return replace(
                plan,
                rhythm=circle.rhythm,
                started_on=circle.started_on,
                state=PlanState.ACTIVE,
                paused_until=None,
                snoozed_until=None,
                silences=0,
            )

        await self.tend.change(tended, in_step)
        await self.circles.join(circle.id, pilot_id)
        return cards.joined(circle, tended.pilot)

    async def words(self, delivery: Delivery, person: str) -> Reply | None:
        """What to say to this person, in their language; None where nobody wants it any more, or nothing was told."""
        circle = await self._circle(delivery.payload.get("circle", ""), delivery.community)
        if circle is None:
            return None
        member = await self.tend.members.member(delivery.community, person)
        language = member.preferences.language_or(self.language)
        with speaking(language):
            message = await self._message(delivery, circle, person)
        return Reply(content=message, is_private=True, language=language) if message else None

    async def _message(self, delivery: Delivery, circle: Circle, person: str) -> Message | None:
        if delivery.kind == INVITATION:
            return await self._invitation(delivery.about, circle, person)
        if delivery.kind == SUMMARY:
            return await self._summary(circle, date.fromisoformat(delivery.payload["on"]), person)
        return None

    async def _invitation(self, pilot_id: str, circle: Circle, person: str) -> Message | None:
        """Only to who could press its buttons, and not to members."""
        place = Place("", circle.community, "", is_private=True)
        tended = await self.tend.one(pilot_id, Person(person), place)
        if tended is None or tended.pilot.stage is Stage.STOPPED or tended.plan.state is PlanState.STOPPED:
            return None
        is_in = circle.keeps(tended.plan) and pilot_id in await self.circles.joined(circle.id)
        return None if is_in else cards.invitation(circle, tended.pilot)

    async def _summary(self, circle: Circle, on: date, person: str) -> Message | None:
        """Made when it is sent, for this one reader. What only they told is no news to them."""
        members = await self._members(circle)
        people, community = self.tend.people, circle.community
        own = {pilot.id for pilot, plan in members if await people.person(community, plan.person) == person}
        if not own:
            return None
        viewer = Viewer(circle.community, person)
        told = [each for pilot, _ in members if (each := await self._told(pilot, on, viewer)).learnings]
        return cards.summary(circle, on, told) if any(each.pilot.id not in own for each in told) else None

    async def _told(self, pilot: Pilot, on: date, viewer: Viewer) -> Told:
        """By the name of its check-in, which the names of its learnings begin with."""
        today = self.tend.today
        if not pilot.visibility.is_open_to(viewer, today):
            return Told(pilot, ())
        known = await self.tend.pilots.learnings(pilot.id)
        of_round = [each for each in known if each.id.startswith(f"{pilot.id}@{on}/") and each.kind in TOLD]
        told = [each for each in of_round if each.visibility.is_open_to(viewer, today)]
        return Told(pilot, tuple(sorted(told, key=lambda each: (TOLD.index(each.kind), each.id))))

    async def _all(self, person: Person, place: Place) -> Message:
        viewer = Viewer(place.community, person.id)
        found = []
        for circle in await self.circles.circles(place.community):
            pilots = [pilot for pilot, _ in await self._members(circle)]
            found.append((circle, [each for each in pilots if each.visibility.is_open_to(viewer, self.tend.today)]))
        return cards.circles(found[: cards.CIRCLES_SHOWN], max(0, len(found) - cards.CIRCLES_SHOWN))

    async def _begin(self, topic: str, typed: str, person: Person, place: Place) -> Message:
        if self.tend.calendar is None:
            return oversight.nobody_is_asked()
        rhythm = self.tend.calendar.rhythm(typed)  # where it is none, that is said by what it raises
        if known := await self._named(topic, place):
            return cards.there_already(known)
        found = await self.oversee.found(topic, person, place)
        live = [each for each in found if each.status is not Status.STOPPED]
        if not live or len(live) > AT_ONCE:
            return oversight.too_many(AT_ONCE) if live else oversight.none(topic)
        started_on = self.tend.today + BEGINS_AFTER
        circle = Circle(id=self.new_id(), community=place.community, topic=topic, rhythm=rhythm, started_on=started_on)
        await self.circles.begin(circle)
        await self.tend.deliveries.plan([self._invited(circle, each.plan) for each in live])
        return cards.begun(circle, len(live))

    def _invited(self, circle: Circle, plan: CheckInPlan) -> Delivery:
        """Whoever sends it waits for their working hours."""
        return Delivery(
            key=f"{INVITATION} {circle.id} {plan.pilot_id}",
            kind=INVITATION,
            community=circle.community,
            person=plan.person,
            about=plan.pilot_id,
            payload={"circle": circle.id},
            due_at=self.now(),
        )

    async def _end(self, topic: str, place: Place) -> Message:
        """What was still to be sent of it finds no circle, and is dropped then."""
        circle = await self._named(topic, place)
        if circle is None:
            return cards.none_such()
        await self.circles.end(circle.id)
        return cards.ended(circle)

    async def _members(self, circle: Circle) -> Sequence[tuple[Pilot, CheckInPlan]]:
        """By title."""
        joined = await self.circles.joined(circle.id)
        plans = [plan for each in joined if (plan := await self.tend.plans.plan(each)) and circle.keeps(plan)]
        pilots = await self.tend.pilots.pilots([each.pilot_id for each in plans])
        members = [(pilots[each.pilot_id], each) for each in plans if each.pilot_id in pilots]
        return sorted(members, key=lambda member: (member[0].title, member[0].id))

    async def _named(self, topic: str, place: Place) -> Circle | None:
        circles = await self.circles.circles(place.community)
        return next((each for each in circles if fold(each.topic) == fold(topic)), None)

    async def _circle(self, circle_id: str, community: str) -> Circle | None:
        return next((each for each in await self.circles.circles(community) if each.id == circle_id), None)
