"""What happens to the bot, made plain at the door: mentions stripped, other bots dropped, actions decoded.

Each event may carry a `key`, the platform's name for it, where the platform may deliver it more than once.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.actions import Action, ShareAnswer
from bot.people import Person
from bot.places import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Words for the bot, or words between people that it overhears: then `is_addressed` is false."""

    person: Person
    place: Place
    text: str
    is_addressed: bool = True
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commanded:
    """A command of bot/commands.py by its name; `rest` is what followed it."""

    person: Person
    place: Place
    command: str
    rest: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    person: Person
    place: Place
    action: Action
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A form came back; `values` by field name, as typed, and the form's own `context`."""

    person: Person
    place: Place
    form: str
    values: Mapping[str, str]
    context: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Somebody opened the conversation and said nothing yet."""

    person: Person
    place: Place
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """Somebody looked at their own page with the bot."""

    person: Person
    place: Place
    key: str = ""


Event = Said | Commanded | Pressed | Submitted | Opened | Visited


def is_for_the_bot(event: Event) -> bool:
    """Whether somebody turned to the bot, and did not merely speak near it."""
    return not isinstance(event, Said) or event.is_addressed


def is_shown_to_all(event: Event) -> bool:
    """Whether all who are there read what comes of it, and not only whoever said or pressed something."""
    return not event.place.is_private or (isinstance(event, Pressed) and isinstance(event.action, ShareAnswer))
