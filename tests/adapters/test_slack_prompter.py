"""Writing first in Slack, against a stand-in of its API: what counts as a no, and what does not."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from adapters.slack.door import open_prompter
from adapters.slack.encryption import new_key
from adapters.slack.outbox import SlackRefusedError, SlackUnavailableError
from adapters.slack.prompter import SlackPrompter
from adapters.slack.scopes import SCOPES
from adapters.sql import Database, open_database
from bot.cards import hello
from bot.digests import Board
from bot.forms import Form
from bot.messages import Reply
from bot.reaches import No, Reach, UnreachableError
from deploy.server import slack_settings
from knowledge.errors import PilotlightError, UnavailableError
from tests.base import NOW
from tests.slack_api import (
    BOT_TOKEN,
    BOT_USER,
    TEAM,
    Call,
    Json,
    SlackApi,
    eventually,
    install,
    many_workspaces,
    mention,
    payload,
    running_server,
    running_slack,
    settings_for,
    settled,
)

ANN = Reach("example", "slack", "U01ALICE", {"team": TEAM, "user": "U01ALICE", "enterprise": ""})
REPLY = Reply(content=hello())


@pytest.fixture
async def slack() -> AsyncIterator[SlackApi]:
    async with running_slack() as running:
        yield running


@asynccontextmanager
async def prompting(slack: SlackApi, folder: Path, **more: str) -> AsyncIterator[SlackPrompter]:
    settings = settings_for(slack, folder, **more)
    async with AsyncExitStack() as opened:
        database = await opened.enter_async_context(open_database(settings.database))
        transactions = database.connections.turn_taking_engine
        yield await opened.enter_async_context(
            open_prompter(slack_settings(settings), transactions, now=lambda: NOW, clock=time.monotonic)
        )


@pytest.fixture
async def prompter(slack: SlackApi, tmp_path: Path) -> AsyncIterator[SlackPrompter]:
    async with prompting(slack, tmp_path) as opened:
        yield opened


def refusal(code: str) -> web.Response:
    return web.json_response({"ok": False, "error": code})


async def test_it_is_said_in_the_persons_direct_messages_without_a_scope_to_open_them(
    slack: SlackApi, prompter: SlackPrompter
) -> None:
    assert (await prompter.prompt(ANN, REPLY)).reach == ANN.at({"channel": "U01ALICE"})
    (posted,) = slack.said
    assert (posted.method, posted.token, posted.arguments["channel"]) == ("chat.postMessage", BOT_TOKEN, "U01ALICE")
    assert "Hello!" in posted.words
    assert not slack.called("conversations.open")
    assert "im:write" not in SCOPES


async def test_what_stands_beside_the_message_is_in_the_same_language(slack: SlackApi, prompter: SlackPrompter) -> None:
    await prompter.prompt(ANN, Reply(content=Form(name="f", title="Titel", fields=(), send="OK"), language="de"))
    assert "Formular" in slack.said[0].words


@pytest.mark.parametrize(
    ("code", "because"),
    [
        ("user_not_found", No.GONE),
        ("users_not_found", No.GONE),
        ("user_disabled", No.GONE),
        ("channel_not_found", No.GONE),
        ("cannot_dm_bot", No.GONE),
        ("user_not_visible", No.FORBIDDEN),
    ],
)
async def test_a_no_is_told_as_one(slack: SlackApi, prompter: SlackPrompter, code: str, because: No) -> None:
    slack.refusals["chat.postMessage"].append(refusal(code))
    with pytest.raises(UnreachableError, match="Slack: ") as told:
        await prompter.prompt(ANN, REPLY)
    assert told.value.because is because
    assert slack.said == []


@pytest.mark.parametrize("code", ["account_inactive", "invalid_auth", "missing_scope", "messages_tab_disabled"])
async def test_what_is_wrong_with_the_bot_is_nobodys_no(slack: SlackApi, prompter: SlackPrompter, code: str) -> None:
    slack.refusals["chat.postMessage"].append(refusal(code))
    with pytest.raises(SlackRefusedError, match=code):
        await prompter.prompt(ANN, REPLY)


async def test_what_may_have_been_said_is_in_doubt_and_not_said_again(slack: SlackApi, prompter: SlackPrompter) -> None:
    slack.refusals["chat.postMessage"].append(web.Response(status=503))
    with pytest.raises(SlackUnavailableError) as told:
        await prompter.prompt(ANN, REPLY)
    assert told.value.is_in_doubt
    assert slack.said == []


async def test_each_workspace_is_written_to_with_its_own_token(slack: SlackApi, tmp_path: Path) -> None:
    key = new_key()
    database_url = settings_for(slack, tmp_path).database
    own = await install(slack, database_url, key, TEAM)
    organisation = await install(slack, database_url, key, "", enterprise="E1")
    async with prompting(slack, tmp_path, **many_workspaces(key)) as opened:
        await opened.prompt(ANN, REPLY)
        await opened.prompt(ANN.at({"team": "T2", "enterprise": "E1"}), REPLY)
        assert [each.token for each in slack.said] == [own, organisation]
        with pytest.raises(UnavailableError, match="not installed") as told:
            await opened.prompt(ANN.at({"team": "T3"}), REPLY)
    assert not told.value.is_in_doubt


async def test_a_token_that_slack_does_not_know_is_nobodys_no(slack: SlackApi, tmp_path: Path) -> None:
    async with prompting(slack, tmp_path, slack_bot_token="xoxb-other") as opened:
        with pytest.raises(PilotlightError, match="PILOTLIGHT_SLACK_BOT_TOKEN"):
            await opened.prompt(ANN, REPLY)


# What is noted of who turns to the bot


def direct(text: str = "hello", **more: str) -> Json:
    body = payload("message_in_direct")
    body["event"] |= {"text": text, "user": "U01ALICE", **more}
    return body


async def known(database: Database) -> Reach | None:
    found = await database.reaches.reaches("example", ["U01ALICE"])
    return found[0] if found else None


@asynccontextmanager
async def database_of(slack: SlackApi, folder: Path) -> AsyncIterator[Database]:
    async with open_database(settings_for(slack, folder).database) as database:
        yield database


async def test_who_turns_to_the_bot_is_known_to_be_reached_there(slack: SlackApi, tmp_path: Path) -> None:
    async with running_server(slack, tmp_path) as sender, database_of(slack, tmp_path) as database:
        assert (await sender.event(mention(user="U01ALICE"))).status == 200

        async def noted() -> Reach | None:
            return await known(database)

        assert await eventually(noted) == ANN


async def test_only_who_speaks_with_the_bot_alone_takes_back_their_no(slack: SlackApi, tmp_path: Path) -> None:
    async with running_server(slack, tmp_path) as sender, database_of(slack, tmp_path) as database:
        await database.reaches.close("example", "slack", "U01ALICE", No.GONE, NOW)
        await sender.event(mention(user="U01ALICE"))
        await settled(slack)
        opened = payload("app_home_opened_messages")
        opened["event"]["user"] = "U01ALICE"
        await sender.event(opened)
        await settled(slack)
        closed = await known(database)
        assert closed
        assert closed.address["user"] == "U01ALICE"
        assert closed.closed_because is No.GONE
        await sender.event(direct())

        async def is_open() -> bool:
            reach = await known(database)
            return bool(reach and reach.is_open)

        assert await eventually(is_open)


async def test_who_merely_talks_in_a_channel_is_not_noted(slack: SlackApi, tmp_path: Path) -> None:
    async with running_server(slack, tmp_path) as sender, database_of(slack, tmp_path) as database:
        talk = mention(user="U01ALICE", type="message", channel_type="channel")
        talk["event"]["text"] = "has anyone tried a four-day week?"
        talk["event"].pop("blocks", None)
        await sender.event(talk)
        outsider = mention(user="U01ALICE", user_team="T99", ts="1795348800.000009")
        assert BOT_USER in outsider["event"]["text"]
        await sender.event(outsider)
        await settled(slack)
        assert await known(database) is None


async def test_what_was_sent_is_found_by_its_key_and_nothing_else_is(slack: SlackApi, prompter: SlackPrompter) -> None:
    posted = await prompter.prompt(ANN, REPLY, "check-in p 2026-11-20")
    assert posted.message
    assert slack.said[0].arguments["metadata"] == {
        "event_type": "pilotlight_delivery",
        "event_payload": {"delivery": "check-in p 2026-11-20"},
    }
    assert await prompter.was_sent(posted.reach, "check-in p 2026-11-20", NOW) is True
    assert await prompter.was_sent(posted.reach, "check-in p 2026-11-27", NOW) is False
    (asked, _) = slack.called("conversations.history")
    assert float(asked.arguments["oldest"]) == NOW.timestamp()


async def test_it_is_not_known_where_the_conversation_is_not_or_may_not_be_read(
    slack: SlackApi, prompter: SlackPrompter
) -> None:
    assert await prompter.was_sent(ANN, "key", NOW) is None
    there = ANN.at({"channel": "D01"})
    slack.refusals["conversations.history"] = [refusal("missing_scope")]
    assert await prompter.was_sent(there, "key", NOW) is None
    slack.history_has_more = True
    assert await prompter.was_sent(there, "key", NOW) is None
    slack.history_has_more = False
    assert await prompter.was_sent(there, "key", NOW) is False
    slack.calls.append(
        Call("chat.postMessage", "", {"channel": "D01", "metadata": {"event_type": "pilotlight_delivery"}})
    )
    assert await prompter.was_sent(there, "key", NOW) is None
    slack.refusals["conversations.history"] = [web.Response(status=503)] * 4
    with pytest.raises(UnavailableError):
        await prompter.was_sent(there, "key", NOW)


BOARD = Board(
    platform="slack",
    community="example",
    room="C0ROOM",
    weekday=0,
    chosen_by="U01ALICE",
    chosen_at=NOW,
    told_until=NOW,
    address={"team": TEAM, "user": "U01ALICE", "channel": "D1"},
)


@pytest.mark.shows("digest")
async def test_what_is_new_is_told_in_the_channel_that_was_chosen(slack: SlackApi, prompter: SlackPrompter) -> None:
    assert await prompter.announce(BOARD, REPLY, "digest 1")
    (posted,) = slack.said
    assert (posted.method, posted.token, posted.arguments["channel"]) == ("chat.postMessage", BOT_TOKEN, "C0ROOM")
    assert "thread_ts" not in posted.arguments
    assert "Hello!" in posted.words


@pytest.mark.parametrize("code", ["not_in_channel", "channel_not_found", "is_archived"])
async def test_where_it_may_not_write_a_moderator_learns_what_to_do(
    slack: SlackApi, prompter: SlackPrompter, code: str
) -> None:
    slack.refusals["chat.postMessage"].append(refusal(code))
    with pytest.raises(PilotlightError, match="/invite @Pilotlight") as caught:
        await prompter.announce(BOARD, REPLY)
    assert not isinstance(caught.value, UnreachableError | UnavailableError)


async def test_whether_strangers_read_along_is_asked_before_anything_is_told_there(
    slack: SlackApi, prompter: SlackPrompter
) -> None:
    slack.channels["C0ROOM"] = {"is_ext_shared": True}
    slack.channels["C0OWN"] = {"id": "C0OWN"}
    assert await prompter.has_strangers(BOARD)
    assert not await prompter.has_strangers(replace(BOARD, room="C0OWN"))
    slack.refusals["conversations.info"].append(refusal("channel_not_found"))
    assert await prompter.has_strangers(replace(BOARD, room="C0OWN"))
