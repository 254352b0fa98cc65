"""One pilot, several, none; and thanks for a new one."""

from collections.abc import Mapping, Sequence

from bot.actions import ShowPilot
from bot.cards.labels import contact, day, details, meters
from bot.cards.talk import read_more
from bot.messages import Button, Buttons, Facts, Heading, Links, Message, Meters, Source, Sources, Text
from bot.voice import say
from knowledge.dimensions import Dimension, Gap, Progress
from knowledge.learnings import Learning
from knowledge.pilots import Pilot, Stage
from knowledge.text import shorten

GAPS_SHOWN = 3


LEARNINGS_SHOWN = 5


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
    asked = meters(done)
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


def _learned(learning: Learning) -> str:
    return say("Learned on {day}: {text}", day=day(learning.told_at), text=shorten(learning.text, 1_000))


def _facts(shown: Pilot) -> tuple[tuple[str, str], ...]:
    solved = "; ".join(
        f"{each.description} — {each.solved_by}" if each.solved_by else each.description for each in shown.barriers
    )
    facts = (
        (say("Topics"), ", ".join(shown.topics)),
        (say("Ask"), contact(shown.owner) if shown.owner else ""),
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
