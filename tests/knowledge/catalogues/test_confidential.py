"""What was marked confidential never arrives as public."""

import json
from pathlib import Path
from typing import Any

import pytest

from knowledge.catalogues.importing import Arrived, Skipped, read_pilots
from knowledge.catalogues.recognising import open_catalogue
from knowledge.visibility import Audience
from tests.fakes import MemoryPilotStore
from tests.knowledge.catalogues.test_importing import bring_in, lines, record

RESTRICTED = {"audience": "restricted", "community": "local", "people": ["anna"]}


@pytest.mark.parametrize(
    "said",
    [
        {"Visibility": RESTRICTED}, {"visibilty": "restricted"}, {"visibility.audience": "restricted"},
        {"embargo_until": "2030-01-01"}, {"embargoUntil": "2030-01-01"}, {"Embargo date": "2030-01-01"},
        {"audience": "restricted"}, {"Community": "local"}, {"people": ["anna"]}, {"confidential": True},
        {"visibility": {"Audience": "restricted"}}, {"visibility": "secret"}, {"visibility": {"embargo_until": "soon"}},
        {"dates": {"embargo": "2030"}},
    ],
)  # fmt: skip
async def test_a_record_whose_visibility_cannot_be_read_is_skipped(tmp_path: Path, said: dict[str, Any]) -> None:
    store = MemoryPilotStore()
    report = await bring_in(lines(tmp_path, record(1, **said), record(2)), store)
    assert [each.row for each in report.skipped] == [1]
    assert [pilot.source_id async for pilot in store.all()] == ["test-2"]


@pytest.mark.parametrize("said", [{"Visibility": None}, {"embargo": ""}, {"people reached": 5}, {"colour": "red"}])
async def test_fields_that_say_nothing_of_it_cost_no_row(tmp_path: Path, said: dict[str, Any]) -> None:
    report = await bring_in(lines(tmp_path, record(1, **said)))
    assert (report.saved, len(report.notes)) == (1, 1)


@pytest.mark.parametrize(
    ("columns", "cells"),
    [
        ("Visibility.Audience", "restricted"),
        ("visibility.audience,visibility", "public,restricted"),
        ("visibility.audience,visibility.audience", "public,restricted"),
        ("Embargo until", "2030-01-01"),
    ],
)
def test_a_spreadsheet_whose_visibility_cannot_be_read_is_skipped(tmp_path: Path, columns: str, cells: str) -> None:
    path = tmp_path / "own.csv"
    path.write_text(f"id,source,title,{columns}\n1,s,Heliotrope,{cells}\n")
    (result,) = read_pilots(open_catalogue(path))
    assert isinstance(result, Skipped)


@pytest.mark.parametrize(
    ("rule", "cell"),
    [
        ('[fields."visibility.audience"]\ncolumn = "Access"\ntable = {"Public" = "public"}', "Confidential"),
        ('[fields."visibility.audience"]\ncolumn = "Access"', "Confidential"),
        ('[fields."visibility.embargo_until"]\ncolumn = "Access"', "end of next year"),
        ('[fields."visibility.embargo_until"]\ncolumn = "Access"', "2030-05"),
    ],
)
def test_a_mapped_row_whose_visibility_cannot_be_read_is_skipped(tmp_path: Path, rule: str, cell: str) -> None:
    mapping, path = tmp_path / "mine.toml", tmp_path / "mine.csv"
    mapping.write_text(f'name = "mine"\n[fields.title]\ncolumn = "Title"\n{rule}\n')
    path.write_text(f"Title,Access\nHeliotrope,{cell}\n")
    (result,) = read_pilots(open_catalogue(path, mapping_file=mapping))
    assert isinstance(result, Skipped)
    assert result.reason.startswith("visibility.")
    assert "who may see the pilot" in result.reason


def test_a_mapping_of_records_keeps_them_within_a_community(tmp_path: Path) -> None:
    mapping, path = tmp_path / "mine.toml", tmp_path / "mine.json"
    mapping.write_text(
        'name = "mine"\nform = "records"\n[constants]\n'
        '"visibility.audience" = "community"\n"visibility.community" = "local"\n'
    )
    said: list[Any] = [None, "restricted", {"audience": "restricted", "people": ["anna"]}, 5]
    path.write_text(json.dumps([record(number, visibility=each) for number, each in enumerate(said)]))
    results = list(read_pilots(open_catalogue(path, mapping_file=mapping)))
    arrived = [each.pilot.visibility for each in results if isinstance(each, Arrived)]
    assert [each.audience for each in arrived] == [Audience.COMMUNITY, Audience.RESTRICTED, Audience.RESTRICTED]
    assert {each.community for each in arrived} == {"local"}
    assert isinstance(results[3], Skipped)


async def test_restricting_what_is_public_here_is_refused_until_the_public_copy_is_gone(tmp_path: Path) -> None:
    store = MemoryPilotStore()
    await bring_in(lines(tmp_path, record(1), record(2)), store)
    restricted = lines(tmp_path, record(1, visibility=RESTRICTED), record(3, visibility=RESTRICTED))
    report = await bring_in(restricted, store)
    ((row, reason),) = [(each.row, each.reason) for each in report.skipped]
    assert row == 1
    assert "public copy" in reason
    assert (report.rows, report.saved, report.unchanged) == (2, 1, 0)
    (public,) = [pilot async for pilot in store.all() if pilot.source_id == "test-1"]
    assert public.visibility.audience is Audience.PUBLIC


async def test_of_a_public_row_and_a_restricted_one_with_its_id_only_the_public_one_arrives(tmp_path: Path) -> None:
    path = lines(tmp_path, record(1), record(1, visibility=RESTRICTED))
    report = await bring_in(path)
    assert [each.row for each in report.skipped] == [2]
    assert report.saved == 1
