"""Pilots and learnings as plain records (what JSON and YAML hold), and back: made valid at the door.

The names are those people use (`id`, `source`, `lang`, `tags`, `url`). In place of any answer may stand
``{"planned_by": "2026-05-01"}`` or ``{"unknown_because": "…"}``.
"""

import dataclasses
import difflib
import functools
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from knowledge.countries import country_code, country_name
from knowledge.dates import PartialDate
from knowledge.errors import InvalidRecordError
from knowledge.learnings import Learning
from knowledge.pilots import Pilot, Planned, Provenance, Unknown
from knowledge.text import clean

Plain = Any  # str | int | float | bool | None | list | dict, as JSON has them
R = TypeVar("R")

# The names people use -> ours. The first of several for one field is the one written.
_PILOT_NAMES = {"lang": "language", "tags": "topics"}
_PROVENANCE_NAMES = {
    "id": "source_id",
    "source": "source",
    "url": "link",
    "licence": "licence",
    "attribution": "attribution",
}
PLAIN_NAMES = {ours: theirs for theirs, ours in (_PILOT_NAMES | _PROVENANCE_NAMES).items()}
"""How the plain form calls fields of Pilot and Provenance that are named otherwise there."""

_ALSO = {
    "link": "url",
    "language": "lang",
    "topics": "tags",
    "source_id": "id",
    "license": "licence",
    "organization": "organisation",
}
_DATE_NAMES = {
    "start": "started", "initiated": "started", "development": "started",
    "implemented": "operational", "end": "ended", "retired": "ended",
    "updated": "recorded", "registered": "recorded", "published": "recorded", "inventory": "recorded",
}  # fmt: skip
# A part given as bare text is its most telling field.
_BARE = {
    "Outcome": "summary", "Contact": "name", "Funding": "source", "Visibility": "audience", "Asset": "name",
    "Barrier": "description",
}  # fmt: skip

_Pending = dict[str, Planned | Unknown]


def pilot_from_record(record: Mapping[str, Plain]) -> Pilot:
    """The pilot that a record describes; InvalidRecordError names the field that no pilot may have so."""
    try:
        return _read_pilot(record)
    except InvalidRecordError as error:
        first, *rest = error.field.split(".")
        raise InvalidRecordError(error.reason, field=".".join((PLAIN_NAMES.get(first, first), *rest))) from None


def _read_pilot(record: Mapping[str, Plain]) -> Pilot:
    record = {_ALSO.get(str(name), str(name)): value for name, value in record.items()}
    origin = {ours: record.pop(theirs, None) for theirs, ours in _PROVENANCE_NAMES.items()}
    for theirs, ours in _PILOT_NAMES.items():
        record[ours] = record.pop(theirs, None)
    if record.get("country") and _read_pending(record["country"], "country") is None:
        name = _text(record["country"], "country")
        record["country"] = country_code(name) if name else None
    pending: _Pending = {}
    fields = _read_fields(Pilot, record, "", pending, leave=("provenance", "pending"))
    provenance = _build(Provenance, _read_fields(Provenance, origin, "", pending), "")
    return _build(Pilot, {**fields, "provenance": provenance, "pending": pending}, "")


def pilot_to_record(pilot: Pilot) -> dict[str, Plain]:
    """The record of a pilot, without what is not said; `pilot_from_record` gives the same pilot back."""
    record: dict[str, Plain] = {}
    for theirs, ours in _PROVENANCE_NAMES.items():
        record[theirs] = getattr(pilot.provenance, ours)
    record |= {name: value for name, value in _write(pilot).items() if name != "provenance"}
    if pilot.country:
        record["country"] = country_name(pilot.country)
    for theirs, ours in _PILOT_NAMES.items():
        if ours in record:
            record[theirs] = record.pop(ours)
    for path, reason in pilot.pending.items():
        _place(record, path, _write_pending(reason))
    return {name: value for name, value in record.items() if value is not None}


def learning_from_record(record: Mapping[str, Plain]) -> Learning:
    return _build(Learning, _read_fields(Learning, dict(record), "", {}), "")


def learning_to_record(learning: Learning) -> dict[str, Plain]:
    return _write(learning)


def _read_fields(
    kind: type, record: Mapping[str, Plain], path: str, pending: _Pending, *, leave: Sequence[str] = ()
) -> dict[str, Any]:
    readers = _readers(kind)
    fields: dict[str, Any] = {}
    for name, value in record.items():
        here = f"{path}{name}"
        if name not in readers or name in leave:
            near = difflib.get_close_matches(name, [each for each in readers if each not in leave], 1)
            raise InvalidRecordError(f"is not a field here{f'; did you mean {near[0]}?' if near else ''}", field=here)
        if value in (None, "", [], {}):
            continue
        if (reason := _read_pending(value, here)) is not None:
            pending[here] = reason
            continue
        read = readers[name](value, here, pending)
        if read is not None:
            fields[name] = read
    return fields


@functools.cache
def _readers(kind: type) -> dict[str, Callable[[Any, str, _Pending], Any]]:
    return {name: _reader(hint) for name, hint in typing.get_type_hints(kind).items() if not name.startswith("__")}


def _reader(hint: Any) -> Callable[[Any, str, _Pending], Any]:
    """How a plain value becomes one of this type."""
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        return _reader(next(each for each in typing.get_args(hint) if each is not types.NoneType))
    if origin is tuple:
        return functools.partial(_read_several, _reader(typing.get_args(hint)[0]))
    if origin in _SIMPLE or hint in _SIMPLE:
        return _SIMPLE[origin or hint]
    return functools.partial(_read_choice if issubclass(hint, StrEnum) else _read_part, hint)


def _read_part(kind: type, value: Any, path: str, pending: _Pending) -> Any:
    if isinstance(value, str) and kind.__name__ in _BARE:
        value = {_BARE[kind.__name__]: value}
    if not isinstance(value, Mapping):
        raise InvalidRecordError(f"needs named fields, not {value!r:.60}", field=path)
    if kind.__name__ == "Dates":
        value = _own_date_names(value)
    fields = _read_fields(kind, {str(name): each for name, each in value.items()}, f"{path}.", pending)
    return _build(kind, fields, f"{path}.") if fields else None


def _own_date_names(dates: Mapping[str, Any]) -> dict[str, Any]:
    """Catalogues name one date in several ways; of two for one field, the first in our table's order holds."""
    own = {name: dates[name] for name in dates if name not in _DATE_NAMES}
    for theirs, ours in _DATE_NAMES.items():
        if dates.get(theirs):
            own.setdefault(ours, dates[theirs])
    return own


def _read_several(
    read: Callable[[Any, str, _Pending], Any], value: Any, path: str, pending: _Pending
) -> tuple[Any, ...]:
    """A tuple; a single value counts as a list of one."""
    values = value if isinstance(value, list | tuple) else [value]
    read_values = (read(each, f"{path}.{place}", pending) for place, each in enumerate(values, 1))
    return tuple(each for each in read_values if each is not None)


def _read_text(value: Any, path: str, _pending: _Pending) -> str | None:
    return _text(value, path) or None


def _text(value: Any, path: str) -> str:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, int | float | date) and not isinstance(value, bool):
        return str(value)
    raise InvalidRecordError(f"needs text, not {value!r:.60}", field=path)


def _read_bool(value: Any, path: str, _pending: _Pending) -> bool:
    if isinstance(value, bool):
        return value
    raise InvalidRecordError(f"needs true or false, not {value!r:.60}", field=path)


def _read_choice(kind: type[StrEnum], value: Any, path: str, _pending: _Pending) -> StrEnum:
    try:
        return kind(_text(value, path).lower().replace(" ", "_").replace("-", "_"))
    except ValueError:
        choices = ", ".join(kind)
        raise InvalidRecordError(f"{value!r:.60} is none of {choices}", field=path) from None


def _read_date(value: Any, path: str, _pending: _Pending) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(_text(value, path))
    except ValueError:
        raise InvalidRecordError(f"{value!r:.60} is not a day; write 2026-05-17", field=path) from None


def _read_datetime(value: Any, path: str, _pending: _Pending) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(_text(value, path))
    except ValueError:
        raise InvalidRecordError(f"{value!r:.60} is not a time; write 2026-05-17T09:00+00:00", field=path) from None


def _read_partial_date(value: Any, path: str, _pending: _Pending) -> PartialDate:
    try:
        return PartialDate(_text(value, path))
    except InvalidRecordError as error:
        raise InvalidRecordError(error.reason, field=path) from None


def _read_pending(value: Any, path: str) -> Planned | Unknown | None:
    match value:
        case {"planned_by": by, **rest} if not rest:
            return Planned(_read_date(by, path, {}))
        case {"unknown_because": because, **rest} if not rest:
            return Unknown(_text(because, path))
    return None


def _read_people(value: Any, path: str, pending: _Pending) -> frozenset[str]:
    return frozenset(_read_several(_read_text, value, path, pending))


def _read_nothing(_value: Any, path: str, _pending: _Pending) -> None:
    raise InvalidRecordError("is said in place, as {planned_by: …} or {unknown_because: …}", field=path)


_SIMPLE: dict[Any, Callable[[Any, str, _Pending], Any]] = {
    str: _read_text,
    bool: _read_bool,
    date: _read_date,
    datetime: _read_datetime,
    PartialDate: _read_partial_date,
    AbstractSet: _read_people,
    Mapping: _read_nothing,
}


def _build(kind: type[R], fields: Mapping[str, Any], path: str) -> R:
    """Build a record, turning what it refuses into an error with the whole path of the field."""
    try:
        return kind(**fields)
    except InvalidRecordError as error:
        raise InvalidRecordError(error.reason, field=f"{path}{error.field}".rstrip(".")) from None
    except TypeError:
        required = [
            each.name for each in dataclasses.fields(kind)  # type: ignore[arg-type]  # every kind here is a dataclass
            if each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING
        ]  # fmt: skip
        missing = next(name for name in required if name not in fields)
        raise InvalidRecordError("is missing", field=f"{path}{missing}") from None


def _write(record: Any) -> dict[str, Plain]:
    """A dataclass as a plain mapping, without empty values and parts."""
    names = (field.name for field in dataclasses.fields(record) if field.name != "pending")
    plain = ((name, _write_value(getattr(record, name))) for name in names)
    return {name: value for name, value in plain if value not in (None, [], {})}


def _write_value(value: Any) -> Plain:
    match value:
        case StrEnum() | PartialDate():
            return str(value)
        case date():  # and datetime, its subclass
            return value.isoformat()
        case tuple():
            return [_write_value(each) for each in value]
        case frozenset():
            return sorted(value)
        case None | str() | bool():
            return value
        case _:
            return _write(value)


def _write_pending(reason: Planned | Unknown) -> dict[str, str]:
    match reason:
        case Planned(by):
            return {"planned_by": by.isoformat()}
        case Unknown(because):
            return {"unknown_because": because}


def _place(record: dict[str, Plain], path: str, value: Plain) -> None:
    *parts, name = path.split(".")
    for part in parts:
        record = record.setdefault(part, {})
    record[PLAIN_NAMES.get(name, name) if not parts else name] = value
