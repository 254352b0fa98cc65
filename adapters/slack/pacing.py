"""How fast Slack takes what is sent: so many calls a minute of each method, and one message a second in a channel."""

from collections.abc import Mapping, Sequence

from adapters.pacing import Pace

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
