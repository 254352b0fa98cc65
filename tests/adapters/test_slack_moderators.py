"""Moderators in Slack, with the real server and its sweeps: they see check-ins, ask at once, choose a channel."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from adapters.sql import Database, open_database
from bot.actions import AnswerInvitation, AskNow, encode
from bot.members import Role
from bot.reaches import Reach
from deploy.settings import Settings
from deploy.ticking import tick
from knowledge.learnings import Learning, LearningKind, Origin
from knowledge.pilots import Contact, Pilot, Provenance, Stage
from knowledge.ports import Author
from knowledge.visibility import Audience, Visibility
from tests.slack_api import TEAM, Sender, SlackApi, payload, running_server, running_slack, settings_for, settled, until

ALICE, BOB, CHANNEL = "U01ALICE", "U02BOB", "C01GENERAL"
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
    slack: SlackApi
    sender: Sender
    database: Database
    settings: Settings

    async def command(self, text: str) -> str:
        before = len(self.slack.said)
        await self.sender.command({**payload("slash_command"), **self._told_apart(), "text": text})
        await until(lambda: len(self.slack.said) > before)
        await settled(self.slack, 0.05)
        return self.slack.said[-1].words

    async def press(self, value: str) -> str:
        before, body = len(self.slack.said), payload("block_actions_in_ephemeral") | self._told_apart()
        body["actions"][0]["value"] = value
        await self.sender.interaction(body)
        await until(lambda: len(self.slack.said) > before)
        await settled(self.slack, 0.05)
        return self.slack.said[-1].words

    def _told_apart(self) -> dict[str, str]:
        """From all that was sent before."""
        return {"trigger_id": f"{len(self.slack.calls)}.1", "response_url": f"{self.slack.url}/response/1"}

    async def posted_by_a_tick(self, at: datetime) -> list[tuple[str, str]]:
        """To whom or where, and what."""
        before = len(self.slack.said)
        _ = [line async for line in tick(self.settings, at)]
        return [(each.arguments["channel"], each.words) for each in self.slack.said[before:]]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with running_slack() as slack:
        settings = settings_for(slack, tmp_path)
        async with running_server(slack, tmp_path) as sender, open_database(settings.database) as database:
            await database.pilots.save([TOOLS], Author("test"), datetime.now(UTC) - timedelta(days=9))
            yield World(slack, sender, database, settings)


@pytest.mark.shows("oversight")
async def test_a_moderator_sees_the_check_ins_and_asks_at_once(world: World) -> None:
    assert "Only moderators" in await world.command("checkins library")
    await world.database.members.appoint("example", ALICE, Role.MODERATOR)
    reach = Reach("example", "slack", BOB, {"team": TEAM, "user": BOB})
    await world.database.reaches.refresh(reach, datetime.now(UTC), is_personal=True)
    seen = await world.command("checkins library")
    assert "Tool library" in seen
    assert encode(AskNow("library")) in seen
    assert world.slack.said[-1].arguments.get("response_type") == "ephemeral"
    assert "I ask about 1 pilot now" in await world.press(encode(AskNow("library")))
    # In the night nobody is written to, and in the morning once.
    assert await world.posted_by_a_tick(a_monday() - timedelta(hours=8)) == []
    ((to, asked),) = await world.posted_by_a_tick(a_monday())
    assert to == BOB
    assert "Tool library" in asked
    assert await world.posted_by_a_tick(a_monday() + timedelta(hours=1)) == []


@pytest.mark.shows("circle")
async def test_pilots_on_one_topic_learn_from_each_other(world: World) -> None:
    assert "Only moderators" in await world.command("circle library, every 2 weeks")
    await world.database.members.appoint("example", ALICE, Role.MODERATOR)
    reach = Reach("example", "slack", BOB, {"team": TEAM, "user": BOB})
    await world.database.reaches.refresh(reach, datetime.now(UTC), is_personal=True)
    toys = Pilot(
        provenance=Provenance(source="test", source_id="toys"),
        title="Toy library",
        owner=Contact(name="Me", person=ALICE),
        visibility=TOOLS.visibility,
    )
    await world.database.pilots.save([toys], Author("test"), datetime.now(UTC))
    assert "the owners of 2 pilots" in await world.command("circle library, every 2 weeks")
    invited = dict(await world.posted_by_a_tick(a_monday()))
    assert "Would you join it with “Tool library”?" in invited[BOB]
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
        author=ALICE,
        told_at=datetime.now(UTC),
        visibility=TOOLS.visibility,
    )
    await world.database.pilots.keep_learning(learning)
    begins = datetime.combine(circle.started_on, time(10), UTC)
    # One of these days is a working day, and what was told on the first is not told again.
    ticks = [await world.posted_by_a_tick(begins + timedelta(days=days)) for days in (9, 11)]
    told = [said for posted in ticks for to, said in posted if to == BOB]
    (summary,) = [each for each in told if "Learning circle" in each]
    assert "A rota of volunteers." in summary


@pytest.mark.shows("digest")
async def test_a_channel_is_told_on_its_day_what_is_new_and_only_then(world: World) -> None:
    await world.database.members.appoint("example", ALICE, Role.MODERATOR)
    assert "Every Monday" in await world.command("digest here monday")
    assert await world.posted_by_a_tick(a_monday() - timedelta(hours=2)) == []
    new = replace(TOOLS, title="Repair caf\u00e9", provenance=Provenance(source="test", source_id="repair"))
    await world.database.pilots.save([new], Author("test"), datetime.now(UTC))
    ((where, told),) = await world.posted_by_a_tick(a_monday())
    assert where == CHANNEL
    assert "Repair caf\u00e9" in told
    assert "Tool library" not in told
    assert await world.posted_by_a_tick(a_monday() + timedelta(minutes=30)) == []
    assert await world.posted_by_a_tick(a_monday() + timedelta(days=7)) == []
