"""What arrives, what is reported, and what is never written."""

import json
import os
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from knowledge.catalogues.fitting import pilot_of
from knowledge.catalogues.importing import ImportReport, Note, Skipped, import_catalogue, import_pilots
from knowledge.catalogues.personal_data import PersonalData
from knowledge.dates import PartialDate
from knowledge.dimension_records import ExitPlan
from knowledge.errors import InvalidFileError
from knowledge.pilots import Outcome, Pilot, Stage, Unknown
from knowledge.ports import Author
from knowledge.records import pilot_to_record
from knowledge.text import TITLE_LIMIT
from tests.fakes import MemoryPilotStore, revisions_of

AT = datetime(2026, 5, 17, 9, tzinfo=UTC)


def lines(tmp_path: Path, *records: Any) -> Path:
    path = tmp_path / "pilots.jsonl"
    texts = (record if isinstance(record, str) else json.dumps(record) for record in records)
    path.write_text("\n".join(texts) + "\n", "utf-8")
    return path


def record(number: int, **fields: Any) -> dict[str, Any]:
    return {"id": f"test-{number}", "source": "test", "title": f"Pilot {number}", **fields}


async def bring_in(path: Path, store: MemoryPilotStore | None = None, **options: Any) -> ImportReport:
    return await import_catalogue(path, store or MemoryPilotStore(), at=AT, **options)


async def test_a_second_import_changes_nothing_and_an_edited_row_makes_one_revision(tmp_path: Path) -> None:
    store = MemoryPilotStore()
    path = lines(tmp_path, *(record(number) for number in range(1, 4)))
    first = await bring_in(path, store)
    again = await bring_in(path, store)
    assert (first.saved, first.unchanged, again.saved, again.unchanged) == (3, 0, 0, 3)
    edited = await bring_in(lines(tmp_path, record(1), record(2, stage="stopped"), record(3)), store)
    assert (edited.saved, edited.unchanged) == (1, 2)
    pilots = [pilot async for pilot in store.all()]
    revisions = {pilot.source_id: await revisions_of(store, pilot.id) for pilot in pilots}
    assert {name: len(each) for name, each in revisions.items()} == {"test-1": 1, "test-2": 2, "test-3": 1}
    assert revisions["test-2"][-1].by.name == "import pilotlight"
    assert revisions["test-2"][-1].by.reason == "pilots.jsonl"


async def test_what_people_changed_here_stays_and_the_rest_follows_the_catalogue(tmp_path: Path) -> None:
    store = MemoryPilotStore()
    path = lines(tmp_path, record(1, stage="pilot", outcome={"summary": "Unclear"}, tags=["old"]))
    await bring_in(path, store)
    (pilot,) = [pilot async for pilot in store.all()]
    told = replace(pilot, stage=Stage.STOPPED, exit_plan=ExitPlan(payer="the city"), outcome=Outcome())
    await store.save([told], Author("jane"), AT)
    again = await bring_in(path, store)
    assert (again.saved, again.unchanged) == (0, 1)
    edited = lines(tmp_path, record(1, stage="implemented", outcome={"summary": "Clear"}, tags=["new"]))
    report = await bring_in(edited, store)
    assert report.saved == 1
    assert await store.get(pilot.id) == replace(told, topics=("new",))
    assert (await bring_in(edited, store)).saved == 0


async def test_where_the_catalogue_and_a_person_do_not_go_together_the_person_holds(tmp_path: Path) -> None:
    store = MemoryPilotStore()
    await bring_in(lines(tmp_path, record(1, dates={"start": "2020"})), store)
    (pilot,) = [pilot async for pilot in store.all()]
    told = replace(pilot, dates=replace(pilot.dates, ended=PartialDate("2021")))
    await store.save([told], Author("jane"), AT)
    await bring_in(lines(tmp_path, record(1, dates={"start": "2023"})), store)
    assert await store.get(pilot.id) == told


async def test_what_people_removed_does_not_come_back(tmp_path: Path) -> None:
    store = MemoryPilotStore()
    path = lines(tmp_path, record(1), record(2))
    await bring_in(path, store)
    (pilot,) = [pilot async for pilot in store.all() if pilot.source_id == "test-1"]
    await store.remove(pilot.id, Author("jane"), AT)
    assert (await bring_in(path, store)).unchanged == 2
    report = await bring_in(lines(tmp_path, record(1, stage="pilot"), record(2)), store)
    assert (report.rows, report.saved, report.unchanged) == (2, 0, 1)
    assert report.skipped == (Skipped(1, "'test-1' was removed here, and an import does not bring it back"),)
    assert await store.get(pilot.id) is None


async def test_a_dry_run_says_what_would_change_and_keeps_nothing(tmp_path: Path) -> None:
    store = MemoryPilotStore()
    await bring_in(lines(tmp_path, record(1)), store)
    report = await bring_in(lines(tmp_path, record(1), record(2)), store, dry_run=True)
    assert (report.saved, report.unchanged, report.dry_run) == (1, 1, True)
    assert [pilot.source_id async for pilot in store.all()] == ["test-1"]


async def test_a_bad_row_is_skipped_with_its_number_and_reason_and_the_rest_goes_in(tmp_path: Path) -> None:
    path = lines(
        tmp_path, record(1), '{"id": "test-2", ', {"id": "test-3", "source": "test"}, record(1), {}, record(6),
        {"source": "test", "title": "No id"}, {"id": "x", "title": "No source"}, "[1]",
    )  # fmt: skip
    store = MemoryPilotStore()
    report = await bring_in(path, store)
    assert (report.rows, report.saved, report.empty, len(report.skipped)) == (9, 2, 1, 6)
    assert report.rows == report.saved + report.unchanged + report.empty + len(report.skipped)
    assert [each.row for each in report.skipped] == [2, 3, 4, 7, 8, 9]
    assert report.skipped[1:5] == (
        Skipped(3, "title: is missing"),
        Skipped(4, "has the id 'test-1' of row 1, which was kept"),
        Skipped(7, "id: is missing"),
        Skipped(8, "source: is missing"),
    )


async def test_a_field_that_cannot_be_read_does_not_cost_the_row(tmp_path: Path) -> None:
    store = MemoryPilotStore()
    odd = record(
        1, country="Atlantis", stage="alive", url="see https://a.nl/x, https://b.nl", colour="red", owner={"mail": "x"},
        dates={"start": "2012/9/1", "end": "Anticipated 2021", "published": "2024-05 (about)", "operational": "2010"},
        stakeholders=[{"name": "A", "level": "boss"}, {"name": "B", "level": "user"}, {"level": "top"}],
        evaluations=[{"evidence": "none"}],
    )  # fmt: skip
    report = await bring_in(lines(tmp_path, odd, record(2, dates={"start": 2020, "retired": 2019})), store)
    assert report.saved == 2
    first, second = [pilot async for pilot in store.all() if pilot.source_id in ("test-1", "test-2")]
    first, second = sorted((first, second), key=lambda pilot: pilot.source_id)
    assert (first.country, first.stage, first.link, first.owner) == (None, Stage.UNKNOWN, "https://a.nl/x", None)
    assert (str(first.dates.started), first.dates.ended, str(first.dates.recorded)) == ("2012-09-01", None, "2024-05")
    assert [each.name for each in first.stakeholders] == ["B"]
    assert (str(second.dates.started), second.dates.ended) == ("2020", None)
    fields = [note.field for note in report.notes]
    assert {"country", "stage", "url", "colour", "owner.mail", "dates.end", "dates.published", "dates.ended"} < set(
        fields
    )
    assert all(note.row in (1, 2) and note.reason for note in report.notes)


@pytest.mark.parametrize(
    ("fields", "noted", "left"),
    [
        ({"link": "see https://a.nl/x"}, "url", {"url": "https://a.nl/x"}),
        ({"link": "nowhere"}, "url", {}),
        ({"assets": [{"name": "code", "link": "at https://a.nl"}]}, "assets.1.link",
         {"assets": [{"name": "code", "link": "https://a.nl"}]}),
        ({"topics": ["a", {"b": 1}, "c"]}, "tags.2", {"tags": ["a", "c"]}),
        ({"language": "English"}, "lang", {}),
        ({"barriers": {"description": "No time", "kind": "odd"}}, "barriers.1.kind",
         {"barriers": [{"description": "No time", "kind": "other"}]}),
        ({"dates": {"started": "2020", "initiated": "2019", "retired": "2018", "end": None}}, "dates.ended",
         {"dates": {"started": "2020"}}),
        ({"colour": None}, "colour", {}),
    ],
)  # fmt: skip
def test_only_what_is_wrong_is_left_out_however_it_is_spelt(
    fields: dict[str, Any], noted: str, left: dict[str, Any]
) -> None:
    pilot, notes = pilot_of(record(1, **fields))
    assert [field for field, _ in notes] == [noted]
    usual = pilot_to_record(pilot_of(record(1))[0])
    assert pilot_to_record(pilot) == usual | left


def test_keys_that_are_no_text_are_left_out() -> None:
    _, notes = pilot_of(record(1, owner={"name": "Jane", 5: "odd"}))
    assert [field for field, _ in notes] == ["owner.5"]


async def test_a_record_whose_audience_cannot_be_read_stays_out(tmp_path: Path) -> None:
    report = await bring_in(lines(tmp_path, record(1, visibility={"audience": "restricted"}), record(2)))
    assert report.saved == 1
    assert report.skipped[0].reason.startswith("visibility.community: ")


async def test_a_title_too_long_is_shortened_and_stands_whole_before_the_summary(tmp_path: Path) -> None:
    store = MemoryPilotStore()
    title = "A long title. " * 60
    report = await bring_in(lines(tmp_path, record(1, title=title, summary="Why.")), store)
    (pilot,) = [pilot async for pilot in store.all()]
    assert len(pilot.title) <= TITLE_LIMIT
    assert pilot.summary == f"{title.strip()}\n\nWhy."
    assert report.notes[0].field == "title"


async def test_a_text_too_long_is_shortened_and_noted(tmp_path: Path) -> None:
    store = MemoryPilotStore()
    fields = {"summary": "Word. " * 10_000, "tags": ["short", "word " * 200]}
    report = await bring_in(lines(tmp_path, record(1, **fields)), store)
    assert [note.field for note in report.notes] == ["summary", "tags.2"]
    (pilot,) = [pilot async for pilot in store.all()]
    assert len(pilot.topics) == 2


async def test_personal_data_is_masked_and_counted_unless_told_otherwise(tmp_path: Path) -> None:
    path = lines(tmp_path, record(1, country="NL", summary="Mail a@b.nl or call 020 552 1111"))
    masked, plain = MemoryPilotStore(), MemoryPilotStore()
    report = await bring_in(path, masked)
    assert report.masked == {PersonalData.EMAIL: 1, PersonalData.PHONE: 1}
    assert report.to_record()["masked"] == {"email": 1, "phone_number": 1}
    (pilot,) = [pilot async for pilot in masked.all()]
    assert pilot.summary == "Mail [e-mail removed] or call [phone number removed]"
    report = await bring_in(path, plain, mask_personal_data=False)
    assert report.masked == {}
    (pilot,) = [pilot async for pilot in plain.all()]
    assert pilot.summary == "Mail a@b.nl or call 020 552 1111"


async def test_an_own_spreadsheet_may_be_written_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "ours.csv"
    path.write_text(
        "id;source;title;topics;outcome;outcome.direction;owner;owner.address;dates.start;barriers;exit_plan.payer\r\n"
        '1;ours;Pilot;"a, b|c;d";Worked;positive;Jane;j@x.nl;2024 May;No time;'
        '"{""unknown_because"": ""nobody asked""}"\r\n',
        "utf-8-sig",
    )
    store = MemoryPilotStore()
    report = await bring_in(path, store)
    assert report.notes == ()
    (pilot,) = [pilot async for pilot in store.all()]
    assert pilot.topics == ("a, b|c", "d")
    assert [each.description for each in pilot.barriers] == ["No time"]
    assert (pilot.outcome.summary, pilot.outcome.direction) == ("Worked", "positive")
    assert pilot.owner is not None
    assert (pilot.owner.name, pilot.owner.address) == ("Jane", "j@x.nl")
    assert str(pilot.dates.started) == "2024-05"
    assert pilot.pending == {"exit_plan.payer": Unknown("nobody asked")}


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        (
            "name,note\na,b\n",
            {},
            r"none of the catalogues known here .*\[fields.title\] column = .*--map.*Its columns are: name, note\.",
        ),
        (
            "name,note\na,b\n",
            {"name": "eu"},
            r"'eu' is no catalogue known here; the catalogues are eu-pstw.*\[fields.title\] column = ",
        ),
        ("name,note\na,b\n", {"name": "eu-pstw"}, r"eu-pstw.toml names .*no such column"),
        ("name,note\na,b\n", {"name": "pilotlight"}, "pilotlight.toml names 'title'"),
        ('[{"id": 1', {}, "begins as JSON and is not"),
    ],
)
async def test_a_file_that_is_not_what_it_says_fails_before_anything_is_written(
    tmp_path: Path, content: str, options: dict[str, Any], says: str
) -> None:
    path = tmp_path / "file.csv"
    path.write_text(content, "utf-8")
    store = MemoryPilotStore()
    with pytest.raises(InvalidFileError, match=says):
        await bring_in(path, store, **options)
    assert [pilot async for pilot in store.all()] == []


async def test_a_newer_edition_of_a_known_catalogue_may_miss_a_column(tmp_path: Path) -> None:
    path = tmp_path / "register.json"
    row = {"id": 7, "title": "A", "doel": "B", "organisatie": "C", "status": "buiten gebruik", "juridische_basis": ""}
    path.write_text(json.dumps([row]), "utf-8")
    store = MemoryPilotStore()
    report = await bring_in(path, store)
    assert report.catalogue == "nl-algoritmeregister"
    assert {note.reason for note in report.notes if note.row == 0} == {
        "the file has no column 'geregistreerd'", "the file has no column 'impactassessment'",
        "the file has no column 'url'",
    }  # fmt: skip
    (pilot,) = [pilot async for pilot in store.all()]
    assert (pilot.stage, pilot.country, pilot.source_id) == (Stage.STOPPED, "NL", "nl-algoritmeregister-7")


async def test_progress_counts_towards_the_number_of_rows(tmp_path: Path) -> None:
    calls: list[tuple[int, int | None]] = []
    path = lines(tmp_path, *(record(number) for number in range(1250)))
    await bring_in(path, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(500, 1250), (1000, 1250), (1250, 1250)]


async def test_files_are_read_beside_the_loop_so_that_a_bot_goes_on_answering(tmp_path: Path) -> None:
    read_in: set[threading.Thread] = set()

    class Watched(type(tmp_path)):  # type: ignore[misc]  # the class of paths here
        def open(self, *args: Any, **options: Any) -> Any:
            read_in.add(threading.current_thread())
            return super().open(*args, **options)

    report = await bring_in(Watched(lines(tmp_path, record(1), record(2))))
    assert report.saved == 2
    assert read_in
    assert threading.main_thread() not in read_in


async def test_pilots_without_a_file_are_kept_and_reported_as_those_of_a_catalogue() -> None:
    store = MemoryPilotStore()
    first, second = (pilot_of(record(number))[0] for number in (1, 2))
    report = await import_pilots("starter", [first, second], store, at=AT, reason="ships along")
    assert (report.catalogue, report.rows, report.saved, report.unchanged) == ("starter", 2, 2, 0)
    assert (await revisions_of(store, first.id))[-1].by == Author("import starter", "ships along")
    await store.remove(second.id, Author("jane"), AT)
    newer = [replace(each, summary="Newer") for each in (first, second)]
    report = await import_pilots("starter", newer, store, at=AT, dry_run=True)
    assert (report.rows, report.saved, report.unchanged, report.dry_run) == (2, 1, 0, True)
    assert report.skipped == (Skipped(2, "'test-2' was removed here, and an import does not bring it back"),)
    assert await store.get(first.id) == first


async def test_the_report_can_be_written_as_json(tmp_path: Path) -> None:
    report = await bring_in(lines(tmp_path, record(1, stage="x"), "{"))
    plain = json.loads(json.dumps(report.to_record()))
    assert (plain["rows"], plain["saved"], plain["skipped"][0]["row"]) == (2, 1, 2)
    assert plain["notes"][0]["field"] == "stage"
    assert report.notes[0] == Note(1, "stage", plain["notes"][0]["reason"])


class QuickerRival(MemoryPilotStore):
    """Another import saves the same pilots between the look and the saving."""

    async def save(self, pilots: Sequence[Pilot], by: Author, at: datetime) -> int:
        await super().save(pilots, Author("import rival"), at)
        return await super().save(pilots, by, at)


async def test_of_two_imports_at_once_only_what_was_really_saved_is_counted(tmp_path: Path) -> None:
    report = await bring_in(lines(tmp_path, record(1), record(2)), QuickerRival())
    assert (report.rows, report.saved, report.unchanged) == (2, 0, 2)


async def test_a_file_whose_name_is_no_utf_8_is_imported(tmp_path: Path) -> None:
    path = lines(tmp_path, record(1)).rename(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jsonl"))
    store = MemoryPilotStore()
    await bring_in(path, store)
    (pilot,) = [pilot async for pilot in store.all()]
    (revision,) = await revisions_of(store, pilot.id)
    assert revision.by.reason == "caf .jsonl"
