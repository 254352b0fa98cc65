"""Check in: somebody tells what is new of a pilot, by a form, by a button or in plain words, and it is a learning."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from hashlib import sha256

from bot.cards import check_ins as cards
from bot.check_ins import CheckIn, CheckInAnswer, CheckInState, PlanState, challenge_day
from bot.forms import Form
from bot.messages import Message
from bot.people import Person
from bot.places import Place
from bot.ports import CheckIns
from bot.skills.check_in_forms import CHANNEL, WORDS, CheckInForms, in_the_way, masked
from bot.skills.check_in_keeping import Keeping
from bot.skills.greet import greeting, tried
from bot.skills.tend import Tend, Tended
from bot.voice import say
from knowledge.errors import InvalidQuestionError
from knowledge.learnings import LearningKind
from knowledge.pilots import BarrierKind
from knowledge.questions import is_asking, is_follow_up
from knowledge.text import clean

WORDS_OF_AN_ANSWER = 4  # and fewer are a topic to search for
OFFERED = 3  # check-ins that plain words may be the answer to


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    tend: Tend
    check_ins: CheckIns
    forms: CheckInForms
    keeping: Keeping
    now: Callable[[], datetime]

    async def __call__(self, named: str, person: Person, place: Place) -> Message | Form:
        """`/pilot checkin [pilot]`: early, late, or to correct what was told just now."""
        found = await self.tend.named(named, person, place) if named.strip() else await self.tend.own(person, place)
        running = [each for each in found if each.plan.state is not PlanState.STOPPED]
        match running or found:
            case []:
                return cards.not_yours()
            case [tended]:
                return await self._form(tended, await self._current(tended))
            case several:
                return cards.which([each.pilot for each in several])

    async def open(self, named: str, person: Person, place: Place) -> Message | Form:
        """By the id of a pilot, or of a check-in, which may be over."""
        pilot_id, _, day = named.partition("@")
        tended = await self.tend.one(pilot_id, person, place)
        if tended is None:
            return cards.not_yours()
        if not day:
            return await self._form(tended, await self._current(tended))
        check_in = await self.keeping.latest(named)
        return await self._form(tended, check_in) if check_in else cards.over()

    async def take(self, check_in_id: str, values: Mapping[str, str], person: Person, place: Place) -> Message | Form:
        """Keep the answers; or the form again, with what is wrong at its field."""
        tended = await self.tend.one(check_in_id.partition("@")[0], person, place)
        if tended is None:
            return cards.not_yours()
        # Where the next one was asked meanwhile, it is the answer to that: nothing is lost.
        check_in = await self.keeping.latest(check_in_id) or await self._current(tended)
        given = {name: clean(value) for name, value in values.items()}
        last = await self.check_ins.answered(tended.pilot.id, check_in.on)
        sharing, shared_from, errors = self.forms.sharing(given)
        asked, questions = self.forms.asked(tended, check_in)
        if not errors and not any(given.get(each.key) for each in asked) and not given.get(WORDS):
            errors = {asked[0].key: say("Please write at least one thing, or press “Nothing new”.")}
        for each in asked:
            if each.choices and given.get(each.key, "") not in ("", *each.choices):
                errors[each.key] = say("Please choose one of these.")
        if errors:
            return replace(await self._form(tended, check_in, given), errors=errors)
        answers = self.forms.answers(check_in, last, asked, questions, given)
        told = CheckInState.ANSWERED if answers else CheckInState.NOTHING_NEW

        def answered(latest: CheckIn) -> CheckIn:
            return replace(
                latest,
                state=told,
                answers=answers,
                words="",
                sharing=sharing,
                shared_from=shared_from,
                is_for_channel=given.get("sharing") == CHANNEL,
            )

        return await self.keeping.keep(tended, check_in, answered, person, place)

    async def nothing_new(self, check_in_id: str, person: Person, place: Place) -> Message:
        return await self._close(check_in_id, CheckInState.NOTHING_NEW, person, place)

    async def skip(self, check_in_id: str, person: Person, place: Place) -> Message:
        return await self._close(check_in_id, CheckInState.SKIPPED, person, place)

    async def words(self, text: str, person: Person, place: Place) -> Message | None:
        """What somebody says while they are asked something may be the answer: whether it is, they say.

        None where it is a question, small talk, or too short to be more than a topic; and where nothing is open.
        """
        is_between_us = place.is_private and not place.is_shareable and not place.is_outside
        if not is_between_us or len(text.split()) < WORDS_OF_AN_ANSWER or self._is_something_else(text):
            return None
        waiting: list[CheckIn] = []
        for account in await self.tend.people.accounts(place.community, person.id):
            waiting += await self.check_ins.open(place.community, account)
        words, offered = masked(text), []
        for check_in in waiting[:OFFERED]:
            if tended := await self.tend.one(check_in.pilot_id, person, place):
                last = await self.check_ins.answered(check_in.pilot_id, check_in.on)
                kept = await self.keeping.change(check_in, partial(_with_words, last=last, words=words))
                offered.append((tended.pilot, kept, _mark(words)))
        return cards.words_offered(offered) if offered else None

    async def keep_words(self, check_in_id: str, mark: str, person: Person, place: Place) -> Message:
        """Those that were offered are the answer; beside what was answered before."""
        tended = await self.tend.one(check_in_id.partition("@")[0], person, place)
        if tended is None:
            return cards.not_yours()
        check_in = await self.keeping.latest(check_in_id)
        if check_in is None or not check_in.words or _mark(check_in.words) != mark:
            return cards.over()
        before = check_in.answers.get(WORDS)
        text = f"{before.text}\n\n{check_in.words}" if before else check_in.words
        answer = CheckInAnswer(
            question=WORDS, asked=say("In your own words"), kind=LearningKind.NOTE, text=text, at=self.now()
        )

        def answered(latest: CheckIn) -> CheckIn:
            answers = {**latest.answers, WORDS: answer}
            return replace(latest, state=CheckInState.ANSWERED, answers=answers, words="")

        return await self.keeping.keep(tended, check_in, answered, person, place)

    async def more(self, check_in_id: str, person: Person, place: Place) -> Message | Form:
        """The form with what an answer leads to: what kind of thing is in the way, and who could remove it."""
        tended = await self.tend.one(check_in_id.partition("@")[0], person, place)
        check_in = await self.keeping.latest(check_in_id) if tended else None
        if tended is None or check_in is None:
            return cards.not_yours() if tended is None else cards.over()
        return self.forms.more(tended, check_in) or cards.over()

    async def take_more(self, check_in_id: str, values: Mapping[str, str], person: Person, place: Place) -> Message:
        tended = await self.tend.one(check_in_id.partition("@")[0], person, place)
        check_in = await self.keeping.latest(check_in_id) if tended else None
        if tended is None or check_in is None:
            return cards.not_yours() if tended is None else cards.over()
        answers = dict(check_in.answers)
        kind = values.get("barrier", "")
        for each in in_the_way(check_in) if kind in tuple(BarrierKind) else ():
            answers[each.question] = replace(each, barrier=BarrierKind(kind))
        for question, of in self.forms.led_to(tended, check_in):
            answer = self.forms.answer(
                question, of, clean(values.get(question.key, "")), check_in.answers.get(question.key)
            )
            answers = {**answers, question.key: answer} if answer else answers
        return await self.keeping.keep(tended, check_in, lambda latest: replace(latest, answers=answers), person, place)

    async def _close(self, check_in_id: str, state: CheckInState, person: Person, place: Place) -> Message:
        """Without an answer in words. Pressed twice, and where an answer is there, it says the same again."""
        tended = await self.tend.one(check_in_id.partition("@")[0], person, place)
        if tended is None:
            return cards.not_yours()
        check_in = await self.keeping.latest(check_in_id)
        if check_in is None or check_in.state is CheckInState.ANSWERED:
            return cards.over()
        closed = await self.keeping.change(check_in, lambda latest: replace(latest, state=state, words=""))
        plan = await self.keeping.settle(tended, closed)
        card = cards.nothing_new if state is CheckInState.NOTHING_NEW else cards.skipped
        return card(tended.pilot, plan)

    async def _current(self, tended: Tended) -> CheckIn:
        """The one to answer now: an open one, else the one told today, else the next, before it is asked."""
        plan, today = tended.plan, self.tend.today
        latest = await self.check_ins.latest(tended.pilot.id)
        if latest and (latest.state is CheckInState.OPEN or latest.on >= today or _is_of(latest, today)):
            return latest
        due = await self.tend.next_due(replace(plan, snoozed_until=None, paused_until=None, state=PlanState.ACTIVE))
        on = due.on if due else today
        if latest and on <= latest.on:
            return latest
        after = await self.tend.next_due(replace(plan, asked_on=on, snoozed_until=None), due.at) if due else None
        return CheckIn(
            pilot_id=tended.pilot.id,
            community=plan.community,
            person=plan.person,
            on=on,
            asked_at=self.now(),
            question_set=plan.question_set,
            day=challenge_day(plan, on),
            until=after.at.date() if after else None,
        )

    def _is_something_else(self, text: str) -> bool:
        """A question or small talk, which stay what they are."""
        if "?" in text or is_asking(text) or is_follow_up(text):
            return True
        if greeting(text) is not None:
            return tried(text) is None
        try:
            return self.tend.search.read(text, self.tend.today).is_asked
        except InvalidQuestionError:
            return False

    async def _form(self, tended: Tended, check_in: CheckIn, given: Mapping[str, str] | None = None) -> Form:
        last = await self.check_ins.answered(tended.pilot.id, check_in.on)
        return self.forms.form(tended, check_in, last, given)


def _with_words(check_in: CheckIn, *, last: CheckIn | None, words: str) -> CheckIn:
    """Who may read them is as it was last time, as long as that was no day."""
    is_as_before = last is not None and last.shared_from is None and not check_in.answers
    sharing = last.sharing if last is not None and is_as_before else check_in.sharing
    return replace(check_in, words=words, sharing=sharing)


def _mark(words: str) -> str:
    return sha256(words.encode()).hexdigest()[:12]


def _is_of(check_in: CheckIn, day: date) -> bool:
    return check_in.answered_at is not None and check_in.answered_at.date() == day
