"""The project's own form: records as JSON holds them, and the same as one row of a spreadsheet.

In a spreadsheet a field has the column of its dotted path. Several words stand in one cell between semicolons;
several parts, and what is planned or unknown, as JSON. A cell that a spreadsheet would run as a formula, or that this
module would take for JSON, begins with an apostrophe.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from knowledge.catalogues.cells import cell_text
from knowledge.catalogues.confidential import require_read
from knowledge.catalogues.layout import Kind, field_at
from knowledge.catalogues.tables import Row
from knowledge.catalogues.written_dates import read_date
from knowledge.errors import InvalidRecordError
from knowledge.record_names import BARE, is_said, plain_path
from knowledge.record_paths import put, value_at

# Of a cell longer than a workbook allows, the rest stands in the columns "summary +2", "summary +3" …
_CONTINUED = re.compile(r"(.+) \+(\d+)")
# Some spreadsheets take the full-width signs of East Asian keyboards for their own.
_NEUTRALISED = "=+-@\t\r'[{＝＋－＠"
_PENDING = ({"planned_by"}, {"unknown_because"})


def record_of_row(row: Row) -> dict[str, Any]:
    """The record that one row of a spreadsheet holds."""
    texts: dict[str, str] = {}
    for column, cell in row.items():
        text = cell if isinstance(cell, str) else cell_text(cell)
        continued = _CONTINUED.fullmatch(column)
        name = continued[1] if continued else column
        plain = plain_cell(text) if continued else text
        texts[name] = texts.get(name, "") + plain
    record: dict[str, Any] = {}
    for path, text in texts.items():
        value = _value_of_cell(path, text)
        where = f"{path}.{BARE[path]}" if isinstance(value, str) and path in BARE else path
        if not is_said(value):
            continue
        # A part may be said whole (`owner` is unknown because …) or by its fields; its fields go first.
        if value_at(record, where) is None:
            put(record, where, value)
        else:
            require_read(where, "is said twice, in different columns")
    return record


def fill_in(record: dict[str, Any], constants: Mapping[str, Any]) -> None:
    """What a mapping says of every record, where the record itself says nothing."""
    for path, value in constants.items():
        root = path.partition(".")[0]
        if root != path and isinstance(record.get(root), str) and root in BARE:
            record[root] = {BARE[root]: record[root]}
        # A part that cannot be read must not give way to a constant: it may be the visibility.
        if value_at(record, path) is None and (root == path or isinstance(record.get(root), dict | None)):
            put(record, path, value)


def row_of_record(record: dict[str, Any]) -> dict[str, str]:
    """The cells of a record, by the paths of their columns."""
    cells: dict[str, str] = {}
    _flatten(record, "", cells)
    return cells


def safe_cell(text: str) -> str:
    """The text so that no spreadsheet runs it; `plain_cell` gives it back."""
    return f"'{text}" if text[:1] and text[0] in _NEUTRALISED else text


def plain_cell(cell: str) -> str:
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1] in _NEUTRALISED else cell


def read_own_dates(record: dict[str, Any]) -> list[tuple[str, str]]:
    """Dates written in any usual way become ISO dates in place; those that are none are left out and noted."""
    notes = []
    for part, names in (("dates", None), ("funding", ("ends",))):
        fields = record.get(part)
        if not isinstance(fields, dict):
            continue
        read = dict(fields)
        for name in names or fields:
            value = fields.get(name)
            if value in (None, "") or isinstance(value, dict):
                continue
            try:
                written = read_date(value)
            except InvalidRecordError as error:
                del read[name]
                notes.append((f"{part}.{name}", f"{error.reason}; left out"))
                continue
            read[name] = written.date.iso
            if written.remark:
                notes.append((f"{part}.{name}", f"of {str(value)[:80]!r}, {written.date} is kept"))
        record[part] = read
    return notes


def _value_of_cell(path: str, cell: str) -> Any:
    field = field_at(plain_path(path))
    kind = field.kind if field else None
    text = plain_cell(cell)
    value = _json(text) if text == cell and text[:1] in ("{", "[") else None
    if isinstance(value, dict) and (set(value) in _PENDING or kind is None):
        return value
    if isinstance(value, list) and kind in (Kind.TEXTS, Kind.PARTS):
        return value
    if kind is Kind.TEXTS:
        return [piece.strip() for piece in text.split(";") if piece.strip()]
    return text


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _flatten(value: dict[str, Any], path: str, cells: dict[str, str]) -> None:
    for name, each in value.items():
        here = f"{path}{name}"
        match each:
            case dict() if set(each) not in _PENDING:
                _flatten(each, f"{here}.", cells)
            case dict():
                cells[here] = json.dumps(each, ensure_ascii=False)
            case list():
                cells[here] = _cell_of_list(each)
            case bool():
                cells[here] = "true" if each else "false"
            case _:
                cells[here] = safe_cell(str(each))


def _cell_of_list(values: list[Any]) -> str:
    words = all(isinstance(value, str) and ";" not in value for value in values)
    if words and values[0][:1] not in ("[", "{"):
        return safe_cell("; ".join(values))
    return json.dumps(values, ensure_ascii=False)
