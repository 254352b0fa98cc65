"""Making a valid pilot of a record: what no pilot may have is left out and noted, as long as a pilot remains."""

import copy
from collections.abc import Iterator
from typing import Any

from knowledge.catalogues.cells import web_addresses
from knowledge.catalogues.confidential import speaks_of_visibility
from knowledge.catalogues.layout import Kind, field_at
from knowledge.errors import InvalidRecordError
from knowledge.pilots import Pilot
from knowledge.record_names import is_said, key_of
from knowledge.record_paths import place_of, put
from knowledge.records import pilot_from_record
from knowledge.text import TEXT_LIMIT, TITLE_LIMIT, clean, shorten

# Without these there is no pilot; and a record must not become visible because who may see it could not be read.
_NEEDED = ("id", "source", "title", "visibility")
# Each costs another reading of the whole record.
_FAULTS_LIMIT = 1_000
_DAMAGED = "\ufffd"

Note = tuple[str, str]  # field, reason


def pilot_of(record: dict[str, Any]) -> tuple[Pilot, list[Note]]:
    """InvalidRecordError where a needed field is missing or wrong."""
    notes = [*_damaged(record), *_shorten(record)]
    own = False
    for _ in range(_FAULTS_LIMIT):
        try:
            return pilot_from_record(record), notes
        except InvalidRecordError as error:
            if error.field.partition(".")[0] in _NEEDED or not error.field:
                raise
            _require_visibility_known(record, error)
            if not own:  # once, however much is wrong
                record, own = copy.deepcopy(record), True
            if first := _first_address(record, error):
                notes.append((error.field, f"is no single web address; {first[:80]} is kept"))
                continue
            if not _leave_out(record, error):
                raise
            notes.append((error.field, f"{error.reason}; left out"))
    raise InvalidRecordError(f"more than {_FAULTS_LIMIT:,} fields cannot be read; this may be no record of a pilot")


def _require_visibility_known(record: dict[str, Any], error: InvalidRecordError) -> None:
    if not speaks_of_visibility(error.field) or field_at(error.field):
        return
    holder, key = _where_said(record, error.field)
    if key is not None and is_said(holder[key]):
        reason = f"{error.reason}; it may say who may see the pilot, so the row is left out: write visibility.audience"
        raise InvalidRecordError(f"{reason} and its like", field=error.field)


def texts_of(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a record with the path of its field, the parts of lists counted from 1."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from texts_of(each, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for place, each in enumerate(value, 1):
            yield from texts_of(each, f"{path}.{place}")


def _damaged(record: dict[str, Any]) -> Iterator[Note]:
    for where, text in texts_of(record):
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
            put(record, path, shorten(cleaned, limit))
            yield path, f"has {len(cleaned):,} characters; shortened to the {limit:,} that fit"


def _first_address(record: dict[str, Any], error: InvalidRecordError) -> str | None:
    """Where a link's text holds addresses among other words, put the first in its place."""
    field = field_at(error.field)
    if field is None or field.kind is not Kind.LINK:
        return None
    holder, key = _where_said(record, error.field)
    text = None if key is None else holder[key]
    addresses = web_addresses(text) if isinstance(text, str) else []
    if not addresses or addresses[0] == text:
        return None
    holder[key] = addresses[0]
    return addresses[0]


def _leave_out(record: dict[str, Any], error: InvalidRecordError) -> bool:
    """Take out what says the field at fault or, where nothing does, the part that it belongs to."""
    holder, key = _where_said(record, error.field)
    if key is None:
        return False
    del holder[key]
    return True


def _where_said(record: dict[str, Any], path: str) -> tuple[Any, Any]:
    """What says a field or, where nothing does, the nearest part around it: what holds that, and its key there."""
    holder, key = None, None
    inside: Any = record
    walked: list[str] = []
    for name in path.split("."):
        here = _key_in(inside, ".".join(walked), name)
        walked.append(name)
        if here is not None:
            holder, key, inside = inside, here, inside[here]
        elif name != "1":  # a single value counts as a list of one
            break
    return holder, key


def _key_in(holder: Any, path: str, name: str) -> Any:
    """Records may name a field in several ways (`end`, `retired`), and YAML has keys that are no text."""
    if isinstance(holder, list):
        return place_of(name, holder)
    if not isinstance(holder, dict):
        return None
    keys = {str(key): key for key in holder}
    return keys.get(key_of({each: holder[key] for each, key in keys.items()}, path, name) or "")
