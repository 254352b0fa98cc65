"""Moderate: how the bot behaves in a room, chosen by those who look after the community."""

from dataclasses import dataclass

from bot import cards
from bot.messages import Message, Reply
from bot.people import Person
from bot.places import Place
from bot.ports import MemberStore, Rooms
from bot.rooms import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderate:
    rooms: Rooms
    members: MemberStore

    async def channel(self, wanted: str, person: Person, place: Place) -> Message | Reply:
        """`/pilot channel [mode]`: what holds here, or what shall hold from now on."""
        if place.is_private and not place.is_shareable:
            return cards.no_room_here()
        if not wanted.strip():
            may_choose = await self._may_moderate(person, place)
            return cards.mode(await self.rooms.mode(place), may_choose=may_choose)
        try:
            return await self.choose(Mode(wanted.strip().casefold()), person, place)
        except ValueError:
            return cards.unknown_mode()

    async def choose(self, mode: Mode, person: Person, place: Place) -> Message | Reply:
        if not await self._may_moderate(person, place):
            return cards.only_moderators(has_any=bool(await self.members.moderators(place.community)))
        await self.rooms.set_mode(place, mode)
        return Reply(content=cards.mode_chosen(mode, by=person.name))

    async def _may_moderate(self, person: Person, place: Place) -> bool:
        return not place.is_outside and (await self.members.member(place.community, person.id)).role.may_moderate
