"""Dotted paths into plain records, in which a number counts the parts of a list from 1: ``assets.1.link``."""

from collections.abc import Mapping
from typing import Any

from knowledge.errors import InvalidRecordError


def value_at(record: Any, path: str) -> Any:
    """What stands at the path; None where nothing does."""
    for step in path.split("."):
        record = _inside(record, step)
    return record


def put(record: dict[str, Any], path: str, value: Any) -> None:
    """Set what stands at the path. Parts on the way that are not there, or are no parts, are made.

    InvalidRecordError where a list has no such part.
    """
    *steps, last = path.split(".")
    holder: Any = record
    for step in steps:
        inner = _inside(holder, step)
        if not isinstance(inner, dict | list):
            inner = {}
            _set(holder, step, inner, path)
        holder = inner
    _set(holder, last, value, path)


def _inside(holder: Any, step: str) -> Any:
    if isinstance(holder, Mapping):
        return holder.get(step)
    if isinstance(holder, list) and (place := place_of(step, holder)) is not None:
        return holder[place]
    return None


def place_of(step: str, parts: list[Any]) -> int | None:
    """Where in the list the part with this number stands; None where none does."""
    # No list is so long that its places have ten digits, and of thousands Python makes no number.
    return int(step) - 1 if step.isdecimal() and len(step) < 10 and 0 < int(step) <= len(parts) else None


def _set(holder: Any, step: str, value: Any, path: str) -> None:
    if not isinstance(holder, list):
        holder[step] = value
    elif (place := place_of(step, holder)) is not None:
        holder[place] = value
    else:
        raise InvalidRecordError(f"is no part of a list of {len(holder)}", field=path)
