"""The dialogues of the terminal and of Slack, word for word, in Teams."""

from pathlib import Path

import pytest

from tests.dialogue import SCRIPTS, play
from tests.end_to_end.teams_bot import PersonalChat, running_bot
from tests.end_to_end.teams_client import ALICE


@pytest.mark.shows("dialogues", "language")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
async def test_the_dialogue_plays_in_teams(script: Path, tmp_path: Path) -> None:
    async with running_bot(tmp_path) as teams:
        await play(script, PersonalChat(teams, ALICE))
        assert teams.faults() == []
