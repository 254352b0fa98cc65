"""Ask: "has anyone tried X?" answered from what is recorded, or kept as a question nobody can answer yet."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime

from bot import cards
from bot.answers import GivenAnswer
from bot.messages import Message
from bot.people import Person
from bot.places import Place
from bot.ports import AnswerStore, Progress, Threads
from knowledge.answers import CITATIONS, Answer, Verdict, answer_from
from knowledge.catalogues.personal_data import mask
from knowledge.errors import UnavailableError
from knowledge.ports import Demand, DemandStore, Writer
from knowledge.questions import is_follow_up
from knowledge.search import LIMIT, Search
from knowledge.visibility import Viewer
from knowledge.writing import Claim, claims, source_text

REMEMBERED = 5  # questions of a thread: a follow-up rests on the first and on the filters since
WRITING = 20  # seconds that a model may take; what holds by then is the answer

_WRITTEN = (Verdict.TRIED, Verdict.ELSEWHERE, Verdict.CLOSE)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    search: Search
    demands: DemandStore
    threads: Threads
    answers: AnswerStore
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    writer: Writer | None = None

    async def __call__(
        self, text: str, person: Person, place: Place, progress: Progress | None = None, *, may_write: bool = True
    ) -> Message:
        """The card that answers; raises InvalidQuestionError where there is nothing to search for.

        With a writer it is written, unless nobody waits for it: `progress` is told how far that is.
        """
        asked = (*await self._asked_before(text, place), text)
        answer = await self.answer(asked, person, place)
        answer_id = await self.keep(answer, asked, person, place)
        should_write = may_write and self.writer is not None and answer.verdict in _WRITTEN
        if should_write:
            answer = await self._written(answer, asked, progress)
        lacks_writer = should_write and not answer.claims
        return cards.answer(answer, answer_id, can_share=place.is_shareable, lacks_writer=lacks_writer)

    async def answer(self, asked: Sequence[str], person: Person, place: Place, limit: int = CITATIONS) -> Answer:
        """As `look`; a question that nobody can answer is kept as unmet demand, words that ask nothing are not."""
        answer = await self.look(asked, person, place, limit)
        if answer.verdict is not Verdict.TRIED and answer.question.is_asked:
            topic = mask(answer.question.topic or answer.question.text)[0]
            demand = Demand(id=self.new_id(), topic=topic, asked_at=self.now(), community=place.community)
            await self.demands.keep(demand)
        return answer

    async def look(self, asked: Sequence[str], person: Person, place: Place, limit: int = CITATIONS) -> Answer:
        """The answer to the last of `asked`, which follows on those before it; it cites at most `limit` pilots."""
        today = self.now().date()
        # What the base knows is also what a question is read with: nothing of what was just hidden.
        await self.search.catch_up()
        question = self.search.read_following(asked, today)
        hits = await self.search.find(question, viewer_of(person, place), today=today, limit=max(limit, LIMIT))
        answer = answer_from(question, hits, limit)
        return replace(answer, verdict=Verdict.NOTHING_YET) if self.search.is_empty else answer

    async def keep(self, answer: Answer, asked: Sequence[str], person: Person, place: Place) -> str:
        """Remember that this was answered, for what follows in the thread and for what people think of it; its id."""
        masked = tuple(mask(text)[0] for text in asked)
        given = GivenAnswer(
            id=self.new_id(),
            at=self.now(),
            community=place.community,
            person=person.id,
            asked=masked,
            verdict=answer.verdict,
            pilots=tuple(each.pilot.id for each in answer.citations),
        )
        await self.answers.keep_answer(given)
        asks_nothing = answer.verdict is Verdict.NOBODY and not answer.question.is_asked
        if has_thread(place) and not asks_nothing:
            remembered = masked if len(masked) <= REMEMBERED else (masked[0], *masked[1 - REMEMBERED :])
            await self.threads.remember(place, remembered, self.now())
        return given.id

    async def _written(self, answer: Answer, asked: Sequence[str], progress: Progress | None) -> Answer:
        """With the claims that hold of what the model wrote in time; with none where it is in trouble."""
        assert self.writer is not None
        sources = [source_text(each.pilot, [told.excerpt for told in each.learned]) for each in answer.citations]
        question = "\n".join(mask(text)[0] for text in asked)
        written: list[Claim] = []
        try:
            async with (
                asyncio.timeout(WRITING),
                aclosing(
                    claims(self.writer.write(question, sources), sources, language=answer.question.language or "en")
                ) as held,
            ):
                async for claim in held:
                    written.append(claim)
                    if progress:
                        await _tell(progress, cards.so_far(answer, written))
        except UnavailableError as error:
            _log.warning("The model that writes answers is away: %s", error)
        except TimeoutError:
            _log.warning("The model that writes answers took longer than %d seconds.", WRITING)
        else:
            if not written:
                _log.warning("Nothing that the model wrote is held by the sources that it cites.")
        return replace(answer, claims=tuple(written))

    async def _asked_before(self, text: str, place: Place) -> tuple[str, ...]:
        """What `text` follows on, oldest first; nothing where it stands for itself."""
        if not (has_thread(place) and is_follow_up(text)):
            return ()
        thread = await self.threads.thread(place)
        return thread.asked if thread else ()


async def _tell(progress: Progress, text: str) -> None:
    """Where it cannot be shown now, it is shown at the end: that is no reason to stop."""
    try:
        await progress(text)
    except Exception as error:  # noqa: BLE001 - whatever a platform's trouble is
        _log.warning("An answer could not be shown while it was written: %s", type(error).__name__)


def has_thread(place: Place) -> bool:
    """Whether what is said there goes on: not so with what one person is shown in the middle of a room."""
    return not place.is_shareable


def viewer_of(person: Person, place: Place) -> Viewer:
    """What an answer may hold depends on who reads it: in a room, only what everyone there may see."""
    if place.is_outside:
        return Viewer()
    return Viewer(community=place.community, person=person.id if place.is_private else None)
