"""Messages that the bot writes first, into a person's own chat with it in Teams."""

from adapters.teams.cards import Json, activity
from adapters.teams.connector import TeamsRefusedError, TeamsUnavailableError
from adapters.teams.inbound import PLATFORM, Origin, Surface
from adapters.teams.outbox import Address, Outbox
from bot import cards
from bot.messages import Message, Reply
from bot.places import Place
from bot.reaches import No, Reach, UnreachableError
from bot.voice import speaking

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


class TeamsPrompter:
    """A Prompter through the outbox that all else goes through, so that all of it is paced together."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def prompt(self, reach: Reach, reply: Reply) -> Reach:
        with speaking(reply.language):
            content = reply.content
            message = content if isinstance(content, Message) else cards.form_button(content, was_too_late=False)
            made = activity(message)
        try:
            if not reach.address.get("conversation"):
                reach = reach.at({"conversation": await self._begin(reach)})
            await self._outbox.send(_where(reach), made)
        except TeamsRefusedError as error:
            if no := _no(error):
                raise UnreachableError("Teams", no) from error
            raise
        return reach

    async def _begin(self, reach: Reach) -> str:
        """Only who is known from a team has no conversation yet; beginning it twice gives the same one."""
        tenant = reach.address.get("tenant", "")
        try:
            conversation, _ = await self._outbox.create(tenant, _service_url(reach), _parameters(reach, tenant))
        except TeamsUnavailableError as error:
            # Whatever became of it, nothing was said in it.
            raise TeamsUnavailableError(error.call, is_in_doubt=False, status=error.status) from None
        return conversation


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


def _parameters(reach: Reach, tenant: str) -> Json:
    return {
        "isGroup": False,
        "bot": {"id": reach.address.get("bot", "")},
        "members": [{"id": reach.address.get("user", "")}],
        "tenantId": tenant,
        "channelData": {"tenant": {"id": tenant}},
    }


def _where(reach: Reach) -> Address:
    return Address(reach.address.get("tenant", ""), _service_url(reach), reach.address.get("conversation", ""))


def _service_url(reach: Reach) -> str:
    return reach.address.get("service_url", "")


def _no(error: TeamsRefusedError) -> No | None:
    if error.status == _NOT_FOUND:
        return No.GONE
    return _NOES.get(error.code) if error.status == 403 else None
