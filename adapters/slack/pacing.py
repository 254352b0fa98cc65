"""How fast Slack takes what is sent: so many calls a minute of each method, and one message a second in a channel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapters.pacing import UNPACED, Pace

_IN_A_CHANNEL = Pace(seconds=1, burst=3)
# Slack promises "at least" these, and short bursts. Its answer 429 says where that was too hopeful.
_TIER_2, _TIER_3, _TIER_4 = (Pace(seconds=60 / calls, burst=calls // 4) for calls in (20, 50, 100))


@dataclass(frozen=True, slots=True)
class Method:
    """What is to be known of a method before it is called."""

    pace: Pace
    is_repeatable: bool
    """Done twice, it leaves things as done once: it may be called again when nobody knows if it was heard."""
    subject: Sequence[str] = ()
    """The arguments that say what a call writes to, where the order of calls matters to it."""
    is_limited_by_subject: bool = False
    is_at_once: bool = False
    """Its trigger_id lives three seconds: it overtakes everything, and is given up when it is too late."""

    def written_to(self, arguments: Mapping[str, object]) -> tuple[str, ...]:
        return tuple(str(arguments.get(name, "")) for name in self.subject)


# The tiers: https://docs.slack.dev/apis/web-api/rate-limits and each method's page, or the table in Slack's Java SDK,
# metadata/web-api/rate_limit_tiers.json. "Special" methods that may do more than tier 4 stand with tier 4.
_METHODS: Mapping[str, Method] = {
    "agents_sessions_setStatus": Method(_TIER_3, True, ("channel_id", "thread_ts")),
    "assistant_threads_setSuggestedPrompts": Method(_TIER_3, True),
    "chat_appendStream": Method(_TIER_4, False, ("channel", "ts")),
    "chat_postEphemeral": Method(_TIER_4, False),
    "chat_postMessage": Method(_IN_A_CHANNEL, False, ("channel",), is_limited_by_subject=True),
    "chat_startStream": Method(_TIER_2, False),
    "chat_stopStream": Method(_TIER_2, False, ("channel", "ts")),
    "chat_update": Method(_TIER_3, True, ("channel", "ts")),
    "conversations_history": Method(_TIER_3, True),
    "conversations_info": Method(_TIER_3, True),
    "users_info": Method(_TIER_4, True),
    "views_open": Method(UNPACED, False, is_at_once=True),
    "views_publish": Method(_TIER_4, True, ("user_id",)),
    "views_push": Method(UNPACED, False, is_at_once=True),
    "views_update": Method(_TIER_4, True, ("view_id",)),
}
_OTHER = Method(_TIER_2, False)  # as most of them are paced


def method_of(name: str) -> Method:
    """By slack_sdk's name of it."""
    return _METHODS.get(name, _OTHER)
