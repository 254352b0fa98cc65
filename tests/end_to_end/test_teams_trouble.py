"""A platform that refuses or is slow, two servers, a stop and a database away, in a Teams that is not ours."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from adapters.teams import app as teams_app
from bot.app import Bot
from bot.events import Event
from bot.messages import Reply
from deploy.prompting import say_hello
from knowledge.errors import PilotlightError
from tests.end_to_end.slack_bot import COMMUNITY, furnish
from tests.end_to_end.teams_bot import (
    account_of,
    bot_settings,
    dialog_of,
    posts,
    running_bot,
    running_server,
    said_before_answering,
    titles,
    wait_for_post,
    whispered,
)
from tests.end_to_end.teams_client import (
    ALICE,
    BOB,
    CAROL,
    GENERAL,
    GROUP,
    PROJECTS,
    Call,
    Teams,
    cards_of,
    running_teams,
    words_of,
)
from tests.postgres import PostgresServer

BUSES = "has anyone tried self-driving shuttle buses?"
FOUND = "Yes: 2 pilots"
AWAY = "I cannot get at what I know just now."


@pytest.fixture
async def teams(tmp_path: Path) -> AsyncIterator[Teams]:
    """Carol is its moderator; nothing said in it was a fault."""
    async with running_bot(tmp_path, moderators=[CAROL]) as tenant:
        yield tenant
        assert tenant.faults() == []


def _slow_down(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    handle = Bot.handle

    async def take_long(self: Bot, event: Event, *more: Any) -> Reply | None:
        await asyncio.sleep(seconds)
        return await handle(self, event, *more)

    monkeypatch.setattr(Bot, "handle", take_long)


def _calls(teams: Teams, method: str) -> list[Call]:
    return [each for each in teams.calls if each.method == method and "/activities" in each.path]


async def _refused_all(teams: Teams) -> bool:
    return all(each.times == 0 for each in teams._refusals)


# A platform that has too much to do


@pytest.mark.shows("slow")
async def test_where_teams_asks_to_wait_the_answer_comes_after_and_once(teams: Teams) -> None:
    mine = teams.personal[ALICE]
    teams.refuse(429, method="POST", path="/activities", retry_after=1)
    began = time.monotonic()
    await teams.say(ALICE, mine, BUSES)
    answer = await teams.wait_for_answer(mine, FOUND)
    assert time.monotonic() - began >= 1
    assert [each.status for each in _calls(teams, "POST")] == [429, 201]
    assert await posts(teams, mine) == [answer]


@pytest.mark.shows("slow")
async def test_where_teams_stumbles_what_may_be_asked_again_is_and_nothing_is_said_twice(teams: Teams) -> None:
    # Who somebody is and who reads along, at the first try.
    teams.refuse(502, method="GET", path="/members/")
    teams.refuse(504, method="GET", path="/pagedmembers")
    teams.overhears = True
    await teams.say(CAROL, GENERAL, "channel overhear", mention=True)
    await wait_for_post(teams, GENERAL, "From now on")
    asked = await teams.say(ALICE, GENERAL, "Has anyone here tried self-driving shuttle buses?")
    answer = await teams.wait_for_answer(asked.conversation, "I overheard this")
    teams.refuse(502, method="PUT")
    await teams.press(BOB, answer, "Not now")
    await teams.wait_for_answer(asked.conversation, "Bob Brown said “not now”")
    assert [each.status for each in _calls(teams, "PUT")] == [502, 200]
    # Of a message nobody knows whether it stands there: rather missing than doubled.
    mine = teams.personal[BOB]
    teams.refuse(502, method="POST", path="/activities")
    await teams.say(BOB, mine, BUSES)
    await teams.wait_for(lambda: _refused_all(teams))
    await teams.say(BOB, mine, "help")
    helped = await teams.wait_for_answer(mine, "Just ask")
    assert await posts(teams, mine) == [helped]


# A platform that refuses


@pytest.mark.shows("refused", "limits")
async def test_a_card_that_teams_does_not_take_comes_as_words(teams: Teams) -> None:
    mine = teams.personal[ALICE]
    for status, code in ((413, "MessageSizeTooBig"), (400, "BadSyntax")):
        teams.refuse(status, code, method="POST", path="/activities")
        before = len(await posts(teams, mine))
        await teams.say(ALICE, mine, BUSES)
        answer = await teams.wait_for_answer(mine, after=before)
        assert FOUND in answer["text"]
        assert "Self-driving bus in the old town" in answer["text"]
        assert cards_of(answer) == []


@pytest.mark.shows("refused")
async def test_who_cannot_be_told_aside_is_told_in_their_own_chat(teams: Teams) -> None:
    mine = teams.personal[BOB]
    teams.refuse(403, "BotNotInConversationRoster", method="POST", path=GENERAL)
    await teams.say_privately(BOB, GENERAL, BUSES)
    answer = await teams.wait_for_answer(mine, FOUND)
    assert await posts(teams, GENERAL) == []
    assert "Share to channel" in titles(answer)
    teams.refuse(403, "ForbiddenOperationException", method="POST", path=GROUP)
    await teams.say(BOB, GROUP, BUSES, mention=True)
    told = await teams.wait_for_answer(mine, "I may not write there.")
    assert "@Pilotlight" in words_of(told)
    assert await posts(teams, GROUP) == []


@pytest.mark.shows("refused")
async def test_who_blocked_it_gets_nothing_and_nobody_else_is_troubled(teams: Teams) -> None:
    mine = teams.personal[BOB]
    teams.refuse(403, "MessageWritesBlocked", method="POST", path=mine)
    await teams.say(BOB, mine, BUSES)
    await teams.say(ALICE, teams.personal[ALICE], BUSES)
    await teams.wait_for_answer(teams.personal[ALICE], FOUND)
    assert await posts(teams, mine) == []
    assert [each.status for each in _calls(teams, "POST")].count(HTTPStatus.FORBIDDEN) == 1


@pytest.mark.shows("removed", "opt_out", "prompts")
async def test_who_takes_it_out_is_not_written_to_until_they_add_it_again(teams: Teams, tmp_path: Path) -> None:
    mine, settings, person = teams.personal[BOB], bot_settings(teams, tmp_path), account_of(BOB)
    await teams.say(BOB, mine, "help")
    await teams.wait_for_answer(mine, "Just ask")
    assert "was written to in Teams" in await say_hello(settings, person, COMMUNITY)
    assert len(await posts(teams, mine)) == 2
    assert (await teams.event("uninstall", BOB, mine)).in_time
    tried = len(teams.calls)

    async def forgotten() -> bool:
        with pytest.raises(PilotlightError) as caught:
            await say_hello(settings, person, COMMUNITY)
        return "they removed Pilotlight" in str(caught.value)

    assert await forgotten()
    assert len(teams.calls) == tried
    # Who is merely seen in a channel has not asked to be written to.
    asked = await teams.say(BOB, GENERAL, "help", mention=True)
    await teams.wait_for_answer(asked.conversation, "Just ask")
    assert await forgotten()
    await teams.event("install", BOB, mine)
    await teams.wait_for_answer(mine, "Your settings")
    assert "was written to in Teams" in await say_hello(settings, person, COMMUNITY)


# A bot that is slow


@pytest.mark.shows("slow", "working")
async def test_what_takes_longer_than_teams_waits_is_one_moment_and_then_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teams_app, "_PATIENCE_SECONDS", 0.1)
    _slow_down(monkeypatch, 0.9)
    async with running_bot(tmp_path, moderators=[CAROL], overhears=True) as teams:
        await teams.say(CAROL, PROJECTS, "channel overhear", mention=True)
        asked = await teams.say(ALICE, GENERAL, BUSES, mention=True)
        assert asked.delivery is not None
        assert asked.delivery.seconds < 0.5
        answer = await teams.wait_for_answer(asked.conversation, FOUND)
        assert teams.typing(asked.conversation) == 1
        # Where nobody turned to it, nobody waits.
        await wait_for_post(teams, PROJECTS, "From now on")
        overheard = await teams.say(ALICE, PROJECTS, "Has anyone here tried self-driving shuttle buses?")
        await teams.wait_for_answer(overheard.conversation, "I overheard this")
        assert teams.typing(overheard.conversation) == 0
        pressed = await teams.press(BOB, answer, "More on 1")
        assert (pressed.in_time, pressed.answer["value"]) == (True, "One moment, I am still at it …")
        opened = await teams.press(CAROL, answer, "Not helpful")
        assert "One moment, I am still at it …" in words_of(dialog_of(opened))
        await whispered(teams, BOB, GENERAL, "What it can say so far")
        # No dialog opens by itself any more: the form stands where only Carol sees it.
        await whispered(teams, CAROL, GENERAL, "What was wrong or missing?")
        assert teams.faults() == []


@pytest.mark.shows("restarted")
async def test_a_server_that_is_stopped_in_the_middle_of_an_answer_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await furnish(tmp_path)
    _slow_down(monkeypatch, 0.5)
    async with running_teams(tmp_path, signed=True) as teams:
        async with running_server(teams, tmp_path):
            asked = [await teams.say(each, GENERAL, BUSES, mention=True) for each in (ALICE, BOB)]
            await teams.say_privately(CAROL, GROUP, BUSES)
            assert teams._posted == []
        for said in asked:
            assert FOUND in words_of((await teams.messages(said.conversation))[0])
        assert len(await posts(teams, GROUP, seen_by=CAROL)) == 1
        assert teams.faults() == []


# At once


@pytest.mark.shows("at_once")
async def test_questions_asked_at_once_are_all_answered_where_they_were_asked(teams: Teams) -> None:
    questions = {
        "has anyone tried a chatbot for tax questions?": "Chatbot for tax questions",
        "has anyone tried a four-day week?": "Four-day week at the town hall",
        "has anyone tried drones to count birds?": "Drones over the wetlands",
    }

    async def ask(user: str, room: str, text: str, expected: str) -> None:
        said = await teams.say(user, room, text, mention=room not in teams.personal.values())
        await teams.wait_for_answer(said.conversation, expected)

    places = [(ALICE, GENERAL), (BOB, PROJECTS), (CAROL, GROUP), (ALICE, teams.personal[ALICE])]
    await asyncio.gather(*(ask(*place, *each) for place in places for each in questions.items()))
    assert len(teams._posted) == len(places) * len(questions)


@pytest.mark.shows("replicas")
async def test_of_two_servers_one_answers(tmp_path: Path, postgres_url: str) -> None:
    await furnish(tmp_path, database_url=postgres_url)
    async with AsyncExitStack() as stack:
        teams = await stack.enter_async_context(running_teams(tmp_path, signed=True))
        servers = [
            await stack.enter_async_context(running_server(teams, tmp_path / name, database_url=postgres_url))
            for name in ("one", "two")
        ]
        threads = [(await teams.say(ALICE, GENERAL, "Good morning all.")).conversation for _ in range(3)]
        for thread in threads:
            said = {**teams.activity_of(ALICE, thread, "message"), "text": f"<at>Pilotlight</at> {BUSES}"}
            mention = {"type": "mention", "text": "<at>Pilotlight</at>", "mentioned": said["recipient"]}
            said["entities"] = [*said["entities"], mention]
            for server in servers:
                teams.bot_url = server
                assert (await teams.send(said)).in_time
            await teams.wait_for_answer(thread, FOUND)
        await said_before_answering(teams, BOB, GENERAL)
        assert [len(await teams.messages(thread)) for thread in threads] == [1, 1, 1]
        assert teams.faults() == []


# The database away


@pytest.mark.shows("away")
async def test_with_the_database_away_people_get_a_reference_and_the_log_none_of_their_words(
    tmp_path: Path, postgres_server: PostgresServer, postgres_url: str
) -> None:
    async with running_bot(tmp_path, database_url=postgres_url, overhears=True) as teams:
        asked = await teams.say(ALICE, GENERAL, BUSES, mention=True)
        answer = await teams.wait_for_answer(asked.conversation, FOUND)
        with postgres_server.away(postgres_url):
            await teams.say(BOB, teams.personal[BOB], "has anyone tried zeppelins for the post?")
            told = [words_of(await teams.wait_for_answer(teams.personal[BOB], AWAY))]
            await teams.say(ALICE, GENERAL, "has anyone tried zeppelins?", mention=True)
            told.append(words_of(await whispered(teams, ALICE, GENERAL, AWAY)))
            await teams.say_privately(CAROL, PROJECTS, "ask has anyone tried zeppelins?")
            told.append(words_of(await whispered(teams, CAROL, PROJECTS, AWAY)))
            opened = await teams.press(BOB, answer, "Not helpful")
            told.append(words_of(dialog_of(opened)))
            found = await teams.search(BOB, GROUP, "zeppelins")
            told.append(found.answer["composeExtension"]["text"])
            # Nobody addressed it here.
            await teams.say(ALICE, GROUP, "Has anyone here tried self-driving zeppelins for the post?")
            await teams.say(ALICE, asked.conversation, "what about in Norway?")
            await teams.say(ALICE, teams.personal[ALICE], "has anyone tried zeppelins?")
            told.append(words_of(await teams.wait_for_answer(teams.personal[ALICE], AWAY)))
        log = (tmp_path / "pilotlight.log").read_text()
        for each in told:
            reference = re.search(r"this reference: (\w+)", each)
            assert reference is not None
            assert reference[1] in log
        assert [word for word in ("zeppelin", "norway") if word in log.casefold()] == []
        assert await posts(teams, GENERAL, seen_by=CAROL) == [answer]
        assert await posts(teams, GROUP) == []
        again = await teams.say(ALICE, GENERAL, BUSES, mention=True)
        await teams.wait_for_answer(again.conversation, FOUND)
        assert teams.faults() == []
