"""Who somebody is, and who reads along: Teams tells only when asked, and is asked now and then."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.lately import Lately
from adapters.teams.connector import TeamsRefusedError
from adapters.teams.inbound import Origin, Tenant, is_elsewhere, is_guest
from adapters.teams.outbox import Address, Outbox
from knowledge.text import clean


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
        self._people = Lately(clock, Entry(), refused=TeamsRefusedError)
        self._rooms = Lately(clock, True, refused=TeamsRefusedError)

    async def entry(self, origin: Origin, tenant: Tenant) -> Entry:
        """The person who spoke or pressed."""

        async def ask() -> Entry:
            member = await self._outbox.member(room_of(origin), origin.user)
            is_stranger = not self._is_at_home(member, tenant)
            is_known = not (is_stranger or is_guest(member))
            return Entry(is_stranger=is_stranger, email=_email(member) if is_known else "")

        return await self._people.get((origin.tenant, origin.room, origin.user), ask)

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


def _email(member: Mapping[str, Any]) -> str:
    """What nobody else in the organisation is called, and only its own domains can end in.

    The address beside it is whatever an administrator typed, so it counts where it is in the same domain.
    """
    name, address = (
        clean(each) if isinstance(each := member.get(key), str) else "" for key in ("userPrincipalName", "email")
    )
    _, at, domain = name.partition("@")
    if not at:
        return ""
    return address if address.casefold().endswith(f"@{domain.casefold()}") else name
