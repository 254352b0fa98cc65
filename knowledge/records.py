"""Pilots and learnings as plain records (what JSON and YAML hold), and back: made valid at the door.

The names are those people use (`id`, `source`, `lang`, `tags`, `url`). In place of any answer may stand
``{"planned_by": "2026-05-01"}`` or ``{"unknown_because": "…"}``.
"""

import dataclasses
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from knowledge.countries import country_code, country_name
from knowledge.dates import PartialDate
from knowledge.errors import InvalidRecordError
from knowledge.learnings import Learning
from knowledge.pilots import Pilot, Planned, Provenance, Unknown
from knowledge.record_names import PILOT_NAMES, PLAIN_NAMES, PROVENANCE_NAMES, is_said, with_plain_names
from knowledge.record_paths import put
from knowledge.record_reading import Pending, build, read_fields, read_pending, read_text

Plain = Any  # str | int | float | bool | None | list | dict, as JSON has them


def pilot_from_record(record: Mapping[str, Plain]) -> Pilot:
    """The pilot that a record describes; InvalidRecordError names the field that no pilot may have so."""
    try:
        return _read_pilot(record)
    except InvalidRecordError as error:
        first, *rest = error.field.split(".")
        raise InvalidRecordError(error.reason, field=".".join((PLAIN_NAMES.get(first, first), *rest))) from None


def _read_pilot(record: Mapping[str, Plain]) -> Pilot:
    record = with_plain_names({str(name): value for name, value in record.items()}, "")
    origin = {ours: record.pop(theirs, None) for theirs, ours in PROVENANCE_NAMES.items()}
    for theirs, ours in PILOT_NAMES.items():
        record[ours] = record.pop(theirs, None)
    if record.get("country") and read_pending(record["country"], "country") is None:
        name = read_text(record["country"], "country")
        record["country"] = country_code(name) if name else None
    pending: Pending = {}
    fields = read_fields(Pilot, record, "", pending, leave=("provenance", "pending"))
    provenance = build(Provenance, read_fields(Provenance, origin, "", pending), "")
    return build(Pilot, {**fields, "provenance": provenance, "pending": pending}, "")


def pilot_to_record(pilot: Pilot) -> dict[str, Plain]:
    """The record of a pilot, without what is not said; `pilot_from_record` gives the same pilot back."""
    record: dict[str, Plain] = {}
    for theirs, ours in PROVENANCE_NAMES.items():
        record[theirs] = getattr(pilot.provenance, ours)
    record |= {name: value for name, value in _write(pilot).items() if name != "provenance"}
    if pilot.country:
        record["country"] = country_name(pilot.country)
    for theirs, ours in PILOT_NAMES.items():
        if ours in record:
            record[theirs] = record.pop(ours)
    for path, reason in pilot.pending.items():
        part, _, name = path.rpartition(".")
        put(record, path if part else PLAIN_NAMES.get(name, name), _write_pending(reason))
    return {name: value for name, value in record.items() if value is not None}


def learning_from_record(record: Mapping[str, Plain]) -> Learning:
    return build(Learning, read_fields(Learning, dict(record), "", {}), "")


def learning_to_record(learning: Learning) -> dict[str, Plain]:
    return _write(learning)


def _write(record: Any) -> dict[str, Plain]:
    """A dataclass as a plain mapping, without empty values and parts."""
    names = (field.name for field in dataclasses.fields(record) if field.name != "pending")
    plain = ((name, _write_value(getattr(record, name))) for name in names)
    return {name: value for name, value in plain if is_said(value)}


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
