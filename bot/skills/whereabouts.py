"""Whereabouts: where somebody works, and when they are away, as they type it into their settings."""

import re
from collections.abc import Mapping
from datetime import date
from zoneinfo import available_timezones

from bot.forms import Field
from bot.members import Preferences
from bot.voice import say
from knowledge.countries import country_code
from knowledge.dates import Period
from knowledge.errors import InvalidRecordError

AWAY_LIMIT = 20  # periods
REGION_LIMIT = 60

_DAY = r"\d{4}-\d\d?-\d\d?"
_PERIOD = re.compile(rf"({_DAY})(?:\s*(?:to|until|till|bis|au|jusqu’au|tot|-|–|/)\s*({_DAY}))?", re.IGNORECASE)


def place_fields() -> tuple[Field, ...]:
    return (
        Field(name="time_zone", label=say("Your time zone"), hint=say("such as Europe/Helsinki")),
        Field(name="country", label=say("Your country, for its holidays"), hint=say("its name or two-letter code")),
        Field(name="region", label=say("Your region, for its holidays"), hint=say("its code, such as BY or CA")),
        Field(name="away", label=say("When you are away"), hint=say("such as 2026-07-01 to 2026-07-21; 2026-12-24")),
    )


def written_place(preferences: Preferences) -> dict[str, str]:
    """What stands in those fields."""
    away = "; ".join(_written(each) for each in preferences.away)
    return {
        "time_zone": preferences.time_zone,
        "country": preferences.country,
        "region": preferences.region,
        "away": away,
    }


def read_place(given: Mapping[str, str]) -> tuple[Preferences, dict[str, str]]:
    """Preferences with no more than that, and what is wrong, by field, with what to write."""
    errors: dict[str, str] = {}
    zones = {zone.casefold(): zone for zone in available_timezones()}
    typed_zone = given.get("time_zone", "").replace(" ", "_")
    if typed_zone and typed_zone.casefold() not in zones:
        errors["time_zone"] = say("I do not know that time zone. Please write it as Europe/Helsinki.")
    country = ""
    try:
        country = country_code(given["country"]) if given.get("country") else ""
    except InvalidRecordError:
        errors["country"] = say("I do not know that country. Please write its English name or two-letter code.")
    region = given.get("region", "")
    if len(region) > REGION_LIMIT:
        errors["region"] = say("Please write the region’s code, such as BY or CA.")
    elif region and not given.get("country"):
        errors["country"] = say("Please write the country of that region, too.")
    away = _periods(given.get("away", ""))
    if away is None:
        errors["away"] = say("Please write days as 2026-07-01, from the first to the last: 2026-07-01 to 2026-07-21.")
    if errors:
        return Preferences(), errors
    zone = zones.get(typed_zone.casefold(), "")
    return Preferences(time_zone=zone, country=country, region=region, away=away or ()), {}


def _periods(text: str) -> tuple[Period, ...] | None:
    """None where some of it is no day or no period."""
    parts = [each.strip() for each in re.split(r"[;,\n]", text) if each.strip()]
    periods = [_period(each) for each in parts[: AWAY_LIMIT + 1]]
    if len(periods) > AWAY_LIMIT:
        return None
    known = [each for each in periods if each]
    return tuple(known) if len(known) == len(periods) else None


def _period(text: str) -> Period | None:
    found = _PERIOD.fullmatch(text)
    if not found:
        return None
    try:
        first = date.fromisoformat(found[1])
        return Period(first, date.fromisoformat(found[2]) if found[2] else first)
    except (ValueError, InvalidRecordError):
        return None


def _written(period: Period) -> str:
    return str(period.first) if period.first == period.last else f"{period.first} to {period.last}"
