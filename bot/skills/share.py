"""Share: show the room an answer that one person got, as the room may see it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot import cards
from bot.messages import Message, Reply
from bot.people import Person
from bot.places import Place
from bot.ports import AnswerStore, Rooms, Seen
from bot.rooms import Mode
from bot.skills.ask import Ask
from bot.voice import ENGLISH, speaking


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    ask: Ask
    answers: AnswerStore
    rooms: Rooms
    seen: Seen
    now: Callable[[], datetime]
    language: str = ENGLISH

    async def __call__(self, answer_id: str, person: Person, place: Place) -> Message | Reply:
        """Asked anew for the room, which may see less than the person could.

        Not written anew: nobody has read yet what a model would write this time.
        """
        given = await self.answers.answer(answer_id)
        if given is None or (given.person, given.community) != (person.id, place.community):
            return cards.old_card()
        if await self.rooms.mode(place) is Mode.OFF:
            return cards.off_here()
        room = replace(place, is_private=False, is_shareable=False)
        answer = await self.ask.look(given.asked, person, room)
        # Once only; and not before there is something to share, or trouble on the way would count as shared.
        if not await self.seen.claim(f"shared {answer_id} {place.room}", self.now()):
            return cards.shared_already()
        shared_id = await self.ask.keep(answer, given.asked, person, room)
        # The person may have read it in another language than the room reads.
        with speaking(self.language):
            return Reply(content=cards.shared(answer, shared_id, by=person.name))
