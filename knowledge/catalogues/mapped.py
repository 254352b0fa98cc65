"""A row of a catalogue as a record of ours, by its mapping; what could not be read is noted and left out."""

import dataclasses
import difflib
import re
from dataclasses import dataclass, field
from typing import Any

from knowledge.catalogues.cells import Reading, cell_text
from knowledge.catalogues.confidential import require_read
from knowledge.catalogues.mapping import CatalogueMapping, Rule
from knowledge.catalogues.tables import Row
from knowledge.errors import InvalidFileError, InvalidRecordError
from knowledge.record_names import is_said
from knowledge.record_paths import put, value_at


@dataclass(slots=True)
class MappedRow:
    record: dict[str, Any]
    notes: list[tuple[str, str]] = field(default_factory=list)  # field, reason


@dataclass(frozen=True, slots=True)
class Fit:
    """A mapping with its columns named as a file names them, and those that the file does not have."""

    mapping: CatalogueMapping
    missing: tuple[str, ...]


def fit_to_columns(mapping: CatalogueMapping, columns: tuple[str, ...]) -> Fit:
    """The mapping made to fit a file. Title and id must be there: InvalidFileError."""
    seen = {name.casefold(): name for name in columns}
    missing: dict[str, None] = {}

    def actual(name: str) -> str:
        if name.casefold() in seen:
            return seen[name.casefold()]
        if name.partition(".")[0] not in columns:  # a dotted name reaches into JSON objects
            missing[name] = None
        return name

    rules = []
    for rule in mapping.rules:
        for name in rule.all_columns():
            actual(name)
        renamed = dataclasses.replace(
            rule, columns=tuple(map(actual, rule.columns)), marked=tuple(map(actual, rule.marked))
        )
        if renamed.field.path == "title" and all(name in missing for name in rule.all_columns()):
            raise InvalidFileError(missing_sentence(mapping, list(missing), columns))
        rules.append(renamed)
    if mapping.id.column and actual(mapping.id.column) in missing:
        raise InvalidFileError(missing_sentence(mapping, [mapping.id.column], columns))
    id_rule = dataclasses.replace(mapping.id, column=actual(mapping.id.column) if mapping.id.column else None)
    return Fit(dataclasses.replace(mapping, rules=tuple(rules), id=id_rule), tuple(missing))


def missing_sentence(mapping: CatalogueMapping, missing: list[str], columns: tuple[str, ...]) -> str:
    near = [match[0] for name in missing if (match := difflib.get_close_matches(name, columns, 1))]
    meant = f"; did you mean {' or '.join(map(repr, near))}?" if near else "."
    return (
        f"{mapping.file} names {', '.join(map(repr, missing))}, and the file has no such column{meant} "
        f"Its columns are: {', '.join(columns)}."
    )


def map_row(mapping: CatalogueMapping, row: Row, number: int) -> MappedRow:
    """InvalidRecordError where the row has no id of its own and should, or who may see it cannot be read."""
    mapped = MappedRow({"id": _id(mapping, row, number), "source": mapping.source})
    fixed: list[Rule] = []
    for rule in mapping.rules:
        if rule.fixed is not None:
            fixed.append(rule)
            continue
        noted = len(mapped.notes)
        value = Reading(mapping, rule, row, mapped.notes).value()
        for path, reason in mapped.notes[noted:]:
            require_read(path, reason.removesuffix("; left out"))
        if is_said(value):
            put(mapped.record, rule.field.path, value)
    for name in ("title", "organisation"):  # one line each
        if text := mapped.record.get(name):
            mapped.record[name] = " ".join(text.split())
    for rule in fixed:
        root = rule.field.path.rpartition(".")[0]
        if value_at(mapped.record, root):
            put(mapped.record, rule.field.path, rule.fixed)
    for path, value in mapping.constants.items():
        if value_at(mapped.record, path) is None:
            put(mapped.record, path, value)
    _close_lists(mapped.record)
    return mapped


def _id(mapping: CatalogueMapping, row: Row, number: int) -> str:
    own = ""
    if column := mapping.id.column:
        own = cell_text(row.get(column))
        if not own:
            raise InvalidRecordError(f"has no id in column {column!r}")
        if mapping.id.pattern:
            match = mapping.id.pattern.search(own)
            if match is None or not match[1]:
                raise InvalidRecordError(f"has an id that does not look like one here: {own[:60]!r}")
            own = match[1]
    values = {"row": str(number), "id": own, "source": mapping.source}

    def fill(match: re.Match[str]) -> str:
        return values[match[1]].zfill(int(match[2] or 0))

    return re.sub(r"\{(row|id|source)(?::0(\d+))?\}", fill, mapping.id.template)


def _close_lists(record: dict[str, Any]) -> None:
    """Parts gathered under their numbers become lists."""
    for name, value in record.items():
        if isinstance(value, dict):
            _close_lists(value)
            if value and all(key.isdecimal() for key in value):
                record[name] = [value[key] for key in sorted(value, key=int)]
