"""Making a valid pilot of a record: what no pilot may have is left out and noted, as long as a pilot remains."""

import copy
from collections.abc import Iterator
from typing import Any

from knowledge.catalogues.cells import web_addresses
from knowledge.errors import InvalidRecordError
from knowledge.pilots import Pilot, value_at
from knowledge.records import pilot_from_record
from knowledge.text import TEXT_LIMIT, TITLE_LIMIT, clean, shorten

# Without these there is no pilot; and a record must not become visible because who may see it could not be read.
_NEEDED = ("id", "source_id", "source", "title", "visibility")
_LINK_NAMES = {"url": ("url", "link"), "link": ("link", "url"), "evidence": ("evidence",)}
_DAMAGED = "\ufffd"

Note = tuple[str, str]  # field, reason


def pilot_of(record: dict[str, Any]) -> tuple[Pilot, list[Note]]:
    """InvalidRecordError where a needed field is missing or wrong."""
    notes = [*_damaged(record, ""), *_shorten(record)]
    while True:
        try:
            return pilot_from_record(record), notes
        except InvalidRecordError as error:
            if error.field.partition(".")[0] in _NEEDED or not error.field:
                raise
            record = copy.deepcopy(record)
            if first := _first_address(record, error):
                notes.append((error.field, f"is no single web address; {first[:80]} is kept"))
                continue
            if not _leave_out(record, error):
                raise
            notes.append((error.field, f"{error.reason}; left out"))


def texts_of(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a record with the path of its field, the parts of lists counted from 1."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from texts_of(each, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list | tuple):
        for place, each in enumerate(value, 1):
            yield from texts_of(each, f"{path}.{place}")


def _damaged(record: dict[str, Any], path: str) -> Iterator[Note]:
    for where, text in texts_of(record, path):
        if _DAMAGED in text:
            yield where, "holds characters that could not be read; they stand as �"


def _shorten(record: dict[str, Any]) -> Iterator[Note]:
    """Of a title too long the whole is put before the summary; other texts are cut at a sentence."""
    title = record.get("title")
    if isinstance(title, str) and len(title) > TITLE_LIMIT and len(title := clean(title)) > TITLE_LIMIT:
        summary = record.get("summary")
        record["title"] = shorten(title, TITLE_LIMIT)
        record["summary"] = f"{title}\n\n{summary}" if isinstance(summary, str) and summary else title
        yield "title", f"has {len(title):,} characters and {TITLE_LIMIT} fit; the whole stands before the summary"
    for path, text in list(texts_of(record)):
        limit = TITLE_LIMIT if path.startswith(("tags.", "topics.")) else TEXT_LIMIT
        if len(text) > limit and len(cleaned := clean(text)) > limit:
            _put(record, path, shorten(cleaned, limit))
            yield path, f"has {len(cleaned):,} characters; shortened to the {limit:,} that fit"


def _put(record: Any, path: str, text: str) -> None:
    *parts, last = path.split(".")
    for part in parts:
        record = _inside(record, part)
    record[int(last) - 1 if isinstance(record, list) else last] = text


def _inside(value: Any, part: str) -> Any:
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and part.isdecimal() and 0 < int(part) <= len(value):
        return value[int(part) - 1]
    return None


def _first_address(record: dict[str, Any], error: InvalidRecordError) -> str | None:
    """Where a link's text holds addresses among other words, put the first in its place."""
    *parts, last = error.field.split(".")
    container: Any = record
    for part in parts:
        container = _inside(container, part)
    for name in _LINK_NAMES.get(last, ()) if isinstance(container, dict) else ():
        text = container.get(name)
        addresses = web_addresses(text) if isinstance(text, str) else []
        if addresses and addresses[0] != text:
            container[name] = addresses[0]
            return addresses[0]
    return None


def _leave_out(record: dict[str, Any], error: InvalidRecordError) -> bool:
    """Take out what stands at the error's path or, where nothing does, the part that it belongs to."""
    container: Any = record
    steps: list[tuple[Any, str, list[str]]] = []
    walked: list[str] = []
    for name in error.field.split("."):
        steps.append((container, name, list(walked)))
        walked.append(name)
        container = _inside(container, name)
        if container is None:
            break
    for holder, name, path in reversed(steps):
        if isinstance(holder, list) and _inside(holder, name) is not None:
            del holder[int(name) - 1]
            return True
        if isinstance(holder, dict) and (key := _key_of(holder, name, path, error.field)):
            del holder[key]
            return True
    return False


def _key_of(holder: dict[str, Any], name: str, path: list[str], field: str) -> str | None:
    """Records may name a field in several ways (`end`, `retired`): the key in `holder` that is read as this field."""
    if holder.get(name) is not None:
        return name
    return next((key for key, value in holder.items() if _is_read_as(field, [*path, str(key)], value)), None)


def _is_read_as(field: str, path: list[str], value: Any) -> bool:
    probe: Any = value
    for name in reversed(path):
        probe = {name: probe}
    try:
        pilot = pilot_from_record({"id": "x", "source": "x", "title": "x"} | probe)
        return value_at(pilot, field) not in (None, ())
    except InvalidRecordError as error:
        return error.field == field and error.reason != "is not a field of a pilot"
