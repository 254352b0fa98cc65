"""Everything the bot sends to Slack goes through here: paced, tried again where that is safe, and never in silence.

What people wrote and the tokens stay out of every error and log line. slack_sdk's own loggers print both when they
are at DEBUG, so clients come from `web_client`, whose logger is not.
"""

import asyncio
import json
import logging
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, assert_never

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from adapters.pacing import UNPACED, Clock, Lane, Lanes, Sleep, UnderWay
from adapters.slack.pacing import method_of
from knowledge.errors import PilotlightError, UnavailableError

_TRIES = 4
_FIRST_WAIT = 0.5
_AT_ONCE_PATIENCE = 2.0
_UNTOLD_WAIT = 10.0  # where Slack does not say how long
_LIMITED = frozenset({"ratelimited", "rate_limited"})
_TROUBLES_OF_SLACK = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
_NOT_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)
_IN_DOUBT = (aiohttp.ClientError, OSError, UnicodeDecodeError)
# Whatever may keep Slack or our database from answering, where it is asked without the outbox.
AWAY = (SlackClientError, aiohttp.ClientError, OSError, TimeoutError, PilotlightError)

_log = logging.getLogger(__name__)
_sdk_log = logging.getLogger(f"{__name__}.slack_sdk")
_sdk_log.setLevel(logging.WARNING)


class SlackRefusedError(PilotlightError):
    """Slack understood and said no. `code` is its word for why, such as ``channel_not_found``."""

    def __init__(self, method: str, code: str) -> None:
        super().__init__(f"Slack refused {method} with {code}: look that code up on the method's page at Slack.")
        self.method = method
        self.code = code


class SlackUnavailableError(UnavailableError):
    """Slack did not answer, or not in time. `is_in_doubt` says whether it may have done what was asked all the same."""

    def __init__(self, method: str, *, is_in_doubt: bool) -> None:
        doubt = "; it may have been done all the same" if is_in_doubt else ""
        super().__init__(f"Slack did not take {method}{doubt}: try again later.")
        self.method = method
        self.is_in_doubt = is_in_doubt


@dataclass(frozen=True, slots=True)
class _Limited:
    seconds: float


@dataclass(frozen=True, slots=True)
class _Refused:
    code: str


@dataclass(frozen=True, slots=True)
class _Failed:
    is_in_doubt: bool


@dataclass(frozen=True, slots=True)
class _Taken:
    answer: Mapping[str, Any]


_Outcome = _Taken | _Limited | _Refused | _Failed


@dataclass(frozen=True, slots=True)
class _Errand:
    method: str
    send: Callable[[], Awaitable[_Outcome]]
    is_repeatable: bool


def web_client(
    token: str | None, *, base_url: str = AsyncWebClient.BASE_URL, kind: type[AsyncWebClient] = AsyncWebClient
) -> AsyncWebClient:
    """A client as the outbox needs it: it repeats nothing by itself and logs nothing of what it sends.

    It opens a connection for each call. One kept open would now and then be closed by Slack while a message is
    written to it, and such a message must not be sent again.
    """
    return kind(token, base_url, timeout=9, logger=_sdk_log, retry_handlers=[])


class Outbox:
    """Paces and retries; `patience` bounds how long a call may take, `timeout` each HTTP request; all in seconds."""

    def __init__(
        self,
        *,
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        timeout: float = 10,
        patience: float = 15 * 60,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._timeout = timeout
        self._patience = patience
        self._lanes = Lanes(clock, sleep)
        self._under_way = UnderWay(sleep)

    async def call(self, client: AsyncWebClient, workspace: str, method: str, /, **arguments: object) -> dict[str, Any]:
        """Slack's answer to the client's method of that name.

        Messages to one channel go one by one, in the order they were handed over; so do changes of one message, view
        or status, so that an old one tried again never comes after a new one.
        """
        if client.retry_handlers:
            raise ValueError("This client repeats by itself, and would post twice: build it with web_client().")
        send = partial(_called, partial(getattr(client, method), **arguments))
        known = method_of(method)
        errand = _Errand(method, send, is_repeatable=known.is_repeatable)
        with self._under_way.one():
            if known.is_at_once:
                return await self._deliver(errand, self._lanes.alone(), self._clock() + _AT_ONCE_PATIENCE)
            return await self._queue(errand, workspace, method, arguments)

    async def respond(self, response_url: str, payload: Mapping[str, Any], *, workspace: str, channel: str) -> None:
        """Post to a response_url, in the lane of the channel's messages."""
        client = AsyncWebhookClient(response_url, timeout=9, logger=_sdk_log, retry_handlers=[])
        errand = _Errand("response_url", partial(_responded, client, payload), is_repeatable=False)
        with self._under_way.one():
            await self._queue(errand, workspace, "chat_postMessage", {"channel": channel})

    async def drain(self, seconds: float) -> int:
        """Wait until all that was handed over is sent, so long at most; says how many calls are still under way."""
        return await self._under_way.drain(seconds)

    async def _queue(
        self, errand: _Errand, workspace: str, method: str, arguments: Mapping[str, object]
    ) -> dict[str, Any]:
        deadline = self._clock() + self._patience
        known = method_of(method)
        subject = known.written_to(arguments)
        # Posting is limited by channel, and told apart so, that a storm in one is never the trouble of another.
        limit = (workspace, method, *subject) if known.is_limited_by_subject else (workspace, method)
        with self._lanes.shared(limit, known.pace) as lane:
            if not subject:
                return await self._deliver(errand, lane, deadline)
            with self._lanes.shared((workspace, "", *subject), UNPACED) as queue:
                async with queue.in_order:
                    return await self._deliver(errand, lane, deadline)

    async def _deliver(self, errand: _Errand, lane: Lane, deadline: float) -> dict[str, Any]:
        failures, is_in_doubt = 0, False
        while await lane.turn(deadline):
            match await self._once(errand):
                case _Taken(answer=answer):
                    return dict(answer)
                case _Refused(code=code):
                    raise SlackRefusedError(errand.method, code)
                case _Limited(seconds=seconds):
                    _log.warning("Slack asks to wait %.0f s before the next %s", seconds, errand.method)
                    # A wait beyond all patience ends this call, but must not close the lane for good.
                    lane.pause(min(seconds, self._patience))
                    if self._clock() + seconds > deadline:
                        break
                case _Failed(is_in_doubt=doubt):
                    failures += 1
                    is_in_doubt = is_in_doubt or doubt
                    if failures == _TRIES or (doubt and not errand.is_repeatable):
                        break
                    _log.info("Trying %s again after failure %d", errand.method, failures)
                    await self._sleep(_FIRST_WAIT * 2 ** (failures - 1) * (1 + self._jitter()))
                case outcome:
                    assert_never(outcome)
        raise SlackUnavailableError(errand.method, is_in_doubt=is_in_doubt)

    async def _once(self, errand: _Errand) -> _Outcome:
        # Outcomes instead of the errors, whose words and causes may quote what was sent.
        try:
            async with asyncio.timeout(self._timeout):
                return await errand.send()
        except SlackApiError as error:
            answer = error.response
            status = answer.status_code if hasattr(answer, "status_code") else answer.status
            return _outcome(status, answer.headers, code_of(error, ""))
        except _NOT_SENT:
            return _Failed(is_in_doubt=False)
        except _IN_DOUBT:
            return _Failed(is_in_doubt=True)
        except AttributeError as error:
            # How slack_sdk stumbles over an answer that is text or a list.
            if error.name != "get":
                raise
            return _Failed(is_in_doubt=True)


async def _called(send: Callable[[], Awaitable[Any]]) -> _Outcome:
    return _Taken((await send()).data)


async def _responded(client: AsyncWebhookClient, payload: Mapping[str, Any]) -> _Outcome:
    answer = await client.send_dict(dict(payload))
    try:
        data = json.loads(answer.body)
    except ValueError:
        data = {"ok": answer.status_code < 300, "error": answer.body.strip()}
    if isinstance(data, dict) and data.get("ok"):
        return _Taken({})
    told = data.get("error") if isinstance(data, dict) else None
    return _outcome(answer.status_code, answer.headers, code_of(told, ""))


def code_of(error: object, otherwise: str = "no reason given") -> str:
    """Slack's word for what went wrong, of its error or as it was told.

    The error's own text holds all that Slack answered, and what was told may come from anybody's link: nothing but
    the shape of Slack's codes is let through.
    """
    if isinstance(error, SlackApiError):
        answer = getattr(error.response, "data", None)  # where Slack is away it is the text of some page
        error = answer.get("error") if isinstance(answer, dict) else None
    return error if isinstance(error, str) and re.fullmatch(r"[a-z][a-z0-9_]{0,63}", error) else otherwise


def _outcome(status: int, headers: Mapping[str, str], code: str) -> _Outcome:
    """What an answer other than yes means."""
    if status == 429 or code in _LIMITED:
        return _Limited(_seconds(headers.get("Retry-After", "")))
    if status >= 500 or code in _TROUBLES_OF_SLACK or (status < 300 and not code):
        return _Failed(is_in_doubt=True)
    return _Refused(code or f"http_{status}")


def _seconds(retry_after: str) -> float:
    """At least one: "at once" would be a loop without rest."""
    told = retry_after.strip()
    return max(float(told), 1.0) if re.fullmatch(r"[0-9]{1,9}", told) else _UNTOLD_WAIT
