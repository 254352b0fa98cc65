import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.cli import run
from knowledge.pilots import Stage
from knowledge.starter import starter_pilots


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PILOTLIGHT_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    path = tmp_path / "mine.csv"
    path.write_text(
        "id,source,title,summary,organisation,country,stage,outcome,url\n"
        "1,mine,Bikes for home carers,Carers cycle to their clients instead of driving.,Example Town,Norway,stopped,"
        "Nobody had been named to repair the bikes.,https://example.org/bikes\n"
        "2,mine,Chatbot for school meals,Parents ask a chatbot what is for lunch.,Example School,Italy,pilot,,\n"
        "3,mine,,A row without a title.,Example Town,Norway,pilot,,\n",
        encoding="utf-8",
    )
    return path


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(list(arguments)) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that cannot be done says: one sentence, and no traceback."""
    assert run(list(arguments)) in (1, 2)
    caught = capsys.readouterr()
    assert "Traceback" not in caught.err
    assert caught.err.strip()
    return caught.err


def test_what_is_imported_is_found(capsys: pytest.CaptureFixture[str], catalogue: Path) -> None:
    told = printed(capsys, "import", str(catalogue))
    assert "3 rows" in told
    assert "Row 3 left out: title" in told
    found = json.loads(printed(capsys, "ask", "has anyone put home carers on bikes?", "--json"))
    assert found["answered"] is True
    assert found["answer"] == "Yes: 1 pilot tried this; it was stopped."
    source = found["sources"][0]
    assert {name: source[name] for name in ("source_id", "title", "country", "stage", "url")} == {
        "source_id": "1",
        "title": "Bikes for home carers",
        "country": "Norway",
        "stage": "stopped",
        "url": "https://example.org/bikes",
    }
    assert set(source) == {
        "id", "source_id", "title", "organisation", "country", "stage", "outcome", "url", "score", "excerpt",
        "match", "learned",
    }  # fmt: skip
    assert set(found) == {"question", "topic", "filters", "answered", "answer", "sources"}


def test_a_second_import_changes_nothing(capsys: pytest.CaptureFixture[str], catalogue: Path) -> None:
    printed(capsys, "import", str(catalogue))
    report = json.loads(printed(capsys, "import", str(catalogue), "--json"))
    assert (report["saved"], report["unchanged"]) == (0, 2)


def test_a_removed_pilot_is_not_found_and_does_not_come_back(
    capsys: pytest.CaptureFixture[str], catalogue: Path
) -> None:
    printed(capsys, "import", str(catalogue))
    question = ("ask", "has anyone tried bikes for home carers?", "--json")
    pilot = json.loads(printed(capsys, *question))["sources"][0]["id"]
    assert "Bikes for home carers" in printed(capsys, "remove", pilot, "--because", "asked for by its owner")
    assert "no pilot" in refused(capsys, "remove", pilot)
    printed(capsys, "import", str(catalogue))
    assert not json.loads(printed(capsys, *question))["answered"]


def test_a_dry_run_keeps_nothing(capsys: pytest.CaptureFixture[str], catalogue: Path) -> None:
    assert "would be new or changed" in printed(capsys, "import", str(catalogue), "--dry-run")
    assert "empty" in printed(capsys, "check")


def test_a_limit_bounds_the_sources(capsys: pytest.CaptureFixture[str]) -> None:
    printed(capsys, "import", "--starter")
    found = json.loads(printed(capsys, "ask", "chatbots", "--json", "--limit", "2"))
    assert len(found["sources"]) == 2
    all_stopped = json.loads(printed(capsys, "ask", "which pilots were stopped?", "--json", "--limit", "100"))
    assert len(all_stopped["sources"]) == sum(pilot.stage is Stage.STOPPED for pilot in starter_pilots())


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json", "jsonl"])
def test_an_export_imports_back_to_the_same_pilots(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    printed(capsys, "import", "--starter")
    out = tmp_path / f"out.{kind}"
    count = len(list(starter_pilots()))
    assert f"{count} pilots written" in printed(capsys, "export", str(out))
    again = json.loads(printed(capsys, "import", str(out), "--json"))
    assert (again["saved"], again["unchanged"], again["skipped"]) == (0, count, [])
    monkeypatch.setenv("PILOTLIGHT_DATA_DIR", str(tmp_path / "elsewhere"))
    assert json.loads(printed(capsys, "import", str(out), "--json"))["saved"] == count


def test_a_restricted_pilot_is_seen_by_those_on_its_list_only(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "secret.jsonl"
    visibility = {"audience": "restricted", "community": "local", "people": ["ann"]}
    record = {"id": "1", "source": "mine", "title": "Zeppelins for parcels", "visibility": visibility}
    path.write_text(json.dumps(record), encoding="utf-8")
    printed(capsys, "import", str(path))
    question = ("ask", "has anyone tried zeppelins for parcels?", "--json")
    assert json.loads(printed(capsys, *question, "--as", "ann"))["answered"] is True
    for others in ((), ("--as", "bob")):
        assert json.loads(printed(capsys, *question, *others))["sources"] == []


@pytest.mark.parametrize(
    "text",
    ["", "   ", "?!", "\x00\x01\x02", "chatbot\x1b[31m \x07red", "a" * 100_000, "has anyone tried " + "x y " * 30_000],
    ids=["empty", "blank", "punctuation", "control", "escapes", "100 kB", "many words"],
)
def test_a_question_that_asks_nothing_gets_a_sentence(capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert len(refused(capsys, "ask", text)) < 500


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE pilots; --",
        '<script>alert("x")</script>',
        "[bold]markup[/bold] [/red]",
        "هل جرب أحد حافلات ذاتية القيادة؟",
        "\u202eyb deirt tobtahc\u202c",
        'title:(a AND "b) OR c^',
        "👍 drones 🚁",
    ],
)
def test_an_odd_question_is_answered_like_any_other(capsys: pytest.CaptureFixture[str], text: str) -> None:
    printed(capsys, "import", "--starter")
    answer = json.loads(printed(capsys, "ask", text, "--json"))
    assert answer["answer"]
    shown = printed(capsys, "ask", text)
    assert "\x1b" not in shown
    assert "Traceback" not in shown


def test_asking_an_empty_base_says_how_to_fill_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert "import" in printed(capsys, "ask", "has anyone tried drones?")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("import", "no-such-file.csv"), "no-such-file.csv"),
        (("import",), "--starter"),
        (("export", "pilots.pdf"), ".csv"),
        (("ask",), "TEXT"),
        (("frobnicate",), "frobnicate"),
        (("ask", "drones", "--limit", "many"), "limit"),
        (("evaluate", "--queries", "none.jsonl", "--qrels", "none.tsv"), "none"),
        (("bench", "search", "--sizes", "few"), "--sizes"),
    ],
)
def test_a_command_that_cannot_be_done_says_why(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    assert says in refused(capsys, *arguments)


def test_a_wrong_setting_stops_a_command_with_its_name(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PILOTLIGHT_EMBEDDINGS", "minilm")
    assert "PILOTLIGHT_EMBEDDINGS" in refused(capsys, "check")


def test_the_check_says_what_is_there_and_what_is_off(capsys: pytest.CaptureFixture[str]) -> None:
    printed(capsys, "import", "--starter")
    told = printed(capsys, "check")
    assert f"{len(list(starter_pilots()))} pilots" in told
    assert "Embeddings: off" in told
    assert "pilotlight model fetch" in told


def test_the_check_of_a_folder_that_cannot_be_made_names_one_fault(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("PILOTLIGHT_DATA_DIR", str(tmp_path / "file" / "data"))
    assert run(["check"]) == 1
    assert capsys.readouterr().out.count("✗") == 1


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "--version").startswith("pilotlight 0.")


def test_the_check_fails_where_what_is_switched_on_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PILOTLIGHT_EMBEDDINGS", "onnx:no-such-folder")
    assert run(["check"]) == 1
    assert "no-such-folder" in capsys.readouterr().out


def test_the_tour_asks_three_questions_and_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    told = printed(capsys, "demo")
    assert told.count("\n› ") == 3
    assert told.count("Yes: ") == 2
    assert told.count("Nobody has recorded") == 1


def test_a_data_folder_that_cannot_be_made_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("PILOTLIGHT_DATA_DIR", str(tmp_path / "file" / "data"))
    assert "PILOTLIGHT_DATA_DIR" in refused(capsys, "ask", "has anyone tried drones?")


def test_the_reference_pages_say_what_the_code_says(capsys: pytest.CaptureFixture[str]) -> None:
    pages = Path(__file__).parents[2] / "docs" / "reference"
    printed(capsys, "docs", "--check", "--folder", str(pages))


def test_a_fault_of_ours_is_a_sentence_and_its_place_is_in_the_log_without_the_words(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("".join(reversed("sdrow terces ym")))

    monkeypatch.setattr("deploy.asking.ask_once", broken)
    (tmp_path / "data").mkdir()
    assert "pilotlight.log says where" in refused(capsys, "ask", "has anyone tried drones?")
    log = (tmp_path / "data" / "pilotlight.log").read_text()
    assert "ZeroDivisionError" in log
    assert "in broken" in log
    assert "secret" not in log


def test_the_command_itself_runs(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("pilotlight")
    environment = {**os.environ, "PILOTLIGHT_DATA_DIR": str(tmp_path / "data")}
    done = subprocess.run(
        [command, "ask", b"\xff\xfe"], capture_output=True, check=False, cwd=tmp_path, env=environment
    )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
