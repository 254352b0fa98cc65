"""When a question asks about: years and spans of them, and years that are only part of a name."""

import functools
import re
from collections.abc import Callable
from datetime import date, timedelta

from knowledge.dates import Period
from knowledge.question_tokens import Draft

# The earliest year that can be meant, and how far past today plans reach.
_EARLIEST = 1950
_PLANS = 6
_WITHOUT_TODAY = date(2029, 12, 31)

_YEAR = r"(?:19|20)\d\d"
_SINCE = r"(?:since|from|starting|sinds|vanaf|seit|ab|depuis|à partir de|a partir de|desde|dal|da|siden|fra|sedan|från|vuodesta)"
_AFTER = r"(?:after|later than|na|nach|après|después de|dopo il|dopo|depois de|efter|etter)"
_BEFORE = r"(?:before|prior to|earlier than|voor|vóór|vor|avant|antes de|prima del|før|före|ennen vuotta)"
_UNTIL = (
    r"(?:until|till|up to|through|tot|tot en met|bis|jusqu['’]en|jusqu['’]à|hasta|fino al|até|til|indtil|till|inntil)"
)
_IN = r"(?:in the year|in year|in|during|throughout|around|over the course of|im jahr|im jahre|in het jaar|in den jahren|en l'an|en|nel|em|vuonna|under|i år|i)"
_BETWEEN = r"(?:between|from|during|in|tussen|van|zwischen|von|entre|de|tra|fra il|dal|mellom|mellem|mellan|fra|från)"
_TO = r"(?:and|to|until|till|through|en|tot|tot en met|und|bis|et|à|y|hasta|a|e|al|até|og|til|och|till|-|–|—)"
_MONTHS = (
    "january february march april may june july august september october november december jan feb mar apr jun jul aug sep oct nov dec"
).split()
_MONTH = (
    r"(?:early |late |mid-?|(?:the )?(?:spring|summer|autumn|fall|winter)(?: of)? |q[1-4] |(?:"
    + "|".join(_MONTHS)
    + r")\.? )?"
)
_COUNT = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "couple of": 2, "few": 3, "twee": 2, "drie": 3, "vijf": 5, "zwei": 2, "drei": 3, "fünf": 5, "deux": 2, "trois": 3,
    "cinq": 5, "dos": 2, "tres": 3, "cinco": 5, "due": 2, "tre": 3, "cinque": 5, "dois": 2, "to": 2, "två": 2, "fem": 5,
    "paar": 3, "letzten": 3,
}  # fmt: skip
_NUMBER = r"(?P<count>\d{1,2}|" + "|".join(_COUNT) + r")"
_LAST = r"(?:last|past|previous|afgelopen|laatste|letzten|vergangenen|dernières|derniers|últimos|ultimi|siste|seneste|sidste|senaste)"
_UNIT = r"(?P<unit>years?|months?|weeks?|jaar|jaren|maanden|jahren?|monaten?|ans|années|mois|años|meses|anni|mesi|anos|årene|år|månedene|måneder|månader|åren)"

# A year beside one of these is part of a name or an aim.
_NAMES_BEFORE = re.compile(
    r"(?:agenda|horizon|horizonte|horizont|sdgs?|goals?|vision|strategy|strategies|targets?|plan|covid|iso|expo|olympics|net zero|neutral(?:ity)?"
    r"|budget|census|elections?|floods?|flooding|pandemic|fires?|wildfires?|earthquake|hurricane|storm|heatwave|crisis|act|law|directive|regulation)"
    r"(?: (?:of|by|in|for))? ?$",
    re.IGNORECASE,
)
_NAMES_AFTER = re.compile(
    r"^['’]?s? ?(?:agenda|goals?|vision|strategy|targets?|census|elections?|olympics|world cup|pandemic|floods?|plan\b|budget|act\b)",
    re.IGNORECASE,
)


def read_period(draft: Draft, today: date | None) -> Period | None:
    """The first span of time that the question asks about, spending its words."""
    for pattern, meaning in _patterns():
        for match in pattern.finditer(draft.text):
            start, end = match.span()
            before, after = draft.text[max(0, start - 40) : start], draft.text[end : end + 20]
            if _NAMES_BEFORE.search(before) or _NAMES_AFTER.search(after):
                continue
            period = meaning(match, today)
            if period and _is_plausible(period, today):
                _spend(draft, start, end)
                return period
    return None


def _spend(draft: Draft, start: int, end: int) -> None:
    for index, token in enumerate(draft.tokens):
        if token.start < end and token.end > start:
            draft.spend(index, index + 1)


def _is_plausible(period: Period, today: date | None) -> bool:
    latest = (today.year + _PLANS) if today else _WITHOUT_TODAY.year
    return all(_EARLIEST <= day.year <= latest for day in (period.first, period.last) if day)


_Meaning = Callable[[re.Match[str], date | None], Period | None]


@functools.cache
def _patterns() -> tuple[tuple[re.Pattern[str], _Meaning], ...]:
    """Each span's pattern, the more telling first."""
    year = rf"{_MONTH}(?P<year>{_YEAR})"
    return tuple(
        (re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-]|\.\d)", re.IGNORECASE), meaning)
        for pattern, meaning in (
            (rf"(?:{_BETWEEN} )?(?P<first>{_YEAR}) ?{_TO} ?(?P<last>{_YEAR})", _span),
            (rf"{_IN} (?P<first>{_YEAR}) (?:or|oder|of|ou|o|eller|tai) (?:in )?(?P<last>{_YEAR})", _span),
            (rf"{_IN} (?:the )?(?P<decade>(?:19|20)\d0)['’]?s", _decade),
            (rf"{_AFTER} {year}", _after),
            (rf"{_BEFORE} {year}", _before),
            (rf"{_SINCE} {year}(?: onwards?| on)?", _since),
            (rf"(?P<year>{_YEAR}) (?:onwards?|and later|or later|or newer)", _since),
            (rf"{_UNTIL} {year}", _until),
            (rf"(?:(?:in|over|during|within|from|for|in de|in den|au cours des|en los|negli|nos|i|de|under) )?(?:the |de |den |les |los |gli |os |die )?{_LAST} {_NUMBER} {_UNIT}", _lately),
            (rf"(?:in |over |during |within )?(?:the )?{_LAST} (?:few |couple of )?(?P<unit>years|months)", _lately),
            (r"last year|the previous year|vorig jaar|letztes jahr|l['’]année dernière|l['’]an dernier|el año pasado|l['’]anno scorso|no ano passado|i fjor|sidste år|förra året|viime vuonna", _last_year),
            (r"(?:earlier )?this year|dit jaar|dieses jahr|in diesem jahr|cette année|este año|quest['’]anno|este ano|i år|tänä vuonna", _this_year),
            (rf"{_IN} {year}", _in_year),
        )
    )  # fmt: skip


def _span(match: re.Match[str], _today: date | None) -> Period | None:
    first, last = int(match["first"]), int(match["last"])
    return Period(date(first, 1, 1), date(last, 12, 31)) if first <= last else None


def _decade(match: re.Match[str], _today: date | None) -> Period:
    first = int(match["decade"])
    return Period(date(first, 1, 1), date(first + 9, 12, 31))


def _in_year(match: re.Match[str], _today: date | None) -> Period:
    year = int(match["year"])
    return Period(date(year, 1, 1), date(year, 12, 31))


def _since(match: re.Match[str], _today: date | None) -> Period:
    return Period(first=date(int(match["year"]), 1, 1))


def _after(match: re.Match[str], _today: date | None) -> Period:
    return Period(first=date(int(match["year"]) + 1, 1, 1))


def _before(match: re.Match[str], _today: date | None) -> Period:
    return Period(last=date(int(match["year"]) - 1, 12, 31))


def _until(match: re.Match[str], _today: date | None) -> Period:
    return Period(last=date(int(match["year"]), 12, 31))


def _lately(match: re.Match[str], today: date | None) -> Period | None:
    if today is None:
        return None
    said = match.groupdict().get("count") or "few"
    count = int(said) if said.isdigit() else _COUNT[said.casefold()]
    unit = match["unit"].casefold()
    days = 7 if unit.startswith("week") else 30 if unit.startswith(("m", "må")) else 365
    return Period(first=today - timedelta(days=count * days))


def _last_year(_match: re.Match[str], today: date | None) -> Period | None:
    return Period(date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)) if today else None


def _this_year(_match: re.Match[str], today: date | None) -> Period | None:
    return Period(date(today.year, 1, 1), date(today.year, 12, 31)) if today else None
