"""Small files that would take for ever, and files that are damaged or change: each ends in a sentence, and soon."""

import lzma
import os
import zipfile
import zlib
from pathlib import Path

import openpyxl
import pytest

from knowledge.catalogues import workbooks
from knowledge.catalogues.fitting import pilot_of
from knowledge.catalogues.importing import Arrived, Skipped, read_pilots
from knowledge.catalogues.mapping_files import read_mapping
from knowledge.catalogues.personal_data import PersonalData, mask
from knowledge.catalogues.reading import read_table
from knowledge.catalogues.recognising import open_catalogue
from knowledge.errors import InvalidFileError, InvalidRecordError

_SHEET = "xl/worksheets/sheet1.xml"
# Without the limits these take minutes or for ever.
pytestmark = pytest.mark.timeout(60)


def workbook(tmp_path: Path, sheet: str | bytes | None = None, *, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    """A workbook whose only sheet holds this instead, in the rows of its XML."""
    plain, path = tmp_path / "plain.xlsx", tmp_path / "made.xlsx"
    book = openpyxl.Workbook()
    book.create_sheet("pilots", 0).append(["id", "source", "title"])
    book.save(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w", compression) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == _SHEET and isinstance(sheet, str):
                head, _, tail = content.partition(b"<sheetData>")
                content = head + b"<sheetData>" + sheet.encode() + b"</sheetData>" + tail.partition(b"</sheetData>")[2]
            elif name == _SHEET and isinstance(sheet, bytes):
                content = sheet
            target.writestr(name, content)
    return path


HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>title</t></is></c></row>'


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="999999999999"><c r="A999999999999"><v>1</v></c></row>',
        "<row\n spans='1:1' r='1048577'/>",
        "".join(f'<row r="{number}"><c r="XFD{number}"><v>1</v></c></row>' for number in range(2, 20_000)),
        '<row r="2"><c s="1" r="AAAAAAA2"><v>1</v></c></row>',
    ],
)
def test_a_workbook_with_a_cell_far_out_is_refused(tmp_path: Path, rows: str) -> None:
    with pytest.raises(InvalidFileError, match="cells beyond row"):
        read_table(workbook(tmp_path, HEADER + rows))


def test_a_workbook_that_unpacks_to_far_more_than_it_is_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "_SMALL", 1 << 20)
    with pytest.raises(InvalidFileError, match="unpacks to"):
        read_table(workbook(tmp_path, HEADER + f"<row><c><is><t>{'a' * 5_000_000}</t></is></c></row>"))


def test_a_workbook_in_an_encoding_that_hides_its_cells_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match="unusual kind"):
        read_table(workbook(tmp_path, "<worksheet/>".encode("utf-16")))


def test_a_workbook_with_a_password_on_a_member_is_damaged(tmp_path: Path) -> None:
    path = workbook(tmp_path)
    content = bytearray(path.read_bytes())
    for start, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(start) + offset] |= 1
    path.write_bytes(content)
    with pytest.raises(InvalidFileError, match="damaged or cut-off workbook"):
        read_table(path)


def test_a_workbook_packed_in_an_unknown_way_is_damaged(tmp_path: Path) -> None:
    path = workbook(tmp_path)
    content = bytearray(path.read_bytes())
    for start, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        content[content.index(start) + offset] = 9
    path.write_bytes(content)
    with pytest.raises(InvalidFileError, match="damaged or cut-off workbook"):
        read_table(path)


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
@pytest.mark.parametrize("place", [0, 5, 12, 20])
def test_a_workbook_whose_packed_bytes_are_wrong_is_damaged(tmp_path: Path, compression: int, place: int) -> None:
    path = workbook(tmp_path, compression=compression)
    with zipfile.ZipFile(path) as archive:
        member = archive.infolist()[0]
    begin = member.header_offset + 30 + len(member.filename) + place
    content = bytearray(path.read_bytes())
    content[begin : begin + 8] = b"\xff" * 8
    path.write_bytes(content)
    with pytest.raises(InvalidFileError):
        read_table(path)


@pytest.mark.parametrize("error", [zlib.error, lzma.LZMAError, RuntimeError, NotImplementedError, OverflowError])
def test_damage_found_while_reading_has_its_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def damaged(*_: object) -> None:
        raise error("bad")

    monkeypatch.setattr(workbooks, "_load", damaged)
    with pytest.raises(InvalidFileError, match="cannot be read as a workbook"):
        read_table(workbook(tmp_path))


def written(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- &a [x, x]\n- &b [*a, *a]\n- [*b, *b]\n", "aliases"),
        ("- &a [*a]\n", "aliases"),
        ("- title: " + "[" * 3000 + "]" * 3000, "parts within parts"),
    ],
)
def test_yaml_that_grows_when_read_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidFileError, match=said):
        read_table(written(tmp_path, "file.yaml", text))


def test_a_table_of_more_columns_than_anyone_needs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match="100,000 columns"):
        read_table(written(tmp_path, "file.csv", ",".join(["a"] * 100_000) + "\n1\n"))


def test_what_is_no_plain_file_is_not_opened(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(InvalidFileError, match="no plain file; save it to disk first"):
            read_table(path)
        with pytest.raises(InvalidFileError, match="no plain file"):
            read_mapping(path)


def test_masking_a_long_text_takes_no_longer_than_reading_it() -> None:
    mask("www.a 1234567 " * 70_000)
    masked, counts = mask("a@b.nl www.a " * 50_000)
    assert counts == {PersonalData.EMAIL: 50_000}
    assert masked.startswith("[e-mail removed] www.a [e-mail")


def test_thousands_of_unknown_fields_are_a_row_to_skip() -> None:
    record = {"id": "1", "source": "s", "title": "T", **{f"odd {number}": number for number in range(5000)}}
    with pytest.raises(InvalidRecordError, match="more than 1,000 fields"):
        pilot_of(record)


@pytest.mark.parametrize("change", ["gone", "binary", "longer"])
@pytest.mark.parametrize("name", ["file.csv", "file.jsonl"])
def test_a_file_that_changes_while_it_is_read_is_told(tmp_path: Path, change: str, name: str) -> None:
    line = '{"title": "é"}\n' if name.endswith("jsonl") else "title,note\n"
    path = written(tmp_path, name, line * 100_000)
    table = read_table(path)
    rows = table.rows()
    next(rows)
    match change:
        case "gone":
            path.unlink()
        case "binary":
            path.write_bytes(b"\xff\xfe\xfd\n" * 300_000)
        case _:
            path.write_text(line * 200_000, "utf-8")
    with pytest.raises(InvalidFileError, match="changed while it was read; import it again"):
        list(rows)
    with pytest.raises(InvalidFileError, match="changed while it was read; import it again"):
        list(table.rows())


DEEP = "[" * 900 + "]" * 900
GOOD = '{"id": "9", "source": "s", "title": "Good"}'
LONG = f"0x{'f' * 6000}"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("file.json", f'[{GOOD}, {{"id": "1", "source": "s", "title": "T", "tags": {DEEP}}}, {DEEP}]'),
        ("file.jsonl", f'{GOOD}\n{{"id": "1", "source": "s", "title": "T", "tags": {DEEP}}}\n{DEEP}\n'),
        ("file.csv", f"id,source,title,{'.'.join('x' * 2000)}\n9,s,Good,\n1,s,T,deep\n"),
        ("file.csv", 'id,source,title,tags,tags.9\n9,s,Good,,\n1,s,T,"[""a""]",b\n'),
        ("file.csv", f'id,source,title,assets,assets.{"9" * 5000}.name\n9,s,Good,,\n1,s,T,"[{{""name"": ""a""}}]",b\n'),
        ("file.yaml", f"- {GOOD}\n- id: 1\n  source: s\n  title: {LONG}\n"),
        ("file.yaml", f"- {GOOD}\n- id: 1\n  source: s\n  title: T\n  ? {LONG}\n  : 1\n"),
    ],
)
def test_what_nests_or_counts_without_end_is_a_row_to_skip(tmp_path: Path, name: str, text: str) -> None:
    good, *others = read_pilots(open_catalogue(written(tmp_path, name, text)))
    assert isinstance(good, Arrived)
    assert others
    assert all(isinstance(each, Skipped) for each in others)


def test_a_mapped_cell_that_nests_without_end_is_a_row_to_skip(tmp_path: Path) -> None:
    mapping = written(tmp_path, "mine.toml", 'name = "mine"\n[fields.title]\ncolumn = "Name"\n')
    path = written(tmp_path, "file.json", f'[{{"Name": "Good"}}, {{"Name": {DEEP}}}]')
    good, bad = read_pilots(open_catalogue(path, mapping_file=mapping))
    assert isinstance(good, Arrived)
    assert isinstance(bad, Skipped)
