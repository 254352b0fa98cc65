"""The rooms that are told what is new, and what is: in memory, in SQLite and in PostgreSQL alike."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.digests import Board
from knowledge.errors import InvalidRecordError
from knowledge.learnings import Learning, LearningKind, Origin
from knowledge.ports import Author
from tests.base import sample_pilots
from tests.contracts.conftest import Opened

NOON = datetime(2026, 5, 17, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOKYO = timezone(timedelta(hours=9))
BOARD = Board(
    platform="teams",
    community="example",
    room="19:abc@thread.tacv2",
    weekday=2,
    chosen_by="mia",
    chosen_at=NOON.astimezone(TOKYO),
    told_until=NOON,
    address={"service_url": "https://example.org/'; --", "tenant": "t"},
)
ANN = Author("ann")


async def test_a_board_is_kept_as_it_is_and_one_of_each_room(database: Opened) -> None:
    await database.boards.put_up(BOARD)
    assert await database.boards.boards("example") == [BOARD]
    later = replace(BOARD, weekday=6, chosen_by="ann")
    await database.boards.put_up(later)
    (kept,) = await database.boards.boards()
    assert kept == later
    assert kept.address == BOARD.address
    assert await database.boards.boards("Example") == []


async def test_boards_come_in_the_order_in_which_they_were_chosen(database: Opened) -> None:
    for room, hours, community in (("b", 1, "example"), ("c", 0, "example"), ("B", 1, "example"), ("a", -1, "other")):
        chosen_at = NOON.astimezone(TOKYO) + hours * HOUR
        await database.boards.put_up(replace(BOARD, room=room, chosen_at=chosen_at, community=community))
    assert [each.room for each in await database.boards.boards("example")] == ["c", "B", "b"]
    assert [each.room for each in await database.boards.boards()] == ["a", "c", "B", "b"]


async def test_what_was_told_is_noted_and_nothing_else_of_the_board(database: Opened) -> None:
    await database.boards.note_told(BOARD, NOON)
    assert await database.boards.boards() == []
    await database.boards.put_up(replace(BOARD, weekday=4))
    await database.boards.note_told(BOARD, NOON + HOUR)
    assert await database.boards.boards() == [replace(BOARD, weekday=4, told_until=NOON + HOUR)]


async def test_of_a_board_that_is_taken_down_nothing_stays(database: Opened) -> None:
    await database.boards.put_up(BOARD)
    await database.boards.put_up(replace(BOARD, community="other"))
    await database.boards.take_down(BOARD)
    await database.boards.take_down(BOARD)
    assert [each.community for each in await database.boards.boards()] == ["other"]


async def test_what_changed_in_a_time_is_found_by_its_revisions(database: Opened) -> None:
    first, second, third, *_ = sample_pilots()
    await database.pilots.save([first, second, third], ANN, NOON)
    await database.pilots.save([replace(first, title="Another title")], ANN, (NOON + HOUR).astimezone(TOKYO))
    await database.pilots.remove(third.id, ANN, NOON + HOUR)
    assert await database.news.changed(NOON, NOON + HOUR) == sorted([first.id, second.id])
    assert await database.news.changed(NOON + HOUR, NOON + 2 * HOUR) == [first.id]
    assert await database.news.changed(NOON - HOUR, NOON) == []


async def test_what_was_told_in_a_time_comes_oldest_first(database: Opened) -> None:
    first, second, *_ = sample_pilots()
    await database.pilots.save([first, second], ANN, NOON)
    told = [
        Learning(
            id=f"l{number}",
            pilot_id=pilot.id,
            text="It worked.",
            kind=LearningKind.WORKED,
            origin=Origin.CHECK_IN,
            author="ann",
            told_at=NOON + hours * HOUR,
        )
        for number, pilot, hours in ((1, first, 2), (2, second, 1), (3, first, 3), (4, first, 0))
    ]
    for each in told:
        await database.pilots.keep_learning(each)
    found = await database.news.told((NOON + HOUR).astimezone(TOKYO), NOON + 3 * HOUR)
    assert [each.id for each in found] == ["l2", "l1"]
    await database.pilots.remove(second.id, ANN, NOON)
    assert [each.id for each in await database.news.told(NOON, NOON + 4 * HOUR)] == ["l4", "l1", "l3"]


@pytest.mark.parametrize("wrong", [{"weekday": 7}, {"weekday": -1}, {"told_until": datetime(2026, 5, 17)}])  # noqa: DTZ001  # that is the point
def test_a_board_is_valid_or_not_built(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidRecordError):
        replace(BOARD, **wrong)  # type: ignore[arg-type]
