"""A person's own page, and their settings."""

from collections.abc import Mapping, Sequence

from bot.actions import OpenSettings, ShowPilot, TellPilot
from bot.cards import check_ins, oversight, reaches
from bot.cards.labels import day, details, meters
from bot.check_ins import Blocker
from bot.members import Preferences
from bot.messages import Block, Button, Buttons, Facts, Heading, Message, Source, Sources, Text
from bot.oversight import Unsent
from bot.reaches import Unreached
from bot.voice import LANGUAGES, say, say_count, spoken
from knowledge.countries import country_name
from knowledge.dates import Period
from knowledge.dimensions import Dimension, Progress
from knowledge.pilots import Pilot
from knowledge.ports import Demand
from knowledge.text import shorten

HOME_PILOTS_SHOWN = 8


def home(
    own: Sequence[tuple[Pilot, Mapping[Dimension, Progress]]],
    *,
    preferences: Preferences,
    unanswered: Sequence[Demand] | None,
    unreached: Sequence[Unreached] = (),
    blockers: Sequence[tuple[Pilot, Blocker]] = (),
    unsent: Sequence[Unsent] = (),
    accounts: int = 1,
) -> Message:
    """A person's own page. `unanswered` are the community's open questions, for those who look after it.

    So are `unreached`, who cannot be written to, `blockers`, what is in the way, and `unsent`, what could not be sent.
    `accounts` is how many they have.
    """
    blocks: list[Block] = [Heading(say("Your pilots"))]
    shown = tuple(
        Source(title=pilot.title, details=details(pilot), meters=meters(done), action=ShowPilot(pilot.id))
        for pilot, done in own[:HOME_PILOTS_SHOWN]
    )
    if shown:
        blocks.append(Sources(shown))
    else:
        none = say("None yet. Tell the community of one: running, finished or stopped, each is worth having.")
        blocks.append(Text(none))
    if len(own) > HOME_PILOTS_SHOWN:
        more = say_count("And {count} more.", "And {count} more.", len(own) - HOME_PILOTS_SHOWN)
        blocks.append(Text(more, is_quiet=True))
    blocks.append(Buttons((Button(say("Tell of a pilot"), TellPilot()),)))
    if unanswered is not None:
        blocks += _unanswered(unanswered)
    blocks += check_ins.unresolved(blockers)
    blocks += reaches.unreached(unreached)
    blocks += oversight.could_not_be_sent(unsent)
    linked = ((say("Linked accounts"), str(accounts)),) if accounts > 1 else ()
    blocks += [Heading(say("Your settings")), Facts((*_settings(preferences), *linked))]
    blocks.append(Buttons((Button(say("Change settings"), OpenSettings()),)))
    return Message(tuple(blocks))


def settings_kept(preferences: Preferences) -> Message:
    return Message((Text(say("Kept.")), Facts(_settings(preferences))))


def _unanswered(demands: Sequence[Demand]) -> tuple[Block, Block]:
    asked_on = tuple((day(each.asked_at), shorten(each.topic, 200)) for each in demands)
    none = Text(say("None: every question found somebody who had tried it."))
    return Heading(say("Questions nobody could answer yet")), Facts(asked_on) if asked_on else none


def _settings(preferences: Preferences) -> tuple[tuple[str, str], ...]:
    start, end, paused = preferences.quiet_from, preferences.quiet_until, preferences.paused_until
    hours = say("{start} to {end}", start=f"{start:%H:%M}", end=f"{end:%H:%M}") if start and end else say("none")
    pause = say("until {day}", day=day(paused)) if paused else say("none")
    country = country_name(preferences.country, spoken()) if preferences.country else ""
    where = ", ".join(each for each in (preferences.time_zone, country, preferences.region) if each)
    away = "; ".join(_away(each) for each in preferences.away)
    language = LANGUAGES[preferences.language_or(spoken())]
    known = ((say("Where you work"), where), (say("Away"), away))
    told = tuple(each for each in known if each[1])
    return ((say("Language"), language), (say("Quiet hours"), hours), *told, (say("Pause"), pause))


def _away(period: Period) -> str:
    start, end = (day(each) if each else "" for each in (period.first, period.last))
    return start if start == end else say("{start} to {end}", start=start, end=end)
