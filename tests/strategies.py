"""Hypothesis strategies for any valid pilot and learning: built from the records' own types, so they grow with them."""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

from hypothesis import strategies as st

from knowledge.countries import country_names
from knowledge.dates import PartialDate
from knowledge.errors import InvalidRecordError
from knowledge.learnings import Learning
from knowledge.pilots import Pilot, Planned, Unknown
from knowledge.text import clean
from knowledge.visibility import Audience, Visibility

R = TypeVar("R")


def texts(limit: int = 30) -> st.SearchStrategy[str]:
    """Any text that a record may hold."""
    return (
        st.text(max_size=limit)
        .map(lambda text: clean(text)[:limit].strip())
        .filter(lambda text: text == clean(text) != "")
    )


def links() -> st.SearchStrategy[str]:
    return st.from_regex(r"https?://[a-z]{3,8}\.[a-z]{2,3}(/[A-Za-z0-9é?&=#%~]{0,9}){0,3}", fullmatch=True)


def partial_dates() -> st.SearchStrategy[PartialDate]:
    return st.tuples(st.dates(), st.sampled_from([4, 7, 10])).map(lambda pair: PartialDate(str(pair[0])[: pair[1]]))


def moments() -> st.SearchStrategy[datetime]:
    zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
    return st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 30), timezones=zones)  # noqa: DTZ001  # bounds have no zone


def visibilities() -> st.SearchStrategy[Visibility]:
    return _valid(
        Visibility,
        audience=st.sampled_from(Audience),
        community=st.none() | texts(),
        people=st.frozensets(texts(), max_size=3),
        embargo_until=st.none() | st.dates(),
    )


def pilots() -> st.SearchStrategy[Pilot]:
    return _records(Pilot).flatmap(_with_pending)


def learnings() -> st.SearchStrategy[Learning]:
    return _records(Learning)


def _with_pending(pilot: Pilot) -> st.SearchStrategy[Pilot]:
    """The same, with some of its empty fields planned or unknown."""
    empty = sorted(_empty_fields(pilot))
    reasons = st.builds(Planned, st.dates()) | st.builds(Unknown, texts())
    if not empty:
        return st.just(pilot)
    pending = st.dictionaries(st.sampled_from(empty), reasons, max_size=3)
    return pending.map(lambda chosen: dataclasses.replace(pilot, pending=chosen))


def _empty_fields(record: Any, path: str = "") -> typing.Iterator[str]:
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if field.name in ("provenance", "visibility", "pending"):
            continue
        if value in (None, ()):
            yield path + field.name
        elif dataclasses.is_dataclass(value) and not isinstance(value, PartialDate):
            yield from _empty_fields(value, f"{path}{field.name}.")


def _records(kind: type[R]) -> st.SearchStrategy[R]:
    hints = {name: hint for name, hint in typing.get_type_hints(kind).items() if name != "pending"}
    return _valid(kind, **{name: _BY_NAME.get(name, partial(_of_type, hint))() for name, hint in hints.items()})


def _valid(kind: type[R], /, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[R]:
    """Those of all combinations that the record does not refuse."""

    def build(values: Mapping[str, Any]) -> R | None:
        try:
            return kind(**values)
        except InvalidRecordError:
            return None

    return st.fixed_dictionaries(fields).map(build).filter(lambda record: record is not None)  # type: ignore[return-value]  # the filter


def _of_type(hint: Any) -> st.SearchStrategy[Any]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return st.none() | _of_type(arguments[0])
    if origin is tuple:
        return st.lists(_of_type(arguments[0]), max_size=2).map(tuple)
    if hint in _BY_TYPE:
        return _BY_TYPE[hint]()
    return st.sampled_from(hint) if issubclass(hint, StrEnum) else _records(hint)


_BY_NAME: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
    "link": lambda: st.none() | links(),
    "evidence": lambda: st.none() | links(),
    "country": lambda: st.none() | st.sampled_from(sorted(country_names())),
    "language": lambda: st.sampled_from(["en", "nl", "pt-br", "fil"]),
}
_BY_TYPE: dict[Any, Callable[[], st.SearchStrategy[Any]]] = {
    str: texts,
    bool: st.booleans,
    date: st.dates,
    datetime: moments,
    PartialDate: partial_dates,
    Visibility: visibilities,
    AbstractSet: lambda: st.frozensets(texts()),
}
