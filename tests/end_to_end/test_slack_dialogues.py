"""The dialogues of the terminal, word for word, in Slack."""

from pathlib import Path

import pytest

from tests.dialogue import SCRIPTS, play
from tests.end_to_end.slack_bot import DirectMessages, running_bot
from tests.end_to_end.slack_workspace import ALICE, Mode


@pytest.mark.shows("dialogues", "language")
@pytest.mark.parametrize("mode", ["events", "socket"])
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
async def test_the_dialogue_plays_in_slack(script: Path, mode: Mode, tmp_path: Path) -> None:
    async with running_bot(tmp_path, mode) as workspace:
        await play(script, DirectMessages(workspace, ALICE))
        assert await workspace.faults() == []
