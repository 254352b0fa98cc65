"""The Bot Connector, on wire JSON: the one module that knows botbuilder.

Activities, people and answers are dictionaries with Teams' own camelCase keys, and pass through untouched: botbuilder's
own records drop what they do not know. Nothing is tried twice in here, and every call ends in time: the outbox knows
what may be repeated. What people wrote and the tokens stay out of every error and log line.

Of botbuilder there are the paths of the calls, the record of a refusal, and the check of a token. Its requests run in
threads that nothing can stop, so those are aiohttp's; its keys and MSAL's tokens come with blocking requests that no
setting points elsewhere, so these are fetched here.
"""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, Protocol, TypeVar
from urllib.parse import quote

import aiohttp
from botbuilder.schema import ErrorResponse
from botframework.connector import Channels
from botframework.connector.aio.operations_async import ConversationsOperations
from botframework.connector.auth import AuthenticationConstants, VerifyOptions
from botframework.connector.auth.jwt_token_extractor import JwtTokenExtractor
from botframework.connector.teams.operations import TeamsOperations
from msrest.exceptions import DeserializationError  # type: ignore[attr-defined] # which it has of azure.core
from yarl import URL

from knowledge.errors import PilotlightError, UnavailableError

Json = dict[str, Any]
T = TypeVar("T")

OPEN_ID_URL: Final[str] = AuthenticationConstants.TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL
LOGIN_URL: Final[str] = AuthenticationConstants.TO_CHANNEL_FROM_BOT_LOGIN_URL_PREFIX.rstrip("/")

_SCOPE: Final[str] = f"{AuthenticationConstants.TO_CHANNEL_FROM_BOT_OAUTH_SCOPE}/.default"
_TOKEN_PATH: Final[str] = AuthenticationConstants.TO_CHANNEL_FROM_BOT_TOKEN_ENDPOINT_PATH
_ISSUER: Final[str] = AuthenticationConstants.TO_BOT_FROM_CHANNEL_TOKEN_ISSUER
_TEAMS: Final[str] = Channels.ms_teams.value

STREAM_STOPPED: Final[str] = "ContentStreamCanceled"
"""Our code for what Teams says in its sentence alone: the person stopped the answer while it grew."""
# https://learn.microsoft.com/microsoftteams/platform/bots/streaming-ux, Error codes: all of a stream have one code.
_STREAM_REFUSED: Final[str] = "ContentStreamNotAllowed"
_BY_THE_PERSON = re.compile(rb"stream was cancell?ed by (?:the )?user", re.IGNORECASE)

_CLOCK_TOLERANCE = 5 * 60  # botframework's own
_TOKEN_MARGIN = 5 * 60
_KEYS_FRESH, _KEYS_GOOD = 12 * 3600.0, 24 * 3600.0
# Who makes up key ids must not make the bot fetch the keys at every request.
_UNKNOWN_KEY_WAIT = 60.0
_RENEWAL_WAIT = 30.0
_MOST_PAGES = 200
_PAGE_SIZE = "500"
_NOT_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.NonHttpUrlClientError,
    ValueError,  # of an address, as is aiohttp.InvalidURL
)
_IN_DOUBT = (aiohttp.ClientError, OSError)  # TimeoutError is one of the latter
_NOT_DONE = frozenset({412, 429})

_log = logging.getLogger(__name__)


class NotAuthenticatedError(PilotlightError):
    """What came in bears no proof that Teams sent it to this bot; the door answers 401."""


class TeamsRefusedError(PilotlightError):
    """Teams understood and said no. `code` is its word for why, such as ``MessageWritesBlocked``."""

    def __init__(self, call: str, status: int, code: str) -> None:
        super().__init__(f"Teams refused to {call} ({status} {code}): look that code up on Teams' pages for bots.")
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
        """Post to a conversation, or as an answer where the activity has a replyToId.

        The new activity's id, or "" where Teams gives none, as for the later pieces of a stream.
        """
        ...

    async def update(
        self, service_url: str, conversation: str, activity_id: str, activity: Json, *, is_targeted: bool = False
    ) -> None:
        """Put this in the place of what was sent; what was sent targeted can be changed so only."""

    async def delete(self, service_url: str, conversation: str, activity_id: str, *, is_targeted: bool = False) -> None:
        """Take back what was sent; what was sent targeted can be taken back so only."""

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


@dataclass(frozen=True, slots=True)
class _Call:
    """What is asked, in words that may follow "Teams did not", and where."""

    name: str
    method: str
    path: str


_SEND = _Call("take a message", "POST", ConversationsOperations.send_to_conversation.metadata["url"])
_REPLY = _Call("take a message", "POST", ConversationsOperations.reply_to_activity.metadata["url"])
_UPDATE = _Call("change a message", "PUT", ConversationsOperations.update_activity.metadata["url"])
_DELETE = _Call("delete a message", "DELETE", ConversationsOperations.delete_activity.metadata["url"])
_CREATE = _Call("begin a conversation", "POST", ConversationsOperations.create_conversation.metadata["url"])
_MEMBER = _Call("tell who somebody is", "GET", ConversationsOperations.get_conversation_member.metadata["url"])
_MEMBERS = _Call("tell who is there", "GET", ConversationsOperations.get_conversation_paged_members.metadata["url"])
_TEAM = _Call("tell of a team", "GET", TeamsOperations.get_team_details.metadata["url"])
_CHANNELS = _Call("tell a team's channels", "GET", TeamsOperations.get_teams_channels.metadata["url"])
_LOGIN = _Call("give the bot a token for its app id and password", "POST", "")
_KEYS = _Call("tell the keys that it signs with", "GET", "")


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        """None where it is no JSON."""
        try:
            told: object = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return told

    def object(self) -> Json:
        told = self.json()
        return told if isinstance(told, dict) else {}


@dataclass(frozen=True, slots=True)
class _Fetched(Generic[T]):
    """Good for so many seconds, and renewed after fewer."""

    value: T
    fresh: float
    good: float


class _Kept(Generic[T]):
    """What is fetched once for all who want it, and renewed before it ends; the old one serves where that fails."""

    def __init__(self, fetch: Callable[[], Awaitable[_Fetched[T]]], clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._value: T | None = None
        self._fetched_at = self._fresh_until = self._good_until = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def get(self) -> T:
        if self._clock() >= self._fresh_until:
            try:
                await self.renew()
            except (UnavailableError, TeamsRefusedError):
                if self._clock() >= self._good_until:
                    raise
                _log.warning("What Teams is to be told or known by could not be renewed; the old one still serves")
                self._fresh_until = min(self._clock() + _RENEWAL_WAIT, self._good_until)
        assert self._value is not None
        return self._value

    async def renew(self) -> None:
        """Whoever asks while it is fetched waits for the same answer; who gives up waiting stops it for nobody."""
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._renewed())
            self._fetching.add_done_callback(lambda task: task.cancelled() or task.exception())
        await asyncio.shield(self._fetching)

    @property
    def age(self) -> float:
        return self._clock() - self._fetched_at

    def forget(self) -> None:
        self._fresh_until = self._good_until = float("-inf")

    def close(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()

    async def _renewed(self) -> None:
        fetched = await self._fetch()
        now = self._clock()
        self._value = fetched.value
        self._fetched_at, self._fresh_until, self._good_until = now, now + fetched.fresh, now + fetched.good


class _SigningKeys:
    """Stands where botframework keeps its keys, which blocks the loop and asks nobody about a key it does not know."""

    def __init__(self, kept: _Kept[list[Json]], reader: Any) -> None:
        self._kept = kept
        self._reader = reader

    async def get(self, key_id: object) -> Any:
        """The key and its endorsements, as botframework reads them."""
        key = _key_of(key_id, await self._kept.get())
        if key is None and self._kept.age >= _UNKNOWN_KEY_WAIT:
            await self._kept.renew()
            key = _key_of(key_id, await self._kept.get())
        # botframework takes a key without any endorsement for one with all of them.
        if key is None or _TEAMS not in (key.get("endorsements") or ()):
            raise NotAuthenticatedError("No key of Teams has that id.")
        self._reader.keys, self._reader.last_updated = [key], datetime.max  # noqa: DTZ901 - as it compares
        return await self._reader.get(key_id)


class BotbuilderConnector:
    """The real one; `timeout` bounds each request, in seconds. Without an app id nobody is checked: development only.

    It opens a connection for each call. One kept open would now and then be closed by Teams while a message is
    written to it, and such a message must not be sent again.
    """

    def __init__(
        self,
        app_id: str,
        app_password: str,
        tenant_id: str,
        *,
        clock: Callable[[], float],
        open_id_url: str = OPEN_ID_URL,
        login_url: str = LOGIN_URL,
        timeout: float = 10,
    ) -> None:
        self._app_id = app_id
        self._app_password = app_password
        self._token_url = f"{login_url.rstrip('/')}/{quote(tenant_id, safe='')}{_TOKEN_PATH}"
        self._open_id_url = open_id_url
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None
        self._token = _Kept(self._fetched_token, clock)
        self._keys = _Kept(self._fetched_keys, clock)
        options = VerifyOptions(
            issuer=[_ISSUER], audience=None, clock_tolerance=_CLOCK_TOLERANCE, ignore_expiration=False
        )
        self._extractor = JwtTokenExtractor(options, open_id_url, ["RS256"])
        self._extractor.open_id_metadata = _SigningKeys(self._keys, self._extractor.open_id_metadata)

    async def authenticate(self, activity: Json, authorization: str) -> None:
        if not self._app_id:
            return
        if activity.get("channelId") != _TEAMS:
            raise NotAuthenticatedError("The activity is none of Teams.")
        claims = await self._claims(authorization)
        # botframework leaves these to its caller, and takes a list for its list of issuers.
        if (claims.get("iss"), claims.get("aud")) != (_ISSUER, self._app_id) or "exp" not in claims:
            raise NotAuthenticatedError("The token is not from Teams for this bot, or has no end.")
        if not claims.get("serviceurl") or claims["serviceurl"] != activity.get("serviceUrl"):
            raise NotAuthenticatedError("The token is for another service URL.")

    async def send(self, service_url: str, conversation: str, activity: Json, *, is_targeted: bool = False) -> str:
        reply_to = activity.get("replyToId")
        call = _REPLY if reply_to else _SEND
        path = _path(call, conversationId=conversation, activityId=str(reply_to))
        answer = await self._ask(call, service_url, path, activity, _targeted(is_targeted=is_targeted))
        return str(answer.get("id") or "")

    async def update(
        self, service_url: str, conversation: str, activity_id: str, activity: Json, *, is_targeted: bool = False
    ) -> None:
        path = _path(_UPDATE, conversationId=conversation, activityId=activity_id)
        await self._ask(_UPDATE, service_url, path, activity, _targeted(is_targeted=is_targeted))

    async def delete(self, service_url: str, conversation: str, activity_id: str, *, is_targeted: bool = False) -> None:
        path = _path(_DELETE, conversationId=conversation, activityId=activity_id)
        await self._ask(_DELETE, service_url, path, None, _targeted(is_targeted=is_targeted))

    async def create(self, service_url: str, parameters: Json) -> tuple[str, str]:
        answer = await self._ask(_CREATE, service_url, _path(_CREATE), parameters)
        if not answer.get("id"):
            raise TeamsUnavailableError(_CREATE.name, is_in_doubt=True)
        return str(answer["id"]), str(answer.get("activityId") or "")

    async def member(self, service_url: str, conversation: str, user: str) -> Json:
        return await self._ask(_MEMBER, service_url, _path(_MEMBER, conversationId=conversation, memberId=user))

    async def members(self, service_url: str, conversation: str) -> list[Json]:
        path, found = _path(_MEMBERS, conversationId=conversation), list[Json]()
        query = {"pageSize": _PAGE_SIZE}
        for _ in range(_MOST_PAGES):
            answer = await self._ask(_MEMBERS, service_url, path, query=query)
            found += _listed(_MEMBERS, answer, "members")
            if not answer.get("continuationToken"):
                return found
            query["continuationToken"] = str(answer["continuationToken"])
        raise TeamsUnavailableError(_MEMBERS.name, is_in_doubt=False)

    async def team(self, service_url: str, team: str) -> Json:
        return await self._ask(_TEAM, service_url, _path(_TEAM, teamId=team))

    async def channels(self, service_url: str, team: str) -> list[Json]:
        return _listed(
            _CHANNELS, await self._ask(_CHANNELS, service_url, _path(_CHANNELS, teamId=team)), "conversations"
        )

    async def sign_in(self) -> None:
        """Get the token that every call needs: nothing else can be asked before somebody spoke with the bot."""
        await self._token.get()

    async def close(self) -> None:
        self._token.close()
        self._keys.close()
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _ask(
        self,
        call: _Call,
        service_url: str,
        path: str,
        body: Json | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Json:
        headers = {"Accept": "application/json"}
        if self._app_id:
            headers["Authorization"] = f"Bearer {await self._token.get()}"
        url = f"{service_url.rstrip('/')}{path}"
        asked = {} if query is None else {"params": query}
        answer = await self._requested(call, url, headers=headers, **asked, **({} if body is None else {"json": body}))
        if answer.status == 401:
            self._token.forget()
        return _told(call, answer)

    async def _requested(self, call: _Call, url: str, **arguments: Any) -> _Answer:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=True),
                # What takes no connection in half the time was surely not heard.
                timeout=aiohttp.ClientTimeout(total=self._timeout, connect=self._timeout / 2),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
            # aiohttp would ask again where it was hung up on; its own test client says no to that in this way, too.
            self._session._retry_connection = False  # noqa: SLF001
        # A redirect would take the token elsewhere.
        try:
            request = self._session.request(call.method, URL(url, encoded=True), allow_redirects=False, **arguments)
            async with request as response:
                return _Answer(response.status, response.headers, await response.read())
        except _NOT_SENT:
            raise TeamsUnavailableError(call.name, is_in_doubt=False) from None
        except _IN_DOUBT:
            raise TeamsUnavailableError(call.name, is_in_doubt=call.method != "GET") from None

    async def _fetched_token(self) -> _Fetched[str]:
        form = {"grant_type": "client_credentials", "client_id": self._app_id, "client_secret": self._app_password}
        try:
            return _token_of(
                _told(_LOGIN, await self._requested(_LOGIN, self._token_url, data={**form, "scope": _SCOPE}))
            )
        except TeamsUnavailableError as error:
            # Two tokens are as good as one, and without any nothing was sent.
            raise _undoubted(error) from None

    async def _fetched_keys(self) -> _Fetched[list[Json]]:
        try:
            where = _told(_KEYS, await self._requested(_KEYS, self._open_id_url)).get("jwks_uri")
            told = _told(_KEYS, await self._requested(_KEYS, str(where)))
            keys = _listed(_KEYS, told, "keys")
        except TeamsRefusedError as error:
            raise TeamsUnavailableError(_KEYS.name, is_in_doubt=False, status=error.status) from None
        return _Fetched(keys, fresh=_KEYS_FRESH, good=_KEYS_GOOD)

    async def _claims(self, authorization: str) -> Json:
        try:
            identity = await self._extractor.get_identity_from_auth_header(authorization, _TEAMS, [_TEAMS])
        except (UnavailableError, NotAuthenticatedError):
            raise
        except Exception as error:  # noqa: BLE001 - botframework has no class of its own for what it refuses
            raise NotAuthenticatedError(f"The token is refused ({type(error).__name__}).") from None
        if identity is None or not isinstance(identity.claims, dict):
            raise NotAuthenticatedError("There is no token of Teams.")
        return identity.claims


def _path(call: _Call, **parts: str) -> str:
    return call.path.format(**{name: quote(part, safe="") for name, part in parts.items()})


def _targeted(*, is_targeted: bool) -> dict[str, str] | None:
    return {"isTargetedActivity": "true"} if is_targeted else None


def _token_of(told: Json) -> _Fetched[str]:
    token, seconds = told.get("access_token"), told.get("expires_in")
    if not isinstance(token, str) or not token or not isinstance(seconds, int) or seconds <= 0:
        raise TeamsUnavailableError(_LOGIN.name, is_in_doubt=False)
    return _Fetched(token, fresh=seconds - min(_TOKEN_MARGIN, seconds / 2), good=seconds)


def _listed(call: _Call, answer: Json, name: str) -> list[Json]:
    listed = answer.get(name)
    if not isinstance(listed, list):
        raise TeamsUnavailableError(call.name, is_in_doubt=False)
    return [item for item in listed if isinstance(item, dict)]


def _key_of(key_id: object, keys: list[Json]) -> Json | None:
    return next((key for key in keys if key_id and key.get("kid") == key_id), None)


def _told(call: _Call, answer: _Answer) -> Json:
    """The answer's JSON, or the trouble that it tells of."""
    status, is_a_change = answer.status, call.method != "GET"
    if status in _NOT_DONE:
        raise TeamsUnavailableError(call.name, is_in_doubt=False, status=status, retry_after=_seconds(answer.headers))
    if status >= 500 or status == 408:
        wait = _seconds(answer.headers)
        raise TeamsUnavailableError(call.name, is_in_doubt=is_a_change, status=status, retry_after=wait)
    if status >= 300:
        raise TeamsRefusedError(call.name, status, _code(answer) or f"http_{status}")
    told = answer.json()
    if isinstance(told, dict):
        return told
    # Whoever changes or deletes is often answered with nothing at all; a web page is from somebody else.
    if is_a_change and not answer.body.strip():
        return {}
    raise TeamsUnavailableError(call.name, is_in_doubt=is_a_change, status=status)


def _code(answer: _Answer) -> str:
    """Teams' word for why, if it looks like one: the nearer one, where one is told inside the other's sentence."""
    nearer = re.search(rb'"subCode\\?"\s*:\s*\\?"([A-Za-z][A-Za-z0-9_]{0,63})\\?"', answer.body)
    if nearer:
        return nearer[1].decode()
    told = answer.object()
    code = told.get("error")
    if not isinstance(code, str):
        try:
            code = getattr(ErrorResponse.deserialize(told).error, "code", None)
        except DeserializationError:
            code = None
    if code == _STREAM_REFUSED and _BY_THE_PERSON.search(answer.body):
        return STREAM_STOPPED
    if isinstance(code, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", code):
        return code
    return "MessageSizeTooBig" if answer.status == 413 else ""


def _seconds(headers: Mapping[str, str]) -> float | None:
    told = headers.get("Retry-After", "").strip()
    return float(told) if re.fullmatch(r"[0-9]{1,9}", told) else None


def _undoubted(error: TeamsUnavailableError) -> TeamsUnavailableError:
    wait = error.retry_after
    return TeamsUnavailableError(error.call, is_in_doubt=False, status=error.status, retry_after=wait)
