"""Words and people that are not to be trusted, in a Slack that is not ours."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from knowledge.records import pilot_from_record
from tests.base import sample_pilots
from tests.end_to_end.slack_bot import COMMUNITY, running_bot
from tests.end_to_end.slack_workspace import ALICE, BOB, BOT, GENERAL, TEAM, Json, Workspace, words_of

BUSES = "has anyone tried self-driving shuttle buses?"
_MARKUP = "<!channel> <@U01BOB> *bold* <https://evil.example|click>"
_PINGING = {
    "source": "sample",
    "id": "ping",
    "title": f"Beekeeping on roofs {_MARKUP}",
    "summary": f"Beehives stand on the roofs of schools. {_MARKUP}",
    "outcome": {"summary": _MARKUP, "direction": "positive"},
    "owner": {"name": _MARKUP},
    "organisation": _MARKUP,
}
_OF_THE_COMMUNITY = {
    "source": "sample",
    "id": "inner",
    "title": "Shuttle bus for the depot",
    "summary": "A self-driving shuttle bus between two depots.",
    "visibility": {"audience": "community", "community": COMMUNITY},
}
STRANGER = "U0STRANGER"
_READS_MARKUP = {"mrkdwn", "link", "user", "usergroup", "channel", "broadcast"}


@pytest.fixture(params=["events", "socket"])
async def slack(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Workspace]:
    """With pilots whose words are markup, or for members only; nothing said in it was a fault."""
    pilots = [*sample_pilots(), pilot_from_record(_PINGING), pilot_from_record(_OF_THE_COMMUNITY)]
    async with running_bot(tmp_path, request.param, pilots) as workspace:
        yield workspace
        assert await workspace.faults() == []


# Words that would ring or lead astray


@pytest.mark.shows("rings")
async def test_what_is_stored_never_rings_and_never_links(slack: Workspace) -> None:
    asked = await slack.mention(ALICE, GENERAL, "has anyone tried beekeeping on roofs?")
    answer = await slack.wait_for_answer(GENERAL, "Beekeeping on roofs", thread_ts=asked)
    await slack.press(BOB, answer, label="More on 1")
    card = await slack.wait_for_answer(GENERAL, "Beekeeping on roofs")
    for shown in (answer, card):
        assert "<!channel>" not in shown["text"]
        assert "&lt;!channel&gt; &lt;@U01BOB&gt;" in shown["text"]
        held = [each["text"] for each in _parts(shown["blocks"]) if isinstance(each.get("text"), str)]
        assert any("<!channel> <@U01BOB> *bold*" in text for text in held)
        assert not {each["type"] for each in _parts(shown["blocks"])} & _READS_MARKUP


@pytest.mark.shows("rings")
async def test_what_people_ask_never_rings_when_it_is_shared(slack: Workspace) -> None:
    await slack.command(ALICE, GENERAL, "/pilot", "ask has anyone tried beekeeping on roofs? &lt;!channel&gt;")
    answer = await slack.wait_for_answer(GENERAL, "Beekeeping on roofs")
    await slack.press(ALICE, answer, label="Share to channel")
    shared = await slack.wait_for_answer(GENERAL, "alice asked me")
    assert "<!channel>" not in shared["text"]
    assert not {each["type"] for each in _parts(shared["blocks"])} & _READS_MARKUP


def _parts(thing: object) -> Iterator[Json]:
    if isinstance(thing, dict):
        if "type" in thing:
            yield thing
        for inner in thing.values():
            yield from _parts(inner)
    elif isinstance(thing, list):
        for inner in thing:
            yield from _parts(inner)


# Slack Connect, which can be made up in events mode only


@pytest.mark.shows("outsiders")
@pytest.mark.parametrize("slack", ["events"], indirect=True)
async def test_a_stranger_gets_public_pilots_and_no_form(slack: Workspace) -> None:
    answer = await _asked(slack, "1790000000.000100", BUSES, user=STRANGER, user_team="T0ELSEWHERE")
    assert "Yes: 2 pilots" in words_of(answer)
    assert "depot" not in words_of(answer)
    refused = await _asked(slack, "1790000001.000100", "show depot", user=STRANGER, user_team="T0ELSEWHERE")
    assert "I know no pilot called “depot”." in words_of(refused)
    for value in ("tell Bees", "settings"):
        await slack.send(_pressed_by_a_stranger(answer, value))
    await slack.wait_for(lambda: _refusals(slack, answer["thread_ts"], 2))
    assert await slack.calls("views.open") == []


@pytest.mark.shows("outsiders")
@pytest.mark.parametrize("slack", ["events"], indirect=True)
async def test_a_member_gets_all_that_is_the_communitys_unless_strangers_read_along(slack: Workspace) -> None:
    answer = await _asked(slack, "1790000000.000100", BUSES, user=ALICE, user_team=TEAM)
    assert "Yes: 3 pilots" in words_of(answer)
    assert "depot" in words_of(answer)
    answer = await _asked(slack, "1790000001.000100", BUSES, is_shared=True, user=ALICE, user_team=TEAM)
    assert "Yes: 2 pilots" in words_of(answer)
    assert "depot" not in words_of(answer)


async def _asked(slack: Workspace, moment: str, text: str, *, is_shared: bool = False, **who: str) -> Json:
    """The answer to a mention that comes in Slack's own words."""
    said = {"type": "message", "channel": GENERAL, "channel_type": "channel", "text": f"<@{BOT}> {text}", "ts": moment}
    delivery = await slack.send_event({**said, **who}, is_ext_shared_channel=is_shared)
    assert delivery.in_time
    return await slack.wait_for_answer(GENERAL, thread_ts=moment)


async def _refusals(slack: Workspace, thread: str, count: int) -> bool:
    """Whether the stranger alone was told so often that this is for members."""
    found = [each for each in await slack.answers(GENERAL, thread) if "for members of this community" in each["text"]]
    return [each["ephemeral_to"] for each in found] == [STRANGER] * count


def _pressed_by_a_stranger(message: Json, value: str) -> Json:
    return {
        "type": "block_actions",
        "team": {"id": TEAM},
        "user": {"id": STRANGER, "name": "sam", "team_id": "T0ELSEWHERE"},
        "container": {"type": "message", "message_ts": message["ts"], "channel_id": GENERAL, "is_ephemeral": False},
        "channel": {"id": GENERAL, "name": "general"},
        "message": message,
        "trigger_id": f"1.{value}",
        "actions": [{"type": "button", "action_id": "press-1", "block_id": "b", "value": value}],
    }
