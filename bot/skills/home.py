"""Home: a person's own page with the bot: their pilots, what waits for them, their settings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from bot import cards
from bot.actions import OpenSettings
from bot.forms import Field, Form
from bot.members import Preferences
from bot.messages import Message
from bot.people import Person
from bot.places import Place
from bot.ports import MemberStore, People, Reaches
from bot.reaches import Reach, Unreached
from bot.skills.oversee import Oversee
from bot.skills.tend import Tend
from bot.skills.unblock import Unblock
from bot.skills.whereabouts import place_fields, read_place, written_place
from bot.voice import ENGLISH, LANGUAGES, phrase, say, speaking
from knowledge.dimensions import progress
from knowledge.ports import DemandStore, PilotStore
from knowledge.visibility import Viewer

FORM = "settings"
QUESTIONS_SHOWN = 5
UNREACHED_LOOKED_AT = 20

_HOURS = tuple(f"{hour:02}:00" for hour in range(24))
_PAUSES = {"": None, "week": timedelta(days=7), "month": timedelta(days=30), "quarter": timedelta(days=91)}
_PAUSE_LABELS = {
    "": phrase("no pause"),
    "week": phrase("for a week"),
    "month": phrase("for a month"),
    "quarter": phrase("for three months"),
}
_KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    pilots: PilotStore
    demands: DemandStore
    members: MemberStore
    people: People
    reaches: Reaches
    tend: Tend
    unblock: Unblock
    oversee: Oversee
    now: Callable[[], datetime]
    language: str = ENGLISH

    async def __call__(self, person: Person, place: Place) -> Message:
        member = await self.members.member(place.community, person.id)
        today = self.now().date()
        accounts = await self.people.accounts(place.community, person.id)
        # What was told just as an account was linked may still be that account's.
        own = [pilot for each in accounts for pilot in await self.pilots.owned_by(place.community, each)]
        may_moderate = member.role.may_moderate and not place.is_outside
        unanswered = await self.demands.demands(place.community, QUESTIONS_SHOWN) if may_moderate else None
        unreached = await self._unreached(person, place.community, today) if may_moderate else ()
        blockers = await self.unblock.unresolved(person, place) if may_moderate else ()
        unsent = await self.oversee.unsent(person, place) if may_moderate else ()
        # Wherever it was asked for, its person alone reads it.
        with speaking(member.preferences.language_or(self.language)):
            return cards.home(
                [(pilot, progress(pilot, today)) for pilot in own],
                preferences=_current(member.preferences, today),
                unanswered=unanswered,
                unreached=unreached,
                blockers=blockers,
                unsent=unsent,
                accounts=len(accounts),
            )

    async def _unreached(self, viewer: Person, community: str, today: date) -> Sequence[Unreached]:
        """Who said no, with what is theirs as far as the viewer may know of it; whom that concerns comes first."""
        closed = await self.reaches.closed(community)
        known = [await self._owner(each, viewer, today) for each in closed[:UNREACHED_LOOKED_AT]]
        known += [Unreached(reach=each) for each in closed[UNREACHED_LOOKED_AT:]]
        return sorted(known, key=lambda each: not each.owned)

    async def _owner(self, reach: Reach, viewer: Person, today: date) -> Unreached:
        accounts = await self.people.accounts(reach.community, reach.account)
        theirs = [pilot for each in accounts for pilot in await self.pilots.owned_by(reach.community, each)]
        known_to = Viewer(reach.community, viewer.id)
        owned = tuple(pilot for pilot in theirs if pilot.visibility.is_open_to(known_to, today))
        others = await self.reaches.reaches(reach.community, accounts)
        instead = next((each.platform_name for each in others if each.is_open), "")
        return Unreached(reach=reach, owned=owned, instead=instead)

    async def form(self, person: Person, place: Place) -> Form:
        """The person's settings, as they stand."""
        today = self.now().date()
        kept = _current((await self.members.member(place.community, person.id)).preferences, today)
        return self._form(
            {
                "language": kept.language if kept.language in LANGUAGES else "",
                "quiet_from": f"{kept.quiet_from:%H:%M}" if kept.quiet_from else "",
                "quiet_until": f"{kept.quiet_until:%H:%M}" if kept.quiet_until else "",
                "pause": _KEEP if kept.paused_until else "",
                **written_place(kept),
            },
            kept.paused_until,
        )

    async def take(self, values: Mapping[str, str], person: Person, place: Place) -> Message | Form:
        """Keep the settings; or the form again, with what is wrong at its field."""
        today = self.now().date()
        kept = _current((await self.members.member(place.community, person.id)).preferences, today)
        given = {name: value.strip() for name, value in values.items()}
        errors = {
            name: say("Please choose one of the hours.")
            for name in ("quiet_from", "quiet_until")
            if given.get(name, "") not in ("", *_HOURS)
        }
        if not errors and bool(given.get("quiet_from")) != bool(given.get("quiet_until")):
            missing = "quiet_until" if given.get("quiet_from") else "quiet_from"
            errors = {missing: say("Quiet hours need a beginning and an end; choose both, or neither.")}
        if given.get("pause", "") not in {*_PAUSES, _KEEP}:
            errors["pause"] = say("Please choose one of these.")
        if given.get("language", "") not in ("", *LANGUAGES):
            errors["language"] = say("Please choose one of these.")
        where, wrong = read_place(given)
        errors |= wrong
        if errors:
            return replace(self._form(given, kept.paused_until), errors=errors)
        preferences = Preferences(
            quiet_from=_hour(given.get("quiet_from", "")),
            quiet_until=_hour(given.get("quiet_until", "")),
            paused_until=_pause(given.get("pause", ""), kept.paused_until, today),
            language=given.get("language", ""),
            time_zone=where.time_zone,
            country=where.country,
            region=where.region,
            away=where.away,
        )
        await self.members.keep_preferences(place.community, person.id, preferences)
        await self.tend.replan(person, place)
        with speaking(preferences.language_or(self.language)):
            return cards.settings_kept(preferences)

    def _form(self, values: Mapping[str, str], paused_until: date | None) -> Form:
        as_all = say("as in this community: {language}", language=LANGUAGES[self.language])
        hours = (("", say("no quiet hours")), *((hour, hour) for hour in _HOURS))
        fields = (
            Field(
                name="language",
                label=say("Speak with me, where only I see it, in"),
                choices=(("", as_all), *LANGUAGES.items()),
            ),
            Field(
                name="quiet_from",
                label=say("Do not write to me from"),
                choices=hours,
                hint=say("in your own time; this counts once I begin to write on my own"),
            ),
            Field(name="quiet_until", label=say("until"), choices=hours),
            *place_fields(),
            Field(name="pause", label=say("Pause everything I did not ask for"), choices=_pauses(paused_until)),
        )
        filled = tuple(replace(field, value=values.get(field.name, "")) for field in fields)
        return Form(name=FORM, title=say("Your settings"), fields=filled, send=say("Save"), action=OpenSettings())


def _current(kept: Preferences, today: date) -> Preferences:
    """Without a pause that is over."""
    is_over = kept.paused_until is not None and kept.paused_until <= today
    return replace(kept, paused_until=None) if is_over else kept


def _pauses(paused_until: date | None) -> tuple[tuple[str, str], ...]:
    pauses = tuple((name, say(label)) for name, label in _PAUSE_LABELS.items())
    if not paused_until:
        return pauses
    return ((_KEEP, say("as now, until {day}", day=cards.day(paused_until))), *pauses)


def _hour(text: str) -> time | None:
    return time.fromisoformat(text) if text else None


def _pause(chosen: str, kept: date | None, today: date) -> date | None:
    if chosen == _KEEP:
        return kept
    length = _PAUSES[chosen]
    return today + length if length else None
