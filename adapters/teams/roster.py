"""Who somebody is, and who reads along: Teams tells only when asked, and is asked now and then."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from weakref import WeakValueDictionary

from adapters.teams.connector import TeamsRefusedError
from adapters.teams.inbound import Origin, Tenant, is_elsewhere, is_guest
from adapters.teams.outbox import Address, Outbox
from knowledge.errors import UnavailableError
from knowledge.text import clean

T = TypeVar("T")

_FRESH_SECONDS = 300.0
_RETRY_SECONDS = 30.0
_PATIENCE_SECONDS = 2.0
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the roster tells of somebody; a stranger sees what is public only, and has no address that counts."""

    is_stranger: bool = True
    email: str = ""


class Roster:
    """Where Teams does not say who somebody is, they are a stranger, and where it does not say who reads, one does."""

    def __init__(self, outbox: Outbox, clock: Callable[[], float], *, guests_are_members: bool) -> None:
        self._outbox = outbox
        self._guests_are_members = guests_are_members
        self._people: _Kept[Entry] = _Kept(clock, Entry())
        self._rooms: _Kept[bool] = _Kept(clock, True)

    async def entry(self, origin: Origin, tenant: Tenant) -> Entry:
        """The person who spoke or pressed."""

        async def ask() -> Entry:
            member = await self._outbox.member(room_of(origin), origin.user)
            is_stranger = not self._is_at_home(member, tenant)
            return Entry(is_stranger=is_stranger, email="" if is_stranger else _email(member))

        return await self._people.get((origin.tenant, origin.user), ask)

    async def has_strangers(self, origin: Origin, tenant: Tenant) -> bool:
        """Whether anybody in the room sees what is public only."""

        async def ask() -> bool:
            members = await self._outbox.members(room_of(origin))
            return not members or not all(self._is_at_home(each, tenant) for each in members)

        return await self._rooms.get((origin.tenant, room_of(origin).conversation), ask)

    def _is_at_home(self, member: Mapping[str, Any], tenant: Tenant) -> bool:
        return not is_elsewhere(member, tenant) and (self._guests_are_members or not is_guest(member))


def room_of(origin: Origin) -> Address:
    """The room without its thread, which has no roster of its own."""
    return Address(origin.tenant, origin.service_url, origin.room)


class _Kept(Generic[T]):
    """What was asked lately. Of many who ask at once one asks Teams; trouble has the `unknown` value, for a while."""

    def __init__(self, clock: Callable[[], float], unknown: T) -> None:
        self._clock = clock
        self._unknown = unknown
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._known: OrderedDict[tuple[str, str], tuple[T, float]] = OrderedDict()

    async def get(self, key: tuple[str, str], ask: Callable[[], Awaitable[T]]) -> T:
        async with self._turns.setdefault(key, asyncio.Lock()):
            value, until = self._known.get(key, (self._unknown, 0.0))
            return value if self._clock() < until else await self._ask(key, ask)

    async def _ask(self, key: tuple[str, str], ask: Callable[[], Awaitable[T]]) -> T:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                value, seconds = await ask(), _FRESH_SECONDS
        except (TeamsRefusedError, UnavailableError, TimeoutError):
            value, seconds = self._unknown, _RETRY_SECONDS
        self._known[key] = value, self._clock() + seconds
        self._known.move_to_end(key)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return value


def _email(member: Mapping[str, Any]) -> str:
    """The organisation's own name for the person is one that nobody else can have; their address is next to it."""
    names = (member.get("email"), member.get("userPrincipalName"))
    return next((clean(each) for each in names if isinstance(each, str) and "@" in each), "")
