"""Keeping what was told in a check-in: as learnings that can be found at once, and in the plan of what comes next."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.cards import check_ins as cards
from bot.check_ins import POST, CheckIn, CheckInPlan, CheckInState, Sharing
from bot.deliveries import Delivery
from bot.messages import Message
from bot.people import Person
from bot.places import Place
from bot.ports import CheckIns
from bot.question_sets import wording
from bot.skills.check_in_forms import CheckInForms, in_the_way
from bot.skills.tend import Tend, Tended
from bot.skills.unblock import Unblock
from bot.voice import say
from knowledge.errors import UnavailableError
from knowledge.learnings import Learning, LearningKind, Origin
from knowledge.pilots import Pilot
from knowledge.visibility import Audience, Visibility

POST_AFTER = timedelta(minutes=10)  # what is corrected at once is posted as corrected

_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    tend: Tend
    check_ins: CheckIns
    forms: CheckInForms
    unblock: Unblock
    now: Callable[[], datetime]

    async def keep(
        self, tended: Tended, check_in: CheckIn, change: Callable[[CheckIn], CheckIn], person: Person, place: Place
    ) -> Message:
        """The answers, as learnings that can be found at once; and thanks."""
        before = set(check_in.answers)
        kept = await self.change(check_in, lambda latest: replace(change(latest), answered_at=self.now()))
        await self._learn(tended, kept, before, person)
        plan = await self.settle(tended, kept)
        await self._announce(kept)
        if kept.state is CheckInState.NOTHING_NEW:
            return cards.nothing_new(tended.pilot, plan)
        blocked = [(each, await self.unblock.solved(tended.pilot, each, person, place)) for each in in_the_way(kept)]
        wanted = [
            wording(question, of)
            for question, of in self.forms.led_to(tended, kept)
            if question.key not in kept.answers
        ]
        wants_stop = any(each.text == say("stop it") for each in kept.answers.values())
        return cards.kept(tended.pilot, kept, plan, blocked=blocked, follow_up=" ".join(wanted), wants_stop=wants_stop)

    async def _learn(self, tended: Tended, kept: CheckIn, before: set[str], person: Person) -> None:
        readers = await self.tend.readers(tended.plan, person)
        for key in before - set(kept.answers):
            await self.tend.pilots.remove_learning(f"{kept.id}/{key}")
            await self.unblock.withdraw(f"{kept.id}/{key}")
        for key, answer in kept.answers.items():
            learning = Learning(
                id=f"{kept.id}/{key}",
                pilot_id=kept.pilot_id,
                text=answer.text,
                kind=answer.kind,
                origin=Origin.CHECK_IN,
                author=kept.person,
                told_at=answer.at,
                question=answer.asked,
                barrier=answer.barrier,
                visibility=visibility(tended.pilot, kept, readers),
            )
            await self.tend.pilots.keep_learning(learning)
            if answer.kind is LearningKind.BLOCKER:
                await self.unblock.note(learning, kept.community)

    async def settle(self, tended: Tended, kept: CheckIn) -> CheckInPlan:
        """Whoever reacted is no longer silent, and that day is asked for no more."""
        await self.tend.call_off(tended.plan, "It was answered.")

        def settled(plan: CheckInPlan) -> CheckInPlan:
            asked_on = max(kept.on, plan.asked_on or kept.on)
            return replace(plan, asked_on=asked_on, silences=0, snoozed_until=None)

        return await self.tend.change(tended, settled)

    async def _announce(self, kept: CheckIn) -> None:
        """What the channel gets is noted as a delivery, and called off where it was agreed to by mistake."""
        key = f"{POST} {kept.id}"
        if not kept.is_for_channel or not kept.answers:
            await self.tend.deliveries.cancel(
                kept.community, self.now(), "Its owner does not want it.", kind=POST, about=kept.pilot_id
            )
            return
        post = Delivery(
            key=key,
            kind=POST,
            community=kept.community,
            person=kept.person,
            about=kept.pilot_id,
            payload={"check_in": kept.id},
            due_at=self.now() + POST_AFTER,
        )
        await self.tend.deliveries.plan([post])

    async def change(self, check_in: CheckIn, change: Callable[[CheckIn], CheckIn]) -> CheckIn:
        """What the person says holds, whatever a sweep notes at that moment."""
        latest = check_in
        for _ in range(_TRIES):
            changed = change(latest)
            if await self.check_ins.keep(changed):
                return replace(changed, version=changed.version + 1)
            latest = await self.latest(check_in.id) or latest
        raise UnavailableError("A check-in is changed by others all the time.")

    async def latest(self, check_in_id: str) -> CheckIn | None:
        """None where that is not the latest of its pilot: it is over."""
        latest = await self.check_ins.latest(check_in_id.partition("@")[0])
        return latest if latest and latest.id == check_in_id else None


def visibility(pilot: Pilot, told: CheckIn, readers: AbstractSet[str]) -> Visibility:
    """Whom a learning is open to: never more than the pilot itself is.

    `readers` may read what the community may not, or not yet.
    """
    own, community = pilot.visibility, told.community
    if own.audience is Audience.RESTRICTED or told.sharing is Sharing.MODERATORS:
        people = readers & own.people if own.audience is Audience.RESTRICTED and own.people else readers
        return Visibility(audience=Audience.RESTRICTED, community=community, people=people | {told.person})
    until = max((each for each in (told.shared_from, own.embargo_until) if each), default=None)
    people = readers if until else frozenset()
    return Visibility(audience=Audience.COMMUNITY, community=community, people=people, embargo_until=until)
