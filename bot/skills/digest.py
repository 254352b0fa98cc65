"""Digest: which room is told what is new, chosen by those who look after the community; and what it is told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.cards import channels
from bot.cards import digests as cards
from bot.digests import DIGEST, Board, News, Spread
from bot.messages import Message, Reply
from bot.people import Person
from bot.places import Place
from bot.ports import Boards, Deliveries, MemberStore, People, Reaches
from bot.voice import ENGLISH, speaking
from knowledge.learnings import Learning
from knowledge.pilots import Pilot, Stage
from knowledge.ports import DemandStore, History, NewsStore, PilotStore
from knowledge.text import fold
from knowledge.visibility import Viewer

_LONG = 3  # letters that tell weekdays apart
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_QUESTIONS_COUNTED = 100
_LOOKED_AT = 5_000  # changed pilots: of a whole catalogue that was imported nobody reads more
_AT_ONCE = 500
_SPREADS_WITHIN = 10  # seconds, of the half minute that a send may take; what takes longer is left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """`language` is what rooms read."""

    boards: Boards
    members: MemberStore
    people: People
    reaches: Reaches
    deliveries: Deliveries
    pilots: PilotStore
    news: NewsStore
    demands: DemandStore
    now: Callable[[], datetime]
    language: str = ENGLISH

    async def __call__(self, rest: str, person: Person, place: Place) -> Message | Reply:
        """`/pilot digest here [weekday]`, `/pilot digest off`, and without either how it is."""
        if place.is_private and not place.is_shareable:
            return channels.no_room_here()
        if place.is_outside:
            return channels.outsider()
        wanted = rest.casefold().split()
        board = await self._board(place)
        if not wanted:
            return Reply(content=cards.state(board), is_private=True)
        member = await self.members.member(place.community, person.id)
        if not member.role.may_moderate:
            has_any = bool(await self.members.moderators(place.community))
            return Reply(content=channels.only_moderators(has_any=has_any), is_private=True)
        match wanted:
            case ["off"]:
                return await self._take_down(board)
            case ["here"]:
                return await self._put_up(board, board.weekday if board else 0, person, place)
            case ["here", named] if (weekday := _weekday(named)) is not None:
                return await self._put_up(board, weekday, person, place)
        return Reply(content=cards.unknown_weekday(), is_private=True)

    async def of(self, board: Board, until: datetime, *, has_strangers: bool) -> Reply | None:
        """What that room is told; None where there is nothing new. `has_strangers` where outsiders read along."""
        viewer = Viewer() if has_strangers else Viewer(board.community)
        news = await self._gathered(board, viewer, until)
        if news.is_empty:
            return None
        with speaking(self.language):
            return Reply(content=cards.digest(news), language=self.language)

    async def _board(self, place: Place) -> Board | None:
        return next((each for each in await self.boards.boards(place.community) if each.is_in(place)), None)

    async def _put_up(self, board: Board | None, weekday: int, person: Person, place: Place) -> Reply:
        now = self.now()
        board = Board(
            platform=place.platform,
            community=place.community,
            room=place.room,
            weekday=weekday,
            chosen_by=person.id,
            chosen_at=board.chosen_at if board else now,
            told_until=board.told_until if board else now,
            address=await self._address(person, place),
        )
        await self.boards.put_up(board)
        return Reply(content=cards.chosen(board, by=person.name))

    async def _take_down(self, board: Board | None) -> Reply:
        if board is None:
            return Reply(content=cards.off(None), is_private=True)
        await self.boards.take_down(board)
        note = "The channel gets no digest any more."
        await self.deliveries.cancel(board.community, self.now(), note, kind=DIGEST, about=board.id)
        return Reply(content=cards.off(board))

    async def _address(self, person: Person, place: Place) -> Mapping[str, str]:
        """How the platform is reached there, which is how whoever says so is reached: the latest of theirs on it.

        Empty where these are their first words here, of which that is not noted yet: then it is looked up when needed.
        """
        accounts = await self.people.accounts(place.community, person.id)
        reaches = await self.reaches.reaches(place.community, accounts)
        return next((each.address for each in reaches if each.platform == place.platform and each.address), {})

    async def _gathered(self, board: Board, viewer: Viewer, until: datetime) -> News:
        """Only what was told in this community, or to all."""
        since, today = board.told_until, until.date()
        seen = _Seen(viewer, board.community, today)
        ids = await self.news.changed(since, until)
        changed = [each async for each in self._changed(ids[:_LOOKED_AT], since, until)]
        new = tuple(pilot for pilot, is_new, _ in changed if is_new and seen.pilot(pilot))
        stopped = tuple(pilot for pilot, is_new, is_stopped in changed if is_stopped and seen.pilot(pilot))
        learnings = await self._learnings(seen, since, until)
        questions = () if viewer.community is None else await self.demands.demands(viewer.community, _QUESTIONS_COUNTED)
        return News(
            pilots=tuple(pilot for pilot in new if pilot.stage is not Stage.STOPPED),
            stopped=stopped,
            learnings=tuple(learnings),
            spreads=tuple(await self._spreads_in_time(new, seen)),
            open_questions=sum(since <= each.asked_at < until for each in questions),
            is_cut=len(ids) > _LOOKED_AT,
        )

    async def _changed(
        self, ids: Sequence[str], since: datetime, until: datetime
    ) -> AsyncIterator[tuple[Pilot, bool, bool]]:
        """A batch at a time, so that others have their turn meanwhile."""
        for start in range(0, len(ids), _AT_ONCE):
            histories = await self.pilots.histories(ids[start : start + _AT_ONCE])
            for known in histories.values():
                if changed := _changed(known, since, until):
                    yield changed

    async def _learnings(self, seen: "_Seen", since: datetime, until: datetime) -> Sequence[tuple[Pilot, Learning]]:
        """The latest first, and of each pilot one: the others it shows itself."""
        told = [each for each in await self.news.told(since, until) if seen.learning(each)]
        pilots = await self.pilots.pilots(sorted({each.pilot_id for each in told}))
        latest = {each.pilot_id: each for each in told}
        ordered = sorted(latest.values(), key=lambda each: (each.told_at, each.id), reverse=True)
        found = [(pilots[each.pilot_id], each) for each in ordered if each.pilot_id in pilots]
        return [(pilot, learning) for pilot, learning in found if seen.pilot(pilot)]

    async def _spreads_in_time(self, new: Sequence[Pilot], seen: "_Seen") -> Sequence[Spread]:
        try:
            async with asyncio.timeout(_SPREADS_WITHIN):
                return await self._spreads(new, seen)
        except TimeoutError:
            return []

    async def _spreads(self, new: Sequence[Pilot], seen: "_Seen") -> Sequence[Spread]:
        """Of what asks to be repeated on a topic of something new: nothing is read where there is nothing new."""
        touched = {topic for pilot in new for topic in _topics(pilot)}
        if not touched:
            return []
        wanted: list[Pilot] = []
        tried: dict[str, set[str]] = {}
        async for pilot in self._told_here(seen):
            organisation = fold(pilot.organisation or "")
            for topic in {"", *_topics(pilot)} if organisation else set[str]():
                tried.setdefault(topic, set()).add(organisation)
            if pilot.second_site and touched & set(_topics(pilot)):
                wanted.append(pilot)
        organisations = len(tried.get("", ()))
        spreads = [
            Spread(pilot, len(set().union(*(tried.get(topic, set()) for topic in _topics(pilot)))), organisations)
            for pilot in wanted
        ]
        return [each for each in spreads if each.tried < each.organisations]

    async def _told_here(self, seen: "_Seen") -> AsyncIterator[Pilot]:
        async for pilot in self.pilots.all():
            if pilot.visibility.community == seen.community and seen.pilot(pilot):
                yield pilot


@dataclass(frozen=True, slots=True)
class _Seen:
    """What all in the room may see, and is theirs: what a server has of other communities is no news here."""

    viewer: Viewer
    community: str
    today: date

    def pilot(self, pilot: Pilot) -> bool:
        is_theirs = pilot.visibility.community in (None, self.community)
        return is_theirs and pilot.visibility.is_open_to(self.viewer, self.today)

    def learning(self, learning: Learning) -> bool:
        return learning.visibility.is_open_to(self.viewer, self.today)


def _changed(history: History, since: datetime, until: datetime) -> tuple[Pilot, bool, bool] | None:
    """The pilot as it is now, whether it is new, and whether it was stopped since; None once it is removed."""
    if history.is_removed:
        return None
    first, latest = history.revisions[0], history.revisions[-1]
    before = next((each.pilot for each in reversed(history.revisions) if each.at < since), None)
    is_stopped = latest.pilot.stage is Stage.STOPPED and (before is None or before.stage is not Stage.STOPPED)
    return latest.pilot, since <= first.at < until, is_stopped


def _topics(pilot: Pilot) -> Sequence[str]:
    return [fold(each) for each in pilot.topics]


def _weekday(named: str) -> int | None:
    """By its English name, or its first letters."""
    if len(named) < _LONG:
        return None
    return next((number for number, each in enumerate(_WEEKDAYS) if each.startswith(named)), None)
