"""What is to be sent once, and how it stands."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from knowledge.errors import InvalidRecordError
from knowledge.text import clean

NAME_LIMIT = 300
PAYLOAD_LIMIT = 4_000  # characters of JSON: what it is about is looked up when it is sent


class WhenInDoubt(StrEnum):
    """What happens where it may have been sent, and nobody can find out."""

    SKIP = "skip"  # once is enough, and never is better than twice
    RESEND = "resend"  # twice is better than never


class State(StrEnum):
    WAITING = "waiting"
    CLAIMED = "claimed"  # by a sweep that is about to send it
    SENDING = "sending"
    DOUBT = "doubt"  # it may have been sent
    SENT = "sent"
    DROPPED = "dropped"  # nobody wants it any more, or it is skipped in doubt
    DEAD = "dead"  # it could not be sent: a moderator sees it, and may try again

    @property
    def is_settled(self) -> bool:
        return self in {State.SENT, State.DROPPED, State.DEAD}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """`key` says what it is for, such as "check-in <pilot> <nominal due>": of one key one is sent, whoever plans it.

    `about` is the id of what it is about, often a pilot. `payload` holds ids and choices, and nothing people wrote.
    Once `stale_after` is there it is not sent any more.
    """

    key: str
    kind: str
    community: str
    person: str
    due_at: datetime
    about: str = ""
    payload: Mapping[str, str] = field(default_factory=dict)
    stale_after: datetime | None = None
    when_in_doubt: WhenInDoubt = WhenInDoubt.SKIP

    def __post_init__(self) -> None:
        for name in ("key", "kind", "community", "person", "about"):
            _require_name(name, getattr(self, name), may_be_empty=name == "about")
        if self.due_at.tzinfo is None:
            raise InvalidRecordError("a moment needs a time zone", field="due_at")
        if self.stale_after is not None and self.stale_after <= self.due_at:
            raise InvalidRecordError("is not after it is due", field="stale_after")
        if len(json.dumps(dict(self.payload), ensure_ascii=False)) > PAYLOAD_LIMIT:
            raise InvalidRecordError(f"is longer than {PAYLOAD_LIMIT:,} characters", field="payload")

    def is_stale(self, at: datetime) -> bool:
        return self.stale_after is not None and self.stale_after <= at


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a delivery stands. `note` is a sentence on what last went wrong; `attempts` counts the sends begun.

    Of one that was sent, `platform` and `message` say where it stands, as far as the platform told.
    """

    delivery: Delivery
    state: State
    attempts: int = 0
    note: str = ""
    platform: str = ""
    message: str = ""
    settled_at: datetime | None = None


def _require_name(name: str, value: str, *, may_be_empty: bool) -> None:
    if not (value or may_be_empty):
        raise InvalidRecordError("must not be empty", field=name)
    if len(value) > NAME_LIMIT:
        raise InvalidRecordError(f"is longer than {NAME_LIMIT} characters", field=name)
    if value != clean(value):
        raise InvalidRecordError("holds characters that no name has", field=name)
