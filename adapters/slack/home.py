"""The App Home: a person's own page with a search on top, never an older state over a newer one."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.blocks import BLOCKS_LIMIT, Json, plain_text, render
from adapters.slack.inbound import SEARCH, Incoming
from adapters.slack.outbox import Outbox, SlackRefusedError
from bot import cards
from bot.events import Event, Visited
from bot.messages import Message, Reply
from bot.voice import ENGLISH, speaking

_log = logging.getLogger(__name__)

_REMEMBERED = 10_000
_SEARCH_LIMIT = 500


class HomePages:
    """Publishes pages, one at a time for each person."""

    def __init__(self, handle: Callable[[Event], Awaitable[Reply | None]], outbox: Outbox) -> None:
        self._handle = handle
        self._outbox = outbox
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        # What Slack called the page that was published last: whoever knows no newer one may replace it.
        self._hashes: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def publish(self, incoming: Incoming, client: AsyncWebClient, found: Reply | None = None) -> None:
        """The page as it is now; with what was `found`, where somebody searched."""
        origin = incoming.origin
        whose = (origin.team, origin.user)
        turn = self._turns.setdefault(whose, asyncio.Lock())
        async with turn:
            known = self._hashes.get(whose) or origin.view_hash
            try:
                await self._publish(incoming, client, found, known)
            except SlackRefusedError as error:
                if error.code != "hash_conflict":
                    raise
                # Another replica published since; what is read now is newer than that.
                await self._publish(incoming, client, found, "")

    async def _publish(self, incoming: Incoming, client: AsyncWebClient, found: Reply | None, known: str) -> None:
        event, origin = incoming.event, incoming.origin
        page = await self._handle(Visited(person=event.person, place=event.place))
        with speaking(page.language if page else ENGLISH):
            view = {"type": "home", "blocks": _blocks(page, found)}
        answer = await self._outbox.call(
            client, origin.team, "views_publish", user_id=origin.user, view=view, **({"hash": known} if known else {})
        )
        whose = (origin.team, origin.user)
        self._hashes[whose] = str((answer.get("view") or {}).get("hash") or "")
        self._hashes.move_to_end(whose)
        if len(self._hashes) > _REMEMBERED:
            self._hashes.popitem(last=False)


def _blocks(page: Reply | None, found: Reply | None) -> list[Json]:
    answer = render(found.content, in_view=True) if found and isinstance(found.content, Message) else []
    own = render(page.content, in_view=True) if page and isinstance(page.content, Message) else []
    return [_search(), *answer, *([{"type": "divider"}] if answer else []), *own][: 2 * BLOCKS_LIMIT]


def _search() -> Json:
    """A new one each time, so that what was searched last is not asked again by a press of the enter key."""
    label, example = cards.search_box()
    return {
        "type": "input",
        "dispatch_action": True,
        "label": plain_text(label, 100),
        "element": {
            "type": "plain_text_input",
            "action_id": SEARCH,
            "max_length": _SEARCH_LIMIT,
            "placeholder": plain_text(example, 100),
            "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
        },
    }
