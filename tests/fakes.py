"""In-memory stand-ins for the ports of knowledge and of bot. They sit the same contract tests as the real ones."""

import asyncio
import secrets
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from bot.answers import GivenAnswer, Rating
from bot.check_ins import Blocker, CheckIn, CheckInPlan, CheckInState
from bot.circles import Circle
from bot.deliveries import Delivery, Standing, State
from bot.digests import Board
from bot.members import Member, Preferences, Role
from bot.people import CODE_LASTS, WRONG_CODES_ALLOWED, WRONG_CODES_WITHIN, LinkCode, Refusal
from bot.places import Place
from bot.reaches import No, Reach
from bot.rooms import Mode, Thread
from jobs.deliveries import Claimed, Dead, Doubtful, Dropped, Later, Outcome, Sent, state_of
from knowledge.errors import InvalidRecordError, UnavailableError
from knowledge.index.analysis import words
from knowledge.learnings import Learning
from knowledge.pilots import Pilot
from knowledge.ports import Author, Change, Demand, History, PilotStore, Revision, Vectors
from knowledge.text import clean, shorten


class MemoryPilotStore:
    """A PilotStore that lasts as long as its process."""

    def __init__(self) -> None:
        self._identity = secrets.token_hex(8)
        self._last_change = 0
        self._in_sight: dict[str, Pilot] = {}
        self._changed: dict[str, int] = {}
        self._revisions: dict[str, list[Revision]] = {}
        self._learnings: dict[str, Learning] = {}

    async def identity(self) -> str:
        return self._identity

    async def save(self, pilots: Sequence[Pilot], by: Author, at: datetime) -> int:
        saved = 0
        for pilot in pilots:
            if self._in_sight.get(pilot.id) == pilot:
                continue
            revisions = self._revisions.setdefault(pilot.id, [])
            revisions.append(Revision(pilot=pilot, number=len(revisions) + 1, at=at, by=by))
            self._in_sight[pilot.id] = pilot
            self._mark_changed(pilot.id)
            saved += 1
        return saved

    async def get(self, pilot_id: str) -> Pilot | None:
        return self._in_sight.get(pilot_id)

    async def owned_by(self, community: str, person: str) -> Sequence[Pilot]:
        return [
            pilot
            for _, pilot in sorted(self._in_sight.items())
            if pilot.owner and pilot.owner.person == person and pilot.visibility.community == community
        ]

    async def pilots(self, ids: Sequence[str]) -> Mapping[str, Pilot]:
        return {each: self._in_sight[each] for each in ids if each in self._in_sight}

    async def remove(self, pilot_id: str, by: Author, at: datetime) -> bool:
        if self._in_sight.pop(pilot_id, None) is None:
            return False
        self._mark_changed(pilot_id)
        return True

    async def histories(self, pilot_ids: Sequence[str]) -> Mapping[str, History]:
        return {
            each: History(revisions=tuple(self._revisions[each]), is_removed=each not in self._in_sight)
            for each in pilot_ids
            if each in self._revisions
        }

    async def learnings_of(self, pilot_ids: Sequence[str]) -> Mapping[str, Sequence[Learning]]:
        told = {each: await self.learnings(each) for each in pilot_ids}
        return {pilot_id: learnings for pilot_id, learnings in told.items() if learnings}

    async def keep_learning(self, learning: Learning) -> None:
        if learning.pilot_id not in self._in_sight:
            raise InvalidRecordError("there is no such pilot", field="pilot_id")
        before = self._learnings.get(learning.id)
        if before is not None and not learning.may_replace(before):
            raise InvalidRecordError("another learning is called so", field="id")
        if before != learning:
            self._learnings[learning.id] = learning
            self._mark_changed(learning.pilot_id)

    async def remove_learning(self, learning_id: str) -> bool:
        if (removed := self._learnings.pop(learning_id, None)) is None:
            return False
        self._mark_changed(removed.pilot_id)
        return True

    async def learnings(self, pilot_id: str) -> Sequence[Learning]:
        if pilot_id not in self._in_sight:
            return ()
        told = (learning for learning in self._learnings.values() if learning.pilot_id == pilot_id)
        return tuple(sorted(told, key=lambda learning: (learning.told_at, learning.id)))

    async def all(self) -> AsyncIterator[Pilot]:
        for _, pilot in sorted(self._in_sight.items()):
            yield pilot

    async def changes(self, after: int, limit: int = 1000) -> Sequence[Change]:
        newer = sorted((number, pilot_id) for pilot_id, number in self._changed.items() if number > after)
        return [
            Change(
                number=number,
                pilot_id=pilot_id,
                pilot=self._in_sight.get(pilot_id),
                learnings=tuple(await self.learnings(pilot_id)),
            )
            for number, pilot_id in newer[:limit]
        ]

    async def changed(self, since: datetime, until: datetime) -> Sequence[str]:
        of_then = {key for key, told in self._revisions.items() if any(since <= each.at < until for each in told)}
        return sorted(of_then & self._in_sight.keys())

    async def told(self, since: datetime, until: datetime) -> Sequence[Learning]:
        then = (each for each in self._learnings.values() if since <= each.told_at < until)
        in_sight = (each for each in then if each.pilot_id in self._in_sight)
        return sorted(in_sight, key=lambda each: (each.told_at, each.id))

    def _mark_changed(self, pilot_id: str) -> None:
        self._last_change += 1
        self._changed[pilot_id] = self._last_change


class MemoryDemandStore:
    """A DemandStore that lasts as long as its process."""

    def __init__(self) -> None:
        self._demands: dict[str, Demand] = {}

    async def keep(self, demand: Demand) -> None:
        self._demands.setdefault(demand.id, demand)

    async def demands(self, community: str | None, limit: int = 100) -> Sequence[Demand]:
        of_community = [demand for demand in self._demands.values() if demand.community == community]
        newest_first = sorted(of_community, key=lambda demand: (-demand.asked_at.timestamp(), demand.id))
        return newest_first[:limit]


class MemorySeen:
    """A Seen that lasts as long as its process."""

    def __init__(self) -> None:
        self._seen: dict[str, datetime] = {}

    async def claim(self, key: str, at: datetime) -> bool:
        if key in self._seen:
            return False
        self._seen[key] = at
        return True

    async def forget(self, before: datetime) -> None:
        self._seen = {key: at for key, at in self._seen.items() if at >= before}


class MemoryThreads:
    """A Threads that lasts as long as its process."""

    def __init__(self) -> None:
        self._threads: dict[tuple[str, ...], tuple[Thread, datetime]] = {}

    async def thread(self, place: Place) -> Thread | None:
        thread, _ = self._threads.get((*_room_of(place), place.thread), (None, None))
        return thread

    async def remember(self, place: Place, asked: Sequence[str], at: datetime) -> None:
        kept = await self.thread(place) or Thread()
        self._threads[*_room_of(place), place.thread] = replace(kept, asked=tuple(asked)), at

    async def mute(self, place: Place, at: datetime) -> None:
        kept = await self.thread(place) or Thread()
        self._threads[*_room_of(place), place.thread] = replace(kept, is_muted=True), at

    async def forget(self, before: datetime) -> None:
        self._threads = {key: (thread, at) for key, (thread, at) in self._threads.items() if at >= before}


class MemoryRooms:
    """A Rooms that lasts as long as its process."""

    def __init__(self) -> None:
        self._modes: dict[tuple[str, ...], Mode] = {}

    async def mode(self, place: Place) -> Mode:
        return self._modes.get(_room_of(place), Mode.MENTION)

    async def set_mode(self, place: Place, mode: Mode) -> None:
        self._modes[_room_of(place)] = mode


class MemoryAnswerStore:
    """An AnswerStore that lasts as long as its process."""

    def __init__(self) -> None:
        self._answers: dict[str, GivenAnswer] = {}
        self._posts: dict[str, str] = {}
        self._ratings: dict[tuple[str, str], Rating] = {}

    async def keep_answer(self, answer: GivenAnswer) -> None:
        self._answers.setdefault(answer.id, replace(answer, at=answer.at.astimezone(UTC)))

    async def answer(self, answer_id: str) -> GivenAnswer | None:
        return self._answers.get(answer_id)

    async def note_post(self, answer_id: str, post: str) -> None:
        if answer_id in self._answers:
            self._posts[answer_id] = post

    async def answer_posted_as(self, post: str, community: str) -> GivenAnswer | None:
        there = (self._answers[answer_id] for answer_id, at in self._posts.items() if at == post and post)
        of_community = (answer for answer in there if answer.community == community)
        return max(of_community, key=lambda answer: (answer.at, answer.id), default=None)

    async def rate(self, rating: Rating) -> None:
        if rating.answer_id in self._answers:
            self._ratings[rating.answer_id, rating.person] = replace(rating, at=rating.at.astimezone(UTC))

    async def ratings(self, community: str | None = None) -> Sequence[tuple[GivenAnswer, Rating]]:
        oldest_first = sorted(self._ratings.values(), key=lambda rating: (rating.at, rating.answer_id, rating.person))
        rated = [(self._answers[rating.answer_id], rating) for rating in oldest_first]
        return [(answer, rating) for answer, rating in rated if community in (None, answer.community)]

    async def forget(self, before: datetime) -> None:
        rated = {answer_id for answer_id, _ in self._ratings}
        self._answers = {
            answer_id: answer
            for answer_id, answer in self._answers.items()
            if answer.at >= before or answer_id in rated
        }
        self._posts = {answer_id: post for answer_id, post in self._posts.items() if answer_id in self._answers}


class MemoryMemberStore:
    """A MemberStore that lasts as long as its process."""

    def __init__(self) -> None:
        self._members: dict[tuple[str, str], Member] = {}

    async def member(self, community: str, person: str) -> Member:
        return self._members.get((community, person)) or Member(community=community, person=person)

    async def keep_preferences(self, community: str, person: str, preferences: Preferences) -> None:
        self._members[community, person] = replace(await self.member(community, person), preferences=preferences)

    async def appoint(self, community: str, person: str, role: Role, *, if_first: bool = False) -> bool:
        if if_first and any(each.role is Role.ADMINISTRATOR for each in await self.moderators(community)):
            return False
        self._members[community, person] = replace(await self.member(community, person), role=role)
        return True

    async def moderators(self, community: str) -> Sequence[Member]:
        ordered = sorted(self._members.values(), key=lambda member: member.person)
        return [member for member in ordered if member.community == community and member.role.may_moderate]


class MemoryPeople:
    """A People that lasts as long as its process."""

    def __init__(self) -> None:
        self._persons: dict[tuple[str, str], str] = {}
        self._addresses: dict[tuple[str, str], str] = {}
        self._codes: dict[tuple[str, str], LinkCode] = {}
        self._wrong: list[tuple[str, str, datetime]] = []

    async def person(self, community: str, account: str) -> str:
        return self._persons.get((community, account), account)

    async def accounts(self, community: str, person: str) -> Sequence[str]:
        root = await self.person(community, person)
        theirs = (account for (there, account), whose in self._persons.items() if (there, whose) == (community, root))
        return [root, *sorted(account for account in theirs if account != root)]

    async def link(self, community: str, account: str, person: str, at: datetime) -> None:
        root = await self.person(community, person)
        if account != root:
            theirs = [key for key, whose in self._persons.items() if (key[0], whose) == (community, account)]
            self._persons.update(dict.fromkeys([*theirs, (community, account), (community, root)], root))

    async def unlink(self, community: str, person: str, at: datetime) -> bool:
        theirs = await self.accounts(community, person)
        if len(theirs) > 1:
            self._persons.update({(community, account): account for account in theirs})
        return len(theirs) > 1

    async def first_with(self, community: str, account: str, address: str, at: datetime) -> str:
        if (community, account) in self._persons:
            return account
        return self._addresses.setdefault((community, address), account)

    async def offer(self, code: LinkCode, digest: str) -> None:
        whose = (code.community, code.person)
        self._codes = {key: each for key, each in self._codes.items() if (each.community, each.person) != whose}
        self._codes[code.community, digest] = replace(code, at=code.at.astimezone(UTC))

    async def redeem(
        self, community: str, person: str, digest: str, at: datetime, *, is_spent: bool
    ) -> LinkCode | Refusal:
        since = at - WRONG_CODES_WITHIN
        if sum(each[:2] == (community, person) and each[2] > since for each in self._wrong) >= WRONG_CODES_ALLOWED:
            return Refusal.TOO_MANY
        code = self._codes.get((community, digest))
        if code is None or code.at <= at - CODE_LASTS:
            self._wrong.append((community, person, at))
            return Refusal.WRONG
        if is_spent:
            del self._codes[community, digest]
        return code

    async def forget(self, before: datetime) -> None:
        self._codes = {key: code for key, code in self._codes.items() if code.at >= before}
        self._wrong = [each for each in self._wrong if each[2] >= before]


class MemoryReaches:
    """A Reaches that lasts as long as its process."""

    def __init__(self) -> None:
        self._reaches: dict[tuple[str, str, str], tuple[Reach, datetime, datetime | None]] = {}

    async def refresh(self, reach: Reach, at: datetime, *, is_personal: bool) -> None:
        key = (reach.community, reach.platform, reach.account)
        known, used_at, closed_at = self._reaches.get(key, (replace(reach, closed_because=None), at, None))
        merged = known.at(reach.address)
        if is_personal and closed_at is not None and closed_at < at:
            merged, closed_at = replace(merged, closed_because=None), None
        is_other = merged != known or used_at + timedelta(days=1) <= at
        self._reaches[key] = merged, max(used_at, at) if is_other else used_at, closed_at

    async def note_address(self, reach: Reach) -> None:
        key = (reach.community, reach.platform, reach.account)
        if key in self._reaches:
            known, used_at, closed_at = self._reaches[key]
            self._reaches[key] = known.at(reach.address), used_at, closed_at

    async def close(self, community: str, platform: str, account: str, because: No, at: datetime) -> None:
        key = (community, platform, account)
        known, used_at, closed_at = self._reaches.get(key, (Reach(*key, {}), at, None))
        if closed_at is None and used_at <= at:
            self._reaches[key] = replace(known, closed_because=because), used_at, at

    async def reaches(self, community: str, accounts: Sequence[str]) -> Sequence[Reach]:
        found = [(used_at, reach) for reach, used_at, _ in self._of(community) if reach.account in accounts]
        return [reach for _, reach in sorted(found, key=lambda each: each[0], reverse=True)]

    async def closed(self, community: str) -> Sequence[Reach]:
        found = [(closed_at, reach) for reach, _, closed_at in self._of(community) if closed_at]
        return [reach for _, reach in sorted(found, key=lambda each: each[0], reverse=True)]

    def _of(self, community: str) -> list[tuple[Reach, datetime, datetime | None]]:
        return [known for key, known in sorted(self._reaches.items()) if key[0] == community]


@dataclass
class _Kept:
    """A delivery as MemoryDeliveries keeps it."""

    standing: Standing
    next_at: datetime | None
    turn: int = 0
    lease_until: datetime | None = None
    is_cancelled: bool = False

    def put(self, state: State, **changes: Any) -> None:
        """Into nobody's hands."""
        self.next_at = changes.pop("next_at", None)
        self.lease_until = None
        self.standing = replace(self.standing, state=state, **changes)


class MemoryDeliveries:
    """Deliveries and the Queue of them that last as long as their process; `now` is the clock of the database."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._kept: dict[str, _Kept] = {}

    async def plan(self, planned: Sequence[Delivery]) -> int:
        new = {each.key: each for each in planned if self._is_free(each.key)}
        for key, each in new.items():
            turn = self._kept[key].turn if key in self._kept else 0
            self._kept[key] = _Kept(Standing(delivery=each, state=State.WAITING), each.due_at, turn)
        return len(new)

    async def standing(self, key: str) -> Standing | None:
        return self._kept[key].standing if key in self._kept else None

    async def dead_letters(self, community: str, limit: int = 100) -> Sequence[Standing]:
        dead = (each.standing for each in self._in(State.DEAD) if each.standing.delivery.community == community)
        return sorted(dead, key=lambda each: (-_stamp(each.settled_at), each.delivery.key))[:limit]

    async def retry(self, community: str, key: str, at: datetime) -> bool:
        kept = self._kept.get(key)
        if kept is None or kept.standing.state is not State.DEAD or kept.standing.delivery.community != community:
            return False
        delivery = replace(kept.standing.delivery, stale_after=None)
        kept.put(State.WAITING, next_at=at, delivery=delivery, attempts=0, settled_at=None)
        kept.is_cancelled = False
        return True

    async def cancel(
        self, community: str, at: datetime, note: str, *, kind: str = "", person: str = "", about: str = ""
    ) -> int:
        if not (person or about):
            raise ValueError("a person is named, or what it is about")
        wanted = {"community": community, "kind": kind, "person": person, "about": about}
        found = 0
        for each in self._kept.values():
            matches = all(value in ("", getattr(each.standing.delivery, name)) for name, value in wanted.items())
            if matches and not each.standing.state.is_settled and not each.is_cancelled:
                found += 1
                each.is_cancelled = True
                each.standing = replace(each.standing, note=note)
                if each.standing.state in {State.WAITING, State.CLAIMED}:
                    each.put(State.DROPPED, settled_at=at)
        return found

    async def forget(self, before: datetime) -> None:
        self._kept = {
            key: each
            for key, each in self._kept.items()
            if each.standing.settled_at is None or each.standing.settled_at >= before
        }

    async def lapse(self, at: datetime) -> int:
        lapsed = [each for each in self._kept.values() if each.lease_until and each.lease_until <= self._now()]
        doubtful = [each for each in lapsed if each.standing.state is not State.CLAIMED]
        for each in lapsed:
            each.put(State.DOUBT if each in doubtful else State.WAITING, next_at=at)
        return len(doubtful)

    async def drop_stale(self, at: datetime, note: str) -> int:
        due = [
            each for each in self._due(State.WAITING, at) if each.is_cancelled or each.standing.delivery.is_stale(at)
        ]
        for each in due:
            each.put(State.DROPPED, settled_at=at, note=each.standing.note if each.is_cancelled else note)
        return len(due)

    async def claim(self, at: datetime, limit: int, lease: timedelta) -> Sequence[Claimed]:
        due = self._due(State.WAITING, at)
        fresh = [each for each in due if not each.is_cancelled and not each.standing.delivery.is_stale(at)]
        return [self._claimed(each, State.CLAIMED, lease) for each in fresh[:limit]]

    async def claim_doubtful(self, at: datetime, limit: int, lease: timedelta) -> Sequence[Claimed]:
        return [self._claimed(each, State.DOUBT, lease) for each in self._due(State.DOUBT, at)[:limit]]

    async def fence(self, claimed: Claimed, lease: timedelta) -> bool:
        kept = self._held(claimed)
        if kept is None or kept.standing.state is not State.CLAIMED or _stamp(kept.lease_until) <= _stamp(self._now()):
            return False
        kept.put(State.SENDING, attempts=kept.standing.attempts + 1)
        kept.lease_until = self._now() + lease
        return True

    async def settle(self, claimed: Claimed, outcome: Outcome, at: datetime) -> bool:
        kept = self._kept.get(claimed.delivery.key) if isinstance(outcome, Sent) else self._held(claimed)
        if kept is None or kept.standing.state is State.SENT:
            return False
        match outcome:
            case Sent(platform, message):
                kept.put(State.SENT, settled_at=at, platform=platform, message=message)
            case Dropped(note) | Dead(note):
                kept.put(state_of(outcome), settled_at=at, note=shorten(clean(note), 1_000))
            case Later(then, attempts, note):
                kept.put(State.WAITING, next_at=then, attempts=attempts, note=note or kept.standing.note)
            case Doubtful(then, note):
                kept.put(State.DOUBT, next_at=then, note=note)
        return True

    def _is_free(self, key: str) -> bool:
        kept = self._kept.get(key)
        return kept is None or (
            kept.is_cancelled and kept.standing.state is State.DROPPED and kept.standing.attempts == 0
        )

    def _in(self, state: State) -> list[_Kept]:
        return [each for each in self._kept.values() if each.standing.state is state]

    def _due(self, state: State, at: datetime) -> list[_Kept]:
        due = [each for each in self._in(state) if each.next_at and each.next_at <= at]
        return sorted(due, key=lambda each: _stamp(each.next_at))

    def _held(self, claimed: Claimed) -> _Kept | None:
        kept = self._kept.get(claimed.delivery.key)
        return kept if kept and kept.turn == claimed.turn and kept.lease_until else None

    def _claimed(self, kept: _Kept, state: State, lease: timedelta) -> Claimed:
        kept.put(state)
        kept.turn += 1
        kept.lease_until = self._now() + lease
        return Claimed(delivery=kept.standing.delivery, turn=kept.turn, attempts=kept.standing.attempts)


class MemoryCheckInPlans:
    """CheckInPlans that last as long as their process."""

    def __init__(self) -> None:
        self._plans: dict[str, CheckInPlan] = {}

    async def plan(self, pilot_id: str) -> CheckInPlan | None:
        return self._plans.get(pilot_id)

    async def keep(self, plan: CheckInPlan) -> bool:
        known = self._plans.get(plan.pilot_id)
        if (known.version if known else 0) != plan.version:
            return False
        due_at = plan.due_at and plan.due_at.astimezone(UTC)
        self._plans[plan.pilot_id] = replace(plan, due_at=due_at, version=plan.version + 1)
        return True

    async def plans(self, community: str, person: str = "") -> Sequence[CheckInPlan]:
        of_community = (plan for _, plan in sorted(self._plans.items()) if plan.community == community)
        return [plan for plan in of_community if person in ("", plan.person)]

    async def due(self, at: datetime, limit: int) -> Sequence[CheckInPlan]:
        due = (plan for plan in self._plans.values() if plan.due_at and plan.due_at <= at)
        return sorted(due, key=lambda plan: (_stamp(plan.due_at), plan.pilot_id))[:limit]


class MemoryCheckIns:
    """CheckIns and CheckInRounds that last as long as their process."""

    def __init__(self) -> None:
        self._check_ins: dict[tuple[str, date], CheckIn] = {}

    async def keep(self, check_in: CheckIn) -> bool:
        key = (check_in.pilot_id, check_in.on)
        known = self._check_ins.get(key)
        if (known.version if known else 0) != check_in.version:
            return False
        moments = ("asked_at", "reminded_at", "answered_at")
        in_utc = {name: at and at.astimezone(UTC) for name in moments for at in (getattr(check_in, name),)}
        self._check_ins[key] = replace(check_in, version=check_in.version + 1, **in_utc)
        return True

    async def latest(self, pilot_id: str) -> CheckIn | None:
        return max(self._of(pilot_id), key=lambda each: each.on, default=None)

    async def open(self, community: str, person: str) -> Sequence[CheckIn]:
        theirs = [each for each in self._in_state(CheckInState.OPEN) if each.community == community]
        latest = [each for each in theirs if each.person == person and each == await self.latest(each.pilot_id)]
        return sorted(latest, key=lambda each: (-_stamp(each.asked_at), each.pilot_id))

    async def answered(self, pilot_id: str, before: date) -> CheckIn | None:
        told = (each for each in self._in_state(CheckInState.ANSWERED) if each.pilot_id == pilot_id)
        return max((each for each in told if each.on < before), key=lambda each: each.on, default=None)

    async def unanswered(self, asked_by: datetime, limit: int) -> Sequence[CheckIn]:
        waiting = (each for each in self._in_state(CheckInState.OPEN) if not each.reminded_at)
        return _by_asking(each for each in waiting if each.asked_at <= asked_by)[:limit]

    async def asked(self, community: str, since: datetime) -> Sequence[CheckIn]:
        theirs = (each for each in self._check_ins.values() if each.community == community)
        return _by_asking(each for each in theirs if each.asked_at >= since)

    def _of(self, pilot_id: str) -> list[CheckIn]:
        return [each for each in self._check_ins.values() if each.pilot_id == pilot_id]

    def _in_state(self, state: CheckInState) -> list[CheckIn]:
        return [each for each in self._check_ins.values() if each.state is state]


class MemoryBlockers:
    """Blockers that last as long as their process."""

    def __init__(self) -> None:
        self._blockers: dict[str, Blocker] = {}

    async def keep(self, blocker: Blocker) -> None:
        resolved_at = blocker.resolved_at and blocker.resolved_at.astimezone(UTC)
        in_utc = replace(blocker, raised_at=blocker.raised_at.astimezone(UTC), resolved_at=resolved_at)
        self._blockers[blocker.learning_id] = in_utc

    async def blocker(self, learning_id: str) -> Blocker | None:
        return self._blockers.get(learning_id)

    async def unresolved(self, community: str) -> Sequence[Blocker]:
        theirs = (each for each in self._blockers.values() if each.community == community and not each.resolved_at)
        return sorted(theirs, key=lambda each: (-_stamp(each.raised_at), each.learning_id))

    async def withdraw(self, learning_id: str) -> None:
        self._blockers.pop(learning_id, None)


class MemoryBoards:
    """Boards that last as long as their process."""

    def __init__(self) -> None:
        self._boards: dict[tuple[str, str, str], Board] = {}

    async def put_up(self, board: Board) -> None:
        moments = {name: getattr(board, name).astimezone(UTC) for name in ("chosen_at", "told_until")}
        self._boards[board.platform, board.community, board.room] = replace(board, **moments)

    async def take_down(self, board: Board) -> None:
        self._boards.pop((board.platform, board.community, board.room), None)

    async def boards(self, community: str = "") -> Sequence[Board]:
        theirs = [each for each in self._boards.values() if community in ("", each.community)]
        return sorted(theirs, key=lambda each: (each.chosen_at, each.platform, each.room))

    async def note_told(self, board: Board, until: datetime) -> None:
        key = (board.platform, board.community, board.room)
        if key in self._boards:
            self._boards[key] = replace(self._boards[key], told_until=until.astimezone(UTC))


class MemoryCircles:
    """Circles that last as long as their process."""

    def __init__(self) -> None:
        self._circles: dict[str, Circle] = {}
        self._joined: set[tuple[str, str]] = set()

    async def begin(self, circle: Circle) -> None:
        self._circles.setdefault(circle.id, circle)

    async def end(self, circle_id: str) -> None:
        self._circles.pop(circle_id, None)
        self._joined = {each for each in self._joined if each[0] != circle_id}

    async def circles(self, community: str = "") -> Sequence[Circle]:
        theirs = [each for each in self._circles.values() if community in ("", each.community)]
        return sorted(theirs, key=lambda each: (each.started_on, each.topic, each.id))

    async def join(self, circle_id: str, pilot_id: str) -> None:
        self._joined.add((circle_id, pilot_id))

    async def leave(self, circle_id: str, pilot_id: str) -> None:
        self._joined.discard((circle_id, pilot_id))

    async def joined(self, circle_id: str) -> Sequence[str]:
        return sorted(pilot_id for of, pilot_id in self._joined if of == circle_id)


def _by_asking(check_ins: Iterable[CheckIn]) -> list[CheckIn]:
    return sorted(check_ins, key=lambda each: (each.asked_at, each.pilot_id))


def _stamp(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0


def _room_of(place: Place) -> tuple[str, str, str]:
    return place.platform, place.community, place.room


@dataclass(frozen=True)
class MemoryDatabase:
    """The stores together, as an open database has them."""

    pilots: MemoryPilotStore = field(default_factory=MemoryPilotStore)
    demands: MemoryDemandStore = field(default_factory=MemoryDemandStore)
    seen: MemorySeen = field(default_factory=MemorySeen)
    threads: MemoryThreads = field(default_factory=MemoryThreads)
    rooms: MemoryRooms = field(default_factory=MemoryRooms)
    answers: MemoryAnswerStore = field(default_factory=MemoryAnswerStore)
    members: MemoryMemberStore = field(default_factory=MemoryMemberStore)
    people: MemoryPeople = field(default_factory=MemoryPeople)
    reaches: MemoryReaches = field(default_factory=MemoryReaches)
    deliveries: MemoryDeliveries = field(default_factory=MemoryDeliveries)
    check_in_plans: MemoryCheckInPlans = field(default_factory=MemoryCheckInPlans)
    check_ins: MemoryCheckIns = field(default_factory=MemoryCheckIns)
    blockers: MemoryBlockers = field(default_factory=MemoryBlockers)
    boards: MemoryBoards = field(default_factory=MemoryBoards)
    circles: MemoryCircles = field(default_factory=MemoryCircles)

    @property
    def news(self) -> MemoryPilotStore:
        return self.pilots


class WordEmbedder:
    """Texts that share words are near each other. Remembers what it was given."""

    def __init__(self, name: str = "words", dimensions: int = 64) -> None:
        self.name = name
        self.dimensions = dimensions
        self.given: list[str] = []

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.given += texts
        vectors = np.full((len(texts), self.dimensions), 1e-3, np.float32)
        for row, text in enumerate(texts):
            for word in words(text):
                vectors[row, zlib.crc32(word.encode()) % self.dimensions] += 1
        normal: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return normal


class AwayEmbedder(WordEmbedder):
    async def embed(self, texts: Sequence[str]) -> Vectors:
        raise UnavailableError("The model is away.")


async def revisions_of(store: PilotStore, pilot_id: str) -> Sequence[Revision]:
    """Oldest first; none of a pilot that never was there."""
    history = (await store.histories([pilot_id])).get(pilot_id)
    return history.revisions if history else ()


@dataclass
class ScriptedWriter:
    """A Writer that says the same to everything; then it is away, or goes silent. `asked` is what it was given."""

    pieces: Sequence[str] = ()
    trouble: str = ""
    is_silent: bool = False
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    is_closed: bool = False

    async def write(self, question: str, sources: Sequence[str]) -> AsyncIterator[str]:
        self.asked.append((question, tuple(sources)))
        try:
            for piece in self.pieces:
                yield piece
            if self.trouble:
                raise UnavailableError(self.trouble)
            if self.is_silent:
                await asyncio.Event().wait()
        finally:
            self.is_closed = True
