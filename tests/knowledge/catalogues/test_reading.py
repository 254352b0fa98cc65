"""Files of every usual kind, recognised by what they hold."""

import csv
import json
import zipfile
from pathlib import Path

import openpyxl
import pytest

from knowledge.catalogues.reading import read_table
from knowledge.catalogues.tables import Row, Unreadable
from knowledge.errors import InvalidFileError

COLUMNS = ("name", "note")
ROWS = [{"name": "Bürger­büro €5", "note": "one, two; three"}, {"name": "Łódź", "note": 'a "quoted"\nline'}]
WESTERN = [{"name": "Bürgerbüro – «été»", "note": "one, two; three"}, {"name": "Besançon’s", "note": "ça\nmarche"}]


def delimited(rows: list[dict[str, str]], delimiter: str) -> str:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    lines = [COLUMNS, *(tuple(cell(row[column]) for column in COLUMNS) for row in rows)]
    return "\r\n".join(delimiter.join(line) for line in lines) + "\r\n"


def write(tmp_path: Path, content: str | bytes, name: str = "file") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows_of(path: Path) -> list[Row | Unreadable]:
    return [row for _, row in read_table(path).rows()]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_any_delimiter_in_any_unicode(tmp_path: Path, delimiter: str, encoding: str) -> None:
    path = write(tmp_path, delimited(ROWS, delimiter).encode(encoding))
    assert read_table(path).columns == COLUMNS
    assert rows_of(path) == ROWS


def test_a_first_line_may_tell_the_delimiter(tmp_path: Path) -> None:
    path = write(tmp_path, "sep=;\r\na,x;b\r\n1;2\r\n")
    assert read_table(path).columns == ("a,x", "b")
    assert list(read_table(path).rows()) == [(1, {"a,x": "1", "b": "2"})]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark(tmp_path: Path, encoding: str) -> None:
    assert rows_of(write(tmp_path, delimited(ROWS, ";").encode(encoding))) == ROWS


def test_windows_1252_is_taken_for_itself_and_not_for_its_neighbours(tmp_path: Path) -> None:
    assert rows_of(write(tmp_path, delimited(WESTERN, ",").encode("cp1252"))) == WESTERN


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1250", "Zażółć gęślą jaźń; pilotaż systemu dla mieszkańców miasta Łódź"),
        ("cp1251", "Это пилотный проект города для жителей, опубликованный в каталоге"),
        ("cp1253", "Καλημέρα κόσμε, αυτό είναι ένα πιλοτικό έργο του δήμου για τους πολίτες"),
    ],
)
def test_other_alphabets_are_told_apart(tmp_path: Path, encoding: str, text: str) -> None:
    rows = [{"name": text, "note": text}] * 20
    assert rows_of(write(tmp_path, delimited(rows, ",").encode(encoding))) == rows


def test_one_damaged_letter_does_not_make_utf_8_another_encoding(tmp_path: Path) -> None:
    content = delimited(ROWS * 20, ",").encode() + b"bad \xff,letter\r\n"
    rows = rows_of(write(tmp_path, content))
    assert rows[:2] == ROWS
    assert rows[-1] == {"name": "bad �", "note": "letter"}


def test_an_encoding_that_is_named_must_fit(tmp_path: Path) -> None:
    path = write(tmp_path, delimited(WESTERN, ",").encode("cp1252"))
    with pytest.raises(InvalidFileError, match="is not UTF-8 text throughout"):
        read_table(path, encoding="utf-8")
    with pytest.raises(InvalidFileError, match="'klingon' is not an encoding"):
        read_table(path, encoding="klingon")


def test_columns_without_a_name_or_with_the_same_one_stay_apart(tmp_path: Path) -> None:
    assert read_table(write(tmp_path, "a,,a, b \n1,2,3,4\n")).columns == ("a", "column 2", "a (2)", "b")
    assert read_table(write(tmp_path, '"two\nlines",b,,\n1,2\n')).columns == ("two lines", "b")


def test_blank_lines_are_no_rows_and_short_rows_end_early(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b,c\n\n1,2\n\n4,5,6,\n")
    assert rows_of(path) == [{"a": "1", "b": "2"}, {"a": "4", "b": "5", "c": "6"}]


def test_a_row_with_too_many_cells_is_unreadable_and_the_rest_is_read(tmp_path: Path) -> None:
    broken, fine = rows_of(write(tmp_path, "a,b\n1,2,3\n4,5\n"))
    assert isinstance(broken, Unreadable)
    assert "3 cells where the header has 2" in broken.reason
    assert fine == {"a": "4", "b": "5"}


def test_a_long_cell_is_read_and_a_higher_limit_of_the_process_is_left_alone(tmp_path: Path) -> None:
    before = csv.field_size_limit(20_000_000)
    try:
        assert rows_of(write(tmp_path, f"a,b\n{'x' * 1_000_000},2\n")) == [{"a": "x" * 1_000_000, "b": "2"}]
        assert csv.field_size_limit() == 20_000_000
    finally:
        csv.field_size_limit(before)


def test_a_quotation_mark_left_open_is_told_with_the_lines_that_it_costs(tmp_path: Path) -> None:
    fine, inside, never_closed = rows_of(write(tmp_path, 'a,b\n1,2\n"x"y,3\n5,"open\n6,7\n8,9\n'))
    assert fine == {"a": "1", "b": "2"}
    assert isinstance(inside, Unreadable)
    assert "line 3 of the file" in inside.reason
    assert isinstance(never_closed, Unreadable)
    assert "lines 4 to 6 of the file cannot be told apart" in never_closed.reason


def test_a_workbook_gives_its_widest_sheet_with_dates_and_numbers(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Read me"])  # type: ignore[union-attr]
    sheet = book.create_sheet("Data")
    sheet.append([])
    sheet.append(["name", "year", None])
    sheet.append(["first", 2020])
    sheet.append([None, None])
    sheet.append(["third", 2021.5, None, None])
    path = tmp_path / "file.dat"
    book.save(path)
    assert read_table(path).columns == ("name", "year")
    assert list(read_table(path).rows()) == [
        (1, {"name": "first", "year": 2020}),
        (2, {}),
        (3, {"name": "third", "year": 2021.5}),
    ]
    with pytest.raises(InvalidFileError, match="no sheet called 'Dta'; it has 'Sheet', 'Data'"):
        read_table(path, sheet="Dta")


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(ROWS),
        json.dumps({"fetched": "2026", "count": 2, "projects": ROWS}, indent=1),
        "\ufeff" + json.dumps(ROWS),
        "\n".join(map(json.dumps, ROWS)),
        "\n\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS) + "\n",
    ],
)
def test_json_is_a_list_or_holds_one_or_stands_in_lines(tmp_path: Path, content: str) -> None:
    path = write(tmp_path, content, "file.txt")
    assert read_table(path).columns == COLUMNS
    assert rows_of(path) == ROWS


def test_a_line_that_is_not_json_is_unreadable_and_the_rest_is_read(tmp_path: Path) -> None:
    rows = rows_of(write(tmp_path, '{"a": 1}\n{"a": \n[1]\n{"a": 2}\n'))
    assert [type(row) for row in rows] == [dict, Unreadable, Unreadable, dict]


def test_yaml_keeps_dates_as_written_and_norway_as_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, "- {title: One, country: NO, dates: {started: 2024-05-01}, ok: true}\n", "file.yaml")
    assert rows_of(path) == [{"title": "One", "country": "NO", "dates": {"started": "2024-05-01"}, "ok": True}]


def test_a_json_object_with_several_lists_asks_which(tmp_path: Path) -> None:
    path = write(tmp_path, json.dumps({"a": ROWS, "b": ROWS}))
    with pytest.raises(InvalidFileError, match=r'several lists \(a, b\); a mapping says which: list = "a"'):
        read_table(path)
    assert [row for _, row in read_table(path, list_name="b").rows()] == ROWS


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b" \n\n ", "is empty"),
        (b"%PDF-1.7 ...", "is a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "save it as XLSX"),
        (b"\x1f\x8b\x08\x00", "unpack it first"),
        (b"PK\x03\x04 and then nothing", "damaged or cut-off workbook"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary data"),
        (b"a,b\n" + bytes(range(1, 9)) * 50, "control characters"),
        (b'[{"a": 1}, {"a": ', "begins as JSON and is not"),
        (b'{"a": [', "begins as JSON and is not"),
        (b"[]", "empty list"),
        (b'{"rows": []}', "empty list"),
        (b"\xff\xfea\0,\0b", "UTF-16 text throughout|header"),
    ],
)
def test_what_is_no_table_is_said_with_what_to_do(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(InvalidFileError, match=says):
        read_table(write(tmp_path, content))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match="cannot be opened: No such file"):
        read_table(tmp_path / "nowhere.csv")


def test_a_workbook_cut_off_or_damaged_is_found_before_its_first_row_is_used(tmp_path: Path) -> None:
    path = tmp_path / "file.xlsx"
    book = openpyxl.Workbook()
    for number in range(500):
        book.active.append([f"name {number}", number])  # type: ignore[union-attr]
    book.save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InvalidFileError, match="damaged or cut-off"):
        read_table(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other.txt", "x")
    with pytest.raises(InvalidFileError, match="a ZIP archive and no workbook"):
        read_table(path)
