"""Everything the bot asks of Teams goes through here: paced, tried again where that is safe, and never in silence.

Teams takes so many messages a second, half a minute and hour in a conversation, and so many calls a second for a
tenant. What people wrote stays out of every error and log line, as in the connector.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Generic, TypeVar

from adapters.pacing import Clock, Lane, Lanes, Sleep, UnderWay, Windows
from adapters.teams.connector import Connector, Json, TeamsRefusedError, TeamsUnavailableError

T = TypeVar("T")

# https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit
IN_A_CONVERSATION = Windows(((7, 1.0), (8, 2.0), (60, 30.0), (1800, 3600.0)))
IN_A_TENANT = Windows(((50, 1.0),))

_TRIES = 4
_FIRST_WAIT = 0.5
_MOST_UNTOLD_WAIT = 60.0  # where Teams does not say how long
_LIMITED = 429
_NOT_DONE = frozenset({412, _LIMITED})

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a conversation is reached. The service URL may change with every activity that comes from there."""

    tenant: str
    service_url: str
    conversation: str


class _Repeat(Enum):
    """When a call is made again that was not done."""

    ALWAYS = auto()
    """Done twice, it leaves things as done once."""
    WHERE_UNHEARD = auto()
    """Done twice, it would be seen twice."""
    WHERE_TURNED_AWAY = auto()
    """Begun twice, there would be two of it for ever: Teams must have said that it was not done."""


@dataclass(frozen=True, slots=True)
class _Errand(Generic[T]):
    call: str
    send: Callable[[], Awaitable[T]]
    repeat: _Repeat

    def may_repeat(self, error: TeamsUnavailableError) -> bool:
        return {
            _Repeat.ALWAYS: True,
            _Repeat.WHERE_UNHEARD: not error.is_in_doubt,
            _Repeat.WHERE_TURNED_AWAY: error.status in _NOT_DONE,
        }[self.repeat]


class Outbox:
    """Paces and retries; `patience` bounds how long a call may take, in seconds. The connector bounds each request."""

    def __init__(
        self,
        connector: Connector,
        *,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        patience: float = 15 * 60,
    ) -> None:
        self._connector = connector
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._patience = patience
        self._lanes = Lanes(clock, sleep)
        self._under_way = UnderWay(sleep)

    async def send(self, address: Address, activity: Json, *, is_targeted: bool = False) -> str:
        """The new activity's id. Writes to one conversation go one by one, in the order they were handed over."""
        send = partial(self._connector.send, *_where(address), activity, is_targeted=is_targeted)
        return await self._write(address, _Errand("take a message", send, _Repeat.WHERE_UNHEARD))

    async def update(self, address: Address, activity_id: str, activity: Json, *, is_targeted: bool = False) -> None:
        """Change what was sent; an old change tried again never comes after a new one."""
        update = partial(self._connector.update, *_where(address), activity_id, activity, is_targeted=is_targeted)
        await self._write(address, _Errand("change a message", update, _Repeat.ALWAYS))

    async def delete(self, address: Address, activity_id: str, *, is_targeted: bool = False) -> None:
        """Take back what was sent. What is gone already, perhaps by an earlier try, is no trouble."""
        delete = partial(self._connector.delete, *_where(address), activity_id, is_targeted=is_targeted)
        try:
            await self._write(address, _Errand("delete a message", delete, _Repeat.ALWAYS))
        except TeamsRefusedError as error:
            if error.status != 404:
                raise

    async def create(self, tenant: str, service_url: str, parameters: Json) -> tuple[str, str]:
        """Begin a conversation; its id, and that of its first activity, or ""."""
        create = partial(self._connector.create, service_url, parameters)
        errand = _Errand("begin a conversation", create, _Repeat.WHERE_TURNED_AWAY)
        with self._under_way.one(), self._lanes.shared((tenant, "create"), IN_A_CONVERSATION) as lane:
            return await self._deliver(tenant, lane, errand, self._clock() + self._patience)

    async def begin_chat(self, tenant: str, service_url: str, *, bot: str, user: str) -> str:
        """Somebody's own chat with the bot, as `create`: whoever has one gets that."""
        parameters = {
            "isGroup": False,
            "bot": {"id": bot},
            "members": [{"id": user}],
            "tenantId": tenant,
            "channelData": {"tenant": {"id": tenant}},
        }
        conversation, _ = await self.create(tenant, service_url, parameters)
        return conversation

    async def member(self, address: Address, user: str) -> Json:
        """Somebody in a conversation."""
        return await self._read(address, partial(self._connector.member, *_where(address), user))

    async def members(self, address: Address) -> list[Json]:
        """Everybody in a conversation."""
        return await self._read(address, partial(self._connector.members, *_where(address)))

    async def team(self, address: Address) -> Json:
        """What a team is called, and its group; the address's conversation is the team."""
        return await self._read(address, partial(self._connector.team, *_where(address)))

    async def channels(self, address: Address) -> list[Json]:
        """The channels of a team; the address's conversation is the team."""
        return await self._read(address, partial(self._connector.channels, *_where(address)))

    async def drain(self, seconds: float) -> int:
        """Wait until all that was handed over is sent, so long at most; says how many calls are still under way."""
        return await self._under_way.drain(seconds)

    async def _write(self, address: Address, errand: _Errand[T]) -> T:
        deadline = self._clock() + self._patience
        # Told apart by conversation, a storm in one is never the trouble of another.
        key = (address.tenant, "write", address.conversation)
        with self._under_way.one(), self._lanes.shared(key, IN_A_CONVERSATION) as lane:
            async with lane.in_order:
                return await self._deliver(address.tenant, lane, errand, deadline)

    async def _read(self, address: Address, read: Callable[[], Awaitable[T]]) -> T:
        errand = _Errand("tell of a conversation", read, _Repeat.ALWAYS)
        key = (address.tenant, "read", address.conversation)
        with self._under_way.one(), self._lanes.shared(key, IN_A_CONVERSATION) as lane:
            return await self._deliver(address.tenant, lane, errand, self._clock() + self._patience)

    async def _deliver(self, tenant: str, lane: Lane, errand: _Errand[T], deadline: float) -> T:
        limits, failures, is_in_doubt = 0, 0, False
        with self._lanes.shared((tenant,), IN_A_TENANT) as wider:
            while await lane.turn(deadline, wider):
                try:
                    return await errand.send()
                except TeamsUnavailableError as error:
                    trouble = error
                is_in_doubt = is_in_doubt or trouble.is_in_doubt
                is_limit = trouble.status == _LIMITED
                limits, failures = limits + is_limit, failures + (not is_limit)
                wait = self._wait(trouble, limits if is_limit else failures)
                if is_limit:
                    _log.warning("Teams asks to wait %.0f s before it will %s", wait, errand.call)
                    # A wait beyond all patience ends this call, but must not close the lane for good.
                    lane.pause(min(wait, self._patience))
                if failures == _TRIES or not errand.may_repeat(trouble) or self._clock() + wait > deadline:
                    break
                if not is_limit:
                    _log.info("Trying again after failure %d: Teams did not %s", failures, errand.call)
                    await self._sleep(wait)
        raise TeamsUnavailableError(errand.call, is_in_doubt=is_in_doubt)

    def _wait(self, trouble: TeamsUnavailableError, tries: int) -> float:
        """As long as Teams says, or longer with every try; and never all together."""
        if trouble.retry_after is not None:
            return max(trouble.retry_after, 1.0) + self._jitter()
        # Not to the power of all tries, which in a long patience is more than a float holds.
        return min(_FIRST_WAIT * 2.0 ** min(tries - 1, 10), _MOST_UNTOLD_WAIT) * (1 + self._jitter())


def _where(address: Address) -> tuple[str, str]:
    return address.service_url, address.conversation
