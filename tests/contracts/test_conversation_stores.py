"""What everything that the conversation remembers does: in memory, in SQLite and in PostgreSQL alike."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.answers import GivenAnswer, Rating
from bot.members import Member, Preferences, Role
from bot.places import Place
from bot.rooms import Mode, Thread
from tests.contracts.conftest import Opened

NOON = datetime(2026, 5, 17, 12, tzinfo=UTC)
TOKYO = timezone(timedelta(hours=9))
NEW_YORK = timezone(timedelta(hours=-4))
HERE = Place("slack", "slack:T1", "C1", "1747483200.000100")
ELSEWHERE = [
    replace(HERE, platform="teams"),
    replace(HERE, community="slack:T2"),
    replace(HERE, room="C2"),
]
WORDS = "Čo skúšali s drónmi? 🚁 ﷽ '; DROP TABLE threads; -- \\ \" \u0130 \n שלום"
LONG = WORDS * 2000
NIGHT = Preferences(quiet_from=time(22, 30), quiet_until=time(6), paused_until=date(2026, 8, 31))
one_database_for_all_examples = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def given_answer(name: str, *, at: datetime = NOON, community: str = HERE.community) -> GivenAnswer:
    return GivenAnswer(
        id=name,
        at=at,
        community=community,
        person="U1",
        asked=("drones", "and in winter?"),
        verdict="some",
        pilots=("p1", "p2"),
    )


def rating(answer: str, person: str = "U1", *, at: datetime = NOON, is_good: bool = True, reason: str = "") -> Rating:
    return Rating(answer_id=answer, person=person, at=at, is_good=is_good, reason=reason)


# What has happened once already


async def test_a_key_is_claimed_once(database: Opened) -> None:
    assert await database.seen.claim("slack:Ev1", NOON) is True
    assert await database.seen.claim("slack:Ev1", NOON) is False
    assert await database.seen.claim("slack:Ev1", NOON + timedelta(days=1)) is False
    assert await database.seen.claim("slack:Ev2", NOON) is True


@pytest.mark.parametrize("key", ["", WORDS, "slack:ev1"])
async def test_keys_differ_in_whatever_character(database: Opened, key: str) -> None:
    await database.seen.claim("slack:Ev1", NOON)
    assert await database.seen.claim(key, NOON) is True
    assert await database.seen.claim(f"{key} ", NOON) is True
    assert await database.seen.claim(key, NOON) is False


async def test_of_many_claims_at_one_moment_one_is_the_first(database: Opened, replica: Opened) -> None:
    async def claims(key: str) -> list[bool]:
        return await asyncio.gather(*(each.seen.claim(key, NOON) for each in (database, replica) * 5))

    for results in await asyncio.gather(*(claims(f"slack:Ev{number}") for number in range(10))):
        assert sorted(results) == [False] * 9 + [True]


async def test_what_was_seen_before_a_moment_is_forgotten_in_whatever_zone_it_is_told(database: Opened) -> None:
    await database.seen.claim("before", (NOON - timedelta(microseconds=1)).astimezone(TOKYO))
    await database.seen.claim("then", NOON.astimezone(NEW_YORK))
    await database.seen.claim("after", (NOON + timedelta(hours=1)).astimezone(NEW_YORK))
    await database.seen.forget(NOON.astimezone(TOKYO))
    assert [await database.seen.claim(key, NOON) for key in ("before", "then", "after")] == [True, False, False]


async def test_a_claim_again_does_not_put_off_the_forgetting(database: Opened) -> None:
    await database.seen.claim("a", NOON)
    await database.seen.claim("a", NOON + timedelta(days=1))
    await database.seen.forget(NOON + timedelta(hours=1))
    assert await database.seen.claim("a", NOON) is True


# Threads


async def test_the_bot_takes_part_in_no_thread_until_something_was_asked_there(database: Opened) -> None:
    assert await database.threads.thread(HERE) is None
    await database.threads.remember(HERE, ("drones",), NOON)
    assert await database.threads.thread(HERE) == Thread(asked=("drones",))


async def test_of_a_thread_the_latest_is_remembered(database: Opened) -> None:
    for asked in (("drones",), ("drones", "where?"), ()):
        await database.threads.remember(HERE, asked, NOON)
        assert await database.threads.thread(HERE) == Thread(asked=asked)


async def test_a_muted_thread_stays_muted_and_what_was_asked_there_stays(database: Opened) -> None:
    await database.threads.mute(HERE, NOON)
    assert await database.threads.thread(HERE) == Thread(is_muted=True)
    await database.threads.remember(HERE, ("drones",), NOON)
    assert await database.threads.thread(HERE) == Thread(asked=("drones",), is_muted=True)
    await database.threads.mute(HERE, NOON)
    assert await database.threads.thread(HERE) == Thread(asked=("drones",), is_muted=True)


async def test_a_thread_that_is_muted_while_answers_are_kept_is_muted(database: Opened, replica: Opened) -> None:
    async def kept(place: Place) -> Thread | None:
        asked = [(str(number),) * number for number in range(10)]
        stores = (database.threads, replica.threads) * 5
        changes = [store.remember(place, each, NOON) for store, each in zip(stores, asked, strict=True)]
        await asyncio.gather(*changes[:5], replica.threads.mute(place, NOON), *changes[5:])
        thread = await database.threads.thread(place)
        assert thread is not None
        assert thread.asked in asked
        return thread

    threads = await asyncio.gather(*(kept(replace(HERE, thread=str(number))) for number in range(10)))
    assert all(thread and thread.is_muted for thread in threads)


async def test_a_thread_keeps_long_texts_in_any_script_in_their_order(database: Opened) -> None:
    asked = (WORDS, LONG, "", WORDS)
    await database.threads.remember(HERE, asked, NOON)
    assert await database.threads.thread(HERE) == Thread(asked=asked)


@pytest.mark.parametrize("other", [*ELSEWHERE, replace(HERE, thread=""), replace(HERE, thread=HERE.thread + "0")])
async def test_a_thread_of_the_same_id_elsewhere_is_another(database: Opened, other: Place) -> None:
    await database.threads.remember(HERE, ("here",), NOON)
    assert await database.threads.thread(other) is None
    await database.threads.remember(other, ("there",), NOON)
    await database.threads.mute(other, NOON)
    assert await database.threads.thread(HERE) == Thread(asked=("here",))
    assert await database.threads.thread(other) == Thread(asked=("there",), is_muted=True)


async def test_who_reads_along_makes_no_other_thread_and_no_other_room(database: Opened) -> None:
    for place in (HERE, replace(HERE, is_private=True, is_shareable=True, is_outside=True)):
        await database.threads.remember(place, (str(place),), NOON)
        await database.rooms.set_mode(place, Mode.OFF)
        assert await database.threads.thread(HERE) == Thread(asked=(str(place),))
        assert await database.rooms.mode(HERE) is Mode.OFF


async def test_threads_in_which_nothing_happened_since_a_moment_are_forgotten(database: Opened) -> None:
    places = {name: replace(HERE, thread=name) for name in ("old", "kept again", "muted", "then", "new")}
    for hours, name in ((-3, "old"), (-2, "kept again"), (-2, "muted"), (0, "then"), (2, "new"), (1, "kept again")):
        at = (NOON + timedelta(hours=hours)).astimezone(TOKYO)
        await database.threads.remember(places[name], (name,), at)
    await database.threads.mute(places["muted"], NOON + timedelta(hours=1))
    await database.threads.forget(NOON.astimezone(NEW_YORK))
    left = [name for name, place in places.items() if await database.threads.thread(place)]
    assert left == ["kept again", "muted", "then", "new"]


# Rooms


async def test_the_bot_waits_for_a_mention_until_somebody_chooses_otherwise(database: Opened) -> None:
    assert await database.rooms.mode(HERE) is Mode.MENTION
    for mode in (*Mode, Mode.MENTION):
        await database.rooms.set_mode(HERE, mode)
        assert await database.rooms.mode(HERE) is mode


async def test_all_threads_of_a_room_have_its_mode(database: Opened) -> None:
    await database.rooms.set_mode(HERE, Mode.OVERHEAR)
    assert await database.rooms.mode(replace(HERE, thread="")) is Mode.OVERHEAR
    assert await database.rooms.mode(replace(HERE, thread=WORDS)) is Mode.OVERHEAR


@pytest.mark.parametrize("other", ELSEWHERE)
async def test_a_room_of_the_same_id_elsewhere_is_another(database: Opened, other: Place) -> None:
    await database.rooms.set_mode(HERE, Mode.OFF)
    assert await database.rooms.mode(other) is Mode.MENTION
    await database.rooms.set_mode(other, Mode.OVERHEAR)
    assert await database.rooms.mode(HERE) is Mode.OFF
    assert await database.rooms.mode(other) is Mode.OVERHEAR


async def test_a_mode_that_all_choose_at_once_is_chosen(database: Opened, replica: Opened) -> None:
    await asyncio.gather(*(each.rooms.set_mode(HERE, Mode.OFF) for each in (database, replica) * 9))
    assert await database.rooms.mode(HERE) is await replica.rooms.mode(HERE) is Mode.OFF


# Answers and their ratings


async def test_a_kept_answer_comes_back_the_same(database: Opened) -> None:
    for answer in (
        given_answer("a"),
        given_answer("b", community=WORDS),
        replace(given_answer("c"), asked=(LONG, WORDS), pilots=(), verdict="", person=WORDS),
    ):
        await database.answers.keep_answer(answer)
        assert await database.answers.answer(answer.id) == answer


async def test_an_answer_that_was_never_kept_is_none(database: Opened) -> None:
    await database.answers.keep_answer(given_answer("a"))
    for name in ("b", "A", "", "'; DROP TABLE answers; --"):
        assert await database.answers.answer(name) is None


async def test_moments_of_answers_and_ratings_come_back_in_a_time_zone(database: Opened) -> None:
    await database.answers.keep_answer(given_answer("a", at=NOON.astimezone(TOKYO)))
    await database.answers.rate(rating("a", at=NOON.astimezone(NEW_YORK)))
    ((answer, rated),) = await database.answers.ratings()
    for moment in (answer.at, rated.at):
        assert moment == NOON
        assert moment.utcoffset() == timedelta(0)


async def test_an_answer_is_kept_once(database: Opened, replica: Opened) -> None:
    await asyncio.gather(*(each.answers.keep_answer(given_answer("a")) for each in (database, replica) * 5))
    await replica.answers.keep_answer(replace(given_answer("a"), verdict="none", asked=()))
    assert await database.answers.answer("a") == given_answer("a")


async def test_an_answer_is_found_where_it_stands(database: Opened, replica: Opened) -> None:
    for name in "abc":
        await database.answers.keep_answer(given_answer(name))
        await database.answers.note_post(name, f"19:room {name}")
    assert await replica.answers.answer_posted_as("19:room b", HERE.community) == given_answer("b")
    assert await replica.answers.answer_posted_as("19:room d", HERE.community) is None
    assert await database.answers.answer("b") == given_answer("b")
    await database.answers.note_post("b", LONG)
    assert await replica.answers.answer_posted_as("19:room b", HERE.community) is None
    assert await replica.answers.answer_posted_as(LONG, HERE.community) == given_answer("b")


async def test_an_answer_that_stands_in_another_community_is_not_found(database: Opened) -> None:
    await database.answers.keep_answer(given_answer("a", community="teams:T2"))
    await database.answers.note_post("a", "19:room 1")
    assert await database.answers.answer_posted_as("19:room 1", HERE.community) is None
    assert await database.answers.answer_posted_as("19:room 1", "teams:T2")


async def test_of_answers_that_stood_in_one_place_the_latest_is_found(database: Opened) -> None:
    for name, hours in (("b", 0), ("c", 2), ("a", 1)):
        await database.answers.keep_answer(given_answer(name, at=NOON + timedelta(hours=hours)))
        await database.answers.note_post(name, "19:room 1")
    found = await database.answers.answer_posted_as("19:room 1", HERE.community)
    assert found
    assert found.id == "c"


async def test_what_stands_nowhere_is_not_found(database: Opened) -> None:
    await database.answers.note_post("a", "19:room 1")
    await database.answers.keep_answer(given_answer("a"))
    await database.answers.note_post("a", "")
    for post in ("", "19:room 1"):
        assert await database.answers.answer_posted_as(post, HERE.community) is None


async def test_a_rating_comes_with_its_answer(database: Opened) -> None:
    assert await database.answers.ratings() == []
    await database.answers.keep_answer(given_answer("a"))
    bad = rating("a", WORDS, is_good=False, reason=LONG)
    await database.answers.rate(bad)
    assert await database.answers.ratings() == [(given_answer("a"), bad)]


async def test_nothing_is_kept_of_a_rating_without_an_answer(database: Opened) -> None:
    await database.answers.rate(rating("a"))
    assert await database.answers.ratings() == []
    await database.answers.keep_answer(given_answer("a"))
    assert await database.answers.ratings() == []


async def test_a_persons_later_rating_stands_for_the_earlier_and_for_nobody_elses(database: Opened) -> None:
    for name in "ab":
        await database.answers.keep_answer(given_answer(name))
    first, theirs, other = rating("a", reason="helped"), rating("a", "U2"), rating("b")
    for each in (first, theirs, other):
        await database.answers.rate(each)
    changed = rating("a", at=NOON + timedelta(hours=1), is_good=False)
    await database.answers.rate(changed)
    assert [rated for _, rated in await database.answers.ratings()] == [theirs, other, changed]


async def test_ratings_are_of_one_community_or_of_all_and_oldest_first(database: Opened) -> None:
    communities = {"a": "slack:T1", "b": "teams:T2", "c": "slack:T1"}
    for name, community in communities.items():
        await database.answers.keep_answer(given_answer(name, community=community))
    for hours, name in ((3, "a"), (1, "b"), (2, "c")):
        at = (NOON + timedelta(hours=hours)).astimezone(timezone(timedelta(hours=-3 * hours)))
        await database.answers.rate(rating(name, at=at))

    async def rated(community: str | None) -> list[str]:
        return [answer.id for answer, _ in await database.answers.ratings(community)]

    assert await rated(None) == ["b", "c", "a"]
    assert await rated("slack:T1") == ["c", "a"]
    assert await rated("teams:T2") == ["b"]
    assert await rated("") == await rated("slack:t1") == []


async def test_an_old_answer_is_forgotten_unless_somebody_rated_it(database: Opened) -> None:
    for name in ("old", "rated", "new"):
        await database.answers.keep_answer(given_answer(name, at=NOON + timedelta(hours=name == "new")))
    await database.answers.rate(rating("rated"))
    await database.answers.forget(NOON)
    assert await database.answers.answer("old")
    await database.answers.forget((NOON + timedelta(hours=1)).astimezone(TOKYO))
    kept = [name for name in ("old", "rated", "new") if await database.answers.answer(name)]
    assert kept == ["rated", "new"]
    assert len(await database.answers.ratings()) == 1


async def test_ratings_at_once_are_one_of_each_person(database: Opened, replica: Opened) -> None:
    await database.answers.keep_answer(given_answer("a"))
    ratings = [rating("a", f"U{number % 5}", reason=str(number)) for number in range(30)]
    stores = (database.answers, replica.answers) * 15
    await asyncio.gather(*(store.rate(each) for store, each in zip(stores, ratings, strict=True)))
    kept = [rated for _, rated in await replica.answers.ratings()]
    assert [each.person for each in kept] == [f"U{number}" for number in range(5)]
    assert all(each in ratings for each in kept)


# People


async def test_everybody_is_a_member_until_somebody_says_otherwise(database: Opened) -> None:
    assert await database.members.member("slack:T1", "U1") == Member(community="slack:T1", person="U1")
    assert await database.members.moderators("slack:T1") == []


async def test_a_role_holds_until_another_is_given(database: Opened) -> None:
    for role in (*Role, Role.MEMBER):
        assert await database.members.appoint("slack:T1", "U1", role) is True
        assert (await database.members.member("slack:T1", "U1")).role is role


@pytest.mark.parametrize(
    "preferences",
    [NIGHT, Preferences(), Preferences(quiet_from=time(0), quiet_until=time(23, 59, 59, 999_999)),
     Preferences(quiet_until=time(7)), Preferences(paused_until=date.max)],
)  # fmt: skip
async def test_preferences_come_back_the_same(database: Opened, preferences: Preferences) -> None:
    await database.members.keep_preferences("slack:T1", "U1", NIGHT)
    await database.members.keep_preferences("slack:T1", "U1", preferences)
    expected = Member(community="slack:T1", person="U1", preferences=preferences)
    assert await database.members.member("slack:T1", "U1") == expected


@one_database_for_all_examples
@given(
    preferences=st.builds(
        Preferences,
        quiet_from=st.none() | st.times(),
        quiet_until=st.none() | st.times(),
        paused_until=st.none() | st.dates(),
    )
)
async def test_any_preferences_come_back_the_same(database: Opened, preferences: Preferences) -> None:
    await database.members.keep_preferences("slack:T1", "U1", preferences)
    assert (await database.members.member("slack:T1", "U1")).preferences == preferences


async def test_a_role_and_preferences_leave_each_other_alone(database: Opened) -> None:
    await database.members.appoint("slack:T1", "U1", Role.MODERATOR)
    await database.members.keep_preferences("slack:T1", "U1", NIGHT)
    await database.members.keep_preferences("slack:T1", "U2", NIGHT)
    await database.members.appoint("slack:T1", "U2", Role.MODERATOR)
    assert await database.members.moderators("slack:T1") == [
        Member(community="slack:T1", person=person, role=Role.MODERATOR, preferences=NIGHT) for person in ("U1", "U2")
    ]


async def test_a_person_of_another_community_is_another(database: Opened) -> None:
    await database.members.appoint("slack:T1", "U1", Role.ADMINISTRATOR)
    await database.members.keep_preferences("slack:T1", "U1", NIGHT)
    assert await database.members.member("slack:T2", "U1") == Member(community="slack:T2", person="U1")
    assert await database.members.moderators("slack:T2") == []
    assert await database.members.appoint("slack:T2", "U1", Role.ADMINISTRATOR, if_first=True) is True


async def test_moderators_are_those_who_may_moderate_by_person(database: Opened) -> None:
    roles = {
        "b": Role.MODERATOR,
        "é": Role.MODERATOR,
        "a": Role.ADMINISTRATOR,
        "B": Role.ADMINISTRATOR,
        "c": Role.MEMBER,
        WORDS: Role.MODERATOR,
    }
    for person, role in roles.items():
        await database.members.appoint("slack:T1", person, role)
    moderators = await database.members.moderators("slack:T1")
    assert [each.person for each in moderators] == ["B", "a", "b", "é", WORDS]
    assert all(each.role is roles[each.person] for each in moderators)


async def test_only_the_first_administrator_needs_no_other(database: Opened) -> None:
    await database.members.appoint("slack:T1", "U0", Role.MODERATOR)
    assert await database.members.appoint("slack:T1", "U1", Role.ADMINISTRATOR, if_first=True) is True
    assert await database.members.appoint("slack:T1", "U1", Role.ADMINISTRATOR, if_first=True) is False
    assert await database.members.appoint("slack:T1", "U2", Role.ADMINISTRATOR, if_first=True) is False
    assert (await database.members.member("slack:T1", "U2")).role is Role.MEMBER
    await database.members.appoint("slack:T1", "U1", Role.MEMBER)
    assert await database.members.appoint("slack:T1", "U2", Role.ADMINISTRATOR, if_first=True) is True


async def test_of_many_who_would_be_the_first_administrator_one_is(database: Opened, replica: Opened) -> None:
    async def appointments(community: str) -> int:
        appointed = await asyncio.gather(
            *(
                each.members.appoint(community, f"U{name}{number}", Role.ADMINISTRATOR, if_first=True)
                for number in range(5)
                for name, each in (("a", database), ("b", replica))
            )
        )
        assert len(await database.members.moderators(community)) == 1
        return sum(appointed)

    assert await asyncio.gather(*(appointments(f"slack:T{number}") for number in range(5))) == [1] * 5


async def test_what_is_changed_of_a_person_at_once_is_all_kept(database: Opened, replica: Opened) -> None:
    people = [f"U{number}" for number in range(10)]
    await asyncio.gather(
        *(database.members.appoint("slack:T1", person, Role.MODERATOR) for person in people),
        *(replica.members.keep_preferences("slack:T1", person, NIGHT) for person in people),
    )
    assert await database.members.moderators("slack:T1") == [
        Member(community="slack:T1", person=person, role=Role.MODERATOR, preferences=NIGHT) for person in people
    ]
