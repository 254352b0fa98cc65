"""Ask: "has anyone tried X?" answered from what is recorded, or kept as a question nobody can answer yet."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot import cards
from bot.messages import Message
from bot.people import Person
from bot.places import Place
from knowledge.answers import CITATIONS, Answer, Verdict, answer_from
from knowledge.catalogues.personal_data import mask
from knowledge.ports import Demand, DemandStore
from knowledge.search import LIMIT, Search
from knowledge.visibility import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    search: Search
    demands: DemandStore
    now: Callable[[], datetime]
    new_id: Callable[[], str]

    async def __call__(self, text: str, person: Person, place: Place) -> Message:
        """The card that answers; raises InvalidQuestionError where there is nothing to search for."""
        return cards.answer(await self.answer(text, person, place))

    async def answer(self, text: str, person: Person, place: Place, limit: int = CITATIONS) -> Answer:
        """The answer itself, citing at most `limit` pilots. One that nobody can give is kept as unmet demand."""
        today = self.now().date()
        # What the base knows is also what a question is read with: nothing of what was just hidden.
        await self.search.catch_up()
        question = self.search.read(text, today)
        hits = await self.search.find(question, viewer_of(person, place), today=today, limit=max(limit, LIMIT))
        answer = answer_from(question, hits, limit)
        if self.search.is_empty:
            answer = replace(answer, verdict=Verdict.NOTHING_YET)
        if answer.verdict is not Verdict.TRIED:
            await self.demands.keep(
                Demand(
                    id=self.new_id(),
                    topic=mask(question.topic or question.text)[0],
                    asked_at=self.now(),
                    community=place.community,
                    person=person.id,
                )
            )
        return answer


def viewer_of(person: Person, place: Place) -> Viewer:
    """What an answer may hold depends on who reads it: in a room, only what everyone there may see."""
    return Viewer(community=place.community, person=person.id if place.is_private else None)
