"""The bot in Teams: one activity goes to the one handler, and its reply back to where it came from."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from adapters.reach_notes import ReachNotes
from adapters.teams import extension, invokes
from adapters.teams.cards import Json
from adapters.teams.connector import TeamsRefusedError
from adapters.teams.inbound import (
    PLATFORM,
    Incoming,
    Origin,
    Query,
    Rated,
    Removed,
    Surface,
    Tenant,
    Told,
    from_activity,
)
from adapters.teams.outbox import Outbox
from adapters.teams.prompter import reach_of
from adapters.teams.replies import Posted, Replies, made_of_reply, post_name
from adapters.teams.roster import Roster
from adapters.teams.stream import Stream, typing
from bot.answers import Found, GivenAnswer
from bot.events import Event, Opened, Said, Submitted, Visited, is_for_the_bot, is_shown_to_all
from bot.messages import Message, Reply
from bot.people import Person
from bot.places import Place
from bot.ports import Handle, Reaches
from bot.reaches import No, Reach
from bot.skills.overhear import concerns
from bot.voice import ENGLISH, speaking
from knowledge.errors import PilotlightError


class Find(Protocol):
    """Pilots that somebody may put into what they write; or a sentence in their place."""

    def __call__(self, text: str, person: Person, place: Place) -> Awaitable[Found | Reply]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamsHouse:
    """What the adapter needs of the house. `answer_posted_as` finds the answer that a message shows, in a community.

    `language` is what is said where nobody knows yet to whom. Where it `links_by_email` people come with their
    addresses, by which their accounts are linked.
    """

    handle: Handle
    find: Find
    posted: Posted
    answer_posted_as: Callable[[str, str], Awaitable[GivenAnswer | None]]
    reaches: Reaches
    now: Callable[[], datetime]
    clock: Callable[[], float]
    language: str = ENGLISH
    guests_are_members: bool = False
    links_by_email: bool = False


_log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 6.0  # Teams waits for ten in places, and asking who reads along may take two


class TeamsApp:
    """Takes activities that Teams was seen to send. What they say is worked on after, but for what waits for it."""

    def __init__(self, house: TeamsHouse, outbox: Outbox) -> None:
        self._house = house
        self._outbox = outbox
        self._replies = Replies(outbox, house.posted)
        self._roster = Roster(outbox, house.clock, guests_are_members=house.guests_are_members)
        self._notes = ReachNotes(house.reaches, house.now)
        self._work: set[asyncio.Task[Any]] = set()

    async def take(self, activity: Mapping[str, Any], tenant: Tenant) -> Json:
        """What to answer in the response; {} where Teams waits for nothing."""
        told = from_activity(activity, tenant)
        self._note(told, tenant)
        match told:
            case Incoming(origin=Origin(invoke="")) as said:
                self._begin(self._attempt(self._answer(said, tenant)))
                return {}
            case Incoming() as pressed:
                return await self._respond(pressed, tenant)
            case Query() as query:
                return await self._found(query, tenant)
            case Rated() as rated:
                self._begin(self._attempt(self._rate(rated)))
                return {}
        return invokes.nothing(str(activity.get("name")))

    async def drain(self, seconds: float) -> int:
        """Let the work under way come to its end, so long at most; how much of it was given up."""
        await self._notes.drain(seconds)
        if not self._work:
            return 0
        _, left = await asyncio.wait(tuple(self._work), timeout=seconds)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        return len(left)

    def _note(self, told: Told | None, tenant: Tenant) -> None:
        """How the person is reached, who turned to the bot: of who merely talks near it nothing is kept."""
        match told:
            case Removed(person=person) if person:
                self._notes.close(Reach(tenant.community, PLATFORM, person, {}), No.REMOVED)
            case Incoming(event=event, origin=origin) if is_for_the_bot(event) and not event.place.is_outside:
                self._notice(event.place, event.person, origin)
            case (Query() | Rated()) as asked if not asked.place.is_outside:
                self._notice(asked.place, asked.person, asked.origin)

    def _notice(self, place: Place, person: Person, origin: Origin) -> None:
        is_personal = origin.surface is Surface.PERSONAL
        self._notes.refresh(reach_of(place, person.id, origin), is_personal=is_personal)

    def _begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        return task

    async def _answer(self, incoming: Incoming, tenant: Tenant) -> None:
        event, origin = incoming.event, incoming.origin
        if isinstance(event, Said) and not (event.is_addressed or concerns(event.text)):
            return
        task = asyncio.current_task()
        assert task is not None
        stream = Stream(self._outbox, origin, self._house.clock, on_stopped=task.cancel)
        try:
            await self._answer_in(stream, incoming, tenant)
        except asyncio.CancelledError:
            # Teams shows by itself that it was stopped.
            if not stream.is_stopped:
                raise
            task.uncancel()

    async def _answer_in(self, stream: Stream, incoming: Incoming, tenant: Tenant) -> None:
        origin, is_awaited = incoming.origin, is_for_the_bot(incoming.event)
        async with typing(self._outbox, origin, stream) if is_awaited else nullcontext():
            event = await self._known(incoming, tenant)
            reply = await self._house.handle(event, stream.progress)
        message = reply.content if reply else None
        made = made_of_reply(reply)
        if (post := await stream.finish(made)) is not None:
            if isinstance(message, Message):
                await self._replies.note(message, origin, post)
        elif reply and isinstance(event, Opened):
            await self._welcome(reply, event, origin)
        elif reply:
            await (self._replies.show if is_awaited else self._replies.interject)(reply, origin)

    async def _welcome(self, reply: Reply, event: Opened, origin: Origin) -> None:
        """Teams has no page for the bot: it stands under the first words, and comes again whenever it is asked for."""
        await self._replies.show(reply, origin)
        if page := await self._house.handle(Visited(person=event.person, place=event.place)):
            await self._replies.begin(page, origin)

    async def _respond(self, incoming: Incoming, tenant: Tenant) -> Json:
        """What a press or a form is answered with, where it is waited for; what takes longer is shown after."""
        work = self._begin(self._handled(incoming, tenant))
        await asyncio.wait({work}, timeout=_PATIENCE_SECONDS)
        if not work.done():
            self._begin(self._attempt(self._show_later(work, incoming)))
            with speaking(self._house.language):
                return invokes.one_moment(incoming.origin.invoke)
        reply: Reply | None = work.result()
        response, is_shown = invokes.answer(reply, incoming)
        if reply and (reply.replaces or not is_shown or _ends_form_in_chat(reply, incoming)):
            self._begin(self._attempt(self._show(reply, incoming)))
        return response

    async def _handled(self, incoming: Incoming, tenant: Tenant) -> Reply | None:
        return await self._house.handle(await self._known(incoming, tenant))

    async def _show_later(self, work: asyncio.Task[Reply | None], incoming: Incoming) -> None:
        if reply := await work:
            await self._show(reply, incoming, is_seen=False)

    async def _show(self, reply: Reply, incoming: Incoming, *, is_seen: bool = True) -> None:
        """For everybody, or for the next time that the person looks; it `is_seen` where the response had it."""
        replaces = reply.replaces or _ends_form_in_chat(reply, incoming)
        origin = incoming.origin if is_seen else replace(incoming.origin, invoke="")
        await self._replies.show(replace(reply, replaces=replaces), origin)

    async def _found(self, query: Query, tenant: Tenant) -> Json:
        """Whoever reads that conversation reads what is put into it, so it is looked for as for all of them."""
        place = replace(query.place, is_private=False, is_shareable=False)
        if not place.is_outside:
            place = replace(place, is_outside=await self._has_strangers(query.origin, tenant))
        found = await self._house.find(query.text, query.person, place)
        if isinstance(found, Reply):
            with speaking(found.language):
                return extension.told(found.content) if isinstance(found.content, Message) else {}
        with speaking(found.language):
            return extension.results(found.pilots[query.skip : query.skip + query.count])

    async def _rate(self, rated: Rated) -> None:
        """Teams thanks by itself."""
        origin = rated.origin
        name = post_name(origin.tenant, origin.room, origin.reply_to)
        if given := await self._house.answer_posted_as(name, rated.place.community):
            await self._house.handle(rated.event(given.id))

    async def _known(self, incoming: Incoming, tenant: Tenant) -> Event:
        """The event, with what only the roster tells: whether somebody from outside speaks or reads along."""
        event, origin = incoming.event, incoming.origin
        entry = await self._roster.entry(origin, tenant)
        if self._house.links_by_email:
            event = replace(event, person=replace(event.person, email=entry.email))
        is_outside = event.place.is_outside or entry.is_stranger
        if not is_outside and is_shown_to_all(event):
            is_outside = await self._has_strangers(origin, tenant)
        return replace(event, place=replace(event.place, is_outside=is_outside))

    async def _has_strangers(self, origin: Origin, tenant: Tenant) -> bool:
        if origin.surface is Surface.PERSONAL:
            return (await self._roster.entry(origin, tenant)).is_stranger
        return await self._roster.has_strangers(origin, tenant)

    async def _attempt(self, work: Awaitable[None]) -> None:
        """What Teams does not take cannot be told to anybody in Teams; the log says what and why, without words."""
        try:
            await work
        except TeamsRefusedError as error:
            _log.warning("A reply was not shown: %s", error)
        except PilotlightError as error:
            _log.error("A reply was not shown: %s", error)
        except Exception:  # noqa: BLE001 - the last who could say so
            _log.exception("A reply was not shown")


def _ends_form_in_chat(reply: Reply, incoming: Incoming) -> bool:
    """Whether it came of a form that stands in a message, where the next look would show it empty again."""
    is_pressed = incoming.origin.invoke == "adaptiveCard/action" and bool(incoming.origin.reply_to)
    return isinstance(incoming.event, Submitted) and is_pressed and isinstance(reply.content, Message)
