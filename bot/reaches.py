"""How an account of a person is written to privately, and what counts as their no."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from knowledge.errors import PilotlightError
from knowledge.pilots import Pilot


class No(StrEnum):
    """Why somebody is not written to there."""

    BLOCKED = "blocked"  # by the person
    REMOVED = "removed"  # the person took the app away
    ABSENT = "absent"  # the app is not with the person, and nobody saw who took it away
    FORBIDDEN = "forbidden"  # by whoever administers the platform there
    GONE = "gone"  # the account, or the conversation with it


@dataclass(frozen=True, slots=True)
class Reach:
    """`address` is the adapter's own and opaque here; what it does not know of it stands as "".

    Open while nobody said no; `closed_because` is that no.
    """

    community: str
    platform: str
    account: str
    address: Mapping[str, str]
    closed_because: No | None = None

    @property
    def platform_name(self) -> str:
        """As people call it."""
        return self.platform.capitalize()

    @property
    def is_open(self) -> bool:
        return self.closed_because is None

    def at(self, address: Mapping[str, str]) -> "Reach":
        """As it is once this is known too: what is told anew counts, and what is not told stays."""
        told = {name: part for name, part in address.items() if part}
        return replace(self, address={**address, **self.address, **told})


@dataclass(frozen=True, slots=True)
class Posted:
    """What was said first has arrived: how the person is reached now, and the platform's name of the message, or ""."""

    reach: Reach
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    """Somebody who said no there: the pilots that are theirs, and the platform where they are written to instead."""

    reach: Reach
    owned: tuple[Pilot, ...] = ()
    instead: str = ""


class UnreachableError(PilotlightError):
    """The person does not want to, or cannot, be written to there; nothing was sent."""

    def __init__(self, platform: str, because: No) -> None:
        super().__init__(f"{platform}: {_SENTENCES[because]}")
        self.platform = platform
        self.because = because


_TAKEN_BACK = "They take that back by writing to it there."
_SENTENCES = {
    No.BLOCKED: f"they blocked Pilotlight. {_TAKEN_BACK}",
    No.REMOVED: f"they removed Pilotlight. {_TAKEN_BACK}",
    No.ABSENT: "Pilotlight is not with them. They can add the app, or somebody who administers apps there can.",
    No.FORBIDDEN: "it is switched off for them. Whoever administers apps there can allow it; then they write to it.",
    No.GONE: "there is no such account or conversation any more. If they are still there, ask them to write to it.",
}
