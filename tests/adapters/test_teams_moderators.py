"""Moderators in Teams, with the real server and its sweeps: they see check-ins, ask at once, choose a channel."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest

from adapters.sql import Database, open_database
from adapters.teams.cards import ACTION
from bot.actions import AnswerInvitation, AskNow, encode
from bot.members import Role
from bot.reaches import Reach
from deploy.settings import Settings
from deploy.ticking import tick
from knowledge.learnings import Learning, LearningKind, Origin
from knowledge.pilots import Contact, Pilot, Provenance, Stage
from knowledge.ports import Author
from knowledge.visibility import Audience, Visibility
from tests.slack_api import until
from tests.teams_api import Sender, TeamsApi, payload, running_server, running_teams, settings_for, settled, words
from tests.teams_connector import APP_ID, TENANT, Json

CAROL, BOB = "a0000000-0000-4000-8000-000000000003", "a0000000-0000-4000-8000-000000000002"
CHANNEL = "19:projects@thread.tacv2"
TOOLS = Pilot(
    provenance=Provenance(source="test", source_id="tools"),
    title="Tool library",
    stage=Stage.PILOT,
    owner=Contact(name="Bob", person=BOB),
    visibility=Visibility(audience=Audience.COMMUNITY, community="example"),
)


def a_monday() -> datetime:
    """One to come, at ten: the server's own clock is the real one."""
    tomorrow = datetime.now(UTC).replace(hour=10, minute=0) + timedelta(days=1)
    return tomorrow + timedelta(days=-tomorrow.weekday() % 7)


@dataclass
class World:
    teams: TeamsApi
    sender: Sender
    database: Database
    settings: Settings

    async def command(self, text: str) -> str:
        return await self._send(payload("slash_command_in_channel", self.teams, text=text))

    async def press(self, value: str) -> str:
        pressed = payload("action_submit_in_channel", self.teams, value={ACTION: value})
        pressed["from"] = payload("slash_command_in_channel")["from"]
        return await self._send(pressed)

    async def _send(self, activity: Json) -> str:
        before = len(self.teams.said)
        # From all that was sent before it is told apart by its id.
        await self.sender.send({**activity, "id": str(1795348810000 + len(self.teams.heard))})
        await until(lambda: len(self.teams.said) > before)
        await settled(self.teams, 0.05)
        return words(self.teams.said[-1])

    async def posted_by_a_tick(self, at: datetime) -> list[tuple[str, str]]:
        """In which conversation, and what."""
        before = len(self.teams.said)
        _ = [line async for line in tick(self.settings, at)]
        return [(unquote(each.path.split("/")[4]), words(each)) for each in self.teams.said[before:]]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with running_teams() as teams:
        settings = settings_for(teams, tmp_path)
        async with running_server(teams, tmp_path) as sender, open_database(settings.database) as database:
            await database.pilots.save([TOOLS], Author("test"), datetime.now(UTC) - timedelta(days=9))
            yield World(teams, sender, database, settings)


@pytest.mark.shows("oversight")
async def test_a_moderator_sees_the_check_ins_and_asks_at_once(world: World) -> None:
    assert "Only moderators" in await world.command("checkins library")
    await world.database.members.appoint("example", CAROL, Role.MODERATOR)
    address = {"tenant": TENANT, "service_url": world.teams.service_url, "conversation": "a:bob"}
    reach = Reach("example", "teams", BOB, {**address, "user": "29:1bob", "bot": f"28:{APP_ID}"})
    await world.database.reaches.refresh(reach, datetime.now(UTC), is_personal=True)
    seen = await world.command("checkins library")
    assert "Tool library" in seen
    assert encode(AskNow("library")) in seen
    assert "I ask about 1 pilot now" in await world.press(encode(AskNow("library")))
    # In the night nobody is written to, and in the morning once.
    assert await world.posted_by_a_tick(a_monday() - timedelta(hours=8)) == []
    ((where, asked),) = await world.posted_by_a_tick(a_monday())
    assert where == "a:bob"
    assert "Tool library" in asked
    assert await world.posted_by_a_tick(a_monday() + timedelta(hours=1)) == []


@pytest.mark.shows("circle")
async def test_pilots_on_one_topic_learn_from_each_other(world: World) -> None:
    assert "Only moderators" in await world.command("circle library, every 2 weeks")
    await world.database.members.appoint("example", CAROL, Role.MODERATOR)
    address = {"tenant": TENANT, "service_url": world.teams.service_url, "conversation": "a:bob"}
    reach = Reach("example", "teams", BOB, {**address, "user": "29:1bob", "bot": f"28:{APP_ID}"})
    await world.database.reaches.refresh(reach, datetime.now(UTC), is_personal=True)
    toys = Pilot(
        provenance=Provenance(source="test", source_id="toys"),
        title="Toy library",
        owner=Contact(name="Me", person=CAROL),
        visibility=TOOLS.visibility,
    )
    await world.database.pilots.save([toys], Author("test"), datetime.now(UTC))
    assert "the owners of 2 pilots" in await world.command("circle library, every 2 weeks")
    invited = dict(await world.posted_by_a_tick(a_monday()))
    assert "Would you join it with “Tool library”?" in invited["a:bob"]
    (circle,) = await world.database.circles.circles("example")
    # Whoever looks after the community may join for others.
    for each in (TOOLS, toys):
        button = encode(AnswerInvitation(circle.id, each.id, is_yes=True))
        assert "is in the learning circle" in await world.press(button)
    learning = Learning(
        id=f"{toys.id}@{circle.started_on}/worked",
        pilot_id=toys.id,
        text="A rota of volunteers.",
        kind=LearningKind.WORKED,
        origin=Origin.CHECK_IN,
        author=CAROL,
        told_at=datetime.now(UTC),
        visibility=TOOLS.visibility,
    )
    await world.database.pilots.keep_learning(learning)
    begins = datetime.combine(circle.started_on, time(10), UTC)
    # One of these days is a working day, and what was told on the first is not told again.
    ticks = [await world.posted_by_a_tick(begins + timedelta(days=days)) for days in (9, 11)]
    told = [said for posted in ticks for where, said in posted if where == "a:bob"]
    (summary,) = [each for each in told if "Learning circle" in each]
    assert "A rota of volunteers." in summary


@pytest.mark.shows("digest")
async def test_a_channel_is_told_on_its_day_what_is_new_and_only_then(world: World) -> None:
    await world.database.members.appoint("example", CAROL, Role.MODERATOR)
    assert "Every Monday" in await world.command("digest here monday")
    assert await world.posted_by_a_tick(a_monday() - timedelta(hours=2)) == []
    new = replace(TOOLS, title="Repair caf\u00e9", provenance=Provenance(source="test", source_id="repair"))
    await world.database.pilots.save([new], Author("test"), datetime.now(UTC))
    ((where, told),) = await world.posted_by_a_tick(a_monday())
    # The channel and not the thread in which that was said.
    assert where == CHANNEL
    assert "Repair caf\u00e9" in told
    assert "Tool library" not in told
    assert await world.posted_by_a_tick(a_monday() + timedelta(minutes=30)) == []


@pytest.mark.shows("digest")
async def test_where_a_guest_reads_along_only_what_is_public_is_told(world: World) -> None:
    await world.database.members.appoint("example", CAROL, Role.MODERATOR)
    await world.command("digest here monday")
    world.teams.people["29:1guest"] = {"tenantId": "7e0a0000-0000-4000-8000-000000000002"}
    new = replace(TOOLS, title="Repair caf\u00e9", provenance=Provenance(source="test", source_id="repair"))
    public = replace(
        new, title="Open lab", provenance=Provenance(source="test", source_id="lab"), visibility=Visibility()
    )
    await world.database.pilots.save([new, public], Author("test"), datetime.now(UTC))
    ((_, told),) = await world.posted_by_a_tick(a_monday())
    assert "Open lab" in told
    assert "Repair" not in told
