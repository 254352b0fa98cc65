"""A Teams tenant of a few people, played by Microsoft's `m365agentsplayground`, for the bot to be at work in.

    async with running_teams(tmp_path, bot_url="http://127.0.0.1:3978/api/messages") as teams:
        said = await teams.say(ALICE, GENERAL, "who tried shuttles?", mention=True)
        answer = await teams.wait_for_answer(said.conversation)
        delivery = await teams.press(ALICE, answer, "More")

Both ways lead through here. What the peer sends to the bot is completed to what Teams sends (the message's own id,
the person who said it and their time zone: the peer has Alice say everything), signed if asked for, and noted with
the bot's answer. What the bot sends to its service URL is noted, passed on, and can be refused as Teams refuses. The
peer keeps no list that can be asked for, so what the bot posted is known from here.
"""

import asyncio
import itertools
import json
import os
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Literal, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

import aiohttp
import yaml
from aiohttp import web
from yarl import URL

from tests.end_to_end.isolated import Isolated, running_isolated
from tests.end_to_end.peers import PLAYGROUND, PeerError, node
from tests.end_to_end.teams_cards import Json, action_in, cards_of, filled, with_card, words_of
from tests.end_to_end.teams_identity import Identity, running_identity
from tests.end_to_end.teams_rules import faults_of_message

__all__ = ["Json", "action_in", "cards_of", "running_teams", "with_card", "words_of"]

_Found = TypeVar("_Found")

TENANT: Final = "7e0a0000-0000-4000-8000-000000000001"
APP_ID: Final = "7e0a0000-0000-4000-8000-0000000000b0"
APP_PASSWORD: Final = "test-app-password"
BOT: Final = f"28:{APP_ID}"
BOT_NAME: Final = "Pilotlight"


@dataclass(frozen=True)
class Person:
    """Someone in the tenant, as the roster tells of them; the zone is told with what they do only."""

    name: str
    object_id: str
    zone: str

    @property
    def email(self) -> str:
        return f"{self.name.split(maxsplit=1)[0].lower()}@example.org"


ALICE: Final = "29:1alice"
BOB: Final = "29:1bob"
CAROL: Final = "29:1carol"
PEOPLE: Final = {
    ALICE: Person("Alice Anderson", "a0000000-0000-4000-8000-000000000001", "Europe/Paris"),
    BOB: Person("Bob Brown", "a0000000-0000-4000-8000-000000000002", "America/New_York"),
    CAROL: Person("Carol Costa", "a0000000-0000-4000-8000-000000000003", "Pacific/Auckland"),
    # The peer wants six people, no more and no less.
    "29:1dora": Person("Dora Dimou", "a0000000-0000-4000-8000-000000000004", "Europe/Athens"),
    "29:1erik": Person("Erik Ek", "a0000000-0000-4000-8000-000000000005", "Europe/Stockholm"),
    "29:1filiz": Person("Filiz Fidan", "a0000000-0000-4000-8000-000000000006", "Europe/Istanbul"),
}
"""Everybody is in the group chat and in the team."""

TEAM: Final = "19:general@thread.tacv2"
TEAM_NAME: Final = "Example Administration"
TEAM_GROUP: Final = "7e0a0000-0000-4000-8000-0000000000c0"
GENERAL: Final = TEAM
"""The team's first channel has the team's id."""
PROJECTS: Final = "19:projects@thread.tacv2"
GROUP: Final = "19:group@thread.v2"
CHANNELS: Final = {GENERAL: "General", PROJECTS: "Projects"}

MESSAGE_SECONDS: Final = 15.0
INVOKE_SECONDS: Final = 10.0
_START_SECONDS: Final = 30.0
_MOST_BYTES: Final = 100 * 1024
_IN_A_THREAD: Final = ";messageid="
_KEPT: Final = ("id", "conversation", "_targeted", "recipient")
"""What a message keeps when the bot writes it anew."""
_INVOKES_OF_THE_PEER: Final = frozenset(
    {
        "message/submitAction",
        "composeExtension/query",
        "composeExtension/fetchTask",
        "composeExtension/queryLink",
        "composeExtension/anonymousQueryLink",
        "composeExtension/submitAction",
    }
)

Event = Literal[
    "install",
    "uninstall",
    "botAdded",
    "botRemoved",
    "userAdded",
    "userRemoved",
    "channelCreated",
    "channelRenamed",
    "channelDeleted",
    "teamRenamed",
    "teamDeleted",
]


@dataclass(frozen=True)
class Delivery:
    """An activity that was sent to the bot, and how it answered; the status is 0 when nobody did."""

    activity: Json
    headers: Mapping[str, str]
    status: int
    text: str
    seconds: float

    @property
    def kind(self) -> str:
        """The activity's type; of an invoke, its name."""
        return str(self.activity.get("name") if self.activity["type"] == "invoke" else self.activity["type"])

    @property
    def answer(self) -> Any:
        """What the bot answered, read from its JSON; nothing when it answered nothing."""
        return json.loads(self.text) if self.text else None

    @property
    def in_time(self) -> bool:
        """Whether Teams would call it delivered."""
        allowed = INVOKE_SECONDS if self.activity["type"] == "invoke" else MESSAGE_SECONDS
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES and self.seconds < allowed


@dataclass(frozen=True)
class Call:
    """What the bot asked of its service URL, and what it was answered."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Json
    authorization: str
    status: int
    answer: Any
    at: float

    @property
    def is_targeted(self) -> bool:
        return self.query.get("isTargetedActivity") == "true"


@dataclass(frozen=True)
class Said:
    """A person's message: its id, the conversation answers to it stand in, and what came of it, if the bot got it."""

    id: str
    conversation: str
    delivery: Delivery | None


@dataclass
class _Awaited:
    """An activity that will come from the peer, and what becomes of it on its way."""

    fits: Callable[[Json], bool]
    completed: Callable[[Json], Awaitable[Json]]
    delivered: asyncio.Future[Delivery]


@dataclass
class _Refusal:
    status: int
    code: str
    headers: Mapping[str, str]
    method: str
    path: str
    times: int
    message: str


@dataclass
class Teams:
    """The running tenant, from the side of the people in it."""

    bot_url: str | None
    """Where the bot takes its activities; it may be set later, when the bot knows its port."""
    service_url: str
    """What the bot is told to answer to, ending in a slash as Teams' own."""
    page_url: str
    """The peer's web page, which is Alice's."""
    recording_file: Path
    identity: Identity | None
    """With an identity everything sent to the bot is signed, and everything it sends needs its token."""
    overhears: bool
    """Whether the bot was given ChannelMessage.Read.Group and ChatMessage.Read.Chat."""
    peer: aiohttp.ClientSession
    outside: aiohttp.ClientSession
    personal: dict[str, str] = field(default_factory=dict)
    """Each person's chat with the bot alone."""
    deliveries: list[Delivery] = field(default_factory=list)
    """Everything sent to the bot."""
    calls: list[Call] = field(default_factory=list)
    """Everything the bot asked for."""
    roster: dict[str, Json] = field(default_factory=dict)
    """What the roster tells of a person otherwise than the peer, to whom all are at home here."""
    _posted: list[Json] = field(default_factory=list)
    _pieces: dict[str, list[str]] = field(default_factory=dict)
    _awaited: list[_Awaited] = field(default_factory=list)
    _refusals: list[_Refusal] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(int(time.time() * 1000) - 10**7))

    # What people do

    async def say(self, user: str, conversation: str, text: str, *, mention: bool = False) -> Said:
        """A message in a chat, as a new post of a channel, or in a thread (a `Said`'s or message's conversation).

        The bot gets it in its own chat, when it is mentioned, and everywhere when it overhears.
        """
        written = f"<at>{BOT_NAME}</at> {text}" if mention else text
        mentions = [{"mentioned": {"id": BOT}, "text": f"<at>{BOT_NAME}</at>"}] if mention else []
        sent_id: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        heard = mention or conversation in self.personal.values()

        async def completed(activity: Json) -> Json:
            return self._by(user, {**activity, "id": await sent_id})

        def fits(activity: Json) -> bool:
            there = top_of(activity["conversation"]["id"]) == top_of(conversation)
            return there and activity["type"] == "message" and activity.get("text") == written

        with self._expecting(fits, completed) as delivered:
            path = f"/_conversation/v1/conversations/{quote(conversation, safe='')}/messages"
            told = {"from": {"id": user}, "text": written, "textFormat": "plain", "mentions": mentions}
            answer = await self._tell(path, told)
            message_id = str(answer["messageId"])
            sent_id.set_result(message_id)
            thread = str(answer.get("postConversationId") or conversation)
            if heard:
                return Said(message_id, thread, await self._delivered(delivered))
        if not self.overhears:
            return Said(message_id, thread, None)
        message = {**self.activity_of(user, thread, "message"), "id": message_id, "text": text, "textFormat": "plain"}
        return Said(message_id, thread, await self.custom_activity(message))

    async def say_privately(self, user: str, conversation: str, text: str) -> Said:
        """A targeted message, as a slash command sends it: only the person and the bot see it."""
        message_id = str(next(self._numbers))
        message = {**self.activity_of(user, conversation, "message"), "id": message_id, "text": text}
        message["recipient"]["isTargeted"] = True
        return Said(message_id, conversation, await self.custom_activity({**message, "textFormat": "plain"}))

    async def edit(self, user: str, said: Said, text: str) -> Delivery:
        changed = self.activity_of(user, said.conversation, "messageUpdate")
        changed["channelData"]["eventType"] = "editMessage"
        return await self.custom_activity({**changed, "id": said.id, "text": text, "textFormat": "plain"})

    async def delete(self, user: str, said: Said, *, undone: bool = False) -> Delivery:
        """Takes a message back, or, undone, brings it back."""
        changed = self.activity_of(user, said.conversation, "messageUpdate" if undone else "messageDelete")
        changed["channelData"]["eventType"] = "undeleteMessage" if undone else "softDeleteMessage"
        return await self.custom_activity({**changed, "id": said.id})

    async def react(self, user: str, message: Json, reaction: str = "like", *, present: bool = True) -> Delivery:
        """A reaction to a message of the bot: Teams tells of no others."""
        told = self.activity_of(user, message["conversation"]["id"], "messageReaction")
        told["reactionsAdded" if present else "reactionsRemoved"] = [{"type": reaction}]
        return await self.custom_activity({**told, "replyToId": message["id"]})

    async def press(
        self,
        user: str,
        message: Json,
        title: str = "",
        *,
        data: Mapping[str, object] | None = None,
        inputs: Mapping[str, object] | None = None,
    ) -> Delivery:
        """Presses the card's one action that has this title, or this data, with what was typed into its inputs.

        Action.Submit comes as a message (or as the task/fetch that its data asks for), Action.Execute as an invoke,
        whose answer the delivery holds: `with_card(message, delivery.answer["value"])` is what the person sees then.
        """
        action = action_in(message, title, data)
        held = filled(message, action, inputs or {})
        message_id = message["id"]
        card_id = self._pieces.get(message_id, [message_id])[-1]
        told = {"from": {"id": user}, "conversation": {"id": _thread_of(message)}, "replyToId": card_id}
        if action["type"] == "Action.Execute":
            executed = {"type": "Action.Execute", "title": action.get("title"), "id": action.get("id")}
            pressed = {**executed, "verb": action.get("verb"), "data": held}
            value = {"action": {name: it for name, it in pressed.items() if it is not None}, "trigger": "manual"}
            return await self._through_peer(
                user,
                "/_conversation/v1/invoke",
                {**told, "name": "adaptiveCard/action", "value": value},
                reply_to=message_id,
            )
        if action["type"] != "Action.Submit":
            raise PeerError(f"The bot hears nothing of {action['type']}.")
        asked = held.pop("msteams", {})
        if asked.get("type") in {"task/fetch", "invoke"}:
            name = "task/fetch" if asked["type"] == "task/fetch" else "invoke"
            return await self.invoke(name, {"data": {**held, "msteams": asked}}, user, _thread_of(message))
        if asked.get("type") in {"imBack", "messageBack"}:
            text = str(asked.get("text") or asked.get("value") or "")
            back = {**self.activity_of(user, _thread_of(message), "message"), "text": text, "textFormat": "plain"}
            value = {"value": asked.get("value") or held} if asked["type"] == "messageBack" else {}
            return await self.custom_activity({**back, **value, "replyToId": message["id"]})
        return await self._through_peer(user, "/_conversation/v1/submit", {**told, "value": held}, reply_to=message_id)

    async def refresh(self, user: str, message: Json) -> Delivery:
        """The card's own question for what it is for this person, as Teams asks when it shows it to them."""
        (card,) = cards_of(message)
        asked = card["refresh"]["action"]
        value = {"action": {**asked, "data": asked.get("data", {})}, "trigger": "automatic"}
        return await self.invoke("adaptiveCard/action", value, user, _thread_of(message), reply_to=message["id"])

    async def submit(
        self, user: str, dialog: Json, inputs: Mapping[str, object], conversation: str, title: str = ""
    ) -> Delivery:
        """Sends a dialog: what the bot answered to task/fetch, or to the submission before."""
        card = dialog["task"]["value"]["card"]["content"]
        action = action_in(card, title, None)
        return await self.invoke("task/submit", {"data": filled(card, action, inputs)}, user, conversation)

    async def rate(self, user: str, message: Json, reaction: Literal["like", "dislike"], words: str = "") -> Delivery:
        """Thumbs on a message that has a feedback loop, with what was typed into Teams' own form."""
        feedback = json.dumps({"feedbackText": words}, separators=(",", ":"))
        value = {"actionName": "feedback", "actionValue": {"reaction": reaction, "feedback": feedback}}
        return await self.invoke("message/submitAction", value, user, _thread_of(message), reply_to=message["id"])

    async def search(self, user: str, conversation: str, words: str, command: str = "search") -> Delivery:
        """A query of the message extension, from the compose box."""
        value = {
            "commandId": command,
            "parameters": [{"name": "query", "value": words}],
            "queryOptions": {"skip": 0, "count": 25},
            "context": {"theme": "default"},
        }
        return await self.invoke("composeExtension/query", value, user, conversation)

    async def invoke(
        self, name: str, value: object, user: str, conversation: str, *, reply_to: str | None = None
    ) -> Delivery:
        """Any invoke; by the peer where it knows it, else in its place."""
        if name in _INVOKES_OF_THE_PEER:
            told = {"name": name, "value": value, "from": {"id": user}, "conversation": {"id": conversation}}
            return await self._through_peer(user, "/_conversation/v1/invoke", told, reply_to=reply_to)
        activity = {**self.activity_of(user, conversation, "invoke"), "name": name, "value": value}
        return await self.custom_activity(activity if reply_to is None else {**activity, "replyToId": reply_to})

    async def event(self, event: Event, user: str = ALICE, conversation: str = GENERAL) -> Delivery:
        """What the peer has a template for: installed, removed, somebody comes or goes, a channel or team changes."""
        asked = {"conversationId": conversation, "type": event}
        async with self.peer.get("/_internal/v1/customActivities/template", params=asked) as answer:
            template = await self._read(answer)
        return await self.custom_activity(self._by(user, template))

    async def custom_activity(self, activity: Json) -> Delivery:
        """Any activity, sent by the peer as it stands."""

        async def unchanged(sent: Json) -> Json:
            return sent

        with self._expecting(lambda sent: sent == activity, unchanged) as delivered:
            await self._tell("/_internal/v1/customActivities", activity)
            return await self._delivered(delivered)

    def activity_of(self, user: str, conversation: str, kind: str) -> Json:
        """The frame of an activity, as Teams writes it, to be completed."""
        told: Json = {
            "type": kind,
            "id": str(uuid.uuid4()),
            "timestamp": "",
            "localTimestamp": "",
            "channelId": "msteams",
            "serviceUrl": self.service_url,
            "from": {},
            "conversation": self._conversation(conversation),
            "recipient": {"id": BOT, "name": BOT_NAME},
            "entities": [{"type": "clientInfo", "locale": "en-US", "country": "US", "platform": "Web", "timezone": ""}],
            "channelData": {"tenant": {"id": TENANT}},
            "locale": "en-US",
            "localTimezone": "",
        }
        channel = top_of(conversation)
        if channel in CHANNELS:
            told["channelData"] |= {
                "teamsChannelId": channel,
                "teamsTeamId": TEAM,
                "channel": {"id": channel},
                "team": {"id": TEAM},
            }
        told["timestamp"] = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return self._by(user, told)

    # What people see

    async def messages(self, conversation: str, seen_by: str | None = None) -> list[Json]:
        """What the bot posted there: activities as it wrote them, with their `id`, changed where it changed them.

        A channel holds the posts that begin a thread, and a thread all that stands in it. With a person, without
        what only others see.
        """
        return [
            one
            for one in self._posted
            if (_thread_of(one) == conversation or one["conversation"]["id"] == conversation)
            and (seen_by is None or not one["_targeted"] or one["recipient"]["id"] == seen_by)
        ]

    async def wait_for_answer(
        self, conversation: str, containing: str = "", *, after: int = 0, seconds: float = 5
    ) -> Json:
        """The bot's latest message there with these words, once there are more than `after` of them."""

        async def look() -> Json | None:
            found = [one for one in await self.messages(conversation) if containing in words_of(one)]
            return found[-1] if len(found) > after else None

        return await self.wait_for(look, seconds)

    async def wait_for(self, look: Callable[[], Awaitable[_Found | None]], seconds: float = 5) -> _Found:
        """What the look finds, once it finds anything true."""
        until = time.monotonic() + seconds
        while not (found := await look()):
            if time.monotonic() > until:
                raise PeerError(f"Nothing came in {seconds:g} s. Lately:\n{self._latest()}")
            await asyncio.sleep(0.02)
        return found

    def streamed(self, conversation: str) -> list[Json]:
        """Every piece the bot streamed there, the last message included, in order."""
        return [
            call.body
            for call in self.calls
            if call.method == "POST" and f"/{conversation}/" in call.path and _stream_info(call.body) is not None
        ]

    def typing(self, conversation: str) -> int:
        """How often the bot said there that it writes."""
        told = [call.body for call in self.calls if call.method == "POST" and f"/{conversation}/" in call.path]
        return sum(1 for body in told if body.get("type") == "typing" and _stream_info(body) is None)

    # What stands behind it

    def recording(self) -> list[Json]:
        """What the peer itself wrote down, in both directions: logId, direction, activityName, request, response."""
        if not self.recording_file.exists():
            return []
        written = self.recording_file.read_text(encoding="utf-8").split("\n---\n")
        return [json.loads(one) for one in written if one.strip()]

    def refuse(
        self,
        status: int,
        code: str = "",
        *,
        method: str = "",
        path: str = "",
        times: int = 1,
        retry_after: int | None = None,
        message: str = "",
    ) -> None:
        """Answers the bot's next calls of that kind as Teams would refuse them; the peer does not hear of them."""
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        code = code or HTTPStatus(status).phrase
        self._refusals.append(_Refusal(status, code, headers, method, path, times, message or f"Refused: {code}."))

    async def redeliver(self, delivery: Delivery) -> Delivery:
        """The same once more, as Teams does when an answer is late."""
        return await self._deliver(delivery.activity)

    async def send(self, activity: Json, headers: Mapping[str, str] | None = None) -> Delivery:
        """Sends the bot anything, past the peer; headers replace the signature."""
        return await self._deliver(activity, headers)

    def faults(self) -> list[str]:
        """Why real Teams would have refused what the bot sent: a test may end on there being none."""
        return [
            *(fault for call in self.calls if call.method in {"POST", "PUT"} for fault in faults_of_message(call.body)),
            *(
                f"{one.kind} was answered with {one.status} after {one.seconds:.1f} s."
                for one in self.deliveries
                if not one.in_time
            ),
        ]

    # The two ways through here

    async def passes_to_bot(self, request: web.Request) -> web.Response:
        """Hands what the peer sends to the bot, and the bot's answer back."""
        if request.method != "POST":
            return web.Response(status=HTTPStatus.METHOD_NOT_ALLOWED)
        activity: Json = await request.json()
        awaited = next((one for one in self._awaited if one.fits(activity)), None)
        if awaited is None:
            delivery = await self._deliver(activity)
        else:
            self._awaited.remove(awaited)
            try:
                delivery = await self._deliver(await awaited.completed(activity))
            except PeerError as problem:
                awaited.delivered.set_exception(problem)
                return web.Response(status=HTTPStatus.BAD_GATEWAY)
            awaited.delivered.set_result(delivery)
        return web.Response(
            status=delivery.status or HTTPStatus.BAD_GATEWAY, text=delivery.text, content_type="application/json"
        )

    async def passes_to_peer(self, request: web.Request) -> web.Response:
        """Hands what the bot asks of its service URL to the peer, and the peer's answer back."""
        raw = await request.read()
        body: Json = json.loads(raw) if raw else {}
        path = request.path.removeprefix("/_connector")
        headers: Mapping[str, str] = {}
        answer: Any
        refused = self._refused(request, path, raw)
        if refused is not None:
            status, answer, headers = refused
        elif request.method == "DELETE":
            status, answer = self._deleted(path)
        else:
            status, answer = await self._asked_of_peer(request, path, body)
            if "members" in path:
                answer = self._told_of_people(answer)
        authorization = request.headers.get("Authorization", "")
        query = dict(request.query)
        self.calls.append(Call(request.method, path, query, body, authorization, int(status), answer, time.monotonic()))
        if refused is None and HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            self._note(request.method, path, query, body, answer)
        if answer is None:
            return web.Response(status=status, headers=headers)
        return web.json_response(answer, status=status, headers=headers)

    def _refused(self, request: web.Request, path: str, raw: bytes) -> tuple[int, Json, Mapping[str, str]] | None:
        shown = request.headers.get("Authorization", "")
        if self.identity is not None and shown != f"Bearer {self.identity.bot_token}":
            return HTTPStatus.UNAUTHORIZED, _error("BotNotAuthorized", "Authorization has been denied."), {}
        for refusal in self._refusals:
            if refusal.times and refusal.method in {"", request.method} and refusal.path in path:
                refusal.times -= 1
                return refusal.status, _error(refusal.code, refusal.message), refusal.headers
        if len(raw.decode().encode("utf-16-le")) > _MOST_BYTES:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _error("MessageSizeTooBig", "Message size too large."), {}
        return None

    async def _asked_of_peer(self, request: web.Request, path: str, body: Json) -> tuple[int, Any]:
        parts = path.split("/")
        if parts[-2] == "members":
            parts[-1] = _person(parts[-1])
        if "members" in body:
            body = {**body, "members": [{**one, "id": _person(one["id"])} for one in body["members"]]}
        there = "/_connector" + "/".join(quote(part, safe="") for part in parts)
        pieces = _pieces(body)
        if len(pieces) == 1 or "activities" not in parts:
            return await self._peer_answers(request, there, body)
        return await self._in_pieces(request, path, pieces)

    async def _in_pieces(self, request: web.Request, path: str, pieces: list[Json]) -> tuple[int, Any]:
        """The peer shows words and cards as messages of their own, and would answer without an id to change them by."""
        parts = path.split("/")
        conversation, message_id = parts[3], parts[5] if len(parts) > 5 else ""
        known = self._pieces.get(message_id, [message_id]) if request.method == "PUT" else []
        ids: list[str] = []
        for piece, known_id in itertools.zip_longest(pieces, known[: len(pieces)]):
            there = f"/_connector/v3/conversations/{quote(conversation, safe='')}/activities"
            changes = request.method == "PUT" and known_id is not None
            status, answer = await self._peer_answers(
                request, f"{there}/{known_id}" if changes else there, piece, "PUT" if changes else "POST"
            )
            if status >= HTTPStatus.MULTIPLE_CHOICES:
                return status, answer
            # Of a stream's last piece the peer gives no id: it is the stream's own.
            ids.append(str(answer["id"] if answer else (_stream_info(piece) or {})["streamId"]))
            if conversation in CHANNELS and not changes:
                conversation = f"{conversation}{_IN_A_THREAD}{ids[0]}"
        self._pieces[ids[0]] = ids
        return HTTPStatus.OK if request.method == "PUT" else HTTPStatus.CREATED, {"id": ids[0]}

    async def _peer_answers(self, request: web.Request, there: str, body: Json, method: str = "") -> tuple[int, Any]:
        said: dict[str, Any] = {"json": body} if body else {}
        try:
            async with self.peer.request(
                method or request.method, URL(there, encoded=True), params=request.query, **said
            ) as response:
                text = await response.text()
                return response.status, json.loads(text) if text else None
        except TimeoutError:
            return HTTPStatus.GATEWAY_TIMEOUT, _error("GatewayTimeout", "The peer did not answer.")

    def _told_of_people(self, answer: Any) -> Any:
        if "members" in answer:
            return {**answer, "members": [self._told_of_people(each) for each in answer["members"]]}
        return {**answer, **self.roster.get(answer.get("id", ""), {})}

    def _deleted(self, path: str) -> tuple[int, Any]:
        """The peer cannot take a message back, so it is done here."""
        wanted = path.rsplit("/", maxsplit=1)[-1]
        found = [one for one in self._posted if one["id"] == wanted]
        for one in found:
            self._posted.remove(one)
        return (HTTPStatus.OK, None) if found else (HTTPStatus.NOT_FOUND, _error("ActivityNotFoundInConversation", ""))

    def _note(self, method: str, path: str, query: Mapping[str, str], body: Json, answer: Any) -> None:
        parts = path.strip("/").split("/")
        targeted = {"_targeted": query.get("isTargetedActivity") == "true"}
        if parts[:2] != ["v3", "conversations"]:
            return
        if method == "PUT":
            for one in self._posted:
                if one["id"] == parts[4]:
                    kept: Json = {name: one[name] for name in _KEPT if name in one}
                    one.clear()
                    one.update({**body, **kept, "_changed": True})
        elif method == "POST" and len(parts) == 2 and "activity" in body:
            there = {"conversation": {"id": answer["id"]}}
            self._posted.append({**body["activity"], **there, "id": answer["activityId"], "_targeted": False})
        elif method == "POST" and len(parts) > 2 and body.get("type") == "message":
            info = _stream_info(body) or {}
            message_id = info.get("streamId") or (answer or {}).get("id")
            there = {"conversation": {**(body.get("conversation") or {}), "id": parts[2]}}
            self._posted.append({**body, **there, **targeted, "id": message_id})

    # How it is done

    async def wait_until_it_serves(self) -> None:
        """The peer listens once to see whether its port is free, and again, later, in earnest."""

        async def look() -> bool:
            try:
                async with self.peer.get("/_debug/ping") as answer:
                    return answer.ok
            except aiohttp.ClientError:
                return False

        await self.wait_for(look, _START_SECONDS)

    async def meet(self, users: Sequence[str]) -> None:
        """Gives each of these people a chat with the bot: the peer has one for Alice alone."""
        self.personal[ALICE] = "a:1alice"
        for user in users:
            if user != ALICE:
                made = await self._tell("/_connector/v3/conversations", {"isGroup": False, "members": [{"id": user}]})
                self.personal[user] = str(made["id"])

    async def _through_peer(self, user: str, path: str, told: Json, *, reply_to: str | None = None) -> Delivery:
        async def completed(activity: Json) -> Json:
            return self._by(user, activity if reply_to is None else {**activity, "replyToId": reply_to})

        def fits(activity: Json) -> bool:
            done = activity.get("name") == told.get("name") and activity.get("value") == told["value"]
            return done and activity["from"]["id"] == user

        with self._expecting(fits, completed) as delivered:
            telling = asyncio.ensure_future(self._tell(path, told))
            waiting = asyncio.ensure_future(self._delivered(delivered))
            try:
                # The peer answers after the bot, and with an error when the bot did: the bot's answer is what counts.
                await asyncio.wait({telling, waiting}, return_when=asyncio.FIRST_COMPLETED)
                if telling.done() and not delivered.done() and telling.exception() is not None:
                    await telling
                delivery = await waiting
                await asyncio.wait({telling})
                telling.exception()
                return delivery
            finally:
                waiting.cancel()
                telling.cancel()

    def _expecting(self, fits: Callable[[Json], bool], completed: Callable[[Json], Awaitable[Json]]) -> "_Expecting":
        return _Expecting(self._awaited, fits, completed)

    async def _delivered(self, delivered: asyncio.Future[Delivery]) -> Delivery:
        try:
            async with asyncio.timeout(MESSAGE_SECONDS + 5):
                return await asyncio.shield(delivered)
        except TimeoutError:
            raise PeerError(f"The peer sent nothing to the bot. Lately:\n{self._latest()}") from None

    async def _deliver(self, activity: Json, headers: Mapping[str, str] | None = None) -> Delivery:
        if self.bot_url is None:
            raise PeerError("There is no bot_url yet to send to.")
        signed: dict[str, str] = {}
        if self.identity is not None:
            signed["Authorization"] = f"Bearer {self.identity.token(str(activity.get('serviceUrl', '')))}"
        sent = {"Content-Type": "application/json", **(signed if headers is None else headers)}
        started = time.monotonic()
        try:
            async with self.outside.post(self.bot_url, data=json.dumps(activity).encode(), headers=sent) as answer:
                status, text = answer.status, await answer.text()
        except (aiohttp.ClientError, TimeoutError) as problem:
            status, text = 0, json.dumps(str(problem))
        delivery = Delivery(activity, sent, status, text, time.monotonic() - started)
        self.deliveries.append(delivery)
        return delivery

    def _by(self, user: str, activity: Json) -> Json:
        """The activity as this person's doing, at their place."""
        person = PEOPLE[user]
        sender = {"id": user, "name": person.name, "aadObjectId": person.object_id}
        completed = {**activity, "from": sender, "localTimezone": person.zone}
        at = datetime.fromisoformat(activity["timestamp"]).astimezone(ZoneInfo(person.zone))
        completed["localTimestamp"] = at.isoformat(timespec="milliseconds")
        if "entities" in activity:
            completed["entities"] = [
                {**one, "timezone": person.zone} if one["type"] == "clientInfo" else one for one in activity["entities"]
            ]
        return completed

    def _conversation(self, conversation: str) -> Json:
        if top_of(conversation) in CHANNELS:
            return {"id": conversation, "isGroup": True, "conversationType": "channel", "tenantId": TENANT}
        if conversation == GROUP:
            return {"id": conversation, "isGroup": True, "conversationType": "groupChat", "tenantId": TENANT}
        return {"id": conversation, "conversationType": "personal", "tenantId": TENANT}

    async def _tell(self, path: str, told: Json) -> Json:
        async with self.peer.post(URL(path, encoded=True), json=told) as answer:
            return await self._read(answer)

    async def _read(self, answer: aiohttp.ClientResponse) -> Json:
        text = await answer.text()
        if not answer.ok:
            raise PeerError(f"The peer refused {answer.url.path} with {answer.status}: {text[:500]}")
        found: Json = json.loads(text) if text else {}
        return found

    def _latest(self) -> str:
        sent = [f"  to the bot: {one.kind} {one.status} {one.text[:300]}" for one in self.deliveries[-6:]]
        asked = [
            f"  from the bot: {one.method} {one.path} {one.status} {str(one.answer)[:300]}" for one in self.calls[-6:]
        ]
        return "\n".join([*sent, *asked])


class _Expecting:
    """While it is open, the next fitting activity of the peer is completed so, and its delivery told."""

    def __init__(
        self,
        awaited: list[_Awaited],
        fits: Callable[[Json], bool],
        completed: Callable[[Json], Awaitable[Json]],
    ) -> None:
        self._all = awaited
        self._one = _Awaited(fits, completed, asyncio.get_running_loop().create_future())

    def __enter__(self) -> asyncio.Future[Delivery]:
        self._all.append(self._one)
        return self._one.delivered

    def __exit__(self, *_: object) -> None:
        if self._one in self._all:
            self._all.remove(self._one)


@asynccontextmanager
async def running_teams(
    folder: Path,
    bot_url: str | None = None,
    *,
    signed: bool = False,
    overhears: bool = False,
) -> AsyncIterator[Teams]:
    """The tenant, new; its configuration, output and recording are in the folder."""
    async with AsyncExitStack() as stack:
        entrance = _Entrance()
        service_port = await entrance.open(stack)
        service_url = f"http://127.0.0.1:{service_port}/_connector/"
        recording = folder / "recording.txt"

        def command(peer: Isolated) -> Sequence[str]:
            configuration = folder / "teams.yaml"
            configuration.write_text(yaml.safe_dump(_configuration()), encoding="utf-8")
            return _command(peer, service_url, configuration, recording, folder / "playground.log")

        peer = await stack.enter_async_context(running_isolated(command, folder / "playground.txt"))
        session = await stack.enter_async_context(
            aiohttp.ClientSession(
                f"http://127.0.0.1:{peer.port}",
                connector=aiohttp.UnixConnector(str(peer.socket)),
                timeout=aiohttp.ClientTimeout(total=MESSAGE_SECONDS + 10),
            )
        )
        outside = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=MESSAGE_SECONDS + 5))
        )
        identity = stack.enter_context(running_identity(APP_ID, APP_PASSWORD)) if signed else None
        page = f"http://127.0.0.1:{peer.port}"
        teams = Teams(bot_url, service_url, page, recording, identity, overhears, session, outside)
        entrance.teams = teams
        await entrance.open_for_peer(stack, peer.outward_socket)
        await teams.wait_until_it_serves()
        await teams.meet([ALICE, BOB, CAROL])
        yield teams


class _Entrance:
    """Listens for the bot, whose service URL the peer must be told before it starts, and for the peer."""

    def __init__(self) -> None:
        self.teams: Teams | None = None

    async def open(self, stack: AsyncExitStack) -> int:
        """The port the bot is to speak to."""
        runner = await self._runner(stack, self._to_peer)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port: int = runner.addresses[0][1]
        return port

    async def open_for_peer(self, stack: AsyncExitStack, path: Path) -> None:
        runner = await self._runner(stack, self._to_bot)
        await web.UnixSite(runner, str(path)).start()

    async def _runner(
        self, stack: AsyncExitStack, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.AppRunner:
        application = web.Application(client_max_size=2**24)
        application.router.add_route("*", "/{anywhere:.*}", handler)
        runner = web.AppRunner(application, shutdown_timeout=1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        return runner

    async def _to_peer(self, request: web.Request) -> web.Response:
        if self.teams is None:
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)
        return await self.teams.passes_to_peer(request)

    async def _to_bot(self, request: web.Request) -> web.Response:
        assert self.teams is not None
        return await self.teams.passes_to_bot(request)


def top_of(conversation: str) -> str:
    """The channel or chat that a conversation is in."""
    return conversation.split(_IN_A_THREAD, maxsplit=1)[0]


def _thread_of(message: Json) -> str:
    """Where answers to a message of the bot stand: a post begins a thread."""
    conversation: str = message["conversation"]["id"]
    return f"{conversation}{_IN_A_THREAD}{message['id']}" if conversation in CHANNELS else conversation


def _person(wanted: str) -> str:
    """The Teams id of who may be named by their directory's id: Teams takes both, the peer one."""
    return next((user for user, person in PEOPLE.items() if person.object_id == wanted), wanted)


def _stream_info(body: Json) -> Json | None:
    return next((one for one in body.get("entities") or () if one.get("type") == "streaminfo"), None)


def _pieces(body: Json) -> list[Json]:
    """The words of a message, and each of its cards, as the peer tells them apart."""
    attached = body.get("attachments") or []
    words = {name: value for name, value in body.items() if name != "attachments"}
    rest = {name: value for name, value in body.items() if name not in {"text", "textFormat"}}
    told = [words] if body.get("text") or not attached else []
    return [*told, *({**rest, "attachments": [one]} for one in attached)]


def _error(code: str, message: str) -> Json:
    return {"error": {"code": code, "message": message}}


def _command(peer: Isolated, service_url: str, configuration: Path, recording: Path, log: Path) -> Sequence[str]:
    told = {
        "TEAMSAPPTESTER_BROWSER": "none",
        "M365_AGENTS_PLAYGROUND_CONFIG_PATH": configuration,
        "M365_AGENTS_PLAYGROUND_RECORDING_FILE": recording,
        "M365_AGENTS_PLAYGROUND_LOGFILE": log,
        # The peer guesses a time zone from its surroundings.
        "TZ": PEOPLE[ALICE].zone,
        "PATH": os.environ.get("PATH", ""),
        "HOME": configuration.parent,
    }
    return [
        "/usr/bin/env",
        "-i",
        *(f"{name}={value}" for name, value in told.items()),
        str(node()),
        str(PLAYGROUND),
        "start",
        "--disable-telemetry",
        "--enable-events-recording",
        "--channel-id=msteams",
        f"--port={peer.port}",
        f"--app-endpoint={peer.outward_url}/api/messages",
        f"--service-url={service_url}",
    ]


def _configuration() -> Json:
    def told(user: str) -> Json:
        person = PEOPLE[user]
        given, surname = person.name.split(maxsplit=1)
        return {
            "id": user,
            "name": person.name,
            "userPrincipleName": person.email,
            "aadObjectId": person.object_id,
            "givenName": given,
            "surname": surname,
            "email": person.email,
        }

    return {
        "version": "0.1.1",
        "tenantId": TENANT,
        "bot": {"id": BOT, "name": BOT_NAME},
        "currentUser": told(ALICE),
        "users": [told(user) for user in PEOPLE if user != ALICE],
        "personalChat": {"id": "a:1alice"},
        "groupChat": {"id": GROUP, "name": "Steering group"},
        "team": {
            "id": TEAM,
            "name": TEAM_NAME,
            "aadGroupId": TEAM_GROUP,
            "channels": [{"id": PROJECTS, "name": CHANNELS[PROJECTS]}],
        },
    }
