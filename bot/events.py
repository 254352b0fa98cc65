"""What happens to the bot, made plain at the door: mentions stripped, other bots dropped, actions decoded."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.actions import Action
from bot.people import Person
from bot.places import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Words meant for the bot."""

    person: Person
    place: Place
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commanded:
    """A command of bot/commands.py by its name; `rest` is what followed it."""

    person: Person
    place: Place
    command: str
    rest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    person: Person
    place: Place
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A form came back; `values` by field name, as typed."""

    person: Person
    place: Place
    form: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Somebody opened the conversation and said nothing yet."""

    person: Person
    place: Place


Event = Said | Commanded | Pressed | Submitted | Opened
