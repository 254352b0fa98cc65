"""What the conversation remembers, each behind a port named for the need.

Every method raises UnavailableError where the database does not answer.
"""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from bot.answers import GivenAnswer, Rating
from bot.check_ins import Blocker, CheckIn, CheckInPlan, Due
from bot.circles import Circle
from bot.deliveries import Delivery, Standing
from bot.digests import Board
from bot.events import Event
from bot.members import Member, Preferences, Role
from bot.messages import Reply
from bot.people import LinkCode, Refusal
from bot.places import Place
from bot.reaches import No, Posted, Reach
from bot.rooms import Mode, Thread
from knowledge.ports import DemandStore, NewsStore, PilotStore

Progress = Callable[[str], Awaitable[None]]
"""Told the text of an answer so far, in whole sentences, while it is written."""


class Handle(Protocol):
    """The bot's one handler, as the adapters know it."""

    def __call__(self, event: Event, progress: Progress | None = None) -> Coroutine[Any, Any, Reply | None]: ...


class Seen(Protocol):
    """What has happened once already, for every replica and over restarts: platforms deliver some things twice."""

    async def claim(self, key: str, at: datetime) -> bool:
        """Whether this is the first claim of `key`; of several at one moment one is the first."""
        ...


class Threads(Protocol):
    """The threads that the bot takes part in."""

    async def thread(self, place: Place) -> Thread | None:
        """None where the bot takes no part, or no longer remembers it."""
        ...

    async def remember(self, place: Place, asked: Sequence[str], at: datetime) -> None:
        """What was asked there, instead of what was; who muted it meanwhile has muted it."""
        ...

    async def mute(self, place: Place, at: datetime) -> None:
        """What was asked there stays as it is."""
        ...


class Rooms(Protocol):
    """How the bot behaves in each room."""

    async def mode(self, place: Place) -> Mode:
        """MENTION unless somebody chose otherwise."""
        ...

    async def set_mode(self, place: Place, mode: Mode) -> None: ...


class AnswerStore(Protocol):
    """Answers that were given, and what people thought of them."""

    async def keep_answer(self, answer: GivenAnswer) -> None: ...

    async def answer(self, answer_id: str) -> GivenAnswer | None: ...

    async def note_post(self, answer_id: str, post: str) -> None:
        """Where it stands, as the platform names that; nothing where there is no such answer."""
        ...

    async def answer_posted_as(self, post: str, community: str) -> GivenAnswer | None:
        """The latest that stands there: platforms' own thumbs tell no more than where."""
        ...

    async def rate(self, rating: Rating) -> None:
        """Keep it instead of this person's earlier one; nothing where there is no such answer."""
        ...


class MemberStore(Protocol):
    """People of a community: what they may do, and how they want to be written to."""

    async def member(self, community: str, person: str) -> Member: ...

    async def keep_preferences(self, community: str, person: str, preferences: Preferences) -> None: ...

    async def appoint(self, community: str, person: str, role: Role, *, if_first: bool = False) -> bool:
        """With `if_first` only where the community has no administrator yet. Whether it was done."""
        ...

    async def moderators(self, community: str) -> Sequence[Member]:
        """All who may moderate, by person."""
        ...


class People(Protocol):
    """Which accounts are one person's. Addresses and codes come here hashed."""

    async def person(self, community: str, account: str) -> str:
        """The id of the person whose account this is: the account's own, unless it was linked."""
        ...

    async def accounts(self, community: str, person: str) -> Sequence[str]:
        """All that are this person's, the person's own id first; also where `person` is but one of them."""
        ...

    async def link(self, community: str, account: str, person: str, at: datetime) -> None:
        """Make `account`, with all that were linked to it, accounts of the person that `person` is or belongs to."""
        ...

    async def unlink(self, community: str, person: str, at: datetime) -> bool:
        """Make each account of the person a person of its own again. Whether there were several."""
        ...

    async def first_with(self, community: str, account: str, address: str, at: datetime) -> str:
        """The account that came with this address first; `account` itself also where it was linked before, or to."""
        ...

    async def offer(self, code: LinkCode, digest: str) -> None:
        """Keep it, by the hash of the code, instead of the person's earlier one."""
        ...

    async def redeem(
        self, community: str, person: str, digest: str, at: datetime, *, is_spent: bool
    ) -> LinkCode | Refusal:
        """What the code stands for that this person brings; of several who spend it at one moment one gets it.

        A wrong one counts against the person: after WRONG_CODES_ALLOWED even a right one is refused for a while.
        """
        ...


class Reaches(Protocol):
    """How people are written to privately, and where they said no."""

    async def refresh(self, reach: Reach, at: datetime, *, is_personal: bool) -> None:
        """The person did something with the bot at that moment, whose address is this, as far as it tells one.

        With `is_personal` it was between the two of them alone, or they added the bot: that takes back an earlier no,
        and nothing else does. Who blocked the bot and then mentions it in a channel has answered there, and has not
        asked to be written to. Cheap: nothing is written where nothing differs and a day has not passed.
        """
        ...

    async def note_address(self, reach: Reach) -> None:
        """Where the bot itself began a conversation: that is no sign of the person. Nothing of one never seen."""
        ...

    async def close(self, community: str, platform: str, account: str, because: No, at: datetime) -> None:
        """The person said no, also one who was never seen before; of several the first one stays."""
        ...

    async def reaches(self, community: str, accounts: Sequence[str]) -> Sequence[Reach]:
        """Those of these accounts, open and closed; whose person was there latest comes first, to the day."""
        ...

    async def closed(self, community: str) -> Sequence[Reach]:
        """Where people said no, the latest first."""
        ...


class Deliveries(Protocol):
    """What is to be sent once; the sweep in jobs.deliveries sends it."""

    async def plan(self, deliveries: Sequence[Delivery]) -> int:
        """Keep those whose key is new; how many were.

        One that was cancelled before anything was sent is planned anew, as it is now.
        """
        ...

    async def standing(self, key: str) -> Standing | None:
        """None of what was never planned, or was forgotten."""
        ...

    async def dead_letters(self, community: str, limit: int = 100) -> Sequence[Standing]:
        """What could not be sent, the latest first."""
        ...

    async def retry(self, community: str, key: str, at: datetime) -> bool:
        """Send a dead letter at that moment, however late it is, with all its attempts anew. Whether it was dead."""
        ...

    async def cancel(
        self, community: str, at: datetime, note: str, *, kind: str = "", person: str = "", about: str = ""
    ) -> int:
        """Drop what is to be sent of this kind, to this person, about this; a person or what it is about is named.

        How many were still to be sent. What is being sent at that moment cannot be stopped, but is not tried again.
        """
        ...


class CheckInPlans(Protocol):
    """Who is asked about which pilot, and when next."""

    async def plan(self, pilot_id: str) -> CheckInPlan | None: ...

    async def keep(self, plan: CheckInPlan) -> bool:
        """Keep it with the next version, where it is a new one of version 0 or nobody changed it since it was read.

        Whether it was kept: who changed another one reads it anew.
        """
        ...

    async def plans(self, community: str, person: str = "") -> Sequence[CheckInPlan]:
        """All of a community, or those of one person, in the order of their pilots."""
        ...

    async def due(self, at: datetime, limit: int) -> Sequence[CheckInPlan]:
        """Those that are due by that moment, the earliest first; whatever their state."""
        ...


class CheckIns(Protocol):
    """What was asked, and what came of it."""

    async def keep(self, check_in: CheckIn) -> bool:
        """As a plan is kept: a new one of version 0 where that pilot was not asked for that day before."""
        ...

    async def latest(self, pilot_id: str) -> CheckIn | None:
        """The one of the latest day: what came before it is no longer changed."""
        ...

    async def open(self, community: str, person: str) -> Sequence[CheckIn]:
        """What this person has not answered yet, the one asked latest first; of each pilot only its latest."""
        ...

    async def answered(self, pilot_id: str, before: date) -> CheckIn | None:
        """The latest before that day that was answered with words: what the next one starts from."""
        ...

    async def asked(self, community: str, since: datetime) -> Sequence[CheckIn]:
        """All that were asked from then on, the earliest first."""
        ...


class CheckInRounds(Protocol):
    """What the sweeps look at."""

    async def unanswered(self, asked_by: datetime, limit: int) -> Sequence[CheckIn]:
        """Open ones that were asked by then and not reminded of, the earliest first."""
        ...


class Blockers(Protocol):
    """What is in the way of pilots."""

    async def keep(self, blocker: Blocker) -> None:
        """Instead of what was kept of it, by where it was told."""
        ...

    async def blocker(self, learning_id: str) -> Blocker | None: ...

    async def unresolved(self, community: str) -> Sequence[Blocker]:
        """The latest first."""
        ...

    async def withdraw(self, learning_id: str) -> None:
        """It was told by mistake, or is told no longer."""
        ...


class Calendar(Protocol):
    """When people are asked: rhythms, and everybody's own time."""

    def rhythm(self, text: str) -> str:
        """The rhythm that somebody typed, as it is kept. PilotlightError, with what to write, where it is none."""
        ...

    def next_due(self, plan: CheckInPlan, preferences: Preferences, after: datetime) -> Due | None:
        """The next asking of a plan after that moment, minding its pause.

        What was put off comes on the day `snoozed_until`: the asking of `asked_on` once more, or a later one whose day
        has come by then. None where nobody is asked: it is stopped, paused for good, without a rhythm, or its challenge
        is over.
        """
        ...


class Prompter(Protocol):
    """Writes to people on one platform, who did not just write to it."""

    async def prompt(self, reach: Reach, reply: Reply, key: str = "") -> Posted:
        """Where it stands, perhaps in a conversation just begun. With a `key` it can be looked for, as far as may be.

        Raises UnreachableError where the person does not want to or cannot be written to, UnavailableError where the
        platform did not take it, perhaps in doubt, and other PilotlightErrors where it surely never will.
        """
        ...

    async def was_sent(self, reach: Reach, key: str, since: datetime) -> bool | None:
        """Whether what was sent since then with that key has arrived; None where the platform cannot tell.

        Raises UnavailableError where it may tell another time.
        """
        ...


class Boards(Protocol):
    """The rooms that are told what is new."""

    async def put_up(self, board: Board) -> None:
        """Instead of what was kept of that room."""
        ...

    async def take_down(self, board: Board) -> None: ...

    async def boards(self, community: str = "") -> Sequence[Board]:
        """Of all communities, or of one; the one chosen first comes first."""
        ...

    async def note_told(self, board: Board, until: datetime) -> None:
        """What came about before then was told there; whoever changed the board meanwhile has changed it."""
        ...


class Circles(Protocol):
    """Learning circles, and the pilots that joined them; who of those is a member still, their plans say."""

    async def begin(self, circle: Circle) -> None: ...

    async def end(self, circle_id: str) -> None:
        """With all that joined it."""
        ...

    async def circles(self, community: str = "") -> Sequence[Circle]:
        """Of all communities, or of one; the one that began first comes first."""
        ...

    async def join(self, circle_id: str, pilot_id: str) -> None: ...

    async def leave(self, circle_id: str, pilot_id: str) -> None: ...

    async def joined(self, circle_id: str) -> Sequence[str]:
        """The ids of the pilots, in their order."""
        ...


class Announcer(Protocol):
    """Writes to rooms of one platform, where nobody just wrote to it."""

    async def has_strangers(self, board: Board) -> bool:
        """Whether people from outside read along there, or may; also where the platform does not say."""
        ...

    async def announce(self, board: Board, reply: Reply, key: str = "") -> str:
        """The platform's name of the post; with a `key` it can be looked for, as far as may be.

        Raises UnavailableError where the platform did not take it, perhaps in doubt, and other PilotlightErrors, which
        say what to do, where it surely never will.
        """
        ...

    async def was_announced(self, board: Board, key: str, since: datetime) -> bool | None:
        """As a Prompter's `was_sent`."""
        ...


class Correspondent(Prompter, Announcer, Protocol):
    """Writes first on one platform, to people and to rooms."""


class Stores(Protocol):
    """All that the bot keeps, as one open database has it."""

    @property
    def pilots(self) -> PilotStore: ...
    @property
    def demands(self) -> DemandStore: ...
    @property
    def seen(self) -> Seen: ...
    @property
    def threads(self) -> Threads: ...
    @property
    def rooms(self) -> Rooms: ...
    @property
    def answers(self) -> AnswerStore: ...
    @property
    def members(self) -> MemberStore: ...
    @property
    def people(self) -> People: ...
    @property
    def reaches(self) -> Reaches: ...
    @property
    def deliveries(self) -> Deliveries: ...
    @property
    def check_in_plans(self) -> CheckInPlans: ...
    @property
    def check_ins(self) -> CheckIns: ...
    @property
    def blockers(self) -> Blockers: ...
    @property
    def boards(self) -> Boards: ...
    @property
    def circles(self) -> Circles: ...
    @property
    def news(self) -> NewsStore: ...
