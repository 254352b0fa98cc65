"""The bot in Slack: what bolt hands over goes to the one handler, and its reply back to where it came from."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from adapters.reach_notes import ReachNotes
from adapters.slack import inbound
from adapters.slack.audience import Audience
from adapters.slack.blocks import Json
from adapters.slack.emails import Emails
from adapters.slack.home import HomePages
from adapters.slack.inbound import Incoming, Surface, Workspace, team_of
from adapters.slack.modals import field_errors, form_view, message_view
from adapters.slack.outbox import Outbox, SlackRefusedError
from adapters.slack.prompter import reach_of
from adapters.slack.replies import Replies
from adapters.slack.status import Status
from adapters.slack.stream import Stream
from bot import cards
from bot.events import Event, Opened, Said, Visited, is_for_the_bot, is_shown_to_all
from bot.forms import Form
from bot.messages import Message, Reply
from bot.ports import Handle
from bot.skills.overhear import concerns
from bot.voice import ENGLISH, speaking
from knowledge.errors import PilotlightError

_log = logging.getLogger(__name__)

_ANY = re.compile(".*", re.DOTALL)
_PATIENCE_SECONDS = 2.0  # a form must be answered within three


class SlackApp:
    """Listens on a bolt app. `community_of` names the community of a workspace by its id.

    `language` is what is said where nobody knows yet to whom. With `emails` people come with their addresses, by which
    their accounts are linked.
    """

    def __init__(
        self,
        bolt: AsyncApp,
        *,
        handle: Handle,
        outbox: Outbox,
        notes: ReachNotes,
        community_of: Callable[[str], str],
        clock: Callable[[], float],
        language: str = ENGLISH,
        emails: Emails | None = None,
    ) -> None:
        self._language = language
        self._emails = emails
        self._handle = handle
        self._outbox = outbox
        self._notes = notes
        self._community_of = community_of
        self._clock = clock
        self._replies = Replies(outbox)
        self._home = HomePages(handle, outbox)
        self._audience = Audience(outbox, clock)
        self._status = Status(outbox)
        self._work: dict[asyncio.Task[Any], tuple[str, str, str]] = {}
        self._stopped: set[asyncio.Task[Any]] = set()
        # What bolt has no listener for it logs with its words, so there is one for everything.
        bolt.event(_ANY)(self._on_event)
        bolt.command(_ANY)(self._on_command)
        bolt.shortcut(_ANY)(self._on_shortcut)
        bolt.action(_ANY)(self._on_action)
        bolt.view(_ANY)(self._on_view)
        bolt.view_closed(_ANY)(_only_acknowledge)
        bolt.options(_ANY)(_only_acknowledge)

    async def drain(self, seconds: float) -> int:
        """Let the work under way come to its end, so long at most; how much of it was given up."""
        if not self._work:
            return 0
        _, left = await asyncio.wait(tuple(self._work), timeout=seconds)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        return len(left)

    async def _on_event(self, body: dict[str, Any], context: AsyncBoltContext) -> None:
        workspace = self._workspace(body, context)
        event = body.get("event")
        if workspace is None or not isinstance(event, Mapping):
            return
        if event.get("type") == "agent_session_stopped":
            self._stop((workspace.team, str(event.get("channel")), str(event.get("thread_ts"))))
        else:
            await self._take(inbound.from_event(body, workspace), context)

    async def _on_command(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        await ack()
        if workspace := self._workspace(body, context):
            await self._take(inbound.from_command(body, workspace), context)

    async def _on_shortcut(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        await ack()
        if workspace := self._workspace(body, context):
            await self._take(inbound.from_shortcut(body, workspace), context)

    async def _on_action(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        await ack()
        if workspace := self._workspace(body, context):
            await self._take(inbound.from_action(body, workspace), context)

    async def _on_view(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """A form is answered in its acknowledgement; one that takes longer says so and is answered after."""
        workspace = self._workspace(body, context)
        incoming = inbound.from_view(body, workspace) if workspace else None
        if workspace is None or incoming is None:
            await ack()
            return
        self._note(incoming, context)
        with self._working():
            work = asyncio.create_task(self._handle(incoming.event))
            await asyncio.wait({work}, timeout=_PATIENCE_SECONDS)
            is_late = not work.done()
            if is_late:
                with speaking(self._language):
                    await ack(response_action="update", view=message_view(cards.one_moment()))
            reply = await work
            if is_late:
                await self._attempt(self._update(incoming, reply, context.client))
            else:
                await ack(**_acknowledgement(reply))
            if reply and reply.changes_home:
                await self._attempt(self._home.publish(_at_home(incoming, workspace), context.client))

    async def _update(self, incoming: Incoming, reply: Reply | None, client: AsyncWebClient) -> None:
        origin = incoming.origin
        await self._outbox.call(client, origin.team, "views_update", view_id=origin.view, view=_view(reply))

    async def _take(self, incoming: Incoming | None, context: AsyncBoltContext) -> None:
        """Work on what came in, where the stop button finds it."""
        if incoming is None:
            return
        self._note(incoming, context)
        origin = incoming.origin
        with self._working(origin.team, origin.channel, origin.thread or origin.message):
            await self._attempt(self._answer(incoming, context.client))

    def _note(self, incoming: Incoming, context: AsyncBoltContext) -> None:
        """How the person is reached, who turned to the bot: of who merely talks near it nothing is kept."""
        event, place = incoming.event, incoming.event.place
        if place.is_outside or not is_for_the_bot(event):
            return
        # To look at the bot's page is not yet to speak with it.
        is_personal = place.is_private and not place.is_shareable and not isinstance(event, Opened | Visited)
        reach = reach_of(place, event.person.id, incoming.origin.team, context.enterprise_id)
        self._notes.refresh(reach, is_personal=is_personal)

    @contextmanager
    def _working(self, team: str = "", channel: str = "", thread: str = "") -> Iterator[None]:
        """What is done inside is waited for when the server stops, and stopped by a button where a place is named."""
        task = asyncio.current_task()
        assert task is not None
        self._work[task] = (team, channel, thread)
        try:
            yield
        finally:
            self._work.pop(task, None)
            self._stopped.discard(task)

    async def _answer(self, incoming: Incoming, client: AsyncWebClient) -> None:
        origin = incoming.origin
        match incoming.event:
            case Visited():
                await self._home.publish(await self._with_address(incoming, client), client)
                return
            case Opened():
                await self._suggest(incoming, client)
                return
        if isinstance(incoming.event, Said) and not (incoming.event.is_addressed or concerns(incoming.event.text)):
            return
        stream = Stream(self._outbox, client, origin, self._clock)
        is_awaited = is_for_the_bot(incoming.event)
        try:
            async with self._status.working(origin, client) if is_awaited else nullcontext():
                event = await self._with_audience(await self._with_address(incoming, client), client)
                reply = await self._handle(event, stream.progress)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task not in self._stopped:
                raise
            task.uncancel()
            reply = Reply(content=cards.stopped())
        if await stream.finish(reply) or reply is None:
            return
        if origin.surface is Surface.HOME and isinstance(incoming.event, Said):
            await self._home.publish(incoming, client, found=reply)
        else:
            await (self._replies.show if is_awaited else self._replies.interject)(reply, origin, client)

    async def _with_address(self, incoming: Incoming, client: AsyncWebClient) -> Incoming:
        """Who spoke with the bot is looked up, and nobody whom it only overhears."""
        event, origin = incoming.event, incoming.origin
        is_speaking = is_for_the_bot(event) and not isinstance(event, Opened)
        if self._emails is None or not is_speaking or event.place.is_outside:
            return incoming
        try:
            email = await self._emails.of(client, origin.team, origin.user)
        except Exception:  # noqa: BLE001 - whatever Slack tells of them, they are answered
            _log.exception("The address of somebody was not looked up")
            return incoming
        return replace(incoming, event=replace(event, person=replace(event.person, email=email)))

    async def _with_audience(self, incoming: Incoming, client: AsyncWebClient) -> Event:
        """Where all can read the reply, whether these are all of one community."""
        event, origin = incoming.event, incoming.origin
        if not is_shown_to_all(event) or event.place.is_outside:
            return event
        is_outside = await self._audience.has_strangers(client, origin.team, origin.channel)
        return replace(event, place=replace(event.place, is_outside=is_outside))

    async def _suggest(self, incoming: Incoming, client: AsyncWebClient) -> None:
        prompts = [{"title": each, "message": each} for each in cards.SUGGESTED_QUESTIONS]
        await self._outbox.call(
            client,
            incoming.origin.team,
            "assistant_threads_setSuggestedPrompts",
            channel_id=incoming.origin.channel,
            prompts=prompts,
        )

    async def _attempt(self, shown: Awaitable[None]) -> None:
        """What Slack does not take cannot be told to anybody in Slack; the log says what and why, without words."""
        try:
            await shown
        except SlackRefusedError as error:
            _log.warning("A reply was not shown: %s", error)
        except PilotlightError as error:
            _log.error("A reply was not shown: %s", error)
        except Exception:  # noqa: BLE001 - bolt would log it with its words
            _log.exception("A reply was not shown")

    def _stop(self, where: tuple[str, str, str]) -> None:
        for task, at in tuple(self._work.items()):
            if at == where:
                self._stopped.add(task)
                task.cancel()

    def _workspace(self, body: Mapping[str, Any], context: AsyncBoltContext) -> Workspace | None:
        team = team_of(body, context.team_id)
        if not (team and context.bot_user_id):
            return None
        return Workspace(team=team, bot_user=context.bot_user_id, community=self._community_of(team))


def _acknowledgement(reply: Reply | None) -> Json:
    if reply is None:
        return {}
    if isinstance(reply.content, Form) and reply.content.errors:
        return {"response_action": "errors", "errors": field_errors(reply.content)}
    return {"response_action": "update", "view": _view(reply)}


def _view(reply: Reply | None) -> Json:
    with speaking(reply.language if reply else ENGLISH):
        match reply.content if reply else None:
            case Form() as form:
                return form_view(form)
            case Message() as message:
                return message_view(message)
        return message_view(cards.noted())


def _at_home(incoming: Incoming, workspace: Workspace) -> Incoming:
    place = inbound.home_place(workspace, incoming.origin.user)
    origin = replace(incoming.origin, view_hash="")
    return replace(incoming, event=Visited(person=incoming.event.person, place=place), origin=origin)


async def _only_acknowledge(ack: AsyncAck) -> None:
    await ack()
