"""A check-in in Teams from its beginning to its use: due, asked, answered, learned, and found by somebody else."""

from pathlib import Path

import pytest

from deploy.ticking import read_instant, tick
from knowledge.pilots import Contact
from tests.end_to_end.teams_bot import PersonalChat, account_of, bot_settings, running_bot, wait_for_post
from tests.end_to_end.teams_client import ALICE, BOB, GENERAL, Teams, words_of
from tests.rounds import pilot

MONDAY = "2026-11-23T10:05:00+00:00"  # it is Sunday before, on which nobody is asked
TOOLS = pilot(owner=Contact(name="Alice", person=account_of(ALICE)), deputy=None)


async def ticked(teams: Teams, folder: Path, at: str) -> list[str]:
    """What a program beside the server does, at that moment."""
    return [line async for line in tick(bot_settings(teams, folder), read_instant(at))]


@pytest.mark.shows("prompts")
async def test_who_is_due_is_asked_and_what_they_answer_is_found_by_the_next_who_asks(tmp_path: Path) -> None:
    async with running_bot(tmp_path, pilots=[TOOLS]) as teams:
        alice = PersonalChat(teams, ALICE)
        assert "every week" in await alice.say("rhythm Tool library every week")
        assert "check-ins: done" in await ticked(teams, tmp_path, "2026-11-22T12:05:00+00:00")
        lines = await ticked(teams, tmp_path, MONDAY)
        assert {"check-ins: 1 asked", "deliveries: 1 sent"} <= set(lines)
        assert "check-ins: done" in await ticked(teams, tmp_path, MONDAY)
        await wait_for_post(teams, teams.personal[ALICE], "How is “Tool library tools” going?")
        assert len(await teams.messages(teams.personal[ALICE])) == 2
        assert "What worked?" in await alice.press("Answer")
        await alice.send({"worked": "A caretaker lends the drills on Saturdays, and nobody queues."})
        await wait_for_post(teams, teams.personal[ALICE], "is kept")
        asked = await teams.say(BOB, GENERAL, "has anyone tried lending drills?", mention=True)
        found = await teams.wait_for_answer(asked.conversation, "Tool library tools")
        assert "A caretaker lends the drills on Saturdays" in words_of(found)
