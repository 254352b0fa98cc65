"""People of a community: what they may do, and how they want to be written to."""

from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum

from bot.voice import LANGUAGES
from knowledge.dates import Period


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

    `language` is a code of LANGUAGES, or "" for the community's. So of `time_zone`, an IANA name such as
    Europe/Helsinki, and of `country`, an ISO 3166 code whose holidays are theirs, in that `region` of it. On the days
    of `away` they are not asked anything; neither is without an end.
    """

    quiet_from: time | None = None
    quiet_until: time | None = None
    paused_until: date | None = None
    language: str = ""
    time_zone: str = ""
    country: str = ""
    region: str = ""
    away: tuple[Period, ...] = ()

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
