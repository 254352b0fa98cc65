"""A check-in in Slack from its beginning to its use: due, asked, answered, learned, and found by somebody else."""

from datetime import timedelta
from pathlib import Path

import pytest

from adapters.sql import open_database
from deploy.ticking import read_instant, tick
from jobs.check_ins import key_of_day
from knowledge.pilots import Contact
from tests.end_to_end.slack_bot import COMMUNITY, DirectMessages, bot_settings, running_bot
from tests.end_to_end.slack_workspace import ALICE, BOB, CAROL, DIRECT, GENERAL, Workspace, words_of
from tests.rounds import pilot

MONDAY = "2026-11-23T10:05:00+00:00"  # it is Sunday before, on which nobody is asked
TOOLS = pilot(owner=Contact(name="Alice", person=ALICE), deputy=Contact(name="Carol", person=CAROL))


async def ticked(slack: Workspace, folder: Path, at: str) -> list[str]:
    """What a program beside the server does, at that moment."""
    settings = bot_settings(folder).model_copy(update={"slack_api_url": slack.api_url})
    return [line async for line in tick(settings, read_instant(at))]


@pytest.mark.shows("prompts")
async def test_who_is_due_is_asked_and_what_they_answer_is_found_by_the_next_who_asks(tmp_path: Path) -> None:
    async with running_bot(tmp_path, pilots=[TOOLS]) as slack:
        alice = DirectMessages(slack, ALICE)
        assert "every week" in await alice.say("/rhythm Tool library every week")
        assert "check-ins: done" in await ticked(slack, tmp_path, "2026-11-22T12:05:00+00:00")
        assert len(await slack.answers(DIRECT[ALICE])) == 1
        assert {"check-ins: 1 asked", "deliveries: 1 sent"} <= set(await ticked(slack, tmp_path, MONDAY))
        assert "check-ins: done" in await ticked(slack, tmp_path, MONDAY)
        await slack.wait_for_answer(DIRECT[ALICE], "How is “Tool library tools” going?")
        assert len(await slack.answers(DIRECT[ALICE])) == 2
        assert "What worked?" in await alice.press("Answer")
        thanks = await alice.send({"worked": "A caretaker lends the drills on Saturdays, and nobody queues."})
        assert "is kept" in thanks or "is kept" in words_of(await slack.wait_for_answer(DIRECT[ALICE], "is kept"))
        question = await slack.mention(BOB, GENERAL, "has anyone tried lending drills?")
        found = await slack.wait_for_answer(GENERAL, "Tool library tools", thread_ts=question)
        assert "A caretaker lends the drills on Saturdays" in words_of(found)
        assert await slack.faults() == []


async def test_what_is_sent_carries_the_mark_by_which_it_can_be_looked_for(tmp_path: Path) -> None:
    """The peer gives no marks back; that one is found again is tested against a stand-in that does."""
    async with running_bot(tmp_path, pilots=[TOOLS]) as slack:
        await DirectMessages(slack, ALICE).say("/rhythm Tool library every week")
        await ticked(slack, tmp_path, MONDAY)
        (posted,) = [said for _, said in await slack.calls("chat.postMessage") if "metadata" in said]
        assert key_of_day(TOOLS.id, read_instant(MONDAY).date() - timedelta(days=1)) in str(posted["metadata"])
        async with open_database(bot_settings(tmp_path).database) as database:
            (reach,) = await database.reaches.reaches(COMMUNITY, [ALICE])
        assert reach.address["channel"] == DIRECT[ALICE]


async def test_who_has_left_is_found_out_and_their_deputy_is_asked(tmp_path: Path) -> None:
    async with running_bot(tmp_path, pilots=[TOOLS]) as slack:
        alice, carol = DirectMessages(slack, ALICE), DirectMessages(slack, CAROL)
        await alice.say("/rhythm Tool library every week")
        await carol.say("hello")
        weeks = [read_instant(MONDAY) + timedelta(weeks=week) for week in range(4)]
        for week in weeks:
            await ticked(slack, tmp_path, week.isoformat())
        await slack.wait_for_answer(DIRECT[CAROL], "Would you take over the check-ins")
        assert "From now on I ask you" in await carol.press("Yes, ask me")
        async with open_database(bot_settings(tmp_path).database) as database:
            plan = await database.check_in_plans.plan(TOOLS.id)
        assert plan is not None
        assert (plan.person, plan.rhythm, plan.silences) == (CAROL, "every 2 weeks", 0)
