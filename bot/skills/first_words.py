"""First words: what is said to somebody who did not just say something, when a delivery around check-ins is sent."""

from dataclasses import dataclass

from bot.cards import check_ins as cards
from bot.check_ins import ASK, DECLINED, OFFER, POST, REMIND, CheckInState, PlanState
from bot.deliveries import Delivery
from bot.messages import Message, Reply
from bot.people import Person
from bot.places import Place
from bot.ports import CheckIns
from bot.skills.tend import Tend
from bot.voice import ENGLISH, speaking
from knowledge.visibility import Audience


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstWords:
    """`language` is what rooms read."""

    tend: Tend
    check_ins: CheckIns
    language: str = ENGLISH

    async def __call__(self, delivery: Delivery, person: str) -> Reply | None:
        """What to say to this person, in their language; None where nobody wants it any more.

        Of POST what the channel reads, whoever that is.
        """
        member = await self.tend.members.member(delivery.community, person)
        preferred = member.preferences.language_or(self.language)
        language = self.language if delivery.kind == POST else preferred
        with speaking(language):
            message = await self._message(delivery, person)
        is_private = delivery.kind != POST
        return Reply(content=message, is_private=is_private, language=language) if message else None

    async def _message(self, delivery: Delivery, person: str) -> Message | None:
        if delivery.kind in (ASK, REMIND):
            return await self._ask(delivery, person)
        if delivery.kind in (OFFER, DECLINED):
            return await self._offer(delivery, person)
        return await self._post(delivery) if delivery.kind == POST else None

    async def _ask(self, delivery: Delivery, person: str) -> Message | None:
        place = Place("", delivery.community, "", is_private=True)
        tended = await self.tend.one(delivery.about, Person(person), place)
        check_in = await self.check_ins.latest(delivery.about)
        if tended is None or check_in is None or check_in.state is not CheckInState.OPEN:
            return None
        if tended.plan.state is not PlanState.ACTIVE:
            return None
        last = await self.check_ins.answered(delivery.about, check_in.on)
        return cards.ask(tended.pilot, check_in, last, is_reminder=delivery.kind == REMIND)

    async def _offer(self, delivery: Delivery, person: str) -> Message | None:
        pilot, plan = await self.tend.pilots.get(delivery.about), await self.tend.plans.plan(delivery.about)
        if pilot is None or plan is None or plan.community != delivery.community:
            return None
        if delivery.kind == DECLINED:
            return cards.was_declined(pilot)
        is_offered = plan.offered_to and await self.tend.people.person(plan.community, plan.offered_to) == person
        owner = pilot.owner
        by = owner.name if owner and owner.person == delivery.payload.get("by") else ""
        return cards.offer(pilot, by) if is_offered else None

    async def _post(self, delivery: Delivery) -> Message | None:
        """Nothing of a pilot that not all of the community may see."""
        pilot, check_in = await self.tend.pilots.get(delivery.about), await self.check_ins.latest(delivery.about)
        if pilot is None or check_in is None or check_in.id != delivery.payload.get("check_in"):
            return None
        is_for_all = pilot.visibility.audience is not Audience.RESTRICTED and not pilot.visibility.embargo_until
        is_wanted = is_for_all and check_in.is_for_channel and check_in.answers
        return cards.post(pilot, check_in) if is_wanted else None
