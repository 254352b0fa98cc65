"""What was exported imports back to the same pilots, and no spreadsheet runs any of it."""

import asyncio
import csv
import json
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from knowledge.catalogues.exporting import export_pilots
from knowledge.catalogues.importing import Arrived, read_pilots
from knowledge.catalogues.recognising import open_catalogue
from knowledge.catalogues.workbook_writing import CELL_LIMIT
from knowledge.dimension_records import Level, Stakeholder, TradeOff, Values
from knowledge.errors import InvalidFileError
from knowledge.pilots import Outcome, Pilot, Planned, Provenance, Unknown
from tests import strategies

EXTENSIONS = (".csv", ".xlsx", ".json", ".jsonl")
FORMULAS = (
    "=1+1",
    "+31",
    "-2",
    "@SUM(A1)",
    "'quoted",
    "''=1",
    "'s-Hertogenbosch",
    '["a"]',
    '{"planned_by": "2026-05-01"}',
)


async def given_pilots(pilots: Iterable[Pilot]) -> AsyncIterator[Pilot]:
    for pilot in pilots:
        yield pilot


def export(path: Path, pilots: Iterable[Pilot]) -> int:
    return asyncio.run(export_pilots(path, given_pilots(pilots)))


def imported(path: Path) -> list[Pilot]:
    results = list(read_pilots(open_catalogue(path), mask_personal_data=False))
    assert all(isinstance(result, Arrived) for result in results), results
    return [result.pilot for result in results if isinstance(result, Arrived)]


def pilot(number: int = 1, **fields: object) -> Pilot:
    made = Pilot(provenance=Provenance(source="test", source_id=f"test-{number}"), title=f"Pilot {number}")
    return replace(made, **fields)  # type: ignore[arg-type]  # each test gives fields of a pilot


WITH_EVERYTHING = pilot(
    summary='=HYPERLINK("x")',
    topics=("a; b", "=c"),
    stakeholders=(Stakeholder(name="The mayor; and deputies", level=Level.POLITICAL),),
    values=Values(trade_offs=(TradeOff(preferred="openness", over="speed", decided_on=date(2024, 5, 17)),)),
    pending={"exit_plan.payer": Planned(date(2026, 5, 1)), "owner": Unknown("the unit was dissolved")},
)


@pytest.mark.parametrize("extension", EXTENSIONS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pilots=st.lists(strategies.pilots(), min_size=1, max_size=2, unique_by=lambda each: each.id))
@example(pilots=[WITH_EVERYTHING])
@example(pilots=[pilot(number, title=text, summary=text, topics=(text,)) for number, text in enumerate(FORMULAS)])
@example(pilots=[pilot(summary="_x0041_ and _x005F_x0041_", title="#N/A")])
def test_what_was_exported_imports_back_to_the_same_pilots(extension: str, pilots: Sequence[Pilot]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"pilots{extension}")
        assert export(path, pilots) == len(pilots)
        assert imported(path) == list(pilots)


def test_no_cell_of_a_csv_would_run_as_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "pilots.csv"
    export(path, [pilot(number, title=text, organisation=text, topics=(text,)) for number, text in enumerate(FORMULAS)])
    with path.open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_no_cell_of_a_workbook_is_a_formula_or_would_become_one(tmp_path: Path) -> None:
    path = tmp_path / "pilots.xlsx"
    export(path, [pilot(number, title=text, organisation=text) for number, text in enumerate((*FORMULAS, "#N/A"))])
    book = openpyxl.load_workbook(path)
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value is not None]  # type: ignore[union-attr]
    assert {cell.data_type for cell in cells} == {"s"}
    assert not [cell.value for cell in cells if str(cell.value).startswith(("=", "+", "-", "@"))]


def test_a_text_longer_than_a_cell_goes_on_in_the_next_column(tmp_path: Path) -> None:
    path = tmp_path / "pilots.xlsx"
    long = pilot(summary="😀 word=" * 6000, outcome=Outcome(summary="=" * (CELL_LIMIT + 5)))
    export(path, [long, pilot(2)])
    book = openpyxl.load_workbook(path)
    headings = [cell.value for cell in next(book.active.iter_rows())]  # type: ignore[union-attr]
    assert headings[3:6] == ["summary", "summary +2", "summary +3"]
    assert imported(path) == [long, pilot(2)]


def test_a_spreadsheet_shows_words_in_cells_and_only_the_columns_that_are_filled(tmp_path: Path) -> None:
    path = tmp_path / "pilots.csv"
    export(path, [pilot(topics=("health", "chatbot"), outcome=Outcome(summary="Fewer calls")), pilot(2)])
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {
        "id": "test-1", "source": "test", "title": "Pilot 1", "lang": "en", "stage": "unknown",
        "tags": "health; chatbot", "outcome.summary": "Fewer calls", "visibility.audience": "public",
    }  # fmt: skip


def test_an_unknown_extension_is_refused_with_those_that_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match=r"end it in one of \.csv, \.xlsx, \.json, \.jsonl"):
        export(tmp_path / "pilots.doc", [pilot()])


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match="Nothing can be written in"):
        export(tmp_path / "nowhere" / "pilots.csv", [pilot()])


def test_an_export_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "pilots.json"
    path.write_text("[]", "utf-8")

    async def fails() -> AsyncIterator[Pilot]:
        yield pilot()
        raise InvalidFileError("the base went away")

    with pytest.raises(InvalidFileError, match="went away"):
        asyncio.run(export_pilots(path, fails()))
    assert path.read_text("utf-8") == "[]"
    assert list(tmp_path.iterdir()) == [path]


def test_an_export_of_nothing_is_a_file_all_the_same(tmp_path: Path) -> None:
    assert export(tmp_path / "none.json", []) == 0
    assert json.loads((tmp_path / "none.json").read_text("utf-8")) == []
    assert export(tmp_path / "none.csv", []) == 0
    assert (tmp_path / "none.csv").read_text("utf-8-sig").split() == ["id,source,title"]


def test_progress_ends_with_the_whole_count(tmp_path: Path) -> None:
    calls: list[tuple[int, int | None]] = []
    pilots = [pilot(number) for number in range(150)]
    path = tmp_path / "pilots.jsonl"
    asyncio.run(export_pilots(path, given_pilots(pilots), progress=lambda done, total: calls.append((done, total))))
    assert calls == [(100, None), (150, 150)]
