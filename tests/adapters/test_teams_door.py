"""The door: signed requests of every kind at /api/messages, of the server and of the door alone."""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from adapters.teams import app as teams_app
from bot.app import Bot as HouseBot
from bot.cards import one_moment
from bot.events import Event, Opened, Pressed, Said, Visited
from bot.messages import Reply, plain
from bot.voice import speaking
from deploy.server import serving, teams_settings
from deploy.settings import InvalidSettingsError, Settings
from knowledge.errors import PilotlightError
from tests.contracts.test_connectors import BAD_TOKENS
from tests.slack_api import fill, running_slack, until
from tests.slack_api import mention as slack_mention
from tests.slack_api import sending_to as slack_sending_to
from tests.slack_api import settings_for as slack_settings_for
from tests.teams_api import (
    ELSEWHERE,
    PATH,
    Answer,
    Clock,
    Listener,
    Sender,
    TeamsApi,
    mention,
    open_door,
    payload,
    running_server,
    running_teams,
    sending_to,
    settings_for,
    settled,
    told,
    words,
)
from tests.teams_connector import APP_ID, APP_PASSWORD, TENANT, Json, StandIn, hangs_up, raw, refused

_MEGABYTE = 2**20
_DEEP = "[" * 100_000 + "]" * 100_000
FOUND = "Driverless shuttle to the harbour"
QUESTION = "who tried the unmentionable-thing?"
LOGGED = ("adapters", "bot", "deploy")


@pytest.fixture
async def teams() -> AsyncIterator[TeamsApi]:
    async with running_teams() as running:
        yield running


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
async def door(teams: TeamsApi, listener: Listener) -> AsyncIterator[Sender]:
    async with open_door(teams, listener) as sender:
        yield sender


@pytest.fixture
async def database_url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'pilotlight.sqlite'}"
    await fill(url)
    return url


@pytest.fixture
async def server(teams: TeamsApi, tmp_path: Path, database_url: str) -> AsyncIterator[Sender]:
    async with running_server(teams, tmp_path, database_url=database_url) as running:
        yield running


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.name.startswith(LOGGED) and each.levelno > 20]


# Who signs


def _with_the_public_key_for_a_secret(teams: StandIn) -> str:
    """What a check would take that believes the header: the key that anybody can read, as the secret of HS256."""
    header, body, _ = teams.token(header={"alg": "HS256"}).split(".")
    secret = teams.identity.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    digest = hmac.new(secret, f"{header}.{body}".encode(), hashlib.sha256).digest()
    return f"{header}.{body}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


TOKENS: dict[str, Callable[[StandIn], str]] = {
    **BAD_TOKENS,
    "HS256 with the public key": _with_the_public_key_for_a_secret,
    "the bot's own token": lambda teams: teams.identity.bot_token,
    "a token of the emulator": lambda teams: teams.token(
        iss="https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/"
    ),
    "another key's words in the header": lambda teams: teams.token(header={"jku": teams.service_url, "kid": "unknown"}),
    "a huge token": lambda teams: f"{teams.token()}{'A' * 6_000}",
}


async def _is_turned_away(
    answer: Answer, listener: Listener, teams: TeamsApi, caplog: pytest.LogCaptureFixture, *secrets: str
) -> None:
    assert answer.status == 401
    (line,) = logged(caplog)
    assert line.startswith("Somebody was turned away who is not Teams")
    for secret in (*secrets, "unmentionable"):
        assert not secret or secret not in caplog.text + answer.text
    assert listener.events == []
    assert teams.heard == []


@pytest.mark.shows("forged")
@pytest.mark.parametrize("bad", TOKENS)
async def test_what_teams_did_not_sign_for_this_bot_is_turned_away(
    bad: str, door: Sender, listener: Listener, teams: TeamsApi, caplog: pytest.LogCaptureFixture
) -> None:
    token = TOKENS[bad](teams)
    answer = await door.raw(json.dumps(mention(teams, QUESTION)), {"Authorization": f"Bearer {token}"})
    await _is_turned_away(answer, listener, teams, caplog, token)


@pytest.mark.shows("forged")
@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic {}", "{}", "Bearer {} {}", "bearer{}", "Ω {}"]
)
async def test_a_header_with_a_fault_is_turned_away(
    header: str | None, door: Sender, listener: Listener, teams: TeamsApi, caplog: pytest.LogCaptureFixture
) -> None:
    token = teams.token()
    headers = {} if header is None else {"Authorization": header.replace("{}", token)}
    answer = await door.raw(json.dumps(mention(teams, QUESTION)), headers)
    await _is_turned_away(answer, listener, teams, caplog, token)


async def test_whoever_knocks_all_day_does_not_fill_the_log(
    teams: TeamsApi, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    listener.clock = clock = Clock()
    async with open_door(teams, listener) as door:
        for _ in range(20):
            assert (await door.raw("{}", {})).status == 401
        assert len(logged(caplog)) == 1
        # Another trouble has its own line.
        teams.open_id_answers = [raw("", status=503)] * 2
        for _ in range(2):
            assert (await door.send(mention(teams))).status == 503
        assert len(logged(caplog)) == 2
        clock.now += 61
        assert (await door.raw("{}", {})).status == 401
    assert len(logged(caplog)) == 3
    assert logged(caplog)[-1].endswith("(and 19 more before)")


@pytest.mark.parametrize("is_good_first", [True, False])
async def test_of_two_headers_none_lets_somebody_in_whom_the_first_does_not(
    is_good_first: bool,  # noqa: FBT001 - drawn
    door: Sender,
    listener: Listener,
    teams: TeamsApi,
) -> None:
    good, bad = f"Bearer {teams.token()}", f"Bearer {teams.token(aud='another-bot')}"
    pairs = [("Authorization", each) for each in ((good, bad) if is_good_first else (bad, good))]
    answer = await door.raw(json.dumps(mention(teams)), pairs)
    assert answer.status == (200 if is_good_first else 401)
    assert len(listener.events) == 0 or is_good_first


async def test_a_huge_header_is_refused(door: Sender, listener: Listener, teams: TeamsApi) -> None:
    for length in (9_000, _MEGABYTE):
        answer = await door.raw(json.dumps(mention(teams)), {"Authorization": f"Bearer {'A' * length}"})
        assert 400 <= answer.status < 500
    assert listener.events == []


@pytest.mark.parametrize("endorsements", [["webchat"], [], None])
async def test_a_key_that_signs_for_other_channels_opens_nothing(
    endorsements: list[str] | None,
    door: Sender,
    listener: Listener,
    teams: TeamsApi,
    caplog: pytest.LogCaptureFixture,
) -> None:
    teams.endorsements = endorsements
    answer = await door.send(mention(teams, QUESTION))
    await _is_turned_away(answer, listener, teams, caplog, teams.token())


@pytest.mark.parametrize("fields", [{"channelId": "webchat"}, {"channelId": ""}, {"serviceUrl": ""}, {"serviceUrl": 1}])
async def test_an_activity_of_another_channel_is_turned_away(
    fields: Json, door: Sender, listener: Listener, teams: TeamsApi, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await door.send({**mention(teams, QUESTION), **fields})
    await _is_turned_away(answer, listener, teams, caplog)


async def test_a_token_for_one_address_is_none_for_another(door: Sender, listener: Listener, teams: TeamsApi) -> None:
    body = {**mention(teams), "serviceUrl": "https://smba.trafficmanager.net/amer/"}
    assert (await door.send(body, token=teams.token())).status == 401
    assert listener.events == []


@pytest.mark.parametrize("away", [raw("", status=503), raw("<h1>"), hangs_up])
async def test_while_nobody_can_say_who_signs_teams_is_asked_to_come_again(
    away: Any, door: Sender, listener: Listener, teams: TeamsApi, caplog: pytest.LogCaptureFixture
) -> None:
    teams.open_id_answers = [away]
    answer = await door.send(mention(teams, QUESTION))
    assert (answer.status, answer.headers["Retry-After"], answer.text) == (503, "5", "")
    assert listener.events == []
    assert len(logged(caplog)) == 1
    assert "unmentionable" not in caplog.text
    assert (await door.send(mention(teams))).status == 200
    await until(lambda: listener.events)


async def test_what_teams_signed_is_taken(door: Sender, listener: Listener, teams: TeamsApi) -> None:
    answer = await door.send(mention(teams, "who tried?"))
    assert (answer.status, answer.text) == (200, "")
    await until(lambda: listener.events)
    (event,) = listener.events
    assert isinstance(event, Said)
    assert (event.text, event.place.community, event.place.is_outside) == ("who tried?", "example", False)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "image/png", "x"])
async def test_what_is_not_said_to_be_json_is_none(
    kind: str, door: Sender, listener: Listener, teams: TeamsApi
) -> None:
    headers = {"Authorization": f"Bearer {teams.token()}", "Content-Type": kind}
    assert (await door.raw(json.dumps(mention(teams)), headers)).status == 401
    assert listener.events == []


async def test_only_posts_are_taken(door: Sender) -> None:
    for method in ("GET", "PUT", "DELETE"):
        async with door.session.request(method, f"{door.address}{PATH}") as answer:
            assert answer.status == 405


# What cannot be read

_UNREADABLE = (
    b"", b"\xff\xfe\x00", b'{"type": "\xff"}', b"{", b"not JSON", b"[]", b'["type"]', b"null", b"1", b'"text"', b"NaN",
    _DEEP.encode(), (('{"a":' * 100_000) + "1" + "}" * 100_000).encode(), b"[" * _MEGABYTE,
    f'{{"serviceUrl": {_DEEP}}}'.encode(), b'{"channelId": {}}', b"9" * 10_000,
)  # fmt: skip


@pytest.mark.shows("nonsense")
@pytest.mark.parametrize("body", _UNREADABLE, ids=range(len(_UNREADABLE)))
@pytest.mark.parametrize("is_signed", [True, False])
async def test_what_cannot_be_read_is_refused_and_does_no_harm(
    body: bytes,
    is_signed: bool,  # noqa: FBT001 - drawn
    door: Sender,
    listener: Listener,
    teams: TeamsApi,
) -> None:
    headers = {"Authorization": f"Bearer {teams.token()}"} if is_signed else {}
    answer = await door.raw(body, headers)
    assert answer.status in (401, 413)
    assert "Traceback" not in answer.text
    assert listener.events == []
    assert (await door.send(payload("typing", teams))).status == 200


@pytest.mark.parametrize("more", [{"Content-Encoding": "gzip"}, {"Content-Type": "application/json; charset=klingon"}])
async def test_a_body_in_an_encoding_that_it_is_not_in_is_no_fault_of_ours(
    more: dict[str, str], door: Sender, teams: TeamsApi, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await door.raw(json.dumps(payload("typing", teams)), {"Authorization": f"Bearer {teams.token()}", **more})
    assert answer.status in (200, 400, 401)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_body_beyond_all_measure_is_refused(door: Sender, listener: Listener, teams: TeamsApi) -> None:
    answer = await door.send(mention(teams, "x" * 2 * _MEGABYTE))
    assert answer.status == 413
    assert listener.events == []


_DEEP_DATA: Any = None
for _ in range(300):
    _DEEP_DATA = {"pilotlight": _DEEP_DATA}


@pytest.mark.shows("nonsense")
@pytest.mark.parametrize(
    "fields",
    [
        {"value": _DEEP_DATA},
        {"entities": [_DEEP_DATA] * 5},
        {"entities": {"type": "mention"}},
        {"text": None},
        {"text": ["a"]},
        {"conversation": "a:1alice"},
        {"conversation": {"id": ["a"], "tenantId": TENANT}},
        {"from": None},
        {"from": [1]},
        {"id": {}},
        {"id": "x" * 100_000},
        {"type": ["message"]},
        {"type": None},
        {"type": "invoke", "name": ["adaptiveCard/action"]},
        {"type": "invoke", "name": "task/submit", "value": "x"},
        {"type": "invoke", "name": "adaptiveCard/action", "value": {"action": {"data": _DEEP_DATA}}},
        {"type": "message", "value": {"pilotlight": "x" * 200_000}},
        {"type": "conversationUpdate", "membersAdded": "x"},
        {"channelData": [TENANT]},
        {"recipient": "bot"},
        {"timestamp": 1e308},
    ],
    ids=range(21),
)
async def test_what_is_signed_and_makes_no_sense_is_taken_all_the_same(
    fields: Json, door: Sender, teams: TeamsApi, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("message_in_personal", "mention_in_channel"):
        assert (await door.send({**payload(name, teams), **fields})).status == 200
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


# Whose tenant


def _of(teams: StandIn, in_conversation: object, in_channel_data: object) -> Json:
    body = mention(teams)
    body["conversation"]["tenantId"] = in_conversation
    body["channelData"]["tenant"] = {"id": in_channel_data}
    return body


@pytest.mark.parametrize(
    ("in_conversation", "in_channel_data", "status"),
    [
        (TENANT, TENANT, 200),
        (TENANT.upper(), TENANT.upper(), 200),
        (TENANT, None, 200),
        (None, TENANT, 200),
        ("", TENANT, 200),
        (ELSEWHERE, ELSEWHERE, 403),
        (ELSEWHERE, TENANT, 403),
        (None, ELSEWHERE, 403),
        (None, None, 403),
        ("", "", 403),
        ([TENANT], {"id": TENANT}, 403),
        (f" {TENANT}", None, 403),
        (f"{TENANT}\x00", None, 403),
    ],
)
async def test_who_is_of_no_allowed_tenant_is_refused(
    in_conversation: object, in_channel_data: object, status: int, door: Sender, listener: Listener
) -> None:
    answer = await door.send(_of(door.teams, in_conversation, in_channel_data))
    assert answer.status == status
    if status == 200:
        await until(lambda: listener.events)
        assert {(event.place.community, event.place.is_outside) for event in listener.events} == {("example", False)}
    else:
        await asyncio.sleep(0.05)
        assert (listener.events, door.teams.heard) == ([], [])


@pytest.mark.shows("outsiders")
async def test_where_two_tenants_are_named_somebody_from_outside_is_there(
    door: Sender, listener: Listener, teams: TeamsApi
) -> None:
    await door.send(_of(teams, TENANT, ELSEWHERE))
    (event,) = await until(lambda: listener.events)
    assert event.place.is_outside


@pytest.mark.shows("apart")
async def test_each_tenant_has_the_community_that_was_named_for_it(
    teams: TeamsApi, listener: Listener, tmp_path: Path
) -> None:
    more = {
        "teams_allowed_tenants": f"{ELSEWHERE.upper()}, 7e0a0000-0000-4000-8000-000000000003",
        "communities": f"{ELSEWHERE.upper()}=together, T012=together",
    }
    known = teams_settings(settings_for(teams, tmp_path, **more))
    third = "7e0a0000-0000-4000-8000-000000000003"
    assert known.tenants == {TENANT: "example", ELSEWHERE: "together", third: f"teams-{third}"}
    async with open_door(teams, listener, tenants=known.tenants) as door:
        for tenant in known.tenants:
            listener.events.clear()
            assert (await door.send(_of(teams, tenant, tenant))).status == 200
            (event,) = await until(lambda: listener.events)
            assert event.place.community == known.tenants[tenant]


async def test_whose_tenant_is_refused_is_told_in_the_log_without_a_word(
    door: Sender, teams: TeamsApi, caplog: pytest.LogCaptureFixture
) -> None:
    body = _of(teams, ELSEWHERE, ELSEWHERE)
    body["text"] = QUESTION
    await door.send(body)
    assert len(logged(caplog)) == 1
    assert "unmentionable" not in caplog.text


# Where answers go

_GOOD_ADDRESSES = (
    "https://smba.trafficmanager.net/emea/",
    "https://smba.trafficmanager.net/teams",
    "https://SMBA.trafficmanager.net/emea/",
    "https://smba.trafficmanager.net:443/emea/",
    f"https://smba.trafficmanager.net/amer/{TENANT}/",
    "https://smba.infra.gcc.teams.microsoft.com/gcc",
    "https://smba.infra.gov.teams.microsoft.us/gcch",
    "https://smba.infra.dod.teams.microsoft.us/dod",
    "https://pilot1.botframework.com/",
)
_BAD_ADDRESSES = (
    "http://smba.trafficmanager.net/emea/",
    "ftp://smba.trafficmanager.net/emea/",
    "//smba.trafficmanager.net/emea/",
    "smba.trafficmanager.net",
    "https:smba.trafficmanager.net",
    "https:///emea/",
    "https://",
    "https://evil.trafficmanager.net/",
    "https://xsmba.trafficmanager.net/",
    "https://trafficmanager.net/",
    "https://smba.trafficmanager.net.evil.example/",
    "https://smba.trafficmanager.net./emea/",
    "https://evil.example/smba.trafficmanager.net/",
    "https://evil.example#smba.trafficmanager.net",
    "https://evil.example?smba.trafficmanager.net",
    "https://evil.example\\@smba.trafficmanager.net/",
    "https://evil.example\\.teams.microsoft.com/",
    "https://smba.trafficmanager.net\\@evil.example/",
    "https://smba.trafficmanager.net@evil.example/",
    "https://evil@smba.trafficmanager.net/emea/",
    "https://evil:pass@smba.trafficmanager.net/emea/",
    "https://:@smba.trafficmanager.net/emea/",
    "https://smba.trafficmanager.net:8443/emea/",
    "https://smba.trafficmanager.net:99999/emea/",
    "https://smba.trafficmanager.net:0/emea/",
    "https://smba.trafficmanager.net:x/emea/",
    "https://smba.trafficmanager.net/emea/?to=evil",
    "https://smba.trafficmanager.net/emea/#evil",
    "https://smba.trafficmanager.net/emea/../../evil",
    "https://smba.trafficmanager.net/em ea/",
    "https://smba.trafficmanager.net/%0d%0aX: y/",
    "https://teams.microsoft.com.evil.example/",
    "https://evilteams.microsoft.com/",
    "https://teams.microsoft.com/",
    "https://botframework.com/",
    "https://evilbotframework.com/",
    "https://.teams.microsoft.com/",
    "https://evil.example/.teams.microsoft.com",
    "https://evil.example:443.teams.microsoft.com/",
    "https://smbа.trafficmanager.net/",
    "https://smba。trafficmanager。net/",
    "https://ｓmba.trafficmanager.net/",
    "https://evil.example／.teams.microsoft.com/",
    "https://[::1]/",
    "https://[smba.trafficmanager.net]/",
    "https://127.0.0.1/",
    "http://127.0.0.1:56150/_connector",
    "http://localhost/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://smba.trafficmanager.net\x00.evil.example/",
    " https://smba.trafficmanager.net/emea/",
    "https://smba.trafficmanager.net/\r\nHost: evil.example",
    f"https://smba.trafficmanager.net/{'x' * 5_000}",
)


@pytest.mark.parametrize("address", _GOOD_ADDRESSES)
async def test_answers_go_to_the_addresses_of_teams(address: str, teams: TeamsApi, listener: Listener) -> None:
    async with open_door(teams, listener, is_insecure=False) as door:
        assert (await door.send(payload("typing", serviceUrl=address))).status == 200


@pytest.mark.shows("forged")
@pytest.mark.parametrize("address", _BAD_ADDRESSES)
async def test_answers_go_to_no_other_address_whoever_signs_for_it(
    address: str, teams: TeamsApi, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_door(teams, listener, is_insecure=False) as door:
        answer = await door.send(payload("mention_in_channel", serviceUrl=address, text=QUESTION))
        assert answer.status == 403
    assert listener.events == []
    assert len(logged(caplog)) == 1
    assert "unmentionable" not in caplog.text
    assert address not in caplog.text


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("http://127.0.0.1:56150/_connector", 200),
        ("http://localhost:56150/_connector", 200),
        ("http://[::1]:56150/_connector", 200),
        ("https://smba.trafficmanager.net/emea/", 200),
        ("http://smba.trafficmanager.net/emea/", 403),
        ("http://127.0.0.1.evil.example/", 403),
        ("http://localhost.evil.example/", 403),
        ("http://127.0.0.1@evil.example/", 403),
        ("http://evil@127.0.0.1/", 403),
        ("http://127.0.0.2/", 403),
        ("http://0.0.0.0/", 403),
        ("http://192.168.0.1/", 403),
        ("http://169.254.169.254/latest/meta-data", 403),
        ("ftp://127.0.0.1/", 403),
        ("http://2130706433/", 403),
    ],
)
async def test_with_the_development_flag_answers_go_to_this_machine_too(
    address: str, status: int, door: Sender, listener: Listener
) -> None:
    assert (await door.send(payload("typing", serviceUrl=address))).status == status
    assert listener.events == []


# Acknowledged at once


@pytest.mark.shows("at_once")
async def test_a_message_is_acknowledged_while_the_bot_still_thinks(
    door: Sender, listener: Listener, teams: TeamsApi
) -> None:
    listener.may_answer.clear()
    listener.reply = told("Here it is.")
    assert (await door.send(mention(teams))).status == 200
    await until(lambda: listener.events)
    assert teams.said == []
    listener.may_answer.set()
    (said,) = await until(lambda: teams.said)
    assert "Here it is." in words(said)
    assert said.path.endswith("/conversations/19%3Aprojects%40thread.tacv2%3Bmessageid%3D1795348802000/activities")


async def test_a_message_is_acknowledged_while_teams_takes_its_time_to_tell_who_reads(
    door: Sender, listener: Listener, teams: TeamsApi
) -> None:
    may_tell = asyncio.Event()

    async def dawdles(request: web.Request) -> web.StreamResponse:
        await may_tell.wait()
        return await refused(403, "BotNotInConversationRoster")(request)

    teams.answers = [dawdles]
    assert (await door.send(mention(teams))).status == 200
    assert listener.events == []
    may_tell.set()
    (event,) = await until(lambda: listener.events)
    # Nobody said who reads along: then it is somebody from outside.
    assert event.place.is_outside


def _press(teams: TeamsApi, data: str = "mute", name: str = "action_execute_in_channel") -> Json:
    body = payload(name, teams)
    holder = body["value"]["action"] if "action" in body["value"] else body["value"]
    holder["data"] = {"pilotlight": data}
    return body


async def test_a_press_is_answered_in_its_response(door: Sender, listener: Listener, teams: TeamsApi) -> None:
    listener.reply = told("Muted.", replaces=True, is_private=True)
    answer = await door.send(_press(teams))
    assert answer.status == 200
    assert (answer.json()["statusCode"], answer.json()["type"]) == (200, "application/vnd.microsoft.card.adaptive")
    assert "Muted." in answer.text
    (event,) = listener.events
    assert isinstance(event, Pressed)
    # And for everybody else who sees that card.
    (changed,) = await until(lambda: teams.said)
    assert (changed.method, changed.path.rpartition("/")[2]) == ("PUT", "1795348805000")


@pytest.mark.parametrize("name", ["action_execute_in_channel", "dialog_fetch", "dialog_fetch_in_channel"])
async def test_what_takes_longer_than_teams_waits_is_one_moment_and_shown_after(
    name: str, door: Sender, listener: Listener, teams: TeamsApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teams_app, "_PATIENCE_SECONDS", 0.1)
    listener.may_answer.clear()
    listener.reply = told("At last.", is_private=True)
    answer = await door.send(_press(teams, name=name))
    assert answer.status == 200
    assert plain(one_moment()) in str(answer.json()["task" if name.startswith("dialog") else "value"])
    assert teams.said == []
    listener.may_answer.set()
    (said,) = await until(lambda: teams.said)
    assert "At last." in words(said)


@pytest.mark.shows("language")
@pytest.mark.parametrize("name", ["action_execute_in_channel", "dialog_fetch"])
async def test_one_moment_is_said_in_the_communitys_language(
    name: str, teams: TeamsApi, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teams_app, "_PATIENCE_SECONDS", 0.1)
    listener.may_answer.clear()
    async with open_door(teams, listener, language="de") as door:
        answer = await door.send(_press(teams, name=name))
        with speaking("de"):
            expected = plain(one_moment())
        assert expected != plain(one_moment())
        assert expected in str(answer.json()["task" if name.startswith("dialog") else "value"])
        listener.may_answer.set()


async def test_a_search_that_takes_too_long_ends_in_time(
    door: Sender, listener: Listener, teams: TeamsApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.teams.door._PATIENCE_SECONDS", 0.1)
    listener.may_answer.clear()
    answer = await door.send(payload("message_extension_query", teams))
    assert (answer.status, answer.text) == (200, "")


@pytest.mark.parametrize("trouble", [RuntimeError(QUESTION), PilotlightError("It broke."), TimeoutError()])
async def test_a_fault_of_ours_is_no_answer_that_teams_would_come_again_for(
    trouble: Exception,
    teams: TeamsApi,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Listener):
        async def handle(self, event: Event, progress: object = None) -> Reply | None:
            raise trouble

        async def find(self, *_: object) -> Reply:
            raise trouble

    async with open_door(teams, Broken()) as door:
        names = ("message_extension_query", "action_execute_in_channel", "dialog_fetch", "mention_in_channel")
        answers = [await door.send(payload(name, teams)) for name in names]
        assert [answer.status for answer in answers] == [200] * 4
        assert answers[1].json()["statusCode"] == 200
        await settled(teams, 0.1)
    assert not [line for line in logged(caplog) if "unmentionable" in line]


# Who it is, and who reads along


@pytest.mark.shows("outsiders")
@pytest.mark.parametrize("is_guest", [True, False])
async def test_the_page_under_the_first_words_knows_a_guest_for_one(
    is_guest: bool,  # noqa: FBT001 - drawn
    door: Sender,
    listener: Listener,
    teams: TeamsApi,
) -> None:
    if is_guest:
        teams.people["29:1alice"] = {"userRole": "guest"}
    listener.reply = told("Hello.")
    await door.send(payload("installed_in_personal", teams))
    await until(lambda: len(teams.said) == 2)
    assert [type(event) for event in listener.events] == [Opened, Visited]
    assert [event.place.is_outside for event in listener.events] == [is_guest] * 2


@pytest.mark.shows("silence")
async def test_what_may_not_be_said_of_what_was_overheard_is_said_to_nobody(
    door: Sender, listener: Listener, teams: TeamsApi, caplog: pytest.LogCaptureFixture
) -> None:
    listener.reply = told("I overheard this.")
    overheard = payload("message_in_channel_overheard", teams, text="has anyone tried driverless shuttles?")
    teams.refusals = [refused(403, "MessageWritesBlocked")]
    await door.send(overheard)
    await until(lambda: logged(caplog))
    await settled(teams, 0.1)
    assert [each.path.partition("/v3/")[2] for each in teams.written] == [
        "conversations/19%3Aprojects%40thread.tacv2%3Bmessageid%3D1795348806000/activities"
    ]
    # Whoever turned to it is told.
    teams.refusals = [refused(403, "MessageWritesBlocked")]
    await door.send(mention(teams))
    await until(lambda: len(teams.written) == 4)
    assert teams.written[2].path.endswith("/v3/conversations")


# The whole server


@pytest.mark.shows("mention")
async def test_a_question_is_answered_in_its_thread_by_the_server(server: Sender, teams: TeamsApi) -> None:
    assert (await server.send(mention(teams))).status == 200
    (said,) = await until(lambda: teams.said)
    assert FOUND in words(said)
    assert said.authorization == f"Bearer {teams.identity.bot_token}-1"


@pytest.mark.shows("redelivered")
async def test_a_redelivery_is_answered_once(server: Sender, teams: TeamsApi) -> None:
    at_once = await asyncio.gather(*(server.send(mention(teams)) for _ in range(5)))
    assert {answer.status for answer in at_once} == {200}
    await until(lambda: teams.said)
    assert (await server.send(mention(teams))).status == 200
    await settled(teams)
    assert len(teams.said) == 1
    await server.send(mention(teams, post="1795348803000"))
    await until(lambda: len(teams.said) == 2)


@pytest.fixture(params=["sqlite", "postgresql"])
def shared_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shared.sqlite'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.mark.shows("replicas", "restarted")
async def test_two_servers_on_one_database_answer_once_and_so_does_one_that_was_restarted(
    shared_url: str, teams: TeamsApi, tmp_path: Path
) -> None:
    await fill(shared_url)
    posts = [f"179534880{number}000" for number in range(5)]
    async with (
        running_server(teams, tmp_path / "first", database_url=shared_url) as first,
        running_server(teams, tmp_path / "second", database_url=shared_url) as second,
    ):
        sent = [each.send(mention(teams, post=post)) for post in posts for each in (first, second)]
        assert {answer.status for answer in await asyncio.gather(*sent)} == {200}
        await until(lambda: len(teams.said) >= len(posts))
        await settled(teams)
        assert len(teams.said) == len(posts)
    async with running_server(teams, tmp_path / "third", database_url=shared_url) as third:
        assert (await third.send(mention(teams, post=posts[0]))).status == 200
        await settled(teams)
    assert len(teams.said) == len(posts)


async def test_a_server_that_is_well_says_so(server: Sender) -> None:
    async with server.session.get(f"{server.address}/readyz") as answer:
        assert (answer.status, await answer.json()) == (200, {"database": "", "teams": ""})
    async with server.session.get(f"{server.address}/slack/events") as answer:
        assert answer.status == 404


async def test_slack_and_teams_are_served_by_one_server(teams: TeamsApi, tmp_path: Path, database_url: str) -> None:
    async with running_slack() as slack:
        of_slack = slack_settings_for(slack, tmp_path)
        both = settings_for(
            teams,
            tmp_path,
            database_url=database_url,
            slack_bot_token=of_slack.slack_bot_token,
            slack_signing_secret=of_slack.slack_signing_secret,
            slack_api_url=of_slack.slack_api_url,
        )
        async with (
            serving(both, "127.0.0.1", 0) as address,
            sending_to(address, teams) as sender,
            slack_sending_to(address) as slack_sender,
        ):
            assert (await sender.send(mention(teams))).status == 200
            assert (await slack_sender.event(slack_mention())).status == 200
            assert FOUND in words((await until(lambda: teams.said))[0])
            assert FOUND in (await until(lambda: slack.said))[0].words
            async with sender.session.get(f"{address}/readyz") as answer:
                assert await answer.json() == {"database": "", "slack": "", "teams": ""}
            # What one platform signs is nothing to the other.
            assert (await sender.raw(json.dumps(mention(teams)), {})).status == 401


async def test_a_form_sent_while_the_server_stops_is_finished(
    teams: TeamsApi, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = HouseBot.handle

    async def take_long(self: HouseBot, event: Event, *more: Any) -> Reply | None:
        await asyncio.sleep(1.0)
        return await handle(self, event, *more)

    monkeypatch.setattr(HouseBot, "handle", take_long)
    async with running_server(teams, tmp_path, database_url=database_url) as sender:
        for number in range(3):
            assert (await sender.send(mention(teams, post=f"179534880{number}000"))).status == 200
        assert teams.said == []
    assert len(teams.said) == 3
    assert all(FOUND in words(said) for said in teams.said)


async def test_what_never_ends_is_given_up_when_the_server_stops(
    teams: TeamsApi, listener: Listener, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("adapters.teams.door._DRAIN_SECONDS", 0.2)
    listener.may_answer.clear()
    async with open_door(teams, listener) as door:
        await door.send(mention(teams))
        await until(lambda: listener.events)
    assert listener.was_stopped
    assert "1 replies were still under way" in caplog.text


async def test_nothing_that_the_server_tells_or_logs_holds_a_secret_or_what_people_said(
    server: Sender, teams: TeamsApi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await server.raw(json.dumps(mention(teams, QUESTION)), {})
    teams.refusals = [refused(403, "MessageWritesBlocked", QUESTION), refused(400, "BadSyntax", QUESTION)]
    await server.send(mention(teams, QUESTION))
    await until(lambda: not teams.refusals)
    await settled(teams)
    texts = []
    for path in ("/healthz", "/readyz", "/nothing", PATH):
        async with server.session.get(f"{server.address}{path}") as answer:
            texts.append(await answer.text())
    texts += [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]
    for secret in (APP_PASSWORD, teams.identity.bot_token, "unmentionable"):
        assert not [text for text in texts if secret in text]


# Before it serves


async def test_without_any_platform_there_is_nothing_to_serve(tmp_path: Path) -> None:
    nothing = Settings(_env_file=None, data_dir=tmp_path)  # type: ignore[call-arg]  # pydantic-settings has it
    with pytest.raises(InvalidSettingsError, match="There is no platform to serve yet"):
        async with serving(nothing, "127.0.0.1", 0):
            pass


@pytest.mark.shows("forged")
@pytest.mark.parametrize("left_out", ["teams_app_id", "teams_app_password", "teams_tenant_id"])
@pytest.mark.parametrize("is_insecure", [True, False])
async def test_it_refuses_to_serve_teams_without_who_it_is(
    left_out: str,
    is_insecure: bool,  # noqa: FBT001 - drawn
    teams: TeamsApi,
    tmp_path: Path,
) -> None:
    if is_insecure and left_out == "teams_app_id":
        return
    given = settings_for(teams, tmp_path, teams_insecure_dev=is_insecure, **{left_out: ""})
    with pytest.raises(InvalidSettingsError, match=f"\nPILOTLIGHT_{left_out.upper()}: ") as raised:
        async with serving(given, "127.0.0.1", 0):
            pass
    assert APP_PASSWORD not in str(raised.value)
    assert "PILOTLIGHT_TEAMS_INSECURE_DEV=1" in str(raised.value)


def _of_the_playground(folder: Path, **more: Any) -> Settings:
    given: Json = {"teams_insecure_dev": True, "community": "example", **more}
    return Settings(_env_file=None, data_dir=folder, **given)  # type: ignore[call-arg]  # pydantic-settings has it


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "", "192.168.0.1", "example.org", "127.0.0.1.evil.example", "0", "127.1", "[::]"]
)
async def test_where_nobody_is_asked_who_they_are_it_listens_on_this_machine_alone(host: str, tmp_path: Path) -> None:
    with pytest.raises(PilotlightError, match="PILOTLIGHT_TEAMS_INSECURE_DEV nobody is asked who they are"):
        async with serving(_of_the_playground(tmp_path), host, 0):
            pass


async def test_for_the_playground_nobody_is_asked_who_they_are(
    teams: TeamsApi, tmp_path: Path, database_url: str
) -> None:
    given = _of_the_playground(tmp_path, database_url=database_url)
    async with serving(given, "127.0.0.1", 0) as address, sending_to(address, teams) as sender:
        assert address.startswith("http://127.0.0.1:")
        body = mention(teams)
        assert (await sender.raw(json.dumps(body), {})).status == 200
        (said,) = await until(lambda: teams.said)
        assert FOUND in words(said)
        # It has no token, and shows none.
        assert (said.authorization, teams.logins) == ("", [])
        elsewhere = {**body, "id": "2", "serviceUrl": "https://evil.example/"}
        assert (await sender.raw(json.dumps(elsewhere), {})).status == 403
        # What a page may send that somebody looks at on the same machine.
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            assert (await sender.raw(json.dumps({**body, "id": "3"}), {"Content-Type": kind})).status == 403
        await settled(teams)
        assert len(teams.said) == 1


@pytest.mark.parametrize(
    "header",
    [{"X-Forwarded-For": "203.0.113.9"}, {"Forwarded": "for=203.0.113.9"}, {"Host": "pilotlight.example.org"}],
)
async def test_in_the_playground_what_a_proxy_passes_on_is_turned_away(
    header: dict[str, str], teams: TeamsApi, listener: Listener
) -> None:
    async with open_door(teams, listener, app_id="", tenants={"": "example"}) as door:
        body = json.dumps(mention(teams))
        assert (await door.raw(body, header)).status == 403
        assert listener.events == []
        assert (await door.raw(body, {})).status == 200


@pytest.mark.parametrize("tenant", [TENANT, ELSEWHERE, ""])
async def test_in_the_playground_every_tenant_has_a_community(
    tenant: str, teams: TeamsApi, listener: Listener, tmp_path: Path
) -> None:
    known = teams_settings(_of_the_playground(tmp_path, teams_tenant_id=TENANT))
    async with open_door(teams, listener, app_id="", tenants=known.tenants) as door:
        assert (await door.raw(json.dumps(_of(teams, tenant, tenant)), {})).status == 200
        (event,) = await until(lambda: listener.events)
        assert event.place.community == "example"


async def test_a_tenant_of_no_name_is_none_of_those_that_are_answered(teams: TeamsApi, listener: Listener) -> None:
    async with open_door(teams, listener, tenants={"": "example", TENANT: "example"}) as door:
        assert (await door.send(_of(teams, "", ""))).status == 403
        assert (await door.send(_of(teams, None, None))).status == 403


async def test_with_an_app_id_the_development_flag_asks_who_they_are_all_the_same(
    server: Sender, teams: TeamsApi
) -> None:
    assert (await server.raw(json.dumps(mention(teams)), {})).status == 401
    assert (await server.send(_of(teams, ELSEWHERE, ELSEWHERE))).status == 403


@dataclass
class Served:
    """`pilotlight serve`, as people run it."""

    process: asyncio.subprocess.Process
    address: str


@asynccontextmanager
async def pilotlight_serve(teams: TeamsApi, folder: Path) -> AsyncIterator[Served]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PILOTLIGHT_")} | {
        "PILOTLIGHT_DATA_DIR": str(folder),
        "PILOTLIGHT_TEAMS_APP_ID": APP_ID,
        "PILOTLIGHT_TEAMS_APP_PASSWORD": APP_PASSWORD,
        "PILOTLIGHT_TEAMS_TENANT_ID": TENANT,
        "PILOTLIGHT_TEAMS_INSECURE_DEV": "1",
        "PILOTLIGHT_TEAMS_OPEN_ID_URL": teams.identity.open_id_url,
        "PILOTLIGHT_TEAMS_LOGIN_URL": teams.identity.login_url,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy", "serve", "--port", "0"),
        cwd=Path(__file__).parents[2],
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        assert line.startswith("Pilotlight listens on http://"), line
        yield Served(process, line.split()[3].rstrip("."))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
async def test_answers_under_way_are_posted_when_the_server_is_told_to_stop(
    teams: TeamsApi, tmp_path: Path, database_url: str
) -> None:
    teams.delay = 1.5
    async with pilotlight_serve(teams, tmp_path) as served, sending_to(served.address, teams) as sender:
        for number in range(5):
            body = mention(teams, post=f"179534880{number}000")
            body["conversation"]["id"] = f"19:room{number}@thread.tacv2;messageid={body['id']}"
            assert (await sender.send(body)).status == 200
        await until(lambda: teams.under_way >= 5)
        served.process.send_signal(signal.SIGTERM)
        told_last, errors = await asyncio.wait_for(served.process.communicate(), 40)
        assert served.process.returncode == 0, errors.decode()
        assert errors == b""
        assert b"what is under way is finished first" in told_last
    assert len({said.path for said in teams.said}) == 5
    assert all(FOUND in words(said) for said in teams.said)
