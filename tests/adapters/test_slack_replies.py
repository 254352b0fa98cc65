"""What the bot says in Slack: by which method, to whom, and what happens where Slack does not take it."""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.audience import Audience
from adapters.slack.blocks import fallback, render
from adapters.slack.home import HomePages
from adapters.slack.inbound import SEARCH, Incoming, Origin, Surface, home_place
from adapters.slack.modals import Opener, form_view, read_opener
from adapters.slack.outbox import Outbox, SlackRefusedError, web_client
from adapters.slack.replies import Replies
from adapters.slack.status import Status
from bot import cards
from bot.actions import NotNow, RateAnswer, TellPilot, encode
from bot.events import Event, Visited
from bot.forms import Field, Form
from bot.messages import Button, Buttons, Feedback, Heading, Message, Reply, Text
from bot.people import Person
from tests.hostile import everything_in
from tests.slack import WORKSPACE, Json, check_blocks, check_view

TEAM = "T01TEST"
SAID = Message((Heading("An answer"), Text("Nobody <!channel> did."), Buttons((Button("Not now", NotNow()),))))
ASKED = Form(
    name="tell",
    title="Tell of a pilot",
    fields=(Field(name="title", label="Its title"),),
    action=TellPilot("A shuttle"),
)


@dataclass
class Slack:
    """It records what it is asked, and says yes, or what was put before that into `answers` of a method."""

    heard: list[tuple[str, Json]] = field(default_factory=list)
    answers: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))
    slow: dict[str, asyncio.Event] = field(default_factory=dict)
    address: str = ""

    @property
    def client(self) -> AsyncWebClient:
        return web_client("xoxb-test", base_url=f"{self.address}api/")

    @property
    def hook(self) -> str:
        return f"{self.address}hook"

    @property
    def methods(self) -> list[str]:
        return [method for method, _ in self.heard]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        method = request.path.removeprefix("/").removeprefix("api/")
        text = await request.text()
        is_json = request.content_type == "application/json"
        self.heard.append((method, json.loads(text) if is_json else {**request.query, **(await request.post())}))
        if method in self.slow:
            await self.slow[method].wait()
        said = self.answers[method].pop(0) if self.answers[method] else {"ok": True, "ts": "1795348900.000100"}
        return web.json_response(said)


def refused(code: str) -> Json:
    return {"ok": False, "error": code}


@asynccontextmanager
async def listening() -> AsyncIterator[Slack]:
    slack = Slack()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", slack.answer)
    async with TestServer(app) as server:
        slack.address = str(server.make_url("/"))
        yield slack


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with listening() as heard:
        yield heard


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - it becomes so in what is tested, which tells nobody
        await asyncio.sleep(0.002)


async def until_heard(slack: Slack, count: int) -> None:
    await until(lambda: len(slack.heard) >= count)


def outbox() -> Outbox:
    return Outbox(clock=time.monotonic)


async def show(slack: Slack, content: Message | Form, origin: Origin, **how: bool) -> None:
    there = replace(origin, response_url=origin.response_url and slack.hook)
    reply = Reply(content=content, is_private=how.get("is_private", False), replaces=how.get("replaces", False))
    await Replies(outbox()).show(reply, there, slack.client)


def origin(surface: Surface, **more: Any) -> Origin:
    return Origin(surface=surface, team=TEAM, user="U01ALICE", **more)


C, D, NEW, OLD, PRESSED = "C01GENERAL", "D01ALICE", "1795348800.000100", "1795348700.000100", "1795348750.000100"
CHANNEL = origin(Surface.CHANNEL, channel=C, message=NEW)
THREAD = origin(Surface.CHANNEL, channel=C, thread=OLD, message=NEW)
DIRECT = origin(Surface.DIRECT, channel=D, message=NEW)
DIRECT_THREAD = origin(Surface.DIRECT, channel=D, thread=OLD, message=NEW)
DIRECT_PRESS = origin(Surface.DIRECT, channel=D, message=PRESSED, trigger="t1", response_url="hook")
COMMAND = origin(Surface.COMMAND, channel=C, trigger="t1", response_url="hook")
SHORTCUT = origin(Surface.COMMAND, channel=C, thread=OLD, trigger="t1", response_url="hook")
CARD = origin(Surface.CARD, channel=C, message=PRESSED, trigger="t1", response_url="hook")
CARD_IN_THREAD = replace(CARD, thread=OLD)
EPHEMERAL = replace(CARD_IN_THREAD, is_ephemeral=True)
HOME = origin(Surface.HOME, trigger="t1", view="V01VIEW")
MODAL = origin(Surface.MODAL, trigger="t1", view="V01VIEW")

OPENED = {"trigger_id": "t1"}
TABLE: list[tuple[Origin, dict[str, bool], str, Json]] = [
    (CHANNEL, {}, "chat.postMessage", {"channel": C, "thread_ts": NEW, "user": None}),
    (CHANNEL, {"is_private": True}, "chat.postEphemeral", {"channel": C, "thread_ts": None, "user": "U01ALICE"}),
    (THREAD, {}, "chat.postMessage", {"channel": C, "thread_ts": OLD}),
    (THREAD, {"is_private": True}, "chat.postEphemeral", {"channel": C, "thread_ts": OLD, "user": "U01ALICE"}),
    (DIRECT, {}, "chat.postMessage", {"channel": D, "thread_ts": None}),
    (DIRECT, {"is_private": True}, "chat.postMessage", {"channel": D, "thread_ts": None}),
    (DIRECT_THREAD, {"is_private": True}, "chat.postMessage", {"channel": D, "thread_ts": OLD}),
    (DIRECT_PRESS, {"replaces": True}, "chat.update", {"channel": D, "ts": PRESSED, "thread_ts": None}),
    (COMMAND, {"is_private": True}, "hook", {"response_type": "ephemeral", "replace_original": False}),
    (COMMAND, {}, "chat.postMessage", {"channel": C, "thread_ts": None}),
    (COMMAND, {"replaces": True}, "hook", {"response_type": "ephemeral"}),
    (SHORTCUT, {"is_private": True}, "hook", {"thread_ts": OLD, "replace_original": False}),
    (SHORTCUT, {}, "chat.postMessage", {"channel": C, "thread_ts": OLD}),
    (CARD, {}, "chat.postMessage", {"channel": C, "thread_ts": None}),
    (CARD, {"is_private": True}, "hook", {"replace_original": False, "thread_ts": None}),
    (CARD, {"replaces": True}, "chat.update", {"channel": C, "ts": PRESSED}),
    (CARD_IN_THREAD, {}, "chat.postMessage", {"channel": C, "thread_ts": OLD}),
    (CARD_IN_THREAD, {"is_private": True}, "hook", {"replace_original": False, "thread_ts": OLD}),
    (CARD_IN_THREAD, {"replaces": True, "is_private": True}, "chat.update", {"channel": C, "ts": PRESSED}),
    (EPHEMERAL, {}, "chat.postMessage", {"channel": C, "thread_ts": OLD}),
    (EPHEMERAL, {"is_private": True}, "hook", {"replace_original": False, "thread_ts": OLD}),
    (EPHEMERAL, {"replaces": True}, "hook", {"replace_original": True, "thread_ts": None}),
    (EPHEMERAL, {"replaces": True, "is_private": True}, "hook", {"replace_original": True}),
    (replace(COMMAND, response_url=""), {"is_private": True}, "chat.postEphemeral", {"channel": C}),
    (HOME, {}, "views.open", OPENED),
    (HOME, {"is_private": True}, "views.open", OPENED),
    (HOME, {"replaces": True}, "views.open", OPENED),
    (MODAL, {}, "views.push", OPENED),
    (MODAL, {"is_private": True}, "views.push", OPENED),
]


@pytest.mark.parametrize(("where", "how", "method", "sent"), TABLE)
async def test_a_message_goes_where_it_belongs(
    slack: Slack, where: Origin, how: dict[str, bool], method: str, sent: Json
) -> None:
    await show(slack, SAID, where, **how)
    ((called, arguments),) = slack.heard
    assert called == method
    assert {name: arguments.get(name) for name in sent} == sent
    if "view" in arguments:
        check_view(arguments["view"])
        assert arguments["view"]["blocks"] == render(SAID, in_view=True)
        return
    check_blocks(arguments["blocks"])
    assert arguments["blocks"] == render(SAID)
    assert arguments["text"] == fallback(SAID)
    if method == "chat.postMessage":
        assert arguments["unfurl_links"] is arguments["unfurl_media"] is False


@pytest.mark.parametrize(
    ("where", "method"),
    [
        (COMMAND, "views.open"),
        (SHORTCUT, "views.open"),
        (CARD, "views.open"),
        (EPHEMERAL, "views.open"),
        (DIRECT_PRESS, "views.open"),
        (HOME, "views.open"),
        (MODAL, "views.push"),
    ],
)
@pytest.mark.parametrize("how", [{}, {"is_private": True}, {"replaces": True}])
async def test_a_form_opens_where_somebody_just_pressed(
    slack: Slack, where: Origin, method: str, how: dict[str, bool]
) -> None:
    await show(slack, ASKED, where, **how)
    assert slack.heard == [(method, {"trigger_id": "t1", "view": form_view(ASKED, where.channel, where.thread)})]
    assert read_opener(slack.heard[0][1]["view"]) == Opener(form="tell", channel=where.channel, thread=where.thread)


@pytest.mark.parametrize(
    ("where", "method", "sent"),
    [
        (CHANNEL, "chat.postEphemeral", {"channel": C, "thread_ts": None, "user": "U01ALICE"}),
        (THREAD, "chat.postEphemeral", {"channel": C, "thread_ts": OLD}),
        (DIRECT, "chat.postMessage", {"channel": D}),
    ],
)
async def test_a_form_that_cannot_open_by_itself_is_a_button(
    slack: Slack, where: Origin, method: str, sent: Json
) -> None:
    await show(slack, ASKED, where)
    ((called, arguments),) = slack.heard
    assert called == method
    assert {name: arguments.get(name) for name in sent} == sent
    check_the_button(arguments)


@pytest.mark.parametrize("code", ["expired_trigger_id", "trigger_expired", "exchanged_trigger_id"])
@pytest.mark.parametrize(
    ("where", "method", "sent"),
    [
        (COMMAND, "hook", {"replace_original": False}),
        (CARD_IN_THREAD, "hook", {"replace_original": False, "thread_ts": OLD}),
        (DIRECT_PRESS, "chat.postMessage", {"channel": D}),
        (HOME, "chat.postMessage", {"channel": "U01ALICE"}),
        (MODAL, "chat.postMessage", {"channel": "U01ALICE"}),
    ],
)
async def test_a_form_that_comes_too_late_is_a_button_that_opens_it(
    slack: Slack, where: Origin, method: str, sent: Json, code: str
) -> None:
    opens = "views.push" if where.surface is Surface.MODAL else "views.open"
    slack.answers[opens] = [refused(code)]
    await show(slack, ASKED, where)
    assert slack.methods == [opens, method]
    arguments = slack.heard[1][1]
    assert {name: arguments.get(name) for name in sent} == sent
    assert "too long" in arguments["text"]
    check_the_button(arguments)


def check_the_button(arguments: Json) -> None:
    check_blocks(arguments["blocks"])
    (button,) = (each for each in everything_in(arguments["blocks"]) if each.get("type") == "button")
    assert button["value"] == encode(TellPilot("A shuttle"))
    assert button["text"]["text"] == "Tell of a pilot"


async def test_a_form_without_a_button_of_its_own_says_what_to_do(slack: Slack) -> None:
    slack.answers["views.open"] = [refused("expired_trigger_id")]
    await show(slack, replace(ASKED, action=None), CARD)
    assert [block["type"] for block in slack.heard[1][1]["blocks"]] == ["rich_text"]


@pytest.mark.parametrize("content", [SAID, ASKED])
async def test_where_slack_stacks_no_more_modals_the_last_one_changes(slack: Slack, content: Message | Form) -> None:
    slack.answers["views.push"] = [refused("push_limit_reached")]
    await show(slack, content, MODAL)
    assert slack.methods == ["views.push", "views.update"]
    assert slack.heard[1][1]["view_id"] == "V01VIEW"
    assert slack.heard[1][1]["view"] == slack.heard[0][1]["view"]


@pytest.mark.parametrize("where", [HOME, MODAL])
async def test_an_answer_too_late_for_a_modal_is_written_to_the_person(slack: Slack, where: Origin) -> None:
    slack.answers["views.open"] = slack.answers["views.push"] = [refused("expired_trigger_id")]
    await show(slack, SAID, where)
    assert slack.methods[1] == "chat.postMessage"
    assert slack.heard[1][1]["channel"] == "U01ALICE"
    assert slack.heard[1][1]["blocks"] == render(SAID)


@pytest.mark.shows("refused")
@pytest.mark.parametrize("code", ["not_in_channel", "channel_not_found", "is_archived", "restricted_action"])
@pytest.mark.parametrize(("where", "method"), [(COMMAND, "hook"), (CARD, "hook"), (CHANNEL, "chat.postMessage")])
async def test_where_the_bot_may_not_post_the_person_is_told_alone(
    slack: Slack, where: Origin, method: str, code: str
) -> None:
    slack.answers["chat.postMessage"] = [refused(code)]
    await show(slack, SAID, where)
    assert slack.methods == ["chat.postMessage", method]
    excuse = slack.heard[1][1]
    assert excuse["text"] == fallback(cards.not_in_channel("/invite @Pilotlight"))
    assert excuse.get("response_type") == "ephemeral" if method == "hook" else excuse["channel"] == "U01ALICE"


@pytest.mark.parametrize(("where", "thread"), [(CHANNEL, NEW), (THREAD, OLD)])
async def test_what_was_overheard_is_answered_in_the_thread(slack: Slack, where: Origin, thread: str) -> None:
    await Replies(outbox()).interject(Reply(content=SAID), where, slack.client)
    ((method, arguments),) = slack.heard
    assert (method, arguments["channel"], arguments["thread_ts"]) == ("chat.postMessage", C, thread)
    assert arguments["blocks"] == render(SAID)


@pytest.mark.shows("silence")
@pytest.mark.parametrize("code", ["not_in_channel", "channel_not_found", "is_archived", "restricted_action"])
async def test_where_the_bot_may_not_post_nobody_hears_of_what_it_overheard(slack: Slack, code: str) -> None:
    slack.answers["chat.postMessage"] = [refused(code)]
    with pytest.raises(SlackRefusedError, match=code):
        await Replies(outbox()).interject(Reply(content=SAID), CHANNEL, slack.client)
    assert slack.methods == ["chat.postMessage"]


async def test_nobody_is_asked_to_fill_in_what_they_did_not_ask_for(slack: Slack) -> None:
    await Replies(outbox()).interject(Reply(content=ASKED), CHANNEL, slack.client)
    assert slack.heard == []


@pytest.mark.parametrize("code", ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"])
@pytest.mark.parametrize(
    ("where", "how", "method"),
    [
        (CHANNEL, {}, "chat.postMessage"),
        (CHANNEL, {"is_private": True}, "chat.postEphemeral"),
        (CARD, {"replaces": True}, "chat.update"),
    ],
)
async def test_blocks_that_slack_refuses_are_told_in_words(
    slack: Slack, where: Origin, how: dict[str, bool], method: str, code: str
) -> None:
    slack.answers[method] = [refused(code)]
    await show(slack, SAID, where, **how)
    assert slack.methods == [method, method]
    first, second = (arguments for _, arguments in slack.heard)
    assert second == {**first, "blocks": []}
    assert second["text"] == "An answer\n\nNobody &lt;!channel&gt; did."


@pytest.mark.parametrize("where", [CHANNEL, COMMAND, HOME, MODAL])
@pytest.mark.parametrize("content", [SAID, ASKED])
async def test_another_refusal_is_an_error(slack: Slack, where: Origin, content: Message | Form) -> None:
    for method in ("chat.postMessage", "chat.postEphemeral", "views.open", "views.push"):
        slack.answers[method] = [refused("invalid_auth")] * 2
    with pytest.raises(SlackRefusedError, match="invalid_auth"):
        await show(slack, content, where)


class Pages:
    """A handler whose page counts how often it was read."""

    def __init__(self) -> None:
        self.read = 0

    async def __call__(self, event: Event) -> Reply:
        assert isinstance(event, Visited)
        self.read += 1
        return Reply(content=Message((Heading(f"State {self.read}"),)), is_private=True)


def visit(user: str = "U01ALICE", view_hash: str = "") -> Incoming:
    came = Origin(surface=Surface.HOME, team=TEAM, user=user, view_hash=view_hash)
    return Incoming(event=Visited(person=Person(user), place=home_place(WORKSPACE, user)), origin=came)


def published(call: tuple[str, Json]) -> tuple[str, str, str]:
    method, arguments = call
    assert method == "views.publish"
    check_view(arguments["view"])
    return arguments["user_id"], arguments["view"]["blocks"][-1]["text"]["text"], arguments.get("hash", "")


def yes(view_hash: str) -> Json:
    return {"ok": True, "view": {"id": "V01VIEW", "hash": view_hash}}


async def test_a_home_page_has_a_search_on_top(slack: Slack) -> None:
    slack.answers["views.publish"] = [yes("h1"), yes("h2")]
    home = HomePages(Pages(), outbox())
    await home.publish(visit(view_hash="h0"), slack.client)
    assert published(slack.heard[0]) == ("U01ALICE", "State 1", "h0")
    search = slack.heard[0][1]["view"]["blocks"][0]
    assert search["element"]["action_id"] == SEARCH
    assert search["dispatch_action"] is True
    # What Slack said last is newer than what the event says.
    await home.publish(visit(view_hash="h0"), slack.client)
    assert published(slack.heard[1]) == ("U01ALICE", "State 2", "h1")


async def test_what_was_found_stands_between_the_search_and_the_page(slack: Slack) -> None:
    rated = Feedback(
        good=Button("Helpful", RateAnswer("a", is_good=True)), bad=Button("Not helpful", RateAnswer("a", is_good=False))
    )
    found = Reply(content=Message((Text("One pilot."), rated)))
    await HomePages(Pages(), outbox()).publish(visit(), slack.client, found=found)
    blocks = slack.heard[0][1]["view"]["blocks"]
    check_blocks(blocks)
    assert [block["type"] for block in blocks] == ["input", "rich_text", "actions", "divider", "header"]


async def test_two_publishes_at_once_end_with_the_newer_state(slack: Slack) -> None:
    slack.slow["views.publish"] = asyncio.Event()
    slack.answers["views.publish"] = [yes("h1"), yes("h2"), yes("h3")]
    home = HomePages(Pages(), outbox())
    both = [asyncio.create_task(home.publish(visit(), slack.client)) for _ in range(2)]
    await until_heard(slack, 1)
    # Somebody else's page waits for nobody.
    other = asyncio.create_task(home.publish(visit("U02BOB"), slack.client))
    await until_heard(slack, 2)
    assert [published(call)[0] for call in slack.heard] == ["U01ALICE", "U02BOB"]
    slack.slow["views.publish"].set()
    await asyncio.gather(*both, other)
    own = [published(call) for call in slack.heard if published(call)[0] == "U01ALICE"]
    # The second was read after the first was published, and so stands last.
    assert [state for _, state, _ in own] == ["State 1", "State 3"]
    assert own[1][2] in ("h1", "h2")


async def test_a_page_that_changed_elsewhere_is_read_anew(slack: Slack) -> None:
    slack.answers["views.publish"] = [refused("hash_conflict"), yes("h2")]
    home = HomePages(Pages(), outbox())
    await home.publish(visit(view_hash="h0"), slack.client)
    assert [published(call) for call in slack.heard] == [("U01ALICE", "State 1", "h0"), ("U01ALICE", "State 2", "")]
    await home.publish(visit(), slack.client)
    assert published(slack.heard[2])[2] == "h2"


async def test_a_page_that_slack_refuses_is_an_error_and_the_next_one_goes(slack: Slack) -> None:
    slack.answers["views.publish"] = [refused("not_enabled")]
    home = HomePages(Pages(), outbox())
    with pytest.raises(SlackRefusedError, match="not_enabled"):
        await home.publish(visit(), slack.client)
    await home.publish(visit(), slack.client)
    assert published(slack.heard[1])[1] == "State 2"


STATUS = "agents.sessions.setStatus"


def statuses(slack: Slack) -> list[tuple[str, str, str]]:
    assert set(slack.methods) <= {STATUS}
    return [(said["channel_id"], said["thread_ts"], said["status"]) for _, said in slack.heard]


async def test_quick_work_shows_no_status(slack: Slack) -> None:
    async with Status(outbox(), seconds=60).working(DIRECT, slack.client):
        await asyncio.sleep(0)
    assert slack.heard == []


@pytest.mark.shows("working")
@pytest.mark.parametrize(("where", "channel", "thread"), [(DIRECT, D, NEW), (THREAD, C, OLD), (CHANNEL, C, NEW)])
async def test_long_work_shows_a_status_and_takes_it_away(
    slack: Slack, where: Origin, channel: str, thread: str
) -> None:
    async with Status(outbox(), seconds=0).working(where, slack.client):
        await until_heard(slack, 1)
        assert statuses(slack) == [(channel, thread, "processing")]
    await until_heard(slack, 2)
    assert statuses(slack) == [(channel, thread, "processing"), (channel, thread, "active")]


async def test_a_status_is_taken_away_when_the_work_fails_or_is_stopped(slack: Slack) -> None:
    async def work(end: BaseException) -> None:
        async with Status(outbox(), seconds=0).working(DIRECT, slack.client):
            await until_heard(slack, 1)
            raise end

    for end in (ValueError("broken"), asyncio.CancelledError()):
        slack.heard.clear()
        with pytest.raises(type(end)):
            await work(end)
        await until_heard(slack, 2)
        assert [status for *_, status in statuses(slack)] == ["processing", "active"]


async def test_a_workspace_that_shows_no_status_is_asked_once(slack: Slack) -> None:
    slack.answers[STATUS] = [refused("missing_scope")]
    status = Status(outbox(), seconds=0)
    async with status.working(DIRECT, slack.client):
        await until_heard(slack, 1)
        # Until the answer has arrived.
        await until(lambda: TEAM in status._without)
    async with status.working(THREAD, slack.client):
        await asyncio.sleep(0.02)
    assert [said for *_, said in statuses(slack)] == ["processing"]
    async with status.working(replace(DIRECT, team="T02OTHER"), slack.client):
        await until_heard(slack, 2)
    await until_heard(slack, 3)
    assert [said for *_, said in statuses(slack)] == ["processing", "processing", "active"]


async def test_one_channel_without_a_status_takes_it_from_no_other(slack: Slack) -> None:
    slack.answers[STATUS] = [refused("channel_not_found"), refused("channel_not_found")]
    status = Status(outbox(), seconds=0)
    async with status.working(DIRECT, slack.client):
        await until_heard(slack, 1)
    async with status.working(THREAD, slack.client):
        await until_heard(slack, 3)
    await until_heard(slack, 4)


async def test_a_reply_whose_address_is_used_up_still_reaches_the_person(slack: Slack) -> None:
    slack.answers["hook"] = [refused("used_url")]
    await show(slack, SAID, COMMAND, is_private=True)
    assert slack.methods == ["hook", "chat.postEphemeral"]


async def test_a_private_reply_where_the_bot_may_not_post_goes_to_the_persons_direct_messages(slack: Slack) -> None:
    slack.answers["chat.postEphemeral"] = [refused("not_in_channel")]
    await show(slack, SAID, CHANNEL, is_private=True)
    assert slack.methods == ["chat.postEphemeral", "chat.postMessage"]
    assert slack.heard[-1][1]["channel"] == "U01ALICE"


@pytest.mark.parametrize("where", [COMMAND, HOME, MODAL])
async def test_where_there_is_no_thread_there_is_no_status(slack: Slack, where: Origin) -> None:
    async with Status(outbox(), seconds=0).working(where, slack.client):
        await asyncio.sleep(0.02)
    assert slack.heard == []


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def told(**signs: bool) -> Json:
    return {"ok": True, "channel": {"id": C, "is_channel": True, **signs}}


@pytest.mark.parametrize(
    ("answer", "has_strangers"),
    [
        (told(), False),
        (told(is_shared=False, is_ext_shared=False), False),
        (told(is_ext_shared=True), True),
        (told(is_org_shared=True), True),
        (told(is_shared=True), True),
        (told(is_pending_ext_shared=True), True),
        ({"ok": True}, True),
        (refused("channel_not_found"), True),
        (refused("missing_scope"), True),
    ],
)
async def test_strangers_read_along_where_slack_does_not_say_otherwise(
    slack: Slack, answer: Json, *, has_strangers: bool
) -> None:
    slack.answers["conversations.info"] = [answer]
    audience = Audience(outbox(), Clock())
    assert await audience.has_strangers(slack.client, TEAM, C) is has_strangers
    assert slack.heard == [("conversations.info", {"channel": C})]


async def test_slack_is_asked_about_a_channel_now_and_then(slack: Slack) -> None:
    slack.answers["conversations.info"] = [told(), told(is_shared=True), told(), told()]
    clock = Clock()
    audience = Audience(outbox(), clock)
    assert not await audience.has_strangers(slack.client, TEAM, C)
    clock.now = 299
    assert not await audience.has_strangers(slack.client, TEAM, C)
    assert len(slack.heard) == 1
    clock.now = 301
    assert await audience.has_strangers(slack.client, TEAM, C)
    assert await audience.has_strangers(slack.client, TEAM, C)
    assert len(slack.heard) == 2
    # Another channel, and the same id in another workspace, are known by themselves.
    assert not await audience.has_strangers(slack.client, TEAM, "C02OTHER")
    assert not await audience.has_strangers(slack.client, "T02OTHER", C)
    assert len(slack.heard) == 4


async def test_a_channel_that_slack_said_nothing_of_is_asked_about_again_soon(slack: Slack) -> None:
    slack.answers["conversations.info"] = [refused("missing_scope"), told()]
    clock = Clock()
    audience = Audience(outbox(), clock)
    assert await audience.has_strangers(slack.client, TEAM, C)
    clock.now = 29
    assert await audience.has_strangers(slack.client, TEAM, C)
    assert len(slack.heard) == 1
    clock.now = 31
    assert not await audience.has_strangers(slack.client, TEAM, C)


async def test_of_many_who_ask_at_once_one_asks_slack(slack: Slack) -> None:
    slack.answers["conversations.info"] = [{"ok": True, "channel": {"id": C, "is_ext_shared": False}}]
    audience = Audience(outbox(), Clock())
    told = await asyncio.gather(*(audience.has_strangers(slack.client, TEAM, C) for _ in range(9)))
    assert told == [False] * 9
    assert slack.methods == ["conversations.info"]
