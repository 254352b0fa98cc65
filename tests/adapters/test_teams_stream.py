"""An answer that grows in a chat of two, what becomes of it in every trouble, and the dots before it."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest

from adapters.teams import stream as stream_module
from adapters.teams.cards import Json, markdown
from adapters.teams.connector import STREAM_STOPPED, TeamsRefusedError, TeamsUnavailableError
from adapters.teams.inbound import Origin, Surface
from adapters.teams.outbox import Outbox
from adapters.teams.replies import made_of
from adapters.teams.stream import Stream, typing
from bot.events import Event
from bot.messages import Message, Reply, Source, Sources, Text
from bot.ports import Progress
from tests.slack_api import until
from tests.teams_api import (
    Called,
    Clock,
    Listener,
    RecordingConnector,
    TeamsApi,
    open_door,
    payload,
    running_teams,
    settled,
    told,
    words,
)
from tests.teams_connector import TENANT, refused, said

ALONE = Origin(
    surface=Surface.PERSONAL,
    service_url="https://smba.trafficmanager.net/emea/",
    tenant=TENANT,
    conversation="a:1alice",
    user="29:1alice",
    activity="1795348800000",
)
LEAD, WRITTEN = "Yes: 2 pilots tried this.", "The first was stopped [1]. The second runs *still* [2]."
SO_FAR = (LEAD, f"{LEAD}\n\nThe first was stopped [1].", f"{LEAD}\n\n{WRITTEN}")
MESSAGE = Message((Text(LEAD), Text(WRITTEN, is_written=True), Sources((Source(title="Bus"), Source(title="Tram")))))
STOPPED = TeamsRefusedError("take a message", 403, STREAM_STOPPED)
REFUSED = TeamsRefusedError("take a message", 403, "ContentStreamNotAllowed")


def made() -> Json:
    return made_of(MESSAGE)


@pytest.fixture
def teams() -> RecordingConnector:
    connector = RecordingConnector()
    connector.ids = ["stream-1"]
    return connector


@pytest.fixture
def clock() -> Clock:
    return Clock()


def stream(teams: RecordingConnector, clock: Clock, origin: Origin = ALONE) -> Stream:
    # Nobody waits here: what is written to one chat goes ten times faster.
    return Stream(Outbox(teams, clock=lambda: time.monotonic() * 10), origin, clock)


async def shown(growing: Stream, text: str) -> None:
    """Told, and there: the writing itself never waits."""
    await growing.progress(text)
    if growing._showing:
        await growing._showing


async def grown(teams: RecordingConnector, clock: Clock, *texts: str) -> Stream:
    growing = stream(teams, clock)
    for text in texts:
        await shown(growing, text)
        clock.now += 1.5
    return growing


def info_of(call: Called) -> Json:
    (info,) = (each for each in call.what["entities"] if each["type"] == "streaminfo")
    assert isinstance(info, dict)
    return info


async def test_an_answer_grows_in_pieces_that_each_hold_the_ones_before(
    teams: RecordingConnector, clock: Clock
) -> None:
    growing = await grown(teams, clock, *SO_FAR)
    assert await growing.finish(made()) == "stream-1"
    pieces, (last,) = teams.calls[:-1], teams.calls[-1:]
    assert [call.what["type"] for call in teams.calls] == ["typing"] * 3 + ["message"]
    assert [call.what["text"] for call in pieces] == [markdown(text) for text in SO_FAR]
    assert [info_of(call)["streamSequence"] for call in pieces] == [1, 2, 3]
    assert [info_of(call).get("streamId") for call in teams.calls] == [None, "stream-1", "stream-1", "stream-1"]
    assert {info_of(call)["streamType"] for call in pieces} == {"streaming"}
    assert all(each.what["text"].startswith(before.what["text"]) for before, each in pairwise(teams.calls))
    assert all(call.conversation == "a:1alice" and not call.is_targeted for call in teams.calls)
    # The last one is the whole message, with its label, its sources, and no number.
    assert info_of(last) == {"type": "streaminfo", "streamId": "stream-1", "streamType": "final"}
    assert {name: last.what[name] for name in ("text", "textFormat", "summary")} == {
        name: made()[name] for name in ("text", "textFormat", "summary")
    }
    assert last.what["entities"][0]["additionalType"] == ["AIGeneratedContent"]
    assert last.what["attachments"] == made()["attachments"]


async def test_what_comes_quickly_is_shown_about_once_a_second_and_whole_in_the_end(
    teams: RecordingConnector, clock: Clock
) -> None:
    growing = stream(teams, clock)
    for number in range(1, 31):
        await shown(growing, f"{LEAD}{' more' * number}")
        clock.now += 0.25
    assert 7 <= len(teams.calls) <= 9
    assert [info_of(call)["streamSequence"] for call in teams.calls] == list(range(1, len(teams.calls) + 1))


async def test_the_writing_never_waits_for_teams_and_no_two_pieces_are_under_way(
    teams: RecordingConnector, clock: Clock
) -> None:
    growing = stream(teams, clock)
    teams.may_go.clear()
    async with asyncio.timeout(1):
        for text in SO_FAR:
            await growing.progress(text)
            clock.now += 1.5
            await asyncio.sleep(0)
    assert len(teams.calls) == 1
    teams.may_go.set()
    assert await growing.finish(made()) == "stream-1"
    assert [info_of(call)["streamType"] for call in teams.calls] == ["streaming", "final"]


async def test_what_is_said_again_is_not_shown_again(teams: RecordingConnector, clock: Clock) -> None:
    await grown(teams, clock, LEAD, LEAD, LEAD)
    assert len(teams.calls) == 1


async def test_a_piece_that_does_not_go_on_where_the_last_one_ended_is_left_out(
    teams: RecordingConnector, clock: Clock
) -> None:
    growing = await grown(teams, clock, LEAD, "Something else.", SO_FAR[1])
    assert [call.what["text"] for call in teams.calls] == [markdown(LEAD), markdown(SO_FAR[1])]
    assert await growing.finish(made())


async def test_an_answer_that_came_out_otherwise_is_posted_by_itself_and_the_stream_ends(
    teams: RecordingConnector, clock: Clock
) -> None:
    growing = await grown(teams, clock, "Something else.")
    assert await growing.finish(made()) is None
    last = teams.calls[-1]
    assert (last.what["type"], last.what["text"]) == ("message", markdown("Something else."))
    assert info_of(last)["streamType"] == "final"


async def test_where_there_is_no_answer_after_all_the_stream_ends(teams: RecordingConnector, clock: Clock) -> None:
    growing = await grown(teams, clock, LEAD)
    assert await growing.finish(None) is None
    assert info_of(teams.calls[-1])["streamType"] == "final"


async def test_where_teams_streams_nothing_the_answer_is_posted(teams: RecordingConnector, clock: Clock) -> None:
    teams.troubles = {"send": [TeamsRefusedError("take a message", 400, "BadArgument")]}
    growing = await grown(teams, clock, *SO_FAR)
    assert await growing.finish(made()) is None
    # It was asked once, and refused.
    assert len(teams.calls) == 1


async def test_a_stream_that_gets_no_id_is_none(teams: RecordingConnector, clock: Clock) -> None:
    teams.ids = [""]
    growing = await grown(teams, clock, *SO_FAR)
    assert await growing.finish(made()) is None
    assert len(teams.calls) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        REFUSED,
        TeamsRefusedError("take a message", 413, "MessageSizeTooBig"),
        TeamsUnavailableError("take a message", is_in_doubt=True, status=502),
    ],
)
async def test_a_stream_that_is_refused_midway_still_ends_with_the_whole_answer(
    trouble: Exception, teams: RecordingConnector, clock: Clock
) -> None:
    growing = stream(teams, clock)
    await shown(growing, SO_FAR[0])
    teams.troubles = {"send": [trouble]}
    for text in SO_FAR[1:]:
        clock.now += 1.5
        await shown(growing, text)
    assert len(teams.calls) == 2
    assert await growing.finish(made()) == "stream-1"
    assert teams.calls[-1].what["text"] == made()["text"]


async def test_where_the_end_is_refused_the_answer_is_posted_by_itself(teams: RecordingConnector, clock: Clock) -> None:
    growing = await grown(teams, clock, *SO_FAR)
    teams.troubles = {"send": [REFUSED]}
    assert await growing.finish(made()) is None


async def test_an_end_that_may_have_come_is_rather_missing_than_doubled(
    teams: RecordingConnector, clock: Clock
) -> None:
    growing = await grown(teams, clock, *SO_FAR)
    teams.troubles = {"send": [TeamsUnavailableError("take a message", is_in_doubt=True, status=502)]}
    assert await growing.finish(made()) == "stream-1"
    assert len(teams.calls) == 4


async def test_an_end_that_surely_did_not_come_is_posted_by_itself(
    teams: RecordingConnector, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.teams.outbox._FIRST_WAIT", 0.0)
    growing = await grown(teams, clock, *SO_FAR)
    teams.troubles = {"send": [TeamsUnavailableError("take a message", is_in_doubt=False)] * 4}
    assert await growing.finish(made()) is None


async def test_after_two_minutes_nothing_more_is_shown_before_the_end(teams: RecordingConnector, clock: Clock) -> None:
    growing = await grown(teams, clock, SO_FAR[0])
    clock.now += 120
    await shown(growing, SO_FAR[1])
    assert len(teams.calls) == 1
    # Which Teams takes no more: it is posted by itself.
    teams.troubles = {"send": [REFUSED]}
    assert await growing.finish(made()) is None


async def test_an_end_does_not_wait_for_ever_for_a_piece_under_way(
    teams: RecordingConnector, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "_PATIENCE_SECONDS", 0.01)
    growing = stream(teams, clock)
    teams.may_go.clear()
    await growing.progress(LEAD)
    async with asyncio.timeout(1):
        assert await growing.finish(made()) is None


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(ALONE, surface=Surface.CHANNEL),
        replace(ALONE, surface=Surface.GROUP),
        replace(ALONE, invoke="adaptiveCard/action"),
    ],
)
async def test_nothing_grows_but_in_a_chat_of_two(elsewhere: Origin, teams: RecordingConnector, clock: Clock) -> None:
    growing = stream(teams, clock, elsewhere)
    await shown(growing, LEAD)
    assert await growing.finish(made()) is None
    assert teams.calls == []


async def test_nothing_is_begun_where_nothing_was_written(teams: RecordingConnector, clock: Clock) -> None:
    assert await stream(teams, clock).finish(made()) is None
    assert teams.calls == []


# Stopped


@pytest.mark.parametrize("number", [1, 2])
async def test_what_the_person_stops_is_over(number: int, teams: RecordingConnector, clock: Clock) -> None:
    stops: list[bool] = []
    growing = stream(teams, clock)
    growing._on_stopped = lambda: stops.append(True)
    for text in SO_FAR[:number]:
        await shown(growing, text)
        clock.now += 1.5
    teams.troubles = {"send": [STOPPED]}
    await shown(growing, SO_FAR[number])
    assert stops == [True]
    clock.now += 1.5
    await shown(growing, f"{SO_FAR[2]} More.")
    assert await growing.finish(made()) == ""
    assert len(teams.calls) == number + 1


async def test_what_is_stopped_just_before_its_end_is_not_posted(teams: RecordingConnector, clock: Clock) -> None:
    growing = await grown(teams, clock, *SO_FAR)
    teams.troubles = {"send": [STOPPED]}
    assert await growing.finish(made()) == ""


@pytest.fixture
async def server() -> AsyncIterator[TeamsApi]:
    async with running_teams() as running:
        yield running


CANCELED = refused(403, "ContentStreamNotAllowed", "Content stream was canceled by user.")


@dataclass
class Growing(Listener):
    """Tells how far it is, piece by piece as Teams takes them."""

    growth: Sequence[str] = ()

    async def handle(self, event: Event, progress: Progress | None = None) -> Reply | None:
        try:
            for piece in self.growth:
                assert progress is not None
                await progress(piece)
                await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            self.was_stopped = True
            raise
        return await super().handle(event)


@pytest.mark.shows("stop", "streaming")
@pytest.mark.parametrize("pieces", [1, 2, 3])
async def test_whoever_stops_an_answer_gets_no_more_of_it(
    pieces: int, server: TeamsApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped at the second thing that Teams is told: a piece of it, or its end."""
    monkeypatch.setattr(stream_module, "_PIECE_SECONDS", 0.0)
    server.refusals = [said({"id": "stream-1"}, 201), CANCELED]
    listener = Growing(reply=told(SO_FAR[2], is_private=True), growth=SO_FAR[:pieces])
    async with open_door(server, listener) as door:
        assert (await door.send(payload("message_in_personal", server, text="who tried?"))).status == 200
        await until(lambda: len(server.written) == 2)
        await settled(server, 0.2)
        kinds = [each.body["type"] for each in server.written]
        assert kinds == ["typing", "message" if pieces == 1 else "typing"]
        # The work on it ends with it.
        assert listener.was_stopped is (pieces > 1)
        # And what is asked next is answered.
        listener.growth = ()
        await door.send(payload("message_in_personal", server, id="2", text="who tried?"))
        await until(lambda: len(server.written) == 3)
    assert "The second runs" in words(server.written[-1])


# Dots


async def test_dots_show_where_it_takes_a_while(teams: RecordingConnector, clock: Clock) -> None:
    outbox = Outbox(teams, clock=time.monotonic)
    async with typing(outbox, ALONE, stream(teams, clock), 0.0):
        await asyncio.sleep(0.02)
    assert [(call.conversation, call.what) for call in teams.calls] == [("a:1alice", {"type": "typing"})]


@pytest.mark.shows("working")
async def test_dots_come_again_as_they_fade_and_end_with_the_work(
    teams: RecordingConnector, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "_DOTS_SECONDS", 0.01)
    outbox = Outbox(teams, clock=time.monotonic)
    async with typing(outbox, ALONE, stream(teams, clock), 0.0):
        await until(lambda: len(teams.calls) >= 3)
    count = len(teams.calls)
    await asyncio.sleep(0.05)
    assert len(teams.calls) == count


async def test_dots_do_not_show_for_what_is_quick(teams: RecordingConnector, clock: Clock) -> None:
    async with typing(Outbox(teams, clock=time.monotonic), ALONE, stream(teams, clock)):
        await asyncio.sleep(0.01)
    assert teams.calls == []


async def test_dots_end_where_an_answer_grows(
    teams: RecordingConnector, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "_DOTS_SECONDS", 0.01)
    growing = await grown(teams, clock, LEAD)
    async with typing(Outbox(teams, clock=time.monotonic), ALONE, growing, 0.0):
        await asyncio.sleep(0.05)
    assert len(teams.calls) == 1


@pytest.mark.parametrize("trouble", [REFUSED, TeamsUnavailableError("take a message", is_in_doubt=True, status=500)])
async def test_the_trouble_of_dots_is_nobodys(
    trouble: Exception, teams: RecordingConnector, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "_DOTS_SECONDS", 0.0)
    teams.troubles = {"send": [trouble]}
    async with typing(Outbox(teams, clock=time.monotonic), ALONE, stream(teams, clock), 0.0):
        await asyncio.sleep(0.03)
    assert len(teams.calls) == 1


async def test_work_that_fails_takes_the_dots_with_it(teams: RecordingConnector, clock: Clock) -> None:
    async def work() -> None:
        async with typing(Outbox(teams, clock=time.monotonic), ALONE, stream(teams, clock), 0.0):
            await asyncio.sleep(0.01)
            raise ValueError("It broke")

    teams.may_go.clear()
    with pytest.raises(ValueError, match="It broke"):
        await work()
