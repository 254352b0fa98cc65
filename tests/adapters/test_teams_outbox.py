"""The outbox over a connector that answers as it is told, in a time of the tests' own: nobody really waits."""

import asyncio
import heapq
import itertools
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.teams.connector import Json, TeamsRefusedError, TeamsUnavailableError
from adapters.teams.outbox import Address, Outbox

T = TypeVar("T")
URL = "https://smba.trafficmanager.net/emea/"
TEXT = "what somebody wrote"
WRITES = ("send", "update", "delete")
READS = ("member", "members", "team", "channels")
WINDOWS = ((7, 1.0), (8, 2.0), (60, 30.0), (1800, 3600.0))


class Time:
    """It passes when nothing else is to be done."""

    def __init__(self) -> None:
        self.now = 1000.0
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
            self._pass()
        pytest.fail("it never ends")

    def _pass(self) -> None:
        while self._sleepers:
            wakes_at, _, waking = heapq.heappop(self._sleepers)
            if not waking.done():
                self.now = max(self.now, wakes_at)
                waking.set_result(None)
                return


@dataclass(frozen=True)
class Asked:
    at: float
    call: str
    conversation: str
    what: Any
    is_taken: bool


class ScriptedConnector:
    """Does what it is asked at once, or raises what was put before it in `troubles` of a call."""

    def __init__(self, time: Time) -> None:
        self.time = time
        self.asked: list[Asked] = []
        self.troubles: dict[str, list[Exception]] = defaultdict(list)

    def moments(self, call: str) -> list[float]:
        return [round(asked.at - 1000, 6) for asked in self.asked if asked.call == call]

    def taken(self, conversation: str) -> list[Any]:
        return [asked.what for asked in self.asked if asked.is_taken and asked.conversation == conversation]

    async def authenticate(self, activity: Json, authorization: str) -> None: ...

    async def send(self, service_url: str, conversation: str, activity: Json, *, is_targeted: bool = False) -> str:
        self._ask("send", conversation, activity["text"])
        return str(len(self.asked))

    async def update(
        self, service_url: str, conversation: str, activity_id: str, activity: Json, *, is_targeted: bool = False
    ) -> None:
        self._ask("update", conversation, activity["text"])

    async def delete(self, service_url: str, conversation: str, activity_id: str, *, is_targeted: bool = False) -> None:
        self._ask("delete", conversation, activity_id)

    async def create(self, service_url: str, parameters: Json) -> tuple[str, str]:
        self._ask("create", "", parameters)
        return "a:1", ""

    async def member(self, service_url: str, conversation: str, user: str) -> Json:
        self._ask("member", conversation, user)
        return {"id": user}

    async def members(self, service_url: str, conversation: str) -> list[Json]:
        self._ask("members", conversation, "")
        return [{"id": "29:1"}]

    async def team(self, service_url: str, team: str) -> Json:
        self._ask("team", team, "")
        return {"id": team}

    async def channels(self, service_url: str, team: str) -> list[Json]:
        self._ask("channels", team, "")
        return [{"id": team}]

    async def close(self) -> None: ...

    def _ask(self, call: str, conversation: str, what: Any) -> None:
        trouble = self.troubles[call].pop(0) if self.troubles[call] else None
        self.asked.append(Asked(self.time.now, call, conversation, what, trouble is None))
        if trouble is not None:
            raise trouble


def unavailable(status: int, retry_after: float | None = None) -> TeamsUnavailableError:
    is_in_doubt = status not in {412, 429}
    return TeamsUnavailableError("do it", is_in_doubt=is_in_doubt, status=status, retry_after=retry_after)


def unheard() -> TeamsUnavailableError:
    return TeamsUnavailableError("do it", is_in_doubt=False)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def teams(time: Time) -> ScriptedConnector:
    return ScriptedConnector(time)


def outbox_of(teams: ScriptedConnector, patience: float = 900) -> Outbox:
    time = teams.time
    return Outbox(teams, clock=time.clock, sleep=time.sleep, jitter=lambda: 0.5, patience=patience)


@pytest.fixture
def outbox(teams: ScriptedConnector) -> Outbox:
    return outbox_of(teams)


def address(conversation: str = "19:a", tenant: str = "T1") -> Address:
    return Address(tenant, URL, conversation)


def post(outbox: Outbox, text: str = TEXT, conversation: str = "19:a", tenant: str = "T1") -> Any:
    return outbox.send(address(conversation, tenant), {"type": "message", "text": text})


CALLS: dict[str, Callable[[Outbox], Any]] = {
    "send": post,
    "update": lambda outbox: outbox.update(address(), "1", {"text": TEXT}),
    "delete": lambda outbox: outbox.delete(address(), "1"),
    "create": lambda outbox: outbox.create("T1", URL, {"isGroup": False}),
    "member": lambda outbox: outbox.member(address(), "29:1"),
    "members": lambda outbox: outbox.members(address()),
    "team": lambda outbox: outbox.team(address()),
    "channels": lambda outbox: outbox.channels(address()),
}


async def all_of(*calls: Awaitable[T]) -> list[T]:
    return await asyncio.gather(*calls)


async def all_settled(*calls: Awaitable[Any]) -> list[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


# Pace


async def test_a_conversation_gets_as_much_as_teams_takes(outbox: Outbox, teams: ScriptedConnector, time: Time) -> None:
    await time.run(all_of(*(post(outbox, str(number)) for number in range(62))))
    moments = teams.moments("send")
    assert moments[:10] == [0] * 7 + [1, 2, 2]
    assert moments[58:] == [14, 14, 30, 30]
    assert teams.taken("19:a") == [str(number) for number in range(62)]


async def test_an_hour_has_its_limit_too(outbox: Outbox, teams: ScriptedConnector, time: Time) -> None:
    await time.run(all_of(*(post(outbox_of(teams, 4000), str(number)) for number in range(3))))
    patient = outbox_of(teams, 9000)
    teams.asked.clear()
    await time.run(all_of(*(post(patient, str(number)) for number in range(1801))))
    moments = teams.moments("send")
    assert moments[1799] - moments[0] < 900
    assert moments[1800] - moments[0] == 3600


@pytest.mark.shows("slow")
async def test_a_storm_in_one_conversation_delays_no_other(
    outbox: Outbox, teams: ScriptedConnector, time: Time
) -> None:
    calm = [post(outbox, "calm", "19:b"), post(outbox, "calm", "19:a", "T2"), outbox.member(address(), "29:1")]
    await time.run(all_of(*(post(outbox) for _ in range(20)), *calm))
    assert [asked.at for asked in teams.asked if asked.what != TEXT] == [1000] * 3


async def test_a_tenant_gets_fifty_calls_a_second_whatever_they_are(
    outbox: Outbox, teams: ScriptedConnector, time: Time
) -> None:
    sends = [post(outbox, TEXT, f"19:{number}") for number in range(60)]
    reads = [outbox.member(address(f"19:{number}"), "29:1") for number in range(60)]
    await time.run(all_of(*sends, *reads, post(outbox, "elsewhere", "19:0", "T2")))
    moments = [asked.at - 1000 for asked in teams.asked if asked.what != "elsewhere"]
    assert [moments.count(second) for second in range(3)] == [50, 50, 20]
    assert [asked.at for asked in teams.asked if asked.what == "elsewhere"] == [1000]


async def test_beginning_conversations_has_a_pace(outbox: Outbox, teams: ScriptedConnector, time: Time) -> None:
    await time.run(all_of(*(outbox.create("T1", URL, {}) for _ in range(9))))
    assert teams.moments("create") == [0] * 7 + [1, 2]


# What is passed on


async def test_what_teams_answers_comes_back(outbox: Outbox, time: Time) -> None:
    answers = {name: await time.run(CALLS[name](outbox)) for name in CALLS}
    assert answers == {
        "send": "1",
        "update": None,
        "delete": None,
        "create": ("a:1", ""),
        "member": {"id": "29:1"},
        "members": [{"id": "29:1"}],
        "team": {"id": "19:a"},
        "channels": [{"id": "19:a"}],
    }


async def test_a_mistake_in_a_call_is_not_taken_for_trouble(outbox: Outbox, time: Time) -> None:
    with pytest.raises(KeyError):
        await time.run(outbox.send(address(), {}))
    assert await time.run(outbox.drain(0)) == 0


# Trouble


@pytest.mark.shows("slow")
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("retry_after", "waits"), [(0, 1.5), (7, 7.5), (None, 0.75)])
async def test_everything_waits_as_long_as_teams_asks_and_goes_again(
    teams: ScriptedConnector, time: Time, call: str, retry_after: float | None, waits: float
) -> None:
    teams.troubles[call] = [unavailable(429, retry_after)]
    await time.run(CALLS[call](outbox_of(teams)))
    assert teams.moments(call) == [0, waits]


async def test_who_comes_later_waits_too_and_other_conversations_do_not(
    outbox: Outbox, teams: ScriptedConnector, time: Time
) -> None:
    teams.troubles["member"] = [unavailable(429, 7)]

    async def work() -> None:
        first = asyncio.create_task(outbox.member(address(), "29:1"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await all_of(first, outbox.member(address(), "29:2"), outbox.member(address("19:b"), "29:3"))

    await time.run(work())
    assert sorted((asked.at - 1000, asked.what) for asked in teams.asked if asked.is_taken) == [
        (0, "29:3"),
        (7.5, "29:1"),
        (7.5, "29:2"),
    ]


async def test_waits_that_teams_does_not_tell_grow_and_end_with_the_patience(
    outbox: Outbox, teams: ScriptedConnector, time: Time
) -> None:
    teams.troubles["send"] = [unavailable(429) for _ in range(99)]
    with pytest.raises(TeamsUnavailableError) as caught:
        await time.run(post(outbox))
    moments = teams.moments("send")
    assert moments[:4] == [0, 0.75, 2.25, 5.25]
    assert {after - before for before, after in itertools.pairwise(moments[9:])} == {90}
    assert 800 < time.now - 1000 <= 900
    assert not caught.value.is_in_doubt


@pytest.mark.parametrize("retry_after", [0, None])
async def test_a_long_patience_is_no_trouble(teams: ScriptedConnector, time: Time, retry_after: float | None) -> None:
    teams.troubles["send"] = [unavailable(429, retry_after) for _ in range(1100)]
    await time.run(post(outbox_of(teams, patience=1e6)))
    assert len(teams.asked) == 1101


@pytest.mark.parametrize("call", CALLS)
async def test_what_teams_turned_away_is_asked_again_but_not_for_ever(
    outbox: Outbox, teams: ScriptedConnector, time: Time, call: str
) -> None:
    teams.troubles[call] = [unavailable(412) for _ in range(4)]
    with pytest.raises(TeamsUnavailableError) as caught:
        await time.run(CALLS[call](outbox))
    assert teams.moments(call) == [0, 0.75, 2.25, 5.25]
    assert not caught.value.is_in_doubt


@pytest.mark.parametrize("status", [0, 500, 502, 503, 504])
@pytest.mark.parametrize("call", ["update", "delete", *READS])
async def test_what_may_be_repeated_is(
    outbox: Outbox, teams: ScriptedConnector, time: Time, call: str, status: int
) -> None:
    teams.troubles[call] = [unavailable(status), unavailable(status, 3)]
    await time.run(CALLS[call](outbox))
    assert teams.moments(call) == [0, 0.75, 4.25]


@pytest.mark.parametrize("status", [0, 500, 502, 503, 504])
@pytest.mark.parametrize("call", ["send", "create"])
async def test_what_may_have_been_done_is_not_done_again(
    outbox: Outbox, teams: ScriptedConnector, time: Time, call: str, status: int
) -> None:
    teams.troubles[call] = [unavailable(status)]
    with pytest.raises(TeamsUnavailableError) as caught:
        await time.run(CALLS[call](outbox))
    assert caught.value.is_in_doubt
    assert len(teams.asked) == 1


async def test_a_message_that_nobody_heard_goes_again(outbox: Outbox, teams: ScriptedConnector, time: Time) -> None:
    teams.troubles["send"] = [unheard(), unheard()]
    await time.run(post(outbox))
    assert teams.moments("send") == [0, 0.75, 2.25]


async def test_a_conversation_is_begun_again_only_where_teams_said_no(
    outbox: Outbox, teams: ScriptedConnector, time: Time
) -> None:
    teams.troubles["create"] = [unavailable(412), unavailable(429, 2), unheard()]
    with pytest.raises(TeamsUnavailableError):
        await time.run(CALLS["create"](outbox))
    assert len(teams.asked) == 3


async def test_one_try_that_may_have_been_heard_is_doubt_enough(
    outbox: Outbox, teams: ScriptedConnector, time: Time
) -> None:
    teams.troubles["update"] = [unavailable(502), *(unheard() for _ in range(3))]
    with pytest.raises(TeamsUnavailableError) as caught:
        await time.run(CALLS["update"](outbox))
    assert caught.value.is_in_doubt


async def test_an_old_change_tried_again_never_comes_after_a_new_one(
    outbox: Outbox, teams: ScriptedConnector, time: Time
) -> None:
    teams.troubles["update"] = [unavailable(502)]
    changes = [outbox.update(address(), "1", {"text": text}) for text in ("old", "new")]
    await time.run(all_of(*changes, post(outbox, "later")))
    assert teams.taken("19:a") == ["old", "new", "later"]


@pytest.mark.parametrize("call", CALLS)
async def test_a_refusal_is_passed_on_and_not_repeated(
    outbox: Outbox, teams: ScriptedConnector, time: Time, call: str
) -> None:
    teams.troubles[call] = [TeamsRefusedError("do it", 403, "MessageWritesBlocked")]
    with pytest.raises(TeamsRefusedError) as caught:
        await time.run(CALLS[call](outbox))
    assert caught.value.code == "MessageWritesBlocked"
    assert len(teams.asked) == 1
    await time.run(CALLS[call](outbox))


async def test_what_is_gone_already_is_deleted(outbox: Outbox, teams: ScriptedConnector, time: Time) -> None:
    teams.troubles["delete"] = [unavailable(504), TeamsRefusedError("do it", 404, "ActivityNotFoundInConversation")]
    await time.run(CALLS["delete"](outbox))
    assert len(teams.asked) == 2


async def test_a_wait_beyond_all_patience_is_not_begun_and_closes_no_conversation_for_good(
    outbox: Outbox, teams: ScriptedConnector, time: Time
) -> None:
    teams.troubles["send"] = [unavailable(429, 999_999_999)]
    with pytest.raises(TeamsUnavailableError):
        await time.run(post(outbox))
    assert time.now == 1000
    with pytest.raises(TeamsUnavailableError):
        await time.run(post(outbox_of(teams, patience=-1)))
    time.now += 901
    await time.run(post(outbox))


async def test_who_waited_too_long_in_the_queue_is_not_sent(
    outbox: Outbox, teams: ScriptedConnector, time: Time
) -> None:
    teams.troubles["send"] = [unavailable(429, 895)]
    settled = await time.run(all_settled(*(post(outbox, str(number)) for number in range(70))))
    late = [error for error in settled if isinstance(error, TeamsUnavailableError)]
    assert 0 < len(late) < 70
    assert not any(error.is_in_doubt for error in late)
    assert all(asked.at <= 1900 for asked in teams.asked)


async def test_no_words_are_in_the_log(
    outbox: Outbox, teams: ScriptedConnector, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    teams.troubles["send"] = [unavailable(429, 2), unheard()]
    await time.run(post(outbox))
    assert "wait 2 s" in caplog.text
    assert TEXT not in caplog.text
    assert "19:a" not in caplog.text


# The end


async def test_draining_waits_until_all_is_sent(outbox: Outbox, time: Time) -> None:
    async def work() -> int:
        calls = asyncio.gather(*(post(outbox, str(number)) for number in range(9)), CALLS["create"](outbox))
        await asyncio.sleep(0)
        left = await outbox.drain(60)
        await calls
        return left

    assert await time.run(work()) == 0
    assert time.now == 1002
    assert await time.run(outbox.drain(60)) == 0


async def test_draining_says_what_was_left_when_the_time_was_up(outbox: Outbox, time: Time) -> None:
    async def work() -> int:
        calls = asyncio.gather(*(post(outbox, str(number)) for number in range(9)), return_exceptions=True)
        await asyncio.sleep(0)
        left = await outbox.drain(0.5)
        calls.cancel()
        return left

    assert await time.run(work()) == 2


async def test_who_gives_up_waiting_holds_nobody_up(outbox: Outbox, teams: ScriptedConnector, time: Time) -> None:
    teams.troubles["send"] = [unavailable(429, 30)]

    async def work() -> None:
        first, second, third = (asyncio.create_task(post(outbox, text)) for text in ("first", "second", "third"))
        await time.sleep(1)
        first.cancel()
        second.cancel()
        await third

    await time.run(work())
    assert teams.taken("19:a") == ["third"]
    assert await time.run(outbox.drain(0)) == 0


async def test_conversations_of_the_past_are_forgotten(outbox: Outbox, time: Time) -> None:
    for number in range(5):
        await time.run(post(outbox, TEXT, f"19:{number}"))
    time.now += 3601
    await time.run(post(outbox))
    assert len(outbox._lanes) == 2


MESSAGES = st.lists(
    st.tuples(
        st.sampled_from(["19:a", "19:a", "19:b", "19:c"]),
        st.sampled_from([None, None, None, unavailable(412), unavailable(429, 1), unavailable(429), unheard()]),
        st.sampled_from([0.0, 0.0, 0.0, 0.3, 2.0]),
    ),
    max_size=80,
)


@settings(deadline=None, max_examples=60)
@given(MESSAGES)
def test_whatever_comes_is_taken_once_in_order_and_at_the_pace(
    messages: Sequence[tuple[str, TeamsUnavailableError | None, float]],
) -> None:
    time = Time()
    teams = ScriptedConnector(time)

    async def work() -> None:
        outbox = outbox_of(teams)
        calls = []
        for number, (conversation, trouble, after) in enumerate(messages):
            if after:
                await time.sleep(after)
            if trouble is not None:
                teams.troubles["send"].append(trouble)
            calls.append(asyncio.create_task(post(outbox, str(number), conversation)))
            await asyncio.sleep(0)
        # Many troubles may meet in one message, which is given up then.
        for call, error in zip(calls, await all_settled(*calls), strict=True):
            assert call.done()
            assert isinstance(error, str | TeamsUnavailableError)

    asyncio.run(time.run(work()))
    for conversation in {conversation for conversation, *_ in messages}:
        asked = [asked for asked in teams.asked if asked.conversation == conversation]
        taken = [int(it.what) for it in asked if it.is_taken]
        assert taken == sorted(set(taken))
        for most, seconds in WINDOWS:
            for first in asked:
                assert sum(first.at <= it.at < first.at + seconds for it in asked) <= most
