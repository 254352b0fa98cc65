"""What the bot says of the accounts that one person has."""

from bot.actions import LinkAccount
from bot.messages import Button, Buttons, Message, Text
from bot.people import LinkCode, Refusal
from bot.voice import phrase, say

_PLATFORMS = {"slack": "Slack", "teams": "Teams"}
_REFUSALS = {
    Refusal.WRONG: phrase(
        "I know no such code. It may be mistyped, used already, or older than ten minutes: say “link” to me from "
        "your other account, and I give you a new one."
    ),
    Refusal.TOO_MANY: phrase("These were too many wrong codes. Please try again in an hour."),
}


def link_code(code: str) -> Message:
    """For the person alone: whoever brings it is taken for them."""
    wanted = say("Say this to me from your other account, where only I read it: link {code}", code=code)
    care = say("The code is good for ten minutes. Give it to nobody: whoever says it to me can become you here.")
    return Message((Text(wanted), Text(care, is_quiet=True)))


def is_that_you(offered: LinkCode, code: str) -> Message:
    asked = say(
        "This code was given to {name} in {platform}. Is that you? Then your pilots, your settings and what you may do "
        "here become one.",
        name=_named(offered),
        platform=_platform(offered),
    )
    care = say("If somebody asked you to say this code, do not press: they would get all that is yours here.")
    button = Button(say("Yes, that is me"), LinkAccount(code))
    return Message((Text(asked), Text(care, is_quiet=True), Buttons((button,))))


def linked(offered: LinkCode) -> Message:
    done = say(
        "Done. Here you are one person with {name} in {platform}. To undo that, say “link off”.",
        name=_named(offered),
        platform=_platform(offered),
    )
    return Message((Text(done),))


def linked_already() -> Message:
    return Message((Text(say("That is you already. Say the code to me from your other account.")),))


def no_code(refusal: Refusal) -> Message:
    return Message((Text(say(_REFUSALS[refusal])),))


def link_in_private() -> Message:
    alone = say("Please say that to me in a direct message. A code that others could read is no longer good.")
    return Message((Text(alone),))


def unlinked() -> Message:
    parted = say(
        "Your accounts are separate again. Pilots, settings and roles stay with the one that the others were linked to."
    )
    return Message((Text(parted),))


def nothing_linked() -> Message:
    return Message((Text(say("No other account is linked to this one.")),))


def _named(offered: LinkCode) -> str:
    return offered.name or offered.person


def _platform(offered: LinkCode) -> str:
    return _PLATFORMS.get(offered.platform, offered.platform)
