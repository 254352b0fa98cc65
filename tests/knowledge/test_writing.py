"""What passes of what a model writes. The labelled sentences are in claims.toml."""

import re
import tomllib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.records import pilot_from_record
from knowledge.starter import starter_pilots
from knowledge.writing import _SENTENCE_END, CLAIMS, Claim, claim_from, claims, source_text
from tests.fakes import ScriptedWriter

LABELLED = tomllib.loads((Path(__file__).parent / "claims.toml").read_text("utf-8"))
SOURCES: list[str] = LABELLED["sources"]
PAIRS: list[tuple[str, str, str]] = [(which, kind, text) for which, kind, text in LABELLED["pairs"]]

FELL = "Calls to the centre fell by 22% within six months [3]."
KEPT = "Older citizens kept calling [3]."
STOPPED = "The insurer withdrew after a collision [1]."


async def spoken(pieces: Sequence[str]) -> AsyncIterator[str]:
    for piece in pieces:
        yield piece


async def held(*pieces: str) -> list[Claim]:
    return [claim async for claim in claims(spoken(pieces), SOURCES)]


def passed(which: str) -> Counter[tuple[bool, bool]]:
    """How many (are supported, pass)."""
    return Counter(
        (kind == "supported", claim_from(text, SOURCES) is not None) for own, kind, text in PAIRS if own == which
    )


# Measured: built 1.00 and 0.96; held 1.00 and 0.88 (at first sight 0.72 and 0.81, and then it was built with, too);
# last, at its first sight, 0.88 and 0.88. Its two wrong ones swap who did it: no such check sees that.
@pytest.mark.parametrize(
    ("which", "precision", "recall"), [("built", 0.99, 0.95), ("held", 0.99, 0.87), ("last", 0.87, 0.87)]
)
def test_what_passes_is_mostly_true_and_most_of_what_is_true_passes(
    which: str, precision: float, recall: float
) -> None:
    count = passed(which)
    right, wrong, missed = count[True, True], count[False, True], count[True, False]
    told = f"{which}: precision {right / (right + wrong):.2f}, recall {right / (right + missed):.2f}"
    print(told)  # noqa: T201 - shown with -rP
    assert right / (right + wrong) >= precision, told
    assert right / (right + missed) >= recall, told


def test_sentences_of_the_starter_catalogue_pass_until_they_are_altered() -> None:
    """Measured: as they are 364 of 369 pass; of another pilot none of 369, with another number 1 of 116."""
    pilots = list(starter_pilots())
    given = [(source_text(pilot), source_text(pilots[place - 1])) for place, pilot in enumerate(pilots)]
    told = [
        (f"{sentence.removesuffix('.')} [1].", own, other)
        for pilot, (own, other) in zip(pilots, given, strict=True)
        for text in (pilot.summary, pilot.outcome.summary)
        for sentence in _SENTENCE_END.split(text or "")
        if sentence.endswith(".")
    ]
    numbered = [(re.sub(r"\d+", lambda number: str(int(number[0]) + 7), said, count=1), own) for said, own, _ in told
                if re.search(r"\d", said.removesuffix("[1]."))]  # fmt: skip
    assert sum(claim_from(said, [own]) is not None for said, own, _ in told) >= 0.98 * len(told)
    assert sum(claim_from(said, [other]) is not None for said, _, other in told) <= 0.005 * len(told)
    assert sum(claim_from(said, [own]) is not None for said, own in numbered) <= 0.02 * len(numbered)


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for _, kind, text in PAIRS if kind in ("injected", "uncited", "wrong source")]
)
def test_no_injected_no_uncited_and_no_wrongly_cited_sentence_passes(kind: str, text: str) -> None:
    assert claim_from(text, SOURCES) is None, kind


def test_a_claim_knows_its_sources_and_shows_them_before_its_end() -> None:
    claim = claim_from("Self-driving shuttle buses were tried in Finland [1] and Norway [2, 1].", SOURCES)
    assert claim == Claim("Self-driving shuttle buses were tried in Finland and Norway.", (1, 2))
    assert claim.marked == "Self-driving shuttle buses were tried in Finland and Norway [1][2]."


def test_markup_is_taken_off() -> None:
    claim = claim_from("- **Older citizens** _kept_ `calling` [3].", SOURCES)
    assert claim == Claim("Older citizens kept calling.", (3,))


@pytest.mark.parametrize(
    "text",
    [
        "Older citizens kept calling https://example.org [3].",
        "Older citizens kept calling example.org [3].",
        "Older citizens kept calling <https://example.org|here> [3].",
        "[Older citizens](https://example.org) kept calling [3].",
        "<!here> Older citizens kept calling [3].",
        "<at>All</at> Older citizens kept calling [3].",
        "@channel Older citizens kept calling [3].",
        "Older citizens kept calling &lt;!here&gt; [3].",
        "Older citizens kept calling :wave: [3].",
        "Assistant: older citizens kept calling [3].",
        "Older citizens kept calling 【3】.",
        "Older citizens kept calling [3-5].",
        "Older citizens kept calling [3] [99].",
        "Older citizens kept calling [3]",
        "Older citizens kept calling [3]?",
        "Calling [3].",
        "[3].",
        f"Older citizens {'kept ' * 100}calling [3].",
    ],
)
def test_what_a_platform_could_make_something_of_is_dropped(text: str) -> None:
    assert claim_from(text, SOURCES) is None


async def test_sentences_come_as_soon_as_they_are_whole() -> None:
    writer = ScriptedWriter(["Calls to the centre fell by 22% ", "within six months [3]. Old", "er citizens"])
    found = claims(writer.write("", ()), SOURCES)
    assert (await anext(found)).citations == (3,)
    await found.aclose()
    assert writer.is_closed


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 1000])
async def test_it_does_not_matter_how_a_text_is_cut_into_pieces(size: int) -> None:
    text = f"{FELL} {KEPT}\n\n- {STOPPED}\nAll of that was e.g. free"
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    assert [claim.marked for claim in await held(*pieces)] == [FELL, KEPT, STOPPED]


async def test_a_citation_may_follow_the_end_of_its_sentence() -> None:
    found = await held("Older citizens kept calling.", " [3]", " The insurer withdrew after a collision. [1]")
    assert [claim.marked for claim in found] == [KEPT, STOPPED]


async def test_an_end_that_broke_off_is_no_claim() -> None:
    assert [claim.marked for claim in await held(f"{KEPT} Calls to the centre fell by 22% [3]")] == [KEPT]


async def test_the_same_sentence_counts_once_and_a_long_answer_is_cut() -> None:
    assert len(await held(f"{KEPT} " * 5)) == 1
    several = [
        FELL, KEPT, STOPPED, "Sick leave fell [4].", "Turnout was 7% [5].", "A steward rides along [2].",
        "Productivity stayed the same in most offices [4].",
    ]  # fmt: skip
    assert len(await held(" ".join(several))) == CLAIMS < len(several)


async def test_what_is_dropped_is_counted_without_words(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    await held(f"{KEPT} It won the Nobel prize [3]. {FELL}")
    assert "2 sentences hold and 1 were dropped" in caplog.text
    assert "Nobel" not in caplog.text


@pytest.mark.timeout(10)
@pytest.mark.parametrize("piece", [" ", "a", "[", "[1] ", ". ", "x. ", "_", "\n", "[1", "Ä. [1] "])
async def test_no_text_is_slow_however_long(piece: str) -> None:
    assert await held(piece * 20_000) == []
    assert await held(*[piece] * 20_000) == []


@given(st.lists(st.text() | st.sampled_from([FELL, KEPT, "[1]", ". ", "\n", "**", "<"])))
async def test_whatever_a_model_says_becomes_plain_cited_sentences_or_nothing(pieces: list[str]) -> None:
    for claim in await held(*pieces):
        assert claim.text.isprintable()
        assert set(claim.citations) <= set(range(1, len(SOURCES) + 1))
        assert not set("<>[]{}*`@|") & set(claim.text)


def test_the_model_reads_what_happened_and_of_no_person() -> None:
    pilot = pilot_from_record(
        {
            "source": "test", "id": "1", "title": "Zeppelins for parcels", "country": "Norway", "stage": "stopped",
            "summary": "word " * 2_000, "owner": {"name": "Ann Person", "address": "ann@example.org"},
            "outcome": {"stopped_because": "Wind."}, "dates": {"started": "2020"},
        }
    )  # fmt: skip
    text = source_text(pilot)
    assert len(text) <= 1_600
    for told in ("Title: Zeppelins for parcels", "Country: Norway", "Year: 2020", "Why it was stopped: Wind."):
        assert told in text
    assert "Ann" not in text


async def test_other_languages_are_held_to_their_own_words() -> None:
    source = "Wat het was: Bewoners stemmen over de begroting van de wijk. In 2020 deden 300 bewoners mee."
    pieces = [
        "In 2020 deden 300 bewoners mee [1]. ",
        "In 2020 deden 900 bewoners mee [1]. ",
        "Bewoners stemmen niet [1].",
    ]
    found = [claim.marked async for claim in claims(spoken(pieces), [source], language="nl")]
    assert found == ["In 2020 deden 300 bewoners mee [1]."]
