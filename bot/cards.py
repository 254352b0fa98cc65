"""Every message the bot can say: its one voice. Short, kind, and the answer first."""

from collections.abc import Mapping, Sequence
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
from bot.ports import Mode, Preferences
from knowledge.answers import Answer, Citation, Verdict
from knowledge.countries import country_name
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
    Dimension.ANCHORING: "Anchoring",
    Dimension.CRITICALITY: "Criticality",
    Dimension.EXIT_PLAN: "Exit plan",
    Dimension.COMPETENCE: "Competence",
    Dimension.VALUES: "Values",
}
_DIRECTIONS = {
    Direction.POSITIVE: "good results",
    Direction.MIXED: "mixed results",
    Direction.NONE: "no effect found",
    Direction.NEGATIVE: "bad results",
}
_MODES = {
    Mode.MENTION: "I speak in this channel when somebody mentions me.",
    Mode.OVERHEAR: "I speak in this channel when somebody mentions me, and when I know who tried what is asked here.",
    Mode.OFF: "I do not speak in this channel.",
}
_MODE_LABELS = {
    Mode.MENTION: "Only when mentioned",
    Mode.OVERHEAR: "Also when I can help",
    Mode.OFF: "Never",
}
_STAGES = {
    Stage.PLANNED: "planned",
    Stage.DEVELOPMENT: "in development",
    Stage.PILOT: "pilot",
    Stage.IMPLEMENTED: "in use",
    Stage.COMPLETED: "completed",
    Stage.STOPPED: "stopped",
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
        Button("Share to channel", ShareAnswer(answer_id)) if can_share and found.citations else None,
        Button("Tell us of one", TellPilot()) if found.verdict is not Verdict.TRIED else None,
    )
    shown = _answer(found, answer_id, buttons)
    if not lacks_writer:
        return shown
    quiet = Text("The model that writes answers did not answer; this is what the sources say.", is_quiet=True)
    return Message((shown.blocks[0], quiet, *shown.blocks[1:]))


def so_far(found: Answer, claims: Sequence[Claim]) -> str:
    """The first paragraphs of the card, as far as they are written."""
    return PARAGRAPH.join((first_sentence(found), written(claims)))


def written(claims: Sequence[Claim]) -> str:
    """What a model wrote, with the numbers of its sources."""
    return " ".join(claim.marked for claim in claims)


def overheard(found: Answer, answer_id: str) -> Message:
    """An answer that nobody had asked the bot for, and how to be rid of it."""
    buttons = (Button("Not now", NotNow()), Button("Mute this thread", MuteThread()))
    lead = Text("I overheard this and happen to know something.", is_quiet=True)
    return Message((lead, *_answer(found, answer_id, buttons).blocks))


def shared(found: Answer, answer_id: str, *, by: str) -> Message:
    """An answer that one person got before, for the room."""
    whose = f"{by} asked me" if by else "Somebody here asked me"
    lead = Text(f"{whose}: “{shorten(found.question.text, 200)}”", is_quiet=True)
    return Message((lead, *_answer(found, answer_id, ()).blocks))


def _answer(found: Answer, answer_id: str, buttons: Sequence[Button | None]) -> Message:
    blocks: list[Block] = [Text(first_sentence(found))]
    if found.verdict is Verdict.NOTHING_YET:
        blocks.append(Text("Whoever runs me can bring some in: pilotlight import --starter, or a file.", is_quiet=True))
    if found.claims:
        blocks.append(Text(written(found.claims)))
    if found.citations:
        blocks.append(Sources(tuple(_source(each, found) for each in found.citations)))
    if found.claims:
        warning = "Written by a model from these sources; check them before you rely on it."
        blocks.append(Text(warning, is_quiet=True))
    if looked_at := _looked_first_at(found.question):
        blocks.append(Text(looked_at, is_quiet=True))
    if found.read_next:
        blocks.append(Text(_read_next(found.read_next), is_quiet=True))
    if shown := tuple(button for button in buttons if button):
        blocks.append(Buttons(shown))
    if answer_id and found.citations:
        good, bad = RateAnswer(answer_id, True), RateAnswer(answer_id, False)
        blocks.append(Feedback(good=Button("Helpful", good), bad=Button("Not helpful", bad)))
    return Message(tuple(blocks))


def first_sentence(found: Answer) -> str:
    """The direct answer, with the count and the shape of what was found."""
    match found.verdict:
        case Verdict.TRIED if not found.question.topic:
            return f"I know {_count(found.pilots, 'such pilot')}{_in_countries(found.countries)}{_stopped(found)}."
        case Verdict.TRIED:
            return f"Yes: {_count(found.pilots, 'pilot')}{_in_countries(found.countries)} tried this{_stopped(found)}."
        case Verdict.ELSEWHERE:
            return "Nobody there has recorded trying this yet, and I keep your question. Elsewhere it was tried:"
        case Verdict.CLOSE:
            return "Nobody has recorded trying just this yet, and I keep your question. These came close:"
        case Verdict.NOBODY:
            nearest = " The nearest I know:" if found.citations else ""
            return f"Nobody has recorded trying this yet. I keep your question, so that it gets asked around.{nearest}"
        case Verdict.NOTHING_YET:
            return "I know no pilots yet, so I cannot tell whether anyone tried this. I keep your question."
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
        outcome.stopped_because and f"Why it was stopped: {outcome.stopped_because}",
    )
    latest = sorted(learnings, key=lambda each: each.told_at, reverse=True)[:LEARNINGS_SHOWN]
    asked = _meters(done)
    questions = tuple(Text(f"{gap.question} {gap.reason}") for gap in missing[:GAPS_SHOWN])
    blocks = (
        Heading(shown.title),
        Text(" · ".join(_details(shown)), is_quiet=True),
        *(Text(shorten(text, 2_000)) for text in texts if text),
        *(Text(f"Learned on {day(each.told_at)}: {shorten(each.text, 1_000)}") for each in latest),
        Facts(_facts(shown)) if _facts(shown) else None,
        Links(_links(shown)) if _links(shown) else None,
        *((Text("What it can say so far:", is_quiet=True), Meters(asked)) if asked else ()),
        *((Text("Worth finding out next:", is_quiet=True), *questions) if questions else ()),
    )
    return Message(tuple(block for block in blocks if block))


def several_pilots(named: str, pilots: Sequence[Pilot]) -> Message:
    """More than one pilot may be meant: which?"""
    sources = tuple(Source(title=each.title, details=_details(each), action=ShowPilot(each.id)) for each in pilots)
    return Message((Text(f"Which of these do you mean by “{shorten(named, 80)}”?"), Sources(sources)))


def which_pilot() -> Message:
    return Message((Text("Which pilot? Say show and words of its title, or press its number under an answer."),))


def no_such_pilot(named: str) -> Message:
    return Message((Text(f"I know no pilot called “{shorten(named, 80)}”. Ask for its topic: ask has anyone tried …"),))


def told(new: Pilot) -> Message:
    """Thanks for a pilot, whatever became of it."""
    thanks = "A stopped pilot is worth as much as a running one: " if new.stage is Stage.STOPPED else ""
    return Message(
        (
            Text(f"Thank you. {thanks}“{new.title}” is kept and can be found from now on."),
            Buttons((Button("Show it", ShowPilot(new.id)),)),
        )
    )


def welcome() -> Message:
    """The first words to someone who opened the conversation."""
    return Message(
        (
            Heading("Has anyone tried it?"),
            Text(
                "Ask me about anything the public sector may have piloted. I answer from recorded pilots, with "
                "sources, the stopped ones too, and with the person to talk to where one is known."
            ),
            Text("Try: has anyone tried a four-day week?"),
        )
    )


def you_are_welcome() -> Message:
    return Message((Text("You are welcome. If you try it yourself, tell me how it went: good or bad."),))


def home(
    own: Sequence[tuple[Pilot, Mapping[Dimension, Progress]]],
    *,
    preferences: Preferences,
    unanswered: Sequence[Demand] | None,
) -> Message:
    """A person's own page. `unanswered` are the community's open questions, for those who look after it."""
    blocks: list[Block] = [Heading("Your pilots")]
    shown = tuple(
        Source(title=pilot.title, details=_details(pilot), meters=_meters(done), action=ShowPilot(pilot.id))
        for pilot, done in own[:HOME_PILOTS_SHOWN]
    )
    if shown:
        blocks.append(Sources(shown))
    else:
        blocks.append(Text("None yet. Tell the community of one: running, finished or stopped, each is worth having."))
    if len(own) > HOME_PILOTS_SHOWN:
        blocks.append(Text(f"And {len(own) - HOME_PILOTS_SHOWN} more.", is_quiet=True))
    blocks.append(Buttons((Button("Tell of a pilot", TellPilot()),)))
    if unanswered is not None:
        blocks.append(Heading("Questions nobody could answer yet"))
        asked_on = tuple((day(each.asked_at), shorten(each.topic, 200)) for each in unanswered)
        blocks.append(Facts(asked_on) if asked_on else Text("None: every question found somebody who had tried it."))
    blocks += [Heading("Your settings"), Facts(_settings(preferences))]
    blocks.append(Buttons((Button("Change settings", OpenSettings()),)))
    return Message(tuple(blocks))


def settings_kept(preferences: Preferences) -> Message:
    return Message((Text("Kept."), Facts(_settings(preferences))))


def mode(current: Mode, *, may_choose: bool) -> Message:
    """When the bot speaks in this room, and the choice for those who may make it."""
    said = Text(_MODES[current])
    if not may_choose:
        return Message((said, Text("Moderators can change that: /pilot channel.", is_quiet=True)))
    choices = tuple(Button(label, SetMode(each)) for each, label in _MODE_LABELS.items() if each is not current)
    return Message((said, Buttons(choices)))


def mode_chosen(chosen: Mode) -> Message:
    return Message((Text(f"From now on: {_MODES[chosen]}"),))


def unknown_mode(said: str) -> Message:
    choices = " or ".join(tuple(Mode))
    return Message((Text(f"“{shorten(said, 40)}” is none of my ways in a channel: say channel {choices}."),))


def only_moderators(*, has_any: bool) -> Message:
    """Who may, and where nobody may yet, how somebody can."""
    if has_any:
        return Message((Text("Only moderators of this community can do that. Please ask one of them."),))
    return Message(
        (
            Text(
                "Only moderators can do that, and this community has none yet. "
                "Whoever runs me can name one: pilotlight moderators add …"
            ),
        )
    )


def no_room_here() -> Message:
    return Message((Text("This is a conversation between the two of us. Say that in a channel, please."),))


def off_here() -> Message:
    return Message((Text("I am switched off in this channel. Ask me in a direct message; I will answer there."),))


def one_moment() -> Message:
    return Message((Text("One moment, I am still at it …"),))


def stopped() -> Message:
    return Message((Text("Stopped."),))


def not_in_channel() -> Message:
    return Message((Text("I may not post in that channel. Invite me there, and ask again: /invite @Pilotlight"),))


def outsider() -> Message:
    return Message((Text("That is for members of this community; here people from outside read along."),))


def muted(by: str) -> Message:
    whose = f"Muted by {by}" if by else "Muted"
    return Message((Text(f"{whose}: I keep out of this thread unless you mention me.", is_quiet=True),))


def not_now(by: str) -> Message:
    whose = f"{by} said “not now”" if by else "“Not now”, then"
    return Message((Text(f"{whose}: I took my answer back. Mention me whenever you want it.", is_quiet=True),))


def glad() -> Message:
    return Message((Text("Thank you, good to know."),))


def noted() -> Message:
    return Message((Text("Thank you. I keep that for whoever looks after me."),))


def help_() -> Message:
    """What one can say, from the table of commands."""
    facts = tuple((f"{each.name} {each.arguments}".strip(), each.does) for each in COMMANDS)
    return Message((Text("Just ask: has anyone tried …? Or say one of these:"), Facts(facts)))


def unknown_command(said: str) -> Message:
    return Message((Text(f"I have no command “{shorten(said, 40)}”."), *help_().blocks))


def old_card() -> Message:
    return Message((Text("This card is from an earlier version and no longer works. Please ask again."),))


def sorry(reason: str) -> Message:
    """Something is in the way; the reason is already a sentence for people."""
    return Message((Text(reason),))


def unavailable(reference: str) -> Message:
    """Something outside is away; the log says what."""
    return Message(
        (
            Text(
                "I cannot get at what I know just now. Please try again in a few minutes; if it stays, tell whoever "
                f"runs me this reference: {reference}"
            ),
        )
    )


def broken(reference: str) -> Message:
    return Message(
        (
            Text(
                "Something went wrong on my side. Please try again; if it stays, tell whoever runs me "
                f"this reference: {reference}"
            ),
        )
    )


def day(moment: date | datetime) -> str:
    """As people write it: 22 November 2026."""
    return f"{moment.day} {moment:%B %Y}"


def stage(named: Stage) -> str:
    """What people call a stage; "" of the unknown one."""
    return _STAGES[named]


def direction(named: Direction) -> str:
    return _DIRECTIONS[named]


def _meters(done: Mapping[Dimension, Progress]) -> tuple[tuple[str, int, int], ...]:
    return tuple((_DIMENSIONS[each], state.answered, state.asked) for each, state in done.items() if state.asked)


def _settings(preferences: Preferences) -> tuple[tuple[str, str], ...]:
    start, end = preferences.quiet_from, preferences.quiet_until
    return (
        ("Quiet hours", f"{start:%H:%M} to {end:%H:%M}" if start and end else "none"),
        ("Pause", f"until {day(preferences.paused_until)}" if preferences.paused_until else "none"),
    )


def _source(cited: Citation, found: Answer) -> Source:
    shown = cited.pilot
    notes = (
        "Close, but not quite this." if cited.is_close and found.verdict is Verdict.TRIED else "",
        "The same idea, but elsewhere." if cited.is_elsewhere and found.verdict is Verdict.TRIED else "",
        _why_stopped(shown) if shown.stage is Stage.STOPPED else "",
    )
    return Source(
        title=shown.title,
        link=shown.link,
        details=_details(shown),
        excerpt=cited.excerpt,
        note=" ".join(note for note in notes if note),
        contact=f"Ask {_contact(shown.owner)}" if shown.owner else "",
        action=ShowPilot(shown.id),
    )


def _why_stopped(shown: Pilot) -> str:
    outcome = shown.outcome
    if outcome.stopped_because:
        return f"Stopped: {shorten(outcome.stopped_because, 200)}"
    if outcome.summary:
        return f"Stopped. What is recorded of it: {shorten(outcome.summary, 200)}"
    return "Stopped, and nobody recorded why."


def _details(shown: Pilot) -> tuple[str, ...]:
    results = shown.outcome.direction
    details = (
        shown.organisation,
        country_name(shown.country) if shown.country else None,
        str(shown.year) if shown.year else None,
        _STAGES[shown.stage],
        _DIRECTIONS[results] if results else None,
    )
    return tuple(detail for detail in details if detail)


def _facts(shown: Pilot) -> tuple[tuple[str, str], ...]:
    solved = "; ".join(
        f"{each.description} — {each.solved_by}" if each.solved_by else each.description for each in shown.barriers
    )
    facts = (
        ("Topics", ", ".join(shown.topics)),
        ("Ask", _contact(shown.owner) if shown.owner else ""),
        ("Money", " · ".join(filter(None, (shown.funding.source, shown.funding.amount)))),
        ("Money ends", str(shown.funding.ends or "")),
        ("Barriers", solved),
        ("Found by evaluation", "; ".join(each.summary for each in shown.evaluations if each.summary)),
        ("What others may take", "; ".join(each.name for each in shown.assets)),
        ("For a second site", shown.second_site or ""),
        ("Source", " · ".join(filter(None, (shown.provenance.attribution, shown.provenance.licence)))),
    )
    return tuple((label, shorten(value, 600)) for label, value in facts if value)


def _links(shown: Pilot) -> tuple[tuple[str, str], ...]:
    evidence = (("Evaluation", each.evidence) for each in shown.evaluations)
    assets = ((each.name, each.link) for each in shown.assets)
    return tuple((label, link) for label, link in (("Read more", shown.link), *evidence, *assets) if link)


def _contact(contact: Contact) -> str:
    organisation = f" ({contact.organisation})" if contact.organisation else ""
    return f"{contact.name}{organisation}{f', {contact.address}' if contact.address else ''}"


def _read_next(best: Citation) -> str:
    if best.pilot.stage is Stage.STOPPED:
        return f"Read next: “{best.pilot.title}”. What did not work elsewhere is the cheapest lesson there is."
    return f"Read next: “{best.pilot.title}”, for how it was evaluated."


def _looked_first_at(question: Question) -> str:
    """The filters that were read out of the question, so that people can see what came first."""
    parts = (
        " or ".join(country_name(each) for each in question.countries)
        if len(question.countries) <= COUNTRIES_SHOWN
        else question.where,
        _organisations(question.organisations),
        " or ".join(_STAGES[each] for each in question.stages if _STAGES[each]),
        _period(question.period.first, question.period.last) if question.period else "",
    )
    told = "; ".join(part for part in parts if part)
    return f"I looked first at: {told}." if told else ""


def _organisations(names: Sequence[str]) -> str:
    """Catalogues spell one organisation in many ways; the shortest says best which is meant."""
    if len(names) <= 2:
        return " or ".join(names)
    return f"{min(names, key=len)} and {len(names) - 1} more of that name"


def _period(first: date | None, last: date | None) -> str:
    match first, last:
        case date(), None:
            return f"since {first.year}"
        case None, date():
            return f"until {last.year}"
        case date(), date():
            return str(first.year) if first.year == last.year else f"{first.year} to {last.year}"
    return ""


def _stopped(found: Answer) -> str:
    if not found.stopped:
        return ""
    if found.stopped == found.pilots:
        return {1: "; it was stopped", 2: "; both were stopped"}.get(found.stopped, "; all were stopped")
    return "; 1 was stopped" if found.stopped == 1 else f"; {found.stopped} were stopped"


def _in_countries(count: int) -> str:
    return f" in {_count(count, 'country', 'countries')}" if count > 1 else ""


def _count(count: int, one: str, many: str = "") -> str:
    return f"{count} {one}" if count == 1 else f"{count:,} {many or one + 's'}"
