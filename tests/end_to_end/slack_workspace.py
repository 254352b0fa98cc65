"""A Slack workspace of three people, played by `local-slack`, for the bot to be at work in.

    async with running_workspace(tmp_path, mode="events", request_url="http://127.0.0.1:3000/slack/events") as slack:
        sent = await slack.mention(ALICE, GENERAL, "who tried shuttles?")
        answer = await slack.wait_for_answer(GENERAL, thread_ts=sent["ts"])
        await slack.press(ALICE, answer, label="More")

What the peer sends in events mode passes through here on its way, so that every delivery is noted with its answer
and its time, and so that what the peer cannot say (a button on a Home tab, a redelivery, any event of Slack's) can
be said in its place, signed as Slack signs. In Socket Mode the bot speaks with the peer alone.
"""

import asyncio
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeVar
from urllib.parse import parse_qsl, urlencode

import aiohttp
import yaml
from aiohttp import web

from tests.end_to_end.isolated import Isolated, running_isolated
from tests.end_to_end.peers import LOCAL_SLACK, PeerError
from tests.end_to_end.slack_rules import faults_of_message, faults_of_view

Json = dict[str, Any]
Mode = Literal["events", "socket"]
_Found = TypeVar("_Found")

TEAM: Final = "T01TEST"
APP: Final = "A01APP"
BOT: Final = "U0BOT"
BOT_TOKEN: Final = "xoxb-test-token"
APP_TOKEN: Final = "xapp-test-token"
SIGNING_SECRET: Final = "test-signing-secret"

ALICE: Final = "U01ALICE"
BOB: Final = "U02BOB"
CAROL: Final = "U03CAROL"
GENERAL: Final = "C01GENERAL"
RANDOM: Final = "C02RANDOM"
PRIVATE: Final = "G01PRIVATE"
ELSEWHERE: Final = "C03ELSEWHERE"
"""A channel that the bot is not a member of."""
DIRECT: Final = {ALICE: "D01ALICE", BOB: "D02BOB", CAROL: "D03CAROL"}
"""Each person's conversation with the bot alone."""

IN_TIME_SECONDS: Final = 3.0
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Delivery:
    """What was sent to the bot, and how it answered; the status is 0 when nobody did."""

    kind: Literal["event", "command", "interaction"]
    payload: Json
    body: str
    content_type: str
    headers: Mapping[str, str]
    status: int
    answer: str
    seconds: float

    @property
    def in_time(self) -> bool:
        """Whether Slack would call it delivered."""
        return 200 <= self.status < 300 and self.seconds < IN_TIME_SECONDS


@dataclass(frozen=True)
class Submitted:
    """What came of a modal's submission: words of refusal by block, or else the modal open after it, if any."""

    errors: Mapping[str, str]
    view: Json | None


@dataclass
class Workspace:
    """The running workspace, from the side of the people in it."""

    mode: Mode
    request_url: str | None
    """Where the bot takes its events; it may be set later, when the bot knows its port."""
    port: int
    peer: aiohttp.ClientSession
    outside: aiohttp.ClientSession
    deliveries: list[Delivery] = field(default_factory=list)
    """In events mode, everything sent to the bot."""
    _pressed_view: Json | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/"

    # What people do

    async def post(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> str:
        """A message, and the events it causes, delivered; answers its ts."""
        said = {"user": user, "channel": channel, "text": text}
        answer = await self._control("message", said if thread_ts is None else {**said, "thread_ts": thread_ts})
        return str(answer["message"]["ts"])

    async def mention(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> str:
        return await self.post(user, channel, f"<@{BOT}> {text}", thread_ts)

    async def direct_message(self, user: str, text: str, thread_ts: str | None = None) -> str:
        return await self.post(user, DIRECT[user], text, thread_ts)

    async def edit(self, user: str, channel: str, message_ts: str, text: str) -> None:
        await self._control("edit-message", {"user": user, "channel": channel, "ts": message_ts, "text": text})

    async def delete(self, user: str, channel: str, message_ts: str) -> None:
        await self._control("delete-message", {"user": user, "channel": channel, "ts": message_ts})

    async def react(self, user: str, channel: str, message_ts: str, name: str, *, present: bool = True) -> None:
        said = {"user": user, "channel": channel, "ts": message_ts, "name": name, "present": present}
        await self._control("reaction", said)

    async def command(self, user: str, channel: str, command: str, text: str = "") -> None:
        """A slash command, answered in time; what it says is among the channel's messages."""
        async with self._answered("slash_commands"):
            await self._control("command", {"user": user, "channel": channel, "command": command, "text": text})

    async def press(
        self, user: str, message: Json, *, action_id: str = "", label: str = "", value: str = "", choice: str = ""
    ) -> None:
        """Presses the message's one control that these words fit; a choice is an option's label or value."""
        action = _action(message.get("blocks", []), action_id, label, value, choice)
        async with self._answered("interactive"):
            await self._control(
                "interact",
                {"user": user, "channel": message["channel"], "messageTs": message["ts"], "action": action},
            )

    async def open_home(self, user: str) -> None:
        """Opens the Home tab, and the bot has taken note: its view may still be on the way."""
        await self._control("open-home", {"user": user})

    async def open_messages_tab(self, user: str) -> None:
        """Opens the bot's messages tab, as the peer cannot."""
        await self.send_event(
            {"type": "app_home_opened", "user": user, "channel": DIRECT[user], "tab": "messages", "event_ts": _now()}
        )

    async def press_home(
        self, user: str, *, action_id: str = "", label: str = "", value: str = "", choice: str = ""
    ) -> None:
        """Presses a control on the person's Home tab."""
        view = await self.home(user)
        if view is None:
            raise PeerError(f"{user} has no Home tab yet.")
        await self._press_view(user, view, _action(view["blocks"], action_id, label, value, choice))

    async def press_modal(
        self, user: str, *, action_id: str = "", label: str = "", value: str = "", choice: str = ""
    ) -> None:
        """Presses a control in the open modal."""
        view = await self._open_modal()
        await self._press_view(user, view, _action(view["blocks"], action_id, label, value, choice))

    async def submit(self, user: str, values: Mapping[str, object] | None = None) -> Submitted:
        """Submits the open modal. Values go by block id: a text, a date, an option's label or value, or several.

        As in Slack's own client, what is not touched keeps its initial value, and a required input is not left out.
        """
        view = await self._open_modal()
        state = _state(view["blocks"], dict(values or {}))
        seen = len(self.deliveries)
        async with self.peer.ws_connect("/ui", max_msg_size=0) as screen:
            await screen.receive_json(timeout=5)
            await screen.send_json({"t": "view_submit", "user": user, "values": state})
            try:
                shown = await asyncio.wait_for(_shown_after_answer(screen), IN_TIME_SECONDS + 4)
            except TimeoutError:
                raise PeerError("The bot did not answer the submission.") from None
        for delivery in self.deliveries[seen:]:
            _expect_in_time(delivery)
        if shown["t"] == "view_errors":
            return Submitted(errors=dict(shown["errors"]), view=view)
        return Submitted(errors={}, view=shown["stack"][-1] if shown["stack"] else None)

    async def close_modal(self, user: str) -> None:
        """Closes the open modal; the bot hears of it if it asked to."""
        async with self.peer.ws_connect("/ui", max_msg_size=0) as screen:
            await screen.receive_json(timeout=5)
            await screen.send_json({"t": "view_close", "user": user})
            while (await screen.receive_json(timeout=5))["t"] != "view":
                pass

    # What people see

    async def messages(self, channel: str, seen_by: str | None = None) -> list[Json]:
        """Everything in the channel, threads included; with a person, without what only others see."""
        async with self.peer.get(f"/_control/messages/{channel}") as answer:
            found: list[Json] = (await answer.json())["messages"]
        return [one for one in found if seen_by is None or one.get("ephemeral_to") in {None, seen_by}]

    async def replies(self, channel: str, thread_ts: str) -> list[Json]:
        """What stands in a thread, without the message it hangs on."""
        return [one for one in await self.messages(channel) if one.get("thread_ts") == thread_ts]

    async def answers(self, channel: str, thread_ts: str | None = None) -> list[Json]:
        """What the bot said: in a thread, or with none in the channel itself."""
        return [one for one in await self.messages(channel) if one["user"] == BOT and one.get("thread_ts") == thread_ts]

    async def wait_for_answer(
        self, channel: str, containing: str = "", *, thread_ts: str | None = None, seconds: float = 5
    ) -> Json:
        """The bot's latest message there with these words in its text or blocks, once it is there."""

        async def look() -> Json | None:
            found = [one for one in await self.answers(channel, thread_ts) if containing in words_of(one)]
            return found[-1] if found else None

        return await self.wait_for(look, seconds)

    async def home(self, user: str) -> Json | None:
        """The view on the person's Home tab."""
        view: Json | None = (await self._snapshot())["homeViews"].get(user, {}).get(APP)
        return view

    async def wait_for_home(self, user: str, containing: str = "", *, seconds: float = 5) -> Json:
        async def look() -> Json | None:
            view = await self.home(user)
            return view if view is not None and containing in words_of(view) else None

        return await self.wait_for(look, seconds)

    async def modal(self, user: str) -> Json | None:
        """The open modal. The peer has one screen for everybody: do not open two at once."""
        stack: list[Json] = (await self._snapshot())["modalStack"]
        return stack[-1] if stack else None

    async def wait_for_modal(self, user: str, containing: str = "", *, seconds: float = 5) -> Json:
        async def look() -> Json | None:
            view = await self.modal(user)
            return view if view is not None and containing in words_of(view) else None

        return await self.wait_for(look, seconds)

    async def wait_for(self, look: Callable[[], Awaitable[_Found | None]], seconds: float = 5) -> _Found:
        """What the look finds, once it finds anything true."""
        until = time.monotonic() + seconds
        while not (found := await look()):
            if time.monotonic() > until:
                raise PeerError(f"Nothing came in {seconds:g} s. The log ends with:\n{await self._log_tail()}")
            await asyncio.sleep(0.02)
        return found

    # What stands behind it

    async def log(self) -> list[Json]:
        """The latest 1,000 things between peer and bot: direction, kind, summary, detail."""
        async with self.peer.get("/_control/log") as answer:
            entries: list[Json] = (await answer.json())["log"]
        return entries

    async def calls(self, method: str = "") -> list[tuple[str, Json]]:
        """The bot's Web API calls since the last reset, with their arguments."""
        return [
            (entry["summary"], entry["detail"])
            for entry in await self.log()
            if entry["kind"] == "web_api" and entry["direction"] == "from_bot" and method in {"", entry["summary"]}
        ]

    async def faults(self) -> list[str]:
        """Why real Slack would have refused what the bot said and showed: a test may end on there being none."""
        said = [message for channel in (await self._snapshot())["messages"].values() for message in channel]
        shown = [arguments["view"] for method, arguments in await self.calls() if method.startswith("views.")]
        return [
            *(fault for message in said if message["user"] == BOT for fault in faults_of_message(message)),
            *(fault for view in shown for fault in faults_of_view(view)),
            *(
                f"{entry['summary']}."
                for entry in await self.log()
                if entry["direction"] == "internal" and entry["kind"] == "web_api"
            ),
        ]

    async def reset(self) -> None:
        """As at the beginning: no messages, no Home tabs, no modal, no log."""
        await self._control("reset", {})
        self.deliveries.clear()

    async def wait_until_connected(self, seconds: float = 10) -> None:
        """In Socket Mode, until the bot is at the other end."""

        async def look() -> bool:
            return any(app["connected"] for app in (await self._snapshot())["apps"])

        await self.wait_for(look, seconds)

    async def send_event(self, event: Json, **envelope: object) -> Delivery:
        """Any event of Slack's, in an envelope as Slack writes it; the keywords change the envelope."""
        number = next(self._numbers)
        return await self.send(
            {
                "token": "verification-token",
                "team_id": TEAM,
                "api_app_id": APP,
                "event": event,
                "type": "event_callback",
                "event_id": f"Ev0HARNESS{number}",
                "event_time": int(time.time()),
                "authorizations": [
                    {
                        "enterprise_id": None,
                        "team_id": TEAM,
                        "user_id": BOT,
                        "is_bot": True,
                        "is_enterprise_install": False,
                    }
                ],
                "is_ext_shared_channel": False,
                "event_context": f"4-harness-{number}",
                **envelope,
            }
        )

    async def send(self, payload: Json) -> Delivery:
        """Sends the bot a payload as Slack would, signed: an event, a slash command's form or an interaction."""
        if payload.get("type") in {"event_callback", "url_verification", "app_rate_limited"}:
            return await self._deliver(json.dumps(payload), "application/json", {})
        if "command" in payload:
            return await self._deliver(urlencode(payload), _FORM, {})
        return await self._deliver(urlencode({"payload": json.dumps(payload)}), _FORM, {})

    async def redeliver(self, delivery: Delivery, number: int = 1, reason: str = "http_timeout") -> Delivery:
        """The same once more, as Slack does when an answer is late."""
        retry = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
        return await self._deliver(delivery.body, delivery.content_type, retry)

    async def passes_on(self, request: web.Request) -> web.Response:
        """Hands what the peer sends to the bot, and the bot's answer back."""
        body, content_type = await request.text(), request.headers["Content-Type"]
        if content_type.startswith(_FORM):
            body = self._completed(body)
        delivery = await self._deliver(body, content_type, {})
        return web.Response(status=delivery.status or 502, text=delivery.answer)

    def _completed(self, body: str) -> str:
        """What the peer leaves out of a press: the view it was in, and that a message was for one person only."""
        form = dict(parse_qsl(body, keep_blank_values=True))
        if "payload" not in form:
            return body
        payload = json.loads(form["payload"])
        if payload["type"] != "block_actions":
            return body
        if self._pressed_view is not None:
            payload["view"] = self._pressed_view
            payload["container"] = {"type": "view", "view_id": self._pressed_view["id"]}
            for absent in ("channel", "message", "response_url", "state"):
                payload.pop(absent, None)
        elif payload.get("message", {}).get("subtype") == "ephemeral":
            payload["container"]["is_ephemeral"] = True
            del payload["message"]
        else:
            return body
        return urlencode({"payload": json.dumps(payload)})

    async def _deliver(self, body: str, content_type: str, headers: Mapping[str, str]) -> Delivery:
        if self.mode != "events" or self.request_url is None:
            raise PeerError("Only in events mode, and with a request_url, can anything be sent in the peer's place.")
        sent = {"Content-Type": content_type, **_signature(body), **headers}
        started = time.monotonic()
        try:
            async with self.outside.post(self.request_url, data=body.encode(), headers=sent) as answer:
                status, text = answer.status, await answer.text()
        except (aiohttp.ClientError, TimeoutError) as problem:
            status, text = 0, str(problem)
        kind, payload = _read(body, content_type)
        seconds = time.monotonic() - started
        delivery = Delivery(kind, payload, body, content_type, sent, status, text, seconds)
        self.deliveries.append(delivery)
        return delivery

    async def _press_view(self, user: str, view: Json, action: Json) -> None:
        if self.mode != "events":
            raise PeerError("A control in a view can be pressed in events mode only: the peer does not know of it.")
        self._pressed_view = view
        try:
            async with self._answered("interactive"):
                said = {"user": user, "channel": DIRECT[user], "messageTs": "none", "action": action}
                await self._control("interact", said)
        finally:
            self._pressed_view = None

    async def _control(self, what: str, said: Json) -> Json:
        async with self.peer.post(f"/_control/{what}", json=said) as response:
            answer: Json = await response.json()
        if not answer["ok"]:
            raise PeerError(f"The peer refused {what}: {answer['error']}.")
        return answer

    @asynccontextmanager
    async def _answered(self, kind: str) -> AsyncIterator[None]:
        """Sees to it that what is done inside reached the bot, and that the bot answered well and in time."""
        seen = len(self.deliveries)
        started = time.monotonic()
        before = {entry["id"] for entry in await self.log()}
        yield
        if self.mode == "events":
            for delivery in self.deliveries[seen:]:
                if delivery.kind != "event":
                    _expect_in_time(delivery)
            return
        new = [entry for entry in await self.log() if entry["id"] not in before]
        if not any(entry["kind"] == "ack" for entry in new) or time.monotonic() - started > IN_TIME_SECONDS:
            raise PeerError(f"The bot did not acknowledge within 3 s: {kind}.")

    async def _snapshot(self) -> Json:
        async with self.peer.ws_connect("/ui", max_msg_size=0) as screen:
            state: Json = (await screen.receive_json(timeout=5))["state"]
        return state

    async def _open_modal(self) -> Json:
        stack: list[Json] = (await self._snapshot())["modalStack"]
        if not stack:
            raise PeerError("No modal is open.")
        return stack[-1]

    async def _log_tail(self) -> str:
        return "\n".join(
            f"  {entry['direction']} {entry['kind']} {entry['summary']} {str(entry.get('detail', ''))[:300]}"
            for entry in (await self.log())[-12:]
        )


@asynccontextmanager
async def running_workspace(
    folder: Path, mode: Mode = "events", request_url: str | None = None
) -> AsyncIterator[Workspace]:
    """The workspace, new; its configuration and output are in the folder."""

    def command(peer: Isolated) -> Sequence[str]:
        configuration = folder / "workspace.yaml"
        configuration.write_text(yaml.safe_dump(_configuration(mode, peer.outward_url)), encoding="utf-8")
        port = str(peer.port)
        return [str(LOCAL_SLACK), "--config", str(configuration), "--port", port, "--base-host", "127.0.0.1"]

    async with AsyncExitStack() as stack:
        peer = await stack.enter_async_context(running_isolated(command, folder / "local-slack.txt"))
        session = await stack.enter_async_context(
            aiohttp.ClientSession(f"http://127.0.0.1:{peer.port}", connector=aiohttp.UnixConnector(str(peer.socket)))
        )
        outside = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)))
        workspace = Workspace(mode, request_url, peer.port, session, outside)
        if mode == "events":
            await _listen(stack, workspace, peer.outward_socket)
        yield workspace


async def _listen(stack: AsyncExitStack, workspace: Workspace, path: Path) -> None:
    application = web.Application(client_max_size=2**24)
    application.router.add_post("/{anywhere:.*}", workspace.passes_on)
    runner = web.AppRunner(application)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.UnixSite(runner, str(path)).start()


def words_of(thing: Json) -> str:
    """All text that a message or view shows, in order."""
    return "\n".join(_texts(thing))


def _texts(thing: object) -> Iterator[str]:
    if isinstance(thing, Mapping):
        for key, inner in thing.items():
            if key in {"text", "title", "label", "placeholder", "description"} and isinstance(inner, str):
                yield inner
            elif isinstance(inner, Mapping | list):
                yield from _texts(inner)
    elif isinstance(thing, list):
        for inner in thing:
            yield from _texts(inner)


def _now() -> str:
    return f"{time.time():.6f}"


def _signature(body: str) -> dict[str, str]:
    timestamp = str(int(time.time()))
    digest = hmac.new(SIGNING_SECRET.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}"}


def _read(body: str, content_type: str) -> tuple[Literal["event", "command", "interaction"], Json]:
    if content_type.startswith("application/json"):
        return "event", json.loads(body)
    form: Json = dict(parse_qsl(body, keep_blank_values=True))
    if "payload" in form:
        return "interaction", json.loads(form["payload"])
    return "command", form


def _expect_in_time(delivery: Delivery) -> None:
    if not delivery.in_time:
        raise PeerError(
            f"The bot answered the {delivery.kind} with status {delivery.status} after {delivery.seconds:.1f} s: "
            f"{delivery.answer[:500]}"
        )


async def _shown_after_answer(screen: aiohttp.ClientWebSocketResponse) -> Json:
    """What the screen shows once the bot has answered; what it showed before that was another call's doing."""
    answered = False
    while True:
        told: Json = await screen.receive_json()
        if told["t"] == "log" and told["entry"]["kind"] in {"ack", "interactive"}:
            answered = answered or told["entry"]["direction"] != "to_bot"
        elif answered and told["t"] in {"view", "view_errors"}:
            return told


def _elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    for block in blocks:
        for element in (*block.get("elements", ()), block.get("accessory"), block.get("element")):
            if isinstance(element, Mapping) and "action_id" in element:
                yield block, dict(element)


def _action(blocks: list[Json], action_id: str, label: str, value: str, choice: str) -> Json:
    """The action that pressing the one control which fits sends."""
    fitting: list[Json] = []
    there: list[str] = []
    for block, element in _elements(blocks):
        for pressed in _presses(element, choice):
            text = pressed.pop("_label")
            there.append(f"{element['action_id']} ({text or element['type']}={pressed.get('value', '')})")
            if action_id in {"", element["action_id"]} and label in {"", text} and value in {"", pressed.get("value")}:
                # Slack names a block that the app left unnamed, and the peer does not.
                block_id = block.get("block_id", "unnamed")
                fitting.append({**pressed, "action_id": element["action_id"], "block_id": block_id})
    if len(fitting) != 1:
        wanted = " ".join(word for word in (action_id, label, value, choice) if word)
        raise PeerError(f"{len(fitting)} controls fit {wanted!r}. There are: {', '.join(there) or 'none'}.")
    return fitting[0]


def _presses(element: Json, choice: str) -> Iterator[Json]:
    kind = element["type"]
    if kind == "feedback_buttons":
        for name in ("positive_button", "negative_button"):
            button = element[name]
            yield {"type": kind, "value": button["value"], "text": button["text"], "_label": button["text"]["text"]}
        return
    label = element.get("text", {}).get("text", "")
    if not choice:
        yield {"type": kind, "value": element.get("value"), "text": element.get("text"), "_label": label}
    elif kind == "datepicker":
        yield {"type": kind, "selected_date": choice, "_label": label}
    else:
        chosen = [option for option in _options(element) if choice in {option["value"], option["text"]["text"]}]
        if chosen and kind in {"checkboxes", "multi_static_select"}:
            yield {"type": kind, "selected_options": chosen, "_label": label}
        elif chosen:
            yield {"type": kind, "selected_option": chosen[0], "_label": label}


def _options(element: Json) -> list[Json]:
    groups = [option for group in element.get("option_groups", ()) for option in group["options"]]
    return [*element.get("options", ()), *groups]


def _state(blocks: list[Json], values: dict[str, object]) -> Json:
    state: Json = {}
    for block in blocks:
        if block["type"] != "input":
            continue
        element, block_id = block["element"], block.get("block_id")
        if block_id is None:
            raise PeerError("The peer can submit only inputs with a block_id.")
        filled = _filled(element, values.pop(block_id, None))
        content = next((inner for key, inner in filled.items() if key != "type"), None)
        if not content and not block.get("optional", False):
            raise PeerError(f"Slack would not let this be submitted: {block['label']['text']!r} is empty.")
        if isinstance(content, str) and len(content) > element.get("max_length", 3000):
            raise PeerError(f"Slack would not let this be submitted: {block['label']['text']!r} is too long.")
        state[block_id] = {element["action_id"]: filled}
    if values:
        raise PeerError(f"The modal has no input {', '.join(values)}.")
    return state


_PLAIN: Final = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
}


def _filled(element: Json, value: object) -> Json:
    """The state of an input when a person has put this in."""
    kind = element["type"]
    if kind in _PLAIN:
        name, initial = _PLAIN[kind]
        return {"type": kind, name: element.get(initial) if value is None else value}
    if kind in {"checkboxes", "multi_static_select"}:
        if value is None:
            return {"type": kind, "selected_options": element.get("initial_options", [])}
        wanted = [value] if isinstance(value, str) else list(value) if isinstance(value, Sequence) else []
        return {"type": kind, "selected_options": [_option(element, one) for one in wanted]}
    if value is None:
        return {"type": kind, "selected_option": element.get("initial_option")}
    return {"type": kind, "selected_option": _option(element, value)}


def _option(element: Json, wanted: object) -> Json:
    for option in _options(element):
        if wanted in {option["value"], option["text"]["text"]}:
            return option
    raise PeerError(f"{element['action_id']} has no option {wanted!r}.")


def _configuration(mode: Mode, outward_url: str) -> Json:
    everybody = [ALICE, BOB, CAROL, BOT]
    people = (
        (ALICE, "alice", "Alice Anderson", "Europe/Paris"),
        (BOB, "bob", "Bob Brown", "America/New_York"),
        (CAROL, "carol", "Carol Costa", "Pacific/Auckland"),
    )
    return {
        "workspace": {"name": "Example Administration", "domain": "example", "teamId": TEAM},
        "app": {
            "appId": APP,
            "botUserId": BOT,
            "botName": "pilotlight",
            "botToken": BOT_TOKEN,
            "appToken": APP_TOKEN,
            "signingSecret": SIGNING_SECRET,
            "mode": mode,
            "requestUrl": f"{outward_url}/slack/events",
        },
        "users": [
            {"id": user, "name": name, "real_name": real_name, "email": f"{name}@example.org", "tz": zone}
            for user, name, real_name, zone in people
        ],
        "channels": [
            {"id": GENERAL, "name": "general", "members": everybody},
            {"id": RANDOM, "name": "random", "members": everybody},
            {"id": PRIVATE, "name": "steering-group", "is_private": True, "members": [ALICE, BOB, BOT]},
            {"id": ELSEWHERE, "name": "elsewhere", "members": [ALICE, BOB]},
            *(
                {
                    "id": channel,
                    "name": f"dm-{user}",
                    "is_im": True,
                    "is_channel": False,
                    "is_private": True,
                    "members": [user, BOT],
                }
                for user, channel in DIRECT.items()
            ),
        ],
    }
