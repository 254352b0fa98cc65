"""Answers: the direct sentence, the sources, what to read next."""

from collections.abc import Sequence
from datetime import date
from typing import assert_never

from bot.actions import MuteThread, NotNow, RateAnswer, ShareAnswer, ShowPilot, TellPilot
from bot.cards.labels import any_of, contact, details, learned, stage
from bot.messages import PARAGRAPH, Block, Button, Buttons, Feedback, Message, Source, Sources, Text
from bot.voice import say, say_count, spoken
from knowledge.answers import Answer, Citation, Verdict
from knowledge.countries import country_name
from knowledge.pilots import Direction, Pilot, Stage
from knowledge.questions import Question
from knowledge.text import shorten
from knowledge.writing import Claim

COUNTRIES_SHOWN = 4


SUGGESTED_QUESTIONS = (
    "Has anyone tried a four-day week?",
    "Which chatbots for citizens were stopped, and why?",
    "Who has experience with participatory budgeting?",
)


def answer(found: Answer, answer_id: str = "", *, can_share: bool = False, lacks_writer: bool = False) -> Message:
    """What is known about a question: the direct sentence, the sources, what to read next.

    With an `answer_id` one can say whether it was any good; `lacks_writer` says that a model should have written it.
    """
    buttons = (
        Button(say("Share to channel"), ShareAnswer(answer_id)) if can_share and found.citations else None,
        Button(say("Tell us of one"), TellPilot()) if found.verdict is not Verdict.TRIED else None,
    )
    shown = _answer(found, answer_id, buttons)
    if not lacks_writer:
        return shown
    quiet = say("The model that writes answers did not answer; this is what the sources say.")
    return Message((shown.blocks[0], Text(quiet, is_quiet=True), *shown.blocks[1:]))


def so_far(found: Answer, claims: Sequence[Claim]) -> str:
    """The first paragraphs of the card, as far as they are written."""
    return PARAGRAPH.join((first_sentence(found), written(claims)))


def written(claims: Sequence[Claim]) -> str:
    """What a model wrote, with the numbers of its sources."""
    return " ".join(claim.marked for claim in claims)


def overheard(found: Answer, answer_id: str) -> Message:
    """An answer that nobody had asked the bot for, and how to be rid of it."""
    buttons = (Button(say("Not now"), NotNow()), Button(say("Mute this thread"), MuteThread()))
    lead = Text(say("I overheard this and happen to know something."), is_quiet=True)
    return Message((lead, *_answer(found, answer_id, buttons).blocks))


def shared(found: Answer, answer_id: str, *, by: str) -> Message:
    """An answer that one person got before, for the room."""
    question = shorten(found.question.text, 200)
    if by:
        lead = say("{name} asked me: “{question}”", name=by, question=question)
    else:
        lead = say("Somebody here asked me: “{question}”", question=question)
    return Message((Text(lead, is_quiet=True), *_answer(found, answer_id, ()).blocks))


def _answer(found: Answer, answer_id: str, buttons: Sequence[Button | None]) -> Message:
    blocks: list[Block] = [Text(first_sentence(found))]
    if found.verdict is Verdict.NOTHING_YET:
        hint = say("Whoever runs me can bring some in: pilotlight import --starter, or a file.")
        blocks.append(Text(hint, is_quiet=True))
    if found.claims:
        blocks.append(Text(written(found.claims), is_written=True))
    if found.citations:
        blocks.append(Sources(tuple(_source(each, found) for each in found.citations)))
    if found.claims:
        warning = say("Written by a model from these sources; check them before you rely on it.")
        blocks.append(Text(warning, is_quiet=True))
    if looked_at := _looked_first_at(found.question):
        blocks.append(Text(looked_at, is_quiet=True))
    if found.read_next and len(found.citations) > 1:
        blocks.append(Text(_read_next(found.read_next), is_quiet=True))
    if shown := tuple(button for button in buttons if button):
        blocks.append(Buttons(shown))
    if answer_id and found.citations:
        good, bad = RateAnswer(answer_id, True), RateAnswer(answer_id, False)
        blocks.append(Feedback(good=Button(say("Helpful"), good), bad=Button(say("Not helpful"), bad)))
    return Message(tuple(blocks))


def first_sentence(found: Answer) -> str:
    """The direct answer, with the count and the shape of what was found."""
    shape = {"where": _in_countries(found.countries), "stopped": _stopped(found)}
    match found.verdict:
        case Verdict.TRIED if not found.question.topic:
            return say_count(
                "I know {count} such pilot{where}{stopped}.",
                "I know {count} such pilots{where}{stopped}.",
                found.pilots,
                **shape,
            )
        case Verdict.TRIED if found.question.wants_stopped and found.stopped < found.pilots:
            return _how_many_stopped(found)
        case Verdict.TRIED:
            return say_count(
                "Yes: {count} pilot{where} tried this{stopped}.",
                "Yes: {count} pilots{where} tried this{stopped}.",
                found.pilots,
                **shape,
            )
        case Verdict.ELSEWHERE:
            return f"{_nobody_there(found.question)} {_kept(found.question)} {say('Elsewhere it was tried:')}"
        case Verdict.CLOSE:
            nobody = say("Nobody has recorded trying just this yet.")
            return f"{nobody} {_kept(found.question)} {say('These came close:')}"
        case Verdict.NOBODY:
            nobody = f"{say('Nobody has recorded trying this yet.')} {_kept(found.question)}"
            return f"{nobody} {say('The nearest I know:')}" if found.citations else nobody
        case Verdict.NOTHING_YET:
            nothing = say("I know no pilots yet, so I cannot tell whether anyone tried this.")
            return f"{nothing} {_kept(found.question)}"
        case _:
            assert_never(found.verdict)


def _source(cited: Citation, found: Answer) -> Source:
    shown = cited.pilot
    notes = (
        say("Close, but not quite this.") if cited.is_close and found.verdict is Verdict.TRIED else "",
        say("The same idea, but elsewhere.") if cited.is_elsewhere and found.verdict is Verdict.TRIED else "",
        _why_stopped(shown) if shown.stage is Stage.STOPPED else "",
    )
    return Source(
        title=shown.title,
        link=shown.link,
        details=details(shown),
        excerpt="\n".join(part for part in (cited.excerpt, *map(learned, cited.learned)) if part),
        note=" ".join(note for note in notes if note),
        contact=say("Ask {contact}", contact=contact(shown.owner)) if shown.owner else "",
        action=ShowPilot(shown.id),
    )


def _why_stopped(shown: Pilot) -> str:
    outcome = shown.outcome
    if outcome.stopped_because:
        return say("Stopped: {reason}", reason=shorten(outcome.stopped_because, 200))
    if outcome.summary:
        return say("Stopped. What is recorded of it: {summary}", summary=shorten(outcome.summary, 200))
    return say("Stopped, and nobody recorded why.")


def _read_next(best: Citation) -> str:
    if best.pilot.stage is Stage.STOPPED and best.pilot.outcome.direction is Direction.POSITIVE:
        return say("Read next: “{title}”, for why it was stopped although it worked.", title=best.pilot.title)
    if best.pilot.stage is Stage.STOPPED:
        return say(
            "Read next: “{title}”. What did not work elsewhere is the cheapest lesson there is.", title=best.pilot.title
        )
    return say("Read next: “{title}”, for how it was evaluated.", title=best.pilot.title)


def _looked_first_at(question: Question) -> str:
    """The filters that were read out of the question, so that people can see what came first."""
    parts = (
        any_of(country_name(each, spoken()) for each in question.countries)
        if len(question.countries) <= COUNTRIES_SHOWN
        else question.where,
        _organisations(question.organisations),
        any_of(stage(each) for each in question.stages if stage(each)),
        _period(question.period.first, question.period.last) if question.period else "",
    )
    told = "; ".join(part for part in parts if part)
    return say("I looked first at: {places}.", places=told) if told else ""


def _organisations(names: Sequence[str]) -> str:
    """Catalogues spell one organisation in many ways; the shortest says best which is meant."""
    if len(names) <= 2:
        return any_of(names)
    return say_count(
        "{name} and {count} more of that name",
        "{name} and {count} more of that name",
        len(names) - 1,
        name=min(names, key=len),
    )


def _period(first: date | None, last: date | None) -> str:
    match first, last:
        case date(), None:
            return say("since {year}", year=first.year)
        case None, date():
            return say("until {year}", year=last.year)
        case date(), date():
            if first.year == last.year:
                return str(first.year)
            return say("{start} to {end}", start=first.year, end=last.year)
    return ""


def _how_many_stopped(found: Answer) -> str:
    """The first sentence where stopped ones are asked for, and not all were."""
    where = _in_countries(found.countries)
    if found.stopped:
        return say_count(
            "Yes: {count} of {pilots} pilots{where} that tried this was stopped.",
            "Yes: {count} of {pilots} pilots{where} that tried this were stopped.",
            found.stopped,
            pilots=found.pilots,
            where=where,
        )
    return say_count(
        "{count} pilot{where} tried this; as far as I know, it was not stopped.",
        "{count} pilots{where} tried this; as far as I know, none of them was stopped.",
        found.pilots,
        where=where,
    )


def _nobody_there(question: Question) -> str:
    """True also where somebody there did try it, but it was not stopped, or at another time."""
    if question.stages == (Stage.STOPPED,):
        return say("I know none there that was stopped.")
    if question.stages or question.period:
        return say("I know none there that fits all you ask for.")
    return say("Nobody there has recorded trying this yet.")


def _kept(question: Question) -> str:
    """What becomes of a question that nobody can answer; of words that ask nothing, how to ask."""
    if question.is_asked:
        return say("Those who look after this community see your question, and not your name.")
    return say("To ask me, say for example: has anyone tried a four-day week?")


def _stopped(found: Answer) -> str:
    if not found.stopped:
        return ""
    if found.stopped < found.pilots:
        return say_count("; {count} was stopped", "; {count} were stopped", found.stopped)
    match found.stopped:
        case 1:
            return say("; it was stopped")
        case 2:
            return say("; both were stopped")
        case _:
            return say("; all were stopped")


def _in_countries(count: int) -> str:
    return say_count(" in {count} country", " in {count} countries", count) if count > 1 else ""
