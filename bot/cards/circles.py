"""What is said around learning circles: to moderators who begin them, to owners, and to members after a round."""

from collections.abc import Sequence
from datetime import date

from bot.actions import AnswerInvitation, ShowPilot
from bot.cards.labels import day
from bot.circles import Circle, Told
from bot.messages import Block, Button, Buttons, Facts, Heading, Message, Source, Sources, Text
from bot.voice import phrase, say, say_count
from knowledge.learnings import LearningKind
from knowledge.pilots import Pilot
from knowledge.text import shorten

CIRCLES_SHOWN, PILOTS_SHOWN, MEMBERS_SHOWN = 10, 8, 5
_TITLE, _TOLD = 80, 250

_KINDS = {
    LearningKind.WORKED: phrase("worked"),
    LearningKind.DID_NOT_WORK: phrase("did not work"),
    LearningKind.NOTE: "",
}


def how() -> Message:
    said = say("Say a topic, a comma and how often: circle chatbots, every month. To end it: circle chatbots off.")
    return Message((Text(said),))


def begun(circle: Circle, invited: int) -> Message:
    said = say_count(
        "I invite the owner of {count} pilot to the learning circle “{topic}”.",
        "I invite the owners of {count} pilots to the learning circle “{topic}”.",
        invited,
        topic=circle.topic,
    )
    begins = say("It begins on {day}: {rhythm}.", day=day(circle.started_on), rhythm=circle.rhythm)
    return Message((Text(said), Text(begins, is_quiet=True)))


def there_already(circle: Circle) -> Message:
    return Message((Text(say("There is a learning circle “{topic}” already.", topic=circle.topic)),))


def ended(circle: Circle) -> Message:
    said = say("The learning circle “{topic}” has ended. Its members keep their rhythm.", topic=circle.topic)
    return Message((Text(said),))


def none_such() -> Message:
    return Message((Text(say("I know no learning circle of that name here.")),))


def circles(found: Sequence[tuple[Circle, Sequence[Pilot]]], hidden: int = 0) -> Message:
    """With their members, as far as the reader may see them; `hidden` are the others."""
    if not found:
        return Message((Heading(say("Learning circles")), Text(say("There is none yet.")), *how().blocks))
    facts = tuple((f"{each.topic}, {each.rhythm}", _members(pilots)) for each, pilots in found)
    blocks: list[Block] = [Heading(say("Learning circles")), Facts(facts)]
    if hidden:
        blocks.append(Text(say_count("And {count} more.", "And {count} more.", hidden), is_quiet=True))
    return Message(tuple(blocks))


def invitation(circle: Circle, pilot: Pilot) -> Message:
    """To its owner."""
    asked = say(
        "There is a learning circle “{topic}”. Would you join it with “{title}”?",
        topic=circle.topic,
        title=shorten(pilot.title, _TITLE),
    )
    hint = say(
        "I ask all members on the same day ({rhythm}, from {day} on), and a few days later each of you reads what "
        "worked for the others and what did not, as far as they share it.",
        rhythm=circle.rhythm,
        day=day(circle.started_on),
    )
    buttons = (
        Button(say("Join"), AnswerInvitation(circle.id, pilot.id, is_yes=True)),
        Button(say("No, thank you"), AnswerInvitation(circle.id, pilot.id, is_yes=False)),
    )
    return Message((Text(asked), Text(hint, is_quiet=True), Buttons(buttons)))


def joined(circle: Circle, pilot: Pilot) -> Message:
    said = say(
        "“{title}” is in the learning circle “{topic}”: {rhythm}.",
        title=shorten(pilot.title, _TITLE),
        topic=circle.topic,
        rhythm=circle.rhythm,
    )
    hint = say("To leave it, choose another rhythm.")
    return Message((Text(said), Text(hint, is_quiet=True)))


def declined() -> Message:
    return Message((Text(say("All right. Nothing changes in how often I ask you.")),))


def over() -> Message:
    return Message((Text(say("That learning circle has ended, or the pilot has.")),))


def summary(circle: Circle, on: date, told: Sequence[Told]) -> Message:
    """In their own words, and of whose pilot each is."""
    heading = say("Learning circle “{topic}”, {day}", topic=circle.topic, day=day(on))
    shown = told[:PILOTS_SHOWN]
    sources = tuple(
        Source(
            title=shorten(each.pilot.title, _TITLE),
            excerpt="\n".join(_told(of.kind, of.text) for of in each.learnings),
            action=ShowPilot(each.pilot.id),
        )
        for each in shown
    )
    blocks: list[Block] = [Heading(heading), Sources(sources)]
    if len(told) > len(shown):
        more = say_count("And {count} more.", "And {count} more.", len(told) - len(shown))
        blocks.append(Text(more, is_quiet=True))
    blocks.append(Text(say("Only you read this here. You see what you may see of each pilot."), is_quiet=True))
    return Message(tuple(blocks))


def _told(kind: LearningKind, text: str) -> str:
    told = shorten(text, _TOLD)
    label = say(_KINDS[kind])
    return f"{label}: {told}" if label else told


def _members(pilots: Sequence[Pilot]) -> str:
    if not pilots:
        return say("nobody yet")
    named = ", ".join(shorten(each.title, _TITLE) for each in pilots[:MEMBERS_SHOWN])
    more = len(pilots) - MEMBERS_SHOWN
    return f"{named}, +{more}" if more > 0 else named
