"""Check-ins over any database, with a platform that takes everything and a clock that the test sets."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from adapters.sql import Database
from bot.check_ins import CheckIn, CheckInPlan, CheckInState
from bot.deliveries import Standing
from bot.digests import Board
from bot.members import Preferences, Role
from bot.messages import Message, Reply, plain
from bot.question_sets import shipped
from bot.reaches import Posted, Reach
from bot.skills.digest import Digest
from bot.skills.first_words import FirstWords
from bot.skills.gather import Gather
from bot.skills.oversee import Oversee
from bot.skills.tend import Tend
from deploy.settings import Settings
from deploy.sweeps import Sweeps, sweeps
from deploy.wiring import House
from jobs.calendars import WorkingCalendar
from jobs.check_ins import key_of_day
from knowledge.pilots import Contact, Pilot, Provenance, Stage
from knowledge.ports import Author
from knowledge.visibility import Audience, Visibility
from tests.fakes import MemoryDatabase

ZONE = "Europe/Berlin"
MONDAY = date(2026, 3, 2)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)


def moment(day: date, hour: int = 9, minute: int = 0) -> datetime:
    """In UTC: nine o'clock is ten in Berlin in winter, when people are asked."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def pilot(name: str = "tools", **fields: Any) -> Pilot:
    """Of Ann, with Dee to stand in for her."""
    known: dict[str, Any] = {
        "owner": Contact(name="Ann", person="ann"),
        "deputy": Contact(name="Dee", person="dee"),
        "stage": Stage.PILOT,
        "title": f"Tool library {name}",
        "summary": "Residents borrow drills with their library card.",
        "visibility": Visibility(audience=Audience.COMMUNITY, community="example"),
    }
    return Pilot(provenance=Provenance(source="test", source_id=name), **(known | fields))


@dataclass(frozen=True)
class Sent:
    at: datetime
    account: str
    text: str
    key: str
    plan: CheckInPlan | None = None
    latest: CheckIn | None = None


@dataclass
class Platform:
    """A Correspondent that notes what it takes, and how plan and check-in stood; `troubles` are raised, by account."""

    now: list[datetime]
    database: MemoryDatabase | Database
    sent: list[Sent] = field(default_factory=list)
    troubles: dict[str, Exception] = field(default_factory=dict)
    tells: bool = True
    told: list[tuple[str, str]] = field(default_factory=list)  # in rooms: the room, and what

    async def has_strangers(self, board: Board) -> bool:
        return False

    async def announce(self, board: Board, reply: Reply, key: str = "") -> str:
        assert isinstance(reply.content, Message)
        self.told.append((board.room, plain(reply.content)))
        return f"post {len(self.told)}"

    async def was_announced(self, board: Board, key: str, since: datetime) -> bool | None:
        return None

    async def prompt(self, reach: Reach, reply: Reply, key: str = "") -> Posted:
        if trouble := self.troubles.get(reach.account):
            raise trouble
        assert isinstance(reply.content, Message)
        pilot_id = key.split("@", maxsplit=1)[0].rsplit(maxsplit=1)[-1]
        plan, latest = (
            await self.database.check_in_plans.plan(pilot_id),
            await self.database.check_ins.latest(pilot_id),
        )
        self.sent.append(Sent(self.now[0], reach.account, plain(reply.content), key, plan, latest))
        return Posted(reach, f"message {len(self.sent)}")

    async def was_sent(self, reach: Reach, key: str, since: datetime) -> bool | None:
        assert since < self.now[0]
        return any(each.key == key for each in self.sent) if self.tells else None

    def to(self, account: str) -> list[str]:
        return [each.text for each in self.sent if each.account == account]


class _NothingFound:
    """A Search for what people type: here it is found by its plan, or not at all."""

    async def find(self, *_: Any, **__: Any) -> SimpleNamespace:
        return SimpleNamespace(hits=())


@dataclass
class Rounds:
    database: MemoryDatabase | Database = field(default_factory=MemoryDatabase)
    clock: list[datetime] = field(default_factory=lambda: [moment(MONDAY) - DAY])
    platform: Platform = field(init=False)
    sweeps: Sweeps = field(init=False)
    gather: Gather = field(init=False)

    def __post_init__(self) -> None:
        self.platform = Platform(self.clock, self.database)
        self.sweeps = self.replica(self.database)

    def replica(self, database: MemoryDatabase | Database) -> Sweeps:
        """Another program's sweeps, over the same platform."""
        calendar = WorkingCalendar(zone=ZONE, country="DE")
        tend = Tend(
            pilots=database.pilots,
            plans=database.check_in_plans,
            members=database.members,
            people=database.people,
            deliveries=database.deliveries,
            search=cast("Any", _NothingFound()),
            calendar=calendar,
            now=self.now,
        )
        words = FirstWords(tend=tend, check_ins=database.check_ins)
        digest = Digest(
            boards=database.boards,
            members=database.members,
            people=database.people,
            reaches=database.reaches,
            deliveries=database.deliveries,
            pilots=database.pilots,
            news=database.news,
            demands=database.demands,
            now=self.now,
        )
        oversee = Oversee(tend=tend, check_ins=database.check_ins, questions=shipped(), now=self.now)
        self.gather = Gather(
            tend=tend, oversee=oversee, circles=database.circles, now=self.now, new_id=lambda: "circle-1"
        )
        bot = SimpleNamespace(first_words=words, digest=digest, gather=self.gather)
        parts = {"search": None, "bot": bot, "database": database}
        house = House(calendar=calendar, now=self.now, **cast("Any", parts))
        return sweeps(house, {"slack": self.platform}, Settings(_env_file=None))  # type: ignore[call-arg]

    def now(self) -> datetime:
        return self.clock[0]

    async def begin(self, rhythm: str = "every week", *pilots: Pilot, **plan: Any) -> None:
        """Ann, Dee and a moderator are known; Ann is asked from that Monday on."""
        await self.database.pilots.save(pilots or [pilot()], Author("test"), self.now())
        await self.database.members.appoint("example", "mia", Role.MODERATOR)
        for account in ("ann", "dee", "mia"):
            await self.database.reaches.refresh(Reach("example", "slack", account, {}), self.now(), is_personal=True)
        for each in pilots or [pilot()]:
            await self.keep(
                CheckInPlan(
                    pilot_id=each.id,
                    community="example",
                    person="ann",
                    rhythm=rhythm,
                    started_on=plan.pop("started_on", MONDAY),
                    **plan,
                )
            )

    async def keep(self, plan: CheckInPlan) -> None:
        """As the skills do: with what is due by it."""
        preferences = (await self.database.members.member("example", plan.person)).preferences
        due = WorkingCalendar(zone=ZONE, country="DE").next_due(plan, preferences, self.now())
        assert await self.database.check_in_plans.keep(replace(plan, due_at=due.at if due else None))

    async def prefer(self, person: str = "ann", **preferences: Any) -> None:
        await self.database.members.keep_preferences("example", person, Preferences(**preferences))

    async def tick(self, at: datetime) -> dict[str, Mapping[str, int]]:
        """Every sweep once at that moment."""
        self.clock[0] = at
        return {name: Counter(await step(at)) for name, (step, _) in self.sweeps.steps.items()}

    async def pass_time(self, until: datetime, every: timedelta = timedelta(minutes=30)) -> None:
        while self.now() < until:
            await self.tick(min(self.now() + every, until))

    async def plan(self, name: str = "tools") -> CheckInPlan:
        found = await self.database.check_in_plans.plan(pilot(name).id)
        assert found is not None
        return found

    async def latest(self, name: str = "tools") -> CheckIn | None:
        return await self.database.check_ins.latest(pilot(name).id)

    async def standing(self, on: date, name: str = "tools") -> Standing | None:
        return await self.database.deliveries.standing(key_of_day(pilot(name).id, on))

    async def answer(self, state: CheckInState = CheckInState.NOTHING_NEW) -> None:
        """As the skill keeps it."""
        latest = await self.latest()
        assert latest is not None
        assert await self.database.check_ins.keep(replace(latest, state=state))
        await self.keep(replace(await self.plan(), silences=0, snoozed_until=None))
