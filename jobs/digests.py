"""Digests: what is new goes to the rooms that moderators chose, once a week, and what owners agreed to at once."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.check_ins import POST
from bot.deliveries import Delivery
from bot.digests import DIGEST, Board
from bot.messages import Reply
from bot.ports import Announcer, Boards, Deliveries, People, Reaches
from jobs.deliveries import Away, Dead, Dropped, Result, Sent
from knowledge.errors import PilotlightError, UnavailableError

KINDS = frozenset({DIGEST, POST})
TOLD_AT = time(9)
GOOD_FOR = timedelta(days=2)  # after which the next one tells it

NOTHING_NEW = "There was nothing new."
NO_BOARD = "No channel was chosen for it."
NO_ADDRESS = "Whoever chose the channel is not known there any more. Say digest here in it once more, then try again."
NOT_WANTED = "It is not wanted any more."
_NOT_SET_UP = "Pilotlight is not set up to write there."


class Words(Protocol):
    """What a room is told of what came about before `until`; None where there is nothing new."""

    def __call__(self, board: Board, until: datetime, *, has_strangers: bool) -> Awaitable[Reply | None]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """Every replica may plan and send; `zone` is where it is nine o'clock. `post` says what an owner agreed to."""

    boards: Boards
    deliveries: Deliveries
    words: Words
    post: Callable[[Delivery, str], Awaitable[Reply | None]]
    people: People
    reaches: Reaches
    announcers: Mapping[str, Announcer]
    now: Callable[[], datetime]
    zone: str = "UTC"

    async def plan(self, at: datetime) -> int:
        """What is due by then; how many were not planned before. Of a room and a week there is one."""
        planned = [due for each in await self.boards.boards() if (due := self._due(each, at))]
        return await self.deliveries.plan(planned)

    async def send(self, delivery: Delivery) -> Result:
        """Of one of the KINDS, as a Send."""
        board = await self._board(delivery)
        if board is None:
            return Dropped(NO_BOARD)
        announcer = self.announcers.get(board.platform)
        if announcer is None:
            return Away(f"{board.platform.capitalize()}: {_NOT_SET_UP}")
        if not board.address:
            return Dead(NO_ADDRESS)
        if delivery.kind == POST:
            return await self._post(delivery, board, announcer)
        until = self.now()
        has_strangers = await _surely(announcer.has_strangers(board))
        reply = await self.words(board, until, has_strangers=has_strangers)
        if reply is None:
            return Dropped(NOTHING_NEW)
        sent = Sent(board.platform, await announcer.announce(board, reply, delivery.key))
        await self._note_told(board, until)
        return sent

    async def was_sent(self, delivery: Delivery) -> bool | None:
        """Of one of the KINDS, as a WasSent."""
        board = await self._board(delivery)
        announcer = self.announcers.get(board.platform) if board else None
        if board is None or announcer is None:
            return None
        found = await announcer.was_announced(board, delivery.key, delivery.due_at)
        if found and delivery.kind == DIGEST:
            await self._note_told(board, delivery.due_at)
        return found

    async def _post(self, delivery: Delivery, board: Board, announcer: Announcer) -> Result:
        """A post is for the community, so nobody from outside reads it."""
        if await _surely(announcer.has_strangers(board)):
            return Dropped("People from outside read along in the channel.")
        reply = await self.post(delivery, delivery.person)
        if reply is None:
            return Dropped(NOT_WANTED)
        return Sent(board.platform, await announcer.announce(board, reply, delivery.key))

    async def _board(self, delivery: Delivery) -> Board | None:
        """The room it is for; of a post the one that was chosen first."""
        boards = await self.boards.boards(delivery.community)
        board = next((each for each in boards if delivery.kind == POST or each.id == delivery.about), None)
        return board if board is None or board.address else replace(board, address=await self._address(board))

    async def _address(self, board: Board) -> Mapping[str, str]:
        """How whoever chose it is reached there by now."""
        accounts = await self.people.accounts(board.community, board.chosen_by)
        reaches = await self.reaches.reaches(board.community, accounts)
        return next((each.address for each in reaches if each.platform == board.platform and each.address), {})

    async def _note_told(self, board: Board, until: datetime) -> None:
        """Not noted, the next one tells it once more; raised, this one would be sent twice."""
        try:
            await self.boards.note_told(board, until)
        except PilotlightError:
            return

    def _due(self, board: Board, at: datetime) -> Delivery | None:
        zone = ZoneInfo(self.zone)
        today = at.astimezone(zone).date()
        day = today - timedelta(days=(today.weekday() - board.weekday) % 7)
        due_at = datetime.combine(day, TOLD_AT, zone)
        if not board.chosen_at < due_at <= at < due_at + GOOD_FOR:
            return None
        year, week, _ = day.isocalendar()
        return Delivery(
            key=f"{DIGEST} {year}-{week:02} {board.community} {board.id}",
            kind=DIGEST,
            community=board.community,
            person=board.chosen_by,
            about=board.id,
            due_at=due_at,
            stale_after=due_at + GOOD_FOR,
        )


async def _surely(asked: Awaitable[bool]) -> bool:
    """Asking sends nothing: where it may have been heard or not, nothing is in doubt."""
    try:
        return await asked
    except UnavailableError as error:
        raise UnavailableError(str(error)) from error
