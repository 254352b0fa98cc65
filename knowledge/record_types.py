"""What the fields of a record may hold, by their type hints."""

import functools
import types
import typing
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, is_dataclass
from typing import Any

from knowledge.dates import PartialDate


@dataclass(frozen=True, slots=True)
class FieldType:
    """`kind` is the type of the field or, where `gathered` in a tuple or a set, of each in it."""

    kind: type
    gathered: type | None = None

    @property
    def is_part(self) -> bool:
        """Whether it has fields of its own."""
        return is_dataclass(self.kind) and self.kind is not PartialDate


@functools.cache
def field_types(record: type) -> dict[str, FieldType]:
    """By the names of a dataclass's fields, in their order."""
    return {name: _type_of(hint) for name, hint in typing.get_type_hints(record).items() if not name.startswith("__")}


def _type_of(hint: Any) -> FieldType:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        return _type_of(next(each for each in typing.get_args(hint) if each is not types.NoneType))
    if origin in (tuple, AbstractSet):
        return FieldType(typing.get_args(hint)[0], origin)
    return FieldType(origin or hint)
