"""What is said around check-ins: short and kind, and a stopped pilot is thanked."""

from collections.abc import Sequence
from datetime import date

from bot.actions import (
    AnswerOffer,
    ChangeCheckIns,
    FollowUp,
    KeepWords,
    NothingNew,
    OpenCheckIn,
    PutOff,
    SetRhythm,
    ShowPilot,
    SkipCheckIn,
    StopPilot,
    Unblock,
)
from bot.cards.labels import barrier, day, details
from bot.check_ins import Blocker, CheckIn, CheckInAnswer, CheckInPlan, PlanState, Sharing
from bot.messages import Block, Button, Buttons, Facts, Heading, Message, Source, Sources, Text
from bot.voice import phrase, say, say_count
from knowledge.learnings import LearningKind
from knowledge.pilots import BarrierKind, Pilot
from knowledge.text import shorten

BLOCKERS_SHOWN = 5
_TITLE, _TOLD = 80, 200

_RHYTHMS = {
    "every 2 weeks": phrase("Every two weeks"),
    "every month": phrase("Every month"),
    "every quarter": phrase("Every quarter"),
    "100 days": phrase("A 100-day challenge"),
}
_READ_BY = {
    Sharing.COMMUNITY: phrase("The community can find it."),
    Sharing.MODERATORS: phrase("Only you and the moderators can read it."),
    Sharing.LATER: phrase("The community can find it from {day} on; until then only you and the moderators."),
}


def ask(pilot: Pilot, check_in: CheckIn, last: CheckIn | None, *, is_reminder: bool = False) -> Message:
    """The message that asks, or asks once more; `last` is what was told before."""
    title = shorten(pilot.title, _TITLE)
    if is_reminder:
        asked = say("A gentle reminder: is there anything new of “{title}”?", title=title)
    else:
        asked = say("How is “{title}” going?", title=title)
    left = say("There is time until {day}.", day=day(check_in.until)) if check_in.until else ""
    hint = say("Two minutes are enough. You may also just write to me here in your own words.")
    told = _last(last)
    first = (
        Button(say("Answer"), OpenCheckIn(check_in.id)),
        Button(say("Nothing new"), NothingNew(check_in.id)),
        Button(say("Ask me tomorrow"), PutOff(check_in.id, 1)),
        Button(say("Ask me in a week"), PutOff(check_in.id, 7)),
        Button(say("Skip this one"), SkipCheckIn(check_in.id)),
    )
    more = (
        Button(say("Another day, rhythm or person …"), ChangeCheckIns(pilot.id)),
        Button(say("We stopped it …"), StopPilot(pilot.id)),
    )
    blocks = (
        Text(asked),
        *((Text(told, is_quiet=True),) if told else ()),
        Text(" ".join(each for each in (hint, left) if each), is_quiet=True),
        Buttons(first),
        Buttons(more),
    )
    return Message(blocks)


def kept(
    pilot: Pilot,
    check_in: CheckIn,
    plan: CheckInPlan,
    *,
    blocked: Sequence[tuple[CheckInAnswer, Sequence[Pilot]]] = (),
    follow_up: str = "",
    wants_stop: bool = False,
) -> Message:
    """Thanks for an answer. `blocked` is what is in the way, each with pilots that got past the same."""
    thanks = say("Thank you. What you told of “{title}” is kept.", title=shorten(pilot.title, _TITLE))
    read_by = say(_READ_BY[check_in.sharing], day=day(check_in.shared_from) if check_in.shared_from else "")
    if check_in.is_for_channel:
        read_by = f"{read_by} {say('The channel gets a short post.')}"
    blocks: list[Block] = [Text(thanks), Text(read_by, is_quiet=True)]
    for answer, solved in blocked:
        blocks += _blocked(answer, solved)
    if follow_up:
        blocks.append(Text(follow_up))
    buttons = [Button(say("Correct it"), OpenCheckIn(check_in.id))]
    if blocked or follow_up:
        buttons.insert(0, Button(say("Say more"), FollowUp(check_in.id)))
    if wants_stop:
        buttons.insert(0, Button(say("We stopped it …"), StopPilot(pilot.id)))
    blocks.append(Buttons(tuple(buttons)))
    return Message((*blocks, *_rhythm_wanted(plan)))


def nothing_new(pilot: Pilot, plan: CheckInPlan) -> Message:
    thanks = say("Thank you: nothing new of “{title}” is good to know, too.", title=shorten(pilot.title, _TITLE))
    return Message((Text(thanks), *_next(plan)))


def skipped(pilot: Pilot, plan: CheckInPlan) -> Message:
    left_out = say("I leave this one out for “{title}”.", title=shorten(pilot.title, _TITLE))
    return Message((Text(left_out), *_next(plan)))


def put_off(pilot: Pilot, until: date) -> Message:
    later = say("I ask you again about “{title}” on {day}.", title=shorten(pilot.title, _TITLE), day=day(until))
    return Message((Text(later),))


def changed(pilot: Pilot, plan: CheckInPlan, offered_to: str = "") -> Message:
    """How its people are asked from now on."""
    blocks: list[Block] = [Text(say("From now on for “{title}”:", title=shorten(pilot.title, _TITLE)))]
    blocks.append(Facts(plan_facts(plan)))
    if offered_to:
        asked = say("I ask {name} whether they take it over. Until they say yes, I ask you.", name=offered_to)
        blocks.append(Text(asked, is_quiet=True))
    return Message(tuple(blocks))


def plan_facts(plan: CheckInPlan) -> tuple[tuple[str, str], ...]:
    rhythm = plan.rhythm or say("not chosen yet")
    match plan.state:
        case PlanState.PAUSED if plan.paused_until:
            asked = say("paused until {day}", day=day(plan.paused_until))
        case PlanState.PAUSED:
            asked = say("paused")
        case PlanState.STOPPED:
            asked = say("not any more: it is stopped")
        case PlanState.ACTIVE:
            asked = day(plan.due_at) if plan.due_at else say("not asked")
    return (say("Rhythm"), rhythm), (say("Next check-in"), asked)


def which(tended: Sequence[Pilot]) -> Message:
    """Which of one's pilots is meant?"""
    buttons = tuple(Button(shorten(each.title, 60), OpenCheckIn(each.id)) for each in tended)
    return Message((Text(say("Which of your pilots do you want to tell of?")), Buttons(buttons)))


def which_of(pilots: Sequence[Pilot]) -> Message:
    """More than one is meant, by words that several titles share."""
    sources = tuple(Source(title=each.title, details=details(each), action=ShowPilot(each.id)) for each in pilots)
    return Message((Text(say("More than one pilot fits. Please say more of its title:")), Sources(sources)))


def not_yours() -> Message:
    none = say(
        "I know no such pilot that you look after. Its owner, deputy and the moderators can do that; “tell” adds one."
    )
    return Message((Text(none),))


def over() -> Message:
    return Message((Text(say("This check-in is over. To tell what is new, say: checkin.")),))


def nobody_is_asked() -> Message:
    return Message((Text(say("Nobody is asked in a rhythm here. To tell what is new, say: checkin.")),))


def rhythm(pilot: Pilot, plan: CheckInPlan) -> Message:
    """How it is now, with the rhythms that most choose."""
    title = Text(say("Check-ins of “{title}”", title=shorten(pilot.title, _TITLE)))
    return Message((title, Facts(plan_facts(plan)), _rhythm_buttons(pilot.id), Text(_rhythm_hint(), is_quiet=True)))


def which_rhythm() -> Message:
    how = say("Say the pilot and how often, such as: rhythm Tool library every month.")
    return Message((Text(how), Text(_rhythm_hint(), is_quiet=True)))


def words_offered(check_ins: Sequence[tuple[Pilot, CheckIn, str]]) -> Message:
    """Is what somebody said the answer to what they were asked? Each with the mark of those words."""
    if len(check_ins) == 1:
        ((pilot, check_in, mark),) = check_ins
        asked = say("Is that your answer on “{title}”?", title=shorten(pilot.title, _TITLE))
        buttons: tuple[Button, ...] = (
            Button(say("Keep it as my answer"), KeepWords(check_in.id, mark)),
            Button(say("Open the form"), OpenCheckIn(check_in.id)),
        )
    else:
        asked = say("Is that your answer, and on which pilot?")
        buttons = tuple(
            Button(say("Keep it for “{title}”", title=shorten(pilot.title, 40)), KeepWords(check_in.id, mark))
            for pilot, check_in, mark in check_ins
        )
    sharings = {check_in.sharing for _, check_in, _ in check_ins}
    sharing = sharings.pop() if len(sharings) == 1 else Sharing.MODERATORS
    read_by = say(_READ_BY[sharing]) if sharing is not Sharing.LATER else ""
    quiet = say("Nothing is kept unless you press. To search instead, begin with: ask.")
    return Message(
        (Text(asked), Text(" ".join(each for each in (read_by, quiet) if each), is_quiet=True), Buttons(buttons))
    )


def offer(pilot: Pilot, by: str) -> Message:
    """To the colleague who may take over."""
    title = shorten(pilot.title, _TITLE)
    if by:
        asked = say("{name} asks whether you take over the check-ins of “{title}”.", name=by, title=title)
    else:
        asked = say("Would you take over the check-ins of “{title}”?", title=title)
    what = say("Now and then I ask you in a short form how it is going. You can hand it on or stop at any time.")
    buttons = (
        Button(say("Yes, ask me"), AnswerOffer(pilot.id, True)),
        Button(say("No, thank you"), AnswerOffer(pilot.id, False)),
    )
    return Message((Text(asked), Text(what, is_quiet=True), Buttons(buttons)))


def accepted(pilot: Pilot, plan: CheckInPlan) -> Message:
    thanks = say("Thank you. From now on I ask you about “{title}”.", title=shorten(pilot.title, _TITLE))
    buttons = Buttons((Button(say("Tell what is new"), OpenCheckIn(pilot.id)),))
    return Message((Text(thanks), Facts(plan_facts(plan)), buttons))


def declined() -> Message:
    return Message((Text(say("No, then: thank you for answering. I keep asking whom I asked before.")),))


def was_declined(pilot: Pilot) -> Message:
    """To whoever had offered it."""
    said = say("Your colleague cannot take over the check-ins of “{title}”.", title=shorten(pilot.title, _TITLE))
    return Message((Text(said), Buttons((Button(say("Ask somebody else …"), ChangeCheckIns(pilot.id)),))))


def no_offer() -> Message:
    return Message((Text(say("These check-ins are not offered to you, or not any more. You need do nothing.")),))


def stopped(pilot: Pilot) -> Message:
    thanks = say(
        "Thank you for trying “{title}”, and for saying how it ended. That it was stopped, and why, is a result worth "
        "having: the next who asks finds it. I do not ask you about it any more.",
        title=shorten(pilot.title, _TITLE),
    )
    return Message((Text(thanks), Buttons((Button(say("Show it"), ShowPilot(pilot.id)),))))


def unblocked(pilot: Pilot) -> Message:
    done = say("Good! What got you past it is kept, so that others can do the same.")
    return Message((Text(done), Buttons((Button(say("Show it"), ShowPilot(pilot.id)),))))


def post(pilot: Pilot, check_in: CheckIn) -> Message:
    """For the community's channel: what its owner agreed to."""
    told = tuple((each.asked, shorten(each.text, 300)) for each in check_in.answers.values())
    news = Text(say("News of “{title}”", title=shorten(pilot.title, _TITLE)))
    return Message((news, Facts(told), Buttons((Button(say("Show it"), ShowPilot(pilot.id)),))))


def unresolved(blockers: Sequence[tuple[Pilot, Blocker]]) -> list[Block]:
    """For whoever looks after the community; nothing where nothing is in the way."""
    if not blockers:
        return []
    shown = blockers[:BLOCKERS_SHOWN]
    facts = tuple(
        (shorten(pilot.title, _TITLE), f"{barrier(blocker.kind)}: {shorten(blocker.text, _TOLD)}")
        for pilot, blocker in shown
    )
    buttons = tuple(
        Button(say("“{title}” got past it …", title=shorten(pilot.title, 40)), Unblock(blocker.learning_id))
        for pilot, blocker in shown
    )
    blocks: list[Block] = [Heading(say("What is in the way")), Facts(facts), Buttons(buttons)]
    if len(blockers) > len(shown):
        more = say_count("And {count} more.", "And {count} more.", len(blockers) - len(shown))
        blocks.append(Text(more, is_quiet=True))
    return blocks


def _blocked(answer: CheckInAnswer, solved: Sequence[Pilot]) -> list[Block]:
    kind = answer.barrier or BarrierKind.OTHER
    if kind is BarrierKind.OTHER:
        said = say("The moderators see what is in the way. What kind of thing is it?")
    else:
        said = say("The moderators see what is in the way; I took it for: {kind}.", kind=barrier(kind))
    if not solved:
        return [Text(said)]
    got_past = say_count(
        "{count} pilot got past the same:", "{count} pilots got past the same:", len(solved), kind=barrier(kind)
    )
    sources = tuple(
        Source(
            title=each.title,
            link=each.link,
            details=details(each),
            note="; ".join(_solution(each, kind)),
            action=ShowPilot(each.id),
        )
        for each in solved
    )
    return [Text(said), Text(got_past), Sources(sources)]


def _solution(pilot: Pilot, kind: BarrierKind) -> Sequence[str]:
    return [shorten(each.solved_by, _TOLD) for each in pilot.barriers if each.kind is kind and each.solved_by]


def _last(last: CheckIn | None) -> str:
    if last is None or not last.answers:
        return ""
    order = (LearningKind.NEXT, LearningKind.BLOCKER, LearningKind.NEED)
    ranked = sorted(last.answers.values(), key=lambda each: order.index(each.kind) if each.kind in order else 9)
    told = ranked[0]
    text = shorten(told.text, _TOLD)
    return say("On {day} you told me: {question} {text}", day=day(last.on), question=told.asked, text=text)


def _next(plan: CheckInPlan) -> tuple[Block, ...]:
    if plan.due_at is None:
        return ()
    return (Text(say("I ask again on {day}.", day=day(plan.due_at)), is_quiet=True),)


def _rhythm_wanted(plan: CheckInPlan) -> tuple[Block, ...]:
    if plan.rhythm or plan.state is PlanState.STOPPED:
        return _next(plan)
    return (Text(say("Shall I ask you again?"), is_quiet=True), _rhythm_buttons(plan.pilot_id))


def _rhythm_buttons(pilot_id: str) -> Buttons:
    return Buttons(tuple(Button(say(label), SetRhythm(pilot_id, each)) for each, label in _RHYTHMS.items()))


def _rhythm_hint() -> str:
    return say("Also: every week, every 6 months, every year, first Tuesday, last Friday every quarter.")
