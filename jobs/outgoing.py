"""Outgoing: what becomes of a delivery to a person at the moment it is sent.

The message is made then and not before, since much may have changed: a plan was paused, a check-in answered early, a
newer one asked, or whoever was to be asked has left.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from bot.check_ins import ASK, REMIND, CheckInPlan
from bot.deliveries import Delivery
from bot.hand_overs import WHETHER
from bot.messages import Reply
from bot.ports import CheckInPlans, CheckIns, MemberStore
from jobs.calendars import WorkingCalendar
from jobs.deliveries import Away, Dead, Dropped, NotNow, Result, Sent, Unclear
from jobs.hand_overs import HandOver
from jobs.prompts import Delivered, Outcome, Prompt, Prompted
from knowledge.errors import PilotlightError
from knowledge.ports import PilotStore

NOT_WANTED = "It is not wanted any more."
NEWER = "A newer one is asked."
NOT_IN_A_YEAR = "There is no time within a year at which they may be written to."
NEVER_MET = "They have not written to Pilotlight yet, so it does not write to them."
CLOSED = "It waits for their working hours."

Words = Callable[[Delivery, str], Awaitable[Reply | None]]
"""What to say to the person of this id, in their language; None where nobody wants it any more."""

_OF_A_DAY = frozenset({ASK, REMIND, WHETHER})
_BEFORE = timedelta(days=1)  # no two clocks differ by that

_log = logging.getLogger(__name__)


class _ClosedError(Exception):
    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """`words` are those of each kind of delivery. Its methods are a Send and a WasSent."""

    prompt: Prompt
    words: Mapping[str, Words]
    calendar: WorkingCalendar
    members: MemberStore
    pilots: PilotStore
    plans: CheckInPlans
    check_ins: CheckIns
    hand_over: HandOver
    now: Callable[[], datetime]

    async def send(self, delivery: Delivery) -> Result:
        prompted = await self._prompted(delivery)
        words = self.words[delivery.kind]
        if await words(delivery, prompted.person) is None:
            return Dropped(NOT_WANTED)
        if delivery.kind in _OF_A_DAY and not await self._is_newest(delivery):
            return Dropped(NEWER)
        opens_at = await self._opens_at(delivery.community, prompted.person)
        if opens_at is None:
            return Dropped(NOT_IN_A_YEAR)
        if opens_at > self.now():
            return NotNow(opens_at, CLOSED)

        async def reply_for(person: str) -> Reply | None:
            if person != prompted.person:
                await self._require_open(delivery.community, person)
            return await words(delivery, person)

        try:
            delivered = await self.prompt(prompted, reply_for, delivery.key)
        except _ClosedError as closed:
            return NotNow(closed.until, CLOSED)
        await self._attempt_handing_over(delivery, prompted, delivered)
        return _result(delivered)

    async def was_sent(self, delivery: Delivery) -> bool | None:
        return await self.prompt.was_sent(await self._prompted(delivery), delivery.key, delivery.due_at - _BEFORE)

    async def _prompted(self, delivery: Delivery) -> Prompted:
        """With the deputy of who is asked about a pilot."""
        community = delivery.community
        person, deputy = await self.prompt.people.person(community, delivery.person), ""
        if delivery.kind in _OF_A_DAY:
            plan, pilot = await self.plans.plan(delivery.about), await self.pilots.get(delivery.about)
            deputy = await self.hand_over.deputy(plan, pilot) if plan and pilot else ""
        return Prompted(community=community, person=person, deputy=deputy)

    async def _is_newest(self, delivery: Delivery) -> bool:
        latest = await self.check_ins.latest(delivery.about)
        return latest is not None and latest.on.isoformat() == delivery.payload.get("on")

    async def _opens_at(self, community: str, person: str) -> datetime | None:
        preferences = (await self.members.member(community, person)).preferences
        return self.calendar.opens_at(preferences, self.now())

    async def _require_open(self, community: str, deputy: str) -> None:
        opens_at = await self._opens_at(community, deputy)
        if opens_at is not None and opens_at > self.now():
            raise _ClosedError(opens_at)

    async def _attempt_handing_over(self, delivery: Delivery, prompted: Prompted, delivered: Delivered) -> None:
        """Of who cannot be written to any more. Raised, it would have what was sent sent again."""
        is_gone = delivered.outcome is Outcome.NOBODY or delivered.person not in {"", prompted.person}
        if delivery.kind not in _OF_A_DAY or not is_gone:
            return
        try:
            plan = await self.plans.plan(delivery.about)
            if plan is not None:
                await self._hand_over(plan, delivered)
        except PilotlightError as error:
            _log.error("Whoever could take a pilot over was not asked: %s", error)

    async def _hand_over(self, plan: CheckInPlan, delivered: Delivered) -> None:
        """Who was reached in their place is asked to stay so; where nobody was, the moderators are asked."""
        if delivered.outcome is Outcome.NOBODY:
            await self.hand_over.ask_moderators(plan, self.now())
        elif not plan.offered_to:
            offered = replace(plan, offered_to=delivered.person)
            if await self.plans.keep(offered):
                await self.hand_over.offer(offered, self.now())


def _result(delivered: Delivered) -> Result:
    note = " ".join(delivered.troubles)
    match delivered.outcome:
        case Outcome.REACHED:
            return Sent(delivered.platform, delivered.message)
        case Outcome.LATER:
            return Away(note)
        case Outcome.IN_DOUBT:
            return Unclear(note)
        case Outcome.UNWANTED:
            return Dropped(NOT_WANTED)
        case Outcome.NOBODY:
            return Dead(note or NEVER_MET)
        case _:
            assert_never(delivered.outcome)
