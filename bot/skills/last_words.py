"""Last words: what is said once nobody answers check-ins any more, to the person and to the moderators."""

from dataclasses import dataclass

from bot.cards.hand_overs import take_over, whether
from bot.check_ins import CheckInState, PlanState
from bot.deliveries import Delivery
from bot.hand_overs import TAKE_OVER, WHETHER
from bot.messages import Message, Reply
from bot.ports import CheckInPlans, CheckIns, MemberStore
from bot.voice import ENGLISH, speaking
from knowledge.pilots import Pilot
from knowledge.ports import PilotStore


@dataclass(frozen=True, slots=True, kw_only=True)
class LastWords:
    """`language` is that of whoever has not chosen another."""

    pilots: PilotStore
    plans: CheckInPlans
    check_ins: CheckIns
    members: MemberStore
    language: str = ENGLISH

    async def __call__(self, delivery: Delivery, person: str) -> Reply | None:
        """What to say to this person, in their language; None where nobody wants it any more."""
        member = await self.members.member(delivery.community, person)
        pilot, plan = await self.pilots.get(delivery.about), await self.plans.plan(delivery.about)
        if pilot is None or plan is None or plan.community != delivery.community or plan.state is PlanState.STOPPED:
            return None
        language = member.preferences.language_or(self.language)
        with speaking(language):
            message = await self._message(delivery, pilot, may_moderate=member.role.may_moderate)
        return Reply(content=message, is_private=True, language=language) if message else None

    async def _message(self, delivery: Delivery, pilot: Pilot, *, may_moderate: bool) -> Message | None:
        if delivery.kind == TAKE_OVER:
            return take_over(pilot) if may_moderate else None
        latest = await self.check_ins.latest(pilot.id)
        is_wanted = delivery.kind == WHETHER and latest and latest.state is CheckInState.OPEN
        return whether(pilot, latest) if latest and is_wanted else None
