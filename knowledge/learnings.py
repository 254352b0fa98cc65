"""Learnings: what somebody found out about a pilot, dated and attributed. Only who told one may tell it otherwise."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from knowledge.dimension_records import require_texts
from knowledge.errors import InvalidRecordError
from knowledge.pilots import BarrierKind
from knowledge.text import require_link
from knowledge.visibility import Visibility


class LearningKind(StrEnum):
    WORKED = "worked"
    DID_NOT_WORK = "did_not_work"
    CHANGED = "changed"
    NEXT = "next"
    NEED = "need"
    BLOCKER = "blocker"
    NOTE = "note"


class Origin(StrEnum):
    CHECK_IN = "check_in"
    THREAD = "thread"
    IMPORT = "import"
    MODERATOR = "moderator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """One entry on one pilot. `question` is the text that was asked, kept with its answer."""

    id: str
    pilot_id: str
    text: str
    kind: LearningKind
    origin: Origin
    author: str
    told_at: datetime
    question: str | None = None
    barrier: BarrierKind | None = None
    link: str | None = None
    visibility: Visibility = field(default_factory=Visibility)

    def __post_init__(self) -> None:
        require_texts(self, "id", "pilot_id", "text", "author", "question")
        if self.told_at.tzinfo is None:
            raise InvalidRecordError("needs a time zone", field="told_at")
        if self.link is not None:
            require_link(self.link, "link")

    def may_replace(self, told_before: "Learning") -> bool:
        """Whether this is what its author now says instead."""
        return (self.id, self.pilot_id, self.author) == (told_before.id, told_before.pilot_id, told_before.author)
