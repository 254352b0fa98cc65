"""What the bot itself suggests to ask, asked of the catalogue that a newcomer starts with."""

from pathlib import Path

import pytest

from bot.app import Bot
from bot.cards import SUGGESTED_QUESTIONS
from bot.people import Person
from bot.places import Place
from knowledge.answers import Verdict
from knowledge.pilots import Stage
from knowledge.ports import Author
from knowledge.search import open_search
from knowledge.starter import starter_pilots
from tests.base import NOW
from tests.fakes import MemoryDatabase

ASKS_FOR_STOPPED = (
    "which chatbots were stopped?",
    "were there any chatbots that failed and why?",
    "welche Chatbots wurden eingestellt?",
    "which projects with chatbots failed?",
)


@pytest.mark.parametrize("asked", [*SUGGESTED_QUESTIONS, *ASKS_FOR_STOPPED])
async def test_what_is_suggested_has_an_answer_with_stopped_ones_first_where_asked(asked: str, tmp_path: Path) -> None:
    database = MemoryDatabase()
    await database.pilots.save(list(starter_pilots()), Author("test"), NOW)
    async with open_search(tmp_path, database.pilots, None) as search:
        bot = Bot(database, search, now=lambda: NOW, new_id=lambda: "id")
        answer = await bot.ask.look([asked], Person("ann"), Place("test", "example", "room"))
    assert answer.verdict is Verdict.TRIED
    assert answer.question.wants_stopped is (asked in ASKS_FOR_STOPPED or "stopped" in asked)
    if answer.question.wants_stopped:
        assert answer.citations[0].pilot.stage is Stage.STOPPED
