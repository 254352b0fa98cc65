"""What a room is told of the week, and what is said where a moderator chooses that room; what is left out is asked."""

from bot.actions import ShowPilot
from bot.cards.labels import details
from bot.digests import Board, News
from bot.messages import Block, Facts, Heading, Message, Source, Sources, Text
from bot.voice import phrase, say, say_count
from knowledge.learnings import LearningKind
from knowledge.text import shorten

PILOTS_SHOWN, STOPPED_SHOWN, LEARNINGS_SHOWN, SPREADS_SHOWN = 5, 3, 5, 3
_TITLE, _TOLD = 80, 200

WEEKDAYS = (
    phrase("Monday"),
    phrase("Tuesday"),
    phrase("Wednesday"),
    phrase("Thursday"),
    phrase("Friday"),
    phrase("Saturday"),
    phrase("Sunday"),
)
_KINDS = {
    LearningKind.WORKED: phrase("worked"),
    LearningKind.DID_NOT_WORK: phrase("did not work"),
    LearningKind.CHANGED: phrase("changed"),
    LearningKind.NEXT: phrase("comes next"),
    LearningKind.NEED: phrase("needed"),
    LearningKind.BLOCKER: phrase("in the way"),
    LearningKind.NOTE: "",
}


def digest(news: News) -> Message:
    """Of what is not empty."""
    blocks: list[Block] = [Heading(say("What is new in this community"))]
    if news.pilots:
        count = len(news.pilots)
        counted = say_count("{count} new pilot:", "{count} new pilots:", count)
        blocks.append(Text(say("Many new pilots, such as:") if news.is_cut else counted))
        shown = news.pilots[:PILOTS_SHOWN]
        blocks.append(
            Sources(
                tuple(
                    Source(title=shorten(each.title, _TITLE), details=details(each), action=ShowPilot(each.id))
                    for each in shown
                )
            )
        )
        blocks += _more(0 if news.is_cut else count - len(shown))
    if news.stopped:
        blocks.append(Text(say("Stopped, which is a result worth having:")))
        blocks.append(Facts(tuple(_stopped(news)[:STOPPED_SHOWN])))
        blocks += _more(len(news.stopped) - STOPPED_SHOWN)
    if news.learnings:
        blocks.append(Text(say("Learned:")))
        blocks.append(Facts(tuple(_learned(news)[:LEARNINGS_SHOWN])))
        blocks += _more(len(news.learnings) - LEARNINGS_SHOWN)
    blocks += _spreads(news)
    if news.open_questions:
        asked = say_count(
            "{count} question found nobody who had tried it. Have you? Say: tell.",
            "{count} questions found nobody who had tried it. Have you? Say: tell.",
            news.open_questions,
        )
        blocks.append(Text(asked))
    return Message(tuple(blocks))


def chosen(board: Board, *, by: str) -> Message:
    """For the whole room."""
    when = say("Every {weekday} I tell here what is new, and nothing where there is nothing.", weekday=weekday(board))
    quiet = say("Chosen by {name}.", name=by) if by else ""
    return Message((Text(when), *((Text(quiet, is_quiet=True),) if quiet else ())))


def state(board: Board | None) -> Message:
    if board is None:
        return Message((Text(say("This channel gets no digest. Moderators say: digest here Monday.")),))
    told = say("This channel is told what is new every {weekday}.", weekday=weekday(board))
    return Message((Text(told), Text(say("Moderators say: digest off."), is_quiet=True)))


def off(board: Board | None) -> Message:
    if board is None:
        return state(None)
    return Message((Text(say("This channel gets no digest any more.")),))


def unknown_weekday() -> Message:
    return Message((Text(say("I know: digest here, digest here Monday (or another weekday), and digest off.")),))


def weekday(board: Board) -> str:
    return say(WEEKDAYS[board.weekday])


def _stopped(news: News) -> list[tuple[str, str]]:
    return [
        (shorten(each.title, _TITLE), shorten(each.outcome.stopped_because or say("Nobody said why yet."), _TOLD))
        for each in news.stopped
    ]


def _learned(news: News) -> list[tuple[str, str]]:
    return [
        (shorten(pilot.title, _TITLE), f"{kind}: {text}" if (kind := say(_KINDS[learning.kind])) else text)
        for pilot, learning in news.learnings
        for text in (shorten(learning.text, _TOLD),)
    ]


def _spreads(news: News) -> list[Block]:
    if not news.spreads:
        return []
    tried = tuple(
        (
            shorten(each.pilot.title, _TITLE),
            say("{tried} of {all} have tried something like it", tried=each.tried, all=each.organisations),
        )
        for each in news.spreads[:SPREADS_SHOWN]
    )
    how = say("Counted: organisations with a pilot on one of its topics, of all whose pilots were told here.")
    return [Text(say("These say what a second site needs:")), Facts(tried), Text(how, is_quiet=True)]


def _more(count: int) -> list[Block]:
    if count <= 0:
        return []
    return [Text(say_count("And {count} more.", "And {count} more.", count), is_quiet=True)]
