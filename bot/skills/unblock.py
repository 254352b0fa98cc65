"""Unblock: what is in the way of a pilot, who got past the same, and how this one did."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.actions import Unblock as OpenUnblock
from bot.cards import check_ins as cards
from bot.check_ins import Blocker, CheckInAnswer
from bot.forms import Field, Form
from bot.messages import Message
from bot.people import Person
from bot.places import Place
from bot.ports import Blockers
from bot.skills.check_in_forms import masked
from bot.skills.tend import Tend, Tended
from bot.voice import say
from knowledge.learnings import Learning, LearningKind, Origin
from knowledge.pilots import Barrier, BarrierKind, Pilot
from knowledge.ports import Author
from knowledge.questions import Question
from knowledge.text import shorten
from knowledge.visibility import Audience, Viewer

FORM = "unblock"
SHOWN = 3
LOOKED_AT = 50
_SOLVED = "/solved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unblock:
    tend: Tend
    blockers: Blockers
    now: Callable[[], datetime]

    async def note(self, learning: Learning, community: str) -> None:
        """It is in the way until somebody says how they got past it; told otherwise, it still is."""
        known = await self.blockers.blocker(learning.id)
        blocker = Blocker(
            learning_id=learning.id,
            pilot_id=learning.pilot_id,
            community=community,
            person=learning.author,
            text=learning.text,
            kind=learning.barrier or BarrierKind.OTHER,
            raised_at=learning.told_at,
            resolved_at=known.resolved_at if known else None,
        )
        await self.blockers.keep(blocker)

    async def withdraw(self, learning_id: str) -> None:
        await self.blockers.withdraw(learning_id)

    async def solved(self, pilot: Pilot, answer: CheckInAnswer, person: Person, place: Place) -> Sequence[Pilot]:
        """Other pilots that this person may see and that got past the same kind of thing, the nearest first."""
        kind = answer.barrier or BarrierKind.OTHER
        if kind is BarrierKind.OTHER:
            return ()
        viewer, found = Viewer(place.community, person.id), dict[str, Pilot]()
        for topic in (shorten(answer.text, 300), kind.replace("_", " ")):
            question = Question(text=topic, topic=topic)
            hits = await self.tend.search.find(question, viewer, today=self.tend.today, limit=LOOKED_AT)
            found |= {hit.pilot.id: hit.pilot for hit in hits.hits if _got_past(hit.pilot, kind)}
        return [each for each in found.values() if each.id != pilot.id][:SHOWN]

    async def unresolved(self, person: Person, place: Place) -> Sequence[tuple[Pilot, Blocker]]:
        """What is in the way in this community, of pilots that this person may speak for, the latest first."""
        latest = (await self.blockers.unresolved(place.community))[:LOOKED_AT]
        found = [(await self.tend.one(each.pilot_id, person, place), each) for each in latest]
        return [(tended.pilot, blocker) for tended, blocker in found if tended]

    async def form(self, learning_id: str, person: Person, place: Place) -> Message | Form:
        found = await self._found(learning_id, person, place)
        if found is None:
            return cards.not_yours()
        tended, blocker = found
        how = Field(name="how", label=say("What got you past it?"), is_long=True, is_required=True)
        return Form(
            name=FORM,
            title=say("Past what was in the way"),
            lead=shorten(f"{tended.pilot.title}: {blocker.text}", 400),
            fields=(how,),
            send=say("Send"),
            context=learning_id,
            action=OpenUnblock(learning_id),
        )

    async def take(self, learning_id: str, values: Mapping[str, str], person: Person, place: Place) -> Message | Form:
        """It is a learning for those who could read what was in the way, and then stands at the pilot."""
        found = await self._found(learning_id, person, place)
        if found is None:
            return cards.not_yours()
        tended, blocker = found
        how = masked(values.get("how", ""))
        if not how:
            form = await self.form(learning_id, person, place)
            return replace(form, errors={"how": say("Please fill this in.")}) if isinstance(form, Form) else form
        told = await self.tend.pilots.learnings(blocker.pilot_id)
        learned = next((each for each in told if each.id == learning_id), None)
        if learned is not None:
            await self.tend.pilots.keep_learning(
                Learning(
                    id=f"{learning_id}{_SOLVED}",
                    pilot_id=blocker.pilot_id,
                    text=how,
                    kind=LearningKind.WORKED,
                    origin=Origin.CHECK_IN,
                    author=learned.author,
                    told_at=self.now(),
                    question=say("What got you past it?"),
                    barrier=blocker.kind,
                    visibility=learned.visibility,
                )
            )
            if learned.visibility.audience is Audience.COMMUNITY and learned.visibility.embargo_until is None:
                await self._keep(tended, blocker, how, person)
        await self.blockers.keep(replace(blocker, resolved_at=self.now()))
        return cards.unblocked(tended.pilot)

    async def _found(self, learning_id: str, person: Person, place: Place) -> tuple[Tended, Blocker] | None:
        blocker = await self.blockers.blocker(learning_id)
        tended = await self.tend.one(blocker.pilot_id, person, place) if blocker else None
        return (tended, blocker) if tended and blocker else None

    async def _keep(self, tended: Tended, blocker: Blocker, how: str, person: Person) -> None:
        """Others find it where they look for pilots that got past the same."""
        barrier = Barrier(description=blocker.text, kind=blocker.kind, solved_by=how)
        barriers = (*(each for each in tended.pilot.barriers if each.description != blocker.text), barrier)
        pending = {path: why for path, why in tended.pilot.pending.items() if path != "barriers"}
        pilot = replace(tended.pilot, barriers=barriers, pending=pending)
        await self.tend.pilots.save([pilot], Author(person.id, "got past a barrier"), self.now())


def _got_past(pilot: Pilot, kind: BarrierKind) -> bool:
    return any(each.kind is kind and each.solved_by for each in pilot.barriers)
