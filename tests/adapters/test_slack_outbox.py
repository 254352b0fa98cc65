"""The outbox against a small server that answers as Slack does, in a time of the tests' own: nobody really waits."""

import asyncio
import copy
import heapq
import itertools
import json
import logging
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from traceback import format_exception
from typing import Any, TypeVar

import pytest
from aiohttp import ConnectionTimeoutError, ServerDisconnectedError, web
from aiohttp.test_utils import TestServer
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.outbox import Outbox, SlackRefusedError, SlackUnavailableError, _Errand, _Outcome, web_client
from knowledge.errors import PilotlightError, UnavailableError

T = TypeVar("T")
TOKEN = "xoxb-very-secret"
TEXT = "what somebody wrote"
Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Time:
    """It passes when nothing else is to be done."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.requests = 0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._numbers), waking))
        await waking

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(work)
        for _ in range(100_000):
            for _ in range(25):
                await asyncio.sleep(0)
            if task.done():
                return task.result()
            if self.requests:
                await asyncio.sleep(0.0005)
            else:
                self._pass()
        pytest.fail("it never ends")

    def _pass(self) -> None:
        while self._sleepers:
            wakes_at, _, waking = heapq.heappop(self._sleepers)
            if not waking.done():
                self.now = max(self.now, wakes_at)
                waking.set_result(None)
                return


class Watched(Outbox):
    """Tells the time when a request is on its way, and counts the requests."""

    def __init__(self, time: Time, *, timeout: float = 5, patience: float = 900) -> None:
        super().__init__(clock=time.clock, sleep=time.sleep, jitter=lambda: 0.5, timeout=timeout, patience=patience)
        self.time = time
        self.tries = 0

    async def _once(self, errand: _Errand) -> _Outcome:
        self.tries += 1
        self.time.requests += 1
        try:
            return await super()._once(errand)
        finally:
            self.time.requests -= 1


@dataclass(frozen=True)
class Heard:
    at: float
    method: str
    body: dict[str, Any]
    is_taken: bool


class Slack:
    """What it hears and when; it says yes, or what was put before it in `answers` of a method."""

    def __init__(self, time: Time) -> None:
        self.time = time
        self.heard: list[Heard] = []
        self.answers: dict[str, list[Behaviour]] = defaultdict(list)
        self.strict_channels: set[str] = set()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._hear)
        self.server = TestServer(app)

    def client(self) -> AsyncWebClient:
        return web_client(TOKEN, base_url=str(self.server.make_url("/api/")))

    def url(self, path: str) -> str:
        return str(self.server.make_url(path))

    def moments(self, method: str) -> list[float]:
        return [round(heard.at - 1000, 6) for heard in self.heard if heard.method == method]

    def taken(self, channel: str) -> list[str]:
        return [heard.body["text"] for heard in self.heard if heard.is_taken and heard.body.get("channel") == channel]

    async def _hear(self, request: web.Request) -> web.StreamResponse:
        method = request.path.removeprefix("/api/").removeprefix("/")
        body = await request.json() if request.can_read_body else dict(request.query)
        answer = await self._answer(method, body)(request)
        self.heard.append(Heard(self.time.now, method, body, answer.status == 200))
        return answer

    def _answer(self, method: str, body: dict[str, Any]) -> Behaviour:
        if self.answers[method]:
            return self.answers[method].pop(0)
        earlier = [
            heard.at for heard in self.heard if heard.is_taken and heard.body.get("channel") == body.get("channel")
        ]
        if body.get("channel") in self.strict_channels and self.time.now - max(earlier, default=0) < 2:
            return limited("2")
        return said({"ok": True, "ts": str(len(self.heard))})


def said(data: object, status: int = 200) -> Behaviour:
    return raw(json.dumps(data), "application/json", status)


def raw(text: str, content_type: str = "text/html", status: int = 200) -> Behaviour:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=text, content_type=content_type, status=status)

    return answer


def limited(retry_after: str | None) -> Behaviour:
    async def answer(_request: web.Request) -> web.Response:
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)

    return answer


async def hangs_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response(status=500)


async def dawdles(_request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(1)
    return web.json_response({"ok": True})


LOST: dict[str, Behaviour] = {
    "500": raw("<h1>oh</h1>", status=500),
    "503 with a code": said({"ok": False, "error": "service_unavailable"}, 503),
    "internal_error": said({"ok": False, "error": "internal_error"}),
    "hangs up": hangs_up,
    "dawdles": dawdles,
    "a web page": raw("<h1>Log in to the café's network</h1>"),
    "plain text": raw("ok", "text/plain"),
    "half a JSON": raw('{"ok": tr', "application/json"),
    "a list": said([1]),
    "null": said(None),
    "bytes of no encoding": lambda _request: _bytes(),
}


async def _bytes() -> web.Response:
    return web.Response(body=b'{"ok": "\xff\xfe"}', headers={"Content-Type": "application/json; charset=utf-8"})


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def slack(time: Time, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Slack]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    slack = Slack(time)
    async with slack.server:
        yield slack


@pytest.fixture
def outbox(time: Time) -> Watched:
    return Watched(time)


def post(outbox: Outbox, slack: Slack, text: str = TEXT, channel: str = "C1", workspace: str = "T1") -> Any:
    return outbox.call(slack.client(), workspace, "chat_postMessage", channel=channel, text=text)


async def all_of(*calls: Awaitable[T]) -> list[T]:
    return await asyncio.gather(*calls)


@pytest.mark.shows("slow")
async def test_a_storm_in_one_channel_loses_nothing_keeps_its_order_and_delays_no_other(
    slack: Slack, outbox: Watched, time: Time
) -> None:
    slack.strict_channels.add("C1")
    storm = [str(number) for number in range(12)]
    await time.run(
        all_of(
            *(post(outbox, slack, text) for text in storm),
            *(post(outbox, slack, "other channel", "C2") for _ in range(3)),
            *(post(outbox, slack, "other workspace", "C3", "T2") for _ in range(3)),
        )
    )
    assert slack.taken("C1") == storm
    assert any(not heard.is_taken for heard in slack.heard)
    calm = [heard.at for heard in slack.heard if heard.body["channel"] in {"C2", "C3"}]
    assert calm == [1000] * 6


async def test_messages_to_a_channel_go_three_at_once_and_then_one_a_second(
    slack: Slack, outbox: Watched, time: Time
) -> None:
    await time.run(all_of(*(post(outbox, slack, str(number)) for number in range(6))))
    assert slack.moments("chat.postMessage") == [0, 0, 0, 1, 2, 3]


@pytest.mark.parametrize(
    ("retry_after", "waits"), [("0", 1), ("1", 1), ("30", 30), (None, 10), ("abc", 10), ("-5", 10), ("2 hours", 10)]
)
async def test_slack_is_left_alone_for_as_long_as_it_asks(
    slack: Slack, outbox: Watched, time: Time, retry_after: str | None, waits: float
) -> None:
    slack.answers["chat.postMessage"] = [limited(retry_after)]
    await time.run(all_of(post(outbox, slack, "first"), post(outbox, slack, "second")))
    assert slack.moments("chat.postMessage") == [0, waits, waits]
    assert slack.taken("C1") == ["first", "second"]


async def test_a_limit_told_in_an_ordinary_answer_is_waited_for_too(slack: Slack, outbox: Watched, time: Time) -> None:
    slack.answers["chat.postMessage"] = [said({"ok": False, "error": "rate_limited"})]
    await time.run(post(outbox, slack))
    assert slack.moments("chat.postMessage") == [0, 10]


async def test_a_limit_holds_for_one_method_in_one_workspace(slack: Slack, outbox: Watched, time: Time) -> None:
    slack.answers["views.publish"] = [limited("30")]
    view = {"type": "home", "blocks": []}
    await time.run(
        all_of(
            outbox.call(slack.client(), "T1", "views_publish", user_id="U1", view=view),
            outbox.call(slack.client(), "T2", "views_publish", user_id="U2", view=view),
            outbox.call(slack.client(), "T1", "conversations_info", channel="C1"),
        )
    )
    assert sorted(slack.moments("views.publish")) == [0, 0, 30]
    assert slack.moments("conversations.info") == [0]


async def test_a_burst_of_a_method_is_spread_over_the_minute(slack: Slack, outbox: Watched, time: Time) -> None:
    updates = (
        outbox.call(slack.client(), "T1", "chat_update", channel="C1", ts=str(number), text=TEXT)
        for number in range(40)
    )
    await time.run(all_of(*updates))
    moments = slack.moments("chat.update")
    assert len(moments) == 40
    assert moments.count(0) == 12
    assert moments[-1] == pytest.approx(28 * 60 / 50)


async def test_a_limit_stops_those_too_who_were_waiting_already(slack: Slack, outbox: Watched, time: Time) -> None:
    slack.answers["emoji.list"] = [limited("30")]
    await time.run(all_of(*(outbox.call(slack.client(), "T1", "emoji_list") for _ in range(7))))
    assert slack.moments("emoji.list") == [0, 0, 0, 0, 0, 30, 30, 30]


async def test_an_unknown_method_is_paced_as_most_methods_are(slack: Slack, outbox: Watched, time: Time) -> None:
    await time.run(all_of(*(outbox.call(slack.client(), "T1", "emoji_list") for _ in range(7))))
    assert slack.moments("emoji.list") == [0, 0, 0, 0, 0, 3, 6]


async def test_who_is_refused_for_a_quarter_of_an_hour_hears_of_it(slack: Slack, outbox: Watched, time: Time) -> None:
    slack.answers["chat.postMessage"] = [limited("60")] * 100
    with pytest.raises(SlackUnavailableError) as caught:
        await time.run(post(outbox, slack))
    assert isinstance(caught.value, UnavailableError)
    assert not caught.value.is_in_doubt
    assert 800 <= slack.moments("chat.postMessage")[-1] <= 900


async def test_who_waits_behind_such_a_one_hears_of_it_as_soon(slack: Slack, outbox: Watched, time: Time) -> None:
    slack.answers["chat.postMessage"] = [limited("500"), limited("500")]
    first, second = await time.run(all_settled(post(outbox, slack, "first"), post(outbox, slack, "second")))
    assert isinstance(first, SlackUnavailableError)
    assert isinstance(second, SlackUnavailableError)
    assert not second.is_in_doubt
    assert slack.moments("chat.postMessage") == [0, 500]
    assert time.now == 1500


async def test_what_would_come_too_late_is_not_sent(slack: Slack, time: Time) -> None:
    outbox = Watched(time, patience=1)
    slack.answers["chat.update"] = [LOST["500"]] * 2
    update = [outbox.call(slack.client(), "T1", "chat_update", channel="C1", ts="1", text=TEXT) for _ in range(2)]
    settled = await time.run(all_settled(*update))
    assert [(type(error), error.is_in_doubt) for error in settled] == [
        (SlackUnavailableError, True),
        (SlackUnavailableError, False),
    ]
    assert outbox.tries == 2


@pytest.mark.parametrize(("first", "is_in_doubt"), [(ServerDisconnectedError, True), (ConnectionTimeoutError, False)])
async def test_one_try_that_may_have_been_heard_is_doubt_enough(
    outbox: Watched, time: Time, first: type[Exception], *, is_in_doubt: bool
) -> None:
    client = Unlucky(TOKEN, retry_handlers=[])
    client.troubles[0] = first()
    with pytest.raises(SlackUnavailableError) as caught:
        await time.run(outbox.call(client, "T1", "conversations_info"))
    assert caught.value.is_in_doubt == is_in_doubt
    assert outbox.tries == 4


class Unlucky(AsyncWebClient):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.troubles: list[Exception] = [ConnectionTimeoutError() for _ in range(4)]

    async def conversations_info(self, **arguments: Any) -> Any:
        raise self.troubles.pop(0)


async def test_a_wait_beyond_all_patience_is_not_begun_and_closes_no_channel_for_good(
    slack: Slack, outbox: Watched, time: Time
) -> None:
    slack.answers["chat.postMessage"] = [limited("999999999")]
    with pytest.raises(SlackUnavailableError):
        await time.run(post(outbox, slack))
    assert time.now == 1000
    time.now += 901
    await time.run(post(outbox, slack))


async def test_a_form_overtakes_everything(slack: Slack, outbox: Watched, time: Time) -> None:
    slack.answers["views.open"] = [limited("30")]
    opening = {"trigger_id": "1.2", "view": {"type": "modal"}}

    async def work() -> None:
        storm = asyncio.gather(*(post(outbox, slack) for _ in range(9)))
        with pytest.raises(SlackUnavailableError):
            await outbox.call(slack.client(), "T1", "views_open", **opening)
        await all_of(*(outbox.call(slack.client(), "T1", "views_open", **opening) for _ in range(40)))
        await storm

    await time.run(work())
    assert slack.moments("views.open") == [0] * 41


@pytest.mark.parametrize("lost", LOST)
async def test_what_may_be_repeated_is_with_growing_waits(slack: Slack, time: Time, lost: str) -> None:
    outbox = Watched(time, timeout=0.2)
    slack.answers["chat.update"] = [LOST[lost]] * 2
    answer = await time.run(outbox.call(slack.client(), "T1", "chat_update", channel="C1", ts="1", text=TEXT))
    assert answer["ok"]
    assert outbox.tries == 3
    assert time.now - 1000 == 0.75 + 1.5


async def test_repeating_has_an_end(slack: Slack, outbox: Watched, time: Time) -> None:
    slack.answers["conversations.info"] = [LOST["500"]] * 9
    with pytest.raises(SlackUnavailableError) as caught:
        await time.run(outbox.call(slack.client(), "T1", "conversations_info", channel="C1"))
    assert outbox.tries == 4
    assert caught.value.is_in_doubt


@pytest.mark.parametrize("lost", LOST)
async def test_a_message_that_may_have_arrived_is_not_sent_again(slack: Slack, time: Time, lost: str) -> None:
    outbox = Watched(time, timeout=0.2)
    slack.answers["chat.postMessage"] = [LOST[lost]]
    with pytest.raises(SlackUnavailableError) as caught:
        await time.run(post(outbox, slack))
    assert outbox.tries == 1
    assert caught.value.is_in_doubt
    await time.run(post(outbox, slack, "the next one"))
    assert slack.taken("C1")[-1] == "the next one"


async def test_a_message_is_sent_again_where_nobody_was_there_to_hear_it(
    slack: Slack, time: Time, unused_tcp_port: int
) -> None:
    outbox = Watched(time)
    client = web_client(TOKEN, base_url=f"http://127.0.0.1:{unused_tcp_port}/api/")
    with pytest.raises(SlackUnavailableError) as caught:
        await time.run(outbox.call(client, "T1", "chat_postMessage", channel="C1", text=TEXT))
    assert outbox.tries == 4
    assert not caught.value.is_in_doubt


async def test_an_old_change_tried_again_never_comes_after_a_new_one(slack: Slack, outbox: Watched, time: Time) -> None:
    slack.answers["chat.update"] = [LOST["500"]]

    def update(ts: str, text: str) -> Any:
        return outbox.call(slack.client(), "T1", "chat_update", channel="C1", ts=ts, text=text)

    await time.run(all_of(update("1", "old"), update("1", "new"), update("2", "of another message")))
    assert slack.taken("C1") == ["of another message", "old", "new"]


async def test_a_refusal_has_a_code_and_is_not_repeated(slack: Slack, outbox: Watched, time: Time) -> None:
    slack.answers["chat.update"] = [said({"ok": False, "error": "message_not_found"})]
    with pytest.raises(SlackRefusedError, match="chat_update") as caught:
        await time.run(outbox.call(slack.client(), "T1", "chat_update", channel="C1", ts="1", text=TEXT))
    assert isinstance(caught.value, PilotlightError)
    assert caught.value.code == "message_not_found"
    assert outbox.tries == 1


async def test_a_web_page_that_forbids_is_a_refusal(slack: Slack, outbox: Watched, time: Time) -> None:
    slack.answers["chat.postMessage"] = [raw("<h1>No</h1>", status=403)]
    with pytest.raises(SlackRefusedError) as caught:
        await time.run(post(outbox, slack))
    assert caught.value.code == "http_403"


@pytest.mark.parametrize(
    "answer",
    [
        said({"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": [f"[ERROR] {TEXT}"]}}),
        said({"ok": False, "error": TEXT}, 400),
        said({"ok": True, "message": {"text": TEXT}}),
        raw(TEXT, "application/json"),
        raw(TEXT, status=502),
        limited("1"),
        hangs_up,
    ],
)
async def test_neither_words_nor_tokens_are_in_an_error_or_in_the_log(
    slack: Slack, outbox: Watched, time: Time, caplog: pytest.LogCaptureFixture, answer: Behaviour
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, "aiohttp.access")  # the test server's own
    slack.answers["chat.postMessage"] = slack.answers["chat.update"] = [answer, answer]
    slack.answers["actions/secret"] = [answer]
    settled = await time.run(
        all_settled(
            post(outbox, slack),
            outbox.call(slack.client(), "T1", "chat_update", channel="C1", ts="1", text=TEXT),
            outbox.respond(slack.url("/actions/secret"), {"text": TEXT}, workspace="T1", channel="C1"),
        )
    )
    told = caplog.text + "".join("".join(format_exception(error)) for error in settled if isinstance(error, Exception))
    for secret in (TEXT, TOKEN, "actions/secret"):
        assert secret not in told


async def all_settled(*calls: Awaitable[Any]) -> list[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


async def test_an_answer_to_a_command_goes_in_the_lane_of_its_channel(
    slack: Slack, outbox: Watched, time: Time
) -> None:
    slack.answers["actions/1"] = [limited("5"), raw("ok", "text/plain"), said({"ok": True})]
    await time.run(
        all_of(
            post(outbox, slack, "before"),
            outbox.respond(slack.url("/actions/1"), {"text": TEXT}, workspace="T1", channel="C1"),
            outbox.respond(slack.url("/actions/1"), {"text": TEXT}, workspace="T1", channel="C1"),
            post(outbox, slack, "after"),
        )
    )
    assert [heard.method for heard in slack.heard] == ["chat.postMessage", *["actions/1"] * 3, "chat.postMessage"]
    assert slack.moments("actions/1") == [0, 5, 5]


@pytest.mark.parametrize("answer", [said({"ok": False, "error": "used_url"}, 404), raw("used_url", status=404)])
async def test_an_answer_that_came_too_late_is_a_refusal(
    slack: Slack, outbox: Watched, time: Time, answer: Behaviour
) -> None:
    slack.answers["actions/1"] = [answer]
    with pytest.raises(SlackRefusedError) as caught:
        await time.run(outbox.respond(slack.url("/actions/1"), {"text": TEXT}, workspace="T1", channel="C1"))
    assert caught.value.code == "used_url"


@pytest.mark.parametrize("address", ["secret:/place", "secret", "http://[secret"])
async def test_an_address_that_is_none_is_trouble_without_the_address(
    outbox: Watched, time: Time, address: str
) -> None:
    with pytest.raises(SlackUnavailableError) as caught:
        await time.run(outbox.respond(address, {}, workspace="T1", channel="C1"))
    assert not caught.value.is_in_doubt
    assert address not in "".join(format_exception(caught.value))


async def test_draining_waits_until_all_is_sent(slack: Slack, outbox: Watched, time: Time) -> None:
    async def work() -> int:
        calls = asyncio.gather(*(post(outbox, slack, str(number)) for number in range(9)))
        await asyncio.sleep(0)
        left = await outbox.drain(60)
        await calls
        return left

    assert await time.run(work()) == 0
    assert time.now == 1006
    assert await time.run(outbox.drain(60)) == 0
    assert time.now == 1006


async def test_draining_says_what_was_left_when_the_time_was_up(slack: Slack, outbox: Watched, time: Time) -> None:
    async def work() -> int:
        calls = asyncio.gather(*(post(outbox, slack, str(number)) for number in range(9)), return_exceptions=True)
        await asyncio.sleep(0)
        left = await outbox.drain(2.5)
        calls.cancel()
        return left

    assert await time.run(work()) == 4
    assert len(slack.taken("C1")) == 5


async def test_who_gives_up_waiting_holds_nobody_up(slack: Slack, outbox: Watched, time: Time) -> None:
    slack.answers["chat.postMessage"] = [limited("30")]

    async def work() -> None:
        first, second = (asyncio.create_task(post(outbox, slack, text)) for text in ("first", "second"))
        third = asyncio.create_task(post(outbox, slack, "third"))
        await time.sleep(1)
        first.cancel()
        second.cancel()
        await third

    await time.run(work())
    assert slack.taken("C1") == ["third"]
    assert await time.run(outbox.drain(0)) == 0


async def test_channels_of_the_past_are_forgotten(slack: Slack, outbox: Watched, time: Time) -> None:
    slack.answers["chat.postMessage"] = [limited("500")]
    with pytest.raises(SlackUnavailableError):
        await time.run(post(Watched(time, patience=1), slack))
    for number in range(5):
        await time.run(post(outbox, slack, channel=f"C{number}"))
    time.now += 120
    await time.run(post(outbox, slack))
    assert len(outbox._lanes) == 2


async def test_a_channel_is_not_forgotten_while_slack_wants_to_be_left_alone(
    slack: Slack, outbox: Watched, time: Time
) -> None:
    slack.answers["chat.postMessage"] = [limited("500")]

    async def work() -> None:
        first = asyncio.create_task(post(outbox, slack, "first"))
        await time.sleep(1)
        first.cancel()
        await time.sleep(100)
        await post(outbox, slack, "second")

    await time.run(work())
    assert slack.moments("chat.postMessage") == [0, 500]


async def test_a_channel_is_not_forgotten_while_somebody_waits_in_it(slack: Slack, outbox: Watched, time: Time) -> None:
    slack.answers["chat.postMessage"] = [limited("100"), limited("1")]

    async def work() -> None:
        first = asyncio.create_task(post(outbox, slack, "first"))
        await time.sleep(70)
        await all_of(first, post(outbox, slack, "second"))

    await time.run(work())
    assert slack.taken("C1") == ["first", "second"]


async def test_a_client_that_repeats_by_itself_is_not_used(slack: Slack, outbox: Watched, time: Time) -> None:
    client = AsyncWebClient(TOKEN, str(slack.server.make_url("/api/")))
    with pytest.raises(ValueError, match="web_client"):
        await time.run(outbox.call(client, "T1", "chat_postMessage", channel="C1", text=TEXT))


def test_a_copy_of_the_client_as_bolt_makes_it_repeats_and_tells_nothing_either() -> None:
    client = copy.deepcopy(web_client(TOKEN))
    assert client.retry_handlers == []
    assert client.logger.level > logging.DEBUG


async def test_a_mistake_in_a_call_is_not_taken_for_slacks(slack: Slack, outbox: Watched, time: Time) -> None:
    with pytest.raises(AttributeError):
        await time.run(outbox.call(slack.client(), "T1", "chat_shout"))
    with pytest.raises(TypeError):
        await time.run(outbox.call(slack.client(), "T1", "views_publish", user_id="U1", view=object()))
    with pytest.raises(AttributeError):
        await time.run(outbox.call(Mistaken(TOKEN, retry_handlers=[]), "T1", "conversations_info"))


class Mistaken(AsyncWebClient):
    async def conversations_info(self, **arguments: Any) -> Any:
        raise AttributeError("no title", name="title", obj=self)


class Scripted(AsyncWebClient):
    """Says no as often as a message's text says, then yes; without any network."""

    def __init__(self, time: Time) -> None:
        super().__init__(TOKEN, retry_handlers=[])
        self.time = time
        self.heard: list[tuple[float, str, int, bool]] = []
        self.refused: Counter[int] = Counter()

    async def _request(self, *, http_verb: str, api_url: str, req_args: dict[str, Any]) -> dict[str, Any]:
        number, refusals, retry_after = (int(word) for word in req_args["json"]["text"].split())
        is_taken = self.refused[number] >= refusals
        self.refused[number] += not is_taken
        self.heard.append((self.time.now, req_args["json"]["channel"], number, is_taken))
        await asyncio.sleep(0)
        if is_taken:
            return {"data": {"ok": True}, "headers": {}, "status_code": 200}
        headers = {"Retry-After": str(retry_after)}
        return {"data": {"ok": False, "error": "ratelimited"}, "headers": headers, "status_code": 429}


MESSAGES = st.lists(
    st.tuples(
        st.sampled_from(["C1", "C2", "C3"]),
        st.sampled_from([0, 0, 0, 1, 2]),
        st.integers(0, 3),
        st.sampled_from([0.0, 0.0, 0.3, 2.0]),
    ),
    max_size=25,
)


@settings(deadline=None, max_examples=60)
@given(MESSAGES)
def test_whatever_comes_is_taken_once_in_order_and_at_the_pace(
    messages: Sequence[tuple[str, int, int, float]],
) -> None:
    time = Time()
    client = Scripted(time)

    async def work() -> None:
        outbox = Watched(time)
        calls = []
        for number, (channel, refusals, retry_after, after) in enumerate(messages):
            if after:
                await time.sleep(after)
            text = f"{number} {refusals} {retry_after}"
            calls.append(asyncio.create_task(outbox.call(client, "T1", "chat_postMessage", channel=channel, text=text)))
            await asyncio.sleep(0)
        await all_of(*calls)

    asyncio.run(time.run(work()))
    for lane in {channel for channel, *_ in messages}:
        heard = [(at, number, is_taken) for at, channel, number, is_taken in client.heard if channel == lane]
        assert [number for _, number, is_taken in heard if is_taken] == [
            number for number, (channel, *_) in enumerate(messages) if channel == lane
        ]
        for start, *_ in heard:
            assert sum(start <= at < start + 1 for at, *_ in heard) <= 4
