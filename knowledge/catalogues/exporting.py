"""Writing pilots to a file that imports back to the same pilots."""

import csv
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from knowledge.catalogues.layout import record_fields
from knowledge.catalogues.own_form import row_of_record
from knowledge.catalogues.workbook_writing import write_workbook
from knowledge.errors import InvalidFileError
from knowledge.pilots import Pilot
from knowledge.ports import Progress
from knowledge.records import pilot_to_record

Record = dict[str, Any]
Records = Callable[[], Iterator[Record]]

_ALWAYS = ("id", "source", "title")


async def export_pilots(path: Path, pilots: AsyncIterator[Pilot], *, progress: Progress | None = None) -> int:
    """Write what is given, whoever may see it, as the path's extension says; how many pilots that were.

    The file appears whole or, where something goes wrong, not at all. InvalidFileError where it cannot be written.
    """
    write = _writer(path)
    with _folder_beside(path) as folder:
        spool, new = folder / "spool.jsonl", folder / path.name
        count = 0
        with spool.open("w", encoding="utf-8") as file:
            async for pilot in pilots:
                file.write(json.dumps(pilot_to_record(pilot), ensure_ascii=False) + "\n")
                count += 1
                if progress and count % 100 == 0:
                    progress(count, None)
        write(new, lambda: _spooled(spool))
        new.replace(path)
    if progress:
        progress(count, count)
    return count


def _writer(path: Path) -> Callable[[Path, Records], None]:
    try:
        return _WRITERS[path.suffix.lower()]
    except KeyError:
        raise InvalidFileError(
            f"{path.name} does not say what to write; end it in one of {', '.join(_WRITERS)}."
        ) from None


@contextmanager
def _folder_beside(path: Path) -> Iterator[Path]:
    """A folder on the same disk, so that the file can be put in its place in one step."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=".export-", dir=path.parent))
    except OSError as error:
        raise InvalidFileError(f"Nothing can be written in {path.parent}: {error.strerror or error}.") from None
    try:
        yield folder
    except OSError as error:
        raise InvalidFileError(f"{path} cannot be written: {error.strerror or error}.") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _spooled(spool: Path) -> Iterator[Record]:
    with spool.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            yield json.loads(line)


def _write_json_lines(path: Path, records: Records) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for record in records():
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def _write_json(path: Path, records: Records) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        separator = "[\n"
        for record in records():
            file.write(separator + json.dumps(record, ensure_ascii=False, indent=2))
            separator = ",\n"
        file.write("\n]\n" if separator == ",\n" else "[]\n")


def _write_csv(path: Path, records: Records) -> None:
    """With the mark by which spreadsheets know UTF-8."""
    columns = _columns(records)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for record in records():
            cells = row_of_record(record)
            writer.writerow([cells.get(column, "") for column in columns])


def _write_workbook(path: Path, records: Records) -> None:
    columns = list(_columns(records))
    write_workbook(path, columns, lambda: map(row_of_record, records()))


def _columns(records: Records) -> tuple[str, ...]:
    """The columns that any record fills, in the order of the layout; a column nobody fills would only be in the way."""
    filled = {column for record in records() for column in row_of_record(record)}.union(_ALWAYS)
    known = [path for path in record_fields() if path in filled]
    return (*known, *sorted(filled.difference(known)))


_WRITERS: dict[str, Callable[[Path, Records], None]] = {
    ".csv": _write_csv,
    ".xlsx": _write_workbook,
    ".json": _write_json,
    ".jsonl": _write_json_lines,
    ".ndjson": _write_json_lines,
}
