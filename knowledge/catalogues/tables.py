"""What every kind of file becomes: named columns and numbered rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from knowledge.errors import InvalidFileError
from knowledge.text import clean

Cell = Any  # str | int | float | bool | date | datetime | None; from JSON also list and dict
Row = Mapping[str, Cell]

COLUMNS_LIMIT = 5_000
_DEEPEST = 40  # a record of ours has five levels
_LONGEST_NUMBER = 1_000  # bits; beyond 4,300 digits Python does not even write it


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
    cells = list(cells)
    if len(cells) > COLUMNS_LIMIT:
        raise InvalidFileError(
            f"The table has {len(cells):,} columns, and {COLUMNS_LIMIT:,} can be read; keep those that are needed."
        )
    names: dict[str, None] = {}
    for place, cell in enumerate(cells, 1):
        name = wanted = column_name(cell) or f"column {place}"
        again = 1
        while name in names:
            again += 1
            name = f"{wanted} ({again})"
        names[name] = None
    return tuple(names)


def trouble_with(value: Any) -> str:
    """What no table holds, and Python would stumble over: parts within parts without end, numbers without end."""
    level: list[Any] = [value]
    for _depth in range(_DEEPEST):
        numbers = (each for each in level if isinstance(each, int))
        if any(number.bit_length() > _LONGEST_NUMBER for number in numbers):
            return "holds a number of more than 300 digits"
        inner: list[Any] = []
        for each in level:
            if isinstance(each, Mapping):
                inner += each.keys()
                inner += each.values()
            elif isinstance(each, list | tuple):
                inner += each
        if not inner:
            return ""
        level = inner
    return f"holds parts within parts, more than {_DEEPEST} deep"


def row_of(columns: tuple[str, ...], cells: list[Cell]) -> Row | Unreadable:
    """Cells under their columns. A short row ends in empty cells; a long one has lost its place."""
    if len(cells) > len(columns):
        beyond = cells[len(columns) :]
        if beyond.count(None) + beyond.count("") < len(beyond):
            return Unreadable(
                f"has {len(cells)} cells where the header has {len(columns)}; a quotation mark may be missing or extra"
            )
    return dict(zip(columns, cells, strict=False))


def is_empty(row: Row) -> bool:
    return all(value is None or (isinstance(value, str) and not value.strip()) for value in row.values())
