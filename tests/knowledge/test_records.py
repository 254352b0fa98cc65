import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
import yaml
from hypothesis import given

from knowledge.catalogues.layout import field_at
from knowledge.errors import InvalidRecordError
from knowledge.learnings import Learning
from knowledge.pilots import Direction, Mechanism, Pilot, Planned, Stage, Unknown
from knowledge.record_names import BARE as BARE_TEXTS
from knowledge.record_names import SPELLINGS, plain_path
from knowledge.record_paths import put, value_at
from knowledge.records import learning_from_record, learning_to_record, pilot_from_record, pilot_to_record
from knowledge.visibility import Audience, Visibility
from tests.strategies import learnings, pilots

BARE = {"id": "1", "source": "ours", "title": "Drones for dikes"}


def read(**fields: Any) -> Pilot:
    return pilot_from_record(BARE | fields)


@given(pilots())
def test_any_pilot_comes_back_from_its_record(pilot: Pilot) -> None:
    record = pilot_to_record(pilot)
    assert pilot_from_record(record) == pilot
    assert pilot_to_record(pilot_from_record(record)) == record


@given(pilots())
def test_any_pilot_comes_back_from_json_and_yaml(pilot: Pilot) -> None:
    record = pilot_to_record(pilot)
    assert pilot_from_record(json.loads(json.dumps(record))) == pilot
    assert pilot_from_record(yaml.safe_load(yaml.safe_dump(record, allow_unicode=True))) == pilot


@given(learnings())
def test_any_learning_comes_back_from_its_record(learning: Learning) -> None:
    assert learning_from_record(json.loads(json.dumps(learning_to_record(learning)))) == learning


def test_a_record_holds_only_what_is_said() -> None:
    assert pilot_to_record(read()) == BARE | {"lang": "en", "stage": "unknown", "visibility": {"audience": "public"}}


def test_records_use_the_names_people_use() -> None:
    pilot = read(url="https://example.org", lang="nl", tags=["water", "drones"], country="Netherlands")
    assert (pilot.link, pilot.language, pilot.topics, pilot.country) == (
        "https://example.org", "nl", ("water", "drones"), "NL",
    )  # fmt: skip
    record = pilot_to_record(pilot)
    assert (record["url"], record["lang"], record["tags"], record["country"]) == (
        "https://example.org", "nl", ["water", "drones"], "Netherlands",
    )  # fmt: skip


def test_our_own_names_are_read_too() -> None:
    ours = {"source_id": "1", "source": "ours", "title": "Drones for dikes", "language": "nl", "topics": "water"}
    assert pilot_from_record(ours) == read(lang="nl", tags=["water"])
    assert read(organization="The city", license="CC0-1.0").organisation == "The city"


def test_a_part_given_as_text_is_its_most_telling_field() -> None:
    pilot = read(outcome="It worked", owner="Anna", barriers=["No budget", {"description": "No time"}])
    assert pilot.outcome.summary == "It worked"
    assert pilot.owner is not None
    assert pilot.owner.name == "Anna"
    assert [barrier.description for barrier in pilot.barriers] == ["No budget", "No time"]


def test_choices_are_read_as_people_write_them() -> None:
    pilot = read(stage="Stopped", mechanism="100-day challenge", outcome={"direction": "MIXED"})
    assert (pilot.stage, pilot.mechanism) == (Stage.STOPPED, Mechanism.HUNDRED_DAY_CHALLENGE)
    assert pilot.outcome.direction is Direction.MIXED


def test_dates_are_read_under_the_names_of_catalogues() -> None:
    pilot = read(dates={"initiated": 2021, "implemented": "2022-05", "retired": date(2023, 6, 7), "updated": "2024"})
    assert pilot_to_record(pilot)["dates"] == {
        "started": "2021", "operational": "2022-05", "ended": "2023-06-07", "recorded": "2024",
    }  # fmt: skip


def test_of_two_names_for_one_date_our_own_holds() -> None:
    dates = read(dates={"initiated": "2020", "started": "2021", "start": "2022"}).dates
    assert str(dates.started) == "2021"


def test_an_empty_field_does_not_hide_what_another_spelling_of_it_says() -> None:
    pilot = read(
        link="https://example.org", url=None, topics=["water"], tags=[], dates={"started": "", "start": "2020"}
    )
    assert (pilot.link, pilot.topics, str(pilot.dates.started)) == ("https://example.org", ("water",), "2020")


@pytest.mark.parametrize("names", [{"lang": "nl", "language": "de"}, {"language": "de", "lang": "nl"}])
def test_of_two_spellings_of_a_field_the_plain_name_holds(names: dict[str, str]) -> None:
    assert read(**names).language == "nl"


def test_every_spelling_and_every_bare_text_means_a_field_that_is() -> None:
    spelt = [f"{part}.{name}".lstrip(".") for part, names in SPELLINGS.items() for name in names.values()]
    bare = [f"{part}.{name}" for part, name in BARE_TEXTS.items()]
    in_lists = [path.replace(".", ".1.") for path in bare if field_at(path) is None]
    assert [path for path in (*spelt, *in_lists) if field_at(path) is None] == []
    assert plain_path("dates.retired") == "dates.ended"
    assert plain_path("assets.link") == "assets.link"


def test_any_answer_may_be_planned_or_unknown() -> None:
    pilot = read(
        summary={"unknown_because": "the report is lost"},
        country={"unknown_because": "it ran in several"},
        tags={"planned_by": "2026-05-01"},
        stage={"unknown_because": "nobody said"},
        exit_plan={"payer": {"planned_by": "2026-05-01"}, "owner": "The city"},
    )
    assert dict(pilot.pending) == {
        "country": Unknown("it ran in several"),
        "exit_plan.payer": Planned(date(2026, 5, 1)),
        "stage": Unknown("nobody said"),
        "summary": Unknown("the report is lost"),
        "topics": Planned(date(2026, 5, 1)),
    }
    assert pilot.exit_plan.owner == "The city"
    assert pilot_from_record(pilot_to_record(pilot)) == pilot


def test_what_is_empty_is_not_said() -> None:
    empty: dict[str, Any] = {
        "summary": " \n",
        "country": " ",
        "tags": [],
        "outcome": {"summary": ""},
        "owner": None,
        "dates": {},
    }
    assert read(**empty) == read()


def test_text_is_cleaned_on_the_way_in() -> None:
    assert read(title="  Drones \x00 for\tdikes ").title == "Drones for dikes"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": {"unknown_because": "lost"}}, "title"),
        ({"title": ["a"]}, "title"),
        ({"id": None}, "id"),
        ({"source": ""}, "source"),
        ({"url": "nowhere"}, "url"),
        ({"lang": "English"}, "lang"),
        ({"tags": [{"a": 1}]}, "tags.1"),
        ({"country": "Atlantis"}, "country"),
        ({"country": ["NL"]}, "country"),
        ({"stage": "finished"}, "stage"),
        ({"dates": {"started": "soon"}}, "dates.started"),
        ({"dates": {"started": "2024", "ended": "2023"}}, "dates.ended"),
        ({"dates": ["2024"]}, "dates"),
        ({"exit_plan": {"decide_by": "May"}}, "exit_plan.decide_by"),
        ({"exit_plan": {"payer": ["a"]}}, "exit_plan.payer"),
        ({"exit_plan": {"unknown_because": "lost"}}, "exit_plan"),
        ({"values": {"trade_offs": [{"preferred": "a"}]}}, "values.trade_offs.1.over"),
        ({"evaluations": [{"summary": "good"}, {"independent": "yes"}]}, "evaluations.2.independent"),
        ({"visibility": "restricted"}, "visibility.community"),
        ({"assets": [{"name": "code", "link": "nowhere"}]}, "assets.1.link"),
        ({"pending": {"summary": "lost"}}, "pending"),
        ({"provenance": {"source": "a"}}, "provenance"),
        ({"summary": {"planned_by": "May"}}, "summary"),
    ],
)
def test_a_bad_record_is_refused_under_the_name_people_know(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRecordError) as refused:
        read(**fields)
    assert refused.value.field == field


def test_a_misspelt_field_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InvalidRecordError, match="summmary: is not a field here; did you mean summary"):
        read(summmary="typo")


def test_a_record_is_left_as_it_was() -> None:
    record = BARE | {"country": "NL", "tags": ["a"], "dates": {"start": "2024"}}
    before = json.dumps(record)
    pilot_from_record(record)
    assert json.dumps(record) == before


def test_visibility_is_kept_whole() -> None:
    seen = {"audience": "restricted", "community": "slack:T1", "people": ["b", "a"], "embargo_until": "2026-05-01"}
    assert read(visibility=seen).visibility == Visibility(
        audience=Audience.RESTRICTED,
        community="slack:T1",
        people=frozenset({"a", "b"}),
        embargo_until=date(2026, 5, 1),
    )


@pytest.mark.parametrize(
    ("told_at", "reason"),
    [("2026-05-17T09:00", "needs a time zone"), ("noon", "is not a time"), (None, "is missing")],
)
def test_a_learning_without_a_moment_is_refused(told_at: str | None, reason: str) -> None:
    record = {"id": "1", "pilot_id": "p1", "text": "x", "kind": "worked", "origin": "check_in", "author": "anna"}
    with pytest.raises(InvalidRecordError, match=f"told_at: .*{reason}"):
        learning_from_record(record | {"told_at": told_at})
    learning = learning_from_record(record | {"told_at": datetime(2026, 5, 17, tzinfo=UTC)})
    assert learning_to_record(learning)["told_at"] == "2026-05-17T00:00:00+00:00"


def test_a_path_goes_into_parts_and_by_number_into_lists() -> None:
    record: dict[str, Any] = {"assets": [{"name": "code"}], "owner": "Anna"}
    put(record, "assets.1.link", "https://a.nl")
    put(record, "owner.name", "Anna")
    put(record, "exit_plan.payer", "the city")
    assert record == {
        "assets": [{"name": "code", "link": "https://a.nl"}],
        "owner": {"name": "Anna"},
        "exit_plan": {"payer": "the city"},
    }
    assert value_at(record, "assets.1.name") == "code"
    paths = ("assets.2", "assets.0", "assets.name", "title", "owner.name.first")
    assert [value_at(record, path) for path in paths] == [None] * 5
