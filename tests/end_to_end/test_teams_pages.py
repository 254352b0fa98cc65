"""Forms, the home page, the message extension and what people think of answers, in a Teams that is not ours."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.teams.inbound import ASK_COMMAND
from bot.cards import SUGGESTED_QUESTIONS
from deploy.people import export_feedback
from knowledge.records import pilot_from_record
from tests.base import sample_pilots
from tests.end_to_end.slack_bot import COMMUNITY
from tests.end_to_end.teams_bot import (
    account_of,
    bot_settings,
    dialog_of,
    posts,
    running_bot,
    titles,
    wait_for_post,
    whispered,
)
from tests.end_to_end.teams_cards import inputs_in
from tests.end_to_end.teams_client import (
    ALICE,
    BOB,
    CAROL,
    GENERAL,
    GROUP,
    Delivery,
    Json,
    Teams,
    with_card,
    words_of,
)

WEEK = "has anyone tried a four-day week?"
_LIBRARY = {
    "field-title": "Lending tools from the library",
    "field-summary": "Residents borrow drills and ladders with their library card.",
}
_OF_THE_COMMUNITY = {
    "source": "sample",
    "id": "inner",
    "title": "Shuttle bus for the depot",
    "summary": "A self-driving shuttle bus between two depots.",
    "owner": {"name": "Dora Depot"},
    "visibility": {"audience": "community", "community": COMMUNITY},
}


@pytest.fixture
async def teams(tmp_path: Path) -> AsyncIterator[Teams]:
    """Carol is its moderator; nothing shown in it was a fault."""
    pilots = [*sample_pilots(), pilot_from_record(_OF_THE_COMMUNITY)]
    async with running_bot(tmp_path, pilots, moderators=[CAROL]) as tenant:
        yield tenant
        assert tenant.faults() == []


async def _said(teams: Teams, user: str, text: str, containing: str = "") -> Json:
    """The answer in a person's own chat."""
    mine = teams.personal[user]
    before = len([each for each in await posts(teams, mine) if containing in words_of(each)])
    await teams.say(user, mine, text)
    return await teams.wait_for_answer(mine, containing, after=before)


def _dialog_words(delivery: Delivery) -> str:
    return f"{delivery.answer['task']['value']['title']}\n{words_of(dialog_of(delivery))}"


# Added


@pytest.mark.shows("suggested", "home")
async def test_who_adds_it_is_welcomed_once_with_their_page_and_questions_to_begin_with(teams: Teams) -> None:
    mine = teams.personal[ALICE]
    assert (await teams.event("install", ALICE, mine)).in_time
    page = await teams.wait_for_answer(mine, "Your settings")
    assert [each["value"] for each in page["suggestedActions"]["actions"]] == [*SUGGESTED_QUESTIONS]
    assert page["suggestedActions"]["to"] == [ALICE]
    welcome, _ = await posts(teams, mine)
    assert "Ask me about anything the public sector may have piloted." in words_of(welcome)
    # Teams tells of it twice, and of every team besides.
    await teams.event("botAdded", ALICE, mine)
    await teams.event("install", ALICE, GENERAL)
    helped = await _said(teams, ALICE, "help", "Just ask")
    assert await posts(teams, mine) == [welcome, page, helped]
    assert await posts(teams, GENERAL) == []


# Forms


@pytest.mark.shows("tell", "errors")
async def test_a_dialog_shows_what_is_wrong_at_its_field_and_then_keeps_what_others_find(teams: Teams) -> None:
    await teams.say_privately(ALICE, GENERAL, "tell")
    button = await whispered(teams, ALICE, GENERAL, "Press here, and I open the form.")
    opened = await teams.press(ALICE, button, "Tell of a pilot")
    assert "Everybody in this community can find it." in _dialog_words(opened)
    refused = await teams.submit(ALICE, opened.answer, {**_LIBRARY, "field-country": "Atlantis"}, GENERAL)
    card = dialog_of(refused)
    wrong = next(at for at, each in enumerate(card["body"]) if "Atlantis" in words_of(each) and "inlines" in each)
    assert card["body"][wrong + 1]["id"] == "field-country"
    assert inputs_in(card)["field-summary"] == _LIBRARY["field-summary"]
    accepted = await teams.submit(ALICE, refused.answer, {"field-country": "Belgium"}, GENERAL)
    assert "“Lending tools from the library” is kept" in _dialog_words(accepted)
    assert "Lending tools" in words_of(await _said(teams, BOB, "has anyone tried lending tools?"))
    asked = await teams.say(BOB, GENERAL, "has anyone tried lending tools?", mention=True)
    await teams.wait_for_answer(asked.conversation, "Lending tools from the library")


@pytest.mark.shows("titled", "tell", "errors")
async def test_in_a_chat_of_ones_own_the_form_stands_in_the_chat_with_the_title_that_was_given(teams: Teams) -> None:
    form = await _said(teams, ALICE, "tell Book-a-bike for home carers")
    assert inputs_in(form)["field-title"] == "Book-a-bike for home carers"
    typed = {"field-summary": "Carers book a bike.", "field-url": "www"}
    refused = await teams.press(ALICE, form, "Tell", inputs=typed)
    again = with_card(form, refused.answer["value"])
    assert "'www' is not a web address" in words_of(again)
    assert inputs_in(again)["field-summary"] == "Carers book a bike."
    kept = await teams.press(ALICE, again, "Tell", inputs={"field-url": "https://example.org/bikes"})
    assert "“Book-a-bike for home carers” is kept" in words_of(with_card(form, kept.answer["value"]))
    # Who looks again does not find the form empty, as if it had not been sent.
    left = await teams.wait_for_answer(teams.personal[ALICE], "“Book-a-bike for home carers” is kept")
    assert (left["id"], inputs_in(left)) == (form["id"], {})


@pytest.mark.shows("offered")
async def test_where_nobody_tried_it_the_answer_offers_the_form(teams: Teams) -> None:
    asked = await teams.say(ALICE, GENERAL, "has anyone tried lending tools?", mention=True)
    answer = await teams.wait_for_answer(asked.conversation)
    opened = await teams.press(BOB, answer, "Tell us of one")
    assert "What was tried?" in _dialog_words(opened)
    await teams.submit(BOB, opened.answer, _LIBRARY, asked.conversation)
    await teams.say(ALICE, asked.conversation, "has anyone tried lending tools?", mention=True)
    await teams.wait_for_answer(asked.conversation, "Yes: 1 pilot tried this.")


@pytest.mark.shows("old")
async def test_old_cards_and_old_forms_say_that_they_are_old(teams: Teams) -> None:
    old = "This card is from an earlier version"
    asked = await teams.say(ALICE, GENERAL, WEEK, mention=True)
    answer = await teams.wait_for_answer(asked.conversation)
    for data in ({}, {"pilotlight": "wish x"}, {"pilotlight": 7}):
        value = {"action": {"type": "Action.Execute", "verb": "press", "data": data}, "trigger": "manual"}
        pressed = await teams.invoke("adaptiveCard/action", value, BOB, asked.conversation, reply_to=answer["id"])
        assert pressed.answer["statusCode"] == 200
    await whispered(teams, BOB, GENERAL, old)
    form = {"form": "wish", "context": "", "conversation": GENERAL}
    sent = await teams.invoke("task/submit", {"data": {"pilotlight-form": form, "field-x": "y"}}, BOB, GENERAL)
    assert old in _dialog_words(sent)
    opened = await teams.invoke("task/fetch", {"data": {"msteams": {"type": "task/fetch"}}}, BOB, GENERAL)
    assert old in _dialog_words(opened)
    # A client that knows no Action.Execute sends a message.
    submitted = teams.activity_of(BOB, teams.personal[BOB], "message") | {"value": {"pilotlight": "wish"}}
    await teams.send({**submitted, "replyToId": answer["id"]})
    await teams.wait_for_answer(teams.personal[BOB], old)


# The person's own page


@pytest.mark.shows("home", "home_opens")
async def test_ones_own_page_is_a_card_that_shows_ones_pilots_opens_them_and_tells(teams: Teams) -> None:
    await _said(teams, ALICE, "home", "None yet.")
    form = await _said(teams, ALICE, "tell")
    await teams.press(ALICE, form, "Tell", inputs={**_LIBRARY, "choice-is_own": "=yes"})
    page = await _said(teams, ALICE, "home", "Your settings")
    assert "Lending tools from the library" in words_of(page)
    await teams.press(ALICE, page, "More on 1")
    await teams.wait_for_answer(teams.personal[ALICE], "What it can say so far")
    opened = await teams.press(ALICE, page, "Tell of a pilot")
    assert "What was tried?" in _dialog_words(opened)
    assert "Lending tools" not in words_of(await _said(teams, BOB, "home"))
    assert "Ask Alice Anderson" in words_of(await _said(teams, BOB, "has anyone tried lending tools?"))
    # In a room it is still for its person alone.
    await teams.say(ALICE, GROUP, "home", mention=True)
    await whispered(teams, ALICE, GROUP, "Lending tools from the library")


@pytest.mark.shows("settings", "errors", "home_opens")
async def test_settings_are_changed_from_there_and_shown_there(teams: Teams) -> None:
    page = await _said(teams, ALICE, "home")
    opened = await teams.press(ALICE, page, "Change settings")
    assert "Your settings" in _dialog_words(opened)
    mine = teams.personal[ALICE]
    hours = {"choice-quiet_from": "=22:00", "choice-quiet_until": "=07:00", "choice-pause": "=week"}
    refused = await teams.submit(ALICE, opened.answer, {"choice-quiet_from": "=22:00"}, mine)
    assert "Quiet hours need a beginning and an end; choose both, or neither." in _dialog_words(refused)
    kept = await teams.submit(ALICE, refused.answer, hours, mine)
    assert "22:00 to 07:00" in _dialog_words(kept)
    assert "until 29 November 2026" in words_of(await _said(teams, ALICE, "home", "22:00 to 07:00"))
    assert "22:00" not in words_of(await _said(teams, BOB, "home"))


@pytest.mark.shows("language", "settings")
async def test_people_are_spoken_to_in_their_language_and_rooms_in_the_communitys(teams: Teams) -> None:
    form = await _said(teams, ALICE, "settings")
    kept = await teams.press(ALICE, form, "Save", inputs={"choice-language": "=de"})
    assert "Gespeichert." in words_of(with_card(form, kept.answer["value"]))
    answer = await _said(teams, ALICE, WEEK, "Ja: 1 Pilotprojekt hat das ausprobiert.")
    assert "Ja: 1 Pilotprojekt" in answer["summary"]
    opened = await teams.press(ALICE, answer, "Nicht hilfreich")
    assert "Was war falsch oder hat gefehlt?" in _dialog_words(opened)
    await teams.say_privately(ALICE, GROUP, WEEK)
    aside = await whispered(teams, ALICE, GROUP, "Ja: 1 Pilotprojekt hat das ausprobiert.")
    await teams.press(ALICE, aside, "Im Kanal teilen")
    shared = await wait_for_post(teams, GROUP, "Alice Anderson asked me")
    assert "Yes: 1 pilot tried this" in words_of(shared)
    found = await teams.search(ALICE, teams.personal[ALICE], "zeppelins for the post")
    assert "Einen solchen Versuch hat noch niemand festgehalten." in found.answer["composeExtension"]["text"]


@pytest.mark.shows("unanswered")
async def test_only_moderators_see_what_nobody_could_answer(teams: Teams) -> None:
    await _said(teams, BOB, "has anyone tried playgrounds designed by children?", "Nobody has recorded trying this yet")
    seen = [words_of(await _said(teams, person, "home", "Your settings")) for person in (CAROL, BOB)]
    assert ["playgrounds" in each for each in seen] == [True, False]
    assert ["Questions nobody could answer yet" in each for each in seen] == [True, False]


# The message extension


@pytest.mark.shows("compose")
async def test_pilots_are_searched_where_one_writes_and_put_into_the_message_with_nothing_private(teams: Teams) -> None:
    found = await teams.search(BOB, GENERAL, "self-driving shuttle buses")
    assert found.in_time
    results = found.answer["composeExtension"]
    assert results["type"] == "result"
    shown = [each["preview"]["content"]["title"] for each in results["attachments"]]
    assert set(shown) == {
        "Shuttle bus for the depot",
        "Self-driving bus in the old town",
        "Driverless shuttle to the harbour",
    }
    inserted = "\n".join(words_of(each["content"]) for each in results["attachments"])
    assert "A self-driving shuttle bus between two depots." in inserted
    assert not [word for word in ("Dora", "head of mobility") if word in json.dumps(results)]
    # What its reader would press is not theirs to press.
    assert {title for each in results["attachments"] for title in titles(each["content"])} <= {""}
    nothing = await teams.search(BOB, GENERAL, "zeppelins for the post")
    assert "Nobody has recorded trying this yet" in nothing.answer["composeExtension"]["text"]
    # A search is no question: it is nobody's demand.
    assert "zeppelins" not in words_of(await _said(teams, CAROL, "home", "Questions nobody could answer yet"))


@pytest.mark.shows("about_message", "more", "feedback")
async def test_a_message_is_asked_about_in_a_dialog_that_goes_on_in_itself(teams: Teams) -> None:
    said = await teams.say(BOB, GENERAL, "We think of self-driving shuttle buses.")
    payload = {
        "id": said.id,
        "body": {"contentType": "html", "content": "<p>We think of self-driving shuttle buses.</p>"},
    }
    value = {"commandId": ASK_COMMAND, "commandContext": "message", "messagePayload": payload}
    asked = await teams.invoke("composeExtension/fetchTask", value, ALICE, said.conversation)
    assert asked.in_time
    answer = dialog_of(asked)
    assert "Yes: 3 pilots" in words_of(answer)
    assert await posts(teams, GENERAL) == []

    async def pressed(title: str, card: Json, inputs: dict[str, str] | None = None) -> Delivery:
        action = next(each for each in _actions(card) if each["title"] == title)
        data = {**action["data"], **inputs_in(card), **(inputs or {})}
        told = {"commandId": ASK_COMMAND, "commandContext": "message", "data": data, "messagePayload": payload}
        return await teams.invoke("composeExtension/submitAction", told, ALICE, said.conversation)

    more = await pressed("More on 1", answer)
    assert "What it can say so far" in _dialog_words(more)
    reason = await pressed("Not helpful", answer)
    assert "What was wrong or missing?" in _dialog_words(reason)
    noted = await pressed("Send", dialog_of(reason), {"field-reason": "Which town hall?"})
    assert "I keep that for whoever looks after me." in _dialog_words(noted)
    shared = await pressed("Share to channel", answer)
    assert not shared.text or "task" not in shared.answer
    # In the thread of the message.
    told = await teams.wait_for_answer(said.conversation, "Alice Anderson asked me")
    assert await posts(teams, GENERAL, seen_by=BOB) == [told]


def _actions(card: Json) -> list[Json]:
    """What a client presses in a dialog: it knows Action.Submit there."""
    found = [each for row in _rows(card) for each in row]
    assert {each["type"] for each in found} <= {"Action.Submit", "Action.OpenUrl"}
    return found


def _rows(thing: object) -> list[list[Json]]:
    if isinstance(thing, dict):
        own = [thing["actions"]] if isinstance(thing.get("actions"), list) else []
        return [*own, *(row for each in thing.values() for row in _rows(each))]
    return [row for each in thing for row in _rows(each)] if isinstance(thing, list) else []


# What people think


@pytest.mark.shows("feedback")
async def test_what_people_thought_of_an_answer_is_kept_with_their_reason(teams: Teams, tmp_path: Path) -> None:
    asked = await teams.say(ALICE, GENERAL, WEEK, mention=True)
    answer = await teams.wait_for_answer(asked.conversation)
    thanked = await teams.press(BOB, answer, "Helpful")
    assert thanked.answer["value"] == "Thank you, good to know."
    opened = await teams.press(ALICE, answer, "Not helpful")
    assert "What was wrong or missing?" in _dialog_words(opened)
    reason = {"field-reason": "Ask eve@example.org how it ended."}
    sent = await teams.submit(ALICE, opened.answer, reason, asked.conversation)
    assert "I keep that for whoever looks after me." in _dialog_words(sent)
    assert await export_feedback(bot_settings(teams, tmp_path), tmp_path / "feedback.json", COMMUNITY) == 2
    kept = {each["person"]: each for each in json.loads((tmp_path / "feedback.json").read_text())}
    of_bob, of_alice = kept[account_of(BOB)], kept[account_of(ALICE)]
    assert (of_bob["is_good"], of_bob["reason"]) == (True, "")
    assert of_alice["is_good"] is False
    assert of_alice["reason"].endswith("how it ended.")
    assert "eve@" not in of_alice["reason"]
    assert of_alice["asked"] == [WEEK]
