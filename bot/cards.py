"""Every message the bot can say: its one voice. Short, kind, and the answer first."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import assert_never

from bot.actions import (
    MuteThread,
    NotNow,
    OpenSettings,
    RateAnswer,
    SetMode,
    ShareAnswer,
    ShowPilot,
    TellPilot,
)
from bot.commands import COMMANDS
from bot.forms import Form
from bot.members import Preferences
from bot.messages import (
    PARAGRAPH,
    Block,
    Button,
    Buttons,
    Facts,
    Feedback,
    Heading,
    Links,
    Message,
    Meters,
    Source,
    Sources,
    Text,
)
from bot.rooms import Mode
from bot.voice import LANGUAGES, phrase, say, say_count, spoken
from knowledge.answers import Answer, Citation, Verdict
from knowledge.countries import country_name
from knowledge.dates import written as written_day
from knowledge.dimensions import Dimension, Gap, Progress
from knowledge.learnings import Learning
from knowledge.pilots import Contact, Direction, Pilot, Stage
from knowledge.ports import Demand
from knowledge.questions import Question
from knowledge.text import shorten
from knowledge.writing import Claim

GAPS_SHOWN = 3
LEARNINGS_SHOWN = 5
COUNTRIES_SHOWN = 4
HOME_PILOTS_SHOWN = 8

_DIMENSIONS = {
    Dimension.ANCHORING: phrase("Anchoring"),
    Dimension.CRITICALITY: phrase("Criticality"),
    Dimension.EXIT_PLAN: phrase("Exit plan"),
    Dimension.COMPETENCE: phrase("Competence"),
    Dimension.VALUES: phrase("Values"),
}
_DIRECTIONS = {
    Direction.POSITIVE: phrase("good results"),
    Direction.MIXED: phrase("mixed results"),
    Direction.NONE: phrase("no effect found"),
    Direction.NEGATIVE: phrase("bad results"),
}
_MODES = {
    Mode.MENTION: phrase("I speak in this channel when somebody mentions me."),
    Mode.OVERHEAR: phrase(
        "I speak in this channel when somebody mentions me, and when I know who tried what is asked here."
    ),
    Mode.OFF: phrase("I do not speak in this channel."),
}
_MODE_LABELS = {
    Mode.MENTION: phrase("Only when mentioned"),
    Mode.OVERHEAR: phrase("Also when I can help"),
    Mode.OFF: phrase("Never"),
}
_STAGES = {
    Stage.PLANNED: phrase("planned"),
    Stage.DEVELOPMENT: phrase("in development"),
    Stage.PILOT: phrase("pilot"),
    Stage.IMPLEMENTED: phrase("in use"),
    Stage.COMPLETED: phrase("completed"),
    Stage.STOPPED: phrase("stopped"),
    Stage.UNKNOWN: "",
}


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


def pilot(
    shown: Pilot, learnings: Sequence[Learning], missing: Sequence[Gap], done: Mapping[Dimension, Progress]
) -> Message:
    """All there is on one pilot; what is missing is asked as a question, never marked."""
    outcome = shown.outcome
    texts = (
        shown.summary,
        outcome.summary,
        outcome.stopped_because and say("Why it was stopped: {reason}", reason=outcome.stopped_because),
    )
    latest = sorted(learnings, key=lambda each: each.told_at, reverse=True)[:LEARNINGS_SHOWN]
    asked = _meters(done)
    questions = tuple(Text(f"{say(gap.question)} {say(gap.reason)}") for gap in missing[:GAPS_SHOWN])
    blocks = (
        Heading(shown.title),
        Text(" · ".join(details(shown)), is_quiet=True),
        *(Text(shorten(text, 2_000)) for text in texts if text),
        *(Text(_learned(each)) for each in latest),
        Facts(_facts(shown)) if _facts(shown) else None,
        Links(_links(shown)) if _links(shown) else None,
        *((Text(say("What it can say so far:"), is_quiet=True), Meters(asked)) if asked else ()),
        *((Text(say("Worth finding out next:"), is_quiet=True), *questions) if questions else ()),
    )
    return Message(tuple(block for block in blocks if block))


def several_pilots(named: str, pilots: Sequence[Pilot]) -> Message:
    """More than one pilot may be meant: which?"""
    sources = tuple(Source(title=each.title, details=details(each), action=ShowPilot(each.id)) for each in pilots)
    which = say("Which of these do you mean by “{name}”?", name=shorten(named, 80))
    return Message((Text(which), Sources(sources)))


def which_pilot() -> Message:
    return Message((Text(say("Which pilot? Say show and words of its title, or press its number under an answer.")),))


def no_such_pilot(named: str) -> Message:
    name = shorten(named, 80)
    said = say("I know no pilot called “{name}”. Ask for its topic: ask has anyone tried …", name=name)
    return Message((Text(said),))


def told(new: Pilot) -> Message:
    """Thanks for a pilot, whatever became of it."""
    if new.stage is Stage.STOPPED:
        thanks = say(
            "Thank you. A stopped pilot is worth as much as a running one: "
            "“{title}” is kept and can be found from now on.",
            title=new.title,
        )
    else:
        thanks = say("Thank you. “{title}” is kept and can be found from now on.", title=new.title)
    return Message((Text(thanks), Buttons((Button(say("Show it"), ShowPilot(new.id)),))))


def welcome() -> Message:
    """The first words to someone who opened the conversation."""
    return Message(
        (
            Heading(say("Has anyone tried it?")),
            Text(
                say(
                    "Ask me about anything the public sector may have piloted. I answer from recorded pilots, with "
                    "sources, the stopped ones too, and with the person to talk to where one is known."
                )
            ),
            Text(say("Try: has anyone tried a four-day week?")),
        )
    )


def you_are_welcome() -> Message:
    return Message((Text(say("You are welcome. If you try it yourself, tell me how it went: good or bad.")),))


def about_me() -> Message:
    """Who made it, and what it knows."""
    me = say(
        "I am Pilotlight, a piece of software that somebody in this community runs. "
        "All I know are the pilots that are recorded with me, each with its source."
    )
    return Message((Text(me),))


def privacy() -> Message:
    """What is kept of whoever asks, and how to be rid of it."""
    kept = say(
        "I keep each question and who asked it for 90 days; e-mail addresses and phone numbers are masked before. "
        "To have yours deleted, ask whoever runs me. What people say to each other I do not keep."
    )
    return Message((Text(kept),))


def how_many() -> Message:
    ask = say("Ask me by topic, place or outcome, and I say how many I know. For example: which pilots were stopped?")
    return Message((Text(ask),))


def not_helpful() -> Message:
    regret = say("I am sorry. Press “{button}” under the answer and tell me what was wrong.", button=say("Not helpful"))
    return Message((Text(regret),))


def worth_telling(title: str) -> Message:
    """Somebody says what they tried: the form, begun for them."""
    more = Text(say("That is worth keeping: tell me a little more."))
    return Message((more, Buttons((Button(say("Tell of a pilot"), TellPilot(title)),))))


def press_for_more(number: int) -> Message:
    """Which pilot was meant is known under the answer that numbered it, and nowhere else."""
    return Message((Text(say("Press “{button}” under the answer.", button=more_on(number))),))


def open_a_pilot() -> Message:
    """Whom to ask, what it cost, why it stopped: that is told of one pilot."""
    return Message((Text(say("Open a pilot for that: press “More on …” under the answer.")),))


def home(
    own: Sequence[tuple[Pilot, Mapping[Dimension, Progress]]],
    *,
    preferences: Preferences,
    unanswered: Sequence[Demand] | None,
) -> Message:
    """A person's own page. `unanswered` are the community's open questions, for those who look after it."""
    blocks: list[Block] = [Heading(say("Your pilots"))]
    shown = tuple(
        Source(title=pilot.title, details=details(pilot), meters=_meters(done), action=ShowPilot(pilot.id))
        for pilot, done in own[:HOME_PILOTS_SHOWN]
    )
    if shown:
        blocks.append(Sources(shown))
    else:
        none = say("None yet. Tell the community of one: running, finished or stopped, each is worth having.")
        blocks.append(Text(none))
    if len(own) > HOME_PILOTS_SHOWN:
        more = say_count("And {count} more.", "And {count} more.", len(own) - HOME_PILOTS_SHOWN)
        blocks.append(Text(more, is_quiet=True))
    blocks.append(Buttons((Button(say("Tell of a pilot"), TellPilot()),)))
    if unanswered is not None:
        blocks += _unanswered(unanswered)
    blocks += [Heading(say("Your settings")), Facts(_settings(preferences))]
    blocks.append(Buttons((Button(say("Change settings"), OpenSettings()),)))
    return Message(tuple(blocks))


def settings_kept(preferences: Preferences) -> Message:
    return Message((Text(say("Kept.")), Facts(_settings(preferences))))


def mode(current: Mode, *, may_choose: bool) -> Message:
    """When the bot speaks in this room, and the choice for those who may make it."""
    said = Text(say(_MODES[current]))
    if not may_choose:
        return Message((said, Text(say("Moderators can change that."), is_quiet=True)))
    choices = tuple(Button(say(label), SetMode(each)) for each, label in _MODE_LABELS.items() if each is not current)
    return Message((said, Buttons(choices)))


def mode_chosen(chosen: Mode, *, by: str) -> Message:
    """For the whole room: everybody should know when they are overheard."""
    reads_along = say("I read what is said here for that, and forget it at once.") if chosen is Mode.OVERHEAR else ""
    chosen_by = say("Chosen by {name}.", name=by) if by else ""
    quiet = " ".join(each for each in (reads_along, chosen_by) if each)
    said = Text(say("From now on: {mode}", mode=say(_MODES[chosen])))
    return Message((said, *((Text(quiet, is_quiet=True),) if quiet else ())))


def unknown_mode() -> Message:
    none = say("I know three ways in a channel: say channel {choices}.", choices=_any(Mode))
    return Message((Text(none),))


def only_moderators(*, has_any: bool) -> Message:
    """Who may, and where nobody may yet, how somebody can."""
    if has_any:
        return Message((Text(say("Only moderators of this community can do that. Please ask one of them.")),))
    nobody = say(
        "Only moderators can do that, and this community has none yet. Please ask whoever runs me to name one."
    )
    return Message((Text(nobody),))


def no_room_here() -> Message:
    return Message((Text(say("This is a conversation between the two of us. Say that in a channel, please.")),))


def off_here() -> Message:
    return Message((Text(say("I am switched off in this channel. Ask me in a direct message; I will answer there.")),))


def more_on(number: int) -> str:
    """The button under a numbered source."""
    return say("More on {number}", number=number)


def more_than_fits() -> str:
    return say("There is more to this than fits here.")


def cancel() -> str:
    return say("Cancel")


def close() -> str:
    return say("Close")


def read_more() -> str:
    return say("Read more")


def fill_in() -> str:
    """What stands at a field that may not be empty."""
    return say("Please fill this in.")


def search_box() -> tuple[str, str]:
    """What stands at a box to search in, and in it."""
    return say("Has anyone tried …?"), say("a four-day week")


def form_button(form: Form, *, was_too_late: bool) -> Message:
    """Where a form does not open by itself, or not any more: a button that opens it."""
    too_late = say("That took me too long; please press again.")
    said = Text(too_late if was_too_late else say("Press here, and I open the form."))
    button = Buttons((Button(form.title, form.action),)) if form.action else None
    return Message((said, *((button,) if button else ())))


def one_moment() -> Message:
    return Message((Text(say("One moment, I am still at it …")),))


def stopped() -> Message:
    return Message((Text(say("Stopped.")),))


def not_in_channel() -> Message:
    return Message((Text(say("I may not post in that channel. Invite me there, and ask again: /invite @Pilotlight")),))


def shared_already() -> Message:
    return Message((Text(say("That is shared here already.")),))


def outsider() -> Message:
    return Message((Text(say("That is for members of this community; here people from outside read along.")),))


def muted(by: str) -> Message:
    if by:
        said = say("Muted by {name}: I keep out of this thread unless you mention me.", name=by)
    else:
        said = say("Muted: I keep out of this thread unless you mention me.")
    return Message((Text(said, is_quiet=True),))


def not_now(by: str) -> Message:
    if by:
        said = say("{name} said “not now”: I took my answer back. Mention me whenever you want it.", name=by)
    else:
        said = say("“Not now”, then: I took my answer back. Mention me whenever you want it.")
    return Message((Text(said, is_quiet=True),))


def glad() -> Message:
    return Message((Text(say("Thank you, good to know.")),))


def noted() -> Message:
    return Message((Text(say("Thank you. I keep that for whoever looks after me.")),))


def help_() -> Message:
    """What one can say, from the table of commands."""
    facts = tuple((f"{each.name} {each.arguments}".strip(), say(each.does)) for each in COMMANDS)
    return Message((Text(say("Just ask: has anyone tried …? Or say one of these:")), Facts(facts)))


def unknown_command(said: str) -> Message:
    none = say("I have no command “{name}”.", name=shorten(said, 40))
    return Message((Text(none), *help_().blocks))


def old_card() -> Message:
    return Message((Text(say("This card is from an earlier version and no longer works. Please ask again.")),))


def sorry(reason: str) -> Message:
    """Something is in the way; the reason is already a sentence for people, which the catalogues may hold."""
    return Message((Text(say(reason)),))


def unavailable(reference: str) -> Message:
    """Something outside is away; the log says what."""
    away = say(
        "I cannot get at what I know just now. Please try again in a few minutes; if it stays, tell whoever "
        "runs me this reference: {reference}",
        reference=reference,
    )
    return Message((Text(away),))


def broken(reference: str) -> Message:
    wrong = say(
        "Something went wrong on my side. Please try again; if it stays, tell whoever runs me "
        "this reference: {reference}",
        reference=reference,
    )
    return Message((Text(wrong),))


def day(moment: date | datetime) -> str:
    """As people write it: 22 November 2026."""
    return written_day(moment, spoken())


def stage(named: Stage) -> str:
    """What people call a stage; "" of the unknown one."""
    return say(_STAGES[named])


def direction(named: Direction) -> str:
    return say(_DIRECTIONS[named])


def _learned(learning: Learning) -> str:
    return say("Learned on {day}: {text}", day=day(learning.told_at), text=shorten(learning.text, 1_000))


def _unanswered(demands: Sequence[Demand]) -> tuple[Block, Block]:
    asked_on = tuple((day(each.asked_at), shorten(each.topic, 200)) for each in demands)
    none = Text(say("None: every question found somebody who had tried it."))
    return Heading(say("Questions nobody could answer yet")), Facts(asked_on) if asked_on else none


def _meters(done: Mapping[Dimension, Progress]) -> tuple[tuple[str, int, int], ...]:
    return tuple((say(_DIMENSIONS[each]), state.answered, state.asked) for each, state in done.items() if state.asked)


def _settings(preferences: Preferences) -> tuple[tuple[str, str], ...]:
    start, end, paused = preferences.quiet_from, preferences.quiet_until, preferences.paused_until
    hours = say("{start} to {end}", start=f"{start:%H:%M}", end=f"{end:%H:%M}") if start and end else say("none")
    pause = say("until {day}", day=day(paused)) if paused else say("none")
    language = LANGUAGES[preferences.language_or(spoken())]
    return (say("Language"), language), (say("Quiet hours"), hours), (say("Pause"), pause)


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
        excerpt=cited.excerpt,
        note=" ".join(note for note in notes if note),
        contact=say("Ask {contact}", contact=_contact(shown.owner)) if shown.owner else "",
        action=ShowPilot(shown.id),
    )


def _why_stopped(shown: Pilot) -> str:
    outcome = shown.outcome
    if outcome.stopped_because:
        return say("Stopped: {reason}", reason=shorten(outcome.stopped_because, 200))
    if outcome.summary:
        return say("Stopped. What is recorded of it: {summary}", summary=shorten(outcome.summary, 200))
    return say("Stopped, and nobody recorded why.")


def details(shown: Pilot) -> tuple[str, ...]:
    """Who tried it, where, when, and what became of it: nothing that only some may know."""
    results = shown.outcome.direction
    known = (
        shown.organisation,
        country_name(shown.country, spoken()) if shown.country else None,
        str(shown.year) if shown.year else None,
        stage(shown.stage),
        direction(results) if results else None,
    )
    return tuple(detail for detail in known if detail)


def _facts(shown: Pilot) -> tuple[tuple[str, str], ...]:
    solved = "; ".join(
        f"{each.description} — {each.solved_by}" if each.solved_by else each.description for each in shown.barriers
    )
    facts = (
        (say("Topics"), ", ".join(shown.topics)),
        (say("Ask"), _contact(shown.owner) if shown.owner else ""),
        (say("Money"), " · ".join(filter(None, (shown.funding.source, shown.funding.amount)))),
        (say("Money ends"), str(shown.funding.ends or "")),
        (say("Barriers"), solved),
        (say("Found by evaluation"), "; ".join(each.summary for each in shown.evaluations if each.summary)),
        (say("What others may take"), "; ".join(each.name for each in shown.assets)),
        (say("For a second site"), shown.second_site or ""),
        (say("Source"), " · ".join(filter(None, (shown.provenance.attribution, shown.provenance.licence)))),
    )
    return tuple((label, shorten(value, 600)) for label, value in facts if value)


def _links(shown: Pilot) -> tuple[tuple[str, str], ...]:
    evidence = ((say("Evaluation"), each.evidence) for each in shown.evaluations)
    assets = ((each.name, each.link) for each in shown.assets)
    return tuple((label, link) for label, link in ((read_more(), shown.link), *evidence, *assets) if link)


def _contact(contact: Contact) -> str:
    organisation = f" ({contact.organisation})" if contact.organisation else ""
    return f"{contact.name}{organisation}{f', {contact.address}' if contact.address else ''}"


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
        _any(country_name(each, spoken()) for each in question.countries)
        if len(question.countries) <= COUNTRIES_SHOWN
        else question.where,
        _organisations(question.organisations),
        _any(stage(each) for each in question.stages if stage(each)),
        _period(question.period.first, question.period.last) if question.period else "",
    )
    told = "; ".join(part for part in parts if part)
    return say("I looked first at: {places}.", places=told) if told else ""


def _organisations(names: Sequence[str]) -> str:
    """Catalogues spell one organisation in many ways; the shortest says best which is meant."""
    if len(names) <= 2:
        return _any(names)
    return say_count(
        "{name} and {count} more of that name",
        "{name} and {count} more of that name",
        len(names) - 1,
        name=min(names, key=len),
    )


def _any(names: Iterable[str]) -> str:
    return say(" or ").join(names)


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
        return say("I keep your question, without your name, for those who look after this community.")
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
