import itertools

import pytest

from knowledge.pilots import Outcome, Pilot, Provenance
from knowledge.questions import PilotVocabulary
from knowledge.questions.acronyms import spelt_out
from tests.lessons import learned


def pilot(number: int, summary: str, organisation: str | None = None, title: str = "A pilot") -> Pilot:
    return Pilot(
        provenance=Provenance(source="test", source_id=str(number)),
        title=title,
        summary=summary,
        organisation=organisation,
    )


def base(*organisations: str, summary: str = "Nothing of note.") -> PilotVocabulary:
    return learned(pilot(number, summary, name) for number, name in enumerate(organisations))


def test_a_word_counts_once_a_pilot_however_it_is_written() -> None:
    vocabulary = learned([pilot(1, "Drones and drones."), pilot(2, "DRONES here."), pilot(3, "None.")])
    assert vocabulary.frequency("drones") == vocabulary.frequency("Drones") == 2
    assert vocabulary.frequency("kites") == 0


def test_words_of_titles_topics_and_outcomes_count_too() -> None:
    made = Pilot(
        provenance=Provenance(source="test", source_id="1"),
        title="Kites",
        topics=("wind",),
        outcome=Outcome(summary="Flew well", stopped_because="storms"),
    )
    vocabulary = learned([made])
    assert all(vocabulary.frequency(word) == 1 for word in ("kites", "wind", "flew", "storms"))


@pytest.mark.parametrize(
    "name", ["Kite Agency", "the kite agency", "KA", "Department of Winds", "Department of Winds / Kite Agency (KA)"]
)
def test_an_organisation_is_found_in_full_in_part_and_by_its_acronym(name: str) -> None:
    assert base("Department of Winds / Kite Agency (KA)").organisations(name) == (
        "Department of Winds / Kite Agency (KA)",
    )


def test_an_acronym_finds_the_organisation_where_only_the_full_name_is_written() -> None:
    vocabulary = base("Bureau of Tall Masts (BTM)", "Department of Winds / Bureau of Tall Masts")
    assert set(vocabulary.organisations("BTM")) == {
        "Bureau of Tall Masts (BTM)",
        "Department of Winds / Bureau of Tall Masts",
    }


def test_a_full_name_finds_the_organisation_where_only_the_acronym_is_written() -> None:
    vocabulary = base("Bureau of Tall Masts (BTM)", "Department of Winds / BTM")
    assert "Department of Winds / BTM" in vocabulary.organisations("Bureau of Tall Masts")


def test_an_acronym_beside_another_organisation_is_not_its() -> None:
    vocabulary = base("Bureau of Tall Masts (BTM), National Archive of Names (NAN)")
    assert not base("Bureau of Tall Masts").organisations("NAN")
    assert vocabulary.organisations("NAN") == ("Bureau of Tall Masts (BTM), National Archive of Names (NAN)",)


def test_an_acronym_that_the_base_mostly_uses_for_something_else_names_nobody() -> None:
    pilots = [pilot(number, "We use AI for letters.") for number in range(20)]
    assert learned([*pilots, pilot(99, "One.", "Agency / AI")]).organisations("AI") == ()


def test_an_ordinary_word_written_small_names_nobody() -> None:
    vocabulary = learned([pilot(1, "The police came.", "Police"), pilot(2, "Maps.", "Kadaster")])
    assert vocabulary.organisations("police") == ()
    assert vocabulary.organisations("Police") == ()
    assert vocabulary.organisations("kadaster") == vocabulary.organisations("Kadaster") == ("Kadaster",)


def test_a_towns_administration_is_found_however_it_is_called_but_not_by_the_towns_name() -> None:
    vocabulary = base("Gemeente Waterland")
    for name in ("gemeente Waterland", "city of Waterland", "Waterland City Council", "municipality of Waterland"):
        assert vocabulary.organisations(name) == ("Gemeente Waterland",)
    assert vocabulary.organisations("Waterland") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Optical Character Recognition (OCR) reads it", [("OCR", "optical character recognition")]),
        ("uses Freedom of Information (FOI) requests", [("FOI", "freedom of information")]),
        ("reads by OCR (optical character recognition)", [("OCR", "optical character recognition")]),
        ("Large Language Models (LLMs) write", [("LLM", "large language models")]),
        ("an unrelated remark (OCR) follows", []),
        ("a year (2024) and a word (sic)", []),
        ("(OCR) stands first", []),
    ],
)
def test_an_acronym_is_learned_with_the_words_whose_initials_it_is(text: str, expected: list[tuple[str, str]]) -> None:
    assert list(spelt_out(text)) == expected


def test_an_acronym_means_what_most_pilots_say() -> None:
    vocabulary = learned([
        pilot(1, "Kite Data Centre (KDC)."),
        pilot(2, "Key Distribution Counter (KDC)."),
        pilot(3, "Key Distribution Counter (KDC)."),
    ])  # fmt: skip
    assert vocabulary.spelt_out("KDC") == "key distribution counter"
    assert vocabulary.spelt_out("XYZ") is None


def test_a_word_written_small_is_an_acronym_only_where_the_base_never_writes_it_so() -> None:
    vocabulary = learned([
        pilot(1, "Simple Nutrition Aid Plan (SNAP). Robotic Process Automation (RPA)."),
        pilot(2, "We snap pictures."),
    ])  # fmt: skip
    assert vocabulary.spelt_out("rpa") == "robotic process automation"
    assert vocabulary.spelt_out("snap") is None


@pytest.fixture(scope="module")
def speller() -> PilotVocabulary:
    text = "Machine learning and predictive maintenance of bridges, weather forecasting, translation, airports, powers."
    return learned(pilot(number, text) for number in range(30))


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("machien", "machine"),
        ("forcasting", "forecasting"),
        ("maintenence", "maintenance"),
        ("preditcive", "predictive"),
        ("brigdes", "bridges"),
        ("weatther", "weather"),
        ("airpots", "airports"),
        ("traslation", "translation"),
    ],
)
def test_a_slip_is_put_right(speller: PilotVocabulary, slip: str, meant: str) -> None:
    assert speller.nearest(slip) == meant


@pytest.mark.parametrize(
    "word",
    ["machine", "machines", "mowers", "towers", "bridge", "learnings", "forecaster", "at", "zzzzzzz", "2024",
     "maschine2", "retranslation", "airportbridges"],
)  # fmt: skip
def test_a_right_word_is_left_alone_though_the_base_lacks_it(speller: PilotVocabulary, word: str) -> None:
    assert speller.nearest(word) is None


def test_a_slip_of_the_base_itself_is_put_right_where_the_right_word_is_far_more_common() -> None:
    pilots = [pilot(number, "An assistant helps.") for number in range(120)]
    assert learned([*pilots, pilot(999, "An assitant helps.")]).nearest("assitant") == "assistant"
    assert learned([*pilots[:20], pilot(999, "An assitant helps.")]).nearest("assitant") is None


def test_words_are_bounded_and_the_rarest_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.questions.vocabulary.WORDS_LIMIT", 300)
    rare = ["".join(letters) for letters in itertools.product("abcdefgh", repeat=4)]
    vocabulary = learned(
        pilot(number, "common words " + " ".join(rare[number * 10 : number * 10 + 10])) for number in range(400)
    )
    assert len(vocabulary._frequencies) <= 300
    assert vocabulary.frequency("common") == 400
