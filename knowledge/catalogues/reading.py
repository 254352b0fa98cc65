"""A file, whatever its name says, as a table."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from knowledge.catalogues.delimited import read_delimited
from knowledge.catalogues.encodings import check_encoding, encoding_of
from knowledge.catalogues.json_tables import is_json_lines, read_json, read_json_lines, read_yaml
from knowledge.catalogues.plain_files import require_plain, state, unchanged
from knowledge.catalogues.tables import Row, Table, Unreadable
from knowledge.catalogues.workbooks import read_workbook
from knowledge.errors import InvalidFileError

# What people take for a table, by its first bytes, and what to do instead.
_NO_TABLES = {
    b"\xd0\xcf\x11\xe0": "is a workbook of an old kind (.xls); save it as XLSX",
    b"%PDF": "is a PDF; look for the data behind it, as CSV or XLSX",
    b"\x1f\x8b": "is compressed (gzip); unpack it first",
    b"BZh": "is compressed (bzip2); unpack it first",
    b"7z\xbc\xaf": "is compressed (7-Zip); unpack it first",
    b"SQLite format 3": "is a database; export its table as CSV",
    b"PAR1": "is a Parquet file; export it as CSV",
}


def read_table(
    path: Path, *, encoding: str | None = None, sheet: str | None = None, list_name: str | None = None
) -> Table:
    """Open and check a file; InvalidFileError says what it is instead. Its content decides, not its extension.

    `encoding`, `sheet` (of a workbook) and `list_name` (in a JSON object) overrule what would be found.
    """
    start = _start(path)
    before = state(path)
    with unchanged(path, before):
        table = _table(path, start, encoding, sheet, list_name)

    def rows() -> Iterator[tuple[int, Row | Unreadable]]:
        with unchanged(path, before):
            yield from table.rows()

    return dataclasses.replace(table, rows=rows)


def _table(path: Path, start: bytes, encoding: str | None, sheet: str | None, list_name: str | None) -> Table:
    if start.startswith(b"PK"):
        return read_workbook(path, sheet)
    if path.suffix.lower() in (".yaml", ".yml"):
        return read_yaml(path, list_name)
    errors = "strict"
    if encoding is None:
        encoding, errors = encoding_of(path)
    else:
        check_encoding(path, encoding)
    text = _first_text(path, encoding)
    if text.startswith(("{", "[")):
        if is_json_lines(path, encoding, errors):
            return read_json_lines(path, encoding, errors)
        return read_json(path, encoding, errors, list_name)
    if text[:200].lower().startswith(("<!doctype", "<html", "<?xml", "<rdf")):
        raise InvalidFileError(
            f"{path.name} is a web page or XML and no table; download the file itself, as CSV, XLSX or JSON."
        )
    return read_delimited(path, encoding, errors)


def _start(path: Path) -> bytes:
    require_plain(path)
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as error:
        raise InvalidFileError(f"{path} cannot be opened: {error.strerror or error}.") from None
    if not start.strip():
        raise InvalidFileError(f"{path.name} is empty.")
    for signature, what in _NO_TABLES.items():
        if start.startswith(signature):
            raise InvalidFileError(f"{path.name} {what}.")
    return start


def _first_text(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, errors="replace") as file:
        text = file.read(4096).lstrip("\ufeff \t\r\n")
    if not text:
        raise InvalidFileError(f"{path.name} is empty.")
    return text
