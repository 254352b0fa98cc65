"""The Bot Connector, on wire JSON: the one module that knows botbuilder.

Activities, people and answers are dictionaries with Teams' own camelCase keys, and pass through untouched: botbuilder's
own records drop what they do not know. Nothing is tried twice in here, and every call ends in time: the outbox knows
what may be repeated. What people wrote and the tokens stay out of every error and log line.
"""

from typing import Any, Final, Protocol

from botbuilder.schema import ErrorResponse
from botframework.connector.auth import AuthenticationConstants

from knowledge.errors import PilotlightError, UnavailableError

Json = dict[str, Any]

OPEN_ID_URL: Final[str] = AuthenticationConstants.TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL
LOGIN_URL: Final[str] = AuthenticationConstants.TO_CHANNEL_FROM_BOT_LOGIN_URL_PREFIX.rstrip("/")


class NotAuthenticatedError(PilotlightError):
    """What came in bears no proof that Teams sent it to this bot; the door answers 401. The message says what lacks."""


class TeamsRefusedError(PilotlightError):
    """Teams understood and said no. `code` is its word for why, such as ``MessageWritesBlocked``."""

    def __init__(self, call: str, status: int, code: str) -> None:
        super().__init__(f"Teams refused to {call} with {status} {code}: look that code up on Teams' pages for bots.")
        self.call = call
        self.status = status
        self.code = code


class TeamsUnavailableError(UnavailableError):
    """Teams did not answer, or not in time. `is_in_doubt` says whether it may have done what was asked all the same.

    `status` is 0 where there was no answer at all; `retry_after` is in seconds, where Teams said how long to wait.
    """

    def __init__(self, call: str, *, is_in_doubt: bool, status: int = 0, retry_after: float | None = None) -> None:
        doubt = "; it may have been done all the same" if is_in_doubt else ""
        super().__init__(f"Teams did not {call}{doubt}: try again later.")
        self.call = call
        self.is_in_doubt = is_in_doubt
        self.status = status
        self.retry_after = retry_after


class Connector(Protocol):
    """What is asked of Teams. Every call raises TeamsRefusedError or TeamsUnavailableError where it is not done."""

    async def authenticate(self, activity: Json, authorization: str) -> None:
        """Raise NotAuthenticatedError unless Teams signed it for this bot; UnavailableError where nobody can say."""

    async def send(self, service_url: str, conversation: str, activity: Json, *, is_targeted: bool = False) -> str:
        """Post to a conversation, or as an answer where the activity has a replyToId; the new activity's id."""
        ...

    async def update(self, service_url: str, conversation: str, activity_id: str, activity: Json) -> None:
        """Put this in the place of what was sent."""

    async def delete(self, service_url: str, conversation: str, activity_id: str) -> None:
        """Take back what was sent."""

    async def create(self, service_url: str, parameters: Json) -> tuple[str, str]:
        """Begin a conversation; its id, and the id of its first activity, or "" where none was given."""
        ...

    async def member(self, service_url: str, conversation: str, user: str) -> Json:
        """Somebody in a conversation."""
        ...

    async def members(self, service_url: str, conversation: str) -> list[Json]:
        """Everybody in a conversation, of all pages."""
        ...

    async def team(self, service_url: str, team: str) -> Json:
        """What a team is called, and its group."""
        ...

    async def channels(self, service_url: str, team: str) -> list[Json]:
        """The channels of a team."""
        ...

    async def close(self) -> None:
        """Let go of what is open."""


_ = ErrorResponse
