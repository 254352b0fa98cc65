"""One question, or many judged ones, asked of the base from the command line."""

from pathlib import Path

from bot import cards
from bot.messages import Message
from bot.people import Person
from bot.places import Place
from deploy.settings import Settings
from deploy.wiring import now, open_embedder, open_house
from knowledge.answers import Answer
from knowledge.evaluation import Report, evaluate, evaluate_corpus
from knowledge.ports import Progress


async def ask_once(settings: Settings, text: str, *, person: str, limit: int) -> tuple[Answer, Message]:
    """The answer and its card, as `person` of the terminal's community may see it; "" is nobody in particular."""
    async with open_house(settings) as house:
        place = Place("terminal", settings.community, "command line", is_private=bool(person))
        answer = await house.bot.ask.answer((text,), Person(person), place, limit)
        return answer, cards.answer(answer)


async def evaluate_base(
    settings: Settings, queries: Path, qrels: Path, corpus: Path | None, progressed: Progress
) -> Report:
    """How well the judged questions are answered, from the base or from a corpus of its own."""
    today = now().date()
    if corpus is not None:
        return await evaluate_corpus(
            corpus, queries, qrels, embedder=open_embedder(settings), today=today, progress=progressed
        )
    async with open_house(settings) as house:
        await house.search.embed(progressed)
        return await evaluate(house.search, queries, qrels, today=today, progress=progressed)
