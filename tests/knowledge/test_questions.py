import json
import os
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.countries import country_names
from knowledge.dates import Period
from knowledge.errors import InvalidQuestionError
from knowledge.pilots import Pilot, Provenance, Stage
from knowledge.questions import QUESTION_LIMIT, PilotVocabulary, Question, read, read_following
from tests.lessons import learned

TODAY = date(2026, 11, 22)
LABELLED: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("questions.toml").read_text("utf-8"))[
    "question"
]


def pilot(number: int, title: str, summary: str, organisation: str | None = None) -> Pilot:
    return Pilot(
        provenance=Provenance(source="test", source_id=str(number)),
        title=title,
        summary=summary,
        organisation=organisation,
    )


def small_base() -> list[Pilot]:
    """Just enough words, names and acronyms for the questions; our own text."""
    plain = (
        "Machine learning for weather forecasting used by harbour staff.",
        "A voice assistant for library loans and public services in the city.",
        "Robotic Process Automation (RPA) reads invoices for the finance office.",
        "Police and schools try artificial intelligence (AI) and image recognition for water quality.",
        "Students, parking, drones and sensors at festivals; staff use cups and count birds with cameras.",
    )
    organisations = (
        "Food Standards Agency (FSA)",
        "Ministry of Transport / Harbour Authority",
        "Department of Rivers / Bureau of Fish Counting (BFC)",
        "Gemeente Waterland",
        "City Police",
    )
    return [
        pilot(10 * row + column, f"Pilot {row}", text, organisation)
        for row, text in enumerate(plain)
        for column, organisation in enumerate(organisations)
    ]


@pytest.fixture(scope="module")
def vocabulary() -> PilotVocabulary:
    return learned(small_base())


@pytest.mark.parametrize("label", LABELLED, ids=lambda label: str(label["text"])[:60])
def test_a_labelled_question_is_read_as_its_label_says(label: dict[str, Any], vocabulary: PilotVocabulary) -> None:
    question = read(label["text"], vocabulary, TODAY)
    assert_countries(question, label)
    assert set(question.organisations) == set(label.get("organisations", ()))
    assert question.wants_stopped is label.get("stopped", False)
    assert question.stages == tuple(Stage(stage) for stage in label.get("stages", ()))
    assert question.period == period_of(label)
    assert set(label.get("expansions", ())) <= set(question.expansions)
    assert question.language == label.get("language", question.language)
    assert question.topic == label["topic"]


def assert_countries(question: Question, label: dict[str, Any]) -> None:
    if "outside" in label:
        assert set(question.countries) == country_names().keys() - set(label["outside"])
    elif "countries_include" in label:
        assert set(label["countries_include"]) < set(question.countries)
        assert "US" not in question.countries
    else:
        assert set(question.countries) == set(label.get("countries", ()))


def period_of(label: dict[str, Any]) -> Period | None:
    if "period" not in label:
        return None
    first, last = (date.fromisoformat(day) if day else None for day in label["period"])
    return Period(first, last)


def test_an_expansion_is_what_the_base_says_an_acronym_stands_for(vocabulary: PilotVocabulary) -> None:
    assert read("RPA for invoices", vocabulary).expansions == ("robotic process automation",)
    assert read("robotic process automation (RPA) for invoices", vocabulary).expansions == ()
    assert read("rpa for invoices", vocabulary).expansions == ("robotic process automation",)


def test_an_organisation_is_remembered_by_the_name_it_was_asked_by(vocabulary: PilotVocabulary) -> None:
    assert read("does FSA use sensors?", vocabulary).expansions == ("FSA",)


def test_the_place_can_be_said_back_in_the_askers_words() -> None:
    assert read("smart bins outside the US").where == "outside the US"
    assert read("smart bins in Kenya or Rwanda").where == "Kenya / Rwanda"
    assert read("smart bins in Europe").where == "Europe"
    assert read("smart bins").where == ""


def test_of_many_places_the_first_are_said_back_and_how_many_more() -> None:
    question = read("smart bins in Norway, Sweden, Denmark, Finland, Iceland and Estonia")
    assert len(question.countries) == 6
    assert question.where == "Norway / Sweden / Denmark and 3 more"
    assert read("smart bins outside the EU, the UK and Switzerland").where == "outside the EU / UK / Switzerland"


def test_without_a_vocabulary_the_rest_is_still_read() -> None:
    question = read("has any Norwegian council stopped using e-scooters since 2021?")
    assert question.topic == "e-scooters"
    assert question.countries == ("NO",)
    assert question.wants_stopped
    assert question.period == Period(first=date(2021, 1, 1))


def test_without_todays_date_times_that_count_from_it_stay_in_the_topic() -> None:
    question = read("noise cameras last year")
    assert question.period is None
    assert question.topic == "noise cameras last year"


def test_a_question_that_only_filters_has_no_topic() -> None:
    question = read("which pilots in the Netherlands were stopped?")
    assert (question.topic, question.countries, question.wants_stopped) == ("", ("NL",), True)


def test_an_unknown_language_is_searched_as_it_stands() -> None:
    question = read("有没有人试过聊天机器人？")
    assert (question.topic, question.language) == ("有没有人试过聊天机器人", "")


def test_capitals_throughout_name_no_organisation(vocabulary: PilotVocabulary) -> None:
    assert read("DOES FSA COUNT FISH IN THE US", vocabulary).organisations == ()


def test_a_question_in_a_language_that_the_base_lacks_is_not_respelt(vocabulary: PilotVocabulary) -> None:
    text = "Har noen kommuner testet sensoren for parkingen?"
    assert read(text, vocabulary).topic == "sensoren for parkingen"


@pytest.mark.parametrize(
    "text", ["", "   \n\t ", "?!…", "👍👍", ":wave: :tada:", "<@U0123ABC>", "https://example.org/"]
)
def test_nothing_said_is_told_so_with_an_example(text: str) -> None:
    with pytest.raises(InvalidQuestionError, match=r"There is no question here\. .* for example: "):
        read(text)


@pytest.mark.parametrize(
    "text",
    ["hi all!", "Thanks, that was great!", "Hello everyone, any tips?", "Hallo zusammen, vielen Dank!", "who are you?",
     "Bonjour à tous, merci d'avance", "hei, takk på forhånd"],
)  # fmt: skip
def test_chatter_alone_is_told_to_name_something(text: str) -> None:
    with pytest.raises(InvalidQuestionError, match="nothing to search for"):
        read(text)


@pytest.mark.parametrize("length", [QUESTION_LIMIT + 1, 100_000, 3_000_000])
def test_too_long_a_question_is_told_how_long_it_is_and_to_shorten(length: int) -> None:
    with pytest.raises(InvalidQuestionError, match=f"has {length:,} characters; at most 2,000 .* Shorten it"):
        read("x" * length)


def test_a_question_of_just_the_longest_length_is_read() -> None:
    assert read("drones " * (QUESTION_LIMIT // 7)).topic


@pytest.mark.parametrize(
    "text", ["\x00\x01\x02PNG\x1a\x00\x00", "abc\x00" * 50, "\ufffd\ufffd ab \ufffd", "\ud800\udfff"]
)
def test_binary_is_told_to_be_no_question(text: str) -> None:
    with pytest.raises(InvalidQuestionError, match="looks like a file"):
        read(text)


def test_markup_and_sql_are_read_as_words() -> None:
    assert read("<b>has anyone</b> tried <i>smart bins</i>?").topic == "smart bins"
    assert read("'; DROP TABLE pilots; --").topic


def test_text_from_right_to_left_is_read() -> None:
    assert read("هل جرب أحد روبوت محادثة للضرائب؟").topic


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused_in_a_sentence(text: str) -> None:
    assert_read_or_refused(text, None)


TELLING = (
    "has have anyone who the US UK us in from outside stopped failed that were projects pilots of and or , . ? - Dutch "
    "Norway Turkey translate into since 2020 before last year COVID-19 FSA AI BFC l' d'Italie its payments des qui ont "
    "été arrêtés wieder eingestellt Europe we're a town ( ) / thanks machien hi"
)


@given(st.lists(st.sampled_from(TELLING.split(" ")), max_size=25).map(" ".join))
@settings(max_examples=500, deadline=None)
def test_any_mix_of_telling_words_is_read_or_refused(text: str) -> None:
    assert_read_or_refused(text, learned(small_base()[:5]))


def assert_read_or_refused(text: str, vocabulary: PilotVocabulary | None) -> None:
    try:
        question = read(text, vocabulary, TODAY)
    except InvalidQuestionError:
        return
    assert question.topic or question.is_filtered
    assert question.topic == question.topic.strip()
    assert set(question.countries) <= country_names().keys()


@pytest.mark.parametrize(
    "text", ["a" * 2_000, "who has " * 240, "in 2020 " * 240, "that were stopped " * 100, "in US or UK " * 150,
             "<@U" * 600, "l'" * 900, "machien forcasting " * 100, "? " * 50_000]
)  # fmt: skip
@pytest.mark.timeout(60)  # a pattern that goes back on itself would take for ever
def test_a_hostile_question_ends(text: str, vocabulary: PilotVocabulary) -> None:
    assert_read_or_refused(text, vocabulary)


JUDGED = Path(__file__).parents[3] / "shared" / "data" / "asked" / "dev" / "queries.jsonl"


@pytest.mark.skipif(bool(os.environ.get("CI")) or not JUDGED.exists(), reason="the judged questions are not here")
def test_every_judged_question_is_read_with_what_it_keeps_to() -> None:
    lines = [json.loads(line) for line in JUDGED.read_text("utf-8").splitlines()]
    for line in lines:
        question = read(line["text"], None, TODAY)
        asked = line.get("filter", "")
        assert question.topic
        assert bool(question.countries) is asked.startswith("country=")
        assert question.wants_stopped is (asked == "stage=stopped")
        assert question.language in (line["lang"], "")


@pytest.mark.parametrize(
    ("text", "is_asked"),
    [
        ("has anyone tried ferrets", True),
        ("ferrets in Norway?", True),
        ("I would like to know about ferrets", True),
        ("examples of ferrets", True),
        ("hat jemand Drohnen ausprobiert", True),
        ("my boss is a bully, has anyone tried complaining?", True),
        ("dog", False),
        ("you are useless", False),
        ("hello, my name is Anna", False),
        ("the weather is nice", False),
        ("we tried drones last year", False),
    ],
)
def test_a_question_is_told_from_words_that_ask_nothing(text: str, *, is_asked: bool) -> None:
    assert read(text).is_asked is is_asked


def test_what_narrows_a_question_is_asked_with_it() -> None:
    assert read_following(["has anyone tried ferrets?", "and in Norway"]).is_asked


def test_which_chatbots_failed_asks_for_stopped_ones_without_an_auxiliary() -> None:
    assert read("which chatbots failed?").wants_stopped
    assert read("which projects with chatbots failed?").topic == "chatbots"
