"""Link: accounts of one person, on several platforms or on one, by a code they bring or by their verified address."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from bot import cards
from bot.members import Preferences, Role
from bot.messages import Message, Reply
from bot.people import LinkCode, Person, Refusal
from bot.places import Place
from bot.ports import MemberStore, People
from knowledge.pilots import Pilot
from knowledge.ports import Author, PilotStore

# Without those that are taken for one another, and without vowels, so that no code is a word.
LETTERS = "BCDFGHJKMNPQRSTVWXZ"
CODE_LENGTH = 8
UNLINK = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    people: People
    pilots: PilotStore
    members: MemberStore
    now: Callable[[], datetime]
    new_id: Callable[[], str]

    async def recognise(self, account: Person, place: Place) -> Person:
        """The person whose account it is. One that comes with the address of another is linked to it, once."""
        person = await self.people.person(place.community, account.id)
        if person == account.id and "@" in account.email and not place.is_outside:
            address = _hashed(place.community, "address", account.email.strip().casefold())
            first = await self.people.first_with(place.community, account.id, address, self.now())
            if first != account.id:
                person = await self._join(place.community, account.id, first)
        return replace(account, id=person)

    async def __call__(self, rest: str, person: Person, place: Place) -> Message | Reply:
        """`/pilot link [code | off]`."""
        code = _code_in(rest)
        if not place.is_private:
            if code:  # everybody there has read it: whoever brought it first would be taken for its person
                await self._redeem(code, person, place, is_spent=True)
            return Reply(content=cards.link_in_private(), is_private=True)
        if place.is_outside:
            return cards.outsider()
        if not rest.strip():
            return Reply(content=await self._offer(person, place), is_private=True)
        if rest.strip().casefold() == UNLINK:
            return await self._part(person, place)
        return Reply(content=await self._ask(code, person, place), is_private=True)

    async def confirm(self, code: str, person: Person, place: Place) -> Message | Reply:
        """The one who brought a code says that they are the one who got it."""
        if place.is_outside:
            return cards.outsider()
        offered = await self._redeem(code, person, place, is_spent=True)
        if isinstance(offered, Refusal):
            return _instead(cards.no_code(offered))
        await self._join(place.community, person.id, offered.person)
        return _instead(cards.linked(offered))

    async def _offer(self, person: Person, place: Place) -> Message:
        code = _new_code(self.new_id())
        offered = LinkCode(
            community=place.community, person=person.id, platform=place.platform, name=person.name, at=self.now()
        )
        await self.people.offer(offered, _hashed(place.community, "code", code))
        return cards.link_code(f"{code[:4]}-{code[4:]}")

    async def _ask(self, code: str, person: Person, place: Place) -> Message:
        """Who the code was given to: somebody may have talked the person into bringing it."""
        if not code:
            return cards.no_code(Refusal.WRONG)
        offered = await self._redeem(code, person, place, is_spent=False)
        if isinstance(offered, Refusal):
            return cards.no_code(offered)
        if offered.person == person.id:
            return cards.linked_already()
        return cards.is_that_you(offered, code)

    async def _redeem(self, code: str, person: Person, place: Place, *, is_spent: bool) -> LinkCode | Refusal:
        digest = _hashed(place.community, "code", code)
        return await self.people.redeem(place.community, person.id, digest, self.now(), is_spent=is_spent)

    async def _part(self, person: Person, place: Place) -> Reply:
        were_linked = await self.people.unlink(place.community, person.id, self.now())
        told = cards.unlinked() if were_linked else cards.nothing_linked()
        return Reply(content=told, is_private=True, changes_home=were_linked)

    async def _join(self, community: str, account: str, other: str) -> str:
        """Move what the account had to the person of the other, and link it; who that person is.

        In that order: whoever is told to try again because the database went away in the middle still can.
        """
        if (person := await self.people.person(community, other)) != account:
            await self._move_preferences(community, account, person)
            await self._move_pilots(community, account, person)
            await self._move_role(community, account, person)
        await self.people.link(community, account, other, self.now())
        return await self.people.person(community, account)

    async def _move_pilots(self, community: str, account: str, person: str) -> None:
        owned = await self.pilots.owned_by(community, account)
        if moved := [_owned_by(pilot, account, person) for pilot in owned]:
            await self.pilots.save(moved, Author(person, "linked accounts"), self.now())

    async def _move_role(self, community: str, account: str, person: str) -> None:
        role = (await self.members.member(community, account)).role
        if not role.may_moderate:
            return
        roles = tuple(Role)
        if roles.index(role) > roles.index((await self.members.member(community, person)).role):
            await self.members.appoint(community, person, role)
        # Else the account would have it again after a parting, though it was taken from the person meanwhile.
        await self.members.appoint(community, account, Role.MEMBER)

    async def _move_preferences(self, community: str, account: str, person: str) -> None:
        preferences = (await self.members.member(community, account)).preferences
        if preferences == Preferences():
            return
        if (await self.members.member(community, person)).preferences == Preferences():
            await self.members.keep_preferences(community, person, preferences)


def _instead(message: Message) -> Reply:
    """In place of the card that asked whether it is them."""
    return Reply(content=message, is_private=True, replaces=True, changes_home=True)


def _owned_by(pilot: Pilot, account: str, person: str) -> Pilot:
    assert pilot.owner is not None
    seen_by = pilot.visibility.people
    visibility = replace(pilot.visibility, people=seen_by | {person}) if account in seen_by else pilot.visibility
    return replace(pilot, owner=replace(pilot.owner, person=person), visibility=visibility)


def _new_code(name: str) -> str:
    """Of a new and random name, as many letters as a code has."""
    number = int.from_bytes(sha256(name.encode()).digest())
    return "".join(LETTERS[number // len(LETTERS) ** place % len(LETTERS)] for place in range(CODE_LENGTH))


def _code_in(text: str) -> str:
    """The code that was typed, however it was written; "" where that can be none."""
    letters = re.sub(r"[\W_]", "", text).upper()
    return letters if len(letters) == CODE_LENGTH and set(letters) <= set(LETTERS) else ""


def _hashed(community: str, purpose: str, text: str) -> str:
    return sha256(f"{community}\n{purpose}\n{text}".encode()).hexdigest()
