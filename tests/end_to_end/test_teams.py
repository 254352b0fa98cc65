"""What people say in channels and in chats, with the real server beside a Teams that is not ours."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from knowledge.records import pilot_from_record
from tests.base import sample_pilots
from tests.end_to_end.slack_bot import COMMUNITY
from tests.end_to_end.teams_bot import (
    account_of,
    posts,
    running_bot,
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
    Json,
    Said,
    Teams,
    with_card,
    words_of,
)

BUSES = "has anyone tried self-driving shuttle buses?"
ASKED_THE_ROOM = "Has anyone here tried self-driving shuttle buses?"
OVERHEARD = "I overheard this"
_OF_ALICE_ALONE = {
    "source": "sample",
    "id": "night",
    "title": "Night shuttle for nurses",
    "summary": "A self-driving shuttle bus takes nurses home at night.",
    "country": "Finland",
    "visibility": {"audience": "restricted", "community": COMMUNITY, "people": [account_of(ALICE)]},
}


@pytest.fixture
async def teams(tmp_path: Path) -> AsyncIterator[Teams]:
    """With a pilot that only Alice may see, and with Carol as its moderator; nothing said in it was a fault.

    Nobody let the bot hear what is not said to it.
    """
    pilots = [*sample_pilots(), pilot_from_record(_OF_ALICE_ALONE)]
    async with running_bot(tmp_path, pilots, moderators=[CAROL]) as tenant:
        yield tenant
        assert tenant.faults() == []


@pytest.fixture
async def hearing(teams: Teams) -> Teams:
    """As above, where the bot was let."""
    teams.overhears = True
    return teams


async def _overhear_in(teams: Teams, room: str) -> Json:
    await teams.say(CAROL, room, "channel overhear", mention=True)
    return await wait_for_post(teams, room, "From now on: I speak in this channel when somebody mentions me, and when")


async def _overheard(teams: Teams, room: str) -> tuple[Said, Json]:
    """A question that the bot has answered by itself, and its answer."""
    await _overhear_in(teams, room)
    asked = await teams.say(ALICE, room, ASKED_THE_ROOM)
    return asked, await teams.wait_for_answer(asked.conversation, OVERHEARD)


# Mentions and threads


@pytest.mark.shows("mention", "private")
async def test_a_mention_is_answered_once_in_its_thread_with_what_the_room_may_see(teams: Teams) -> None:
    asked = await teams.say(ALICE, GENERAL, BUSES, mention=True)
    assert asked.delivery is not None
    assert asked.delivery.in_time
    answer = await teams.wait_for_answer(asked.conversation, "Yes: 2 pilots in 2 countries tried this")
    assert "Self-driving bus in the old town" in words_of(answer)
    assert "Night shuttle" not in words_of(answer)
    assert not answer["_targeted"]
    assert await said_before_answering(teams, BOB, GENERAL) == [answer]
    await teams.say(ALICE, teams.personal[ALICE], BUSES)
    assert "Night shuttle" in words_of(await teams.wait_for_answer(teams.personal[ALICE]))


@pytest.mark.shows("follow_up", "talk")
async def test_in_its_thread_a_follow_up_needs_no_mention_and_talk_gets_no_answer(hearing: Teams) -> None:
    asked = await hearing.say(ALICE, GENERAL, BUSES, mention=True)
    first = await hearing.wait_for_answer(asked.conversation, "Yes: 2 pilots")
    for talk in ("thanks, I'll ask Bob", "@Bob what about in Norway?", "I was in Norway last year"):
        await hearing.say(ALICE, asked.conversation, talk)
    await hearing.say(BOB, asked.conversation, "what about in Norway?")
    answer = await hearing.wait_for_answer(asked.conversation, "I looked first at: Norway")
    assert "Self-driving bus in the old town" in words_of(answer)
    assert await said_before_answering(hearing, BOB, GENERAL) == [first, answer]


@pytest.mark.shows("follow_up")
async def test_where_it_was_not_let_hear_a_follow_up_takes_a_mention(teams: Teams) -> None:
    asked = await teams.say(ALICE, GENERAL, BUSES, mention=True)
    await teams.wait_for_answer(asked.conversation, "Yes: 2 pilots")
    assert (await teams.say(BOB, asked.conversation, "what about in Norway?")).delivery is None
    await teams.say(BOB, asked.conversation, "what about in Norway?", mention=True)
    await teams.wait_for_answer(asked.conversation, "I looked first at: Norway")


async def test_another_thread_does_not_know_the_topic(hearing: Teams) -> None:
    first = await hearing.say(ALICE, GENERAL, BUSES, mention=True)
    answer = await hearing.wait_for_answer(first.conversation)
    second = await hearing.say(BOB, GENERAL, "Lunch at noon.")
    await hearing.say(BOB, second.conversation, "what about in Norway?")
    assert await said_before_answering(hearing, BOB, GENERAL) == [answer]
    await hearing.say(BOB, second.conversation, "what about in Iceland?", mention=True)
    answer = await hearing.wait_for_answer(second.conversation, "Iceland")
    assert "shuttle" not in words_of(answer)


@pytest.mark.shows("mention_in_thread", "group_chat")
async def test_a_mention_is_answered_where_it_is_in_the_middle_of_a_thread_or_in_a_group_chat(teams: Teams) -> None:
    talk = await teams.say(ALICE, PROJECTS, "Our bus line is short of drivers.")
    await teams.say(BOB, talk.conversation, BUSES, mention=True)
    answer = await teams.wait_for_answer(talk.conversation, "Yes: 2 pilots")
    assert await posts(teams, PROJECTS) == [answer]
    await teams.say(ALICE, GROUP, BUSES, mention=True)
    answer = await teams.wait_for_answer(GROUP, "Yes: 2 pilots")
    assert "Night shuttle" not in words_of(answer)
    await teams.say(CAROL, GROUP, "what about in Norway?", mention=True)
    await teams.wait_for_answer(GROUP, "I looked first at: Norway")
    assert len(await posts(teams, GROUP)) == 2


# A chat of one's own


@pytest.mark.shows("direct")
async def test_in_a_chat_of_ones_own_everything_is_answered_and_followed_up(teams: Teams) -> None:
    mine = teams.personal[BOB]
    await teams.say(BOB, mine, "Hello!")
    await teams.wait_for_answer(mine, "Has anyone tried it?")
    await teams.say(BOB, mine, BUSES)
    await teams.wait_for_answer(mine, "Yes: 2 pilots")
    await teams.say(BOB, mine, "what about in Norway?")
    answer = await teams.wait_for_answer(mine, "I looked first at: Norway")
    assert "Self-driving bus in the old town" in words_of(answer)
    # Read aloud and in a notification it stands for itself.
    assert "Yes: 1 pilot tried this" in answer["summary"]
    assert len(await posts(teams, mine)) == 3


# Commands


@pytest.mark.shows("command", "share", "private")
@pytest.mark.parametrize("room", [GENERAL, GROUP], ids=["channel", "group chat"])
async def test_a_commands_answer_is_the_askers_and_what_is_shared_is_what_the_room_may_see(
    teams: Teams, room: str
) -> None:
    await teams.say_privately(ALICE, room, f"/pilot ask {BUSES}")
    answer = await whispered(teams, ALICE, room, "Yes: 3 pilots")
    assert "Night shuttle" in words_of(answer)
    assert await posts(teams, room, seen_by=BOB) == []
    assert (await teams.press(ALICE, answer, "Share to channel")).in_time
    shared = await wait_for_post(teams, room, "Alice Anderson asked me")
    assert await posts(teams, room, seen_by=BOB) == [shared]
    assert "Yes: 2 pilots" in words_of(shared)
    assert "Night shuttle" not in words_of(shared)
    # Nobody but the asker sees the thread of the question.
    assert shared["conversation"]["id"] == room
    await teams.press(ALICE, answer, "Share to channel")
    await whispered(teams, ALICE, room, "That is shared here already.")
    assert await posts(teams, room, seen_by=BOB) == [shared]


@pytest.mark.shows("command")
async def test_a_command_is_taken_as_it_is_typed_and_nobody_else_sees_it(teams: Teams) -> None:
    for text, expected in (
        (BUSES, "Yes: 2 pilots"),
        ("/pilot", "Just ask: has anyone tried …?"),
        ("/pilot frobnicate", "I have no command “frobnicate”."),
        ("show self-driving bus", "What it can say so far"),
    ):
        await teams.say_privately(BOB, GENERAL, text)
        await whispered(teams, BOB, GENERAL, expected)
    thread = await teams.say(ALICE, GENERAL, "Our bus line is short of drivers.")
    await teams.say_privately(BOB, thread.conversation, BUSES)
    assert (await teams.wait_for_answer(thread.conversation, "Yes: 2 pilots"))["_targeted"]
    assert await posts(teams, GENERAL, seen_by=ALICE) == []


@pytest.mark.shows("help", "command")
async def test_help_names_every_command_in_older_clients_too(teams: Teams) -> None:
    await teams.say(BOB, teams.personal[BOB], "help")
    told = words_of(await teams.wait_for_answer(teams.personal[BOB], "Just ask"))
    assert [word for word in ("ask", "show", "tell", "home", "settings", "channel", "help") if word not in told] == []
    await teams.say(BOB, GROUP, "help", mention=True)
    assert not (await wait_for_post(teams, GROUP, "Just ask"))["_targeted"]
    asked = await teams.say(BOB, GENERAL, "/pilot help", mention=True)
    assert (await whispered(teams, BOB, GENERAL, "Just ask"))["conversation"]["id"] == asked.conversation


@pytest.mark.shows("more")
async def test_more_on_a_pilot_is_shown_to_the_presser_alone(teams: Teams) -> None:
    asked = await teams.say(ALICE, GENERAL, BUSES, mention=True)
    answer = await teams.wait_for_answer(asked.conversation)
    pressed = await teams.press(BOB, answer, "More on 1")
    assert pressed.answer["statusCode"] == 200
    shown = await whispered(teams, BOB, GENERAL, "What it can say so far")
    assert shown["conversation"]["id"] == asked.conversation
    assert await posts(teams, GENERAL, seen_by=CAROL) == [answer]


# Overhearing


@pytest.mark.shows("modes")
async def test_channel_talk_is_not_answered_unless_a_moderator_wants_it(hearing: Teams) -> None:
    await hearing.say(ALICE, GENERAL, ASKED_THE_ROOM)
    assert await said_before_answering(hearing, BOB, GENERAL) == []
    await hearing.say_privately(ALICE, GENERAL, "/pilot channel overhear")
    await whispered(hearing, ALICE, GENERAL, "Only moderators of this community can do that.")
    await hearing.say_privately(ALICE, GENERAL, "/pilot channel")
    told = await whispered(hearing, ALICE, GENERAL, "I speak in this channel when somebody mentions me.")
    assert titles(told) == []
    await hearing.say_privately(CAROL, GENERAL, "/pilot channel")
    choice = await whispered(hearing, CAROL, GENERAL, "Also when I can help")
    await hearing.press(CAROL, choice, "Also when I can help")
    chosen = await wait_for_post(hearing, GENERAL, "Chosen by Carol Costa.")
    assert "From now on" in words_of(chosen)
    # Everybody should know, not only who sees the thread of a command.
    assert (chosen["_targeted"], chosen["conversation"]["id"]) == (False, GENERAL)


async def test_where_nobody_moderates_the_refusal_says_how_somebody_can(tmp_path: Path) -> None:
    async with running_bot(tmp_path) as teams:
        await teams.say_privately(ALICE, GENERAL, "/pilot channel overhear")
        await whispered(teams, ALICE, GENERAL, "Please ask whoever runs me to name one.")
        assert teams.faults() == []


@pytest.mark.shows("overheard")
async def test_an_overheard_question_is_answered_once_in_its_thread(hearing: Teams) -> None:
    asked, answer = await _overheard(hearing, GENERAL)
    assert "Yes: 2 pilots" in words_of(answer)
    assert {"Not now", "Mute this thread"} <= {*titles(answer)}
    await hearing.say(BOB, asked.conversation, "Has anyone here tried a chatbot for citizens?")
    await said_before_answering(hearing, BOB, GENERAL)
    assert await hearing.messages(asked.conversation) == [answer]
    # What it may do here it may not do elsewhere.
    await hearing.say(ALICE, PROJECTS, ASKED_THE_ROOM)
    assert await said_before_answering(hearing, BOB, PROJECTS) == []


@pytest.mark.shows("overheard", "silence")
async def test_in_a_group_chat_it_overhears_and_else_it_is_silent(hearing: Teams) -> None:
    chosen = await _overhear_in(hearing, GROUP)
    for talk in (
        "Has anyone here tried playgrounds designed by children?",
        "How do I book the shuttle bus to the other building?",
        "The self-driving shuttle buses are late again.",
    ):
        await hearing.say(ALICE, GROUP, talk)
    edited = await hearing.say(ALICE, GROUP, "Good morning all.")
    await hearing.edit(ALICE, edited, ASKED_THE_ROOM)
    await hearing.react(BOB, chosen)
    of_a_bot = {**hearing.activity_of(BOB, GROUP, "message"), "text": ASKED_THE_ROOM, "textFormat": "plain"}
    await hearing.send({**of_a_bot, "from": {"id": "28:another", "name": "Another"}})
    assert await said_before_answering(hearing, BOB, GROUP) == [chosen]


@pytest.mark.shows("not_now")
async def test_not_now_takes_the_answer_away_for_everybody_and_says_who(hearing: Teams) -> None:
    asked, answer = await _overheard(hearing, GENERAL)
    pressed = await hearing.press(BOB, answer, "Not now")
    # At once for who pressed, who waits for it.
    seen = words_of(with_card(answer, pressed.answer["value"]))
    assert "Bob Brown said “not now”: I took my answer back." in seen
    left = await hearing.wait_for_answer(asked.conversation, "Bob Brown said “not now”: I took my answer back.")
    assert left["id"] == answer["id"]
    assert "shuttle" not in words_of(left)
    assert "shuttle" not in left["summary"]
    assert await hearing.messages(asked.conversation) == [left]


@pytest.mark.shows("mute")
async def test_a_muted_thread_is_silent_until_the_bot_is_mentioned(hearing: Teams) -> None:
    asked, answer = await _overheard(hearing, GENERAL)
    await hearing.press(BOB, answer, "Mute this thread")
    muted = await hearing.wait_for_answer(asked.conversation, "Muted by Bob Brown")
    assert not muted["_targeted"]
    await hearing.say(ALICE, asked.conversation, "what about in Norway?")
    await said_before_answering(hearing, BOB, GENERAL)
    assert await hearing.messages(asked.conversation) == [answer, muted]
    await hearing.say(ALICE, asked.conversation, "what about in Norway?", mention=True)
    await hearing.wait_for_answer(asked.conversation, "I looked first at: Norway")


@pytest.mark.shows("off", "modes")
async def test_switched_off_in_a_channel_a_mention_is_told_so_in_private(teams: Teams) -> None:
    await teams.say(CAROL, GENERAL, "channel off", mention=True)
    chosen = await wait_for_post(teams, GENERAL, "From now on: I do not speak in this channel.")
    await teams.say(ALICE, GENERAL, BUSES, mention=True)
    await whispered(teams, ALICE, GENERAL, "I am switched off in this channel.")
    assert await posts(teams, GENERAL, seen_by=BOB) == [chosen]
