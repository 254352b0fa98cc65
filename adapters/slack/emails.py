"""The addresses of people, where a community links accounts by them: those alone that Slack has seen confirmed."""

from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from adapters.lately import Lately
from adapters.slack.outbox import Outbox, SlackRefusedError

_FRESH_SECONDS = 3_600.0
# Whoever looks after their own address elsewhere is not vouched for by this workspace.
_NOT_VOUCHED_FOR = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")


class Emails:
    """Asks Slack about a person now and then. Where it does not say, they have no address."""

    def __init__(self, outbox: Outbox, clock: Callable[[], float]) -> None:
        self._outbox = outbox
        self._people = Lately(clock, "", refused=SlackRefusedError, fresh=_FRESH_SECONDS)

    async def of(self, client: AsyncWebClient, team: str, user: str) -> str:
        async def ask() -> str:
            answer = await self._outbox.call(client, team, "users_info", user=user)
            return _confirmed(answer.get("user") or {})

        return await self._people.get((team, user), ask)


def _confirmed(user: Mapping[str, Any]) -> str:
    if user.get("is_email_confirmed") is not True or any(user.get(sign) for sign in _NOT_VOUCHED_FOR):
        return ""
    email = (user.get("profile") or {}).get("email")
    return email if isinstance(email, str) else ""
