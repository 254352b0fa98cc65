"""The pilot record: frozen, and valid or not built."""

import dataclasses
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from knowledge.countries import country_names
from knowledge.dates import PartialDate
from knowledge.dimension_records import (
    Competence,
    Criticality,
    ExitPlan,
    Stakeholder,
    Values,
    once_each,
    require_texts,
)
from knowledge.errors import InvalidRecordError
from knowledge.text import TITLE_LIMIT, require_link, require_text
from knowledge.visibility import Visibility


class Stage(StrEnum):
    PLANNED = "planned"
    DEVELOPMENT = "development"
    PILOT = "pilot"
    IMPLEMENTED = "implemented"
    COMPLETED = "completed"
    STOPPED = "stopped"
    UNKNOWN = "unknown"


class Direction(StrEnum):
    """Which way results point; not always up."""

    POSITIVE = "positive"
    MIXED = "mixed"
    NONE = "none"
    NEGATIVE = "negative"


class Mechanism(StrEnum):
    SANDBOX = "sandbox"
    TESTBED = "testbed"
    LIVING_LAB = "living_lab"
    HUNDRED_DAY_CHALLENGE = "100_day_challenge"
    ACCELERATOR = "accelerator"
    PRIZE = "prize"
    HACKATHON = "hackathon"
    CITIZEN_SCIENCE = "citizen_science"
    PARTICIPATION = "participation"
    PROCUREMENT = "procurement"
    EXPERIMENT = "experiment"
    PARTNERSHIP = "partnership"
    IN_HOUSE = "in_house"
    OTHER = "other"


class EvaluationKind(StrEnum):
    RANDOMISED = "randomised"
    COMPARISON = "comparison"
    BEFORE_AFTER = "before_after"
    QUALITATIVE = "qualitative"
    COST_BENEFIT = "cost_benefit"
    AUDIT = "audit"
    OTHER = "other"


class BarrierKind(StrEnum):
    PROCUREMENT = "procurement"
    LEGAL = "legal"
    FUNDING = "funding"
    DATA = "data"
    TECHNOLOGY = "technology"
    SKILLS = "skills"
    CULTURE = "culture"
    LEADERSHIP = "leadership"
    PUBLIC_TRUST = "public_trust"
    COORDINATION = "coordination"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """The person to talk to. `person` is their id within the community; `address` is how to reach them."""

    name: str
    organisation: str | None = None
    address: str | None = None
    person: str | None = None

    def __post_init__(self) -> None:
        require_texts(self, "name", "organisation", "address", "person")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    summary: str | None = None
    direction: Direction | None = None
    stopped_because: str | None = None

    def __post_init__(self) -> None:
        require_texts(self, "summary", "stopped_because")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """`recorded` is when the source wrote it down: no sign of when the pilot ran."""

    started: PartialDate | None = None
    operational: PartialDate | None = None
    ended: PartialDate | None = None
    recorded: PartialDate | None = None

    def __post_init__(self) -> None:
        if self.started and self.ended and self.ended.last() < self.started.first():
            raise InvalidRecordError(f"ended ({self.ended}) before it started ({self.started})", field="ended")


@dataclass(frozen=True, slots=True, kw_only=True)
class Funding:
    source: str | None = None
    amount: str | None = None
    ends: PartialDate | None = None

    def __post_init__(self) -> None:
        require_texts(self, "source", "amount")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    kind: EvaluationKind = EvaluationKind.OTHER
    independent: bool | None = None
    direction: Direction | None = None
    summary: str | None = None
    evidence: str | None = None

    def __post_init__(self) -> None:
        require_texts(self, "summary")
        if self.evidence is not None:
            require_link(self.evidence, "evidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    description: str
    kind: BarrierKind = BarrierKind.OTHER
    solved_by: str | None = None

    def __post_init__(self) -> None:
        require_texts(self, "description", "solved_by")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """Something another site may take: code, a contract text, a training, a data model."""

    name: str
    link: str | None = None
    licence: str | None = None

    def __post_init__(self) -> None:
        require_texts(self, "name", "licence")
        if self.link is not None:
            require_link(self.link, "link")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where the record comes from: the catalogue's short name and the record's id there."""

    source: str
    source_id: str
    link: str | None = None
    licence: str | None = None
    attribution: str | None = None

    def __post_init__(self) -> None:
        require_texts(self, "source", "source_id", "licence", "attribution")
        if self.link is not None:
            require_link(self.link, "link")


@dataclass(frozen=True, slots=True)
class Planned:
    """Not there yet, and promised by a date."""

    by: date


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not known, and why."""

    because: str

    def __post_init__(self) -> None:
        require_text(self.because, "because")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pilot:
    """One attempt at something new, by someone, somewhere.

    `pending` says of an empty field, by its dotted path (``exit_plan.payer``), that it is planned or unknown.
    """

    provenance: Provenance
    title: str
    summary: str | None = None
    organisation: str | None = None
    country: str | None = None
    language: str = "en"
    topics: tuple[str, ...] = ()
    challenge: str | None = None
    mechanism: Mechanism | None = None
    stage: Stage = Stage.UNKNOWN
    outcome: Outcome = field(default_factory=Outcome)
    dates: Dates = field(default_factory=Dates)
    funding: Funding = field(default_factory=Funding)
    owner: Contact | None = None
    deputy: Contact | None = None
    visibility: Visibility = field(default_factory=Visibility)
    stakeholders: tuple[Stakeholder, ...] = ()
    criticality: Criticality = field(default_factory=Criticality)
    exit_plan: ExitPlan = field(default_factory=ExitPlan)
    competence: Competence = field(default_factory=Competence)
    values: Values = field(default_factory=Values)
    evaluations: tuple[Evaluation, ...] = ()
    barriers: tuple[Barrier, ...] = ()
    assets: tuple[Asset, ...] = ()
    second_site: str | None = None
    pending: Mapping[str, Planned | Unknown] = field(default_factory=lambda: MappingProxyType({}), hash=False)

    def __post_init__(self) -> None:
        require_text(self.title, "title", limit=TITLE_LIMIT)
        require_texts(self, "summary", "organisation", "challenge", "second_site")
        for several in ("topics", "stakeholders", "evaluations", "barriers", "assets"):
            object.__setattr__(self, several, once_each(getattr(self, several)))
        for topic in self.topics:
            require_text(topic, "topics", limit=TITLE_LIMIT)
        if self.country is not None and self.country not in country_names():
            raise InvalidRecordError(f"{self.country!r} is not a country's two-letter code", field="country")
        if not re.fullmatch(r"(?=.{2,8}$)[a-z]{2,}([-_][a-z0-9]+)*", self.language):
            raise InvalidRecordError(f"{self.language!r} is not a language code such as en or nl", field="language")
        for path in self.pending:
            _require_pending(self, path)
        object.__setattr__(self, "pending", MappingProxyType(dict(sorted(self.pending.items()))))

    @property
    def id(self) -> str:
        """Ours, short, and the same for the same record of the same source within one community."""
        return pilot_id(self.provenance.source, self.provenance.source_id, self.visibility.community)

    @property
    def source_id(self) -> str:
        return self.provenance.source_id

    @property
    def link(self) -> str | None:
        return self.provenance.link

    @property
    def year(self) -> int | None:
        """The year that people would name it by: when it began, else went live, else ended."""
        dates = self.dates
        known = dates.started or dates.operational or dates.ended
        return known.year if known else None


def pilot_id(source: str, source_id: str, community: str | None) -> str:
    name = "\x1f".join((source, source_id, community or ""))
    return "p" + hashlib.blake2b(name.encode(), digest_size=8).hexdigest()


def value_at(record: object, path: str) -> object:
    """The value at a dotted path; InvalidRecordError where no record has such a field."""
    value = record
    for name in path.split("."):
        if not dataclasses.is_dataclass(value) or name not in {each.name for each in dataclasses.fields(value)}:
            raise InvalidRecordError("is not a field of a pilot", field=path)
        value = getattr(value, name)
    return value


def _require_pending(pilot: Pilot, path: str) -> None:
    if path.partition(".")[0] in ("provenance", "title", "visibility", "pending"):
        raise InvalidRecordError("can be neither planned nor unknown", field=path)
    value = value_at(pilot, path)
    if dataclasses.is_dataclass(value) and not isinstance(value, PartialDate):
        raise InvalidRecordError("has several answers; say of each what is planned or unknown", field=path)
    if value not in (None, (), Stage.UNKNOWN):
        raise InvalidRecordError("is answered, so it is neither planned nor unknown", field=path)
