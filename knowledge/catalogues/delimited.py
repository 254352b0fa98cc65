"""CSV and its kin: which delimiter, and rows one at a time."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from knowledge.catalogues.tables import Row, Table, Unreadable, column_names, row_of
from knowledge.errors import InvalidFileError

_DELIMITERS = ",;\t|"
# Spreadsheets may say it in a line of its own: sep=;
_TOLD = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f]")
# More than a record's longest text, for cells that hold lists; the csv module's own limit is 131,072.
_LONGEST_CELL = 10_000_000


def read_delimited(path: Path, encoding: str, errors: str) -> Table:
    """Reads it through once, to be sure that it is a table and how long."""
    # The whole process shares the limit, and rows are read one by one, perhaps of two files at a time: putting it back
    # would cut the other short. A higher one harms nobody, so it is raised where it is lower, and stays.
    csv.field_size_limit(max(_LONGEST_CELL, csv.field_size_limit()))
    with path.open(encoding=encoding, errors=errors, newline="") as file:
        sample = file.read(200_000)
    if len(_CONTROLS.findall(sample)) * 100 > len(sample):
        raise InvalidFileError(
            f"{path.name} is not a table: it holds control characters. Export it as CSV, XLSX, JSON or JSON Lines."
        )
    delimiter = _delimiter(sample)
    columns: tuple[str, ...] = ()
    count = -1
    for count, cells in enumerate(_lines(path, encoding, errors, delimiter)):  # count is used below
        if count == 0:
            columns = column_names(_without_empty_end(cells)) if isinstance(cells, list) else ()
    if not columns:
        raise InvalidFileError(f"{path.name} does not begin with a header row that names its columns.")

    def rows() -> Iterator[tuple[int, Row | Unreadable]]:
        for number, cells in enumerate(_lines(path, encoding, errors, delimiter)):
            if number:
                yield number, cells if isinstance(cells, Unreadable) else row_of(columns, cells)

    return Table(columns=columns, rows=rows, count=count)


def _lines(path: Path, encoding: str, errors: str, delimiter: str) -> Iterator[list[str] | Unreadable]:
    """Header and rows, without blank lines; a line that cannot be read does not end the reading."""
    with path.open(encoding=encoding, errors=errors, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)  # else a quote left open would swallow the rest
        while True:
            begin = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Unreadable(_reason(error, begin, reader.line_num))
                continue
            told = begin == 1 and _TOLD.fullmatch(delimiter.join(cells).lstrip("\ufeff"))
            if cells and cells != [""] and not told:
                yield cells


def _reason(error: csv.Error, begin: int, end: int) -> str:
    if "end of data" in str(error):
        return f"has a quotation mark that is never closed: lines {begin} to {end} of the file cannot be told apart"
    return f"cannot be read (line {begin} of the file): {error}"


def _without_empty_end(cells: list[str]) -> list[str]:
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    return cells


def _delimiter(sample: str) -> str:
    """The one that the first line tells, else the one that splits most rows into the same number of cells."""
    if told := _TOLD.match(sample.lstrip("\ufeff")):
        return told[1]

    def fit(delimiter: str) -> tuple[int, int]:
        widths = []
        try:
            for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
                if row:
                    widths.append(len(row))
                if len(widths) == 50:
                    break
        except csv.Error:
            pass
        widths = widths[:-1] or widths  # the sample may end within the last
        header = widths[0] if widths else 1
        return (Counter(widths)[header] if header > 1 else 0), header

    return max(_DELIMITERS, key=fit)
