"""What the conversation remembers, each behind a port named for the need.

Every method raises UnavailableError where the database does not answer.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Protocol

from bot.places import Place
from bot.voice import LANGUAGES
from knowledge.ports import DemandStore, PilotStore

Progress = Callable[[str], Awaitable[None]]
"""Told the text of an answer so far, in whole sentences, while it is written."""


class Seen(Protocol):
    """What has happened once already, for every replica and over restarts: platforms deliver some things twice."""

    async def claim(self, key: str, at: datetime) -> bool:
        """Whether this is the first claim of `key`; of several at one moment one is the first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A thread that the bot takes part in: what it was asked there, oldest first, and whether it may go on."""

    asked: tuple[str, ...] = ()
    is_muted: bool = False


class Threads(Protocol):
    """The threads that the bot takes part in."""

    async def thread(self, place: Place) -> Thread | None:
        """None where the bot takes no part, or no longer remembers it."""
        ...

    async def remember(self, place: Place, asked: Sequence[str], at: datetime) -> None:
        """What was asked there, instead of what was; who muted it meanwhile has muted it."""
        ...

    async def mute(self, place: Place, at: datetime) -> None:
        """What was asked there stays as it is."""
        ...


class Mode(StrEnum):
    """When the bot speaks in a room."""

    MENTION = "mention"  # when it is addressed
    OVERHEAR = "overhear"  # also when it knows who tried what somebody asks the room about
    OFF = "off"  # not at all; it says so to the one who addresses it


class Rooms(Protocol):
    """How the bot behaves in each room."""

    async def mode(self, place: Place) -> Mode:
        """MENTION unless somebody chose otherwise."""
        ...

    async def set_mode(self, place: Place, mode: Mode) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswer:
    """An answer that was given: to what (masked texts, oldest first), by which pilots. `verdict` is an answer's."""

    id: str
    at: datetime
    community: str
    person: str
    asked: tuple[str, ...]
    verdict: str
    pilots: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """What one person thought of one answer."""

    answer_id: str
    person: str
    at: datetime
    is_good: bool
    reason: str = ""


class AnswerStore(Protocol):
    """Answers that were given, and what people thought of them."""

    async def keep_answer(self, answer: GivenAnswer) -> None: ...

    async def answer(self, answer_id: str) -> GivenAnswer | None: ...

    async def rate(self, rating: Rating) -> None:
        """Keep it instead of this person's earlier one; nothing where there is no such answer."""
        ...


class Role(StrEnum):
    MEMBER = "member"
    MODERATOR = "moderator"
    ADMINISTRATOR = "administrator"

    @property
    def may_moderate(self) -> bool:
        return self is not Role.MEMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """How a person wants to be written to. In their own time; the quiet hours may run over midnight.

    `language` is a code of LANGUAGES, or "" for the community's.
    """

    quiet_from: time | None = None
    quiet_until: time | None = None
    paused_until: date | None = None
    language: str = ""

    def language_or(self, otherwise: str) -> str:
        """The language to speak with this person; `otherwise` where they chose none that there is."""
        return self.language if self.language in LANGUAGES else otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person of a community; everybody is a MEMBER until somebody says otherwise."""

    community: str
    person: str
    role: Role = Role.MEMBER
    preferences: Preferences = field(default_factory=Preferences)


class MemberStore(Protocol):
    """People of a community: what they may do, and how they want to be written to."""

    async def member(self, community: str, person: str) -> Member: ...

    async def keep_preferences(self, community: str, person: str, preferences: Preferences) -> None: ...

    async def appoint(self, community: str, person: str, role: Role, *, if_first: bool = False) -> bool:
        """With `if_first` only where the community has no administrator yet. Whether it was done."""
        ...

    async def moderators(self, community: str) -> Sequence[Member]:
        """All who may moderate, by person."""
        ...


class Stores(Protocol):
    """All that the bot keeps, as one open database has it."""

    @property
    def pilots(self) -> PilotStore: ...
    @property
    def demands(self) -> DemandStore: ...
    @property
    def seen(self) -> Seen: ...
    @property
    def threads(self) -> Threads: ...
    @property
    def rooms(self) -> Rooms: ...
    @property
    def answers(self) -> AnswerStore: ...
    @property
    def members(self) -> MemberStore: ...
