"""What is said once nobody answers check-ins any more: kindly, and nobody is blamed."""

from bot.actions import ChangeCheckIns, NothingNew, OpenCheckIn, ShowPilot, StopPilot
from bot.check_ins import CheckIn
from bot.messages import Button, Buttons, Message, Text
from bot.voice import say
from knowledge.pilots import Pilot
from knowledge.text import shorten

_TITLE = 80


def whether(pilot: Pilot, check_in: CheckIn) -> Message:
    """To the person who was asked so often: shall it go on?"""
    asked = say(
        "I have asked you about “{title}” for a while and heard nothing. Shall I stop asking?",
        title=shorten(pilot.title, _TITLE),
    )
    hint = say("Press anything, and I go on. If I hear nothing, I stop asking, and what you told stays.")
    buttons = (
        Button(say("Answer"), OpenCheckIn(check_in.id)),
        Button(say("Nothing new"), NothingNew(check_in.id)),
        Button(say("Another day, rhythm or person …"), ChangeCheckIns(pilot.id)),
        Button(say("We stopped it …"), StopPilot(pilot.id)),
    )
    return Message((Text(asked), Text(hint, is_quiet=True), Buttons(buttons)))


def take_over(pilot: Pilot) -> Message:
    """To a moderator."""
    asked = say(
        "I do not reach whoever looks after “{title}”, or hear nothing from them. Who could take it over?",
        title=shorten(pilot.title, _TITLE),
    )
    hint = say("Perhaps they have moved on. Whom you name is asked first, and nothing changes until they say yes.")
    buttons = (
        Button(say("Name a colleague …"), ChangeCheckIns(pilot.id)),
        Button(say("Show it"), ShowPilot(pilot.id)),
    )
    return Message((Text(asked), Text(hint, is_quiet=True), Buttons(buttons)))
