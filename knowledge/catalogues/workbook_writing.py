"""XLSX, written as a stream: every cell is text, and what is longer than a cell goes on in the next column."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from knowledge.catalogues.own_form import safe_cell
from knowledge.errors import InvalidFileError

ROWS_LIMIT = 1_048_576
# Half of the 32,767 that a cell holds: spreadsheets count a rare letter twice.
CELL_LIMIT = 16_000
_WIDTHS = {"title": 50, "summary": 80, "organisation": 35}
_WIDTH = 18

Cells = Mapping[str, str]


def write_workbook(path: Path, columns: Sequence[str], rows: Callable[[], Iterator[Cells]]) -> None:
    """`rows` is asked for twice: to see which columns overflow, and to write."""
    pieces = dict.fromkeys(columns, 1)
    count = 0
    for cells in rows():
        count += 1
        for column, cell in cells.items():
            pieces[column] = max(pieces[column], -(-len(cell) // CELL_LIMIT))
    if count >= ROWS_LIMIT:
        raise InvalidFileError(
            f"A workbook has room for {ROWS_LIMIT - 1:,} pilots, and these are {count:,}; write .csv."
        )
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("pilots")
    sheet.freeze_panes = "B2"
    headings = [heading for column in columns for heading in _headings(column, pieces[column])]
    for place, heading in enumerate(headings, 1):
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = _WIDTHS.get(heading, _WIDTH)
    sheet.append([_text_cell(sheet, heading, bold=True) for heading in headings])
    for cells in rows():
        texts = (piece for column in columns for piece in _pieces(cells.get(column, ""), pieces[column]))
        sheet.append([_text_cell(sheet, text) if text else None for text in texts])
    book.save(path)


def _headings(column: str, pieces: int) -> list[str]:
    return [column, *(f"{column} +{place}" for place in range(2, pieces + 1))]


def _pieces(cell: str, pieces: int) -> Iterator[str]:
    """The first as it is, already safe; each that follows made safe by itself."""
    yield cell[:CELL_LIMIT]
    for place in range(1, pieces):
        yield safe_cell(cell[place * CELL_LIMIT : (place + 1) * CELL_LIMIT])


def _text_cell(sheet: Any, text: str, *, bold: bool = False) -> Any:
    # Marked as text, or openpyxl makes a formula of "=…" and an error of "#N/A".
    cell = WriteOnlyCell(sheet, re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text))
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell
