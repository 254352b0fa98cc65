"""What Teams sends, as events: pure translation. Whatever it is, it is something of ours or None."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.actions import RateAnswer
from bot.events import Event, Pressed, Submitted
from bot.people import Person
from bot.places import Place
from bot.skills import rate

PLATFORM = "teams"
SEARCH_COMMAND = "search"
"""The message extension's search, in the manifest."""
ASK_COMMAND = "similar"
"""The message action "Has anyone tried this?", in the manifest."""


class Surface(StrEnum):
    """Where in Teams it happened, which decides how a reply is shown."""

    PERSONAL = "personal"
    GROUP = "group"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """The tenant that an installation of ours is in. `bot` is the bot's own id in Teams: 28: and its app id."""

    id: str
    bot: str
    community: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """How to answer: what Teams gave along.

    `conversation` is the whole id, with the thread; `user` is the person's id on the wire; `activity` is what was
    said or pressed, and `reply_to` the message it hangs on: the pressed card, the rated answer. `invoke` is the name
    of what waits for an answer in its response, or "". `is_targeted` where nobody else sees what was said.
    """

    surface: Surface
    service_url: str
    tenant: str
    conversation: str
    user: str
    activity: str = ""
    reply_to: str = ""
    invoke: str = ""
    team: str = ""
    locale: str = ""
    time_zone: str = ""
    is_targeted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    event: Event
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Somebody searches pilots from where they write; `skip` and `count` say which page of what is found."""

    person: Person
    place: Place
    text: str
    origin: Origin
    skip: int = 0
    count: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """Teams' own thumbs under an answer. Which answer that was, the app knows by `origin.reply_to`."""

    person: Person
    place: Place
    is_good: bool
    reason: str
    origin: Origin
    key: str = ""

    def events(self, answer_id: str) -> tuple[Event, ...]:
        """The press, and what was written with it."""
        action = RateAnswer(answer_id, self.is_good)
        pressed = Pressed(person=self.person, place=self.place, action=action, key=self.key)
        if not self.reason:
            return (pressed,)
        written = Submitted(
            person=self.person,
            place=self.place,
            form=rate.FORM,
            values={"reason": self.reason},
            context=answer_id,
            key=f"{self.key} reason" if self.key else "",
        )
        return pressed, written


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """The bot was taken out of a conversation: nothing may be written there any more."""

    conversation: str
    tenant: str


def from_activity(activity: Mapping[str, Any], tenant: Tenant) -> Incoming | Query | Rated | Removed | None:
    raise NotImplementedError


def origin_of(activity: Mapping[str, Any], tenant: Tenant) -> Origin | None:
    """Where an activity came from, whatever it says; None of one that names no conversation or nobody."""
    raise NotImplementedError


def is_guest(member: Mapping[str, Any], tenant: Tenant) -> bool:
    """Whether the roster's entry is of somebody who is not at home in the tenant; an activity does not tell."""
    raise NotImplementedError
