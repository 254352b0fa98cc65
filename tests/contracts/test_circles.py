"""Learning circles and who joined them: in memory, in SQLite and in PostgreSQL alike."""

from dataclasses import replace
from datetime import date

from bot.circles import Circle
from tests.contracts.conftest import Opened

CIRCLE = Circle(id="c1", community="example", topic="Chatbots’; --", rhythm="every month", started_on=date(2026, 2, 28))


async def test_a_circle_is_kept_as_it_is_and_begun_once(database: Opened) -> None:
    await database.circles.begin(CIRCLE)
    await database.circles.begin(replace(CIRCLE, topic="another"))
    assert await database.circles.circles("example") == [CIRCLE]
    assert await database.circles.circles("Example") == []


async def test_circles_come_in_the_order_in_which_they_begin(database: Opened) -> None:
    for name, day, community in (("b", 2, "example"), ("c", 1, "example"), ("B", 2, "example"), ("a", 3, "other")):
        circle = replace(CIRCLE, id=name, topic=name, started_on=date(2026, 3, day), community=community)
        await database.circles.begin(circle)
    assert [each.id for each in await database.circles.circles("example")] == ["c", "B", "b"]
    assert [each.id for each in await database.circles.circles()] == ["c", "B", "b", "a"]


async def test_pilots_join_once_and_leave(database: Opened, replica: Opened) -> None:
    await database.circles.begin(CIRCLE)
    for opened, pilot in ((database, "p2"), (replica, "p1"), (replica, "p2")):
        await opened.circles.join("c1", pilot)
    await database.circles.join("c2", "p3")
    assert await replica.circles.joined("c1") == ["p1", "p2"]
    await database.circles.leave("c1", "p1")
    await database.circles.leave("c1", "p1")
    assert await replica.circles.joined("c1") == ["p2"]


async def test_of_a_circle_that_has_ended_nothing_stays(database: Opened) -> None:
    for name in ("c1", "c2"):
        await database.circles.begin(replace(CIRCLE, id=name))
        await database.circles.join(name, "p1")
    await database.circles.end("c1")
    await database.circles.end("c1")
    assert [each.id for each in await database.circles.circles()] == ["c2"]
    assert await database.circles.joined("c1") == []
    assert await database.circles.joined("c2") == ["p1"]
