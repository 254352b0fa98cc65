"""The starter catalogue as a newcomer meets it: valid, sourced, and open about what stopped."""

import re
from collections import Counter
from importlib import resources
from typing import Any

import pytest
import yaml

from knowledge.pilots import Pilot, Stage
from knowledge.records import pilot_from_record, pilot_to_record

E_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w+")
PHONE = re.compile(r"(?:\+|\b00)\d[\d ()/-]{6,}\d|\(0\d+\)|\b0\d{2,4}[ /-]\d{3,}")
WEB = re.compile(r"https?://\S+")


def records() -> list[dict[str, Any]]:
    files = sorted(
        (each for each in resources.files("knowledge").joinpath("starter").iterdir() if each.name.endswith(".yaml")),
        key=lambda each: each.name,
    )
    return [record for each in files for record in yaml.safe_load(each.read_text("utf-8"))]


def texts(value: object) -> list[str]:
    """Every text in a record, however deep."""
    match value:
        case str():
            return [value]
        case dict():
            return [text for each in value.values() for text in texts(each)]
        case list():
            return [text for each in value for text in texts(each)]
        case _:
            return []


RECORDS = records()
PILOTS = [pilot_from_record(record) for record in RECORDS]
STOPPED = [pilot for pilot in PILOTS if pilot.stage is Stage.STOPPED]
by_id = pytest.mark.parametrize("pilot", PILOTS, ids=[pilot.source_id for pilot in PILOTS])


def test_there_are_at_least_sixty_pilots_and_fifteen_of_them_stopped() -> None:
    assert len(PILOTS) >= 60
    assert len(STOPPED) >= 15


def test_no_id_title_or_pilot_stands_twice() -> None:
    for values in ([p.source_id for p in PILOTS], [p.title for p in PILOTS], [p.id for p in PILOTS]):
        assert [value for value, count in Counter(values).items() if count > 1] == []


@pytest.mark.parametrize("pilot", STOPPED, ids=[pilot.source_id for pilot in STOPPED])
def test_a_stopped_pilot_says_why(pilot: Pilot) -> None:
    assert pilot.outcome.stopped_because


@by_id
def test_a_pilot_that_goes_on_gives_no_reason_for_stopping(pilot: Pilot) -> None:
    assert pilot.stage is Stage.STOPPED or pilot.outcome.stopped_because is None


@by_id
def test_every_pilot_says_who_where_what_came_of_it_and_where_to_read_on(pilot: Pilot) -> None:
    assert pilot.provenance.source == "starter"
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", pilot.source_id)
    assert pilot.link
    assert pilot.provenance.licence == "CC0-1.0"
    assert pilot.organisation
    assert pilot.country
    assert pilot.mechanism
    assert pilot.outcome.summary
    assert pilot.summary
    assert 80 <= len(pilot.summary) <= 900
    assert 3 <= len(pilot.topics) <= 6


@by_id
def test_the_catalogue_names_no_owner(pilot: Pilot) -> None:
    assert pilot.owner is None
    assert pilot.deputy is None
    assert pilot.stakeholders == ()


@pytest.mark.parametrize("record", RECORDS, ids=[record["id"] for record in RECORDS])
def test_no_text_holds_an_e_mail_address_or_a_phone_number(record: dict[str, Any]) -> None:
    for text in texts(record):
        without_links = WEB.sub("", text)
        assert not E_MAIL.search(without_links)
        assert not PHONE.search(without_links)


@by_id
def test_a_pilot_written_as_yaml_reads_back_the_same(pilot: Pilot) -> None:
    written = yaml.safe_dump(pilot_to_record(pilot), allow_unicode=True)
    assert pilot_from_record(yaml.safe_load(written)) == pilot


@pytest.mark.parametrize(
    "topic",
    [
        "100-day challenge", "autonomous shuttle", "basic income", "chatbot", "citizen science", "citizens' assembly",
        "congestion charging", "digital identity", "four-day week", "innovation lab", "participatory budgeting",
        "predictive policing", "prize competition", "regulatory sandbox", "welfare fraud",
    ],
)  # fmt: skip
def test_questions_that_people_ask_first_find_an_entry(topic: str) -> None:
    assert [pilot.source_id for pilot in PILOTS if topic in pilot.topics]
