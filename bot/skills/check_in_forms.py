"""The forms of a check-in, and the answers that are read from them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot import cards
from bot.actions import FollowUp, OpenCheckIn
from bot.check_ins import CheckIn, CheckInAnswer, CheckInState, Question, QuestionSet, Sharing
from bot.forms import Field, Form
from bot.question_sets import QuestionSets, choices, wording
from bot.skills.tend import Tended
from bot.voice import phrase, say
from knowledge.barriers import guess
from knowledge.catalogues.personal_data import mask
from knowledge.learnings import LearningKind
from knowledge.pilots import BarrierKind
from knowledge.text import clean, shorten

FORM = "check-in"
FOLLOW_UP = "check-in more"
WORDS = "words"
CHANNEL = "channel"
ANSWER_LIMIT = 5_000

_SHARINGS = {
    Sharing.COMMUNITY: phrase("the community"),
    CHANNEL: phrase("the community, with a short post in its channel"),
    Sharing.LATER: phrase("the community, from a day on"),
    Sharing.MODERATORS: phrase("only me and the moderators"),
}
# They last, so the next form begins with them; of the others the last ones are shown beside.
_LASTING = {LearningKind.NEXT, LearningKind.NEED, LearningKind.BLOCKER}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInForms:
    questions: QuestionSets
    now: Callable[[], datetime]

    def form(
        self, tended: Tended, check_in: CheckIn, last: CheckIn | None, given: Mapping[str, str] | None = None
    ) -> Form:
        """With what was told already, else with what was told `last`; `given` is what was typed this time."""
        asked, questions = self.asked(tended, check_in)
        fields = [self.field(each, questions, check_in, last) for each in asked]
        if WORDS in check_in.answers or check_in.words:
            text = check_in.answers[WORDS].text if WORDS in check_in.answers else check_in.words
            fields.append(Field(name=WORDS, label=say("In your own words"), value=text, is_long=True))
        chosen = check_in if check_in.state is not CheckInState.OPEN else last or check_in
        sharing = CHANNEL if check_in.is_for_channel else chosen.sharing
        day = check_in.shared_from.isoformat() if check_in.shared_from else ""
        sharings = tuple((value, say(label)) for value, label in _SHARINGS.items())
        fields += [
            Field(name="sharing", label=say("Who may read it?"), value=sharing, choices=sharings),
            Field(name="shared_from", label=say("From which day on?"), value=day, hint=say("such as 2026-07-01")),
        ]
        if given is not None:
            fields = [replace(each, value=given.get(each.name, "")) for each in fields]
        title = shorten(tended.pilot.title, 80)
        return Form(
            name=FORM,
            title=say("What is new?"),
            lead=say("Of “{title}”. Leave empty what you have nothing to say to.", title=title),
            fields=tuple(fields),
            send=say("Send"),
            context=check_in.id,
            action=OpenCheckIn(tended.pilot.id),
        )

    def asked(self, tended: Tended, check_in: CheckIn) -> tuple[Sequence[Question], QuestionSet]:
        of = self.questions.named(check_in.question_set, check_in.community)
        asked = of.asked(tended.pilot.stage, check_in.day)
        return [each for each in asked if not each.after] or list(of.questions[:1]), of

    def led_to(self, tended: Tended, check_in: CheckIn) -> Sequence[tuple[Question, QuestionSet]]:
        """What is asked only after some answer that is there."""
        of = self.questions.named(check_in.question_set, check_in.community)
        asked = of.asked(tended.pilot.stage, check_in.day)
        return [(each, of) for each in asked if each.after and each.after in check_in.answers]

    def field(self, question: Question, of: QuestionSet, check_in: CheckIn, last: CheckIn | None) -> Field:
        answer = check_in.answers.get(question.key)
        before = last.answers.get(question.key) if last else None
        hint = say(question.hint) if of.is_shipped else question.hint
        value = answer.text if answer else ""
        if before and not answer and check_in.state is CheckInState.OPEN and not question.choices:
            if question.kind in _LASTING:
                value = before.text
            else:
                hint = say("last time: {text}", text=shorten(before.text, 100))
        picked = choices(question, of)
        value = next((each for each, label in picked if label == value), value)
        options = (("", say("not decided")), *picked) if picked else ()
        label = wording(question, of)
        return Field(name=question.key, label=label, hint=hint, value=value, is_long=not picked, choices=options)

    def answers(
        self,
        check_in: CheckIn,
        last: CheckIn | None,
        asked: Sequence[Question],
        of: QuestionSet,
        given: Mapping[str, str],
    ) -> dict[str, CheckInAnswer]:
        """What is new: not what stood there from last time and was left as it is."""
        answers: dict[str, CheckInAnswer] = {}
        for question in asked:
            before = last.answers.get(question.key) if last and question.key not in check_in.answers else None
            answer = self.answer(question, of, given.get(question.key, ""), check_in.answers.get(question.key))
            if answer and not (before and before.text == answer.text):
                answers[question.key] = answer
        if words := masked(given.get(WORDS, "")):
            kept = check_in.answers.get(WORDS)
            at = kept.at if kept else self.now()
            asked_as = say("In your own words")
            answers[WORDS] = CheckInAnswer(question=WORDS, asked=asked_as, kind=LearningKind.NOTE, text=words, at=at)
        led_to = {each.key: each.after for each in of.questions if each.after}
        # What the form did not ask stays: another stage asks other questions. What led to it must be there, though.
        was_asked = {WORDS, *(each.key for each in asked)}
        others = {key: each for key, each in check_in.answers.items() if key not in was_asked}
        still = {key: each for key, each in others.items() if key not in led_to or led_to[key] in answers}
        return {**answers, **still}

    def answer(
        self, question: Question, of: QuestionSet, text: str, before: CheckInAnswer | None
    ) -> CheckInAnswer | None:
        """As it was told first, where it was only corrected. What was picked is kept as it was read."""
        text = dict(choices(question, of)).get(text, "") if question.choices else masked(text)
        if not text:
            return None
        barrier = None
        if question.kind is LearningKind.BLOCKER:
            barrier = before.barrier if before and before.text == text else guess(text)
        at = before.at if before else self.now()
        return CheckInAnswer(
            question=question.key, asked=wording(question, of), kind=question.kind, text=text, at=at, barrier=barrier
        )

    def sharing(self, given: Mapping[str, str]) -> tuple[Sharing, date | None, dict[str, str]]:
        chosen = given.get("sharing") or Sharing.COMMUNITY
        if chosen not in _SHARINGS:
            return Sharing.MODERATORS, None, {"sharing": say("Please choose one of these.")}
        if chosen != Sharing.LATER:
            return (Sharing.COMMUNITY if chosen == CHANNEL else Sharing(chosen)), None, {}
        day = read_day(given.get("shared_from", ""))
        if day is None or day <= self.now().date():
            wrong = say("Please write a day to come, such as 2026-07-01.")
            return Sharing.MODERATORS, None, {"shared_from": wrong}
        return Sharing.LATER, day, {}

    def more(self, tended: Tended, check_in: CheckIn) -> Form | None:
        """What kind of thing is in the way, and what else an answer leads to; None where it leads to nothing."""
        fields = [self.field(each, of, check_in, None) for each, of in self.led_to(tended, check_in)]
        if named := in_the_way(check_in):
            kinds = tuple((kind, cards.barrier(kind)) for kind in BarrierKind)
            kind = named[0].barrier or BarrierKind.OTHER
            label = say("What is in the way is a matter of")
            fields.insert(0, Field(name="barrier", label=label, value=kind, choices=kinds))
        if not fields:
            return None
        return Form(
            name=FOLLOW_UP,
            title=say("A little more"),
            fields=tuple(fields),
            send=say("Send"),
            context=check_in.id,
            action=FollowUp(check_in.id),
        )


def in_the_way(check_in: CheckIn) -> Sequence[CheckInAnswer]:
    """The answers that name something in the way."""
    return [each for each in check_in.answers.values() if each.kind is LearningKind.BLOCKER]


def masked(text: str) -> str:
    """As it may be kept."""
    return clean(shorten(mask(clean(text))[0], ANSWER_LIMIT))


def read_day(text: str) -> date | None:
    """A typed day, such as 2026-07-01; None where that is none."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
