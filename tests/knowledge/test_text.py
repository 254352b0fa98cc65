import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.errors import InvalidRecordError
from knowledge.text import clean, require_link, require_text, shorten

odd_text = st.text(st.characters() | st.sampled_from("\x00\r\n\t \u00a0\u0301\u2028\u200b\ufeff\ud800"), max_size=40)


@given(odd_text)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(odd_text)
def test_cleaned_text_can_be_written_anywhere_and_composed_no_further(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode()
    assert cleaned == cleaned.strip()
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not {"\x00", "\r", "\u202e", "\ufeff"} & set(cleaned)


@given(odd_text)
def test_seeing_that_a_text_is_clean_says_the_same_as_cleaning_it(text: str) -> None:
    assert clean(text) == clean(f"{text}\n")


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  a \t b  ", "a b"),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("a\n\n\n\n\nb", "a\n\nb"),
        ("re\u0301sume\u0301", "résumé"),
        ("safe\u202etxt.exe", "safe txt.exe"),
        ("nul\x00and\x1bescape", "nul and escape"),
        ("👩\u200d👧 and Ελλάδα", "👩\u200d👧 and Ελλάδα"),
        ("\ud800", ""),
        ("", ""),
    ],
)
def test_cleaning_keeps_the_words(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(odd_text, st.integers(1, 50))
def test_shortened_text_fits(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert len(short) <= limit
    assert short == text or len(text) > limit


def test_shortened_text_ends_at_a_sentence_or_a_word() -> None:
    assert shorten("A sentence that ends. Another one", 25) == "A sentence that ends."
    assert shorten("Some words that go on and on", 20) == "Some words that go…"


@pytest.mark.parametrize("text", ["", " a", "a ", "a\x00b", "a  b", "e\u0301"])
def test_uncleaned_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidRecordError, match="title"):
        require_text(text, "title")


def test_text_that_is_too_long_is_refused_with_both_numbers() -> None:
    with pytest.raises(InvalidRecordError, match="title: has 1,001 characters; at most 1,000 fit"):
        require_text("a" * 1001, "title", limit=1000)


@pytest.mark.parametrize("link", ["https://example.org", "http://example.org/a?b=c#d", "https://éxample.org/ü"])
def test_web_addresses_are_links(link: str) -> None:
    require_link(link, "link")


@pytest.mark.parametrize(
    "link",
    [
        "", "example.org", "javascript:alert(1)", "ftp://example.org", "https://", "https://a b.org", "https://a<b>.org",
        "https://a.org/\x00", "https://a.org/\u202egro", "https://a.org/\ud800", "https://a.org/" + "a" * 2000,
    ],
)  # fmt: skip
def test_anything_else_is_no_link(link: str) -> None:
    with pytest.raises(InvalidRecordError, match="link"):
        require_link(link, "link")


def test_what_a_terminal_takes_for_an_order_leaves_no_letters_behind() -> None:
    assert clean("\x1b[31mred\x1b[0m \x1b]0;title\x07chatbot") == "red chatbot"
