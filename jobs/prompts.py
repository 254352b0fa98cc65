"""Prompts: what the bot says first goes to whoever it is for, wherever they can be reached, or to their deputy."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.messages import Reply
from bot.ports import People, Prompter, Reaches
from bot.reaches import Reach, UnreachableError
from knowledge.errors import PilotlightError, UnavailableError

ReplyFor = Callable[[str], Awaitable[Reply | None]]
"""What to say to the person of this id, in their language: the one it is for, or their deputy.

None where they are not to be told, or not any more.
"""

_log = logging.getLogger(__name__)


class Outcome(StrEnum):
    REACHED = "reached"
    IN_DOUBT = "in doubt"  # it may have been sent: whoever sends it again may say it twice
    LATER = "later"  # no platform took it, though nobody said no: it may be tried again
    NOBODY = "nobody"  # neither the person nor the deputy can be written to, which the moderators see
    UNWANTED = "unwanted"  # there is nothing to say to whoever could be written to


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompted:
    """Whom something is for, and who stands in for them, by their ids."""

    community: str
    person: str
    deputy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """Who was reached where, also in doubt; and a sentence for each way that did not lead there.

    `message` is the platform's own name of what was sent, as far as it told one.
    """

    outcome: Outcome
    person: str = ""
    platform: str = ""
    message: str = ""
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Said:
    """`troubles` learns why it did not arrive."""

    reply_for: ReplyFor
    key: str
    troubles: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Sends what it is given at once: whoever calls decides what is due, and minds quiet hours and pauses."""

    people: People
    reaches: Reaches
    prompters: Mapping[str, Prompter]
    now: Callable[[], datetime]

    async def __call__(self, prompted: Prompted, reply_for: ReplyFor, key: str = "") -> Delivered:
        """Never twice; with a `key`, `was_sent` can look for it.

        UnavailableError where the database does not say how to reach them; then nothing was sent.
        """
        said = _Said(reply_for, key)
        for person, accounts in await self._asked(prompted):
            delivered = await self._try(prompted.community, person, accounts, said)
            if delivered.outcome is not Outcome.NOBODY:
                return delivered
        return Delivered(outcome=Outcome.NOBODY, troubles=tuple(said.troubles))

    async def was_sent(self, prompted: Prompted, key: str, since: datetime) -> bool | None:
        """Whether what was sent with that key since then stands anywhere; None where not all can tell.

        UnavailableError where somebody may tell another time.
        """
        is_known = True
        for _, accounts in await self._asked(prompted):
            for reach in await self.reaches.reaches(prompted.community, accounts):
                prompter = self.prompters.get(reach.platform)
                found = await prompter.was_sent(reach, key, since) if prompter else None
                if found:
                    return True
                # Where they said no there was nothing to be sent.
                is_known = is_known and (found is False or not reach.is_open)
        return False if is_known else None

    async def _asked(self, prompted: Prompted) -> Sequence[tuple[str, Sequence[str]]]:
        """The person, then the deputy where that is somebody else, each with their accounts."""
        theirs = await self.people.accounts(prompted.community, prompted.person)
        if not prompted.deputy or prompted.deputy in theirs:
            return [(prompted.person, theirs)]
        deputys = await self.people.accounts(prompted.community, prompted.deputy)
        return [(prompted.person, theirs), (prompted.deputy, deputys)]

    async def _try(self, community: str, person: str, accounts: Sequence[str], said: _Said) -> Delivered:
        """One after the other, the latest used first."""
        is_away, reply, troubles = False, None, said.troubles
        for reach in await self.reaches.reaches(community, accounts):
            prompter = self.prompters.get(reach.platform)
            if prompter is None or reach.closed_because:
                troubles.append(_why_not(reach))
                continue
            reply = reply or await said.reply_for(person)
            if reply is None:
                return Delivered(outcome=Outcome.UNWANTED, person=person, troubles=tuple(troubles))
            at = self.now()
            try:
                posted = await prompter.prompt(reach, reply, said.key)
            except UnreachableError as error:
                troubles.append(str(error))
                await self._attempt(self.reaches.close(community, reach.platform, reach.account, error.because, at))
            except PilotlightError as error:
                troubles.append(str(error))
                if isinstance(error, UnavailableError) and error.is_in_doubt:
                    return _delivered(Outcome.IN_DOUBT, person, reach, troubles)
                is_away = True
            else:
                if posted.reach != reach:
                    await self._attempt(self.reaches.note_address(posted.reach))
                return _delivered(Outcome.REACHED, person, reach, troubles, posted.message)
        # Nobody's deputy is troubled because a platform was away for a minute.
        return Delivered(outcome=Outcome.LATER if is_away else Outcome.NOBODY, troubles=tuple(troubles))

    async def _attempt(self, noted: Awaitable[None]) -> None:
        """Without it the next prompt learns the same again; raised, it would have this one sent again."""
        try:
            await noted
        except PilotlightError as error:
            _log.error("How somebody is reached could not be noted: %s", error)


def _delivered(outcome: Outcome, person: str, reach: Reach, troubles: Sequence[str], message: str = "") -> Delivered:
    told = tuple(troubles)
    return Delivered(outcome=outcome, person=person, platform=reach.platform, message=message, troubles=told)


def _why_not(reach: Reach) -> str:
    if reach.closed_because:
        return str(UnreachableError(reach.platform_name, reach.closed_because))
    return f"{reach.platform_name}: Pilotlight is not set up to write there. pilotlight check says what is missing."
