"""What every connector to Teams does, whichever SDK is behind it: against a stand-in of the Bot Connector."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from traceback import format_exception
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.teams.connector import (
    BotbuilderConnector,
    Connector,
    NotAuthenticatedError,
    TeamsRefusedError,
    TeamsUnavailableError,
)
from knowledge.errors import UnavailableError
from tests.teams_connector import (
    APP_ID,
    APP_PASSWORD,
    TENANT,
    Behaviour,
    Json,
    StandIn,
    hangs_up,
    raw,
    refused,
    running_stand_in,
    said,
)

TEXT = "what somebody wrote"
THREAD = "19:general@thread.tacv2;messageid=17"
THREAD_PATH = "/emea/v3/conversations/19%3Ageneral%40thread.tacv2%3Bmessageid%3D17"
ACTIVITY: Json = {
    "type": "message",
    "text": TEXT,
    "entities": [{"type": "https://schema.org/Message", "@type": "Message", "additionalType": ["AIGeneratedContent"]}],
    "channelData": {"feedbackLoop": {"type": "custom"}},
    "something": {"newer": None},
}
STREAMED = "ContentStreamNotAllowed"
TIMEOUT = 0.4


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def other_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
async def teams(key: rsa.RSAPrivateKey) -> AsyncIterator[StandIn]:
    async with running_stand_in(key) as stand_in:
        yield stand_in


@pytest.fixture
def clock() -> Clock:
    return Clock()


def connector_to(teams: StandIn, clock: Clock, app_id: str = APP_ID, password: str = APP_PASSWORD) -> Connector:
    urls = {"open_id_url": teams.identity.open_id_url, "login_url": teams.identity.login_url}
    return BotbuilderConnector(app_id, password, TENANT, clock=clock, timeout=TIMEOUT, **urls)


@pytest.fixture
async def connector(teams: StandIn, clock: Clock) -> AsyncIterator[Connector]:
    connector = connector_to(teams, clock)
    yield connector
    await connector.close()


def send(connector: Connector, teams: StandIn) -> Awaitable[str]:
    return connector.send(teams.service_url, THREAD, ACTIVITY)


CALLS: dict[str, Callable[[Connector, str], Awaitable[Any]]] = {
    "send": lambda connector, url: connector.send(url, THREAD, ACTIVITY),
    "update": lambda connector, url: connector.update(url, THREAD, "18", ACTIVITY),
    "delete": lambda connector, url: connector.delete(url, THREAD, "18"),
    "create": lambda connector, url: connector.create(url, {"isGroup": False}),
    "member": lambda connector, url: connector.member(url, THREAD, "29:1alice"),
    "members": lambda connector, url: connector.members(url, THREAD),
    "team": lambda connector, url: connector.team(url, "19:team"),
    "channels": lambda connector, url: connector.channels(url, "19:team"),
}
READS = frozenset({"member", "members", "team", "channels"})


# What is asked


async def test_a_message_goes_as_it_is_and_its_id_comes_back(connector: Connector, teams: StandIn) -> None:
    teams.answers = [said({"id": "1700"}, 201)]
    assert await send(connector, teams) == "1700"
    (heard,) = teams.heard
    assert (heard.method, heard.path, heard.query) == ("POST", f"{THREAD_PATH}/activities", {})
    assert heard.body == ACTIVITY


async def test_an_answer_goes_to_what_it_answers(connector: Connector, teams: StandIn) -> None:
    await connector.send(teams.service_url.rstrip("/"), THREAD, {**ACTIVITY, "replyToId": "1:7/8"})
    assert teams.heard[0].path == f"{THREAD_PATH}/activities/1%3A7%2F8"


async def test_what_only_one_shall_see_says_so_when_sent_changed_and_deleted(
    connector: Connector, teams: StandIn
) -> None:
    url = teams.service_url
    await connector.send(url, THREAD, ACTIVITY, is_targeted=True)
    await connector.update(url, THREAD, "18", ACTIVITY, is_targeted=True)
    await connector.delete(url, THREAD, "18", is_targeted=True)
    assert [heard.query for heard in teams.heard] == [{"isTargetedActivity": "true"}] * 3
    assert [heard.path for heard in teams.heard] == [f"{THREAD_PATH}/activities{rest}" for rest in ("", "/18", "/18")]


async def test_a_piece_of_a_stream_that_gets_no_id_is_taken(connector: Connector, teams: StandIn) -> None:
    teams.answers = [said({}, 202), raw("", status=202)]
    assert [await send(connector, teams) for _ in range(2)] == ["", ""]


async def test_a_message_is_changed(connector: Connector, teams: StandIn) -> None:
    await connector.update(teams.service_url, THREAD, "18", ACTIVITY)
    (heard,) = teams.heard
    assert (heard.method, heard.path, heard.body) == ("PUT", f"{THREAD_PATH}/activities/18", ACTIVITY)


async def test_a_message_is_deleted_whatever_the_empty_answer(connector: Connector, teams: StandIn) -> None:
    teams.answers = [raw("", status=200), raw("", status=204), said({})]
    for _ in range(3):
        await connector.delete(teams.service_url, THREAD, "18")
    assert {(heard.method, heard.path, heard.body) for heard in teams.heard} == {
        ("DELETE", f"{THREAD_PATH}/activities/18", None)
    }


async def test_a_conversation_is_begun(connector: Connector, teams: StandIn) -> None:
    parameters = {"isGroup": False, "members": [{"id": "29:1alice"}], "tenantId": TENANT, "activity": ACTIVITY}
    teams.answers = [said({"id": "a:1", "activityId": "7"}, 201), said({"id": "a:2"})]
    assert await connector.create(teams.service_url, parameters) == ("a:1", "7")
    assert await connector.create(teams.service_url, parameters) == ("a:2", "")
    assert (teams.heard[0].method, teams.heard[0].path) == ("POST", "/emea/v3/conversations")
    assert teams.heard[0].body == parameters


async def test_a_person_is_told_with_all_that_is_known(connector: Connector, teams: StandIn) -> None:
    alice = {"id": "29:1alice", "email": "alice@example.org", "userRole": "user", "somethingNew": [1]}
    teams.answers = [said(alice)]
    assert await connector.member(teams.service_url, THREAD, "29:1alice") == alice
    assert (teams.heard[0].method, teams.heard[0].path) == ("GET", f"{THREAD_PATH}/members/29%3A1alice")


async def test_everybody_is_told_from_all_pages(connector: Connector, teams: StandIn) -> None:
    teams.answers = [
        said({"members": [{"id": "1"}, {"id": "2"}], "continuationToken": "next one+/="}),
        said({"members": [{"id": "3"}]}),
    ]
    assert [member["id"] for member in await connector.members(teams.service_url, THREAD)] == ["1", "2", "3"]
    assert [heard.path for heard in teams.heard] == [f"{THREAD_PATH}/pagedmembers"] * 2
    assert [heard.query.get("continuationToken") for heard in teams.heard] == [None, "next one+/="]


async def test_pages_without_end_have_one(connector: Connector, teams: StandIn) -> None:
    teams.answers = [said({"members": [], "continuationToken": "again"}) for _ in range(300)]
    with pytest.raises(TeamsUnavailableError):
        await connector.members(teams.service_url, THREAD)


async def test_a_team_and_its_channels_are_told(connector: Connector, teams: StandIn) -> None:
    team = {"id": "19:team", "name": "Example", "aadGroupId": "7e0a"}
    teams.answers = [said(team), said({"conversations": [{"id": "19:team"}, {"id": "19:b", "name": "B"}]})]
    assert await connector.team(teams.service_url, "19:team") == team
    assert [channel["id"] for channel in await connector.channels(teams.service_url, "19:team")] == ["19:team", "19:b"]
    assert [heard.path for heard in teams.heard] == [
        "/emea/v3/teams/19%3Ateam",
        "/emea/v3/teams/19%3Ateam/conversations",
    ]


# The bot's own token


async def test_the_bot_shows_one_token_for_many_calls_at_once(connector: Connector, teams: StandIn) -> None:
    await asyncio.gather(*(send(connector, teams) for _ in range(20)))
    ((path, form),) = teams.logins
    assert path == f"/{TENANT}/oauth2/v2.0/token"
    assert form["grant_type"] == ["client_credentials"]
    assert {heard.authorization for heard in teams.heard} == {f"Bearer {teams.identity.bot_token}-1"}


async def test_a_token_is_renewed_before_it_ends(connector: Connector, teams: StandIn, clock: Clock) -> None:
    for now in (0, 3200, 3400, 6000, 6800):
        clock.now = 1000.0 + now
        await send(connector, teams)
    assert [heard.authorization[-2:] for heard in teams.heard] == ["-1", "-1", "-2", "-2", "-3"]


async def test_a_token_that_cannot_be_renewed_serves_until_it_ends(
    connector: Connector, teams: StandIn, clock: Clock
) -> None:
    await send(connector, teams)
    teams.login_answers = [raw("", status=503)] * 9
    clock.now += 3400
    await asyncio.gather(*(send(connector, teams) for _ in range(5)))
    assert len(teams.logins) == 2
    clock.now += 210
    with pytest.raises(TeamsUnavailableError) as caught:
        await send(connector, teams)
    assert not caught.value.is_in_doubt
    assert len(teams.heard) == 6


async def test_a_token_that_teams_refuses_is_not_shown_again(connector: Connector, teams: StandIn) -> None:
    teams.answers = [refused(401, "Unauthorized")]
    with pytest.raises(TeamsRefusedError) as caught:
        await send(connector, teams)
    assert (caught.value.status, caught.value.code) == (401, "Unauthorized")
    await send(connector, teams)
    assert [heard.authorization[-2:] for heard in teams.heard] == ["-1", "-2"]


async def test_a_wrong_password_is_a_refusal_that_says_so(teams: StandIn, clock: Clock) -> None:
    connector = connector_to(teams, clock, password="wrong")
    with pytest.raises(TeamsRefusedError, match="app id and password") as caught:
        await send(connector, teams)
    assert (caught.value.status, caught.value.code) == (401, "invalid_client")
    assert not teams.heard
    await connector.close()


@pytest.mark.parametrize(
    "answer",
    [
        raw("<h1>Log in to the café's network</h1>"),
        said({"access_token": "", "expires_in": 3600}),
        said({"access_token": "t", "expires_in": "soon"}),
        said([1]),
        hangs_up,
        raw("", status=502),
        said({}, 429, Retry_After="7"),
    ],
)
async def test_without_a_token_nothing_was_sent(connector: Connector, teams: StandIn, answer: Behaviour) -> None:
    teams.login_answers = [answer]
    with pytest.raises(TeamsUnavailableError) as caught:
        await send(connector, teams)
    assert not caught.value.is_in_doubt
    assert not teams.heard
    await send(connector, teams)


async def test_who_gives_up_waiting_for_a_token_stops_it_for_nobody(connector: Connector, teams: StandIn) -> None:
    teams.login_answers = [slow]
    first, second = (asyncio.ensure_future(send(connector, teams)) for _ in range(2))
    await asyncio.sleep(0.02)
    first.cancel()
    assert await second
    assert len(teams.logins) == 1


async def slow(_request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(0.1)
    return web.json_response({"access_token": "slow", "expires_in": 3600})


async def dawdles(_request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(2)
    return web.json_response({})


async def test_without_an_app_id_there_is_no_token_and_nobody_is_checked(teams: StandIn, clock: Clock) -> None:
    connector = connector_to(teams, clock, app_id="")
    await send(connector, teams)
    await connector.authenticate({}, "")
    assert teams.heard[0].authorization == ""
    assert not teams.logins
    await connector.close()


# Trouble


@pytest.mark.parametrize(("told", "waits"), [("7", 7), ("0", 0), ("soon", None), ("-1", None), ("1e9", None)])
@pytest.mark.parametrize("call", CALLS)
async def test_too_many_calls_were_not_done_and_say_how_long_to_wait(
    connector: Connector, teams: StandIn, call: str, told: str, waits: float | None
) -> None:
    teams.answers = [said({"error": {"code": "Throttled"}}, 429, Retry_After=told)]
    with pytest.raises(TeamsUnavailableError) as caught:
        await CALLS[call](connector, teams.service_url)
    assert (caught.value.status, caught.value.retry_after, caught.value.is_in_doubt) == (429, waits, False)
    assert len(teams.heard) == 1


async def test_a_failed_precondition_was_not_done(connector: Connector, teams: StandIn) -> None:
    teams.answers = [refused(412, "PreconditionFailed")]
    with pytest.raises(TeamsUnavailableError) as caught:
        await send(connector, teams)
    assert (caught.value.status, caught.value.is_in_doubt) == (412, False)


LOST: dict[str, Behaviour] = {
    "500": refused(500, "ServiceError"),
    "502": raw("<h1>Bad Gateway</h1>", status=502),
    "503": raw("", status=503),
    "504": raw("", status=504),
    "408": raw("", status=408),
    "hangs up": hangs_up,
    "dawdles": dawdles,
    "a web page": raw("<h1>Log in to the café's network</h1>"),
    "half a JSON": raw('{"id": "1', "application/json"),
    "a list": said([1]),
    "too deep": raw("[" * 100_000, "application/json"),
}


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("call", CALLS)
async def test_what_is_not_answered_may_have_been_done_and_is_asked_once(
    connector: Connector, teams: StandIn, call: str, lost: str
) -> None:
    teams.answers = [LOST[lost]]
    before = time.monotonic()
    with pytest.raises(TeamsUnavailableError) as caught:
        await CALLS[call](connector, teams.service_url)
    assert caught.value.is_in_doubt == (call not in READS)
    assert len(teams.heard) == 1
    assert time.monotonic() - before < TIMEOUT + 1


async def test_a_conversation_without_an_id_may_have_been_begun(connector: Connector, teams: StandIn) -> None:
    teams.answers = [said({})]
    with pytest.raises(TeamsUnavailableError) as caught:
        await connector.create(teams.service_url, {})
    assert caught.value.is_in_doubt


@pytest.mark.parametrize("call", ["members", "channels"])
async def test_a_list_that_is_none_is_trouble(connector: Connector, teams: StandIn, call: str) -> None:
    teams.answers = [said({"members": "all", "conversations": {}})]
    with pytest.raises(TeamsUnavailableError):
        await CALLS[call](connector, teams.service_url)


@pytest.mark.parametrize("url", ["secret:/place", "secret", "http://[secret", "http://127.0.0.1:1/secret"])
async def test_where_nobody_is_nothing_was_done(connector: Connector, url: str) -> None:
    with pytest.raises(TeamsUnavailableError) as caught:
        await connector.send(url, THREAD, ACTIVITY)
    assert not caught.value.is_in_doubt
    assert "secret" not in "".join(format_exception(caught.value))


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (refused(403, "MessageWritesBlocked"), 403, "MessageWritesBlocked"),
        (refused(403, "BotNotInConversationRoster"), 403, "BotNotInConversationRoster"),
        (refused(403, "ConversationBlockedByUser"), 403, "ConversationBlockedByUser"),
        (refused(403, "Forbidden", '{"subCode":"MessageWritesBlocked","details":""}'), 403, "MessageWritesBlocked"),
        (said({"subCode": "MessageWritesBlocked", "errorCode": 209}, 403), 403, "MessageWritesBlocked"),
        (refused(403, STREAMED, "Content stream was canceled by user."), 403, "ContentStreamCanceled"),
        (refused(403, STREAMED, "Content stream was cancelled by user"), 403, "ContentStreamCanceled"),
        (refused(403, STREAMED, "Content stream finished due to exceeded streaming time."), 403, STREAMED),
        (refused(403, STREAMED, "Message size too large"), 403, STREAMED),
        (refused(403, "Forbidden", "Content stream was canceled by user."), 403, "Forbidden"),
        (refused(413, "MessageSizeTooBig"), 413, "MessageSizeTooBig"),
        (raw("<h1>Too big</h1>", status=413), 413, "MessageSizeTooBig"),
        (refused(404, "ConversationNotFound"), 404, "ConversationNotFound"),
        (refused(400, f"BadSyntax {TEXT}"), 400, "http_400"),
        (said({"error": {"code": {"deep": 1}}}, 400), 400, "http_400"),
        (said({"error": [TEXT]}, 400), 400, "http_400"),
        (said(None, 403), 403, "http_403"),
        (raw(TEXT, status=403), 403, "http_403"),
        (raw("", status=302, Location="http://127.0.0.1:1/elsewhere"), 302, "http_302"),
    ],
)
async def test_a_refusal_has_its_code(
    connector: Connector, teams: StandIn, answer: Behaviour, status: int, code: str
) -> None:
    teams.answers = [answer]
    with pytest.raises(TeamsRefusedError) as caught:
        await send(connector, teams)
    assert (caught.value.status, caught.value.code) == (status, code)
    assert len(teams.heard) == 1


@pytest.mark.parametrize(
    "answer", [refused(400, TEXT, TEXT), raw(TEXT), raw(TEXT, status=502), said({"id": TEXT}), hangs_up, dawdles]
)
async def test_neither_words_nor_secrets_are_in_an_error_or_in_the_log(
    connector: Connector, teams: StandIn, caplog: pytest.LogCaptureFixture, answer: Behaviour
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, "aiohttp.access")  # the stand-in's own
    teams.answers = [answer]
    teams.login_answers = [refused(400, APP_PASSWORD, APP_PASSWORD)]
    token = teams.token(aud="wrong")
    doings = [
        send(connector, teams),
        send(connector, teams),
        connector.authenticate(arriving(teams), f"Bearer {token}"),
    ]
    settled = [await asyncio.gather(doing, return_exceptions=True) for doing in doings]
    told = caplog.text + "".join("".join(format_exception(it)) for (it,) in settled if isinstance(it, Exception))
    for secret in (TEXT, APP_PASSWORD, teams.identity.bot_token, token):
        assert secret not in told


# Who sent it


def arriving(teams: StandIn, **fields: object) -> Json:
    return {**ACTIVITY, "channelId": "msteams", "serviceUrl": teams.service_url, **fields}


async def test_what_teams_signed_for_this_bot_passes_and_the_keys_are_asked_for_once(
    connector: Connector, teams: StandIn
) -> None:
    await asyncio.gather(*(connector.authenticate(arriving(teams), f"Bearer {teams.token()}") for _ in range(10)))
    await connector.authenticate(arriving(teams), f"Bearer {teams.token()}")
    assert len(teams.open_id_requests) == 2


NOW = int(time.time())
BAD_TOKENS: dict[str, Callable[[StandIn], str]] = {
    "expired": lambda teams: teams.token(exp=NOW - 3600),
    "no end": lambda teams: teams.token(exp=None),
    "an end that is none": lambda teams: teams.token(exp="never"),
    "not yet valid": lambda teams: teams.token(nbf=NOW + 3600),
    "wrong audience": lambda teams: teams.token(aud="another-bot"),
    "a list of audiences": lambda teams: teams.token(aud=[APP_ID]),
    "no audience": lambda teams: teams.token(aud=None),
    "wrong issuer": lambda teams: teams.token(iss="https://sts.windows.net/somebody/"),
    "part of the issuer": lambda teams: teams.token(iss="https://api"),
    "no issuer": lambda teams: teams.token(iss=None),
    "issuer of another kind": lambda teams: teams.token(iss=["https://api.botframework.com"]),
    "bad signature": lambda teams: f"{teams.token()[:-9]}AAAAAAAAA",
    "no signature": lambda teams: teams.token().rsplit(".", 1)[0] + ".",
    "unknown kid": lambda teams: teams.token(header={"kid": "unknown"}),
    "no kid": lambda teams: teams.token(header={"kid": None}),
    "kid of another kind": lambda teams: teams.token(header={"kid": ["test-key"]}),
    "alg none": lambda teams: teams.token(header={"alg": "none"}),
    "alg of a secret": lambda teams: teams.token(header={"alg": "HS256"}),
    "another alg": lambda teams: teams.token(header={"alg": "RS512"}),
    "wrong serviceurl": lambda teams: teams.token(serviceurl="https://elsewhere.example/"),
    "no serviceurl": lambda teams: teams.token(serviceurl=None),
    "garbage": lambda _: "a.b.c",
    "no dots": lambda _: "abc",
    "nothing": lambda _: "",
    "letters of no alphabet": lambda _: "é.ü.ß",
}


@pytest.mark.parametrize("bad", BAD_TOKENS)
async def test_a_token_with_a_fault_is_refused(connector: Connector, teams: StandIn, bad: str) -> None:
    for _ in range(2):
        with pytest.raises(NotAuthenticatedError):
            await connector.authenticate(arriving(teams), f"Bearer {BAD_TOKENS[bad](teams)}")


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic {}", "{}", "Bearer {} {}", "bearer{}", "\x00", "Ω {}"]
)
async def test_a_header_with_a_fault_is_refused(connector: Connector, teams: StandIn, header: str) -> None:
    with pytest.raises(NotAuthenticatedError):
        await connector.authenticate(arriving(teams), header.replace("{}", teams.token()))


@pytest.mark.parametrize("endorsements", [["webchat"], [], None])
async def test_a_key_that_is_not_endorsed_for_teams_is_refused(
    connector: Connector, teams: StandIn, endorsements: list[str] | None
) -> None:
    teams.endorsements = endorsements
    with pytest.raises(NotAuthenticatedError):
        await connector.authenticate(arriving(teams), f"Bearer {teams.token()}")


@pytest.mark.parametrize(
    "fields",
    [{"channelId": "webchat"}, {"channelId": None}, {"serviceUrl": None}, {"serviceUrl": ""}, {"serviceUrl": 1}],
)
async def test_an_activity_of_another_place_is_refused(connector: Connector, teams: StandIn, fields: Json) -> None:
    with pytest.raises(NotAuthenticatedError):
        await connector.authenticate(arriving(teams, **fields), f"Bearer {teams.token()}")


async def test_keys_rotated_at_the_issuer_are_fetched_once_and_made_up_ones_not_at_every_request(
    connector: Connector, teams: StandIn, clock: Clock, other_key: rsa.RSAPrivateKey
) -> None:
    before = teams.token()
    await connector.authenticate(arriving(teams), f"Bearer {before}")
    teams.rotate(other_key, "newer-key")
    clock.now += 61
    await asyncio.gather(*(connector.authenticate(arriving(teams), f"Bearer {teams.token()}") for _ in range(5)))
    assert len(teams.open_id_requests) == 4
    for number in range(5):
        with pytest.raises(NotAuthenticatedError):
            await connector.authenticate(arriving(teams), f"Bearer {teams.token(header={'kid': f'{number}'})}")
    with pytest.raises(NotAuthenticatedError):
        await connector.authenticate(arriving(teams), f"Bearer {before}")
    assert len(teams.open_id_requests) == 4


@pytest.mark.parametrize(
    "away",
    [raw("", status=503), raw("", status=404), raw("<h1>"), said({}), said({"jwks_uri": "nowhere"}), hangs_up, dawdles],
)
async def test_nobody_is_refused_while_the_keys_cannot_be_had(
    connector: Connector, teams: StandIn, away: Behaviour
) -> None:
    teams.open_id_answers = [away]
    with pytest.raises(UnavailableError):
        await connector.authenticate(arriving(teams), f"Bearer {teams.token()}")
    await connector.authenticate(arriving(teams), f"Bearer {teams.token()}")


@pytest.mark.parametrize("keys", [[1], [{"kid": "test-key", "kty": "RSA", "endorsements": ["msteams"]}], [{}]])
async def test_keys_that_cannot_be_read_open_nothing(connector: Connector, teams: StandIn, keys: list[object]) -> None:
    metadata = {"jwks_uri": f"{teams.identity.address}/v1/.well-known/keys"}
    teams.open_id_answers = [said(metadata), said({"keys": keys})]
    with pytest.raises(NotAuthenticatedError):
        await connector.authenticate(arriving(teams), f"Bearer {teams.token()}")


async def test_old_keys_serve_a_day_where_there_are_no_new_ones(
    connector: Connector, teams: StandIn, clock: Clock
) -> None:
    arrived = arriving(teams)
    await connector.authenticate(arrived, f"Bearer {teams.token()}")
    teams.open_id_answers = [raw("", status=503)] * 9
    clock.now += 13 * 3600
    await connector.authenticate(arrived, f"Bearer {teams.token()}")
    clock.now += 12 * 3600
    with pytest.raises(UnavailableError):
        await connector.authenticate(arrived, f"Bearer {teams.token()}")


async def test_the_loop_goes_on_while_keys_and_tokens_are_awaited(connector: Connector, teams: StandIn) -> None:
    # The stand-in lives in the same loop: whoever blocked it would wait in vain.
    teams.open_id_answers = [dawdles]
    teams.login_answers = [dawdles]
    settled = await asyncio.gather(
        connector.authenticate(arriving(teams), f"Bearer {teams.token()}"),
        send(connector, teams),
        return_exceptions=True,
    )
    assert [type(error) for error in settled] == [TeamsUnavailableError] * 2
