"""What moderators are told of the check-ins of their community."""

from collections import Counter
from collections.abc import Sequence

from bot.actions import AskNow, OverseePilots, PauseAsking, PlanAsking, ResumeAsking, TryAgain
from bot.cards.labels import day
from bot.check_ins import ASK, POST, REMIND
from bot.circles import INVITATION, SUMMARY
from bot.digests import DIGEST
from bot.messages import Block, Button, Buttons, Facts, Heading, Message, Source, Sources, Text, how_many
from bot.oversight import Overseen, Status, Unsent
from bot.voice import phrase, say, say_count
from knowledge.text import shorten

PILOTS_SHOWN, UNSENT_SHOWN = 10, 5
_TITLE, _NOTE = 80, 200

_STATUSES = {
    Status.LATE: phrase("Late"),
    Status.DUE: phrase("Due within a week"),
    Status.ASKED: phrase("Asked, not answered yet"),
    Status.LATER: phrase("Due later"),
    Status.NOT_ASKED: phrase("Not asked"),
    Status.PAUSED: phrase("Paused"),
    Status.STOPPED: phrase("Stopped"),
}
_KINDS = {
    ASK: phrase("check-in"),
    REMIND: phrase("reminder"),
    POST: phrase("post in the channel"),
    DIGEST: phrase("digest"),
    INVITATION: phrase("invitation to a learning circle"),
    SUMMARY: phrase("summary of a learning circle"),
}


def overview(found: Sequence[Overseen], wanted: str, *, unsent: Sequence[Unsent] = ()) -> Message:
    """All that are asked, or those that were wanted, with what can be done about them."""
    blocks: list[Block] = [Heading(say("Check-ins"))]
    if not found:
        blocks += none(wanted).blocks
    else:
        blocks.append(Facts(_counts(found)))
        blocks.append(Sources(tuple(_source(each) for each in found[:PILOTS_SHOWN])))
        more = len(found) - PILOTS_SHOWN
        if more > 0:
            blocks.append(Text(say_count("And {count} more.", "And {count} more.", more), is_quiet=True))
        blocks += _ways_on(found, wanted)
    return Message((*blocks, *could_not_be_sent(unsent)))


def none(wanted: str) -> Message:
    if wanted:
        no = say("I know no pilot with an owner here that has these words in its title, organisation or topics.")
    else:
        no = say("Nobody is asked here yet. Say for which pilots to begin, such as: checkins mobility.")
    return Message((Text(no),))


def nobody_is_asked() -> Message:
    return Message((Text(say("Nobody is asked in a rhythm here. To tell what is new, say: checkin.")),))


def too_many(limit: int) -> Message:
    few = say("These are more than {limit}, which I do not change at once. Please say more words.", limit=limit)
    return Message((Text(few),))


def asked_now(count: int, *, left_out: int) -> Message:
    asked = say_count("I ask about {count} pilot now.", "I ask about {count} pilots now.", count)
    waits = say("Who is not at work now is asked once they are.")
    blocks: list[Block] = [Text(asked)] if count else [Text(say("There is nobody to ask about now."))]
    if count:
        blocks.append(Text(waits, is_quiet=True))
    if left_out:
        out = say_count(
            "I leave out {count}: it is paused or stopped, or was asked about today.",
            "I leave out {count}: they are paused or stopped, or were asked about today.",
            left_out,
        )
        blocks.append(Text(out, is_quiet=True))
    return Message(tuple(blocks))


def paused(count: int) -> Message:
    said = say_count(
        "{count} pilot is not asked about until somebody says so.",
        "{count} pilots are not asked about until somebody says so.",
        count,
    )
    return Message((Text(said),))


def resumed(count: int) -> Message:
    said = say_count("{count} pilot is asked about again.", "{count} pilots are asked about again.", count)
    return Message((Text(said),))


def planned(count: int, wanted: str) -> Message:
    said = say_count("Kept for {count} pilot.", "Kept for {count} pilots.", count)
    return Message((Text(said), Buttons((Button(say("Show check-ins"), OverseePilots(wanted)),))))


def of_how_many(count: int, wanted: str) -> str:
    return say_count("{count} pilot: {words}", "{count} pilots: {words}", count, words=wanted)


def tried_again() -> Message:
    return Message((Text(say("I try that once more now.")),))


def tried_already() -> Message:
    return Message((Text(say("That was tried again already, or is not kept any more.")),))


def could_not_be_sent(unsent: Sequence[Unsent]) -> list[Block]:
    """Nothing where everything could."""
    if not unsent:
        return []
    shown = unsent[:UNSENT_SHOWN]
    facts = tuple((_about(number, each), shorten(each.standing.note, _NOTE)) for number, each in enumerate(shown, 1))
    buttons = tuple(
        Button(say("Try {number} again", number=number), TryAgain(each.mark)) for number, each in enumerate(shown, 1)
    )
    blocks: list[Block] = [Heading(say("What could not be sent")), Facts(facts), Buttons(buttons)]
    if len(unsent) > len(shown):
        more = say_count("And {count} more.", "And {count} more.", len(unsent) - len(shown))
        blocks.append(Text(more, is_quiet=True))
    return blocks


def _counts(found: Sequence[Overseen]) -> tuple[tuple[str, str], ...]:
    count = Counter(each.status for each in found)
    counts = tuple((say(label), str(count[each])) for each, label in _STATUSES.items() if count[each])
    asked = sum(each.asked for each in found)
    answered = sum(each.answered for each in found)
    rate = ((say("Answered in the last three months"), how_many(answered, asked)),) if asked else ()
    return (*counts, *rate)


def _source(overseen: Overseen) -> Source:
    plan, owner = overseen.plan, overseen.pilot.owner
    status = say(_STATUSES[overseen.status])
    if overseen.asked_at:
        status = say("{status}: asked on {day}", status=status, day=day(overseen.asked_at))
    elif plan.due_at and overseen.status in (Status.DUE, Status.LATER):
        status = say("{status}: {day}", status=status, day=day(plan.due_at))
    rate = say("answered {how_many}", how_many=how_many(overseen.answered, overseen.asked)) if overseen.asked else ""
    known = (status, owner.name if owner else "", plan.rhythm, rate)
    return Source(
        title=shorten(overseen.pilot.title, _TITLE),
        details=tuple(each for each in known if each),
        action=OverseePilots(overseen.pilot.id),
    )


def _ways_on(found: Sequence[Overseen], wanted: str) -> list[Block]:
    """Nobody asks a whole community by mistake: that takes words."""
    if not wanted:
        return [Text(say("For some of them, say words of their titles, organisations or topics: checkins mobility."))]
    count = len(found)
    is_paused = all(each.status is Status.PAUSED for each in found)
    ask = say("Ask now") if count == 1 else say("Ask about all {count} now", count=count)
    pausing = Button(say("Ask again"), ResumeAsking(wanted)) if is_paused else Button(say("Pause"), PauseAsking(wanted))
    return [Buttons((Button(ask, AskNow(wanted)), pausing, Button(say("Rhythm and questions …"), PlanAsking(wanted))))]


def _about(number: int, unsent: Unsent) -> str:
    kind = say(_KINDS.get(unsent.standing.delivery.kind, phrase("message")))
    title = f" “{shorten(unsent.pilot.title, _TITLE)}”" if unsent.pilot else ""
    return f"{number}. {kind}{title}"
