"""Oversee: who is asked about which pilot and how that goes, for those who look after the community."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from bot.actions import PlanAsking
from bot.cards import channels
from bot.cards import oversight as cards
from bot.check_ins import ASK, CheckIn, CheckInPlan, CheckInState, PlanState, challenge_day
from bot.deliveries import Delivery, Standing
from bot.forms import Field, Form
from bot.messages import Message
from bot.oversight import Overseen, Status, Unsent
from bot.people import Person
from bot.places import Place
from bot.ports import CheckIns
from bot.question_sets import DEFAULT, QuestionSets
from bot.skills.tend import Tend, Tended
from bot.voice import say
from knowledge.errors import PilotlightError, UnavailableError
from knowledge.index.analysis import words
from knowledge.pilots import Pilot, Stage
from knowledge.questions import Question
from knowledge.text import clean, shorten
from knowledge.visibility import Viewer

FORM = "asking"
QUARTER = timedelta(days=91)
SOON = LATE_AFTER = timedelta(days=7)
AT_ONCE = 200  # pilots that one press asks about
_WANTED_LIMIT = 200  # characters, which a button can carry
_HITS = 50
_KEEP, _ASK, _PAUSE = "", "ask", "pause"


@dataclass(frozen=True, slots=True, kw_only=True)
class Oversee:
    """`wanted` is the id of a pilot, or words that its title, organisation or topics have; "" is all that are asked."""

    tend: Tend
    check_ins: CheckIns
    questions: QuestionSets
    now: Callable[[], datetime]

    async def __call__(self, wanted: str, person: Person, place: Place) -> Message:
        if no := await self.no(person, place):
            return no
        wanted = clean(wanted)[:_WANTED_LIMIT].strip()
        found = await self.found(wanted, person, place)
        return cards.overview(found, wanted, unsent=() if wanted else await self.unsent(person, place))

    async def ask_now(self, wanted: str, person: Person, place: Place) -> Message:
        """At once or as soon as they work, whatever their rhythm; who pauses or was asked today is left out."""
        if no := await self.no(person, place):
            return no
        if self.tend.calendar is None:
            return cards.nobody_is_asked()
        found = await self.found(wanted, person, place)
        asked = [each for each in found if await self._ask(each)][:AT_ONCE] if len(found) <= AT_ONCE else None
        if asked is None:
            return cards.too_many(AT_ONCE)
        return cards.asked_now(len(asked), left_out=len(found) - len(asked))

    async def pause(self, wanted: str, person: Person, place: Place, *, is_paused: bool) -> Message:
        if no := await self.no(person, place):
            return no
        found = await self.found(wanted, person, place)
        if len(found) > AT_ONCE:
            return cards.too_many(AT_ONCE)
        asking = _PAUSE if is_paused else _ASK
        changed = [each for each in found if await self._change(each, asking=asking)]
        return cards.paused(len(changed)) if is_paused else cards.resumed(len(changed))

    async def form(self, wanted: str, person: Person, place: Place) -> Message | Form:
        if no := await self.no(person, place):
            return no
        found = await self.found(wanted, person, place)
        return self._form(wanted, found, place) if found else cards.none(wanted)

    async def take(self, wanted: str, values: Mapping[str, str], person: Person, place: Place) -> Message | Form:
        """All of it or nothing; what was left empty stays as it is."""
        if no := await self.no(person, place):
            return no
        found = await self.found(wanted, person, place)
        if not found or len(found) > AT_ONCE:
            return cards.too_many(AT_ONCE) if found else cards.none(wanted)
        given = {name: clean(value) for name, value in values.items()}
        rhythm, errors = self._rhythm(given.get("rhythm", ""))
        if given.get("asking", "") not in (_KEEP, _ASK, _PAUSE):
            errors["asking"] = say("Please choose one of these.")
        if given.get("questions", "") not in ("", *self.questions.keys(place.community)):
            errors["questions"] = say("Please choose one of these.")
        if errors:
            return replace(self._form(wanted, found, place, given), errors=errors)
        changed = [
            each
            for each in found
            if await self._change(each, rhythm, given.get("questions", ""), asking=given.get("asking", ""))
        ]
        return cards.planned(len(changed), wanted)

    async def try_again(self, mark: str, person: Person, place: Place) -> Message:
        """What could not be sent, by the mark of its key."""
        if no := await self.no(person, place):
            return no
        dead = await self.tend.deliveries.dead_letters(place.community)
        key = next((each.delivery.key for each in dead if mark_of(each) == mark), "")
        is_tried = bool(key) and await self.tend.deliveries.retry(place.community, key, self.now())
        return cards.tried_again() if is_tried else cards.tried_already()

    async def unsent(self, person: Person, place: Place) -> Sequence[Unsent]:
        """For who may moderate; with the title of what it is about, where this person may know of it."""
        dead = await self.tend.deliveries.dead_letters(place.community)
        pilots = await self.tend.pilots.pilots(sorted({each.delivery.about for each in dead} - {""}))
        viewer = Viewer(place.community, person.id)
        known = {key: each for key, each in pilots.items() if each.visibility.is_open_to(viewer, self.tend.today)}
        return [Unsent(each, mark_of(each), known.get(each.delivery.about)) for each in dead]

    async def no(self, person: Person, place: Place) -> Message | None:
        """What to say to who may not; None to who may."""
        if place.is_outside:
            return channels.outsider()
        if (await self.tend.members.member(place.community, person.id)).role.may_moderate:
            return None
        return channels.only_moderators(has_any=bool(await self.tend.members.moderators(place.community)))

    async def found(self, wanted: str, person: Person, place: Place) -> Sequence[Overseen]:
        """As far as this person may see them; what is late comes first, then what is due."""
        asked = await self.check_ins.asked(place.community, self.now() - QUARTER)
        of_pilot: dict[str, list[CheckIn]] = {}
        for check_in in asked:
            of_pilot.setdefault(check_in.pilot_id, []).append(check_in)
        tended = await self._tended(wanted, person, place)
        found = [self._overseen(each, of_pilot.get(each.pilot.id, [])) for each in tended]
        return sorted(found, key=lambda each: (list(Status).index(each.status), each.due_stamp, each.pilot.title))

    async def _tended(self, wanted: str, person: Person, place: Place) -> Sequence[Tended]:
        plans = {each.pilot_id: each for each in await self.tend.plans.plans(place.community)}
        pilots = await self.tend.pilots.pilots([*plans, *({wanted} - plans.keys() - {""})])
        viewer = Viewer(place.community, person.id)
        seen = {
            each.id: each
            for each in pilots.values()
            if each.visibility.community == place.community and each.visibility.is_open_to(viewer, self.tend.today)
        }
        if wanted in seen:
            return [t for t in [await self._one(seen[wanted], plans.get(wanted), person, place)] if t]
        sought = set(words(wanted))
        if wanted and not sought:
            return []  # signs alone are no words, and must not mean all
        known = [Tended(pilot, plans[key]) for key, pilot in seen.items() if key in plans and _has(pilot, sought)]
        return [*known, *(await self._not_asked_yet(wanted, sought, plans, person, place) if sought else ())]

    async def _one(self, pilot: Pilot, plan: CheckInPlan | None, person: Person, place: Place) -> Tended | None:
        return Tended(pilot, plan) if plan else await self.tend.one(pilot.id, person, place)

    async def _not_asked_yet(
        self, wanted: str, sought: set[str], plans: Mapping[str, CheckInPlan], person: Person, place: Place
    ) -> Sequence[Tended]:
        """Pilots with an owner who could be asked."""
        viewer = Viewer(place.community, person.id)
        question = Question(text=wanted, topic=wanted)
        hits = await self.tend.search.find(question, viewer, today=self.tend.today, limit=_HITS)
        fitting = [hit.pilot for hit in hits.hits if hit.pilot.id not in plans and _has(hit.pilot, sought)]
        owned = [pilot for pilot in fitting if pilot.owner and pilot.owner.person]
        return [tended for each in owned if (tended := await self.tend.one(each.id, person, place))]

    def _overseen(self, tended: Tended, asked: Sequence[CheckIn]) -> Overseen:
        now, plan = self.now(), tended.plan
        waits = bool(asked) and asked[-1].state is CheckInState.OPEN
        if plan.state is PlanState.STOPPED or tended.pilot.stage is Stage.STOPPED:
            status = Status.STOPPED
        elif plan.state is PlanState.PAUSED:
            status = Status.PAUSED
        elif waits:
            status = Status.LATE if asked[-1].asked_at + LATE_AFTER <= now else Status.ASKED
        elif plan.due_at is None:
            status = Status.NOT_ASKED
        else:
            status = Status.DUE if plan.due_at <= now + SOON else Status.LATER
        return Overseen(
            pilot=tended.pilot,
            plan=plan,
            status=status,
            asked_at=asked[-1].asked_at if waits else None,
            asked=len(asked),
            answered=sum(each.state.is_answer for each in asked),
        )

    async def _ask(self, overseen: Overseen) -> bool:
        if overseen.status in (Status.STOPPED, Status.PAUSED):
            return False
        today, pilot = self.tend.today, overseen.pilot
        latest = await self.check_ins.latest(pilot.id)
        if latest is not None and latest.on >= today:
            return False
        if latest is not None and latest.state is CheckInState.OPEN:
            # Where it was answered at this moment, that holds.
            await self.check_ins.keep(replace(latest, state=CheckInState.MISSED, words=""))
        plan = await self.tend.change(Tended(pilot, overseen.plan), lambda plan: replace(plan, asked_on=today))
        check_in = CheckIn(
            pilot_id=pilot.id,
            community=plan.community,
            person=plan.person,
            on=today,
            asked_at=self.now(),
            question_set=plan.question_set,
            day=challenge_day(plan, today),
            until=plan.due_at.date() if plan.due_at else None,
        )
        if not await self.check_ins.keep(check_in):
            return False
        # By the key of the sweep's own: of a day there is one. Whoever sends it waits for their working hours.
        ask = Delivery(
            key=f"{ASK} {check_in.id}",
            kind=ASK,
            community=plan.community,
            person=plan.person,
            about=pilot.id,
            payload={"on": today.isoformat()},
            due_at=self.now(),
        )
        return bool(await self.tend.deliveries.plan([ask]))

    async def _change(self, overseen: Overseen, rhythm: str = "", questions: str = "", *, asking: str) -> bool:
        """Whether there is somebody to ask about it: nobody is about what was stopped."""
        if overseen.status is Status.STOPPED:
            return False

        def changed(plan: CheckInPlan) -> CheckInPlan:
            if rhythm and rhythm != plan.rhythm:
                plan = replace(plan, rhythm=rhythm, started_on=self.tend.today, silences=0, snoozed_until=None)
            if questions:
                plan = replace(plan, question_set=questions)
            if asking:
                state = PlanState.PAUSED if asking == _PAUSE else PlanState.ACTIVE
                plan = replace(plan, state=state, paused_until=None)
            return plan

        await self.tend.change(Tended(overseen.pilot, overseen.plan), changed)
        if asking == _PAUSE:
            await self.tend.call_off(overseen.plan, "It was paused.")
        return True

    def _rhythm(self, typed: str) -> tuple[str, dict[str, str]]:
        if not typed or self.tend.calendar is None:
            return "", {}
        try:
            return self.tend.calendar.rhythm(typed), {}
        except UnavailableError:
            raise
        except PilotlightError as error:
            return "", {"rhythm": f"{error}."}

    def _form(
        self, wanted: str, found: Sequence[Overseen], place: Place, given: Mapping[str, str] | None = None
    ) -> Form:
        one = found[0] if len(found) == 1 else None
        asking = ((_KEEP, say("as it is")), (_ASK, say("ask")), (_PAUSE, say("pause")))
        sets = (("", say("as it is")), *((key, key) for key in self.questions.keys(place.community)))
        fields: tuple[Field, ...] = (
            Field(
                name="rhythm",
                label=say("How often?"),
                value=one.plan.rhythm if one else "",
                hint=say("such as every 2 weeks, every month, every quarter, first Tuesday or 100 days"),
            ),
            Field(name="asking", label=say("Ask or pause?"), choices=asking),
            Field(
                name="questions",
                label=say("Which questions?"),
                value=(one.plan.question_set or DEFAULT) if one else "",
                choices=sets,
            ),
        )
        if given is not None:
            fields = tuple(replace(each, value=given.get(each.name, "")) for each in fields)
        return Form(
            name=FORM,
            title=say("Check-ins"),
            lead=shorten(one.pilot.title, 80) if one else cards.of_how_many(len(found), wanted),
            fields=fields,
            send=say("Save"),
            context=wanted,
            action=PlanAsking(wanted),
        )


def mark_of(standing: Standing) -> str:
    """A delivery's key may be longer than a button can carry."""
    return sha256(standing.delivery.key.encode()).hexdigest()[:24]


def _has(pilot: Pilot, sought: set[str]) -> bool:
    return sought <= set(words(" ".join((pilot.title, pilot.organisation or "", *pilot.topics))))
