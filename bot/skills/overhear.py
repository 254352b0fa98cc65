"""Overhear: say who tried it when somebody asks the room, where the room wants that; once, and gone when told so."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot import cards
from bot.messages import Reply
from bot.people import Person
from bot.places import Place
from bot.ports import Rooms, Seen, Threads
from bot.rooms import Mode
from bot.skills.ask import Ask
from knowledge.answers import Verdict
from knowledge.errors import InvalidQuestionError
from knowledge.questions import is_asking, is_follow_up


def concerns(text: str) -> bool:
    """Whether words between people may be anything for the bot; told in a moment, and nearly always not."""
    return is_asking(text) or is_follow_up(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhear:
    ask: Ask
    rooms: Rooms
    threads: Threads
    seen: Seen
    now: Callable[[], datetime]

    async def __call__(self, text: str, person: Person, place: Place) -> Reply | None:
        """What to say to words that were not for the bot; nearly always nothing."""
        is_question, goes_on = is_asking(text), is_follow_up(text)
        if not (is_question or goes_on):
            return None
        mode, thread = await self.rooms.mode(place), await self.threads.thread(place)
        try:
            # A new question between people is not the bot's, though it has spoken there once.
            if thread and goes_on and not thread.is_muted and mode is not Mode.OFF:
                return Reply(content=await self.ask(text, person, place, may_write=False))
            if is_question and not thread and mode is Mode.OVERHEAR:
                return await self._interject(text, person, place)
        except InvalidQuestionError:
            return None
        return None

    async def mute(self, person: Person, place: Place) -> Reply:
        await self.threads.mute(place, self.now())
        return Reply(content=cards.muted(person.name))

    async def not_now(self, person: Person, place: Place) -> Reply:
        await self.threads.mute(place, self.now())
        return Reply(content=cards.not_now(person.name), replaces=True)

    async def _interject(self, text: str, person: Person, place: Place) -> Reply | None:
        answer = await self.ask.look((text,), person, place)
        if answer.verdict is not Verdict.TRIED:
            return None
        # Of two questions in one thread at one moment, and of two replicas, one speaks.
        name = f"{place.platform}/{place.community}/{place.room}/{place.thread}"
        if not await self.seen.claim(f"overheard {name}", self.now()):
            return None
        answer_id = await self.ask.keep(answer, (text,), person, place)
        return Reply(content=cards.overheard(answer, answer_id))
