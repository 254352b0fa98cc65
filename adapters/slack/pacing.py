"""How fast Slack takes what is sent: so many calls a minute of each method, and one message a second in a channel."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

Clock = Callable[[], float]
"""Seconds that only grow."""
Sleep = Callable[[float], Awaitable[None]]

_SECONDS_BETWEEN_SWEEPS = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """A call every so many seconds, after a burst that may go at once."""

    seconds: float
    burst: int


UNPACED = Pace(seconds=0, burst=1)
_IN_A_CHANNEL = Pace(seconds=1, burst=3)
# Slack promises "at least" these, and short bursts. Its answer 429 says where that was too hopeful.
_TIER_2, _TIER_3, _TIER_4 = (Pace(seconds=60 / calls, burst=calls // 4) for calls in (20, 50, 100))

# The tiers: https://docs.slack.dev/apis/web-api/rate-limits and each method's page, or the table in Slack's Java SDK,
# metadata/web-api/rate_limit_tiers.json. "Special" methods that may do more than tier 4 stand with tier 4.
# Done twice, these leave things as done once.
_REPEATABLE: Mapping[str, Pace] = {
    "agents_sessions_rename": _TIER_3,
    "agents_sessions_setStatus": _TIER_3,
    "assistant_threads_setStatus": _TIER_4,
    "assistant_threads_setSuggestedPrompts": _TIER_3,
    "assistant_threads_setTitle": _TIER_3,
    "auth_test": _TIER_4,
    "bots_info": _TIER_3,
    "chat_getPermalink": _TIER_4,
    "chat_unfurl": _TIER_3,
    "chat_update": _TIER_3,
    "conversations_history": _TIER_3,
    "conversations_info": _TIER_3,
    "conversations_join": _TIER_3,
    "conversations_list": _TIER_2,
    "conversations_members": _TIER_4,
    "conversations_open": _TIER_3,
    "conversations_replies": _TIER_3,
    "team_info": _TIER_3,
    "users_conversations": _TIER_2,
    "users_info": _TIER_4,
    "users_list": _TIER_2,
    "views_publish": _TIER_4,
    "views_update": _TIER_4,
}
# These would be seen twice, or refused the second time.
_ONCE: Mapping[str, Pace] = {
    "chat_appendStream": _TIER_4,
    "chat_delete": _TIER_3,
    "chat_postEphemeral": _TIER_4,
    "chat_postMessage": _IN_A_CHANNEL,
    "chat_startStream": _TIER_2,
    "chat_stopStream": _TIER_2,
    "reactions_add": _TIER_3,
    "reactions_remove": _TIER_2,
}
# The arguments that say what a call writes to.
_SUBJECTS: Mapping[str, Sequence[str]] = {
    "agents_sessions_setStatus": ("channel_id", "thread_ts"),
    "assistant_threads_setStatus": ("channel_id", "thread_ts"),
    "chat_appendStream": ("channel", "ts"),
    "chat_delete": ("channel", "ts"),
    "chat_postMessage": ("channel",),
    "chat_stopStream": ("channel", "ts"),
    "chat_update": ("channel", "ts"),
    "views_publish": ("user_id",),
    "views_update": ("view_id", "external_id"),
}


def pace_of(method: str) -> Pace:
    """By slack_sdk's name of the method. One that is not in the table counts as tier 2, as most of them do."""
    return _REPEATABLE.get(method) or _ONCE.get(method, _TIER_2)


def is_repeatable(method: str) -> bool:
    """Whether it may be called again when nobody knows if the first call was heard."""
    return method in _REPEATABLE


def subject_of(method: str, arguments: Mapping[str, object]) -> tuple[str, ...]:
    """What the call writes to, where the order of calls matters to it."""
    return tuple(str(arguments.get(name, "")) for name in _SUBJECTS.get(method, ()))


class Lane:
    """A queue that moves at a pace, first come first served."""

    def __init__(self, pace: Pace, clock: Clock, sleep: Sleep) -> None:
        self.in_order = asyncio.Lock()
        """Held by who must be wholly done before the next one may start."""
        self.users = 0
        self._turn = asyncio.Lock()
        self._pace = pace
        self._clock = clock
        self._sleep = sleep
        self._whole_at = clock()  # when the burst is whole again
        self._closed_until = clock()

    async def turn(self, deadline: float) -> bool:
        """Wait for the right to one call; False, without waiting in vain, if it cannot come before the deadline."""
        async with self._turn:
            # Asked again after each sleep: a pause may have come meanwhile.
            while (opens_at := self._opens_at()) > (now := self._clock()) and opens_at <= deadline:
                await self._sleep(opens_at - now)
            if max(now, opens_at) > deadline:
                return False
            self._whole_at = max(now, self._whole_at) + self._pace.seconds
            return True

    def pause(self, seconds: float) -> None:
        """Let nobody through for so long."""
        self._closed_until = max(self._closed_until, self._clock() + seconds)

    @property
    def is_idle(self) -> bool:
        """Whether nothing would change if the lane were forgotten."""
        return not self.users and max(self._whole_at, self._closed_until) <= self._clock()

    def _opens_at(self) -> float:
        return max(self._whole_at - (self._pace.burst - 1) * self._pace.seconds, self._closed_until)


class Lanes:
    """A lane for each key. Those that nobody uses any more are forgotten."""

    def __init__(self, clock: Clock, sleep: Sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lanes: dict[Hashable, Lane] = {}
        self._sweep_at = clock()

    def __len__(self) -> int:
        return len(self._lanes)

    def alone(self) -> Lane:
        """A lane of one's own, where there is nobody to wait for."""
        return Lane(UNPACED, self._clock, self._sleep)

    @contextmanager
    def shared(self, key: Hashable, pace: Pace) -> Iterator[Lane]:
        self._sweep()
        if key not in self._lanes:
            self._lanes[key] = Lane(pace, self._clock, self._sleep)
        lane = self._lanes[key]
        lane.users += 1
        try:
            yield lane
        finally:
            lane.users -= 1

    def _sweep(self) -> None:
        if self._clock() >= self._sweep_at:
            self._lanes = {key: lane for key, lane in self._lanes.items() if not lane.is_idle}
            self._sweep_at = self._clock() + _SECONDS_BETWEEN_SWEEPS
