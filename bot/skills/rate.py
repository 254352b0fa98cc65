"""Rate: what people thought of an answer, and why if they like to say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot import cards
from bot.answers import Rating
from bot.forms import Field, Form
from bot.messages import Message
from bot.people import Person
from bot.places import Place
from bot.ports import AnswerStore
from bot.voice import say
from knowledge.catalogues.personal_data import mask

FORM = "feedback"
REASON_LIMIT = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    answers: AnswerStore
    now: Callable[[], datetime]

    async def __call__(self, answer_id: str, person: Person, place: Place, *, is_good: bool) -> Message | Form:
        """Kept at once; where it was not good, the form that asks why."""
        if not await self._keep(answer_id, person, place, is_good=is_good):
            return cards.old_card()
        if is_good:
            return cards.glad()
        label, hint = say("What was wrong or missing?"), say("as short as you like")
        reason = Field(name="reason", label=label, hint=hint, is_long=True)
        return Form(name=FORM, title=say("Thank you"), fields=(reason,), send=say("Send"), context=answer_id)

    async def take(self, answer_id: str, values: Mapping[str, str], person: Person, place: Place) -> Message:
        reason = mask(values.get("reason", "").strip()[:REASON_LIMIT])[0]
        if not await self._keep(answer_id, person, place, is_good=False, reason=reason):
            return cards.old_card()
        return cards.noted()

    async def _keep(self, answer_id: str, person: Person, place: Place, *, is_good: bool, reason: str = "") -> bool:
        given = await self.answers.answer(answer_id)
        if given is None or given.community != place.community:
            return False
        await self.answers.rate(
            Rating(answer_id=answer_id, person=person.id, at=self.now(), is_good=is_good, reason=reason)
        )
        return True
