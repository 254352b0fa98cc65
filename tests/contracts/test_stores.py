"""What every PilotStore and DemandStore does: in memory, in SQLite and in PostgreSQL alike."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.ports import Stores
from knowledge.errors import InvalidRecordError
from knowledge.learnings import Learning, LearningKind, Origin
from knowledge.pilots import Contact, Pilot, Provenance
from knowledge.ports import Author, Demand, DemandStore, PilotStore
from knowledge.text import TEXT_LIMIT
from knowledge.visibility import Visibility
from tests.fakes import revisions_of
from tests.strategies import learnings, pilots

NOON = datetime(2026, 5, 17, 12, tzinfo=UTC)
ANNA = Author("anna", reason="typo")
IMPORT = Author("import")
one_database_for_all_examples = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def store(database: Stores) -> PilotStore:
    return database.pilots


@pytest.fixture
def demands(database: Stores) -> DemandStore:
    return database.demands


def pilot(name: str, **fields: object) -> Pilot:
    return Pilot(**({"provenance": Provenance(source="ours", source_id=name), "title": name} | fields))  # type: ignore[arg-type]


def owned(name: str, *, person: str | None = "U1", community: str | None = "slack:T1", title: str = "Drones") -> Pilot:
    return pilot(
        name, title=title, owner=Contact(name="Änne", person=person), visibility=Visibility(community=community)
    )


def learning(name: str, about: Pilot, *, told_at: datetime = NOON) -> Learning:
    return Learning(
        id=name,
        pilot_id=about.id,
        text=f"We learned {name}",
        kind=LearningKind.WORKED,
        origin=Origin.CHECK_IN,
        author="anna",
        told_at=told_at,
    )


def demand(name: str, *, asked_at: datetime = NOON, community: str | None = "slack:T1") -> Demand:
    return Demand(id=name, topic=f"drones {name}", asked_at=asked_at, community=community, person="U1")


async def ids_of_all(store: PilotStore) -> list[str]:
    return [each.id async for each in store.all()]


async def test_a_database_has_a_name_that_stays(store: PilotStore) -> None:
    name = await store.identity()
    await store.save([pilot("a")], ANNA, NOON)
    assert len(name) >= 8
    assert await store.identity() == name


async def test_a_saved_pilot_comes_back_the_same(store: PilotStore) -> None:
    assert await store.save([pilot("a"), pilot("b")], ANNA, NOON) == 2
    assert await store.get(pilot("a").id) == pilot("a")


async def test_a_pilot_that_is_not_there_is_none(store: PilotStore) -> None:
    assert await store.get("p0") is None
    assert await store.get("") is None
    assert await store.get("'; DROP TABLE pilots; --") is None


async def test_many_pilots_are_read_at_once_in_whatever_order_they_are_asked_for(store: PilotStore) -> None:
    many = {each.id: each for each in (pilot(f"n{number}") for number in range(1203))}
    await store.save(list(many.values()), IMPORT, NOON)
    assert await store.pilots(list(many)) == many
    assert await store.pilots([*reversed(many), *many]) == many


async def test_of_the_pilots_asked_for_only_those_in_sight_come_as_they_are_now(store: PilotStore) -> None:
    await store.save([pilot(name) for name in "abc"], ANNA, NOON)
    await store.save([pilot("b", title="Now")], ANNA, NOON)
    await store.remove(pilot("c").id, ANNA, NOON)
    wanted = [pilot("c").id, pilot("b").id, "p0", "", "'; DROP TABLE pilots; --"]
    assert await store.pilots(wanted) == {pilot("b").id: pilot("b", title="Now")}
    assert await store.pilots([]) == {}


async def test_nothing_saved_is_nothing_changed(store: PilotStore) -> None:
    assert await store.save([], ANNA, NOON) == 0
    assert await store.changes(0) == []


async def test_a_second_save_of_the_same_pilot_changes_nothing(store: PilotStore) -> None:
    await store.save([pilot("a"), pilot("b")], ANNA, NOON)
    assert await store.save([pilot("a"), pilot("b")], IMPORT, NOON + timedelta(days=1)) == 0
    assert len(await revisions_of(store, pilot("a").id)) == 1
    assert [change.number for change in await store.changes(0)] == [1, 2]


async def test_only_the_pilots_that_differ_get_a_revision(store: PilotStore) -> None:
    await store.save([pilot("a"), pilot("b"), pilot("c")], ANNA, NOON)
    assert await store.save([pilot("a"), pilot("b", title="New"), pilot("d")], IMPORT, NOON) == 2
    assert [len(await revisions_of(store, pilot(name).id)) for name in "abcd"] == [1, 2, 1, 1]


async def test_revisions_say_who_when_and_what(store: PilotStore) -> None:
    later = NOON + timedelta(hours=1)
    await store.save([pilot("a")], ANNA, NOON)
    await store.save([pilot("a", title="Second")], IMPORT, later)
    first, second = await revisions_of(store, pilot("a").id)
    assert (first.pilot, first.number, first.at, first.by) == (pilot("a"), 1, NOON, ANNA)
    assert (second.pilot.title, second.number, second.at, second.by) == ("Second", 2, later, IMPORT)


async def test_a_pilot_set_back_to_an_older_state_gets_a_third_revision(store: PilotStore) -> None:
    for title in ("One", "Two", "One"):
        await store.save([pilot("a", title=title)], ANNA, NOON)
    assert [each.pilot.title for each in await revisions_of(store, pilot("a").id)] == ["One", "Two", "One"]


async def test_moments_come_back_in_a_time_zone(store: PilotStore, demands: DemandStore) -> None:
    in_tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
    await store.save([pilot("a")], ANNA, in_tokyo)
    await store.keep_learning(learning("l", pilot("a"), told_at=in_tokyo))
    await demands.keep(demand("d", asked_at=in_tokyo))
    (revision,) = await revisions_of(store, pilot("a").id)
    (told,) = await store.learnings(pilot("a").id)
    (asked,) = await demands.demands("slack:T1")
    for moment in (revision.at, told.told_at, asked.asked_at):
        assert moment == NOON
        assert moment.tzinfo is not None


async def test_one_save_may_hold_two_states_of_a_pilot(store: PilotStore) -> None:
    states = [pilot("a"), pilot("b"), pilot("a", title="Later"), pilot("a", title="Later")]
    assert await store.save(states, ANNA, NOON) == 3
    assert await store.get(pilot("a").id) == pilot("a", title="Later")
    assert [each.number for each in await revisions_of(store, pilot("a").id)] == [1, 2]
    assert [(each.number, each.pilot_id) for each in await store.changes(0)] == [(2, pilot("b").id), (3, pilot("a").id)]


async def test_more_pilots_than_fit_one_statement_are_saved_and_listed(store: PilotStore) -> None:
    many = [pilot(f"n{number}") for number in range(1203)]
    assert await store.save(many, IMPORT, NOON) == 1203
    assert await store.save([*many[:600], pilot("n601", title="New"), *many[602:]], IMPORT, NOON) == 1
    assert await ids_of_all(store) == sorted(each.id for each in many)
    assert [change.number for change in await store.changes(0, 2000)] == [*range(1, 602), *range(603, 1205)]


async def test_all_pilots_come_in_the_order_of_their_ids(store: PilotStore) -> None:
    assert await ids_of_all(store) == []
    await store.save([pilot(name) for name in "dbca"], ANNA, NOON)
    assert await ids_of_all(store) == sorted(pilot(name).id for name in "abcd")


async def test_a_reader_of_all_may_stop_early_and_write_meanwhile(store: PilotStore) -> None:
    await store.save([pilot(f"n{number}") for number in range(600)], ANNA, NOON)
    async for each in store.all():
        await store.save([replace(each, title="Seen")], ANNA, NOON)
        break
    assert (await store.changes(600))[0].number == 601


async def test_a_removed_pilot_is_out_of_sight_and_keeps_its_revisions(store: PilotStore) -> None:
    await store.save([pilot("a"), pilot("b")], ANNA, NOON)
    await store.keep_learning(learning("l", pilot("a")))
    assert await store.remove(pilot("a").id, ANNA, NOON) is True
    assert await store.get(pilot("a").id) is None
    assert await ids_of_all(store) == [pilot("b").id]
    assert await store.learnings(pilot("a").id) == ()
    assert [each.number for each in await revisions_of(store, pilot("a").id)] == [1]


async def test_what_is_not_there_cannot_be_removed(store: PilotStore) -> None:
    await store.save([pilot("a")], ANNA, NOON)
    assert await store.remove("p0", ANNA, NOON) is False
    assert await store.remove(pilot("a").id, ANNA, NOON) is True
    assert await store.remove(pilot("a").id, ANNA, NOON) is False
    assert [change.number for change in await store.changes(0)] == [2]


async def test_a_removed_pilot_that_is_saved_again_comes_back_with_a_new_revision(store: PilotStore) -> None:
    await store.save([pilot("a")], ANNA, NOON)
    await store.keep_learning(learning("l", pilot("a")))
    await store.remove(pilot("a").id, ANNA, NOON)
    assert await store.save([pilot("a")], IMPORT, NOON) == 1
    assert await store.get(pilot("a").id) == pilot("a")
    assert [each.number for each in await revisions_of(store, pilot("a").id)] == [1, 2]
    assert await store.learnings(pilot("a").id) == (learning("l", pilot("a")),)


async def test_the_feed_tells_of_a_removal_without_its_learnings(store: PilotStore) -> None:
    await store.save([pilot("a")], ANNA, NOON)
    await store.keep_learning(learning("l", pilot("a")))
    await store.remove(pilot("a").id, ANNA, NOON)
    (change,) = await store.changes(0)
    assert (change.number, change.pilot_id, change.pilot, change.learnings) == (3, pilot("a").id, None, ())


async def test_the_feed_has_each_pilot_only_at_its_newest_change(store: PilotStore) -> None:
    await store.save([pilot("a"), pilot("b"), pilot("c")], ANNA, NOON)
    await store.save([pilot("a", title="New")], ANNA, NOON)
    changes = await store.changes(0)
    assert [(each.number, each.pilot_id) for each in changes] == [
        (2, pilot("b").id), (3, pilot("c").id), (4, pilot("a").id),
    ]  # fmt: skip
    assert changes[-1].pilot == pilot("a", title="New")


async def test_the_feed_is_read_in_steps(store: PilotStore) -> None:
    await store.save([pilot(f"n{number}") for number in range(25)], ANNA, NOON)
    seen: list[int] = []
    while step := await store.changes(seen[-1] if seen else 0, 10):
        assert len(step) <= 10
        seen += [change.number for change in step]
    assert seen == list(range(1, 26))


async def test_learnings_are_told_oldest_first(store: PilotStore) -> None:
    await store.save([pilot("a"), pilot("b")], ANNA, NOON)
    for name, hours in (("late", 5), ("early", -5), ("noon", 0)):
        await store.keep_learning(learning(name, pilot("a"), told_at=NOON + timedelta(hours=hours)))
    await store.keep_learning(learning("other", pilot("b")))
    assert [each.id for each in await store.learnings(pilot("a").id)] == ["early", "noon", "late"]
    assert await store.learnings("p0") == ()


async def test_a_learning_is_a_change_of_its_pilot(store: PilotStore) -> None:
    await store.save([pilot("a"), pilot("b")], ANNA, NOON)
    await store.keep_learning(learning("l", pilot("a")))
    (change,) = await store.changes(2)
    assert (change.number, change.pilot, change.learnings) == (3, pilot("a"), (learning("l", pilot("a")),))
    assert len(await revisions_of(store, pilot("a").id)) == 1


async def test_a_learning_needs_a_pilot_in_sight(store: PilotStore) -> None:
    await store.save([pilot("a")], ANNA, NOON)
    await store.remove(pilot("a").id, ANNA, NOON)
    for about in (pilot("a"), pilot("never")):
        with pytest.raises(InvalidRecordError, match="pilot_id"):
            await store.keep_learning(learning("l", about))


async def test_what_its_author_says_instead_takes_the_place_of_a_learning(store: PilotStore) -> None:
    await store.save([pilot("a"), pilot("b")], ANNA, NOON)
    await store.keep_learning(learning("l", pilot("a")))
    later = replace(learning("l", pilot("a"), told_at=NOON + timedelta(hours=1)), text="On second thoughts")
    await store.keep_learning(later)
    assert await store.learnings(pilot("a").id) == (later,)
    (change,) = await store.changes(3)
    assert (change.number, change.pilot_id, change.learnings) == (4, pilot("a").id, (later,))


async def test_a_learning_told_again_in_the_same_words_is_no_change(store: PilotStore) -> None:
    await store.save([pilot("a")], ANNA, NOON)
    for _ in range(2):
        await store.keep_learning(learning("l", pilot("a")))
    assert [change.number for change in await store.changes(0)] == [2]


async def test_nobody_else_and_nothing_about_another_pilot_takes_the_place_of_a_learning(store: PilotStore) -> None:
    await store.save([pilot("a"), pilot("b")], ANNA, NOON)
    await store.keep_learning(learning("l", pilot("a")))
    for other in (learning("l", pilot("b")), replace(learning("l", pilot("a")), author="bob")):
        with pytest.raises(InvalidRecordError, match="id"):
            await store.keep_learning(other)
    assert await store.learnings(pilot("a").id) == (learning("l", pilot("a")),)
    assert [change.number for change in await store.changes(0)] == [2, 3]


async def test_a_removed_learning_is_gone_and_the_feed_tells(store: PilotStore) -> None:
    await store.save([pilot("a"), pilot("b")], ANNA, NOON)
    for name in ("stays", "goes"):
        await store.keep_learning(learning(name, pilot("a")))
    assert await store.remove_learning("goes") is True
    assert await store.remove_learning("goes") is False
    assert await store.remove_learning("'; DROP TABLE learnings; --") is False
    (change,) = await store.changes(4)
    assert (change.number, change.pilot_id, change.learnings) == (5, pilot("a").id, (learning("stays", pilot("a")),))
    await store.keep_learning(replace(learning("goes", pilot("b")), author="bob"))
    assert [each.id for each in await store.learnings(pilot("b").id)] == ["goes"]


async def test_a_learning_can_be_removed_while_its_pilot_is_out_of_sight(store: PilotStore) -> None:
    await store.save([pilot("a")], ANNA, NOON)
    await store.keep_learning(learning("l", pilot("a")))
    await store.remove(pilot("a").id, ANNA, NOON)
    assert await store.remove_learning("l") is True
    await store.save([pilot("a")], IMPORT, NOON)
    assert await store.learnings(pilot("a").id) == ()


async def test_the_learnings_of_many_pilots_are_read_at_once(store: PilotStore) -> None:
    await store.save([pilot(name) for name in "abc"], ANNA, NOON)
    for name, about, hours in (("late", "a", 5), ("early", "a", -5), ("other", "b", 0)):
        await store.keep_learning(learning(name, pilot(about), told_at=NOON + timedelta(hours=hours)))
    await store.remove(pilot("b").id, ANNA, NOON)
    told = await store.learnings_of([pilot(name).id for name in "abc"] + ["p0", ""])
    assert {pilot_id: [each.id for each in each_told] for pilot_id, each_told in told.items()} == {
        pilot("a").id: ["early", "late"]
    }
    assert await store.learnings_of([]) == {}


async def test_edits_of_one_learning_at_once_leave_one_and_move_the_feed_once_each(store: PilotStore) -> None:
    await store.save([pilot("a")], ANNA, NOON)
    edits = [replace(learning("l", pilot("a")), text=f"Edit {number}") for number in range(20)]
    await asyncio.gather(*map(store.keep_learning, edits))
    (kept,) = await store.learnings(pilot("a").id)
    assert kept in edits
    assert [change.number for change in await store.changes(0)] == [21]


async def test_the_same_record_in_two_communities_is_two_pilots(store: PilotStore) -> None:
    here, there = (pilot("a", visibility=Visibility(community=name)) for name in ("slack:T1", "teams:T2"))
    assert await store.save([here, there], ANNA, NOON) == 2
    assert await store.get(here.id) == here
    assert await store.get(there.id) == there


async def test_the_pilots_of_a_person_are_told_by_community_in_the_order_of_their_ids(store: PilotStore) -> None:
    ours = [owned(f"n{number}") for number in range(5)]
    others = [
        owned("elsewhere", community="slack:T2"), owned("hers", person="U2"), owned("nobody's", person=None),
        owned("everywhere", community=None), pilot("without owner"),
        pilot("deputy", deputy=Contact(name="Änne", person="U1"), visibility=Visibility(community="slack:T1")),
    ]  # fmt: skip
    await store.save([*ours, *others], IMPORT, NOON)
    assert await store.owned_by("slack:T1", "U1") == sorted(ours, key=lambda each: each.id)
    assert await store.owned_by("slack:T2", "U1") == [owned("elsewhere", community="slack:T2")]
    assert await store.owned_by("slack:T1", "U2") == [owned("hers", person="U2")]
    assert await store.owned_by("slack:T1", "u1") == []
    assert await store.owned_by("", "") == []


async def test_a_pilot_is_its_latest_owners_while_it_is_in_sight(store: PilotStore) -> None:
    await store.save([owned("a"), owned("b"), owned("b", person="U2"), owned("c")], IMPORT, NOON)
    assert await store.owned_by("slack:T1", "U2") == [owned("b", person="U2")]
    await store.save([owned("b", title="Back"), owned("a", person=None)], IMPORT, NOON)
    await store.remove(owned("c").id, ANNA, NOON)
    assert await store.owned_by("slack:T1", "U1") == [owned("b", title="Back")]
    assert await store.owned_by("slack:T1", "U2") == []
    await store.save([owned("c")], ANNA, NOON)
    assert {each.id for each in await store.owned_by("slack:T1", "U1")} == {owned("b").id, owned("c").id}


async def test_a_person_may_have_as_long_a_name_as_a_record_holds(store: PilotStore) -> None:
    unlike_itself = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(TEXT_LIMIT))
    mine = owned("a", person=unlike_itself)
    assert await store.save([mine], IMPORT, NOON) == 1
    assert await store.owned_by("slack:T1", unlike_itself) == [mine]


async def test_saves_at_once_lose_no_revision_and_no_change(store: PilotStore) -> None:
    async def save(number: int) -> None:
        await store.save([pilot("shared", title=f"Title {number}"), pilot(f"own {number}")], Author(str(number)), NOON)

    await asyncio.gather(*(save(number) for number in range(30)))
    revisions = await revisions_of(store, pilot("shared").id)
    assert [each.number for each in revisions] == list(range(1, 31))
    assert {each.pilot.title for each in revisions} == {f"Title {number}" for number in range(30)}
    assert len(await ids_of_all(store)) == 31


async def test_a_follower_of_the_feed_misses_nothing_while_others_write(store: PilotStore) -> None:
    writing = asyncio.gather(*(store.save([pilot(f"n{number}")], ANNA, NOON) for number in range(60)))
    seen: dict[int, str] = {}
    while not writing.done() or await store.changes(max(seen, default=0)):
        for change in await store.changes(max(seen, default=0), 7):
            seen[change.number] = change.pilot_id
        await asyncio.sleep(0)
    await writing
    assert sorted(seen) == list(range(1, 61))
    assert set(seen.values()) == {pilot(f"n{number}").id for number in range(60)}


@one_database_for_all_examples
@given(some=st.lists(pilots(), max_size=4))
async def test_any_valid_pilot_comes_back_the_same(store: PilotStore, some: list[Pilot]) -> None:
    await store.save(some, ANNA, NOON)
    for each in {each.id: each for each in some}.values():
        assert await store.get(each.id) == each
    assert await store.save(list({each.id: each for each in some}.values()), ANNA, NOON) == 0


@one_database_for_all_examples
@given(told=learnings())
async def test_any_valid_learning_comes_back_the_same(store: PilotStore, told: Learning) -> None:
    about = pilot(told.id[:100])
    await store.save([about], ANNA, NOON)
    told = replace(told, pilot_id=about.id)
    before = await store.learnings(about.id)
    if told.id not in {each.id for each in before}:
        await store.keep_learning(told)
        assert told in await store.learnings(about.id)


async def test_demands_are_of_one_community_and_newest_first(demands: DemandStore) -> None:
    kept = [demand(str(number), asked_at=NOON + timedelta(hours=number)) for number in range(3)]
    for each in (kept[1], kept[0], kept[2], demand("theirs", community="teams:T2"), demand("terminal", community=None)):
        await demands.keep(each)
    assert await demands.demands("slack:T1") == kept[::-1]
    assert await demands.demands("slack:T1", 1) == [kept[2]]
    assert await demands.demands("teams:T2") == [demand("theirs", community="teams:T2")]
    assert await demands.demands(None) == [demand("terminal", community=None)]
    assert await demands.demands("nobody") == []


async def test_a_demand_is_kept_once(demands: DemandStore) -> None:
    await asyncio.gather(*(demands.keep(demand("d")) for _ in range(5)))
    await demands.keep(replace(demand("d"), topic="something else"))
    assert await demands.demands("slack:T1") == [demand("d")]
