"""Who may see a pilot or a learning. Communities share nothing unless something is public."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from knowledge.errors import InvalidRecordError
from knowledge.text import require_text


class Audience(StrEnum):
    PUBLIC = "public"  # every community
    COMMUNITY = "community"  # the community it was told in
    RESTRICTED = "restricted"  # the people on its list, within the community


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, and where: ids of a person and of a community. No person sees only what a whole room may."""

    community: str | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visibility:
    """Whom a record is open to.

    `community` is where it was told and stays when the audience changes; `people` are person ids within it.
    On the days before `embargo_until` only those people see it.
    """

    audience: Audience = Audience.PUBLIC
    community: str | None = None
    people: AbstractSet[str] = field(default=frozenset())
    embargo_until: date | None = None

    def __post_init__(self) -> None:
        if self.audience is not Audience.PUBLIC and not self.community:
            raise InvalidRecordError(f"{self.audience} needs the community it belongs to", field="community")
        if self.people and not self.community:
            raise InvalidRecordError("people are listed within a community; name it", field="community")
        if self.community is not None:
            require_text(self.community, "community")
        for person in self.people:
            require_text(person, "people")
        object.__setattr__(self, "people", frozenset(self.people))

    def is_open_to(self, viewer: Viewer, today: date) -> bool:
        """Whether `viewer` may see it on `today`. The one rule; search filters must agree with it."""
        listed = viewer.person is not None and viewer.person in self.people and viewer.community == self.community
        if self.embargo_until and today < self.embargo_until:
            return listed
        match self.audience:
            case Audience.PUBLIC:
                return True
            case Audience.COMMUNITY:
                return viewer.community == self.community
            case Audience.RESTRICTED:
                return listed
