"""The harness itself, with the smallest bot that does one of everything, on wire JSON alone."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web

from tests.end_to_end.peers import PeerError, in_continuous_integration
from tests.end_to_end.teams_browser import browser_unavailable, running_browser
from tests.end_to_end.teams_cards import ADAPTIVE
from tests.end_to_end.teams_client import (
    ALICE,
    APP_ID,
    APP_PASSWORD,
    BOB,
    BOT,
    CAROL,
    GENERAL,
    GROUP,
    PEOPLE,
    PROJECTS,
    TENANT,
    Json,
    Teams,
    running_teams,
    with_card,
    words_of,
)


def card(words: str) -> Json:
    return {
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": [
            {"type": "TextBlock", "text": words},
            {"type": "FactSet", "facts": [{"title": "Country", "value": "Norway"}]},
            {"type": "Input.Text", "id": "note", "label": "A note"},
        ],
        "actions": [
            {"type": "Action.Execute", "title": "More", "verb": "more", "data": {"pilot": "7"}},
            {"type": "Action.Submit", "title": "Send", "data": {"pilot": "7"}},
            {"type": "Action.Submit", "title": "Tell", "data": {"msteams": {"type": "task/fetch"}, "form": "tell"}},
        ],
        "refresh": {"action": {"type": "Action.Execute", "verb": "refresh"}, "userIds": [ALICE]},
    }


def message(text: str, *cards: Json, **more: object) -> Json:
    attached = [{"contentType": ADAPTIVE, "content": one} for one in cards]
    return {"type": "message", "text": text, "attachments": attached, **more}


class SmallBot:
    """Says what it heard; on some words it does what they say."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self.authorization = ""

    async def takes(self, request: web.Request) -> web.Response:
        activity: Json = await request.json()
        if activity["type"] == "invoke":
            return self._answers(activity)
        if activity["type"] != "message":
            return web.Response()
        heard = activity.get("text") or f"pressed {json.dumps(activity['value'], sort_keys=True)}"
        there = f"v3/conversations/{quote(activity['conversation']['id'], safe='')}/activities"
        if "stream" in heard:
            await self._streams(activity, there)
        elif activity["recipient"].get("isTargeted"):
            told = message(f"privately: {heard}", recipient={**activity["from"], "isTargeted": True})
            await self.asks(activity, "POST", f"{there}?isTargetedActivity=true", told)
        else:
            posted = await self.asks(activity, "POST", there, message(f"heard: {heard}", card("It was tried.")))
            if "change" in heard:
                await self.asks(activity, "PUT", f"{there}/{posted['id']}", message("changed", card("It was stopped.")))
            if "regret" in heard:
                await self.asks(activity, "DELETE", f"{there}/{posted['id']}")
        return web.Response()

    async def asks(self, activity: Json, method: str, path: str, told: Json | None = None) -> Json:
        headers = {"Authorization": self.authorization} if self.authorization else {}
        asking = self._session.request(method, f"{activity['serviceUrl']}{path}", json=told, headers=headers)
        async with asking as answer:
            text = await answer.text()
        found: Json = json.loads(text) if text else {}
        return found

    async def _streams(self, activity: Json, there: str) -> None:
        def piece(text: str, **info: object) -> Json:
            kind = "message" if info["streamType"] == "final" else "typing"
            return {"type": kind, "text": text, "entities": [{"type": "streaminfo", **info}]}

        began = await self.asks(activity, "POST", there, piece("One", streamType="streaming", streamSequence=1))
        for told in (
            piece("One two", streamId=began["id"], streamType="streaming", streamSequence=2),
            piece("One two three", streamId=began["id"], streamType="final"),
        ):
            await self.asks(activity, "POST", there, told)

    def _answers(self, activity: Json) -> web.Response:
        answers: dict[str, Json] = {
            "adaptiveCard/action": {"statusCode": 200, "type": ADAPTIVE, "value": card("It ended well.")},
            "task/fetch": {
                "task": {
                    "type": "continue",
                    "value": {"title": "Tell", "card": {"contentType": ADAPTIVE, "content": card("Tell of a pilot")}},
                }
            },
            "task/submit": {"task": {"type": "message", "value": "Thank you."}},
            "composeExtension/query": {"composeExtension": {"type": "result", "attachments": []}},
            "message/submitAction": {},
        }
        name = activity["name"]
        return web.json_response(answers[name]) if name in answers else web.Response(status=501)


@asynccontextmanager
async def listening_bot(teams: Teams) -> AsyncIterator[SmallBot]:
    async with AsyncExitStack() as stack:
        bot = SmallBot(await stack.enter_async_context(aiohttp.ClientSession()))
        application = web.Application()
        application.router.add_post("/api/messages", bot.takes)
        runner = web.AppRunner(application, shutdown_timeout=1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        teams.bot_url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages"
        yield bot


@pytest.fixture
async def teams(tmp_path: Path) -> AsyncIterator[Teams]:
    async with running_teams(tmp_path) as running, listening_bot(running):
        yield running


async def test_everybody_speaks_for_themselves_wherever_the_bot_is(teams: Teams) -> None:
    for user, conversation in ((ALICE, teams.personal[ALICE]), (BOB, teams.personal[BOB]), (CAROL, GROUP)):
        said = await teams.say(user, conversation, "who tried it?", mention=conversation == GROUP)
        assert said.delivery is not None
        assert said.delivery.in_time
        activity = said.delivery.activity
        assert activity["id"] == said.id
        assert activity["from"]["aadObjectId"] == PEOPLE[user].object_id
        assert activity["localTimezone"] == PEOPLE[user].zone
        answer = await teams.wait_for_answer(conversation, "who tried it?")
        assert words_of(answer).split("\n")[1:] == [
            "It was tried.", "Country", "Norway", "A note", "More", "Send", "Tell",
        ]  # fmt: skip
    assert await teams.messages(GENERAL) == []


async def test_in_a_channel_a_mention_opens_a_thread_and_the_bot_hears_nothing_else(teams: Teams) -> None:
    said = await teams.say(ALICE, PROJECTS, "who tried it?", mention=True)
    assert said.conversation == f"{PROJECTS};messageid={said.id}"
    again = await teams.say(BOB, said.conversation, "and in Norway?", mention=True)
    assert again.conversation == said.conversation
    assert (await teams.say(BOB, PROJECTS, "lunch?")).delivery is None
    assert len(await teams.messages(said.conversation)) == 2
    teams.overhears = True
    overheard = (await teams.say(BOB, said.conversation, "me too")).delivery
    assert overheard is not None
    assert overheard.activity["channelData"]["channel"] == {"id": PROJECTS}
    assert overheard.activity["from"]["id"] == BOB


async def test_a_press_is_answered_with_a_card_or_comes_as_a_message_or_opens_a_dialog(teams: Teams) -> None:
    for user, conversation in ((ALICE, teams.personal[ALICE]), (BOB, PROJECTS)):
        said = await teams.say(user, conversation, "who tried it?", mention=True)
        answer = await teams.wait_for_answer(said.conversation)
        pressed = await teams.press(user, answer, "More", inputs={"note": "hm"})
        assert pressed.activity["value"]["action"]["data"] == {"pilot": "7", "note": "hm"}
        assert pressed.activity["replyToId"] == answer["id"]
        assert pressed.activity["from"]["id"] == user
        seen = with_card(answer, pressed.answer["value"])
        assert "It ended well." in words_of(seen)
        await teams.press(user, seen, "Send", inputs={"note": "so"})
        await teams.wait_for_answer(said.conversation, 'pressed {"note": "so", "pilot": "7"}')
        dialog = (await teams.press(user, answer, "Tell")).answer
        sent = await teams.submit(user, dialog, {"note": "it works"}, said.conversation, "Send")
        assert sent.activity["value"]["data"]["note"] == "it works"
        assert sent.answer["task"]["value"] == "Thank you."
        assert (await teams.refresh(user, answer)).activity["value"]["trigger"] == "automatic"
    with pytest.raises(PeerError, match="0 actions fit 'Less'"):
        await teams.press(ALICE, answer, "Less")
    with pytest.raises(PeerError, match="no input title"):
        await teams.press(ALICE, answer, "Send", inputs={"title": "x"})


async def test_what_the_bot_changes_streams_takes_back_and_says_to_one_alone(teams: Teams) -> None:
    mine = teams.personal[ALICE]
    await teams.say(ALICE, mine, "change it")
    assert "It was stopped." in words_of(await teams.wait_for_answer(mine, "changed"))
    await teams.say(ALICE, mine, "regret it")
    assert len(await teams.messages(mine)) == 1
    await teams.say(ALICE, mine, "stream it")
    assert [piece["text"] for piece in teams.streamed(mine)] == ["One", "One two", "One two three"]
    assert (await teams.wait_for_answer(mine))["text"] == "One two three"
    await teams.say_privately(BOB, GROUP, "help")
    assert [one["text"] for one in await teams.messages(GROUP, seen_by=BOB)] == ["privately: help"]
    assert await teams.messages(GROUP, seen_by=ALICE) == []
    with pytest.raises(PeerError, match=r"Nothing came in 0\.1 s"):
        await teams.wait_for_answer(GENERAL, seconds=0.1)


async def test_everything_else_that_teams_tells(teams: Teams) -> None:
    said = await teams.say(ALICE, teams.personal[ALICE], "who tried it?")
    answer = await teams.wait_for_answer(said.conversation)
    rated = await teams.rate(ALICE, answer, "dislike", "too short")
    assert rated.activity["value"]["actionValue"]["feedback"] == '{"feedbackText":"too short"}'
    assert rated.activity["replyToId"] == answer["id"]
    assert (await teams.search(BOB, GROUP, "shuttles")).answer["composeExtension"]["type"] == "result"
    assert (await teams.invoke("unknown/invoke", {}, ALICE, GROUP)).status == 501
    installed = await teams.event("install", CAROL, GENERAL)
    assert (installed.kind, installed.activity["action"], installed.activity["from"]["id"]) == (
        "installationUpdate", "add", CAROL,
    )  # fmt: skip
    added = await teams.event("botAdded", CAROL, GROUP)
    assert added.activity["membersAdded"] == [{"id": BOT}]
    assert (await teams.react(BOB, answer)).activity["reactionsAdded"] == [{"type": "like"}]
    assert (await teams.edit(ALICE, said, "who?")).activity["channelData"]["eventType"] == "editMessage"
    assert (await teams.delete(ALICE, said)).kind == "messageDelete"
    again = await teams.redeliver(rated)
    assert again.activity == rated.activity
    assert {one["direction"] for one in teams.recording()} == {
        "Microsoft 365 Agents Playground -> User Application",
        "User Application -> Microsoft 365 Agents Playground",
    }


async def test_the_bot_can_begin_and_ask_who_is_there_and_be_refused(tmp_path: Path) -> None:
    async with running_teams(tmp_path) as teams, listening_bot(teams) as bot:
        at = teams.activity_of(ALICE, GENERAL, "message")
        wanted = {"isGroup": False, "members": [{"id": PEOPLE[BOB].object_id}], "tenantId": TENANT, "bot": {"id": BOT}}
        assert (await bot.asks(at, "POST", "v3/conversations", wanted))["id"] == teams.personal[BOB]
        post = {"isGroup": True, "channelData": {"channel": {"id": GENERAL}}, "activity": message("Good morning.")}
        posted = await bot.asks(at, "POST", "v3/conversations", post)
        assert [one["text"] for one in await teams.messages(posted["id"])] == ["Good morning."]
        teamwork = f"v3/conversations/{quote(GENERAL, safe='')}"
        member = await bot.asks(at, "GET", f"{teamwork}/members/{PEOPLE[CAROL].object_id}")
        assert (member["id"], member["email"]) == (CAROL, "carol@example.org")
        assert len((await bot.asks(at, "GET", f"{teamwork}/pagedmembers?pageSize=100"))["members"]) == len(PEOPLE)
        teams.refuse(429, retry_after=1)
        mine = teams.personal[ALICE]
        await teams.say(ALICE, mine, "who tried it?")
        assert (teams.calls[-1].status, teams.calls[-1].answer["error"]["code"]) == (429, "Too Many Requests")
        await bot.asks(at, "POST", f"v3/conversations/{quote(mine)}/activities", message("x" * 60_000))
        assert teams.calls[-1].answer["error"]["code"] == "MessageSizeTooBig"
        assert await teams.messages(mine) == []


async def test_a_bot_with_an_app_id_is_shown_a_token_and_shows_its_own(tmp_path: Path) -> None:
    async with running_teams(tmp_path, signed=True) as teams, listening_bot(teams) as bot:
        assert teams.identity is not None
        said = await teams.say(ALICE, teams.personal[ALICE], "who tried it?")
        assert said.delivery is not None
        assert said.delivery.headers["Authorization"].count(".") == 2
        assert teams.calls[-1].status == 401
        async with aiohttp.ClientSession() as session:
            async with session.get(teams.identity.open_id_url) as answer:
                keys_url = (await answer.json())["jwks_uri"]
            async with session.get(keys_url) as answer:
                assert (await answer.json())["keys"][0]["endorsements"] == ["msteams"]
            form = {
                "grant_type": "client_credentials",
                "client_id": APP_ID,
                "client_secret": APP_PASSWORD,
                "scope": "https://api.botframework.com/.default",
            }
            async with session.post(f"{teams.identity.login_url}/{TENANT}/oauth2/v2.0/token", data=form) as answer:
                bot.authorization = f"Bearer {(await answer.json())['access_token']}"
        await teams.say(ALICE, teams.personal[ALICE], "who tried it?")
        await teams.wait_for_answer(teams.personal[ALICE])


async def test_a_bot_that_is_away_is_told_of(tmp_path: Path) -> None:
    async with running_teams(tmp_path, "http://127.0.0.1:9/api/messages") as teams:
        said = await teams.say(ALICE, teams.personal[ALICE], "is anybody there?")
        assert said.delivery is not None
        assert (said.delivery.status, said.delivery.in_time) == (0, False)
        assert (await teams.invoke("composeExtension/query", {}, ALICE, GROUP)).status == 0
        teams.bot_url = None
        with pytest.raises(PeerError, match="no bot_url"):
            await teams.say(ALICE, teams.personal[ALICE], "is anybody there?")


async def test_two_tenants_stand_side_by_side(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    async with (
        running_teams(first) as one,
        running_teams(second) as other,
        listening_bot(one),
        listening_bot(other),
    ):
        await asyncio.gather(
            one.say(ALICE, one.personal[ALICE], "here"), other.say(ALICE, other.personal[ALICE], "there")
        )
        assert "here" in words_of(await one.wait_for_answer(one.personal[ALICE]))
        assert "there" in words_of(await other.wait_for_answer(other.personal[ALICE]))


async def test_a_browser_shows_the_card_and_takes_a_press(teams: Teams, tmp_path: Path) -> None:
    reason = browser_unavailable()
    if reason is not None:
        if in_continuous_integration() and "Chromium" not in reason:
            pytest.fail(reason)
        pytest.skip(reason)
    async with running_browser(teams) as browser:
        await teams.say(ALICE, teams.personal[ALICE], "who tried it?")
        await browser.see("It was tried.")
        picture = await browser.screenshot(tmp_path / "answer.png")
        assert picture.read_bytes().startswith(b"\x89PNG")
        await browser.press("More")
        await browser.see("It ended well.")
        with pytest.raises(PeerError, match="could not press 'Less'"):
            await browser.press("Less")
        assert all("office.net" in address for address in await browser.addresses_outside())
    assert "adaptiveCard/action" in [one.kind for one in teams.deliveries]


async def test_what_real_teams_would_refuse_is_found(teams: Teams) -> None:
    at = teams.activity_of(ALICE, teams.personal[ALICE], "message")
    await teams.say(ALICE, teams.personal[ALICE], "who tried it?")
    assert teams.faults() == []
    bot = SmallBot(teams.outside)
    newer = {**card("x"), "version": "1.6", "actions": [{"type": "Action.Submit", "title": "A"}] * 7}
    appearance = {"@type": "DigitalDocument", "name": "n" * 81, "abstract": "a" * 161}
    label = {
        "type": "https://schema.org/Message",
        "@type": "Message",
        "citation": [{"@type": "Claim", "position": 1, "appearance": appearance}],
    }
    there = f"v3/conversations/{quote(teams.personal[ALICE])}/activities"
    await bot.asks(at, "POST", there, message("a word", newer, entities=[label]))
    assert len(teams.faults()) == 5
