"""The clock of a server and `pilotlight tick`: what is due is asked through the platforms that are set up."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from adapters.sql import open_database
from bot.check_ins import CheckInPlan
from bot.deliveries import State
from bot.reaches import Reach
from deploy import wiring
from deploy.chatting import chat_about_base
from deploy.cli import run
from deploy.server import serving
from deploy.settings import Settings
from deploy.sweeps import ask_sweep
from deploy.ticking import read_instant, tick
from jobs.check_ins import key_of_day
from knowledge.pilots import Contact
from knowledge.ports import Author
from tests.base import NOW
from tests.rounds import pilot
from tests.slack_api import TEAM, SlackApi, eventually, running_slack, settings_for

MONDAY = date(2026, 11, 23)
DUE = "2026-11-23T10:05:00+00:00"
SOON = timedelta(seconds=0.2)


@pytest.fixture
async def slack() -> AsyncIterator[SlackApi]:
    async with running_slack() as running:
        yield running


async def plan_for(person: str, settings: Settings) -> str:
    """Somebody who is asked about their pilot from that Monday on; its id."""
    tools = pilot(owner=Contact(name="Alice", person=person), deputy=None)
    async with open_database(settings.database) as database:
        await database.pilots.save([tools], Author("test"), NOW)
        address = {"team": TEAM, "user": person, "enterprise": ""}
        await database.reaches.refresh(Reach("example", "slack", person, address), NOW, is_personal=True)
        due_at = read_instant("2026-11-23T10:00:00+00:00")
        plan = CheckInPlan(
            pilot_id=tools.id,
            community="example",
            person=person,
            rhythm="every week",
            started_on=MONDAY,
            due_at=due_at,
        )
        assert await database.check_in_plans.keep(plan)
    return tools.id


async def test_a_tick_says_a_line_a_sweep_and_asks_once(slack: SlackApi, tmp_path: Path) -> None:
    settings = settings_for(slack, tmp_path)
    await plan_for("U01ALICE", settings)
    for said in ("1 asked", "done"):
        lines = [line async for line in tick(settings, read_instant(DUE))]
        assert lines[0] == f"check-ins: {said}"
        assert lines[-1] == "upkeep: done"
    (posted,) = slack.called("chat.postMessage")
    assert "How is “Tool library tools” going?" in posted.words


async def test_without_a_platform_nothing_is_sent_and_nothing_is_lost(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, community="example")  # type: ignore[call-arg]
    pilot_id = await plan_for("ann", settings)
    lines = [line async for line in tick(settings, read_instant(DUE))]
    assert "deliveries: no platform is set up to send them" in lines
    async with open_database(settings.database) as database:
        standing = await database.deliveries.standing(key_of_day(pilot_id, MONDAY))
    assert standing is not None
    assert standing.state is State.WAITING


@pytest.mark.parametrize("text", ["tomorrow", "2026-11-23", "2026-11-23T10:00:00"])
def test_a_moment_that_could_be_any_is_refused_with_an_example(
    text: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["tick", "--at", text]) == 1
    assert "2026-07-01T09:30:00+02:00" in capsys.readouterr().err


async def test_a_server_asks_by_itself_as_soon_as_it_is_up(slack: SlackApi, tmp_path: Path) -> None:
    settings = settings_for(slack, tmp_path)
    await plan_for("U01ALICE", settings)
    with patch.object(wiring, "now", lambda: read_instant(DUE)), patch("deploy.sweeps.SEND_EVERY", SOON):
        async with serving(settings, "127.0.0.1", 0):

            async def is_sent() -> bool:
                return len(slack.called("chat.postMessage")) == 1

            await eventually(is_sent)


async def test_a_server_that_stops_sends_to_its_end_what_it_began(slack: SlackApi, tmp_path: Path) -> None:
    settings = settings_for(slack, tmp_path)
    pilot_id = await plan_for("U01ALICE", settings)
    slack.delays["chat.postMessage"] = 0.5
    async with wiring.open_house(settings, read_instant(DUE)) as house:
        await ask_sweep(house)(house.now())
    with patch.object(wiring, "now", lambda: read_instant(DUE)):
        async with serving(settings, "127.0.0.1", 0):

            async def is_begun() -> bool:
                return slack.under_way == 1

            await eventually(is_begun)
    assert len(slack.called("chat.postMessage")) == 1
    async with open_database(settings.database) as database:
        standing = await database.deliveries.standing(key_of_day(pilot_id, MONDAY))
    assert standing is not None
    assert standing.state is State.SENT


async def test_the_terminal_shows_what_its_person_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, community="example")  # type: ignore[call-arg]
    pilot_id = await plan_for("you", settings)
    with patch.object(wiring, "now", lambda: read_instant(DUE)), patch("builtins.input", side_effect=EOFError):
        await chat_about_base(settings)
    assert "How is “Tool library tools” going?" in capsys.readouterr().out
    async with open_database(settings.database) as database:
        standing = await database.deliveries.standing(key_of_day(pilot_id, MONDAY))
    assert standing is not None
    assert (standing.state, standing.note) == (State.DROPPED, "It was asked in the terminal.")
