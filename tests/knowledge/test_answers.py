from dataclasses import replace

import pytest

from bot import cards
from bot.messages import plain
from knowledge.answers import CITATIONS, NEAREST, Verdict, answer_from
from knowledge.dates import Period
from knowledge.pilots import Pilot, Stage
from knowledge.questions import Question
from knowledge.records import pilot_from_record
from knowledge.search import Hit, Hits, Level
from tests.base import NOW

QUESTION = Question(text="has anyone tried a bus on demand?", topic="bus on demand")


def pilot(number: int = 1, **fields: object) -> Pilot:
    summary = "The town has hills. Its bus comes on demand."
    return pilot_from_record(
        {"source": "test", "id": str(number), "title": f"Bus {number}", "summary": summary, **fields}
    )


def hit(of: Pilot, level: Level = Level.REALLY) -> Hit:
    return Hit(pilot=of, score=0.9 if level is Level.REALLY else 0.4, level=level)


def hits(*found: Hit, answered: bool = True) -> Hits:
    really = [each.pilot for each in found if not each.is_close] if answered else []
    return Hits(
        hits=found,
        answered=answered,
        confidence=0.9 if answered else 0.1,
        pilots=len(really),
        countries=len({each.country for each in really if each.country}),
        stopped=sum(each.stage is Stage.STOPPED for each in really),
    )


@pytest.mark.parametrize(
    ("pilots", "sentence"),
    [
        ([pilot(1)], "Yes: 1 pilot tried this."),
        ([pilot(1, stage="stopped")], "Yes: 1 pilot tried this; it was stopped."),
        ([pilot(1, country="Norway"), pilot(2, country="Italy")], "Yes: 2 pilots in 2 countries tried this."),
        ([pilot(1, stage="stopped"), pilot(2)], "Yes: 2 pilots tried this; 1 was stopped."),
        ([pilot(1, stage="stopped"), pilot(2, stage="stopped")], "Yes: 2 pilots tried this; both were stopped."),
    ],
)
def test_the_first_sentence_has_the_count_and_the_shape(pilots: list[Pilot], sentence: str) -> None:
    assert cards.first_sentence(answer_from(QUESTION, hits(*map(hit, pilots)))) == sentence


def test_at_most_five_are_cited_and_all_are_counted() -> None:
    answer = answer_from(QUESTION, hits(*(hit(pilot(number)) for number in range(8))))
    assert (len(answer.citations), answer.pilots) == (CITATIONS, 8)


def test_the_excerpt_is_the_sentence_that_answers() -> None:
    (cited,) = answer_from(QUESTION, hits(hit(pilot()))).citations
    assert cited.excerpt == "Its bus comes on demand."


def test_a_stopped_pilot_is_marked_and_says_why() -> None:
    stopped = pilot(stage="stopped", outcome={"stopped_because": "Nobody paid for the drivers."})
    shown = plain(cards.answer(answer_from(QUESTION, hits(hit(stopped)))))
    assert "Stopped: Nobody paid for the drivers." in shown
    assert "Read next" not in shown  # there is nothing else to read


@pytest.mark.parametrize(
    ("direction", "said"), [("negative", "the cheapest lesson there is"), ("positive", "stopped although it worked")]
)
def test_what_to_read_next_of_several_is_a_stopped_one_for_what_it_teaches(direction: str, said: str) -> None:
    outcome = {"stopped_because": "Nobody paid for the drivers.", "direction": direction}
    shown = plain(
        cards.answer(answer_from(QUESTION, hits(hit(pilot(stage="stopped", outcome=outcome)), hit(pilot(2)))))
    )
    assert "Read next: “Bus 1”" in shown
    assert said in shown


@pytest.mark.parametrize(
    ("stages", "sentence"),
    [
        (["pilot", "stopped", "pilot"], "Yes: 1 of 3 pilots that tried this was stopped."),
        (["pilot", "stopped", "stopped"], "Yes: 2 of 3 pilots that tried this were stopped."),
        (["stopped", "stopped"], "Yes: 2 pilots tried this; both were stopped."),
        (["pilot", "pilot"], "2 pilots tried this; as far as I know, none of them was stopped."),
        (["pilot"], "1 pilot tried this; as far as I know, it was not stopped."),
    ],
)
def test_who_asks_for_stopped_ones_hears_how_many_were_and_sees_them_first(stages: list[str], sentence: str) -> None:
    asked = replace(QUESTION, wants_stopped=True)
    answer = answer_from(asked, hits(*(hit(pilot(number, stage=stage)) for number, stage in enumerate(stages))))
    assert cards.first_sentence(answer) == sentence
    assert [each.pilot.stage for each in answer.citations] == sorted(stages, reverse=True)


def test_where_none_of_them_was_stopped_a_stopped_one_near_it_stands_first() -> None:
    near = Hit(pilot=pilot(2, stage="stopped"), score=0.2, level=Level.CLOSE)
    answer = answer_from(replace(QUESTION, wants_stopped=True), hits(hit(pilot(1, stage="pilot")), near))
    assert [each.pilot.title for each in answer.citations] == ["Bus 2", "Bus 1"]
    assert "Close, but not quite this." in plain(cards.answer(answer))
    assert len(answer_from(QUESTION, hits(hit(pilot(1, stage="pilot")), near)).citations) == 1


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (replace(QUESTION, stages=(Stage.STOPPED,)), "I know none there that was stopped. Those"),
        (replace(QUESTION, period=Period(NOW.date(), None)), "I know none there that fits all you ask for. Those"),
    ],
)
def test_nobody_there_is_said_only_where_nobody_did_it_there_at_all(asked: Question, said: str) -> None:
    elsewhere = Hit(pilot=pilot(1, country="Canada"), score=0.9, level=Level.CLOSE)
    answer = answer_from(replace(asked, countries=("NO",)), hits(elsewhere, answered=False))
    assert cards.first_sentence(answer).startswith(said)


def test_what_is_merely_close_stands_behind_and_is_said_to_be_that() -> None:
    answer = answer_from(QUESTION, hits(hit(pilot(1, outcome={"stopped_because": "No."}), Level.CLOSE), hit(pilot(2))))
    assert answer.read_next is None
    assert [cited.is_close for cited in answer.citations] == [False, True]
    assert "Close, but not quite this." in plain(cards.answer(answer))


def test_what_came_close_is_said_to_be_close() -> None:
    answer = answer_from(QUESTION, hits(hit(pilot(1), Level.CLOSE), answered=False))
    assert answer.verdict is Verdict.CLOSE
    shown = plain(cards.answer(answer))
    assert shown.startswith("Nobody has recorded trying just this yet")
    assert "came close" in shown


def test_below_the_floor_nobody_tried_it_and_the_nearest_are_shown() -> None:
    far = [Hit(pilot=pilot(number), score=0.1, level=Level.CLOSE) for number in range(5)]
    answer = answer_from(QUESTION, hits(*far, answered=False))
    assert answer.verdict is Verdict.NOBODY
    assert len(answer.citations) == NEAREST
    assert answer.read_next is None
    shown = plain(cards.answer(answer))
    assert shown.startswith("Nobody has recorded trying this yet.")
    assert "The nearest I know:" in shown


@pytest.mark.parametrize("score", [0.1, 0.4])
def test_words_that_ask_nothing_are_not_promised_to_be_kept(score: float) -> None:
    near = Hit(pilot=pilot(), score=score, level=Level.CLOSE)
    said = cards.first_sentence(answer_from(replace(QUESTION, is_asked=False), hits(near, answered=False)))
    assert "I keep" not in said
    assert "To ask me, say for example" in said


def test_what_merely_shares_a_word_is_not_shown() -> None:
    far = Hit(pilot=pilot(1), score=0.01, level=Level.CLOSE)
    assert answer_from(QUESTION, hits(far, answered=False)).citations == ()
    assert len(answer_from(QUESTION, hits(hit(pilot(2)), far)).citations) == 1


def test_the_same_idea_outside_what_was_asked_for_is_said_to_be_that() -> None:
    elsewhere = Hit(pilot=pilot(1), score=0.9, level=Level.CLOSE)
    there = replace(QUESTION, countries=("NO",))
    nobody = plain(cards.answer(answer_from(there, hits(elsewhere, answered=False))))
    assert nobody.startswith(
        "Nobody there has recorded trying this yet. Those who look after this community see "
        "your question, and not your name. Elsewhere it was tried:"
    )
    beside = plain(cards.answer(answer_from(there, hits(hit(pilot(2, country="Norway")), elsewhere))))
    assert "The same idea, but elsewhere." in beside
    assert "elsewhere" not in plain(cards.answer(answer_from(QUESTION, hits(hit(pilot(2)), elsewhere))))


def test_an_empty_base_shows_nothing_near() -> None:
    shown = plain(cards.answer(answer_from(QUESTION, hits(answered=False))))
    assert "nearest" not in shown


def test_the_person_to_talk_to_is_named_where_known() -> None:
    known = pilot(owner={"name": "The bus desk", "organisation": "Example Town", "address": "+bus"})
    shown = plain(cards.answer(answer_from(QUESTION, hits(hit(known)))))
    assert "Ask The bus desk (Example Town), +bus" in shown


def test_a_question_that_only_filters_is_answered_with_how_many_there_are() -> None:
    stopped = Question(text="which pilots were stopped?", topic="", stages=(Stage.STOPPED,))
    answer = answer_from(stopped, hits(hit(pilot(1, stage="stopped")), hit(pilot(2, stage="stopped"))))
    assert cards.first_sentence(answer) == "I know 2 such pilots; both were stopped."


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (Question(text="q", topic="t", countries=("NO", "IT")), "I looked first at: Norway or Italy."),
        (
            Question(text="q", topic="t", countries=("NO", "SE", "DK", "FI", "IS"), where="the Nordics"),
            "I looked first at: the Nordics.",
        ),
        (Question(text="q", topic="t", organisations=("Example Town",)), "I looked first at: Example Town."),
        (Question(text="q", topic="t", stages=(Stage.IMPLEMENTED,)), "I looked first at: in use."),
        (Question(text="q", topic="t", period=Period(NOW.date(), None)), "I looked first at: since 2026."),
        (Question(text="q", topic="t", period=Period(None, NOW.date())), "I looked first at: until 2026."),
    ],
)
def test_what_was_read_as_a_filter_is_said(question: Question, said: str) -> None:
    assert said in plain(cards.answer(answer_from(question, hits(hit(pilot())))))
