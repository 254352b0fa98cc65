"""JSON (a list, or an object that holds one list), JSON Lines, and YAML lists."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import yaml

from knowledge.catalogues.tables import Row, Table, Unreadable, column_name, trouble_with
from knowledge.errors import InvalidFileError

_DEEPEST_YAML = 100


def read_json(path: Path, encoding: str, errors: str, list_name: str | None) -> Table:
    """Parsed whole, so that a file cut off is found before its first row is used."""
    try:
        with path.open(encoding=encoding, errors=errors) as file:
            value = json.load(file)
    except (ValueError, RecursionError) as error:
        raise InvalidFileError(f"{path.name} begins as JSON and is not: {error}. Fetch or export it again.") from None
    return _table(_the_list(value, path, list_name))


def read_yaml(path: Path, list_name: str | None) -> Table:
    try:
        with path.open("rb") as file:
            _require_simple(path, file)
            file.seek(0)
            value = yaml.load(file, Loader=_Loader)  # noqa: S506  # a safe loader, see below
    except (yaml.YAMLError, UnicodeError, ValueError, RecursionError) as error:
        raise InvalidFileError(f"{path.name} is not YAML: {error}") from None
    return _table(_the_list(value, path, list_name))


def read_json_lines(path: Path, encoding: str, errors: str) -> Table:
    """Read through once for the columns, since any line may bring a new one; then line by line."""

    def rows() -> Iterator[tuple[int, Row | Unreadable]]:
        with path.open(encoding=encoding, errors=errors) as file:
            lines = (line for line in file if line.strip())
            for number, line in enumerate(lines, 1):
                yield number, _row_of_line(line)

    columns: dict[str, None] = {}
    count = 0
    for count, row in rows():  # noqa: B007  # the last number is the count
        if not isinstance(row, Unreadable):
            columns.update(dict.fromkeys(row))
    return Table(columns=tuple(columns), rows=rows, count=count, nested=True)


def is_json_lines(path: Path, encoding: str, errors: str) -> bool:
    """Whether the first line is an object by itself and another follows. One object alone is JSON."""
    with path.open(encoding=encoding, errors=errors) as file:
        lines = (line for line in file if line.strip())
        first, second = next(lines, ""), next(lines, "")
    return bool(second) and isinstance(_row_of_line(first), dict)


def _require_simple(path: Path, file: BinaryIO) -> None:
    """A few aliases of aliases make a list of billions, and a list that holds itself has no end."""
    depth = 0
    for event in yaml.parse(file, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            raise InvalidFileError(f"{path.name} has aliases (*{event.anchor:.40}); write out what they stand for.")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST_YAML:
            raise InvalidFileError(f"{path.name} has parts within parts, more than {_DEEPEST_YAML} deep.")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the C one is not in every build
    """Dates stay text, since records know 2024-05 as well as 2024-05-17; and NO is Norway, not false."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # as in the class above
        letter: [
            (tag, re.compile(r"true|false") if tag == "tag:yaml.org,2002:bool" else pattern)
            for tag, pattern in resolvers
            if tag != "tag:yaml.org,2002:timestamp"
        ]
        for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _row_of_line(line: str) -> Row | Unreadable:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Unreadable(f"is not JSON: {error}")
    return _row(value)


def _row(value: Any) -> Row | Unreadable:
    if trouble := trouble_with(value):
        return Unreadable(trouble)
    return _flat(value) if isinstance(value, dict) else Unreadable(f"is not a record with named fields: {value!r:.60}")


def _flat(value: Mapping[Any, Any]) -> Row:
    return {column_name(name): each for name, each in value.items()}


def _table(values: list[Any]) -> Table:
    rows = [_row(value) for value in values]
    names = dict.fromkeys(name for row in rows if not isinstance(row, Unreadable) for name in row)
    return Table(columns=tuple(names), rows=lambda: iter(enumerate(rows, 1)), count=len(rows), nested=True)


def _the_list(value: Any, path: Path, list_name: str | None) -> list[Any]:
    if isinstance(value, dict) and list_name is None:
        lists = [name for name, each in value.items() if isinstance(each, list)]
        if "title" in value or not lists:
            return [value]  # one record by itself, which may hold lists of its own
        if len(lists) > 1:
            raise InvalidFileError(
                f'{path.name} holds several lists ({", ".join(lists)}); a mapping says which: list = "{lists[0]}".'
            )
        value = value[lists[0]]
    elif isinstance(value, dict):
        value = value.get(list_name)
    if not isinstance(value, list):
        raise InvalidFileError(f"{path.name} holds no list of records{f' called {list_name!r}' if list_name else ''}.")
    if not value:
        raise InvalidFileError(f"{path.name} holds an empty list: there is nothing to import.")
    return value
