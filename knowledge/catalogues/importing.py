"""Bringing a catalogue in: row by row, in batches, with a report of everything that did not go as it stood."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from knowledge.catalogues.fitting import pilot_of
from knowledge.catalogues.keeping import IMPORT, news_among, public_id
from knowledge.catalogues.mapped import map_row
from knowledge.catalogues.own_form import fill_in, read_own_dates, record_of_row
from knowledge.catalogues.personal_data import PersonalData, mask_record
from knowledge.catalogues.recognising import Catalogue, open_catalogue
from knowledge.catalogues.tables import Row, Unreadable, is_empty, trouble_with
from knowledge.errors import InvalidRecordError
from knowledge.pilots import Pilot
from knowledge.ports import Author, PilotStore, Progress
from knowledge.text import clean

BATCH = 500


@dataclass(frozen=True, slots=True)
class Note:
    """Something of a row that was left out or changed. Row 0 is the file as a whole."""

    row: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that did not arrive, and why."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A row as a pilot."""

    row: int
    pilot: Pilot
    notes: tuple[Note, ...] = ()
    masked: Mapping[PersonalData, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Empty:
    """A row with nothing in it."""

    row: int


Result = Arrived | Skipped | Empty


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What came of an import: rows == saved + unchanged + len(skipped) + empty.

    `saved` are new or changed; in a dry run, those that would be.
    """

    catalogue: str
    rows: int
    saved: int
    unchanged: int
    empty: int
    skipped: tuple[Skipped, ...]
    notes: tuple[Note, ...]
    masked: Mapping[PersonalData, int]
    dry_run: bool = False

    def to_record(self) -> dict[str, Any]:
        return {
            "catalogue": self.catalogue,
            "dry_run": self.dry_run,
            "rows": self.rows,
            "saved": self.saved,
            "unchanged": self.unchanged,
            "empty": self.empty,
            "skipped": [{"row": each.row, "reason": each.reason} for each in self.skipped],
            "notes": [{"row": each.row, "field": each.field, "reason": each.reason} for each in self.notes],
            "masked": {kind.value: count for kind, count in self.masked.items()},
        }


async def import_catalogue(
    path: Path,
    store: PilotStore,
    *,
    at: datetime,
    name: str | None = None,
    mapping_file: Path | None = None,
    mask_personal_data: bool = True,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """InvalidFileError before anything is written where the file is not what it should be.

    What people changed here since an earlier import stays, and what they removed does not come back.
    """
    catalogue = await asyncio.to_thread(open_catalogue, path, name=name, mapping_file=mapping_file)
    notes = [Note(0, "", f"the file has no column {column!r}") for column in catalogue.missing]
    return await _bring_in(
        read_pilots(catalogue, mask_personal_data=mask_personal_data),
        _Keeper(store=store, by=Author(IMPORT + catalogue.mapping.name, clean(path.name)), at=at, dry_run=dry_run),
        _Tally(catalogue.mapping.name, notes),
        progress=lambda rows: progress(rows, catalogue.table.count) if progress else None,
    )


async def import_pilots(
    name: str, pilots: Iterable[Pilot], store: PilotStore, *, at: datetime, reason: str = "", dry_run: bool = False
) -> ImportReport:
    """As `import_catalogue`, of pilots that need no reading; their places, from 1, are the rows of the report."""
    return await _bring_in(
        (Arrived(place, pilot) for place, pilot in enumerate(pilots, 1)),
        _Keeper(store=store, by=Author(IMPORT + name, reason), at=at, dry_run=dry_run),
        _Tally(name),
    )


def read_pilots(catalogue: Catalogue, *, mask_personal_data: bool = True) -> Iterator[Result]:
    """One result for every row, in the file's order. Of rows with the same id the first arrives."""
    rows_by_id: dict[str, int] = {}
    for number, row in catalogue.table.rows():
        if isinstance(row, Unreadable):
            yield Skipped(number, row.reason)
            continue
        if is_empty(row):
            yield Empty(number)
            continue
        try:
            arrived = _read_row(catalogue, row, number, mask_personal_data=mask_personal_data)
        except InvalidRecordError as error:
            yield Skipped(number, str(error))
            continue
        if (public := rows_by_id.get(public_id(arrived.pilot))) and arrived.pilot.visibility.community:
            yield Skipped(number, f"has the id {arrived.pilot.source_id!r} of row {public}, which is public")
            continue
        earlier = rows_by_id.setdefault(arrived.pilot.id, number)
        if earlier != number:
            yield Skipped(number, f"has the id {arrived.pilot.source_id!r} of row {earlier}, which was kept")
            continue
        yield arrived


def _read_row(catalogue: Catalogue, row: Row, number: int, *, mask_personal_data: bool) -> Arrived:
    mapping = catalogue.mapping
    if mapping.records:
        record = dict(row) if catalogue.table.nested else record_of_row(row)
        fill_in(record, mapping.constants)
        notes = read_own_dates(record)
    else:
        mapped = map_row(mapping, row, number)
        record, notes = mapped.record, mapped.notes
    if trouble := trouble_with(record):  # of a spreadsheet's columns ("x.x.x…") and the JSON in its cells
        raise InvalidRecordError(trouble)
    masked = mask_record(record) if mask_personal_data else {}
    pilot, more = pilot_of(record)
    return Arrived(number, pilot, tuple(Note(number, field, reason) for field, reason in (*notes, *more)), masked)


async def _bring_in(
    results: Iterator[Result], keeper: "_Keeper", tally: "_Tally", progress: Callable[[int], None] = lambda _rows: None
) -> ImportReport:
    """Batch by batch, each read in a thread of its own: a bot that answers meanwhile is not kept waiting."""
    while batch := await asyncio.to_thread(lambda: list(islice(results, BATCH))):
        for result in batch:
            tally.count(result)
        tally.count_kept(*await keeper.keep([each for each in batch if isinstance(each, Arrived)]))
        progress(tally.rows)
    return tally.report(dry_run=keeper.dry_run)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keeper:
    """Hands to the store what differs."""

    store: PilotStore
    by: Author
    at: datetime
    dry_run: bool

    async def keep(self, batch: list[Arrived]) -> tuple[int, list[Skipped]]:
        """How many are new or changed, and those that do not go in."""
        news = await news_among([arrived.pilot for arrived in batch], self.store)
        saved = len(news.pilots)
        if news.pilots and not self.dry_run:
            # Another import may have been quicker with some of them.
            saved = await self.store.save(news.pilots, self.by, self.at)
        rows = {arrived.pilot.id: arrived.row for arrived in batch}
        return saved, [Skipped(rows[each.id], reason) for each, reason in news.refused]


class _Tally:
    """The report as it grows."""

    def __init__(self, catalogue: str, notes: Sequence[Note] = ()) -> None:
        self.catalogue = catalogue
        self.rows = self.arrived = self.empty = self.saved = 0
        self.skipped: list[Skipped] = []
        self.notes = list(notes)
        self.masked: Counter[PersonalData] = Counter()

    def count(self, result: Result) -> None:
        self.rows += 1
        match result:
            case Arrived(notes=notes, masked=masked):
                self.arrived += 1
                self.notes += notes
                self.masked.update(masked)
            case Skipped():
                self.skipped.append(result)
            case Empty():
                self.empty += 1

    def count_kept(self, saved: int, skipped: list[Skipped]) -> None:
        self.saved += saved
        self.arrived -= len(skipped)
        self.skipped += skipped

    def report(self, *, dry_run: bool) -> ImportReport:
        return ImportReport(
            catalogue=self.catalogue,
            rows=self.rows,
            saved=self.saved,
            unchanged=self.arrived - self.saved,
            empty=self.empty,
            skipped=tuple(self.skipped),
            notes=tuple(self.notes),
            masked=dict(self.masked),
            dry_run=dry_run,
        )
