"""A mapping says what becomes what; a mistake in it is named with its key and what would be right."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from knowledge.catalogues.importing import Arrived, Skipped, read_pilots
from knowledge.catalogues.layout import field_at, record_fields
from knowledge.catalogues.mapping import REFERENCE, CatalogueMapping
from knowledge.catalogues.mapping_files import _KEYS, read_mapping
from knowledge.catalogues.recognising import open_catalogue, shipped_mappings
from knowledge.errors import InvalidFileError
from knowledge.pilots import Pilot, Stage

HEAD = 'name = "mine"\n[fields.title]\ncolumn = "Name"\n'


def arrive(tmp_path: Path, mapping: str, rows: str) -> list[Arrived | Skipped]:
    """The rows of a CSV file as a mapping brings them in."""
    (tmp_path / "mine.toml").write_text(mapping, "utf-8")
    (tmp_path / "rows.csv").write_text(rows, "utf-8")
    catalogue = open_catalogue(tmp_path / "rows.csv", mapping_file=tmp_path / "mine.toml")
    return [each for each in read_pilots(catalogue) if isinstance(each, Arrived | Skipped)]


def one(tmp_path: Path, mapping: str, rows: str) -> tuple[Pilot, list[str]]:
    """The only pilot, and its notes."""
    (arrived,) = arrive(tmp_path, mapping, rows)
    assert isinstance(arrived, Arrived), arrived
    return arrived.pilot, [f"{note.field}: {note.reason}" for note in arrived.notes]


def test_a_name_and_a_title_are_enough(tmp_path: Path) -> None:
    pilot, notes = one(tmp_path, HEAD, "Name\nA  pilot\n")
    assert (pilot.title, pilot.source_id, pilot.provenance.source) == ("A pilot", "mine-1", "mine")
    assert notes == []


def test_columns_are_joined_split_marked_looked_up_and_filled_in(tmp_path: Path) -> None:
    mapping = (
        HEAD
        + """
        [id]
        column = "Nr"
        pattern = 'P-(\\d+)'
        template = "{source}:{id:04}"
        [fields.organisation]
        columns = ["City", "unit"]
        join = " / "
        [fields.summary]
        template = "{Why} (by {unit})"
        [fields.challenge]
        column = "Missing words"
        otherwise = "No words on {Why}"
        [fields.tags]
        columns = ["Words"]
        split = [";", ","]
        marked = ["Health", "Energy"]
        also = ["pilot"]
        table = { "nlp" = "language", "other" = "" }
        [fields.outcome.summary]
        column = "Result"
        prefix = "Expected: "
    """
    )
    rows = (
        "Nr,Name,City,Unit,Why,Missing words,Words,Health,Energy,Result\nno P-7.,A,Oslo,IT,Speed,,NLP; other,x,,Time\n"
    )
    pilot, notes = one(tmp_path, mapping, rows)
    assert pilot.source_id == "mine:0007"
    assert pilot.organisation == "Oslo / IT"
    assert pilot.summary == "Speed (by IT)"
    assert pilot.challenge == "No words on Speed"
    assert pilot.topics == ("language", "Health", "pilot")
    assert pilot.outcome.summary == "Expected: Time"
    assert notes == []


def test_stages_countries_links_and_dates_are_read_or_left_out_with_a_note(tmp_path: Path) -> None:
    mapping = (
        HEAD
        + """
        [fields.stage]
        column = "Status"
        [fields.stage.table]
        "In use" = "implemented"
        "No idea" = ""
        [fields.country]
        column = "Land"
        [fields.url]
        columns = ["Web", "Other"]
        [fields."dates.started"]
        column = "From"
        formats = ["%d/%m/%Y"]
        [fields."exit_plan.decide_by"]
        column = "Decision"
    """
    )
    head = "Name,Status,Land,Web,Other,From,Decision\n"
    good, notes = one(tmp_path, mapping, head + "A,in  USE,nederland,www.a.nl,,3/2/2024,2026-05-01\n")
    assert (good.stage, good.country, good.link) == (Stage.IMPLEMENTED, "NL", "https://www.a.nl")
    assert (str(good.dates.started), str(good.exit_plan.decide_by)) == ("2024-02-03", "2026-05-01")
    assert notes == []
    silent, notes = one(tmp_path, mapping, head + "A,no idea,,,,,\n")
    assert (silent.stage, notes) == (Stage.UNKNOWN, [])
    bad, notes = one(tmp_path, mapping, head + 'A,Odd,Atlantis,none,"(https://a.nl/x), https://b.nl",2024?,2026-05\n')
    assert (bad.stage, bad.country, bad.link) == (Stage.UNKNOWN, None, "https://a.nl/x")
    assert notes == [
        "stage: 'Odd' has no entry in the table of mine.toml; left out",
        "country: 'Atlantis' is not a country; write its English name or its two-letter code; left out",
        "url: 'none' holds no web address; left out",
        "url: holds 2 web addresses; the first is kept",
        "dates.started: '2024?' is not a date that can be read; left out",
        "exit_plan.decide_by: '2026-05' is no day, and a day is needed; left out",
    ]


@pytest.mark.parametrize(
    ("cell", "link"),
    [
        ("https://a.nl/x.", "https://a.nl/x."),
        ("https://a.nl/Proof of Concepts/one", "https://a.nl/Proof%20of%20Concepts/one"),
        ("https://a.nl see also this", "https://a.nl"),
        ("https://a.nl/x, and/or more", "https://a.nl/x"),
        ("(see https://a.nl/x_(y))", "https://a.nl/x_(y)"),
        ("https://a.nl,https://b.nl", "https://a.nl"),
        ("https://web.example.org/web/2020/https://a.nl", "https://web.example.org/web/2020/https://a.nl"),
        ("www.a.nl/x", "https://www.a.nl/x"),
    ],
)
def test_a_link_is_found_among_other_words(tmp_path: Path, cell: str, link: str) -> None:
    mapping = HEAD + '[fields.url]\ncolumn = "Web"\n'
    pilot, _ = one(tmp_path, mapping, f'Name,Web\nA,"{cell}"\n')
    assert pilot.link == link


def test_parts_of_a_list_are_filled_by_number_and_their_fixed_words_only_beside_others(tmp_path: Path) -> None:
    mapping = (
        HEAD
        + """
        [fields.assets.1.link]
        column = "Code"
        [fields.assets.1.name]
        fixed = "Source code"
        [fields.evaluations.1.independent]
        column = "Reviewed"
        table = { yes = true, no = "" }
        [fields.evaluations.1.kind]
        fixed = "audit"
    """
    )
    full, _ = one(tmp_path, mapping, "Name,Code,Reviewed\nA,https://a.nl,Yes\n")
    assert [(asset.name, asset.link) for asset in full.assets] == [("Source code", "https://a.nl")]
    assert [(each.independent, each.kind) for each in full.evaluations] == [(True, "audit")]
    bare, notes = one(tmp_path, mapping, "Name,Code,Reviewed\nA,,no\n")
    assert (bare.assets, bare.evaluations, notes) == ((), (), [])


def test_empty_words_and_constants(tmp_path: Path) -> None:
    mapping = (
        'name = "mine"\nlicence = "CC0 1.0"\nempty = ["N/A"]\n[constants]\ncountry = "Norway"\nlang = "no"\n'
        'visibility.audience = "community"\nvisibility.community = "nordic"\n'
        '[fields.title]\ncolumn = "Name"\n[fields.country]\ncolumn = "Land"\n'
    )
    pilot, _ = one(tmp_path, mapping, "Name,Land\nA,n/a\n")
    assert (pilot.country, pilot.language, pilot.provenance.licence) == ("NO", "no", "CC0 1.0")
    assert pilot.visibility.community == "nordic"


@pytest.mark.parametrize(
    ("language", "written"), [("nl-be", "3 mei 2024"), ("en-gb", "3 May 2024"), ("xx", "3 May 2024")]
)
def test_months_are_read_in_the_catalogues_language_and_in_english_where_it_is_not_known(
    tmp_path: Path, language: str, written: str
) -> None:
    mapping = f'{HEAD}[fields.dates.started]\ncolumn = "From"\n[constants]\nlang = "{language}"\n'
    pilot, notes = one(tmp_path, mapping, f"Name,From\nA,{written}\n")
    assert (str(pilot.dates.started), pilot.language, notes) == ("2024-05-03", language, [])


def test_a_row_without_title_or_id_or_with_a_row_s_id_is_skipped_and_said(tmp_path: Path) -> None:
    mapping = HEAD + '[id]\ncolumn = "Nr"\n'
    results = arrive(tmp_path, mapping, "Nr,Name\n1,A\n2,\n,C\n1,D\n,\n5,E\n")
    assert [each.row for each in results] == [1, 2, 3, 4, 6]
    reasons = [each.reason for each in results if isinstance(each, Skipped)]
    assert reasons == ["title: is missing", "has no id in column 'Nr'", "has the id 'mine-1' of row 1, which was kept"]


@pytest.mark.parametrize(
    ("column", "row"), [("about.name", '{"about": {"name": "A"}}'), ("about.1.name", '{"about": [{"name": "A"}]}')]
)
def test_a_dotted_column_reaches_into_objects_and_lists(tmp_path: Path, column: str, row: str) -> None:
    (tmp_path / "mine.toml").write_text(f'name = "mine"\n[fields.title]\ncolumn = "{column}"\n', "utf-8")
    (tmp_path / "rows.json").write_text(f'[{row}, {{"about": "none"}}]', "utf-8")
    results = list(read_pilots(open_catalogue(tmp_path / "rows.json", mapping_file=tmp_path / "mine.toml")))
    assert [type(each) for each in results] == [Arrived, Skipped]


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ("name = ", "mine.toml is not TOML"),
        ("", "name: is missing; write for instance"),
        ('name = "mine"', "fields.title: is missing; every pilot needs a title"),
        ("name = 3", "name: needs a text"),
        (HEAD + "[fields.titel]\n", "fields.titel: is not a field of a pilot; the fields are id, source, title"),
        (HEAD + '[fields.summary]\ncolum = "x"', "fields.summary.colum: is not known here; did you mean column?"),
        (HEAD + "[fields.summary]\n", "fields.summary.column: is missing: say where the value comes from"),
        (HEAD + '[fields.stage]\ncolumn = "x"\nsplit = [","]', "fields.stage.split: does not fit: stage holds one of"),
        (HEAD + '[fields.stage]\ncolumn = "x"\ntable = {a = "live"}', "'live' is none of planned, development, pilot"),
        (HEAD + '[fields.country]\ncolumn = "x"\ntable = {a = "Atlantis"}', "'Atlantis' is not a country"),
        (HEAD + '[fields.assets]\ncolumn = "x"', r'assets: has several parts.*write \[fields."assets.1'),
        (HEAD + '[fields."dates.ended"]\ncolumn = "x"\nformats = ["dd/mm"]', "is no date format: write %Y"),
        (HEAD + '[fields.summary]\nfixed = "x"', r"fields.summary.fixed: is for the parts of a list"),
        (HEAD + '[fields.evaluations.1.independent]\ncolumn = "x"', "table: is missing: say which words mean true"),
        (HEAD + '[id]\ntemplate = "fixed"', "id.template: needs {row} or {id}"),
        (HEAD + '[id]\ntemplate = "{row} {x}"', "id.template: needs {row} or {id}"),
        (HEAD + '[id]\ntemplate = "{id}"', "has {id}, so say in which column"),
        (HEAD + "[id]\ncolumn = \"x\"\npattern = '('", "id.pattern: is not a regular expression"),
        (HEAD + "[id]\ncolumn = \"x\"\npattern = 'a'", "id.pattern: needs one group"),
        (HEAD + '[id]\npattern = "(x)"', "id.pattern: picks a part of a column's value"),
        (HEAD + '[constants]\ntitle = "x"', "constants.title: is not a field that can be the same"),
        (HEAD + '[constants]\nurl = "x"', "constants.url: 'x' is not a web address"),
        (HEAD + '[constants]\nmechanism = "x"', "'x' is none of sandbox"),
        (HEAD + '[constants]\nlang = "English"', "constants.lang: 'English' is not a language code"),
        (HEAD + "[constants]\ntags = 3", "constants.tags: needs a text"),
        ('form = "rows"\n' + HEAD, "form: 'rows' is neither \"columns\""),
        ('form = "records"\n' + HEAD, "fields: has no place beside form"),
        ('colour = "x"\n' + HEAD, "colour: is not known here"),
        ('fields = 3\nname = "mine"', "fields: needs a table of its own"),
        (HEAD + '[id]\ntemplate = "{row:09999999999}"', "id.template: needs {row} or {id}"),
        ('encoding = "idna"\n' + HEAD, "encoding: 'idna' is not an encoding of files"),
        ('encoding = "rot13"\n' + HEAD, "encoding: 'rot13' is not an encoding of files"),
        ('encoding = "utf\\u0000"\n' + HEAD, "encoding: .* is not an encoding of files"),
        (f"x = {'[' * 3000}{']' * 3000}", "lists or tables stand too deep"),
        (f"x = {'[' * 60}{']' * 60}", "x: holds parts within parts"),
        (f"x = 0x{'f' * 6000}", "x: holds a number of more than 300 digits"),
        (f"x = {'9' * 6000}", "mine.toml is not TOML"),
    ],
)
def test_a_mistake_in_a_mapping_is_named(tmp_path: Path, mapping: str, says: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(mapping, "utf-8")
    with pytest.raises(InvalidFileError, match=says):
        read_mapping(path)


def test_a_row_whose_id_leaves_the_group_of_the_pattern_empty_is_skipped(tmp_path: Path) -> None:
    mapping, path = tmp_path / "mine.toml", tmp_path / "mine.csv"
    mapping.write_text(HEAD + "[id]\ncolumn = \"Number\"\npattern = '1(x)?'\n")
    path.write_text("Name,Number\nA,1\nB,1x\n")
    bad, good = read_pilots(open_catalogue(path, mapping_file=mapping))
    assert bad == Skipped(1, "has an id that does not look like one here: '1'")
    assert isinstance(good, Arrived)


def test_a_mapping_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match=r"nowhere.toml cannot be opened"):
        read_mapping(tmp_path / "nowhere.toml")


def test_a_column_that_the_file_does_not_have_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match=r"names 'Naem', .*did you mean 'Name'\? Its columns are: Name, Land"):
        arrive(tmp_path, HEAD.replace('"Name"', '"Naem"'), "Name,Land\nA,NL\n")
    with pytest.raises(InvalidFileError, match=r"names 'Stge', .*no such column"):
        arrive(tmp_path, HEAD + '[fields.stage]\ncolumn = "Stge"', "Name,Land\nA,NL\n")


def test_every_shipped_mapping_is_valid_and_the_own_form_is_tried_last() -> None:
    mappings: dict[str, Any] = shipped_mappings()
    assert list(mappings)[-1] == "pilotlight"
    assert {"us-ai-2025", "us-ai-2024", "eu-pstw", "nl-algoritmeregister", "us-citizenscience"} < set(mappings)
    assert all(mapping.recognise for mapping in mappings.values())


def test_the_reference_explains_every_key_field_and_choice() -> None:
    words = set(re.findall(r"[\w%]+", (Path(__file__).parents[3] / REFERENCE).read_text("utf-8")))
    fields = list(record_fields().values())
    for several in [field for field in fields if field.parts]:
        inner = [field_at(f"{several.path}.1.{each.name}") for each in dataclasses.fields(several.parts)]  # type: ignore[arg-type]  # filtered above
        fields += filter(None, inner)
    wanted = {field.path.rpartition(".")[2] for field in fields}
    wanted |= {word for field in fields for word in field.choices}
    wanted |= {field.name for field in dataclasses.fields(CatalogueMapping)} - {"file", "rules", "records", "list_name"}
    assert (wanted | set(_KEYS)) - words == set()
