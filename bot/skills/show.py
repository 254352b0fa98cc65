"""Show: everything about one pilot, to those who may see it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from bot import cards
from bot.messages import Message
from bot.people import Person
from bot.places import Place
from bot.skills.ask import viewer_of
from knowledge.dimensions import gaps, progress
from knowledge.index.analysis import words
from knowledge.ports import PilotStore
from knowledge.questions import Question
from knowledge.search import Search
from knowledge.visibility import Viewer

CHOICES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    pilots: PilotStore
    search: Search
    now: Callable[[], datetime]

    async def __call__(self, named: str, person: Person, place: Place) -> Message:
        """By id, else by the words of its title; several that fit are offered as a choice."""
        viewer = viewer_of(person, place)
        today = self.now().date()
        if (card := await self._card(named.strip(), viewer, today)) is not None:
            return card
        if not named.strip():
            return cards.which_pilot()
        if not (wanted := set(words(named))):
            return cards.no_such_pilot(named)
        # A title is searched as it stands: nothing in it is chatter, and no country in it is a filter.
        hits = await self.search.find(Question(text=named, topic=named), viewer, today=today)
        fitting = [hit.pilot for hit in hits.hits if wanted <= set(words(hit.pilot.title))][:CHOICES]
        match fitting:
            case []:
                return cards.no_such_pilot(named)
            case [pilot]:
                return await self._card(pilot.id, viewer, today) or cards.no_such_pilot(named)
            case _:
                return cards.several_pilots(named, fitting)

    async def _card(self, pilot_id: str, viewer: Viewer, today: date) -> Message | None:
        """None where there is no such pilot for this viewer: what may not be seen does not exist."""
        pilot = await self.pilots.get(pilot_id)
        if pilot is None or not pilot.visibility.is_open_to(viewer, today):
            return None
        learnings = [
            each for each in await self.pilots.learnings(pilot_id) if each.visibility.is_open_to(viewer, today)
        ]
        return cards.pilot(pilot, learnings, gaps(pilot, today), progress(pilot, today))
