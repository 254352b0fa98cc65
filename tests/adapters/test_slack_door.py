"""The door: the real server with a stand-in for Slack, and requests of every kind at /slack/events."""

import asyncio
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import web
from slack_sdk.oauth.installation_store import Bot

from adapters.slack.encryption import new_key
from adapters.slack.installations import Installations
from adapters.slack.modals import message_view
from adapters.sql import open_database
from bot.app import Bot as HouseBot
from bot.cards import one_moment
from bot.events import Event, Submitted, Visited
from bot.messages import Reply
from bot.places import Place
from bot.rooms import Mode
from bot.voice import speaking
from deploy.server import serving
from deploy.settings import InvalidSettingsError, Settings
from knowledge.errors import PilotlightError
from tests.postgres import PostgresServer
from tests.slack_api import (
    APP_TOKEN,
    BOT_TOKEN,
    SIGNING_SECRET,
    Json,
    Sender,
    SlackApi,
    eventually,
    fill,
    install,
    many_workspaces,
    mention,
    payload,
    running_server,
    running_slack,
    sending_to,
    settings_for,
    settled,
    signature,
    until,
)

_MEGABYTE = 2**20
_DEEP = "[" * 10_000 + "]" * 10_000


@pytest.fixture
async def slack() -> AsyncIterator[SlackApi]:
    async with running_slack() as running:
        yield running


@pytest.fixture
async def database_url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'pilotlight.sqlite'}"
    await fill(url)
    return url


@pytest.fixture
async def sender(slack: SlackApi, tmp_path: Path, database_url: str) -> AsyncIterator[Sender]:
    async with running_server(slack, tmp_path, database_url=database_url) as running:
        yield running


@pytest.mark.shows("forged")
@pytest.mark.parametrize(
    "headers",
    [
        {"X_Slack_Signature": "v0=" + "0" * 64},
        {"X_Slack_Signature": ""},
        {"X_Slack_Signature": "v0="},
        {"X_Slack_Request_Timestamp": "0"},
        {"X_Slack_Request_Timestamp": ""},
        {"X_Slack_Request_Timestamp": "yesterday"},
        {"X_Slack_Request_Timestamp": "9" * 400},
        {"X_Slack_Signature": "v0=é"},
    ],
    ids=range(8),
)
async def test_what_slack_did_not_sign_is_turned_away(sender: Sender, slack: SlackApi, headers: dict[str, str]) -> None:
    answer = await sender.event(mention(), **headers)
    assert answer.status == 401
    await settled(slack)
    assert slack.said == []


@pytest.mark.parametrize("age", [301, -301, 10**6])
async def test_a_signature_is_good_for_five_minutes(sender: Sender, slack: SlackApi, age: int) -> None:
    body = json.dumps(mention())
    old = {name.replace("-", "_"): value for name, value in signature(body.encode(), age=age).items()}
    assert (await sender.raw(body, **old)).status == 401
    await settled(slack)
    assert slack.said == []


@pytest.mark.shows("forged")
async def test_another_secret_signs_nothing(sender: Sender, slack: SlackApi) -> None:
    stranger = Sender(sender.address, sender.session, "another-secret")
    assert (await stranger.event(mention())).status == 401
    assert (await stranger.command({"command": "/pilot"})).status == 401
    assert (await stranger.event(payload("url_verification"))).status == 401
    await settled(slack)
    assert slack.said == []


async def test_a_signature_covers_every_byte(sender: Sender, slack: SlackApi) -> None:
    body = json.dumps(mention()).encode()
    headers = {"Content-Type": "application/json", **signature(body)}
    async with sender.session.post(f"{sender.address}/slack/events", data=body + b" ", headers=headers) as answer:
        assert answer.status == 401
    await settled(slack)
    assert slack.said == []


async def test_a_body_without_any_headers_is_turned_away(sender: Sender) -> None:
    async with sender.session.post(f"{sender.address}/slack/events", data=json.dumps(mention())) as answer:
        assert answer.status == 401


async def test_slack_checks_the_address_and_its_certificate(sender: Sender) -> None:
    body = payload("url_verification")
    answer = await sender.event(body)
    assert answer.status == 200
    assert json.loads(answer.text) == {"challenge": body["challenge"]}
    assert (await sender.command({"ssl_check": "1", "token": "verification-token"})).status == 200


async def test_a_mention_is_acknowledged_before_it_is_answered(sender: Sender, slack: SlackApi) -> None:
    slack.delays["chat.postMessage"] = 1.0
    answer = await sender.event(mention())
    assert (answer.status, answer.text) == (200, "")
    assert slack.said == []
    call = await until(lambda: slack.said)
    assert "Driverless shuttle to the harbour" in call[0].words
    assert call[0].token == BOT_TOKEN


@pytest.mark.parametrize(
    "body",
    [
        payload("app_rate_limited"),
        payload("reaction_added"),
        payload("app_mention") | {"event": {"type": "an_event_of_2031", "user": "U01ALICE"}},
        payload("app_mention") | {"event": {"type": "app_mention"}},
        payload("app_mention") | {"type": "something_new"},
        {"type": "event_callback", "team_id": "T01TEST"},
        {"team_id": "T01TEST"},
        payload("app_mention") | {"event": {"type": "function_executed", "function": {"callback_id": "x"}}},
    ],
    ids=range(8),
)
async def test_what_nobody_listens_for_is_taken_all_the_same(sender: Sender, slack: SlackApi, body: Json) -> None:
    assert (await sender.event(body)).status == 200
    await settled(slack, 0.1)
    assert slack.said == []


@pytest.mark.parametrize("kind", ["workflow_step_edit", "dialog_submission", "block_suggestion", "of_2031"])
async def test_interactions_that_nobody_listens_for_are_taken_too(sender: Sender, slack: SlackApi, kind: str) -> None:
    assert (await sender.interaction(payload("block_actions_in_message") | {"type": kind})).status == 200
    await settled(slack, 0.1)
    assert slack.said == []


async def test_an_event_of_a_workspace_that_is_not_ours_is_left_alone(sender: Sender, slack: SlackApi) -> None:
    body = mention() | {"team_id": "T0STRANGE", "authorizations": []}
    assert (await sender.event(body)).status == 200
    await settled(slack)
    assert slack.said == []


async def test_a_redelivery_is_answered_once(sender: Sender, slack: SlackApi) -> None:
    retry = {"X_Slack_Retry_Num": "1", "X_Slack_Retry_Reason": "http_timeout"}
    at_once = await asyncio.gather(sender.event(mention()), *(sender.event(mention(), **retry) for _ in range(4)))
    assert {answer.status for answer in at_once} == {200}
    await until(lambda: slack.said)
    assert (await sender.event(mention(), **retry)).status == 200
    # A mention comes as a message, too.
    as_message = mention(type="message") | {"event_id": "Ev2"}
    assert (await sender.event(as_message)).status == 200
    await settled(slack)
    assert len(slack.said) == 1
    await sender.event(mention(ts="1795348800.000002"))
    await until(lambda: len(slack.said) == 2)


@pytest.fixture(params=["sqlite", "postgresql"])
def shared_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shared.sqlite'}"
    return str(request.getfixturevalue("postgres_url"))


async def test_two_servers_on_one_database_answer_once_and_so_does_one_that_was_restarted(
    shared_url: str, slack: SlackApi, tmp_path: Path
) -> None:
    await fill(shared_url)
    retry = {"X_Slack_Retry_Num": "1"}
    moments = [f"1795348800.{number:06}" for number in range(5)]
    async with (
        running_server(slack, tmp_path / "first", database_url=shared_url) as first,
        running_server(slack, tmp_path / "second", database_url=shared_url) as second,
    ):
        sent = [
            each.event(mention(ts=ts, channel=f"C0{ts[-1]}"), **retry) for ts in moments for each in (first, second)
        ]
        assert {answer.status for answer in await asyncio.gather(*sent)} == {200}
        await until(lambda: len(slack.said) >= len(moments))
        await settled(slack)
        assert len(slack.said) == len(moments)
    async with running_server(slack, tmp_path / "third", database_url=shared_url) as third:
        assert (await third.event(mention(ts=moments[0], channel="C00"), **retry)).status == 200
        await settled(slack)
    assert len(slack.said) == len(moments)


@dataclass(frozen=True)
class Disconnectable:
    """A database that can be away: newcomers are turned away, and those who are in are put out."""

    url: str
    server: PostgresServer

    def leave(self) -> None:
        self.server._server.psql(
            f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS false;"
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self._name}'"
        )

    def come_back(self) -> None:
        self.server._server.psql(f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS true")

    @property
    def _name(self) -> str:
        return self.url.partition("?")[0].rpartition("/")[2]


@pytest.fixture
def database(postgres_url: str, postgres_server: PostgresServer) -> Disconnectable:
    return Disconnectable(postgres_url, postgres_server)


async def test_with_the_database_away_a_person_is_told_and_the_server_says_that_it_is_not_ready(
    slack: SlackApi, tmp_path: Path, database: Disconnectable
) -> None:
    await fill(database.url)
    async with running_server(slack, tmp_path, database_url=database.url) as sender:
        database.leave()
        assert (await sender.event(mention())).status == 200
        (told,) = await until(lambda: slack.said)
        assert "reference" in told.words.lower()
        async with sender.session.get(f"{sender.address}/healthz") as answer:
            assert answer.status == 200
        async with sender.session.get(f"{sender.address}/readyz") as answer:
            assert answer.status == 503
            assert await answer.json() == {"database": "The database does not answer.", "slack": ""}
        database.come_back()

        async def is_ready() -> bool:
            async with sender.session.get(f"{sender.address}/readyz") as answer:
                return answer.status == 200

        await eventually(is_ready)
        await sender.event(mention(ts="1795348800.000002"))
        await until(lambda: len(slack.said) == 2)
        assert "Driverless shuttle to the harbour" in slack.said[-1].words


async def test_without_a_database_to_look_up_the_workspace_slack_is_told_to_come_again(
    slack: SlackApi, tmp_path: Path, database: Disconnectable
) -> None:
    await fill(database.url)
    key = new_key()
    slack.bots = {}
    token = await install(slack, database.url, key, "T01TEST")
    many = many_workspaces(key)
    async with running_server(slack, tmp_path, database_url=database.url, **many) as sender:
        database.leave()
        assert (await sender.event(mention())).status == 503
        assert (await sender.interaction(payload("block_actions_in_message"))).status == 503
        told = await sender.command(payload("slash_command"))
        assert told.status == 200
        assert "try again in a minute" in told.text
        assert slack.calls == []
        database.come_back()

        async def is_taken() -> bool:
            return (await sender.event(mention(), X_Slack_Retry_Num="1")).status == 200

        await eventually(is_taken)
        await until(lambda: slack.said)
        assert "Driverless shuttle to the harbour" in slack.said[-1].words
        assert slack.said[-1].token == token


async def test_a_database_that_hangs_keeps_slack_waiting_no_longer_than_it_waits(
    slack: SlackApi, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = new_key()
    await install(slack, database_url, key, "T01TEST")
    found, is_hanging = Installations.find_bot_of_team, True

    async def hang(self: Installations, team_id: str) -> Bot | None:
        if is_hanging:
            await asyncio.sleep(5)
        return await found(self, team_id)

    monkeypatch.setattr(Installations, "find_bot_of_team", hang)
    async with running_server(slack, tmp_path, database_url=database_url, **many_workspaces(key)) as sender:
        answers = await asyncio.gather(sender.event(mention()), sender.command(payload("slash_command")))
        assert [answer.status for answer in answers] == [503, 503]
        assert all(answer.seconds < 3 for answer in answers)
        is_hanging = False

        async def is_taken() -> bool:
            return (await sender.event(mention(), X_Slack_Retry_Num="1")).status == 200

        await eventually(is_taken)
        await until(lambda: slack.said)


async def test_a_body_beyond_all_measure_is_refused(sender: Sender, slack: SlackApi) -> None:
    answer = await sender.event(mention("x" * 2 * _MEGABYTE))
    assert answer.status == 413
    await settled(slack, 0.1)
    assert slack.said == []


@pytest.mark.shows("nonsense")
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"\xff\xfe\x00", "application/json"),
        (b'{"type": "\xff"}', "application/json"),
        (b"{}", "application/json; charset=klingon"),
        (b"{", "application/json"),
        (b"not JSON", "application/json"),
        (b"[]", "application/json"),
        (b'["type"]', "application/json"),
        (b"null", "application/json"),
        (b"1", "application/json"),
        (b'"text"', "application/json"),
        (_DEEP.encode(), "application/json"),
        (('{"a":' * 10_000 + "1" + "}" * 10_000).encode(), "application/json"),
        (f'{{"event": {_DEEP}}}'.encode(), "application/json"),
        (urlencode({"payload": _DEEP}).encode(), "application/x-www-form-urlencoded"),
        (b"payload=%7B", "application/x-www-form-urlencoded"),
        (b"payload=[]", "application/x-www-form-urlencoded"),
        (b"payload=%FF%FE", "application/x-www-form-urlencoded"),
        (b'{"type": "event_callback", "event": "text", "team_id": "T01TEST"}', "application/json"),
        (b'{"type": "event_callback", "event": [1], "team_id": "T01TEST"}', "application/json"),
        (b'{"authorizations": 1}', "application/json"),
        (b'{"response_urls": [1]}', "application/json"),
    ],
    ids=range(21),
)
@pytest.mark.timeout(30)
async def test_what_cannot_be_read_is_refused_and_does_no_harm(
    sender: Sender, slack: SlackApi, body: bytes, content_type: str
) -> None:
    answer = await sender.raw(body, content_type)
    assert 400 <= answer.status < 500
    assert "Traceback" not in answer.text
    await settled(slack, 0.05)
    assert slack.said == []
    assert (await sender.event(payload("url_verification"))).status == 200


async def test_an_empty_body_and_one_in_another_type_do_no_harm(sender: Sender, slack: SlackApi) -> None:
    for body, content_type in [(b"", "application/json"), (b"", ""), (b"x=1", "text/plain"), (b"{}", "image/png")]:
        assert (await sender.raw(body, content_type)).status < 500
    await settled(slack, 0.1)
    assert slack.said == []


async def test_only_posts_are_taken_and_other_pages_are_not_there(sender: Sender) -> None:
    for method in ("GET", "PUT", "DELETE"):
        async with sender.session.request(method, f"{sender.address}/slack/events") as answer:
            assert answer.status == 405
    async with sender.session.get(f"{sender.address}/slack/install") as answer:
        assert answer.status == 404  # with one workspace there is nothing to install


async def test_a_server_that_is_well_says_so(sender: Sender) -> None:
    async with sender.session.get(f"{sender.address}/healthz") as answer:
        assert (answer.status, await answer.text()) == (200, "ok")
    async with sender.session.get(f"{sender.address}/readyz") as answer:
        assert answer.status == 200
        assert await answer.json() == {"database": "", "slack": ""}


async def test_a_port_in_use_is_told_in_a_sentence(slack: SlackApi, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PilotlightError, match=f"Port {port} of 127.0.0.1 cannot be listened on .*: name another"):
            async with serving(settings_for(slack, tmp_path), "127.0.0.1", port):
                pass


async def test_over_socket_mode_events_are_answered_and_the_address_for_them_is_not_there(
    slack: SlackApi, tmp_path: Path, database_url: str
) -> None:
    socket_mode = {"slack_app_token": APP_TOKEN, "slack_signing_secret": "", "database_url": database_url}
    async with running_server(slack, tmp_path, **socket_mode) as sender:
        (connection,) = await until(lambda: slack.sockets)
        assert (await sender.event(mention())).status == 404
        for number, body in enumerate((mention(), payload("app_rate_limited"), payload("reaction_added"))):
            envelope = {"type": "events_api", "envelope_id": f"envelope {number}", "payload": body}
            await connection.send_json(envelope)
        # Also what nobody listens for, or Slack would send it again.
        await until(lambda: len(slack.taken) == 3)
        assert sorted(slack.taken) == ["envelope 0", "envelope 1", "envelope 2"]
        (said,) = await until(lambda: slack.said)
        assert "Driverless shuttle to the harbour" in said.words
        async with sender.session.get(f"{sender.address}/readyz") as answer:
            assert answer.status == 200
        slack.refusals["apps.connections.open"] = [web.json_response({"ok": False, "error": "internal_error"})] * 99
        await connection.close()

        async def is_not_ready() -> str:
            async with sender.session.get(f"{sender.address}/readyz") as answer:
                return await answer.text() if answer.status == 503 else ""

        told = await eventually(is_not_ready)
        assert json.loads(told) == {"database": "", "slack": "Slack's Socket Mode is not connected."}


async def test_an_app_token_that_slack_does_not_know_is_told_in_a_sentence(slack: SlackApi, tmp_path: Path) -> None:
    with pytest.raises(PilotlightError, match=r"does not accept PILOTLIGHT_SLACK_APP_TOKEN \(invalid_auth\)"):
        async with running_server(slack, tmp_path, slack_app_token="xapp-wrong"):
            pass


async def test_socket_mode_with_slack_away_is_told_in_a_sentence(slack: SlackApi, tmp_path: Path) -> None:
    away = {"slack_app_token": APP_TOKEN, "slack_api_url": "http://127.0.0.1:1/api/"}
    with pytest.raises(PilotlightError, match="Socket Mode cannot be reached"):
        async with running_server(slack, tmp_path, **away):
            pass


_MANY = {"slack_client_id": "1.1", "slack_client_secret": "x", "encryption_keys": "k"}


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, {"SIGNING_SECRET", "BOT_TOKEN"}),
        ({"slack_bot_token": "x"}, {"SIGNING_SECRET"}),
        ({"slack_signing_secret": "xxxxxxxx"}, {"BOT_TOKEN"}),
        ({"slack_app_token": "x"}, {"BOT_TOKEN"}),
        ({"slack_signing_secret": "xxxxxxxx", "slack_client_id": "1.1"}, {"CLIENT_SECRET", "ENCRYPTION_KEYS"}),
        ({"slack_signing_secret": "xxxxxxxx", "slack_client_secret": "x"}, {"CLIENT_ID", "ENCRYPTION_KEYS"}),
        ({"slack_signing_secret": "xxxxxxxx", "encryption_keys": "x"}, {"CLIENT_ID", "CLIENT_SECRET"}),
        (_MANY, {"SIGNING_SECRET"}),
        (_MANY | {"slack_signing_secret": "xxxxxxxx"}, set()),
        (_MANY | {"slack_app_token": "x"}, set()),
        ({"slack_signing_secret": "xxxxxxxx", "slack_bot_token": "x"}, set()),
        ({"slack_app_token": "x", "slack_bot_token": "x"}, set()),
    ],
)
def test_settings_that_are_missing_are_named(given: dict[str, str], missing: set[str], tmp_path: Path) -> None:
    nothing = dict.fromkeys(("slack_bot_token", "slack_signing_secret"), "")
    settings = settings_for(SlackApi("http://127.0.0.1"), tmp_path, **(nothing | given))
    if not missing:
        settings.require_slack()
        return
    with pytest.raises(InvalidSettingsError) as raised:
        settings.require_slack()
    lines = str(raised.value).splitlines()
    assert {line.partition(":")[0].removeprefix("PILOTLIGHT_").removeprefix("SLACK_") for line in lines[1:]} == missing


async def test_nothing_that_the_server_tells_or_logs_holds_a_secret_or_what_people_said(
    sender: Sender, slack: SlackApi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    question = "who tried the unmentionable-thing?"
    await sender.event(mention(question), X_Slack_Signature="v0=wrong")
    await sender.event(mention(question) | {"event": [question]})
    slack.refusals["chat.postMessage"] = [web.json_response({"ok": False, "error": "channel_not_found"})]
    await sender.event(mention(question))
    await until(lambda: slack.said)
    await sender.event(payload("app_rate_limited") | {"text": question})
    texts = []
    for path in ("/healthz", "/readyz", "/nothing"):
        async with sender.session.get(f"{sender.address}{path}") as answer:
            texts.append(await answer.text())
    # As the log's file has it: without the words of exceptions.
    texts += [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]
    for secret in (BOT_TOKEN, SIGNING_SECRET, "unmentionable"):
        assert not [text for text in texts if secret in text]


@pytest.mark.parametrize(("slow", "method"), [(Submitted, "views.update"), (Visited, "views.publish")])
async def test_a_form_under_way_is_finished_before_the_server_stops(
    slow: type, method: str, slack: SlackApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = HouseBot.handle

    async def take_long(self: HouseBot, event: Event, *more: Any) -> Reply | None:
        if isinstance(event, slow):
            await asyncio.sleep(2.3)
        return await handle(self, event, *more)

    monkeypatch.setattr(HouseBot, "handle", take_long)
    body = payload("view_submission")
    body["view"]["private_metadata"] = '{"form": "settings", "context": "", "channel": "", "thread": ""}'
    async with running_server(slack, tmp_path) as sender:
        assert (await sender.interaction(body)).status == 200
        assert slack.called(method) == []
    assert slack.called(method)


@pytest.mark.shows("language")
async def test_one_moment_is_said_in_the_communitys_language(
    slack: SlackApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_answer = asyncio.Event()
    handle = HouseBot.handle

    async def take_long(self: HouseBot, event: Event, *more: Any) -> Reply | None:
        await may_answer.wait()
        return await handle(self, event, *more)

    monkeypatch.setattr(HouseBot, "handle", take_long)
    monkeypatch.setattr("adapters.slack.app._PATIENCE_SECONDS", 0.1)
    async with running_server(slack, tmp_path, language="de") as sender:
        answer = await sender.interaction(payload("view_submission"))
        with speaking("de"):
            assert json.loads(answer.text) == {"response_action": "update", "view": message_view(one_moment())}
        assert json.loads(answer.text)["view"] != message_view(one_moment())
        may_answer.set()
        await until(lambda: slack.called("views.update"))


@pytest.mark.shows("silence")
async def test_what_may_not_be_said_of_what_was_overheard_is_said_to_nobody(
    sender: Sender, slack: SlackApi, database_url: str
) -> None:
    async with open_database(database_url) as database:
        await database.rooms.set_mode(Place("slack", "example", "C01GENERAL"), Mode.OVERHEAR)
    not_here = web.json_response({"ok": False, "error": "restricted_action"})
    slack.refusals["chat.postMessage"].append(not_here)
    overheard = payload("message_in_channel")
    overheard["event"]["text"] = "has anyone tried driverless shuttles?"
    await sender.event(overheard)
    await until(lambda: not slack.refusals["chat.postMessage"])
    await settled(slack)
    assert slack.said == []


@dataclass
class Served:
    """`pilotlight serve`, as people run it."""

    process: asyncio.subprocess.Process
    address: str


@asynccontextmanager
async def pilotlight_serve(slack: SlackApi, folder: Path) -> AsyncIterator[Served]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PILOTLIGHT_")} | {
        "PILOTLIGHT_DATA_DIR": str(folder),
        "PILOTLIGHT_SLACK_BOT_TOKEN": BOT_TOKEN,
        "PILOTLIGHT_SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "PILOTLIGHT_SLACK_API_URL": slack.api_url,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "deploy",
        "serve",
        "--port",
        "0",
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
@pytest.mark.parametrize("slow", ["conversations.info", "chat.postMessage"])
@pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGINT])
async def test_answers_under_way_are_posted_when_the_server_is_told_to_stop(
    slack: SlackApi, tmp_path: Path, database_url: str, slow: str, signal_: signal.Signals
) -> None:
    slack.delays[slow] = 1.5
    channels = [f"C0{number}" for number in range(5)]
    async with pilotlight_serve(slack, tmp_path) as served, sending_to(served.address) as sender:
        for number, channel in enumerate(channels):
            assert (await sender.event(mention(ts=f"1795348800.{number:06}", channel=channel))).status == 200
        await until(lambda: slack.under_way == len(channels))
        assert slack.said == []
        served.process.send_signal(signal_)
        told, errors = await asyncio.wait_for(served.process.communicate(), 40)
        assert served.process.returncode == 0, errors.decode()
        assert errors == b""
        assert b"what is under way is finished first" in told
    assert sorted(call.arguments["channel"] for call in slack.said) == channels
    assert all("Driverless shuttle to the harbour" in call.words for call in slack.said)


@pytest.mark.parametrize("value", ["…", " ", ".", "8f742231b10e8888abcd99yyyzzz85a5"])
def test_a_signing_secret_left_from_a_guide_is_none(value: str) -> None:
    with pytest.raises(ValueError, match="Signing Secret of your own app") if value.strip() else nullcontext():
        assert not Settings(slack_signing_secret=value).slack_signing_secret


async def test_what_nobody_signed_and_cannot_be_read_leaves_no_line_in_the_log(
    slack: SlackApi, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_server(slack, tmp_path) as sender:
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        async with sender.session.post(f"{sender.address}/slack/events", data=b"no gzip", headers=headers) as answer:
            assert answer.status == 400
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
