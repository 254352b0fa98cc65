"""The real catalogues, where they lie beside the repository: every row arrives or is reported."""

import os
from collections import Counter
from pathlib import Path

import pytest

from knowledge.catalogues.importing import Arrived, Empty, Skipped, read_pilots
from knowledge.catalogues.recognising import open_catalogue
from knowledge.pilots import Stage

DATA = Path(__file__).parents[4] / "shared" / "data"

pytestmark = pytest.mark.skipif(
    not DATA.is_dir() or bool(os.environ.get("CI")), reason="the catalogues are not part of the repository"
)

# file, catalogue, rows, rows that cannot be pilots (a row without a title), and what the stages come to
FILES = [
    ("pilots.jsonl", "pilotlight", 9113, 0, {"stopped": 486, "unknown": 489, "pilot": 1590}),
    ("catalogues/us-ai-2025.csv", "us-ai-2025", 3611, 1, {"stopped": 314, "unknown": 338, "pilot": 440}),
    ("catalogues/us-ai-2024.csv", "us-ai-2024", 2133, 0, {"stopped": 142, "unknown": 4, "pilot": 287}),
    ("catalogues/eu-pstw-2025.xlsx", "eu-pstw", 1964, 0, {"stopped": 52, "unknown": 0, "pilot": 944}),
    ("catalogues/nl-algoritmeregister.json", "nl-algoritmeregister", 1530, 0, {"stopped": 65, "development": 73}),
    ("catalogues/us-citizenscience.csv", "us-citizenscience", 504, 0, {"stopped": 7, "completed": 167}),
]


@pytest.mark.parametrize(("file", "name", "rows", "skipped", "stages"), FILES)
def test_every_row_arrives_or_is_reported(
    file: str, name: str, rows: int, skipped: int, stages: dict[str, int]
) -> None:
    catalogue = open_catalogue(DATA / file)
    assert (catalogue.mapping.name, catalogue.missing) == (name, ())
    results = list(read_pilots(catalogue))
    kinds = Counter(type(result) for result in results)
    assert len(results) == rows
    assert kinds[Skipped] == skipped
    assert kinds[Empty] == 0
    assert [result.row for result in results] == list(range(1, rows + 1))
    counted = Counter(result.pilot.stage for result in results if isinstance(result, Arrived))
    assert {stage: counted[Stage(stage)] for stage in stages} == stages


@pytest.mark.parametrize("file", [file for file, *_ in FILES[1:]])
def test_their_records_have_the_ids_that_the_normalised_file_gives_them(file: str) -> None:
    known = _ids(DATA / "pilots.jsonl")
    ours = _ids(DATA / file)
    source = next(iter(ours))[0]
    without_title = {("us-omb-ai-2025", "us-omb-ai-2025-0838")}
    assert {each for each in known if each[0] == source} - without_title <= ours


def _ids(path: Path) -> set[tuple[str, str]]:
    results = read_pilots(open_catalogue(path), mask_personal_data=False)
    return {(each.pilot.provenance.source, each.pilot.source_id) for each in results if isinstance(each, Arrived)}
