from hypothesis import given
from hypothesis import strategies as st

from knowledge.excerpts import EXCERPT_LIMIT, excerpt

STORY = (
    "The city had long queues. In 2021 it tried a chatbot for tax questions. Staff were trained first. "
    "Half of the callers did not come back, as the chatbot answered tax questions at night."
)


def test_the_sentences_that_hold_the_words_are_chosen_in_their_order() -> None:
    assert excerpt([STORY], "chatbot night") == (
        "Half of the callers did not come back, as the chatbot answered tax questions at night."
    )
    assert excerpt([STORY], "queues trained").startswith("The city had long queues. Staff")


def test_inflected_words_are_the_same_words() -> None:
    assert "Staff were trained" in excerpt([STORY], "training")


def test_without_any_of_the_words_the_first_sentences_stand_in() -> None:
    assert excerpt([None, STORY], "zeppelin").startswith("The city had long queues. In 2021")


def test_what_the_title_says_is_not_looked_for_again() -> None:
    told = ["It ran on two islands. Visitors paid at the gate. The toll did not last."]
    assert excerpt(told, "toll for visitors", title="A toll").startswith("Visitors paid")
    assert excerpt(told, "toll", title="A toll").startswith("It ran on two islands. Visitors")


def test_nothing_is_quoted_from_nothing() -> None:
    assert excerpt([None, ""], "chatbot") == ""


def test_an_abbreviation_does_not_end_a_sentence() -> None:
    assert excerpt(["The U.S. Department tried e.g. Drones over farms. It rained."], "drones").endswith("farms.")


@given(st.lists(st.text(max_size=600), max_size=4), st.text(max_size=80))
def test_an_excerpt_is_short_and_made_of_the_text(texts: list[str], words: str) -> None:
    found = excerpt(texts, words)
    assert len(found) <= EXCERPT_LIMIT
    assert all(word.rstrip("…") in " ".join(texts) for word in found.split())
