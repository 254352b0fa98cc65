"""When a question asks about: years and spans of them, and years that are only part of a name."""

import functools
import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from importlib import resources
from typing import Any

from knowledge.dates import Period
from knowledge.questions.tokens import Draft

# The earliest year that can be meant, and how far past today plans reach.
_EARLIEST = 1950
_PLANS = 6
_LATEST_WITHOUT_TODAY = 2029

_YEAR = r"(?:19|20)\d\d"
_DAYS = {"years": 365, "months": 30, "weeks": 7}

_Meaning = Callable[[Mapping[str, str | None], date | None], Period | None]


def read_period(draft: Draft, today: date | None) -> Period | None:
    """The first span of time that the question asks about, spending its words.

    Spans that count from today ("last year") are left alone where today is not known.
    """
    for pattern, meaning in _patterns():
        for match in pattern.finditer(draft.text):
            start, end = match.span()
            if _is_named(draft.text[max(0, start - 40) : start], draft.text[end : end + 20]):
                continue
            period = meaning(match.groupdict(), today)
            if period and _is_plausible(period, today):
                _spend(draft, start, end)
                return period
    return None


def _spend(draft: Draft, start: int, end: int) -> None:
    for index, token in enumerate(draft.tokens):
        if token.start < end and token.end > start:
            draft.spend(index, index + 1)


def _is_named(before: str, after: str) -> bool:
    """Whether a year is part of a name, an aim or an event: "Agenda 2030", "the 2021 floods"."""
    leads, follows = _names()
    return leads.search(before) is not None or follows.match(after) is not None


def _is_plausible(period: Period, today: date | None) -> bool:
    latest = today.year + _PLANS if today else _LATEST_WITHOUT_TODAY
    return all(_EARLIEST <= day.year <= latest for day in (period.first, period.last) if day)


@functools.cache
def _patterns() -> tuple[tuple[re.Pattern[str], _Meaning], ...]:
    """How each span is written, and what it means; the more telling first."""
    year = rf"(?:(?:the )?{_any('part_of_year')}[.-]? ?(?:of )?)?(?P<year>{_YEAR})"
    unit = "|".join(f"(?P<{name}>{_any(name)})" for name in _DAYS)
    count = rf"(?P<count>\d{{1,2}}|{'|'.join(_table()['count'])})"
    spans = (
        (rf"(?:{_any('between')} )?(?P<first>{_YEAR}) ?(?:{_any('to')}|[-–—]) ?(?P<last>{_YEAR})", _span),
        (rf"{_any('in')} (?P<first>{_YEAR}) {_any('or')} (?:in )?(?P<last>{_YEAR})", _span),
        (r"(?:in|during|from) (?:the )?(?P<first>(?:19|20)\d0)['’]?s", _decade),
        (rf"{_any('after')} {year}", _after),
        (rf"{_any('before')} {year}", _before),
        (rf"{_any('since')} {year}(?: {_any('onwards')}| on)?", _since),
        (rf"(?P<year>{_YEAR}) {_any('onwards')}", _since),
        (rf"{_any('until')} {year}", _until),
        (rf"(?:{_any('last_lead')} )?{_any('last')} {count} (?:{unit})", _lately),
        (r"(?:in|over|during|within) the (?:last|past) (?P<years>year)", _lately),
        (rf"(?P<year>{_YEAR})(?= {_any('kinds')})", _in_year),
        (_any("last_year"), _last_year),
        (_any("this_year"), _this_year),
        (rf"{_any('in')} {year}", _in_year),
    )
    return tuple(
        (re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-]|\.\d)", re.IGNORECASE), meaning) for pattern, meaning in spans
    )


@functools.cache
def _names() -> tuple[re.Pattern[str], re.Pattern[str]]:
    before = re.compile(rf"\b{_any('names_before')}(?: (?:of|by|in|for))? ?$", re.IGNORECASE)
    return before, re.compile(rf"^['’]?s? ?{_any('names_after')}\b", re.IGNORECASE)


def _any(name: str) -> str:
    """A pattern for any phrase of one of the lists, the longest first."""
    phrases = [phrase.strip() for phrase in _table()[name].replace("\n", ",").split(",") if phrase.strip()]
    longest_first = sorted(map(re.escape, phrases), key=len, reverse=True)
    return "(?:" + "|".join(phrase.replace("'", "['’]") for phrase in longest_first) + ")"


def _span(said: Mapping[str, str | None], _today: date | None) -> Period | None:
    first, last = _number(said, "first"), _number(said, "last")
    return Period(date(first, 1, 1), date(last, 12, 31)) if first <= last else None


def _decade(said: Mapping[str, str | None], _today: date | None) -> Period:
    first = _number(said, "first")
    return Period(date(first, 1, 1), date(first + 9, 12, 31))


def _in_year(said: Mapping[str, str | None], _today: date | None) -> Period:
    return _whole(_number(said, "year"))


def _since(said: Mapping[str, str | None], _today: date | None) -> Period:
    return Period(first=date(_number(said, "year"), 1, 1))


def _after(said: Mapping[str, str | None], _today: date | None) -> Period:
    return Period(first=date(_number(said, "year") + 1, 1, 1))


def _before(said: Mapping[str, str | None], _today: date | None) -> Period:
    return Period(last=date(_number(said, "year") - 1, 12, 31))


def _until(said: Mapping[str, str | None], _today: date | None) -> Period:
    return Period(last=date(_number(said, "year"), 12, 31))


def _lately(said: Mapping[str, str | None], today: date | None) -> Period | None:
    if today is None:
        return None
    count = (said.get("count") or "1").casefold()
    number = int(count) if count.isdigit() else int(_table()["count"][count])
    days = next((days for unit, days in _DAYS.items() if said.get(unit)), _DAYS["years"])
    return Period(first=today - timedelta(days=number * days))


def _last_year(_said: Mapping[str, str | None], today: date | None) -> Period | None:
    return _whole(today.year - 1) if today else None


def _this_year(_said: Mapping[str, str | None], today: date | None) -> Period | None:
    return _whole(today.year) if today else None


def _whole(year: int) -> Period:
    return Period(date(year, 1, 1), date(year, 12, 31))


def _number(said: Mapping[str, str | None], name: str) -> int:
    return int(said[name] or 0)


@functools.cache
def _table() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("times.toml").read_text("utf-8"))
