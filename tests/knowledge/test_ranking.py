from datetime import date
from pathlib import Path

from knowledge.ports import Author
from knowledge.records import pilot_from_record
from knowledge.search import open_search
from knowledge.visibility import Viewer
from tests.base import NOW
from tests.fakes import MemoryPilotStore

TODAY = date(2026, 11, 22)


async def test_a_question_of_one_common_word_is_answered_by_pilots_about_it(tmp_path: Path) -> None:
    store = MemoryPilotStore()
    subjects = ["Chatbot", *(f"Subject{number}" for number in range(9))]
    pilots = [
        pilot_from_record(
            {
                "source": "test",
                "id": str(number),
                "title": f"{subjects[number % 10]} for the town of number {number}",
                "summary": f"Residents use a {subjects[number % 10].lower()} in their town, all year round.",
                "country": "Finland" if number % 20 else "Norway",
            }
        )
        for number in range(2_000)
    ]
    await store.save(pilots, Author("test"), NOW)
    async with open_search(tmp_path, store, None) as search:
        for text in ("chatbots", "has anyone tried a chatbot in Finland?"):
            hits = await search.find(search.read(text, TODAY), Viewer(), today=TODAY)
            assert hits.answered, text
        hits = await search.find(search.read("has anyone tried a zeppelin?", TODAY), Viewer(), today=TODAY)
        assert not hits.answered
