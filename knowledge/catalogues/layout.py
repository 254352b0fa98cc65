"""The fields of a record by their dotted paths, and what each may hold: what mappings name and spreadsheets show."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from knowledge.dates import PartialDate
from knowledge.pilots import Pilot
from knowledge.record_names import PLAIN_NAMES, PROVENANCE_NAMES
from knowledge.record_types import FieldType, field_types


class Kind(StrEnum):
    TEXT = "text"
    TEXTS = "several texts"
    LINK = "a web address"
    COUNTRY = "a country"
    CHOICE = "one of a few words"
    PERIOD = "a year, a month or a day"
    DAY = "a day"
    FLAG = "true or false"
    PARTS = "several parts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    path: str
    kind: Kind
    choices: tuple[str, ...] = ()
    parts: type | None = None  # of PARTS: what each is


# First what a reader looks for first, and last what few do.
_FIRST = ("id", "source", "title", "summary", "organisation", "country", "lang", "stage", "url")
_LAST = ("licence", "attribution")
_LINKS = ("url", "link", "evidence")
_KINDS: dict[Any, Kind] = {PartialDate: Kind.PERIOD, date: Kind.DAY, bool: Kind.FLAG}


@functools.cache
def record_fields() -> dict[str, Field]:
    """Every field that is no part of a list, in the order of a spreadsheet's columns."""
    found = {field.path: field for field in _fields_of(Pilot, "")}
    found |= {name: Field(path=name, kind=_text_kind(name)) for name in PROVENANCE_NAMES}
    last = [*_LAST, *(path for path in found if path.startswith("visibility."))]
    middle = [path for path in found if path not in _FIRST and path not in last]
    return {path: found[path] for path in (*_FIRST, *middle, *last)}


def part_fields(several: Field) -> tuple[Field, ...]:
    """The fields of each of several parts, by their paths within one."""
    return tuple(_fields_of(several.parts, "")) if several.parts else ()


def field_at(path: str) -> Field | None:
    """The field at a path, in which a number picks one of several parts: ``assets.1.link``."""
    if path in record_fields():
        return record_fields()[path]
    root, _, rest = path.rpartition(".")
    root, _, number = root.rpartition(".")
    several = record_fields().get(root)
    if several is None or several.parts is None or not number.isdecimal() or number == "0":
        return None
    inner = next((field for field in part_fields(several) if field.path == rest), None)
    return Field(path=path, kind=inner.kind, choices=inner.choices) if inner else None


def _fields_of(record: type, path: str) -> Iterator[Field]:
    for name, held in field_types(record).items():
        if record is Pilot and name in ("provenance", "pending"):
            continue
        here = f"{path}{PLAIN_NAMES.get(name, name) if record is Pilot else name}"
        if held.is_part and not held.gathered:
            yield from _fields_of(held.kind, f"{here}.")
        else:
            yield _field(here, held)


def _field(path: str, held: FieldType) -> Field:
    if held.gathered:
        return Field(path=path, kind=Kind.PARTS, parts=held.kind) if held.is_part else Field(path=path, kind=Kind.TEXTS)
    if issubclass(held.kind, StrEnum):
        return Field(path=path, kind=Kind.CHOICE, choices=tuple(held.kind))
    if held.kind is str:
        return Field(path=path, kind=_text_kind(path))
    return Field(path=path, kind=_KINDS[held.kind])


def _text_kind(path: str) -> Kind:
    if path == "country":
        return Kind.COUNTRY
    return Kind.LINK if path.rpartition(".")[2] in _LINKS else Kind.TEXT
