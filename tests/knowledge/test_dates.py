from datetime import date

import pytest
from hypothesis import given

from knowledge.dates import PartialDate, Period
from knowledge.errors import InvalidRecordError
from tests.strategies import partial_dates


@pytest.mark.parametrize(
    ("iso", "first", "last"),
    [
        ("2024", date(2024, 1, 1), date(2024, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2023-02", date(2023, 2, 1), date(2023, 2, 28)),
        ("2024-05-17", date(2024, 5, 17), date(2024, 5, 17)),
        ("0001", date(1, 1, 1), date(1, 12, 31)),
        ("9999", date(9999, 1, 1), date(9999, 12, 31)),
    ],
)
def test_a_partial_date_knows_its_first_and_last_day(iso: str, first: date, last: date) -> None:
    assert (PartialDate(iso).first(), PartialDate(iso).last()) == (first, last)


@given(partial_dates())
def test_a_partial_date_reads_as_it_is_written(when: PartialDate) -> None:
    assert PartialDate(str(when)) == when
    assert when.first() <= when.last()
    assert when.first().year == when.year == when.last().year


@pytest.mark.parametrize(
    "iso",
    ["", "24", "2024-5", "2024-13", "2024-00", "2023-02-29", "2024-05-17T09:00", "2024\n", "0000", "٢٠٢٤", "May 2024"],
)
def test_what_is_no_date_of_the_calendar_is_refused(iso: str) -> None:
    with pytest.raises(InvalidRecordError):
        PartialDate(iso)


def test_a_period_may_be_open_and_may_be_one_day() -> None:
    day = date(2024, 5, 17)
    for first, last in ((None, None), (day, None), (None, day), (day, day)):
        Period(first, last)


def test_a_period_cannot_end_before_it_begins() -> None:
    with pytest.raises(InvalidRecordError, match="cannot end"):
        Period(date(2024, 5, 17), date(2024, 5, 16))
