"""Messages that the bot writes first in Teams: into a person's own chat with it, and into channels."""

from datetime import datetime

from adapters.teams.cards import activity
from adapters.teams.connector import Json, TeamsRefusedError, TeamsUnavailableError
from adapters.teams.inbound import PLATFORM, Origin, Surface, Tenant, is_elsewhere, is_guest
from adapters.teams.outbox import Address, Outbox
from bot import cards
from bot.digests import Board
from bot.messages import Message, Reply
from bot.places import Place
from bot.reaches import No, Posted, Reach, UnreachableError
from bot.voice import speaking
from knowledge.errors import PilotlightError

# https://learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability, Status code responses.
# All other refusals are about the bot or about what it sent: nobody's no.
_NOES = {
    "MessageWritesBlocked": No.BLOCKED,
    "ConversationBlockedByUser": No.BLOCKED,
    "BotDisabledByUser": No.BLOCKED,
    "BotNotInConversationRoster": No.ABSENT,
    "ForbiddenOperationException": No.ABSENT,
    "BotDisabledByAdmin": No.FORBIDDEN,
}
_NOT_FOUND = 404
_NOT_HERE = frozenset({403, _NOT_FOUND})


class TeamsPrompter:
    """A Prompter and an Announcer through the outbox that all else goes through, so that all of it is paced together.

    Guests are strangers unless `guests_are_members`.
    """

    def __init__(self, outbox: Outbox, *, guests_are_members: bool = False) -> None:
        self._outbox = outbox
        self._guests_are_members = guests_are_members

    async def prompt(self, reach: Reach, reply: Reply, key: str = "") -> Posted:  # noqa: ARG002 - Teams keeps no such mark
        made = _made_of(reply)
        try:
            if not reach.address.get("conversation"):
                reach = reach.at({"conversation": await self._begin(reach)})
            posted = await self._outbox.send(_where(reach), made)
        except TeamsRefusedError as error:
            if no := _no(error):
                raise UnreachableError("Teams", no) from error
            raise
        return Posted(reach, posted)

    async def was_sent(self, reach: Reach, key: str, since: datetime) -> bool | None:  # noqa: ARG002 - nothing helps
        """A bot cannot read what stands in a chat."""
        return None

    async def has_strangers(self, board: Board) -> bool:
        where = _board_at(board)
        tenant = Tenant(id=where.tenant, bot=board.address.get("bot", ""), community=board.community)
        try:
            members = await self._outbox.members(where)
        except TeamsRefusedError:
            return True
        return not members or any(
            is_elsewhere(each, tenant) or (is_guest(each) and not self._guests_are_members) for each in members
        )

    async def announce(self, board: Board, reply: Reply, key: str = "") -> str:  # noqa: ARG002 - as above
        try:
            return await self._outbox.send(_board_at(board), _made_of(reply))
        except TeamsRefusedError as error:
            if error.status in _NOT_HERE:
                raise PilotlightError(
                    "Teams: I may not write in that channel. Add the app Pilotlight to its team, then try again."
                ) from error
            raise

    async def was_announced(self, board: Board, key: str, since: datetime) -> bool | None:  # noqa: ARG002 - as above
        return None

    async def _begin(self, reach: Reach) -> str:
        """Only who is known from a team has no conversation yet; beginning it twice gives the same one."""
        bot, user = reach.address.get("bot", ""), reach.address.get("user", "")
        where = _where(reach)
        try:
            return await self._outbox.begin_chat(where.tenant, where.service_url, bot=bot, user=user)
        except TeamsUnavailableError as error:
            # Whatever became of it, nothing was said in it.
            raise TeamsUnavailableError(error.call, is_in_doubt=False, status=error.status) from None


def reach_of(place: Place, account: str, origin: Origin) -> Reach:
    """How somebody is written to who was just heard there. Where others read along, their own chat is not known."""
    is_own = origin.surface is Surface.PERSONAL
    address = {
        "tenant": origin.tenant,
        "service_url": origin.service_url,
        "conversation": origin.conversation if is_own else "",
        "user": origin.user,
        "bot": origin.bot,
    }
    return Reach(place.community, PLATFORM, account, address)


def _made_of(reply: Reply) -> Json:
    with speaking(reply.language):
        content = reply.content
        message = content if isinstance(content, Message) else cards.form_button(content, was_too_late=False)
        return activity(message)


def _board_at(board: Board) -> Address:
    """A new post of the channel: its conversation without a thread."""
    return Address(board.address.get("tenant", ""), board.address.get("service_url", ""), board.room)


def _where(reach: Reach) -> Address:
    return Address(*(reach.address.get(part, "") for part in ("tenant", "service_url", "conversation")))


def _no(error: TeamsRefusedError) -> No | None:
    if error.status == _NOT_FOUND:
        return No.GONE
    return _NOES.get(error.code) if error.status == 403 else None
