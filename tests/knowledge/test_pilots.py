import dataclasses
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given

from knowledge.dates import PartialDate
from knowledge.dimension_records import ExitPlan, TradeOff, Values
from knowledge.errors import InvalidRecordError
from knowledge.learnings import Learning, LearningKind, Origin
from knowledge.pilots import (
    Barrier,
    Dates,
    Pilot,
    Planned,
    Provenance,
    Stage,
    Unknown,
    pilot_id,
    value_at,
)
from knowledge.visibility import Visibility
from tests.strategies import pilots

PROVENANCE = Provenance(source="ours", source_id="1")


def pilot(**fields: Any) -> Pilot:
    every: dict[str, Any] = {"provenance": PROVENANCE, "title": "Drones for dikes"} | fields
    return Pilot(**every)


def test_a_pilot_needs_no_more_than_a_title_and_where_it_comes_from() -> None:
    bare = pilot()
    assert (bare.source_id, bare.link, bare.year, bare.stage) == ("1", None, None, Stage.UNKNOWN)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "a" * 501}, "title"),
        ({"title": " a"}, "title"),
        ({"summary": ""}, "summary"),
        ({"summary": "a\x00"}, "summary"),
        ({"summary": 5}, "summary"),
        ({"summary": "a" * 50_001}, "summary"),
        ({"topics": ("a", "")}, "topics"),
        ({"country": "Atlantis"}, "country"),
        ({"country": "nl"}, "country"),
        ({"language": ""}, "language"),
        ({"language": "EN"}, "language"),
        ({"language": "e\x00"}, "language"),
        ({"language": "en "}, "language"),
        ({"language": "averylong"}, "language"),
        ({"pending": {"title": Unknown("lost")}}, "title"),
        ({"pending": {"nothing": Unknown("lost")}}, "nothing"),
        ({"pending": {"exit_plan.nothing": Unknown("lost")}}, "exit_plan.nothing"),
        ({"pending": {"owner.name": Unknown("lost")}}, "owner.name"),
        ({"pending": {"exit_plan": Unknown("lost")}}, "exit_plan"),
        ({"pending": {"provenance.link": Unknown("lost")}}, "provenance.link"),
        ({"summary": "known", "pending": {"summary": Unknown("lost")}}, "summary"),
    ],
)
def test_what_no_pilot_may_have_is_refused_by_name(fields: Mapping[str, Any], field: str) -> None:
    with pytest.raises(InvalidRecordError) as refused:
        pilot(**fields)
    assert refused.value.field == field
    assert str(refused.value) == f"{field}: {refused.value.reason}"


def test_a_pilot_cannot_end_before_it_starts() -> None:
    with pytest.raises(InvalidRecordError, match="before it started"):
        Dates(started=PartialDate("2024-05"), ended=PartialDate("2024-04-30"))
    Dates(started=PartialDate("2024-05-17"), ended=PartialDate("2024"))


def test_nobody_may_change_a_pilot() -> None:
    one = pilot(pending={"summary": Unknown("lost")})
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.title = "Other"  # type: ignore[misc]  # that is the test
    with pytest.raises(TypeError):
        one.pending["challenge"] = Unknown("lost")  # type: ignore[index]  # that is the test


def test_saying_a_thing_twice_says_no_more() -> None:
    barrier, trade_off = Barrier(description="No budget"), TradeOff(preferred="openness", over="speed")
    one = pilot(topics=("a", "b", "a"), barriers=(barrier, barrier), values=Values(trade_offs=(trade_off, trade_off)))
    assert one == pilot(topics=("a", "b"), barriers=(barrier,), values=Values(trade_offs=(trade_off,)))


def test_the_id_is_that_of_the_source_within_the_community() -> None:
    ids = {pilot_id(source, "1", community) for source in ("a", "b") for community in (None, "slack:T1", "teams:T2")}
    assert len(ids) == 6
    assert pilot().id == pilot(title="Another title").id == pilot_id("ours", "1", None)
    assert pilot(visibility=Visibility(community="slack:T1")).id == pilot_id("ours", "1", "slack:T1")
    assert pilot_id("a", "bc", None) != pilot_id("ab", "c", None)


@given(pilots())
def test_an_id_is_short_and_plain(one: Pilot) -> None:
    assert len(one.id) == 17
    assert one.id.isalnum()
    assert one.id.isascii()


@pytest.mark.parametrize(
    ("dates", "year"),
    [
        (Dates(started=PartialDate("2022"), operational=PartialDate("2023"), ended=PartialDate("2024")), 2022),
        (Dates(operational=PartialDate("2023-05"), ended=PartialDate("2024")), 2023),
        (Dates(ended=PartialDate("2024")), 2024),
        (Dates(recorded=PartialDate("2025")), None),
    ],
)
def test_the_year_is_when_it_began_and_not_when_it_was_written_down(dates: Dates, year: int | None) -> None:
    assert pilot(dates=dates).year == year


def test_an_empty_answer_may_be_planned_or_unknown() -> None:
    one = pilot(
        pending={"stage": Unknown("lost"), "exit_plan.payer": Planned(date(2026, 5, 1)), "topics": Unknown("?")}
    )
    assert list(one.pending) == ["exit_plan.payer", "stage", "topics"]


def test_a_value_is_found_by_its_path() -> None:
    one = pilot(exit_plan=ExitPlan(payer="The city"))
    assert value_at(one, "exit_plan.payer") == "The city"
    assert value_at(one, "title") == "Drones for dikes"
    for path in ("", "exit_plan.", "title.upper", "exit_plan.payer.more", "__class__"):
        with pytest.raises(InvalidRecordError):
            value_at(one, path)


def test_a_learning_is_told_at_a_moment_in_a_time_zone() -> None:
    told: dict[str, Any] = {"id": "1", "pilot_id": "p1", "text": "Ask legal first", "author": "anna"}
    told |= {"kind": LearningKind.WORKED, "origin": Origin.CHECK_IN, "told_at": datetime(2026, 5, 17, tzinfo=UTC)}
    Learning(**told)
    for field, value in (("told_at", datetime(2026, 5, 17)), ("link", "nowhere"), ("text", "")):  # noqa: DTZ001  # that is the test
        with pytest.raises(InvalidRecordError, match=field):
            Learning(**(told | {field: value}))
