"""How people are reached and where they said no: in memory, in SQLite and in PostgreSQL alike."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import event

from adapters.sql import Database
from bot.reaches import No, Reach
from tests.contracts.conftest import Opened

NOON = datetime(2026, 5, 17, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOKYO = timezone(timedelta(hours=9))
ADDRESS = {"tenant": "t", "service_url": "https://example.org/emea/", "conversation": "a:1", "user": "29:1", "bot": ""}
ANN = Reach("example", "teams", "ann", ADDRESS)
ELSEWHERE = [replace(ANN, community="another"), replace(ANN, platform="slack"), replace(ANN, account="Ann")]


async def known(database: Opened, reach: Reach = ANN) -> Reach | None:
    found = await database.reaches.reaches(reach.community, [reach.account])
    return next((each for each in found if each.platform == reach.platform), None)


async def close(database: Opened, reach: Reach = ANN, because: No = No.BLOCKED, at: datetime = NOON) -> None:
    await database.reaches.close(reach.community, reach.platform, reach.account, because, at)


async def test_who_was_never_there_is_not_reached(database: Opened) -> None:
    assert await known(database) is None
    assert await database.reaches.reaches("example", []) == []
    assert await database.reaches.closed("example") == []


@pytest.mark.parametrize("is_personal", [True, False])
async def test_who_was_there_is_reached_where_that_was(database: Opened, *, is_personal: bool) -> None:
    await database.reaches.refresh(ANN, NOON, is_personal=is_personal)
    assert await known(database) == ANN
    moved = replace(ANN, address={**ADDRESS, "service_url": "https://example.org/amer/"})
    await database.reaches.refresh(moved, NOON, is_personal=is_personal)
    assert await known(database) == moved


async def test_what_an_activity_does_not_tell_of_the_address_stays(database: Opened) -> None:
    await database.reaches.refresh(ANN, NOON, is_personal=True)
    await database.reaches.refresh(
        replace(ANN, address={"conversation": "", "user": "29:1", "bot": "28:b"}), NOON + HOUR, is_personal=False
    )
    assert await known(database) == replace(ANN, address={**ADDRESS, "bot": "28:b"})


@pytest.mark.parametrize("other", ELSEWHERE)
async def test_another_account_is_another(database: Opened, other: Reach) -> None:
    await database.reaches.refresh(ANN, NOON, is_personal=True)
    await close(database, other)
    assert await known(database) == ANN
    await database.reaches.refresh(other, NOON + HOUR, is_personal=True)
    await close(database)
    assert await known(database, other) == other


@pytest.mark.parametrize("because", No)
async def test_a_no_is_a_no_until_the_person_comes_back(database: Opened, because: No) -> None:
    await database.reaches.refresh(ANN, NOON, is_personal=True)
    await close(database, because=because)
    assert await known(database) == replace(ANN, closed_because=because)
    assert await database.reaches.closed("example") == [replace(ANN, closed_because=because)]
    await database.reaches.refresh(ANN, NOON + HOUR, is_personal=True)
    assert await known(database) == ANN
    assert await database.reaches.closed("example") == []


async def test_who_is_heard_in_a_channel_has_not_taken_back_their_no(database: Opened) -> None:
    await close(database)
    moved = replace(ANN, address={**ADDRESS, "service_url": "https://example.org/amer/"})
    await database.reaches.refresh(moved, NOON + 40 * DAY, is_personal=False)
    assert await known(database) == replace(moved, closed_because=No.BLOCKED)


async def test_what_was_done_before_the_no_does_not_take_it_back(database: Opened) -> None:
    await close(database, at=NOON.astimezone(TOKYO))
    for at in (NOON - HOUR, NOON):
        await database.reaches.refresh(ANN, at, is_personal=True)
        assert await known(database) == replace(ANN, closed_because=No.BLOCKED)
    await database.reaches.refresh(ANN, NOON + timedelta(seconds=1), is_personal=True)
    assert await known(database) == ANN


async def test_who_was_there_since_the_no_has_come_back(database: Opened) -> None:
    await database.reaches.refresh(ANN, NOON + HOUR, is_personal=True)
    # Notes are taken while answers go on, and in no order.
    await close(database, at=NOON.astimezone(TOKYO))
    assert await known(database) == ANN
    assert await database.reaches.closed("example") == []
    await close(database, at=NOON + HOUR)
    assert await known(database) == replace(ANN, closed_because=No.BLOCKED)


async def test_the_no_of_somebody_who_was_never_there_is_kept(database: Opened) -> None:
    await close(database, because=No.REMOVED)
    assert await known(database) == Reach("example", "teams", "ann", {}, No.REMOVED)
    await database.reaches.refresh(ANN, NOON + HOUR, is_personal=False)
    assert await known(database) == replace(ANN, closed_because=No.REMOVED)


async def test_of_several_noes_the_first_stays(database: Opened) -> None:
    await close(database, replace(ANN, account="bo"), at=NOON + HOUR)
    await close(database, because=No.REMOVED)
    await close(database, because=No.GONE, at=NOON + DAY)
    assert [(each.account, each.closed_because) for each in await database.reaches.closed("example")] == [
        ("bo", No.BLOCKED),
        ("ann", No.REMOVED),
    ]


async def test_where_a_person_was_latest_comes_first(database: Opened) -> None:
    slack, other = replace(ANN, platform="slack"), replace(ANN, account="ann@home")
    for reach, at in ((ANN, NOON), (slack, NOON + DAY), (other, NOON - DAY), (replace(ANN, account="bo"), NOON)):
        await database.reaches.refresh(reach, at.astimezone(TOKYO), is_personal=True)
    assert await database.reaches.reaches("example", ["ann", "ann@home"]) == [slack, ANN, other]
    await database.reaches.refresh(other, NOON + 3 * DAY, is_personal=False)
    slack = slack.at({"user": "29:2"})
    await database.reaches.refresh(slack, NOON - 9 * DAY, is_personal=False)
    assert await database.reaches.reaches("example", ["ann", "ann@home"]) == [other, slack, ANN]


async def test_a_conversation_that_the_bot_began_is_no_sign_of_the_person(database: Opened) -> None:
    slack = replace(ANN, platform="slack")
    await database.reaches.refresh(slack, NOON + DAY, is_personal=True)
    await database.reaches.refresh(ANN, NOON, is_personal=True)
    await close(database)
    begun = replace(ANN, address={**ADDRESS, "conversation": "a:2"})
    await database.reaches.note_address(begun)
    assert await database.reaches.reaches("example", ["ann"]) == [slack, replace(begun, closed_because=No.BLOCKED)]
    await database.reaches.note_address(replace(ANN, account="bo"))
    assert await database.reaches.reaches("example", ["bo"]) == []


async def test_what_is_learned_at_once_of_an_address_is_all_kept(database: Opened, replica: Opened) -> None:
    accounts = [f"U{number}" for number in range(10)]
    parts = ({"conversation": "a:1"}, {"user": "29:1"}, {"bot": "28:b"}, {"tenant": "t"})
    await asyncio.gather(
        *(
            store.reaches.refresh(Reach("example", "teams", account, part), NOON, is_personal=True)
            for account in accounts
            for store, part in zip((database, replica) * 2, parts, strict=True)
        )
    )
    found = await database.reaches.reaches("example", accounts)
    assert len(found) == len(accounts)
    for reach in found:
        assert reach.address == {"conversation": "a:1", "user": "29:1", "bot": "28:b", "tenant": "t"}


async def test_where_nothing_differs_nothing_is_written_for_a_day(database: Opened) -> None:
    if not isinstance(database, Database):
        pytest.skip("the fake writes nothing")
    written: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith(("INSERT", "UPDATE")):
            written.append(statement)

    event.listen(database.connections.engine.sync_engine, "before_cursor_execute", note)
    for hours in (0, 1, 23):
        await database.reaches.refresh(ANN, NOON + hours * HOUR, is_personal=True)
    assert len(written) == 1
    await database.reaches.refresh(ANN, NOON + DAY, is_personal=True)
    assert len(written) == 3  # it is tried as a new one first
