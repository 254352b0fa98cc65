"""Words and people that are not to be trusted, in a Teams that is not ours."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from knowledge.records import pilot_from_record
from tests.adapters.test_chat import DONE, chat_server, event, sending
from tests.base import sample_pilots
from tests.end_to_end.slack_bot import COMMUNITY, furnish
from tests.end_to_end.teams_bot import (
    account_of,
    dialog_of,
    posts,
    running_bot,
    running_server,
    said_before_answering,
    wait_for_post,
    whispered,
)
from tests.end_to_end.teams_cards import actions_in
from tests.end_to_end.teams_client import (
    ALICE,
    BOB,
    CAROL,
    GENERAL,
    GROUP,
    PROJECTS,
    Delivery,
    Json,
    Teams,
    cards_of,
    running_teams,
    words_of,
)

BUSES = "has anyone tried self-driving shuttle buses?"
FOR_MEMBERS = "for members of this community"
ABROAD = "7e0a0000-0000-4000-8000-000000000099"
GUEST = {"userPrincipalName": "carol_abroad.example#EXT#@example.org", "userRole": "guest"}
_MARKUP = "<at>Bob Brown</at> **bold** [click](https://evil.example) {{DATE(2026-11-22, LONG)}}"
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
_OF_ALICE_ALONE = {
    "source": "sample",
    "id": "night",
    "title": "Night shuttle for nurses",
    "summary": "A self-driving shuttle bus takes nurses home at night.",
    "visibility": {"audience": "restricted", "community": COMMUNITY, "people": [account_of(ALICE)]},
}
_INNER = ("depot", "Night shuttle")


def _at_work(
    folder: Path, *, teams_guests: str = "outsiders", writer: str = "off"
) -> AbstractAsyncContextManager[Teams]:
    """With pilots whose words are markup, for members only, or for Alice only."""
    inner = [pilot_from_record(each) for each in (_PINGING, _OF_THE_COMMUNITY, _OF_ALICE_ALONE)]
    return running_bot(folder, [*sample_pilots(), *inner], teams_guests=teams_guests, writer=writer)


@pytest.fixture
async def teams(tmp_path: Path) -> AsyncIterator[Teams]:
    """Nothing said in it was a fault."""
    async with _at_work(tmp_path) as tenant:
        yield tenant
        assert tenant.faults() == []


async def _answer(teams: Teams, user: str, room: str, text: str = BUSES) -> Json:
    """The answer to a mention, or to what was said in a chat of one's own."""
    said = await teams.say(user, room, text, mention=room not in teams.personal.values())
    before = {each["id"] for each in await teams.messages(said.conversation)}

    async def look() -> Json | None:
        return next((each for each in await teams.messages(said.conversation) if each["id"] not in before), None)

    return await teams.wait_for(look)


def _inner_words(message: object) -> list[str]:
    return [word for word in _INNER if word in json.dumps(message, ensure_ascii=False)]


# Who reads along


@pytest.mark.shows("private", "outsiders")
async def test_members_get_what_is_theirs_and_rooms_what_all_in_them_may_see(teams: Teams) -> None:
    assert "Yes: 4 pilots" in words_of(await _answer(teams, ALICE, teams.personal[ALICE]))
    of_bob = await _answer(teams, BOB, teams.personal[BOB])
    assert "Yes: 3 pilots" in words_of(of_bob)
    assert _inner_words(of_bob) == ["depot"]
    for room in (GENERAL, GROUP):
        assert _inner_words(await _answer(teams, ALICE, room)) == ["depot"]
    # What Alice may put into a message of hers, all read who read that.
    assert _inner_words((await teams.search(ALICE, GROUP, "self-driving shuttle buses")).answer) == ["depot"]
    # A name that one was told opens nothing.
    shown = await _answer(teams, BOB, teams.personal[BOB], "show Night shuttle for nurses")
    assert "I know no pilot called" in words_of(shown)


@pytest.mark.shows("outsiders")
async def test_a_guest_is_told_what_is_public_and_so_is_a_room_in_which_one_reads_along(teams: Teams) -> None:
    teams.roster[CAROL] = GUEST
    hers = teams.personal[CAROL]
    assert _inner_words(await _answer(teams, CAROL, hers)) == []
    assert "I know no pilot called “depot”." in words_of(await _answer(teams, CAROL, hers, "show depot"))
    for text in ("tell Bees", "settings", "link"):
        assert FOR_MEMBERS in words_of(await _answer(teams, CAROL, hers, text))
    room = await _answer(teams, ALICE, GENERAL)
    assert "Yes: 2 pilots" in words_of(room)
    assert _inner_words(room) == []
    assert _inner_words((await teams.search(ALICE, GENERAL, "self-driving shuttle buses")).answer) == []
    # Where only Alice reads, it is all hers; what she shares of it is not.
    await teams.say_privately(ALICE, GENERAL, BUSES)
    aside = await whispered(teams, ALICE, GENERAL, "Yes: 4 pilots")
    await teams.press(ALICE, aside, "Share to channel")
    assert _inner_words(await wait_for_post(teams, GENERAL, "Alice Anderson asked me")) == []
    # What was said to a member the guest may not press.
    for action in ("tell Bees", "settings"):
        data = {"data": {"pilotlight": action, "msteams": {"type": "task/fetch"}}}
        opened = await teams.invoke("task/fetch", data, CAROL, GENERAL)
        assert FOR_MEMBERS in words_of(dialog_of(opened))
    pressed = {"action": {"type": "Action.Execute", "data": {"pilotlight": "show sample:inner"}}, "trigger": "manual"}
    await teams.invoke("adaptiveCard/action", pressed, CAROL, GENERAL)
    await whispered(teams, CAROL, GENERAL, "I know no pilot called")


@pytest.mark.shows("outsiders")
async def test_where_guests_are_members_they_are_told_what_members_are(tmp_path: Path) -> None:
    async with _at_work(tmp_path, teams_guests="members") as teams:
        teams.roster[CAROL] = GUEST
        assert _inner_words(await _answer(teams, CAROL, teams.personal[CAROL])) == ["depot"]
        assert _inner_words(await _answer(teams, ALICE, GENERAL)) == ["depot"]
        # Who is at home elsewhere is no guest.
        teams.roster[BOB] = {"tenantId": ABROAD}
        assert _inner_words(await _answer(teams, BOB, teams.personal[BOB])) == []
        assert _inner_words(await _answer(teams, ALICE, GROUP)) == []


@pytest.mark.shows("outsiders")
async def test_a_shared_channel_and_a_roster_that_does_not_answer_are_read_by_strangers(teams: Teams) -> None:
    activity = {**teams.activity_of(ALICE, PROJECTS, "message"), "id": "1795000000001", "textFormat": "plain"}
    mention = {"type": "mention", "text": "<at>Pilotlight</at>", "mentioned": activity["recipient"]}
    shared: Json = {
        **activity,
        "text": f"<at>Pilotlight</at> {BUSES}",
        "entities": [*activity["entities"], mention],
        "conversation": {**activity["conversation"], "id": f"{PROJECTS};messageid=1795000000001"},
    }
    shared["channelData"]["channel"]["type"] = "shared"
    talk = await teams.say(BOB, PROJECTS, "A thread that there is.")
    shared["conversation"]["id"] = talk.conversation
    await teams.send(shared)
    answer = await teams.wait_for_answer(talk.conversation)
    assert "Yes: 2 pilots" in words_of(answer)
    assert _inner_words(answer) == []
    teams.refuse(403, "BotNotInConversationRoster", method="GET", path="pagedmembers")
    assert _inner_words(await _answer(teams, ALICE, GENERAL)) == []


# Words that would ring or lead astray


@pytest.mark.shows("rings")
async def test_what_is_stored_or_asked_never_rings_and_never_links(teams: Teams) -> None:
    answer = await _answer(teams, ALICE, GENERAL, "has anyone tried beekeeping on roofs?")
    await teams.press(BOB, answer, "More on 1")
    card = await whispered(teams, BOB, GENERAL, "Beekeeping on roofs")
    await teams.say_privately(ALICE, GROUP, f"has anyone tried beekeeping on roofs? {_MARKUP}")
    aside = await whispered(teams, ALICE, GROUP, "Beekeeping on roofs")
    await teams.press(ALICE, aside, "Share to channel")
    shared = await wait_for_post(teams, GROUP, "Alice Anderson asked me")
    for shown in (answer, card, aside, shared):
        _holds_words_alone(shown)
        assert "<at>Bob Brown</at> **bold** [click](https://evil.example)" in words_of(shown)
        assert "text" not in shown
    found = (await teams.search(ALICE, GROUP, "beekeeping on roofs")).answer["composeExtension"]["attachments"]
    (bees,) = (each for each in found if "Beekeeping" in each["preview"]["content"]["title"])
    _holds_words_alone({"type": "message", "attachments": [bees]})
    assert "<" not in json.dumps(bees["preview"])


@pytest.mark.shows("rings", "written")
async def test_what_a_model_repeats_of_it_never_rings_either(tmp_path: Path) -> None:
    said = (
        "Beehives stand on the roofs of **schools** [1]. Ask <at>Bob Brown</at> or [click](https://evil.example) [1]."
    )
    script = sending(event(said, "stop"), DONE)
    async with chat_server(script) as server, _at_work(tmp_path, writer=f"openai:{server.url}#tiny") as teams:
        answer = await _answer(teams, ALICE, GENERAL, "has anyone tried beekeeping on roofs?")
        assert "Beehives stand on the roofs of schools" in answer["text"]
        assert not [sign for sign in ("<at>", "**", "](", "evil") if sign in answer["text"]]
        _holds_words_alone(answer)
        assert teams.faults() == []


def _holds_words_alone(message: Json) -> None:
    """No mention, no link that is not a pilot's own, and nothing stored in a block that reads Markdown."""
    assert [each["type"] for each in message.get("entities", ()) if each["type"] == "mention"] == []
    links = [each for card in cards_of(message) for each in actions_in(card) if each["type"] == "Action.OpenUrl"]
    assert not [each for each in links if "evil" in each["url"]]
    for block in _blocks(message.get("attachments", [])):
        if block["type"] == "TextBlock":
            assert "bold" not in block["text"]
        if block["type"] == "TextRun":
            assert "{{" not in block["text"]


def _blocks(thing: object) -> Iterator[Json]:
    if isinstance(thing, dict):
        if "type" in thing:
            yield thing
        for inner in thing.values():
            yield from _blocks(inner)
    elif isinstance(thing, list):
        for inner in thing:
            yield from _blocks(inner)


# What is said stays where it is said


async def test_what_people_say_is_not_in_the_log_whatever_goes_wrong(tmp_path: Path) -> None:
    async with _at_work(tmp_path) as teams:
        mine, text = teams.personal[ALICE], "has anyone tried zeppelins for the post?"
        await _answer(teams, ALICE, mine, text)
        # What Teams cannot show as a card is tried as words.
        for status, code, times in ((400, "BadSyntax", 2), (403, "ForbiddenOperationException", 1), (413, "", 2)):
            teams.refuse(status, code, method="POST", path="/activities", times=times)
            await teams.say(ALICE, mine, text)
            await teams.wait_for(lambda: _all_refused(teams))
        await teams.say(ALICE, GENERAL, text, mention=True)
        await teams.invoke("task/submit", {"data": {"pilotlight-form": 7, "field-title": "zeppelins"}}, ALICE, mine)
        await teams.send(
            {**teams.activity_of(ALICE, mine, "message"), "text": text, "serviceUrl": "https://zeppelin.example/"}
        )
        await _answer(teams, ALICE, mine, text)
    log = (tmp_path / "pilotlight.log").read_text()
    assert "A reply was not shown" in log
    assert [word for word in ("zeppelin", "alice", "anderson", "test-app-password") if word in log.casefold()] == []


async def _all_refused(teams: Teams) -> bool:
    return all(each.times == 0 for each in teams._refusals)


# Twice, from elsewhere, or to elsewhere


@pytest.mark.shows("redelivered")
async def test_what_is_delivered_again_is_answered_once(teams: Teams) -> None:
    answers = [await _answer(teams, ALICE, GENERAL)]
    await _answer(teams, BOB, teams.personal[BOB])
    await teams.say_privately(CAROL, GENERAL, "help")
    answers.append(await whispered(teams, CAROL, GENERAL, "Just ask"))
    await teams.press(BOB, answers[0], "More on 1")
    answers.append(await whispered(teams, BOB, GENERAL, "What it can say so far"))
    for delivery in tuple(teams.deliveries):
        assert (await teams.redeliver(delivery)).in_time
    assert await said_before_answering(teams, BOB, GENERAL) == answers
    assert len(await posts(teams, teams.personal[BOB])) == 1


@pytest.mark.shows("restarted", "redelivered")
async def test_after_a_restart_a_thread_goes_on_and_nothing_is_answered_anew(tmp_path: Path) -> None:
    await furnish(tmp_path)
    async with running_teams(tmp_path, signed=True, overhears=True) as teams:
        async with running_server(teams, tmp_path):
            asked = await teams.say(ALICE, GENERAL, BUSES, mention=True)
            answer = await teams.wait_for_answer(asked.conversation)
        async with running_server(teams, tmp_path):
            for delivery in tuple(teams.deliveries):
                await teams.redeliver(delivery)
            assert await said_before_answering(teams, BOB, GENERAL) == [answer]
            await teams.say(BOB, asked.conversation, "what about in Norway?")
            await teams.wait_for_answer(asked.conversation, "I looked first at: Norway")
            thanked = await teams.press(BOB, answer, "Helpful")
            assert thanked.answer["value"] == "Thank you, good to know."
        assert teams.faults() == []


@pytest.mark.shows("forged", "apart")
async def test_other_tenants_other_hosts_and_other_signers_are_turned_away(tmp_path: Path) -> None:
    async with _at_work(tmp_path) as teams:
        assert teams.identity is not None
        activity = {**teams.activity_of(ALICE, teams.personal[ALICE], "message"), "text": BUSES, "textFormat": "plain"}
        abroad = {**activity["conversation"], "tenantId": ABROAD}
        evil = {**activity, "serviceUrl": "https://smba.trafficmanager.net.evil.example/emea/"}
        refused: list[tuple[Delivery, int]] = [
            (await teams.send({**activity, "conversation": abroad}), 403),
            (await teams.send(evil), 403),
            (await teams.send({**activity, "serviceUrl": "http://169.254.169.254/"}), 403),
            (await teams.send(activity, {}), 401),
            (await teams.send(evil, {"Authorization": f"Bearer {teams.identity.token(teams.service_url)}"}), 401),
            (await teams.send(activity, {"Authorization": f"Bearer {_token(teams, aud='another')}"}), 401),
            (await teams.send(activity, {"Authorization": f"Bearer {_token(teams, exp=1)}"}), 401),
        ]
        assert [delivery.status for delivery, _ in refused] == [status for _, status in refused]
        assert teams.calls == []
        assert (await teams.send(activity)).status == 200
        await teams.wait_for_answer(teams.personal[ALICE], "Yes: 4 pilots")


def _token(teams: Teams, **claims: object) -> str:
    assert teams.identity is not None
    return teams.identity.token(teams.service_url, **claims)
