"""Who speaks with the bot."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

CODE_LASTS = timedelta(minutes=10)
WRONG_CODES_ALLOWED = 5
WRONG_CODES_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Person:
    """`id` is the platform's, unique within a community; `name` is for greeting only, never for deciding.

    Once the bot has taken an event, `id` is that of the person whose account it is, where accounts were linked.
    `email` was verified by the platform, and is given only where the community links accounts by it.
    """

    id: str
    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCode:
    """A code was given to this person, there and then; whoever brings it from another account may be the same."""

    community: str
    person: str
    platform: str
    name: str
    at: datetime


class Refusal(StrEnum):
    """Why a code is none."""

    WRONG = "wrong"  # or spent, or too old
    TOO_MANY = "too many"  # wrong ones, so that nobody finds one by trying
