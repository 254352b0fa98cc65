"""Writing first in Teams, against a stand-in of the Bot Connector: what counts as a no, and what does not."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.teams.connector import BotbuilderConnector, TeamsRefusedError, TeamsUnavailableError
from adapters.teams.inbound import Origin, Surface
from adapters.teams.outbox import Outbox
from adapters.teams.prompter import TeamsPrompter, reach_of
from bot.cards import hello
from bot.digests import Board
from bot.forms import Form
from bot.messages import Reply
from bot.places import Place
from bot.reaches import No, Reach, UnreachableError
from knowledge.errors import PilotlightError, UnavailableError
from tests.base import NOW
from tests.teams_connector import APP_ID, APP_PASSWORD, TENANT, StandIn, hangs_up, raw, refused, running_stand_in, said

BOT, USER = f"28:{APP_ID}", "29:ann"
BLOCKED = (
    '{"errorCode":209,"message":"{\\r\\n \\"subCode\\": \\"MessageWritesBlocked\\",\\r\\n \\"details\\": \\"No.\\"}"}'
)
NOES = [
    (raw(BLOCKED, "application/json", 403), No.BLOCKED),
    (refused(403, "ConversationBlockedByUser"), No.BLOCKED),
    (refused(403, "BotDisabledByUser"), No.BLOCKED),
    (refused(403, "BotNotInConversationRoster"), No.ABSENT),
    (refused(403, "ForbiddenOperationException"), No.ABSENT),
    (refused(403, "BotDisabledByAdmin"), No.FORBIDDEN),
    (refused(404, "ConversationNotFound"), No.GONE),
    (raw("", status=404), No.GONE),
]
Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
async def teams(key: rsa.RSAPrivateKey) -> AsyncIterator[StandIn]:
    async with running_stand_in(key) as stand_in:
        yield stand_in


@pytest.fixture
async def prompter(teams: StandIn) -> AsyncIterator[TeamsPrompter]:
    address = teams.service_url.removesuffix("/emea/")
    connector = BotbuilderConnector(APP_ID, APP_PASSWORD, TENANT, clock=time.monotonic, login_url=address)
    yield TeamsPrompter(Outbox(connector, clock=time.monotonic, sleep=lambda _: asyncio.sleep(0)))
    await connector.close()


def reach(teams: StandIn, conversation: str = "a:ann") -> Reach:
    address = {"tenant": TENANT, "service_url": teams.service_url, "conversation": conversation}
    return Reach("example", "teams", "ann", {**address, "user": USER, "bot": BOT})


def reply(language: str = "en") -> Reply:
    return Reply(content=hello(), language=language)


async def test_it_is_said_in_the_persons_own_chat_with_the_bot(teams: StandIn, prompter: TeamsPrompter) -> None:
    posted = await prompter.prompt(reach(teams), reply(), "key")
    assert posted.reach == reach(teams)
    assert posted.message
    # A bot cannot read what it said.
    assert await prompter.was_sent(posted.reach, "key", NOW) is None
    (heard,) = teams.heard
    assert (heard.method, heard.path) == ("POST", "/emea/v3/conversations/a%3Aann/activities")
    assert heard.body["summary"].startswith("Hello!")
    assert heard.body["attachments"][0]["content"]["type"] == "AdaptiveCard"


async def test_what_stands_on_the_card_beyond_the_message_is_in_the_same_language(
    teams: StandIn, prompter: TeamsPrompter
) -> None:
    await prompter.prompt(
        reach(teams), Reply(content=Form(name="f", title="Titel", fields=(), send="OK"), language="de")
    )
    assert "Formular" in teams.heard[0].body["summary"]


async def test_who_is_known_from_a_team_only_gets_a_chat_begun(teams: StandIn, prompter: TeamsPrompter) -> None:
    teams.answers = [said({"id": "a:new"}, 201)]
    assert (await prompter.prompt(reach(teams, ""), reply())).reach == reach(teams, "a:new")
    begun, sent = teams.heard
    assert begun.path == "/emea/v3/conversations"
    assert begun.body == {
        "isGroup": False,
        "bot": {"id": BOT},
        "members": [{"id": USER}],
        "tenantId": TENANT,
        "channelData": {"tenant": {"id": TENANT}},
    }
    assert sent.path == "/emea/v3/conversations/a%3Anew/activities"


@pytest.mark.parametrize(("refusal", "because"), NOES)
@pytest.mark.parametrize("conversation", ["a:ann", ""])
async def test_a_no_is_told_as_one(
    teams: StandIn, prompter: TeamsPrompter, refusal: Behaviour, because: No, conversation: str
) -> None:
    teams.answers = [refusal]
    with pytest.raises(UnreachableError, match="Teams: ") as told:
        await prompter.prompt(reach(teams, conversation), reply())
    assert told.value.because is because
    assert len(teams.heard) == 1


async def test_a_no_in_a_chat_just_begun_is_one_too(teams: StandIn, prompter: TeamsPrompter) -> None:
    teams.answers = [said({"id": "a:new"}, 201), refused(403, "MessageWritesBlocked")]
    with pytest.raises(UnreachableError):
        await prompter.prompt(reach(teams, ""), reply())


@pytest.mark.parametrize(
    ("status", "code"), [(400, "BadArgument"), (401, "BotNotRegistered"), (403, "NotEnoughPermissions"), (413, "x"),
                         (403, "InvalidBotApiHost")],
)  # fmt: skip
async def test_what_is_wrong_with_the_bot_is_nobodys_no(
    teams: StandIn, prompter: TeamsPrompter, status: int, code: str
) -> None:
    teams.answers = [refused(status, code)]
    with pytest.raises(TeamsRefusedError):
        await prompter.prompt(reach(teams), reply())


async def test_what_may_have_been_said_is_in_doubt_and_not_said_again(teams: StandIn, prompter: TeamsPrompter) -> None:
    teams.answers = [hangs_up]
    with pytest.raises(TeamsUnavailableError) as told:
        await prompter.prompt(reach(teams), reply())
    assert told.value.is_in_doubt
    assert len(teams.heard) == 1


async def test_where_a_chat_was_perhaps_begun_nothing_was_said_yet(teams: StandIn, prompter: TeamsPrompter) -> None:
    teams.answers = [hangs_up]
    with pytest.raises(TeamsUnavailableError) as told:
        await prompter.prompt(reach(teams, ""), reply())
    assert not told.value.is_in_doubt
    assert len(teams.heard) == 1


ORIGIN = Origin(
    surface=Surface.PERSONAL, service_url="https://example.org", tenant=TENANT, conversation="a:ann", user=USER, bot=BOT
)


def test_of_somebody_heard_in_their_own_chat_that_is_known() -> None:
    known = reach_of(Place("teams", "example", "a:ann"), "ann", ORIGIN)
    address = {
        "tenant": TENANT,
        "service_url": "https://example.org",
        "conversation": "a:ann",
        "user": USER,
        "bot": BOT,
    }
    assert known == Reach("example", "teams", "ann", address)


@pytest.mark.parametrize("surface", [Surface.GROUP, Surface.CHANNEL])
def test_a_conversation_with_others_is_never_taken_for_somebodys_own(surface: Surface) -> None:
    heard = replace(ORIGIN, surface=surface, conversation="19:room;messageid=1")
    assert reach_of(Place("teams", "example", "19:room"), "ann", heard).address["conversation"] == ""


ROOM = "19:room@thread.tacv2"


def board(teams: StandIn) -> Board:
    return Board(
        platform="teams",
        community="example",
        room=ROOM,
        weekday=0,
        chosen_by="ann",
        chosen_at=NOW,
        told_until=NOW,
        address=reach(teams).address,
    )


@pytest.mark.shows("digest")
async def test_what_is_new_is_told_in_the_channel_that_was_chosen(teams: StandIn, prompter: TeamsPrompter) -> None:
    teams.answers = [said({"id": "1779"}, 201)]
    assert await prompter.announce(board(teams), reply(), "digest 1") == "1779"
    (heard,) = teams.heard
    assert heard.path == "/emea/v3/conversations/19%3Aroom%40thread.tacv2/activities"
    assert heard.body["summary"].startswith("Hello!")
    assert await prompter.was_announced(board(teams), "digest 1", NOW) is None


@pytest.mark.parametrize("refusal", [refused(403, "BotNotInConversationRoster"), raw("", status=404)])
async def test_where_it_may_not_write_a_moderator_learns_what_to_do(
    teams: StandIn, prompter: TeamsPrompter, refusal: Behaviour
) -> None:
    teams.answers = [refusal]
    with pytest.raises(PilotlightError, match="Add the app Pilotlight to its team") as caught:
        await prompter.announce(board(teams), reply())
    assert not isinstance(caught.value, UnreachableError | UnavailableError)


@pytest.mark.parametrize(
    ("members", "has_strangers"),
    [
        ([{"id": "29:a", "tenantId": TENANT, "userRole": "user"}], False),
        ([{"id": "29:a", "tenantId": TENANT}, {"id": "29:b", "tenantId": "another"}], True),
        ([{"id": "29:a", "tenantId": TENANT, "userRole": "guest"}], True),
        ([], True),
    ],
)
async def test_whether_strangers_read_along_is_asked_before_anything_is_told_there(
    teams: StandIn, prompter: TeamsPrompter, members: list[dict[str, str]], *, has_strangers: bool
) -> None:
    teams.answers = [said({"members": members})]
    assert await prompter.has_strangers(board(teams)) is has_strangers


async def test_where_teams_does_not_say_who_reads_strangers_do(teams: StandIn, prompter: TeamsPrompter) -> None:
    teams.answers = [refused(403, "x")]
    assert await prompter.has_strangers(board(teams))
