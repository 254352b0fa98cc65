"""Reading a plain value as what a record's field holds, by the field's type; InvalidRecordError names the field."""

import dataclasses
import difflib
import functools
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from knowledge.dates import PartialDate
from knowledge.errors import InvalidRecordError
from knowledge.pilots import Planned, Unknown
from knowledge.record_names import BARE, is_said, with_plain_names
from knowledge.record_types import FieldType, field_types
from knowledge.text import clean

R = TypeVar("R", bound=Hashable)
Pending = dict[str, Planned | Unknown]
_Read = Callable[[Any, str, Pending], Any]


def read_fields(
    kind: type, record: Mapping[str, Any], path: str, pending: Pending, *, leave: Sequence[str] = ()
) -> dict[str, Any]:
    readers = _readers(kind)
    fields: dict[str, Any] = {}
    for name, value in record.items():
        here = f"{path}{name}"
        if name not in readers or name in leave:
            near = difflib.get_close_matches(name, [each for each in readers if each not in leave], 1)
            raise InvalidRecordError(f"is not a field here{f'; did you mean {near[0]}?' if near else ''}", field=here)
        if not is_said(value):
            continue
        if (reason := read_pending(value, here)) is not None:
            pending[here] = reason
            continue
        read = readers[name](value, here, pending)
        if read is not None:
            fields[name] = read
    return fields


@functools.cache
def _readers(kind: type) -> dict[str, _Read]:
    return {name: _reader(field) for name, field in field_types(kind).items()}


def _reader(field: FieldType) -> _Read:
    """How a plain value becomes one of this type."""
    if field.kind in _SIMPLE:
        read = _SIMPLE[field.kind]
    else:
        read = functools.partial(_read_choice if issubclass(field.kind, StrEnum) else _read_part, field.kind)
    if field.gathered is None:
        return read
    return functools.partial(_read_several if field.gathered is tuple else _read_set, read)


def _read_part(kind: type, value: Any, path: str, pending: Pending) -> Any:
    whole, _, _number = path.partition(".")
    if isinstance(value, str) and whole in BARE:
        value = {BARE[whole]: value}
    if not isinstance(value, Mapping):
        raise InvalidRecordError(f"needs named fields, not {value!r:.60}", field=path)
    named = with_plain_names({str(name): each for name, each in value.items()}, path)
    fields = read_fields(kind, named, f"{path}.", pending)
    return build(kind, fields, f"{path}.") if fields else None


def _read_several(read: _Read, value: Any, path: str, pending: Pending) -> tuple[Any, ...]:
    """A tuple; a single value counts as a list of one."""
    values = value if isinstance(value, list | tuple) else [value]
    read_values = (read(each, f"{path}.{place}", pending) for place, each in enumerate(values, 1))
    return tuple(each for each in read_values if each is not None)


def _read_text(value: Any, path: str, _pending: Pending) -> str | None:
    return read_text(value, path) or None


def read_text(value: Any, path: str) -> str:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, int | float | date) and not isinstance(value, bool):
        return str(value)
    raise InvalidRecordError(f"needs text, not {value!r:.60}", field=path)


def _read_bool(value: Any, path: str, _pending: Pending) -> bool:
    if isinstance(value, bool):
        return value
    raise InvalidRecordError(f"needs true or false, not {value!r:.60}", field=path)


def _read_choice(kind: type[StrEnum], value: Any, path: str, _pending: Pending) -> StrEnum:
    try:
        return kind(read_text(value, path).lower().replace(" ", "_").replace("-", "_"))
    except ValueError:
        choices = ", ".join(kind)
        raise InvalidRecordError(f"{value!r:.60} is none of {choices}", field=path) from None


def _read_date(value: Any, path: str, _pending: Pending) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(read_text(value, path))
    except ValueError:
        raise InvalidRecordError(f"{value!r:.60} is not a day; write 2026-05-17", field=path) from None


def _read_datetime(value: Any, path: str, _pending: Pending) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(read_text(value, path))
    except ValueError:
        raise InvalidRecordError(f"{value!r:.60} is not a time; write 2026-05-17T09:00+00:00", field=path) from None


def _read_partial_date(value: Any, path: str, _pending: Pending) -> PartialDate:
    try:
        return PartialDate(read_text(value, path))
    except InvalidRecordError as error:
        raise InvalidRecordError(error.reason, field=path) from None


def read_pending(value: Any, path: str) -> Planned | Unknown | None:
    match value:
        case {"planned_by": by, **rest} if not rest:
            return Planned(_read_date(by, path, {}))
        case {"unknown_because": because, **rest} if not rest:
            return Unknown(read_text(because, path))
    return None


def _read_set(read: _Read, value: Any, path: str, pending: Pending) -> frozenset[Any]:
    return frozenset(_read_several(read, value, path, pending))


def _read_nothing(_value: Any, path: str, _pending: Pending) -> None:
    raise InvalidRecordError("is said in place, as {planned_by: …} or {unknown_because: …}", field=path)


_SIMPLE: dict[Any, _Read] = {
    str: _read_text,
    bool: _read_bool,
    date: _read_date,
    datetime: _read_datetime,
    PartialDate: _read_partial_date,
    Mapping: _read_nothing,
}


def build(kind: type[R], fields: Mapping[str, Any], path: str) -> R:
    """Build a record, turning what it refuses into an error with the whole path of the field."""
    missing = [name for name in _required(kind) if name not in fields]
    if missing:
        raise InvalidRecordError("is missing", field=f"{path}{missing[0]}")
    try:
        return kind(**fields)
    except InvalidRecordError as error:
        raise InvalidRecordError(error.reason, field=f"{path}{error.field}".rstrip(".")) from None


@functools.cache
def _required(kind: type) -> tuple[str, ...]:
    return tuple(
        each.name for each in dataclasses.fields(kind)
        if each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING
    )  # fmt: skip
