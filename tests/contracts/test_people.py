"""Which accounts are one person's: the same in memory, in SQLite and in PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.people import CODE_LASTS, WRONG_CODES_ALLOWED, WRONG_CODES_WITHIN, LinkCode, Refusal
from tests.contracts.conftest import Opened

NOON = datetime(2026, 5, 17, 12, tzinfo=UTC)
TOKYO = timezone(timedelta(hours=9))
HERE, ELSEWHERE = "city-innovators", "another"
WORDS = "Čo skúšali? 🚁 '; DROP TABLE accounts; -- \\ \" İ"
A_MOMENT = timedelta(microseconds=1)


def code_of(person: str, *, at: datetime = NOON, community: str = HERE) -> LinkCode:
    return LinkCode(community=community, person=person, platform="slack", name=WORDS, at=at)


async def brought(
    database: Opened, digest: str, *, by: str = "T1", at: datetime = NOON, community: str = HERE, is_spent: bool = False
) -> LinkCode | Refusal:
    return await database.people.redeem(community, by, digest, at, is_spent=is_spent)


# Links


async def test_an_account_is_its_own_person_until_it_is_linked(database: Opened) -> None:
    assert await database.people.person(HERE, "U1") == "U1"
    assert await database.people.accounts(HERE, "U1") == ["U1"]


async def test_a_linked_account_is_the_persons_and_the_persons_own_id_comes_first(database: Opened) -> None:
    for account in ("b", "A", "é", WORDS):
        await database.people.link(HERE, account, "U1", NOON)
        assert await database.people.person(HERE, account) == "U1"
    assert await database.people.person(HERE, "U1") == "U1"
    for account in ("U1", "b", WORDS):
        assert await database.people.accounts(HERE, account) == ["U1", "A", "b", "é", WORDS]


async def test_a_link_of_another_community_is_another(database: Opened) -> None:
    await database.people.link(HERE, "T1", "U1", NOON)
    assert await database.people.person(ELSEWHERE, "T1") == "T1"
    assert await database.people.accounts(ELSEWHERE, "U1") == ["U1"]
    assert await database.people.unlink(ELSEWHERE, "U1", NOON) is False
    assert await database.people.person(HERE, "T1") == "U1"


async def test_to_link_again_or_to_oneself_changes_nothing(database: Opened) -> None:
    await database.people.link(HERE, "U1", "U1", NOON)
    for _ in range(2):
        await database.people.link(HERE, "T1", "U1", NOON)
        assert await database.people.accounts(HERE, "U1") == ["U1", "T1"]


async def test_a_link_to_a_linked_account_ends_at_its_person(database: Opened) -> None:
    await database.people.link(HERE, "T1", "U1", NOON)
    await database.people.link(HERE, "X1", "T1", NOON)
    assert await database.people.accounts(HERE, "X1") == ["U1", "T1", "X1"]


async def test_what_was_linked_to_an_account_follows_it(database: Opened) -> None:
    await database.people.link(HERE, "T1", "U1", NOON)
    await database.people.link(HERE, "U1", "X1", NOON)
    assert await database.people.accounts(HERE, "T1") == ["X1", "T1", "U1"]
    assert await database.people.person(HERE, "T1") == "X1"


async def test_a_link_back_makes_no_circle(database: Opened) -> None:
    await database.people.link(HERE, "T1", "U1", NOON)
    await database.people.link(HERE, "U1", "T1", NOON)
    assert await database.people.accounts(HERE, "T1") == ["U1", "T1"]


async def test_two_who_link_to_each_other_at_one_moment_are_one_person(database: Opened, replica: Opened) -> None:
    async def linked(number: int) -> bool:
        one, other = f"U{number}", f"T{number}"
        await asyncio.gather(database.people.link(HERE, one, other, NOON), replica.people.link(HERE, other, one, NOON))
        persons = {await database.people.person(HERE, account) for account in (one, other)}
        return len(persons) == 1 and len(await replica.people.accounts(HERE, one)) == 2

    assert all(await asyncio.gather(*(linked(number) for number in range(10))))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(links=st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=8))
async def test_however_they_are_linked_every_person_is_their_own(
    database: Opened, links: list[tuple[str, str]]
) -> None:
    for account in "abcdef":
        await database.people.unlink(HERE, account, NOON)
    for account, person in links:
        await database.people.link(HERE, account, person, NOON)
    persons = {account: await database.people.person(HERE, account) for account in "abcdef"}
    for account, person in persons.items():
        assert persons[person] == person
        theirs = [each for each in "abcdef" if persons[each] == person and each != person]
        assert await database.people.accounts(HERE, account) == [person, *theirs]
    if links:
        account, person = links[-1]
        assert persons[account] == persons[person]


async def test_accounts_can_part_again_and_be_linked_anew(database: Opened) -> None:
    assert await database.people.unlink(HERE, "U1", NOON) is False
    for account in ("T1", "X1"):
        await database.people.link(HERE, account, "U1", NOON)
    await database.people.link(HERE, "T2", "U2", NOON)
    assert await database.people.unlink(HERE, "X1", NOON) is True
    assert await database.people.unlink(HERE, "U1", NOON) is False
    for account in ("U1", "T1", "X1"):
        assert await database.people.accounts(HERE, account) == [account]
    assert await database.people.person(HERE, "T2") == "U2"
    await database.people.link(HERE, "U1", "T1", NOON)
    assert await database.people.accounts(HERE, "U1") == ["T1", "U1"]


# Addresses


async def test_the_first_account_of_an_address_is_remembered(database: Opened) -> None:
    for account in ("U1", "T1", "U1"):
        assert await database.people.first_with(HERE, account, "hash", NOON) == "U1"
    assert await database.people.first_with(HERE, "T1", "hash ", NOON) == "T1"
    assert await database.people.first_with(ELSEWHERE, "T1", "hash", NOON) == "T1"


async def test_accounts_that_were_linked_or_parted_stay_where_they_are(database: Opened) -> None:
    await database.people.first_with(HERE, "U1", "hash", NOON)
    await database.people.link(HERE, "T1", "X1", NOON)
    for account in ("T1", "X1"):
        assert await database.people.first_with(HERE, account, "hash", NOON) == account
    await database.people.unlink(HERE, "X1", NOON)
    for account in ("T1", "X1"):
        assert await database.people.first_with(HERE, account, "hash", NOON) == account


async def test_of_many_that_come_with_an_address_at_one_moment_one_is_the_first(
    database: Opened, replica: Opened
) -> None:
    first = await asyncio.gather(
        *(each.people.first_with(HERE, f"{each is database}{number}", "hash", NOON)
          for number in range(5) for each in (database, replica))
    )  # fmt: skip
    assert len(set(first)) == 1


# Codes


async def test_a_code_stands_for_who_got_it_until_it_is_spent(database: Opened) -> None:
    await database.people.offer(code_of("U1", at=NOON.astimezone(TOKYO)), "hash")
    for is_spent in (False, False, True):
        code = await brought(database, "hash", is_spent=is_spent)
        assert code == code_of("U1")
    assert await brought(database, "hash", is_spent=True) is Refusal.WRONG


async def test_a_code_is_good_for_ten_minutes(database: Opened) -> None:
    assert timedelta(minutes=10) == CODE_LASTS
    await database.people.offer(code_of("U1"), "hash")
    assert await brought(database, "hash", at=NOON + CODE_LASTS - A_MOMENT) == code_of("U1")
    assert await brought(database, "hash", at=NOON + CODE_LASTS) is Refusal.WRONG


async def test_a_new_code_takes_the_place_of_the_persons_earlier_one(database: Opened) -> None:
    await database.people.offer(code_of("U1"), "first")
    await database.people.offer(code_of("U2"), "another's")
    await database.people.offer(code_of("U1", community=ELSEWHERE), "elsewhere")
    await database.people.offer(code_of("U1"), "second")
    assert await brought(database, "first") is Refusal.WRONG
    assert await brought(database, "second") == code_of("U1")
    assert await brought(database, "another's") == code_of("U2")
    assert await brought(database, "elsewhere", community=ELSEWHERE) == code_of("U1", community=ELSEWHERE)


async def test_a_code_of_another_community_is_wrong(database: Opened) -> None:
    await database.people.offer(code_of("U1"), "hash")
    assert await brought(database, "hash", community=ELSEWHERE, is_spent=True) is Refusal.WRONG
    assert await brought(database, "hash") == code_of("U1")


async def test_of_many_who_spend_a_code_at_one_moment_one_gets_it(database: Opened, replica: Opened) -> None:
    await database.people.offer(code_of("U1"), "hash")
    answers = await asyncio.gather(
        *(brought(each, "hash", by=f"T{number}", is_spent=True)
          for number in range(10) for each in (database, replica))
    )  # fmt: skip
    assert [answer for answer in answers if answer != Refusal.WRONG] == [code_of("U1")]


async def test_after_too_many_wrong_codes_a_right_one_is_refused_for_an_hour(database: Opened) -> None:
    assert (5, timedelta(hours=1)) == (WRONG_CODES_ALLOWED, WRONG_CODES_WITHIN)
    for minute in range(5):
        assert await brought(database, "no", at=NOON + timedelta(minutes=minute)) is Refusal.WRONG
    later = NOON + WRONG_CODES_WITHIN
    await database.people.offer(code_of("U1", at=later), "hash")
    assert await brought(database, "hash", at=later - A_MOMENT, is_spent=True) is Refusal.TOO_MANY
    assert await brought(database, "hash", by="T2", at=later) == code_of("U1", at=later)
    assert await brought(database, "hash", at=later) == code_of("U1", at=later)
    assert await brought(database, "no", at=later) is Refusal.WRONG
    assert await brought(database, "hash", at=later) is Refusal.TOO_MANY


async def test_a_right_code_counts_for_nothing(database: Opened) -> None:
    await database.people.offer(code_of("U1"), "hash")
    for _ in range(4):
        await brought(database, "no")
        assert await brought(database, "hash") == code_of("U1")
    assert await brought(database, "no") is Refusal.WRONG
    assert await brought(database, "hash") is Refusal.TOO_MANY


async def test_many_tries_at_one_moment_are_all_counted(database: Opened, replica: Opened) -> None:
    answers = await asyncio.gather(
        *(brought(each, f"no {number}") for number in range(10) for each in (database, replica))
    )
    assert answers.count(Refusal.WRONG) == WRONG_CODES_ALLOWED
    assert answers.count(Refusal.TOO_MANY) == 20 - WRONG_CODES_ALLOWED


async def test_old_codes_and_old_tries_are_forgotten(database: Opened) -> None:
    for person, at in (("U1", NOON - A_MOMENT), ("U2", NOON)):
        await database.people.offer(replace(code_of(person), at=at.astimezone(TOKYO)), person)
    for at in [NOON - A_MOMENT] + [NOON] * 4:
        await brought(database, "no", at=at)
    await database.people.forget(NOON)
    assert await brought(database, "U2") == code_of("U2")
    assert await brought(database, "U1") is Refusal.WRONG


@pytest.mark.parametrize("account", ["", "u1", "U1 ", "U%", WORDS])
async def test_accounts_differ_in_whatever_character(database: Opened, account: str) -> None:
    await database.people.link(HERE, "U1", "T1", NOON)
    assert await database.people.person(HERE, account) == account
