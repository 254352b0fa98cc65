"""Forms, the home page and what people think of answers, in a Slack that is not ours."""

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from deploy.people import export_feedback
from tests.end_to_end.slack_bot import COMMUNITY, bot_settings, running_bot
from tests.end_to_end.slack_workspace import ALICE, BOB, CAROL, DIRECT, GENERAL, TEAM, Json, Mode, Workspace, words_of

WEEK = "has anyone tried a four-day week?"
_LIBRARY = {
    "field title": "Lending tools from the library",
    "field summary": "Residents borrow drills and ladders with their library card.",
}


@pytest.fixture(params=["events", "socket"])
async def slack(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Workspace]:
    """Carol is its moderator; nothing shown in it was a fault."""
    async with _at_work(tmp_path, request.param) as workspace:
        yield workspace
        assert await workspace.faults() == []


@pytest.fixture
async def by_events(tmp_path: Path) -> AsyncIterator[Workspace]:
    """As above; what is pressed in a view the peer can send in this mode only."""
    async with _at_work(tmp_path, "events") as workspace:
        yield workspace
        assert await workspace.faults() == []


def _at_work(folder: Path, mode: Mode) -> AbstractAsyncContextManager[Workspace]:
    return running_bot(folder, mode, moderators=[CAROL])


# Forms


@pytest.mark.shows("tell", "errors")
async def test_a_form_shows_what_is_wrong_at_its_field_and_then_keeps_what_others_find(slack: Workspace) -> None:
    await slack.command(ALICE, GENERAL, "/pilot", "tell")
    await slack.wait_for_modal(ALICE, "What was tried?")
    refused = await slack.submit(ALICE, {**_LIBRARY, "field country": "Atlantis"})
    assert list(refused.errors) == ["field country"]
    assert "Atlantis" in refused.errors["field country"]
    accepted = await slack.submit(ALICE, {**_LIBRARY, "field country": "Belgium"})
    assert "“Lending tools from the library” is kept" in words_of(accepted.view or {})
    await slack.direct_message(BOB, "has anyone tried lending tools?")
    await slack.wait_for_answer(DIRECT[BOB], "Lending tools from the library")
    asked = await slack.mention(BOB, GENERAL, "has anyone tried lending tools?")
    await slack.wait_for_answer(GENERAL, "Lending tools from the library", thread_ts=asked)


@pytest.mark.shows("home")
async def test_what_is_ones_own_stands_on_ones_own_page(slack: Workspace) -> None:
    await slack.open_home(ALICE)
    await slack.wait_for_home(ALICE, "None yet.")
    await slack.command(ALICE, DIRECT[ALICE], "/pilot", "tell")
    await slack.wait_for_modal(ALICE)
    await slack.submit(ALICE, {**_LIBRARY, "field is_own": "yes, it is mine"})
    # The page is there without being opened again.
    assert "More on 1" in words_of(await slack.wait_for_home(ALICE, "Lending tools from the library"))
    await slack.open_home(BOB)
    assert "Lending tools" not in words_of(await slack.wait_for_home(BOB))
    await slack.direct_message(BOB, "has anyone tried lending tools?")
    await slack.wait_for_answer(DIRECT[BOB], "Ask alice")


@pytest.mark.shows("titled")
async def test_a_title_given_with_the_command_stands_in_the_form(slack: Workspace) -> None:
    await slack.command(ALICE, GENERAL, "/pilot", "tell Book-a-bike for home carers")
    view = await slack.wait_for_modal(ALICE)
    assert "Everybody in this community can find it." in words_of({"blocks": view["blocks"][:1]})
    assert view["blocks"][1]["element"]["initial_value"] == "Book-a-bike for home carers"


@pytest.mark.shows("offered")
async def test_where_nobody_tried_it_the_answer_offers_the_form(slack: Workspace) -> None:
    asked = await slack.mention(ALICE, GENERAL, "has anyone tried lending tools?")
    answer = await slack.wait_for_answer(GENERAL, thread_ts=asked)
    await slack.press(BOB, answer, label="Tell us of one")
    await slack.wait_for_modal(BOB, "What was tried?")
    await slack.submit(BOB, _LIBRARY)
    await slack.mention(ALICE, GENERAL, "has anyone tried lending tools?", thread_ts=asked)
    await slack.wait_for_answer(GENERAL, "Yes: 1 pilot tried this.", thread_ts=asked)


@pytest.mark.shows("old")
async def test_a_form_of_an_earlier_version_says_so(by_events: Workspace) -> None:
    for number, metadata in enumerate(("", json.dumps({"form": "wish", "context": "", "channel": "", "thread": ""}))):
        view = {"type": "modal", "callback_id": "form", "private_metadata": metadata, "id": "V1", "state": {}}
        sent = await by_events.send(
            {
                "type": "view_submission",
                "team": {"id": TEAM},
                "user": {"id": ALICE, "name": "alice", "team_id": TEAM},
                "trigger_id": f"1.{number}",
                "view": view,
            }
        )
        assert "This card is from an earlier version" in words_of(json.loads(sent.answer)["view"])


# The home page


@pytest.mark.shows("home_opens", "home_search")
async def test_the_home_page_searches_opens_and_tells(by_events: Workspace) -> None:
    await by_events.open_home(BOB)
    await by_events.wait_for_home(BOB, "Your settings")
    found = await _searched(by_events, BOB, WEEK)
    assert "Your settings" in words_of(found)
    await by_events.press_home(BOB, label="More on 1")
    await by_events.wait_for_modal(BOB, "What it can say so far")
    await by_events.close_modal(BOB)
    await by_events.press_home(BOB, label="Tell of a pilot")
    await by_events.wait_for_modal(BOB, "What was tried?")
    assert await by_events.messages(DIRECT[BOB]) == []


async def test_what_was_found_on_the_home_page_can_be_judged_there(by_events: Workspace) -> None:
    await by_events.open_home(BOB)
    await by_events.wait_for_home(BOB)
    await _searched(by_events, BOB, WEEK)
    await by_events.press_home(BOB, label="Not helpful")
    await by_events.wait_for_modal(BOB, "What was wrong or missing?")
    sent = await by_events.submit(BOB, {"field reason": "Which town hall?"})
    assert "I keep that for whoever looks after me." in words_of(sent.view or {})


@pytest.mark.shows("settings", "errors")
async def test_a_page_of_ones_own_says_what_was_chosen(slack: Workspace) -> None:
    await slack.command(ALICE, GENERAL, "/pilot", "settings")
    await slack.wait_for_modal(ALICE, "Your settings")
    refused = await slack.submit(ALICE, {"field quiet_from": "22:00"})
    assert refused.errors == {"field quiet_until": "Quiet hours need a beginning and an end; choose both, or neither."}
    accepted = await slack.submit(
        ALICE, {"field quiet_from": "22:00", "field quiet_until": "07:00", "field pause": "for a week"}
    )
    assert "22:00 to 07:00" in words_of(accepted.view or {})
    await slack.open_home(ALICE)
    assert "until 29 November 2026" in words_of(await slack.wait_for_home(ALICE, "22:00 to 07:00"))


@pytest.mark.shows("home_opens")
async def test_settings_are_changed_from_the_home_page_and_shown_there(by_events: Workspace) -> None:
    await by_events.open_home(ALICE)
    await by_events.wait_for_home(ALICE, "Your settings")
    await by_events.press_home(ALICE, label="Change settings")
    await by_events.wait_for_modal(ALICE, "Your settings")
    await by_events.submit(ALICE, {"field quiet_from": "18:00", "field quiet_until": "08:00"})
    await by_events.wait_for_home(ALICE, "18:00 to 08:00")
    await by_events.open_home(BOB)
    assert "18:00" not in words_of(await by_events.wait_for_home(BOB))


@pytest.mark.shows("unanswered")
async def test_only_moderators_see_what_nobody_could_answer(slack: Workspace) -> None:
    await slack.direct_message(BOB, "has anyone tried playgrounds designed by children?")
    await slack.wait_for_answer(DIRECT[BOB], "Nobody has recorded trying this yet")
    for person in (CAROL, BOB):
        await slack.open_home(person)
    seen = [words_of(await slack.wait_for_home(person, "Your settings")) for person in (CAROL, BOB)]
    assert ["playgrounds" in each for each in seen] == [True, False]
    assert ["Questions nobody could answer yet" in each for each in seen] == [True, False]


# What people think


@pytest.mark.shows("feedback")
async def test_what_people_thought_of_an_answer_is_kept_with_their_reason(slack: Workspace, tmp_path: Path) -> None:
    asked = await slack.mention(ALICE, GENERAL, WEEK)
    answer = await slack.wait_for_answer(GENERAL, thread_ts=asked)
    await slack.press(BOB, answer, label="Helpful")
    thanks = await slack.wait_for_answer(GENERAL, "Thank you, good to know.")
    assert thanks["ephemeral_to"] == BOB
    await slack.press(ALICE, answer, label="Not helpful")
    await slack.wait_for_modal(ALICE, "What was wrong or missing?")
    sent = await slack.submit(ALICE, {"field reason": "Ask eve@example.org how it ended."})
    assert "I keep that for whoever looks after me." in words_of(sent.view or {})
    assert await export_feedback(bot_settings(tmp_path), tmp_path / "feedback.json", COMMUNITY) == 2
    kept = {each["person"]: each for each in json.loads((tmp_path / "feedback.json").read_text())}
    assert (kept[BOB]["is_good"], kept[BOB]["reason"]) == (True, "")
    assert kept[ALICE]["is_good"] is False
    assert kept[ALICE]["reason"].endswith("how it ended.")
    assert "eve@" not in kept[ALICE]["reason"]
    assert kept[ALICE]["asked"] == [WEEK]


async def _searched(slack: Workspace, user: str, text: str) -> Json:
    """The home page, with what was found by a search typed into it."""
    view = await slack.home(user)
    assert view is not None
    typed = {"type": "plain_text_input", "action_id": "search", "block_id": "unnamed", "value": text}
    await slack._press_view(user, view, typed)
    return await slack.wait_for_home(user, "Four-day week at the town hall")
