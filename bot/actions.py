"""What a pressed button means, as one short string that fits every platform's button."""

from dataclasses import dataclass
from typing import assert_never

from bot.rooms import Mode

LENGTH_LIMIT = 255


@dataclass(frozen=True, slots=True)
class ShowPilot:
    """Show everything about one pilot."""

    pilot_id: str


@dataclass(frozen=True, slots=True)
class TellPilot:
    """Open the form that tells the community of a pilot."""

    title: str = ""


@dataclass(frozen=True, slots=True)
class RateAnswer:
    """Say whether an answer was any good."""

    answer_id: str
    is_good: bool


@dataclass(frozen=True, slots=True)
class ShareAnswer:
    """Show an answer that one person got to the whole room."""

    answer_id: str


@dataclass(frozen=True, slots=True)
class MuteThread:
    """Keep the bot out of this thread until it is mentioned."""


@dataclass(frozen=True, slots=True)
class NotNow:
    """Take away an answer that nobody had asked the bot for."""


@dataclass(frozen=True, slots=True)
class SetMode:
    """Choose when the bot speaks in this room."""

    mode: Mode


@dataclass(frozen=True, slots=True)
class OpenSettings:
    """Open the form with a person's own settings."""


@dataclass(frozen=True, slots=True)
class LinkAccount:
    """Say that one is the person whom a code was given to."""

    code: str


@dataclass(frozen=True, slots=True)
class OldAction:
    """A button this version no longer knows: it stands on an old card."""


Action = (
    ShowPilot
    | TellPilot
    | RateAnswer
    | ShareAnswer
    | MuteThread
    | NotNow
    | SetMode
    | OpenSettings
    | LinkAccount
    | OldAction
)


def encode(action: Action) -> str:
    match action:
        case ShowPilot(pilot_id):
            return f"show {pilot_id}"
        case TellPilot(title):
            return f"tell {title}"[:LENGTH_LIMIT]
        case RateAnswer(answer_id, is_good):
            return f"{'good' if is_good else 'bad'} {answer_id}"
        case ShareAnswer(answer_id):
            return f"share {answer_id}"
        case MuteThread():
            return "mute"
        case NotNow():
            return "not-now"
        case SetMode(mode):
            return f"mode {mode}"
        case OpenSettings():
            return "settings"
        case LinkAccount(code):
            return f"link {code}"
        case OldAction():
            return "old"
        case _:
            assert_never(action)


def decode(text: str) -> Action:
    """Any string is an action; one that nothing here has written is an OldAction."""
    match text.split(" ", maxsplit=1):
        case ["show", pilot_id] if pilot_id:
            return ShowPilot(pilot_id)
        case ["tell"]:
            return TellPilot()
        case ["tell", title]:
            return TellPilot(title)
        case ["good" | "bad" as word, answer_id] if answer_id:
            return RateAnswer(answer_id, word == "good")
        case ["share", answer_id] if answer_id:
            return ShareAnswer(answer_id)
        case ["mute"]:
            return MuteThread()
        case ["not-now"]:
            return NotNow()
        case ["mode", mode] if mode in tuple(Mode):
            return SetMode(Mode(mode))
        case ["settings"]:
            return OpenSettings()
        case ["link", code] if code:
            return LinkAccount(code)
    return OldAction()
