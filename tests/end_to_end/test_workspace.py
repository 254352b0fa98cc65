"""The harness itself, with the smallest bot that does one of everything."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond, AsyncSay
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.end_to_end.peers import PeerError
from tests.end_to_end.slack_workspace import (
    ALICE,
    APP_TOKEN,
    BOB,
    BOT_TOKEN,
    DIRECT,
    GENERAL,
    PRIVATE,
    SIGNING_SECRET,
    Json,
    Mode,
    Workspace,
    running_workspace,
    words_of,
)

_BUTTON: Json = {
    "type": "actions",
    "block_id": "choices",
    "elements": [
        {"type": "button", "action_id": "more", "text": {"type": "plain_text", "text": "More"}, "value": "7"},
        {"type": "button", "action_id": "ask", "text": {"type": "plain_text", "text": "Ask me"}, "value": "8"},
    ],
}
_MODAL = {
    "type": "modal",
    "callback_id": "form",
    "title": {"type": "plain_text", "text": "A form"},
    "submit": {"type": "plain_text", "text": "Send"},
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "title",
            "label": {"type": "plain_text", "text": "Title"},
            "element": {"type": "plain_text_input", "action_id": "value"},
        },
        {
            "type": "input",
            "block_id": "stage",
            "label": {"type": "plain_text", "text": "Stage"},
            "element": {
                "type": "static_select",
                "action_id": "value",
                "options": [{"text": {"type": "plain_text", "text": "Pilot"}, "value": "pilot"}],
                "initial_option": {"text": {"type": "plain_text", "text": "Pilot"}, "value": "pilot"},
            },
        },
        {"type": "actions", "block_id": "add", "elements": [_BUTTON["elements"][0]]},
    ],
}


def small_bot(api_url: str) -> AsyncApp:
    app = AsyncApp(client=AsyncWebClient(BOT_TOKEN, base_url=api_url), signing_secret=SIGNING_SECRET)

    @app.event("app_mention")
    async def mentioned(event: Json, say: AsyncSay) -> None:
        await say(text=f"heard: {event['text']}", blocks=[_BUTTON], thread_ts=event["ts"])

    @app.event("message")
    async def said(event: Json, say: AsyncSay) -> None:
        if event.get("channel_type") == "im":
            await say(text=f"in private: {event['text']}")

    @app.event("app_home_opened")
    async def home(event: Json, client: AsyncWebClient) -> None:
        if event["tab"] == "home":
            section = {"type": "section", "text": {"type": "mrkdwn", "text": "Welcome home"}}
            await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [section, _BUTTON]})

    @app.command("/pilot")
    async def commanded(ack: AsyncAck, command: Json, respond: AsyncRespond) -> None:
        await ack()
        await respond(text=f"only you: {command['text']}", blocks=[_BUTTON], response_type="ephemeral")

    @app.action("more")
    async def pressed(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        where = "view" if "view" in body else "ephemeral" if body["container"]["is_ephemeral"] else "message"
        said = f"pressed {body['actions'][0]['value']} in a {where}"
        await client.chat_postMessage(channel=DIRECT[body["user"]["id"]], text=said)

    @app.action("ask")
    async def asked(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=_MODAL)

    @app.view("form")
    async def submitted(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        values = body["view"]["state"]["values"]
        if len(values["title"]["value"]["value"]) < 5:
            await ack(response_action="errors", errors={"title": "Too short."})
            return
        await ack()
        stage = values["stage"]["value"]["selected_option"]["value"]
        await client.chat_postMessage(channel=DIRECT[body["user"]["id"]], text=f"thanks: {stage}")

    @app.view_closed("form")
    async def closed(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.chat_postMessage(channel=DIRECT[body["user"]["id"]], text="never mind")

    return app


@asynccontextmanager
async def at_work(folder: Path, mode: Mode) -> AsyncIterator[Workspace]:
    async with running_workspace(folder, mode) as workspace:
        app = small_bot(workspace.api_url)
        if mode == "socket":
            handler: Any = AsyncSocketModeHandler(app, APP_TOKEN, web_client=_app_client(workspace))
            await handler.connect_async()
            await workspace.wait_until_connected()
            yield workspace
            await handler.close_async()
        else:
            runner = web.AppRunner(app.web_app(path="/slack/events"))
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            port = runner.addresses[0][1]
            workspace.request_url = f"http://127.0.0.1:{port}/slack/events"
            yield workspace
            await runner.cleanup()


def _app_client(workspace: Workspace) -> AsyncWebClient:
    return AsyncWebClient(APP_TOKEN, base_url=workspace.api_url)


@pytest.fixture(params=["events", "socket"])
async def workspace(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Workspace]:
    async with at_work(tmp_path, request.param) as running:
        yield running


@pytest.fixture
async def by_events(tmp_path: Path) -> AsyncIterator[Workspace]:
    async with at_work(tmp_path, "events") as running:
        yield running


async def test_a_mention_is_answered_in_its_thread(workspace: Workspace) -> None:
    sent = await workspace.mention(ALICE, PRIVATE, "hello")
    answer = await workspace.wait_for_answer(PRIVATE, "hello", thread_ts=sent)
    assert await workspace.replies(PRIVATE, sent) == [answer]
    await workspace.press(ALICE, answer, label="More")
    await workspace.wait_for_answer(DIRECT[ALICE], "pressed 7 in a message")


async def test_a_direct_message_is_answered(workspace: Workspace) -> None:
    await workspace.direct_message(BOB, "good morning")
    assert (await workspace.wait_for_answer(DIRECT[BOB]))["text"] == "in private: good morning"
    await workspace.reset()
    assert await workspace.messages(DIRECT[BOB]) == []


async def test_what_a_command_says_to_one_person_only_that_person_sees(workspace: Workspace) -> None:
    await workspace.command(ALICE, GENERAL, "/pilot", "find shuttle")
    answer = await workspace.wait_for_answer(GENERAL, "only you: find shuttle")
    assert await workspace.messages(GENERAL, seen_by=ALICE) == [answer]
    assert await workspace.messages(GENERAL, seen_by=BOB) == []


async def test_a_form_is_refused_then_accepted(workspace: Workspace) -> None:
    sent = await workspace.mention(ALICE, GENERAL, "hello")
    await workspace.press(ALICE, await workspace.wait_for_answer(GENERAL, thread_ts=sent), action_id="ask")
    assert words_of(await workspace.wait_for_modal(ALICE)).startswith("A form")
    with pytest.raises(PeerError, match="'Title' is empty"):
        await workspace.submit(ALICE)
    refused = await workspace.submit(ALICE, {"title": "Hm"})
    assert refused.errors == {"title": "Too short."}
    accepted = await workspace.submit(ALICE, {"title": "A shuttle"})
    assert (accepted.errors, accepted.view) == ({}, None)
    await workspace.wait_for_answer(DIRECT[ALICE], "thanks: pilot")


async def test_a_form_can_be_closed(workspace: Workspace) -> None:
    sent = await workspace.mention(ALICE, GENERAL, "hello")
    await workspace.press(ALICE, await workspace.wait_for_answer(GENERAL, thread_ts=sent), action_id="ask")
    await workspace.wait_for_modal(ALICE)
    await workspace.close_modal(ALICE)
    await workspace.wait_for_answer(DIRECT[ALICE], "never mind")
    assert await workspace.modal(ALICE) is None


async def test_each_person_has_a_home(workspace: Workspace) -> None:
    await workspace.open_home(ALICE)
    assert "Welcome home" in words_of(await workspace.wait_for_home(ALICE))
    assert await workspace.home(BOB) is None


async def test_controls_in_views_and_in_private_answers_say_where_they_are(by_events: Workspace) -> None:
    await by_events.open_home(ALICE)
    await by_events.wait_for_home(ALICE)
    await by_events.press_home(ALICE, label="More")
    await by_events.wait_for_answer(DIRECT[ALICE], "pressed 7 in a view")
    await by_events.press_home(ALICE, action_id="ask")
    await by_events.wait_for_modal(ALICE)
    await by_events.press_modal(ALICE, action_id="more")
    await by_events.command(BOB, GENERAL, "/pilot")
    await by_events.press(BOB, await by_events.wait_for_answer(GENERAL), value="7")
    await by_events.wait_for_answer(DIRECT[BOB], "pressed 7 in a ephemeral")
    assert await by_events.faults() == []


async def test_what_slack_would_refuse_is_a_fault_though_the_peer_takes_it(by_events: Workspace) -> None:
    client = AsyncWebClient(BOT_TOKEN, base_url=by_events.api_url)
    long = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}
    await client.chat_postMessage(channel=GENERAL, text="long", blocks=[long])
    await client.views_publish(user_id=ALICE, view={"type": "home", "blocks": [{"type": "nonsense"}]})
    with pytest.raises(SlackApiError):
        await client.chat_postMessage(channel="C0NOWHERE", text="lost")
    long_fault, nonsense_fault, lost_fault = await by_events.faults()
    assert "3000 characters" in long_fault
    assert "nonsense" in nonsense_fault
    assert "channel_not_found" in lost_fault


async def test_deliveries_are_noted_and_can_be_repeated(by_events: Workspace) -> None:
    await by_events.mention(ALICE, GENERAL, "hello")
    kinds = [delivery.payload["event"]["type"] for delivery in by_events.deliveries]
    assert kinds == ["message", "app_mention"]
    again = await by_events.redeliver(by_events.deliveries[-1])
    assert again.in_time
    assert again.headers["X-Slack-Retry-Num"] == "1"
    assert again.payload["event_id"] == by_events.deliveries[1].payload["event_id"]


async def test_an_unhandled_command_does_not_pass_for_an_answered_one(workspace: Workspace) -> None:
    with pytest.raises(PeerError, match=r"404|did not acknowledge"):
        await workspace.command(ALICE, GENERAL, "/unknown")


async def test_the_peer_tells_a_persons_time_zone_and_refuses_what_it_does_not_know(by_events: Workspace) -> None:
    client = AsyncWebClient(BOT_TOKEN, base_url=by_events.api_url)
    assert (await client.users_info(user=ALICE))["user"]["tz"] == "Europe/Paris"
    with pytest.raises(SlackApiError, match="unknown_method"):
        await client.assistant_threads_setStatus(channel_id=DIRECT[ALICE], thread_ts="1.0", status="thinking")
    assert [method for method, _ in await by_events.calls()] == ["users.info", "assistant.threads.setStatus"]
