"""Whatever a file holds, there is a table or a sentence; whatever a record holds, a pilot or a reason."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from knowledge.catalogues.importing import Arrived, Empty, Skipped, read_pilots
from knowledge.catalogues.own_form import plain_cell, record_of_row, row_of_record, safe_cell
from knowledge.catalogues.personal_data import mask
from knowledge.catalogues.reading import read_table
from knowledge.catalogues.recognising import open_catalogue
from knowledge.errors import InvalidFileError
from knowledge.records import pilot_from_record, pilot_to_record
from tests import strategies

_STARTS = (b"", b"PK\x03\x04", b"{", b"[", b"\xff\xfe", b"\xef\xbb\xbf", b'a,"b\n', b"id,source,title\n")
# What a person may write into a field: words, numbers, dates, lists and parts of other fields.
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
_VALUES = st.recursive(
    _SCALARS | st.sampled_from(["2024", "2024-05", "https://a.nl", "pilot", "NL", "en"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "level", "start", "end", "summary", "planned_by"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
_FIELDS = st.sampled_from([
    "summary", "organisation", "country", "lang", "language", "tags", "stage", "outcome", "dates", "funding", "owner",
    "visibility", "stakeholders", "exit_plan", "values", "evaluations", "barriers", "assets", "url", "link", "odd",
])  # fmt: skip


@contextmanager
def file_of(content: bytes, name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        yield path


@settings(max_examples=150, deadline=None)
@given(
    start=st.sampled_from(_STARTS),
    content=st.binary(max_size=200) | st.text(max_size=100).map(str.encode),
    name=st.sampled_from(["file.csv", "file.yaml", "file.xlsx"]),
)
@example(start=b"", content=b"id,source,title\r\r\n1,a,b\r", name="file.csv")
@example(start=b"", content=b"- &a [*a]", name="file.yaml")
def test_any_bytes_are_a_table_or_a_sentence(start: bytes, content: bytes, name: str) -> None:
    with file_of(start + content, name) as path:
        try:
            rows = list(read_table(path).rows())
        except InvalidFileError as error:
            assert str(error).strip()  # noqa: PT017  # either outcome is right
        else:
            assert [number for number, _ in rows] == list(range(1, len(rows) + 1))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.dictionaries(_FIELDS, _VALUES, max_size=4), min_size=1, max_size=3))
def test_any_record_arrives_or_is_reported(records: list[dict[str, object]]) -> None:
    rows = [{"id": number, "source": "test", "title": "A", **record} for number, record in enumerate(records)]
    with file_of(json.dumps(rows).encode(), "file.json") as path:
        results = list(read_pilots(open_catalogue(path)))
    assert [result.row for result in results] == list(range(1, len(rows) + 1))
    for record, result in zip(records, results, strict=True):
        match result:
            case Arrived(notes=notes):
                assert "odd" not in record or record["odd"] in (None, "", [], {}) or "odd" in {n.field for n in notes}
            case Skipped(reason=reason):
                assert reason.startswith("visibility")
            case Empty():
                pytest.fail("it has a title")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(strategies.pilots())
def test_a_row_of_a_spreadsheet_is_the_record(pilot: object) -> None:
    record = pilot_to_record(pilot)  # type: ignore[arg-type]  # the strategy's own type
    assert pilot_from_record(record_of_row(row_of_record(record))) == pilot


@given(st.text(max_size=20))
@example("＝1+1")
@example("'＠SUM(1)")
def test_a_safe_cell_gives_its_text_back_and_is_no_formula(text: str) -> None:
    assert plain_cell(safe_cell(text)) == text
    assert not safe_cell(text).startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))


@settings(deadline=None)
@given(st.text(alphabet="0123456789 -+().,@abz", max_size=60), st.sampled_from([None, "NL", "US", "XX"]))
def test_masking_twice_masks_nothing_more(text: str, country: str | None) -> None:
    masked, _ = mask(text, country)
    assert mask(masked, country) == (masked, {})
