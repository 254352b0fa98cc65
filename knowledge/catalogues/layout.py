"""The fields of a record by their dotted paths, and what each may hold: what mappings name and spreadsheets show."""

import functools
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass, is_dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from knowledge.dates import PartialDate
from knowledge.pilots import Pilot


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


# In the record under other names, and in this order: first what a reader looks for first.
_OWN = ("id", "source", "title", "summary", "organisation", "country", "lang", "stage", "url")
_NAMES = {"language": "lang", "topics": "tags"}
_PROVENANCE = ("licence", "attribution")
_LINKS = ("url", "link", "evidence")


@functools.cache
def record_fields() -> dict[str, Field]:
    """Every field that is no part of a list, in the order of a spreadsheet's columns."""
    found = {field.path: field for field in _fields_of(Pilot, "")}
    found |= {name: Field(path=name, kind=_text_kind(name)) for name in ("id", "source", "url", *_PROVENANCE)}
    last = [*_PROVENANCE, *(path for path in found if path.startswith("visibility."))]
    middle = [path for path in found if path not in _OWN and path not in last]
    return {path: found[path] for path in (*_OWN, *middle, *last)}


def field_at(path: str) -> Field | None:
    """The field at a path, in which a number picks one of several parts: ``assets.1.link``."""
    if path in record_fields():
        return record_fields()[path]
    root, _, rest = path.rpartition(".")
    root, _, number = root.rpartition(".")
    several = record_fields().get(root)
    if several is None or several.parts is None or not number.isdecimal() or number == "0":
        return None
    inner = next((field for field in _fields_of(several.parts, "") if field.path == rest), None)
    return Field(path=path, kind=inner.kind, choices=inner.choices) if inner else None


def _fields_of(kind: type, path: str) -> Iterator[Field]:
    for name, hint in typing.get_type_hints(kind).items():
        if (kind is Pilot and name in ("provenance", "pending")) or name.startswith("__"):
            continue
        here = f"{path}{_NAMES.get(name, name)}" if not path else f"{path}{name}"
        plain = _without_none(hint)
        if is_dataclass(plain) and plain is not PartialDate:
            yield from _fields_of(typing.cast("type", plain), f"{here}.")
        else:
            yield _field(here, plain)


def _field(path: str, hint: Any) -> Field:
    if typing.get_origin(hint) is tuple:
        inner = typing.get_args(hint)[0]
        if is_dataclass(inner):
            return Field(path=path, kind=Kind.PARTS, parts=typing.cast("type", inner))
        return Field(path=path, kind=Kind.TEXTS)
    if typing.get_origin(hint) is not None:  # the set of people
        return Field(path=path, kind=Kind.TEXTS)
    if issubclass(hint, StrEnum):
        return Field(path=path, kind=Kind.CHOICE, choices=tuple(hint))
    if hint is str:
        return Field(path=path, kind=_text_kind(path))
    return Field(path=path, kind={PartialDate: Kind.PERIOD, date: Kind.DAY, bool: Kind.FLAG}[hint])


def _text_kind(path: str) -> Kind:
    if path == "country":
        return Kind.COUNTRY
    return Kind.LINK if path.rpartition(".")[2] in _LINKS else Kind.TEXT


def _without_none(hint: Any) -> Any:
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return next(each for each in typing.get_args(hint) if each is not types.NoneType)
    return hint
