"""The digest of a week: planned once, told once, only to whom it is for, and not at all where there is nothing new."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.check_ins import POST, CheckIn, CheckInAnswer, CheckInState
from bot.deliveries import Delivery, State
from bot.digests import DIGEST, Board
from bot.messages import Message, Reply, Text, plain
from bot.reaches import Reach
from bot.skills.digest import Digest
from jobs.deliveries import Sweep
from jobs.digests import Digests
from knowledge.errors import PilotlightError, UnavailableError
from knowledge.learnings import Learning, LearningKind, Origin
from knowledge.pilots import Pilot
from knowledge.ports import Author, Demand
from knowledge.records import pilot_from_record
from knowledge.visibility import Audience, Visibility
from tests.fakes import MemoryDatabase
from tests.rounds import MONDAY as MARCH
from tests.rounds import Rounds, moment
from tests.rounds import pilot as agreed

MONDAY = datetime(2026, 5, 18, 9, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
ANN = Author("ann")
OURS = Visibility(audience=Audience.COMMUNITY, community="example")
BOARD = Board(
    platform="slack",
    community="example",
    room="C1",
    weekday=0,
    chosen_by="mia",
    chosen_at=MONDAY - WEEK,
    told_until=MONDAY - WEEK,
    address={"team": "T1"},
)


@dataclass
class Room:
    """An Announcer that notes what it is told."""

    strangers: bool = False
    trouble: Exception | None = None
    heard: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    async def has_strangers(self, board: Board) -> bool:
        return self.strangers

    async def announce(self, board: Board, reply: Reply, key: str = "") -> str:
        if self.trouble:
            raise self.trouble
        assert isinstance(reply.content, Message)
        self.heard.append(plain(reply.content))
        self.keys.append(key)
        return f"post {len(self.heard)}"

    async def was_announced(self, board: Board, key: str, since: datetime) -> bool | None:
        return key in self.keys


@dataclass
class House:
    database: MemoryDatabase
    room: Room
    at: datetime = MONDAY

    @property
    def digests(self) -> Digests:
        base = self.database
        words = Digest(
            boards=base.boards,
            members=base.members,
            people=base.people,
            reaches=base.reaches,
            deliveries=base.deliveries,
            pilots=base.pilots,
            news=base.news,
            demands=base.demands,
            now=lambda: self.at,
        )

        async def post(delivery: Delivery, person: str) -> Reply | None:
            return Reply(content=Message((Text(f"News of {delivery.about}"),))) if person == "ann" else None

        return Digests(
            boards=base.boards,
            deliveries=base.deliveries,
            words=words.of,
            post=post,
            people=base.people,
            reaches=base.reaches,
            announcers={"slack": self.room},
            now=lambda: self.at,
        )

    async def sweep(self, at: datetime = MONDAY) -> None:
        self.at = at
        digests = self.digests
        await digests.plan(at)
        sweep = Sweep(queue=self.database.deliveries, send=digests.send, was_sent=digests.was_sent, jitter=lambda: 0.0)
        await sweep(at)

    async def state(self, at: datetime = MONDAY) -> tuple[State, str] | None:
        year, week, _ = at.isocalendar()
        standing = await self.database.deliveries.standing(f"{DIGEST} {year}-{week:02} example slack C1")
        return (standing.state, standing.note) if standing else None


@pytest.fixture
async def house() -> House:
    database = MemoryDatabase()
    await database.boards.put_up(BOARD)
    return House(database, Room())


def pilot(number: int, title: str, **more: object) -> Pilot:
    record = {"source": "s", "id": str(number), "title": title, "organisation": f"Town {number}", **more}
    return replace(pilot_from_record(record), visibility=OURS)


def learning(told: Pilot, text: str, at: datetime, visibility: Visibility = OURS) -> Learning:
    return Learning(
        id=f"{told.id}/{text}",
        pilot_id=told.id,
        text=text,
        kind=LearningKind.WORKED,
        origin=Origin.CHECK_IN,
        author="ann",
        told_at=at,
        visibility=visibility,
    )


async def test_a_week_is_told_once_whoever_sweeps_and_how_often(house: House) -> None:
    await house.database.pilots.save([pilot(1, "Tool library")], ANN, MONDAY - DAY)
    for hours in (0, 0, 1, 30):
        await house.sweep(MONDAY + timedelta(hours=hours))
    (told,) = house.room.heard
    assert "1 new pilot:" in told
    assert "Tool library" in told
    assert await house.state() == (State.SENT, "")
    await house.sweep(MONDAY + WEEK)
    assert len(house.room.heard) == 1
    assert await house.state(MONDAY + WEEK) == (State.DROPPED, "There was nothing new.")


async def test_it_tells_of_pilots_stopped_ones_learnings_and_how_many_questions_are_open(house: House) -> None:
    old, base = pilot(1, "Tool library"), house.database
    await base.pilots.save([old], ANN, MONDAY - 3 * WEEK)
    stopped = replace(old, stage=pilot(1, "x", stage="stopped").stage)
    await base.pilots.save([stopped, pilot(2, "Repair café")], ANN, MONDAY - DAY)
    await base.pilots.keep_learning(learning(old, "A rota of three volunteers.", MONDAY - DAY))
    await base.pilots.keep_learning(learning(old, "Told long ago.", MONDAY - 2 * WEEK))
    await base.demands.keep(Demand(id="d", topic="ferrets", asked_at=MONDAY - DAY, community="example"))
    await base.demands.keep(Demand(id="e", topic="eels", asked_at=MONDAY - DAY, community="other"))
    await house.sweep()
    (told,) = house.room.heard
    for expected in ("Repair café", "Stopped, which is a result", "worked: A rota of three", "1 question found nobody"):
        assert expected in told
    assert told.count("Tool library") == 2
    # What somebody asked, perhaps in private, was promised to the moderators alone.
    assert "ferrets" not in told
    assert "long ago" not in told


async def test_how_many_have_tried_is_told_of_what_asks_to_be_repeated(house: House) -> None:
    topic, elsewhere = {"topics": ["sharing"]}, {"second_site": "A room and a rota."}
    told_before = [pilot(number, f"Pilot {number}", topics=["traffic"]) for number in range(3, 9)]
    await house.database.pilots.save(
        [*told_before, pilot(1, "Tool library", **topic, **elsewhere)], ANN, MONDAY - WEEK * 2
    )
    await house.database.pilots.save([pilot(2, "Toy library", **topic)], ANN, MONDAY - DAY)
    await house.sweep()
    assert "Tool library: 2 of 8 have tried something like it" in house.room.heard[0]
    assert "Counted: organisations with a pilot on one of its topics" in house.room.heard[0]


async def test_a_room_is_told_only_what_all_in_it_may_see(house: House) -> None:
    base = house.database
    restricted = Visibility(audience=Audience.RESTRICTED, community="example", people=frozenset({"ann"}))
    embargoed = replace(OURS, embargo_until=(MONDAY + DAY).date())
    public, ours = replace(pilot(1, "Public one"), visibility=Visibility(community="example")), pilot(2, "Our own")
    secret, soon = (
        replace(pilot(3, "Secret one"), visibility=restricted),
        replace(pilot(4, "Soon"), visibility=embargoed),
    )
    theirs = replace(pilot(5, "Theirs"), visibility=Visibility(community="other"))
    await base.pilots.save([public, ours, secret, soon, theirs], ANN, MONDAY - DAY)
    for each, seen_by in ((ours, restricted), (public, OURS), (secret, OURS)):
        await base.pilots.keep_learning(learning(each, f"Learning of {each.title}", MONDAY - DAY, seen_by))
    await base.demands.keep(Demand(id="d", topic="ferrets", asked_at=MONDAY - DAY, community="example"))
    await house.sweep()
    (told,) = house.room.heard
    assert "Our own" in told
    assert "Learning of Public one" in told
    for hidden in ("Secret one", "Soon", "Theirs", "Learning of Our own"):
        assert hidden not in told
    house.room.strangers = True
    await base.boards.note_told(BOARD, MONDAY - WEEK)
    await house.sweep(MONDAY + WEEK)
    shown = house.room.heard[1]
    assert "Public one" in shown
    for hidden in ("Our own", "Learning of", "question"):
        assert hidden not in shown


async def test_of_a_whole_catalogue_some_are_named_and_none_are_counted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.skills.digest._LOOKED_AT", 7)
    imported = [pilot(number, f"Pilot {number}") for number in range(20)]
    await house.database.pilots.save(imported, ANN, MONDAY - DAY)
    await house.sweep()
    (told,) = house.room.heard
    assert "Many new pilots, such as:" in told
    assert told.count("Town") == 5
    assert "more" not in told


async def test_what_takes_too_long_to_count_is_left_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.skills.digest._SPREADS_WITHIN", 0)
    asks = [pilot(1, "Tool library", topics=["a"], second_site="A room."), pilot(2, "Toys", topics=["b"])]
    await house.database.pilots.save(asks, ANN, MONDAY - DAY)

    async def slowly() -> AsyncIterator[Pilot]:
        await asyncio.sleep(60)
        yield asks[0]

    monkeypatch.setattr(house.database.pilots, "all", slowly)
    await house.sweep()
    assert "2 new pilots" in house.room.heard[0]
    assert "have tried" not in house.room.heard[0]


async def test_what_is_new_while_nobody_could_be_told_is_told_the_week_after(house: House) -> None:
    await house.database.pilots.save([pilot(1, "Tool library")], ANN, MONDAY - DAY)
    await house.sweep(MONDAY + 3 * DAY)
    assert await house.state() is None
    await house.sweep(MONDAY + WEEK)
    assert "Tool library" in house.room.heard[0]


async def test_a_refusal_is_a_dead_letter_that_a_moderator_can_send_again(house: House) -> None:
    await house.database.pilots.save([pilot(1, "Tool library")], ANN, MONDAY - DAY)
    house.room.trouble = PilotlightError("Slack: I may not write in that channel.")
    await house.sweep()
    (dead,) = await house.database.deliveries.dead_letters("example")
    assert dead.note == "Slack: I may not write in that channel."
    house.room.trouble = None
    assert await house.database.deliveries.retry("example", dead.delivery.key, MONDAY + 5 * DAY)
    await house.sweep(MONDAY + 5 * DAY)
    assert "Tool library" in house.room.heard[0]


async def test_one_that_may_have_been_told_is_looked_for_and_not_told_twice(house: House) -> None:
    await house.database.pilots.save([pilot(1, "Tool library")], ANN, MONDAY - DAY)
    doubt = UnavailableError("Slack did not answer.")
    doubt.is_in_doubt = True
    house.room.trouble = doubt
    await house.sweep()
    state = await house.state()
    assert state is not None
    assert state[0] is State.DOUBT
    house.room.trouble = None
    house.room.keys.append(f"{DIGEST} 2026-21 example slack C1")
    await house.sweep(MONDAY + timedelta(hours=1))
    assert house.room.heard == []
    state = await house.state()
    assert state is not None
    assert state[0] is State.SENT


async def test_what_its_owner_agreed_to_goes_to_the_room_chosen_first(house: House) -> None:
    await house.database.boards.put_up(replace(BOARD, room="C0", chosen_at=MONDAY - DAY))
    post = Delivery(key="p", kind=POST, community="example", person="ann", about="Tool library", due_at=MONDAY)
    unwanted = replace(post, key="q", person="bo")
    await house.database.deliveries.plan([post, unwanted, replace(post, key="r", community="other")])
    await house.sweep()
    assert house.room.heard == ["News of Tool library"]
    notes = [standing.note for key in "qr" if (standing := await house.database.deliveries.standing(key))]
    assert notes == ["It is not wanted any more.", "No channel was chosen for it."]


async def test_a_post_is_not_shown_to_people_from_outside(house: House) -> None:
    house.room.strangers = True
    post = Delivery(key="p", kind=POST, community="example", person="ann", about="Tool library", due_at=MONDAY)
    await house.database.deliveries.plan([post])
    await house.sweep()
    assert house.room.heard == []


async def test_the_clocks_own_sweeps_tell_rooms_what_is_new_and_what_an_owner_agreed_to() -> None:
    rounds = Rounds()
    await rounds.begin()
    board = replace(BOARD, chosen_at=rounds.now(), told_until=rounds.now())
    await rounds.database.boards.put_up(board)
    told = CheckInAnswer(
        question="worked", asked="What worked?", kind=LearningKind.WORKED, text="The rota.", at=rounds.now()
    )
    check_in = CheckIn(
        pilot_id=agreed().id, community="example", person="ann", on=rounds.now().date(), asked_at=rounds.now(),
        state=CheckInState.ANSWERED, answers={"worked": told}, is_for_channel=True,
    )  # fmt: skip
    await rounds.database.check_ins.keep(check_in)
    post = Delivery(
        key="post", kind=POST, community="example", person="ann", about=agreed().id,
        payload={"check_in": check_in.id}, due_at=rounds.now() + timedelta(minutes=10),
    )  # fmt: skip
    await rounds.database.deliveries.plan([post])
    await rounds.tick(rounds.now() + timedelta(hours=1))
    ((room, posted),) = rounds.platform.told
    assert room == "C1"
    assert "The rota." in posted
    await rounds.pass_time(moment(MARCH + WEEK, 12))
    assert [where for where, _ in rounds.platform.told] == ["C1", "C1"]
    assert "Tool library tools" in rounds.platform.told[1][1]


async def test_where_its_moderator_was_not_known_yet_the_way_there_is_looked_up(house: House) -> None:
    await house.database.boards.put_up(replace(BOARD, address={}))
    await house.database.pilots.save([pilot(1, "Tool library")], ANN, MONDAY - DAY)
    await house.sweep()
    (dead,) = await house.database.deliveries.dead_letters("example")
    assert "Say digest here" in dead.note
    await house.database.reaches.refresh(Reach("example", "slack", "mia", {"team": "T1"}), MONDAY, is_personal=False)
    assert await house.database.deliveries.retry("example", dead.delivery.key, MONDAY)
    await house.sweep()
    assert len(house.room.heard) == 1


async def test_on_a_platform_that_is_not_set_up_it_waits(house: House) -> None:
    await house.database.boards.put_up(replace(BOARD, platform="teams"))
    await house.database.boards.take_down(BOARD)
    await house.sweep()
    standing = await house.database.deliveries.standing(f"{DIGEST} 2026-21 example teams C1")
    assert standing is not None
    assert standing.state is State.WAITING
    assert "not set up" in standing.note
