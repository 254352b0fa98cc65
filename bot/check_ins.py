"""Check-ins: who is asked about which pilot and in which rhythm, what came of it, and what is in the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from knowledge.errors import InvalidRecordError
from knowledge.learnings import LearningKind
from knowledge.pilots import BarrierKind, Stage

ASK = "check-in"
"""The kind of the delivery that asks; it is about the pilot."""
REMIND = "check-in reminder"
OFFER = "check-in offer"
"""Of the delivery to a colleague who may take the check-ins of a pilot over; the payload's "by" is who offers them."""
DECLINED = "check-in declined"
"""Of the delivery that says so to whoever offered them; the payload's "by" is who declined."""
POST = "check-in post"
"""Of the delivery for the community's channel, of what its owner agreed to; the payload's "check_in" is the id."""

HUNDRED_DAYS = "100 days"
"""The rhythm of a challenge, as the calendar writes it."""


class PlanState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"  # until a day, or until somebody says otherwise
    STOPPED = "stopped"


class Sharing(StrEnum):
    """Who may read an answer."""

    COMMUNITY = "community"
    MODERATORS = "moderators"  # and whoever told it
    LATER = "later"  # the community after a day, and until then as above


class CheckInState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    NOTHING_NEW = "nothing_new"
    SKIPPED = "skipped"
    MISSED = "missed"  # the next one was asked before it was answered

    @property
    def is_answer(self) -> bool:
        return self in {CheckInState.ANSWERED, CheckInState.NOTHING_NEW}


@dataclass(frozen=True, slots=True)
class Due:
    """One asking: `on` its day by rights, which rules what comes after it, and `at` when it is asked."""

    on: date
    at: datetime

    def __post_init__(self) -> None:
        _require_zone(self.at, "at")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInPlan:
    """Who is asked about a pilot and how often; one per pilot. `version` counts its changes.

    `person` is the owner, or the colleague who accepted it. `rhythm` is as the calendar writes it, or "" until
    somebody chose one: then nobody is asked. `asked_on` is the day by rights of the latest asking, `due_at` the next
    one as the calendar has it, or None. `silences` counts the askings in a row without an answer; `offered_to` is
    whoever may take it over. What was put off is due on the day `snoozed_until` at the earliest.
    """

    pilot_id: str
    community: str
    person: str
    rhythm: str = ""
    started_on: date
    state: PlanState = PlanState.ACTIVE
    paused_until: date | None = None
    question_set: str = ""
    asked_on: date | None = None
    due_at: datetime | None = None
    silences: int = 0
    offered_to: str = ""
    snoozed_until: date | None = None
    version: int = 0

    def __post_init__(self) -> None:
        _require_zone(self.due_at, "due_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing asked. `stages` and `days` (of a challenge) narrow when; without any it is always asked.

    With `after` it is asked only once there is an answer to that other key, and with `choices` one of them is picked.
    """

    key: str
    text: str
    kind: LearningKind
    hint: str = ""
    stages: frozenset[Stage] = frozenset()
    days: frozenset[int] = frozenset()
    after: str = ""
    choices: tuple[str, ...] = ()

    def is_for(self, stage: Stage, day: int | None) -> bool:
        """Whether a pilot of that stage is asked it, on that day of its challenge; None where it is in none."""
        return (not self.stages or stage in self.stages) and (not self.days or day in self.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSet:
    """`is_shipped` where the catalogues of the voice have its texts. Without `communities` it is for all."""

    key: str
    questions: tuple[Question, ...]
    communities: frozenset[str] = frozenset()
    is_shipped: bool = False

    def asked(self, stage: Stage, day: int | None = None) -> tuple[Question, ...]:
        return tuple(each for each in self.questions if each.is_for(stage, day))


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInAnswer:
    """`asked` is the question as it was read. `barrier` is what kind of thing is in the way, where something is."""

    question: str
    asked: str
    kind: LearningKind
    text: str
    at: datetime
    barrier: BarrierKind | None = None

    def __post_init__(self) -> None:
        _require_zone(self.at, "at")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    """One asking about a pilot, by its day by rights. `version` counts its changes.

    `question_set` is what is asked, of a challenge on that `day` of it. `until` is when the next is asked, up to which
    this one may be answered and corrected. `answers` are by question key. `words` are what the person said that may
    be an answer, as long as they have not said whether it is. `is_for_channel` where the owner agrees to a post.
    """

    pilot_id: str
    community: str
    person: str
    on: date
    asked_at: datetime
    state: CheckInState = CheckInState.OPEN
    question_set: str = ""
    day: int | None = None
    until: date | None = None
    reminded_at: datetime | None = None
    answered_at: datetime | None = None
    answers: Mapping[str, CheckInAnswer] = field(default_factory=dict, hash=False)
    words: str = ""
    sharing: Sharing = Sharing.COMMUNITY
    shared_from: date | None = None
    is_for_channel: bool = False
    version: int = 0

    def __post_init__(self) -> None:
        for name in ("asked_at", "reminded_at", "answered_at"):
            _require_zone(getattr(self, name), name)
        if (self.sharing is Sharing.LATER) != (self.shared_from is not None):
            raise InvalidRecordError("is given where it is shared later, and only there", field="shared_from")

    @property
    def id(self) -> str:
        return f"{self.pilot_id}@{self.on}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """Something that is in the way of a pilot until it is resolved. `learning_id` is where it was told."""

    learning_id: str
    pilot_id: str
    community: str
    person: str
    text: str
    kind: BarrierKind
    raised_at: datetime
    resolved_at: datetime | None = None

    def __post_init__(self) -> None:
        _require_zone(self.raised_at, "raised_at")
        _require_zone(self.resolved_at, "resolved_at")


def challenge_day(plan: CheckInPlan, on: date) -> int | None:
    """Which day of its challenge that is; None where it is in none."""
    return (on - plan.started_on).days if plan.rhythm == HUNDRED_DAYS else None


def _require_zone(at: datetime | None, name: str) -> None:
    if at is not None and at.tzinfo is None:
        raise InvalidRecordError("a moment needs a time zone", field=name)
