from dataclasses import replace
from datetime import timedelta

from bot.answers import GivenAnswer, Rating
from bot.deliveries import Delivery
from bot.people import WRONG_CODES_ALLOWED, WRONG_CODES_WITHIN, LinkCode, Refusal
from bot.places import Place
from bot.rooms import Thread
from jobs.upkeep import ANSWERS_FOR, CODES_FOR, DELIVERIES_FOR, SEEN_FOR, THREADS_FOR, forget
from tests.base import NOW
from tests.fakes import MemoryDatabase

PLACE = Place("test", "example", "room", "thread")


async def test_what_is_old_is_forgotten_and_what_is_not_stays() -> None:
    database = MemoryDatabase()
    await database.seen.claim("old", NOW - SEEN_FOR - timedelta(seconds=1))
    await database.seen.claim("new", NOW - SEEN_FOR + timedelta(seconds=1))
    await database.threads.remember(PLACE, ("a",), NOW - THREADS_FOR + timedelta(days=1))
    await forget(database, NOW)
    assert await database.seen.claim("old", NOW)
    assert not await database.seen.claim("new", NOW)
    assert await database.threads.thread(PLACE) == Thread(asked=("a",))
    await forget(database, NOW + timedelta(days=2))
    assert await database.threads.thread(PLACE) is None


async def test_an_answer_is_forgotten_unless_somebody_said_what_they_thought_of_it() -> None:
    database = MemoryDatabase()
    for answer_id in ("rated", "unrated"):
        await database.answers.keep_answer(
            GivenAnswer(id=answer_id, at=NOW, community="c", person="ann", asked=("a",), verdict="tried", pilots=())
        )
    await database.answers.rate(Rating(answer_id="rated", person="ben", at=NOW, is_good=True))
    await forget(database, NOW + ANSWERS_FOR)
    assert await database.answers.answer("unrated")
    await forget(database, NOW + ANSWERS_FOR + timedelta(seconds=1))
    assert await database.answers.answer("unrated") is None
    assert await database.answers.answer("rated")


async def test_codes_and_wrong_tries_are_forgotten_once_they_count_no_more() -> None:
    people = MemoryDatabase().people
    database = MemoryDatabase(people=people)
    code = LinkCode(community="c", person="ann", platform="slack", name="Ann", at=NOW)
    await people.offer(code, "hash")
    for _ in range(WRONG_CODES_ALLOWED):
        await people.redeem("c", "ben", "wrong", NOW, is_spent=False)
    await forget(database, NOW + WRONG_CODES_WITHIN - timedelta(seconds=1))
    assert await people.redeem("c", "ben", "hash", NOW, is_spent=False) is Refusal.TOO_MANY
    assert await people.redeem("c", "ann", "hash", NOW, is_spent=False) == code
    await forget(database, NOW + CODES_FOR + timedelta(seconds=1))
    assert await people.redeem("c", "ben", "hash", NOW, is_spent=False) is Refusal.WRONG


async def test_a_delivery_is_forgotten_long_after_it_was_settled() -> None:
    database = MemoryDatabase()
    sent = Delivery(key="sent", kind="digest", community="example", person="ann", due_at=NOW)
    await database.deliveries.plan([sent, replace(sent, key="waiting", person="bo")])
    await database.deliveries.cancel("example", NOW, "Paused.", person="ann")
    await forget(database, NOW + DELIVERIES_FOR)
    assert await database.deliveries.standing("sent")
    await forget(database, NOW + DELIVERIES_FOR + timedelta(seconds=1))
    assert await database.deliveries.standing("sent") is None
    assert await database.deliveries.standing("waiting")
