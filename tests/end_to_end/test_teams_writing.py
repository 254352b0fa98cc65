"""A model that writes answers, what shows that it is at work, and Teams' own thumbs, in a Teams that is not ours."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.people import export_feedback
from knowledge.records import pilot_from_record
from tests.adapters.test_chat import DONE, Script, chat_server, event, sending
from tests.base import sample_pilots
from tests.end_to_end.slack_bot import COMMUNITY
from tests.end_to_end.teams_bot import account_of, bot_settings, posts, running_bot, titles
from tests.end_to_end.teams_client import ALICE, BOB, GENERAL, Json, Teams, words_of

SHUTTLES = "who tried driverless shuttles?"
WRITTEN = "A self-driving shuttle bus took commuters to the harbour for a year"
WARNING = "Written by a model from these sources; check them before you rely on it."
# A sentence is one when the next begins, and Teams takes about one piece a second.
_SENTENCES = (
    event(f"{WRITTEN} [1]. "),
    0.3,
    event("The insurer withdrew after a collision [1]. "),
    1.1,
    event("It was a self-driving shuttle bus [1].", "stop"),
    DONE,
)


@asynccontextmanager
async def _written_by(script: Script, folder: Path) -> AsyncIterator[Teams]:
    async with chat_server(script) as server, running_bot(folder, writer=f"openai:{server.url}#tiny") as teams:
        yield teams
        assert teams.faults() == []


def _label(message: Json) -> Json:
    (label,) = (each for each in message["entities"] if each["type"] == "https://schema.org/Message")
    return dict(label)


def _stream(piece: Json) -> Json:
    (info,) = (each for each in piece["entities"] if each["type"] == "streaminfo")
    return dict(info)


@pytest.mark.shows("streaming", "written", "feedback")
async def test_in_a_chat_of_ones_own_a_written_answer_grows_and_is_rated_by_teams_own_thumbs(tmp_path: Path) -> None:
    async with _written_by(sending(*_SENTENCES), tmp_path) as teams:
        mine = teams.personal[ALICE]
        await teams.say(ALICE, mine, SHUTTLES)
        answer = await teams.wait_for_answer(mine, "The insurer withdrew")
        *pieces, last = teams.streamed(mine)
        assert len(pieces) > 1
        assert [_stream(each)["streamSequence"] for each in pieces] == [*range(1, len(pieces) + 1)]
        # Each holds the ones before it, or Teams refuses it.
        grown = [each["text"] for each in (*pieces, last)]
        assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(grown))
        assert f"{WRITTEN} [1]" in pieces[0]["text"]
        info = _stream(last)
        assert (info["streamType"], info["streamId"]) == ("final", answer["id"])
        assert "streamSequence" not in info
        assert await posts(teams, mine) == [answer]
        assert teams.typing(mine) <= 1
        _is_told_to_be_written(answer)
        await _is_rated(teams, answer, tmp_path)


def _is_told_to_be_written(answer: Json) -> None:
    assert _label(answer)["additionalType"] == ["AIGeneratedContent"]
    (citation,) = _label(answer)["citation"]
    assert citation["position"] == 1
    assert citation["appearance"]["name"] == "Driverless shuttle to the harbour"
    assert WARNING in words_of(answer)
    assert WRITTEN in answer["summary"]
    # Teams asks by itself whether it helped.
    assert answer["channelData"]["feedbackLoop"]["type"] == "default"
    assert not {"Helpful", "Not helpful"} & {*titles(answer)}


async def _is_rated(teams: Teams, answer: Json, folder: Path) -> None:
    assert (await teams.rate(ALICE, answer, "dislike", "Ask eve@example.org which year.")).in_time

    async def kept() -> list[Json]:
        await export_feedback(bot_settings(teams, folder), folder / "feedback.json", COMMUNITY)
        return list(json.loads((folder / "feedback.json").read_text()))

    (rated,) = await teams.wait_for(kept)
    assert (rated["person"], rated["is_good"]) == (account_of(ALICE), False)
    assert rated["reason"].endswith("which year.")
    assert "eve@" not in rated["reason"]
    assert rated["asked"] == [SHUTTLES]
    assert (await teams.rate(ALICE, answer, "like")).in_time

    async def changed() -> bool:
        return [each["is_good"] for each in await kept()] == [True]

    await teams.wait_for(changed)
    # Teams has thanked already.
    assert await posts(teams, teams.personal[ALICE]) == [answer]


@pytest.mark.shows("written", "working")
async def test_in_a_channel_dots_show_that_it_is_at_work_and_the_written_answer_comes_whole(tmp_path: Path) -> None:
    async with _written_by(sending(*_SENTENCES), tmp_path) as teams:
        asked = await teams.say(BOB, GENERAL, SHUTTLES, mention=True)
        answer = await teams.wait_for_answer(asked.conversation, "The insurer withdrew")
        assert teams.typing(asked.conversation) == 1
        assert teams.streamed(asked.conversation) == []
        assert _label(answer)["citation"]
        await teams.rate(BOB, answer, "like")
        assert await posts(teams, GENERAL) == [answer]


@pytest.mark.shows("stop")
async def test_who_stops_an_answer_while_it_grows_gets_no_more_of_it(tmp_path: Path) -> None:
    async with _written_by(sending(*_SENTENCES), tmp_path) as teams:
        mine = teams.personal[ALICE]
        await teams.say(ALICE, mine, SHUTTLES)

        async def begun() -> bool:
            return bool(teams.streamed(mine))

        await teams.wait_for(begun)
        teams.refuse(403, "ContentStreamNotAllowed", message="Content stream was canceled by user.")

        async def refused() -> bool:
            return any(call.status == 403 for call in teams.calls)

        await teams.wait_for(refused)
        # What was still to come would be there before the answer to the next question.
        await asyncio.sleep(0.5)
        await teams.say(ALICE, mine, "help")
        helped = await teams.wait_for_answer(mine, "Just ask")
        assert await posts(teams, mine) == [helped]


@pytest.mark.shows("limits", "written")
async def test_of_many_sources_as_many_are_cited_as_teams_takes_and_the_answer_is_whole(tmp_path: Path) -> None:
    beehives = [
        pilot_from_record(
            {
                "source": "sample",
                "id": f"bees-{number}",
                "title": f"Beehives on the roof of school {number}" + " and on many other roofs" * 10,
                "summary": "Beehives stand on the roof. " * 200,
                "country": "Norway",
            }
        )
        for number in range(30)
    ]
    text = " ".join(f"Beehives stand on the roof [{number}]." for number in range(1, 6)) * 40
    async with (
        chat_server(sending(event(text, "stop"), DONE)) as server,
        running_bot(tmp_path, [*sample_pilots(), *beehives], writer=f"openai:{server.url}#tiny") as teams,
    ):
        await teams.say(ALICE, teams.personal[ALICE], "has anyone tried beehives on the roof?")
        answer = await teams.wait_for_answer(teams.personal[ALICE], "Yes: ")
        assert 1 < len(_label(answer)["citation"]) <= 20
        assert "Beehives on the roof of school" in words_of(answer)
        assert teams.faults() == []
