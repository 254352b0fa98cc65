"""What a pressed button means, as one short string that fits every platform's button."""

from dataclasses import dataclass
from typing import assert_never

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
class OldAction:
    """A button this version no longer knows: it stands on an old card."""


Action = ShowPilot | TellPilot | OldAction


def encode(action: Action) -> str:
    match action:
        case ShowPilot(pilot_id):
            return f"show {pilot_id}"
        case TellPilot(title):
            return f"tell {title}"[:LENGTH_LIMIT]
        case OldAction():
            return "old"
        case _:
            assert_never(action)


def decode(text: str) -> Action:
    """Any string is an action; one that nothing here has written is an OldAction."""
    match text.split(" ", maxsplit=1):
        case ["show", pilot_id] if pilot_id:
            return ShowPilot(pilot_id)
        case ["tell", title]:
            return TellPilot(title)
    return OldAction()
