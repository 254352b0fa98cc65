"""Dotted paths into plain records, in which a number counts the parts of a list from 1: ``assets.1.link``."""

from collections.abc import Mapping
from typing import Any


def value_at(record: Any, path: str) -> Any:
    """What stands at the path; None where nothing does."""
    for step in path.split("."):
        record = _inside(record, step)
    return record


def put(record: dict[str, Any], path: str, value: Any) -> None:
    """Set what stands at the path. Parts on the way that are not there, or are no parts, are made."""
    *steps, last = path.split(".")
    holder: Any = record
    for step in steps:
        inner = _inside(holder, step)
        if not isinstance(inner, dict | list):
            inner = {}
            _set(holder, step, inner)
        holder = inner
    _set(holder, last, value)


def _inside(holder: Any, step: str) -> Any:
    if isinstance(holder, Mapping):
        return holder.get(step)
    if isinstance(holder, list) and step.isdecimal() and 0 < int(step) <= len(holder):
        return holder[int(step) - 1]
    return None


def _set(holder: Any, step: str, value: Any) -> None:
    holder[int(step) - 1 if isinstance(holder, list) else step] = value
