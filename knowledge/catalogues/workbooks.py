"""XLSX, read as a stream."""

import contextlib
import lzma
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError  # the errors openpyxl lets through; nothing is parsed with it here

import openpyxl

from knowledge.catalogues.tables import Cell, Row, Table, Unreadable, column_names, row_of
from knowledge.errors import InvalidFileError

# RuntimeError: a member with a password, or packed in a way that is not known here.
_TROUBLE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, ParseError, KeyError, ValueError, OSError, EOFError, TypeError,
    IndexError, AttributeError, RuntimeError, OverflowError,
)  # fmt: skip
_LARGEST = 2 << 30  # bytes, unpacked
_SMALL = 100 << 20  # bytes that do no harm, however well they were packed
_DENSEST = 200  # times; sheets of real data come to 10 or 20
_BLOCK = 1 << 20
# What openpyxl would fill with empty cells: a row or a column far beyond the others. A tag of either is far shorter.
_FAR_ROW = re.compile(rb"<(?:\w+:)?row\s[^<>]{0,400}?\br\s*=\s*[\"']\s*0*([1-9]\d{6,})")
_FAR_CELL = re.compile(rb"<(?:\w+:)?c\s[^<>]{0,400}?\br\s*=\s*[\"']\s*([A-Za-z]{3,})\d")
_OVERLAP = 500
_LAST_ROW = 1_048_576
_LAST_COLUMN = 5_000


def read_workbook(path: Path, sheet: str | None) -> Table:
    """The sheet of that name, else the one with the most columns: notes and legends are narrow."""
    _check(path)
    with _workbook(path) as book:
        if sheet is not None and sheet not in book.sheetnames:
            raise InvalidFileError(
                f"{path.name} has no sheet called {sheet!r}; it has {', '.join(map(repr, book.sheetnames))}."
            )
        names = [sheet] if sheet is not None else [each.title for each in book.worksheets]
        headers = {name: _header(book[name]) for name in names}
        widest = max(headers, key=lambda name: len(headers[name]), default="")
        columns = headers.get(widest, ())
    if not columns:
        raise InvalidFileError(f"{path.name} is empty: no sheet begins with a row that names its columns.")
    # Read through once, so that damage anywhere is found before the first row is used.
    count = sum(1 for _ in _rows(path, widest, columns))
    return Table(columns=columns, rows=lambda: _rows(path, widest, columns), count=count)


def _rows(path: Path, sheet: str, columns: tuple[str, ...]) -> Iterator[tuple[int, Row | Unreadable]]:
    with _workbook(path) as book:
        number = -1
        for cells in _cells(book[sheet], len(columns)):
            # Blank lines before the header are no rows; within the table they are, so that numbers match the sheet.
            if number < 0 and not any(cell is not None for cell in cells):
                continue
            number += 1
            if number:
                yield number, row_of(columns, cells)


def _cells(sheet: Any, width: int | None = None) -> Iterator[list[Cell]]:
    """Those beyond the width as they are: nobody reads them, and there may be thousands, all empty but the last."""
    sheet.reset_dimensions()  # some programs write a size that is not true
    for cells in sheet.iter_rows(values_only=True, max_row=_LAST_ROW):
        near = [_decoded(cell) if isinstance(cell, str) and "_x" in cell else cell for cell in cells[:width]]
        yield near if width is None else [*near, *cells[width:]]


def _decoded(text: str) -> str:
    """Workbooks write some characters by number: _x000D_ is a carriage return, _x005F_ the underscore itself."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), text)


def _header(sheet: Any) -> tuple[str, ...]:
    if not hasattr(sheet, "iter_rows"):  # a chart on a sheet of its own
        return ()
    for cells in _cells(sheet):
        if any(cell is not None for cell in cells):
            while cells[-1] is None:
                cells.pop()
            return column_names(cells)
    return ()


def _check(path: Path) -> None:
    """A workbook that is cut off or damaged is found here, before its first row is used."""
    try:
        with zipfile.ZipFile(path) as archive:
            if "xl/workbook.xml" not in archive.namelist():
                raise InvalidFileError(
                    f"{path.name} is a ZIP archive and no workbook; unpack it and import what it holds."
                )
            _require_moderate(path, archive)
            for member in archive.infolist():
                _read_through(path, archive, member)
    except _TROUBLE as error:
        raise InvalidFileError(
            f"{path.name} is a damaged or cut-off workbook ({error}); fetch or save it again."
        ) from None


def _require_moderate(path: Path, archive: zipfile.ZipFile) -> None:
    """A few kilobytes can unpack to gigabytes."""
    unpacked = sum(member.file_size for member in archive.infolist())
    packed = sum(member.compress_size for member in archive.infolist())
    if unpacked > _LARGEST or (unpacked > _SMALL and unpacked > packed * _DENSEST):
        raise InvalidFileError(f"{path.name} unpacks to {unpacked >> 20:,} MB; save the table as CSV and import that.")


def _read_through(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """To its end, where the checksum is compared; and no cell lies so far out that reading would fill a desert."""
    kept = b""
    with archive.open(member) as file:
        while block := file.read(_BLOCK):
            # UTF-16 would hide what is looked for here; Excel uses it only beside the workbook.
            if not kept and re.match(rb"\xff\xfe<|\xfe\xff\0<|<\0|\0<", block) and member.filename.startswith("xl/"):
                raise InvalidFileError(f"{path.name} is a workbook of an unusual kind; save it again as XLSX.")
            seen = kept + block
            far = [int(row) > _LAST_ROW for row in _FAR_ROW.findall(seen)]
            far += [_column(letters) > _LAST_COLUMN for letters in set(_FAR_CELL.findall(seen))]
            if any(far):
                raise InvalidFileError(
                    f"{path.name} has cells beyond row {_LAST_ROW:,} or column {_LAST_COLUMN:,}; "
                    "copy the table to a new workbook."
                )
            kept = seen[-_OVERLAP:]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper()[:4]:  # four are beyond any sheet
        number = number * 26 + letter - ord("A") + 1
    return number


@contextlib.contextmanager
def _workbook(path: Path) -> Iterator[Any]:
    try:
        # Opened here, since openpyxl would judge a path by its extension.
        with path.open("rb") as file, contextlib.closing(_load(file)) as book:
            yield book
    except _TROUBLE as error:
        raise InvalidFileError(f"{path.name} cannot be read as a workbook ({error}); save it again as XLSX.") from None


def _load(file: BinaryIO) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl tells of styles and extensions that it leaves out
        return openpyxl.load_workbook(file, read_only=True, data_only=True)
