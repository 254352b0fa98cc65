"""What every kind of file becomes: named columns and numbered rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from knowledge.text import clean

Cell = Any  # str | int | float | bool | date | datetime | None; from JSON also list and dict
Row = Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that could not be told apart into cells, and why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A file opened and checked. `rows` starts a new reading, each row with its number, counted from 1.

    Header and blank lines are not counted. `count` is None where only reading on would tell. `nested` rows come from
    JSON, and their cells may hold lists and objects.
    """

    columns: tuple[str, ...]
    rows: Callable[[], Iterator[tuple[int, Row | Unreadable]]]
    count: int | None = None
    nested: bool = False


def column_name(cell: Cell) -> str:
    """A heading as mappings write it: one line, single spaces."""
    return " ".join(clean(str(cell)).split()) if cell is not None else ""


def column_names(cells: Iterable[Cell]) -> tuple[str, ...]:
    """Headings made distinct: the second of one name is called ``name (2)``; an empty one ``column 3``."""
    names: dict[str, None] = {}
    for place, cell in enumerate(cells, 1):
        name = wanted = column_name(cell) or f"column {place}"
        again = 1
        while name in names:
            again += 1
            name = f"{wanted} ({again})"
        names[name] = None
    return tuple(names)


def row_of(columns: tuple[str, ...], cells: list[Cell]) -> Row | Unreadable:
    """Cells under their columns. A short row ends in empty cells; a long one has lost its place."""
    if len(cells) > len(columns):
        beyond = [cell for cell in cells[len(columns) :] if cell not in (None, "")]
        if beyond:
            return Unreadable(
                f"has {len(cells)} cells where the header has {len(columns)}; a quotation mark may be missing or extra"
            )
    return dict(zip(columns, cells, strict=False))


def is_empty(row: Row) -> bool:
    return all(value is None or (isinstance(value, str) and not value.strip()) for value in row.values())
