"""What the app asks of a workspace, as little as it can do with, and why; the manifest and the docs come from here."""

from collections.abc import Mapping

SCOPES: Mapping[str, str] = {
    "app_mentions:read": "hear it when somebody mentions the bot",
    "assistant:write": "suggest first questions, and show a status with a stop button while it works",
    "channels:history": "follow the threads it answers in, and overhear public channels where that is switched on",
    "channels:read": "know whether people of other organisations read along in a public channel",
    "chat:write": "answer",
    "commands": "offer /pilot and the message shortcut",
    "groups:history": "as channels:history, in private channels it was invited to",
    "groups:read": "as channels:read, in private channels it was invited to",
    "im:history": "read what people write to it in direct messages",
}

EMAIL_SCOPES: Mapping[str, str] = {
    "users:read": "know whether somebody's e-mail address is confirmed, and whether they are a guest",
    "users:read.email": "link accounts with the same address",
}
"""Only where accounts are linked by e-mail address."""

EVENTS: Mapping[str, str] = {
    "agent_session_stopped": "stop working when somebody presses the stop button",
    "app_home_opened": "show the home page and the first questions",
    "app_mention": "answer a mention",
    "app_uninstalled": "delete the workspace's tokens",
    "message.channels": "follow-ups in its threads, and overhearing, in public channels",
    "message.groups": "the same in private channels it was invited to",
    "message.im": "answer direct messages",
    "team_access_granted": "note who looks after a workspace that an organisation adds",
    "tokens_revoked": "delete tokens that were taken back",
}


def scopes(*, links_by_email: bool) -> Mapping[str, str]:
    """Those to ask for, each with its reason."""
    return {**SCOPES, **EMAIL_SCOPES} if links_by_email else SCOPES
