"""Dates as catalogues write them, and those that are none."""

from datetime import date, datetime

import pytest

from knowledge.catalogues.written_dates import DateFormatError, date_pattern, read_date
from knowledge.errors import InvalidRecordError

AMERICAN = ("%m/%d/%Y", "%m/%d/%y", "%m/%Y", "%b-%y")


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("2024-05-17", "2024-05-17"),
        ("2012/9/1", "2012-09-01"),
        ("20170315", "2017-03-15"),
        ("2014 January", "2014-01"),
        ("2008 05 01", "2008-05-01"),
        ("2017/January/1", "2017-01-01"),
        ("Sept. 2015", "2015-09"),
        ("3 May 2024", "2024-05-03"),
        ("May 3, 2024", "2024-05-03"),
        ("2014-7-01", "2014-07-01"),
        ("2015-09-14 17:01:51.038079+00", "2015-09-14"),
        ("2015-09-14T17:01:51Z", "2015-09-14"),
        (" 2020 ", "2020"),
        (2020, "2020"),
        (2021.0, "2021"),
        (datetime(2025, 3, 13, 9, 30), "2025-03-13"),  # noqa: DTZ001  # as workbooks give them
        (date(2025, 3, 13), "2025-03-13"),
    ],
)
def test_usual_dates_are_read_without_being_told(written: object, iso: str) -> None:
    assert read_date(written).date.iso == iso


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("1/2/2022", "2022-01-02"),
        ("09/24/2024 12:00:00 AM", "2024-09-24"),
        ("6/1/16", "2016-06-01"),
        ("3/22/99", "1999-03-22"),
        ("01/2024", "2024-01"),
        ("Jan-03", "2003-01"),
    ],
)
def test_a_catalogue_may_say_how_it_writes_them(written: str, iso: str) -> None:
    assert read_date(written, AMERICAN).date.iso == iso


def test_months_may_stand_in_the_catalogues_language() -> None:
    assert read_date("3 mei 2024", languages=("nl", "en")).date.iso == "2024-05-03"


@pytest.mark.parametrize("language", ["xx", "english1", ""])
def test_a_language_that_nobody_knows_counts_as_english(language: str) -> None:
    assert read_date("3 May 2024", languages=(language,)).date.iso == "2024-05-03"


def test_a_remark_in_brackets_is_told_apart() -> None:
    written = read_date("2022-08 (estimated)")
    assert (written.date.iso, written.remark) == ("2022-08", "(estimated)")


@pytest.mark.parametrize(
    "written",
    ["Anticipated 2021", "1/2/2022", "2024-02-30", "On-going", "10/12023", "Q4FY25", "2015-2022"],
)
def test_what_is_no_date_or_could_mean_two_is_refused(written: str) -> None:
    with pytest.raises(InvalidRecordError, match="is not a date that can be read"):
        read_date(written)


@pytest.mark.parametrize("form", ["%d/%m", "%H:%M", "day"])
def test_a_format_without_a_year_is_refused(form: str) -> None:
    with pytest.raises(DateFormatError, match="write %Y or %y for the year"):
        date_pattern(form)


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("7/16/1905", "2024"), ("7/14/1905", "2022"), ("6/12/1905", "1990"), ("7/27/1905", "2035"),
        ("6/11/1905", "1905-06-11"), ("7/28/1905", "1905-07-28"), ("7/1905", "1905-07"),
    ],
)  # fmt: skip
def test_a_year_that_a_spreadsheet_took_for_a_day_is_that_year(written: str, iso: str) -> None:
    read = read_date(written, AMERICAN)
    assert read.date.iso == iso
    assert bool(read.remark and read.why) is (len(iso) == 4)
    assert read_date("1905-07-16", AMERICAN).date.iso == "1905-07-16"
