"""The sweeps: what the clock of a server runs again and again, and `pilotlight tick` once."""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.check_ins import ASK, DECLINED, OFFER, REMIND
from bot.circles import INVITATION, SUMMARY
from bot.deliveries import Delivery
from bot.hand_overs import TAKE_OVER, WHETHER
from bot.ports import Correspondent
from bot.skills.last_words import LastWords
from deploy.settings import Settings
from deploy.wiring import House
from jobs import clock, upkeep
from jobs.check_ins import AskSweep
from jobs.circles import CircleSweep
from jobs.deliveries import NotNow, Result, Send, Sweep, WasSent
from jobs.digests import KINDS, Digests
from jobs.hand_overs import HandOver
from jobs.outgoing import Outgoing
from jobs.prompts import Prompt
from jobs.reminders import RemindSweep

ASK_EVERY = timedelta(minutes=1)
REMIND_EVERY = timedelta(minutes=10)
DIGEST_EVERY = timedelta(minutes=10)
CIRCLES_EVERY = timedelta(minutes=10)
SEND_EVERY = timedelta(seconds=20)
TIDY_EVERY = timedelta(hours=6)

SENDING = "deliveries"

_NOBODY_SENDS = "Nothing here sends that."
_LOOK_AGAIN = timedelta(hours=1)

Step = Callable[[datetime], Awaitable[Mapping[Any, int]]]
"""Does what is due at that moment; how much of what that was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeps:
    """`steps` in their order, each with how often it is done: what one plans, a later one sends."""

    steps: Mapping[str, tuple[Step, timedelta]]
    deliveries: Sweep
    now: Callable[[], datetime]

    def by_the_clock(self) -> Mapping[clock.Sweep, timedelta]:
        return {self._run(step): every for step, every in self.steps.values()}

    def drain(self) -> None:
        """Begin nothing more: what is being sent is sent to its end."""
        self.deliveries.drain()

    def _run(self, step: Step) -> clock.Sweep:
        async def run() -> None:
            await step(self.now())

        return run


@dataclass(frozen=True, slots=True)
class _Senders:
    """Who sends which kind of delivery, and can say whether it was."""

    by_kind: Mapping[str, tuple[Send, WasSent]]
    now: Callable[[], datetime]

    async def send(self, delivery: Delivery) -> Result:
        if delivery.kind not in self.by_kind:
            return NotNow(self.now() + _LOOK_AGAIN, _NOBODY_SENDS)
        send, _ = self.by_kind[delivery.kind]
        return await send(delivery)

    async def was_sent(self, delivery: Delivery) -> bool | None:
        if delivery.kind not in self.by_kind:
            return None
        _, was_sent = self.by_kind[delivery.kind]
        return await was_sent(delivery)


def sweeps(house: House, prompters: Mapping[str, Correspondent], settings: Settings) -> Sweeps:
    """All of them over one house."""
    database, now = house.database, house.now
    ask, remind = ask_sweep(house), _remind_sweep(house)
    outgoing = _outgoing(house, prompters, settings)
    digests, circles = _digests(house, prompters, settings), _circle_sweep(house)
    to_people = dict.fromkeys(outgoing.words, (outgoing.send, outgoing.was_sent))
    to_rooms = dict.fromkeys(KINDS, (digests.send, digests.was_sent))
    senders = _Senders({**to_people, **to_rooms}, now)
    deliveries = Sweep(queue=database.deliveries, send=senders.send, was_sent=senders.was_sent, jitter=random.random)

    async def reminded(at: datetime) -> Mapping[str, int]:
        return {"planned": await remind(at)}

    async def digested(at: datetime) -> Mapping[str, int]:
        return {"planned": await digests.plan(at)}

    async def gathered(at: datetime) -> Mapping[str, int]:
        return {"planned": await circles(at)}

    async def tidied(at: datetime) -> Mapping[str, int]:
        await upkeep.forget(database, at)
        return {}

    steps: dict[str, tuple[Step, timedelta]] = {
        "check-ins": (ask, ASK_EVERY),
        "reminders": (reminded, REMIND_EVERY),
        "digests": (digested, DIGEST_EVERY),
        "circles": (gathered, CIRCLES_EVERY),
        SENDING: (deliveries, SEND_EVERY),
        "upkeep": (tidied, TIDY_EVERY),
    }
    return Sweeps(steps=steps, deliveries=deliveries, now=now)


def ask_sweep(house: House) -> AskSweep:
    database = house.database
    return AskSweep(
        calendar=house.calendar,
        pilots=database.pilots,
        plans=database.check_in_plans,
        check_ins=database.check_ins,
        members=database.members,
        people=database.people,
        deliveries=database.deliveries,
        hand_over=_hand_over(house),
    )


def _remind_sweep(house: House) -> RemindSweep:
    database = house.database
    return RemindSweep(
        calendar=house.calendar,
        plans=database.check_in_plans,
        check_ins=database.check_ins,
        members=database.members,
        people=database.people,
        deliveries=database.deliveries,
    )


def _circle_sweep(house: House) -> CircleSweep:
    database = house.database
    return CircleSweep(
        calendar=house.calendar,
        circles=database.circles,
        plans=database.check_in_plans,
        check_ins=database.check_ins,
        people=database.people,
        deliveries=database.deliveries,
    )


def _hand_over(house: House) -> HandOver:
    database = house.database
    return HandOver(people=database.people, members=database.members, deliveries=database.deliveries)


def _outgoing(house: House, prompters: Mapping[str, Correspondent], settings: Settings) -> Outgoing:
    database = house.database
    last_words = LastWords(
        pilots=database.pilots,
        plans=database.check_in_plans,
        check_ins=database.check_ins,
        members=database.members,
        language=settings.language,
    )
    return Outgoing(
        prompt=Prompt(people=database.people, reaches=database.reaches, prompters=prompters, now=house.now),
        words={
            **dict.fromkeys((ASK, REMIND, OFFER, DECLINED), house.bot.first_words),
            **dict.fromkeys((WHETHER, TAKE_OVER), last_words),
            **dict.fromkeys((INVITATION, SUMMARY), house.bot.gather.words),
        },
        calendar=house.calendar,
        members=database.members,
        pilots=database.pilots,
        plans=database.check_in_plans,
        check_ins=database.check_ins,
        hand_over=_hand_over(house),
        now=house.now,
    )


def _digests(house: House, announcers: Mapping[str, Correspondent], settings: Settings) -> Digests:
    database = house.database
    return Digests(
        boards=database.boards,
        deliveries=database.deliveries,
        words=house.bot.digest.of,
        post=house.bot.first_words,
        people=database.people,
        reaches=database.reaches,
        announcers=announcers,
        now=house.now,
        zone=settings.time_zone,
    )
