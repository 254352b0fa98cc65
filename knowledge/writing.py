"""What a model wrote, taken sentence by sentence, and only where the pilots that it cites say so.

A model may be wrong, and a pilot's text may try to tell it what to say. So nothing here rests on the model's good
will: a sentence passes when its words, numbers and names stand in what it cites, and else it is dropped. What such a
check cannot see is told in docs/explanation/written-answers.md.
"""

import functools
import importlib.resources
import itertools
import logging
import re
import tomllib
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from knowledge.countries import country_name
from knowledge.index.analysis import stem, stop_words, words
from knowledge.pilots import Pilot
from knowledge.text import clean, shorten

CLAIMS = 6  # sentences of one answer: more is a report
SUPPORT = 0.85  # the share of a sentence's words that the pilots it cites must hold, together; see test_writing.py
EACH = 0.4  # and each of them alone: else it is cited for nothing
_READ = 40  # sentences that are looked at; who needs more to say six is rambling
_LONGEST = 400  # characters of a sentence
_SOURCE_TEXT, _SOURCE = 600, 1_600  # characters of one text of a pilot, and of all that a model reads of it

_log = logging.getLogger(__name__)

# Before white space and anything but a small letter or a mark; not after a shortened word, and not before its [1].
_SENTENCE_END = re.compile(
    r"(?<=[.!?…])(?<![A-Z.]\.[A-Z]\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bDr\.)(?<!\bSt\.)(?<!\bNo\.)(?<!\bca\.)(?<!\bvs\.)"
    r"\s+(?=[^\sa-zß-ÿ\[])|\n+(?=[^\s\[])"
)
_SPACES, _LINES = re.compile(r"[^\S\n]+"), re.compile(r" ?\n[ \n]*")
_CLAUSE_END = re.compile(rf"{_SENTENCE_END.pattern}|[,;:–]\s")
_MARK = r"\s*\[\d{1,2}(?:\s*[,;]\s*\d{1,2})*\]"
_MARKS = re.compile(_MARK)
_MARKS_AFTER = re.compile(rf"([.!?…])((?:{_MARK})+)")
_LIST_ITEM = re.compile(r"^(?:[-–•>#+]+|\d{1,2}[.)])\s+")
_EMPHASIS = re.compile(r"[*`#~|\\]+|(?<!\w)_+|_+(?!\w)")
# Whatever a platform could make something of (links, mentions, emoji), and what speaks to a reader or as a role.
_UNFIT = re.compile(
    r"[<>{}\[\]【】]|://|\bwww\.|\bmailto:|@\w|&#?\w+;|(?<!\w):[a-z0-9_+-]+:|\w\.[a-z]{2,}"
    # A name such as GOV.UK is none of these; addresses in capitals, and telephone numbers, are.
    r"|[.。．](?i:com|net|org|info|biz|io|xyz|ru|cn)\b|(?:\d[ ()/-]{0,2}){9,}"
    r"|^\W*(?i:system|assistant|user|developer|human|ai|model|tool)\W*:"
    r"|\b(?i:ignore|disregard|forget|override|overrule|bypass)\b.{0,60}"
    r"\b(?i:instructions?|prompts?|rules?|sources?|above|previous|prior|earlier|everything)\b"
    r"|\b(?i:system prompts?|jailbreak|previous instructions?)\b"
    r"|\b(?:you|your)\b|\b(?i:users?|readers?) (?:should|must|can|may)\b"
    r"|^\W*(?i:please|click|call|visit|tell|say|reply|write|send|download|open|answer|repeat|respond)\b"
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_GROUPED = re.compile(r"[.,](?=\d{3}(?!\d))")
_NAME = re.compile(r"[^\W\d_][\w’'-]*")


@dataclass(frozen=True, slots=True)
class Claim:
    """One plain sentence and the numbers, from 1, of the sources that say so."""

    text: str
    citations: tuple[int, ...]

    @property
    def marked(self) -> str:
        """As people read it: the sentence with its [1], before its end."""
        return f"{self.text[:-1]} {''.join(f'[{number}]' for number in self.citations)}{self.text[-1]}"


async def claims(
    pieces: AsyncIterator[str], sources: Sequence[str], *, language: str = "en"
) -> AsyncGenerator[Claim, None]:
    """The sentences that hold, each as soon as it is whole. `language` is that of the answer."""
    said: list[str] = []
    dropped = 0
    try:
        async with aclosing(_whole_sentences(pieces)) as sentences:
            async for sentence in sentences:
                claim = claim_from(sentence, sources, language=language)
                if claim and claim.text not in said:
                    said.append(claim.text)
                    yield claim
                dropped += claim is None
                if len(said) == CLAIMS or len(said) + dropped >= _READ:
                    return
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()
        _log.info("Of what the model wrote, %d sentences hold and %d were dropped.", len(said), dropped)


def claim_from(sentence: str, sources: Sequence[str], *, language: str = "en") -> Claim | None:
    """The claim that a whole sentence makes; None where what it cites does not say so."""
    numbers = [int(number) for mark in _MARKS.findall(sentence) for number in re.findall(r"\d+", mark)]
    citations = tuple(dict.fromkeys(numbers))
    text = _plain(_MARKS.sub("", sentence))
    if not citations or not all(1 <= number <= len(sources) for number in citations):
        return None
    if len(text) > _LONGEST or not text.isprintable() or _UNFIT.search(text) or text[-1:] not in {".", "!", "…"}:
        return None
    cited = [sources[number - 1] for number in citations]
    return Claim(text, citations) if _is_supported(text, cited, language) else None


def source_text(pilot: Pilot, learned: Sequence[str] = ()) -> str:
    """What a model may read of a pilot: what it was, what came of it and what of it is cited, and no person."""
    outcome = pilot.outcome
    labelled = (
        ("Title", pilot.title),
        ("Country", country_name(pilot.country) if pilot.country else ""),
        ("Organisation", pilot.organisation),
        ("Year", str(pilot.year or "")),
        ("Stage", pilot.stage.value if pilot.stage.value != "unknown" else ""),
        ("Results", outcome.direction.value if outcome.direction else ""),
        ("What it was", pilot.summary),
        ("What came of it", outcome.summary),
        ("Why it was stopped", outcome.stopped_because),
        ("What was learned", "\n".join(learned)),
        ("What it was for", pilot.challenge),
        ("What was found", " ".join(each.summary for each in pilot.evaluations if each.summary)),
    )
    return shorten("\n".join(f"{label}: {shorten(text, _SOURCE_TEXT)}" for label, text in labelled if text), _SOURCE)


async def _whole_sentences(pieces: AsyncIterator[str]) -> AsyncGenerator[str, None]:
    """Each once it has ended; an end without a mark is none, and a text without ends is given up."""
    begun = ""
    async for piece in pieces:
        # White space is made short first, and what is looked at stays short: no piece can make this slow.
        for start in range(0, len(piece), _LONGEST):
            joined = _LINES.sub("\n", _SPACES.sub(" ", begun + piece[start : start + _LONGEST]))
            *whole, begun = _SENTENCE_END.split(_MARKS_AFTER.sub(r"\2\1", joined))
            for sentence in whole:
                yield sentence
            if len(begun) > 5 * _LONGEST:
                return
    yield begun


def _plain(sentence: str) -> str:
    return clean(_EMPHASIS.sub("", _LIST_ITEM.sub("", clean(sentence)))).replace("\n", " ")


@dataclass(frozen=True, slots=True)
class _Said:
    """What a text says, as it is compared. `told` are stems of what it is about, `stems` those of all that it says."""

    told: frozenset[str]
    stems: frozenset[str]
    words: frozenset[str]
    numbers: frozenset[str]
    denies: bool
    is_whole: bool  # a sentence, not a label with a value

    def is_near(self, claim: "_Said") -> bool:
        return not (self.is_whole and self.told.isdisjoint(claim.told))


@functools.lru_cache(maxsize=256)
def _said(text: str, language: str) -> _Said:
    return _Said(
        told=_stems(text, _unsaying(language).union(*_words().rows), language),
        stems=_stems(text, _unsaying(language), language),
        words=frozenset(words(text)),
        numbers=_numbers(text),
        denies=not _words().negations.isdisjoint(words(text)),
        is_whole=text.rstrip().endswith((".", "!", "?", "…")),
    )


def _is_supported(text: str, cited: Sequence[str], language: str) -> bool:
    """Whether the words are there; and the numbers, and what rose or fell, in sentences on the same."""
    claim, sources = _said(text, language), [_said(each, language) for each in cited]
    rows = [row for row in _words().rows if not row.isdisjoint(claim.words)]
    needed = len(claim.told)
    together = _all(each.told for each in sources)
    if len(claim.told & together) < SUPPORT * needed or needed + len(rows) + len(claim.numbers) < 2:
        return False
    if any(len(claim.told & each.told) < EACH * needed for each in sources):
        return False
    sentences = [_said(sentence, language) for each in cited for sentence in _SENTENCE_END.split(each)]
    their_words = _all(each.words | each.stems for each in sources)
    near = [sentence for sentence in sentences if sentence.is_near(claim)]
    return (
        claim.numbers <= _all(each.numbers for each in near)
        and all(not row.isdisjoint(_all(each.words for each in near)) for row in rows)
        and all({name, stem(name, language)} & their_words for name in _names(text, language))
        and _agrees(_clauses(text, language), [clause for each in cited for clause in _clauses(each, language)])
    )


def _agrees(said: Sequence[_Said], told: Sequence[_Said]) -> bool:
    """Whether, for each clause, one of those told that are most alike also denies something, or also does not."""
    for clause in said:
        alike = [len((clause.stems & each.stems) | (clause.numbers & each.numbers)) for each in told]
        nearest = (each for each, shared in zip(told, alike, strict=True) if shared == max(alike))
        if all(each.denies != clause.denies for each in nearest):
            return False
    return True


def _clauses(text: str, language: str) -> list[_Said]:
    return [_said(clause, language) for clause in _CLAUSE_END.split(text)]


def _all(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset(itertools.chain.from_iterable(sets))


def _stems(text: str, without: frozenset[str], language: str) -> frozenset[str]:
    told = (word for word in words(text) if len(word) > 1 and not word.isdigit() and word not in without)
    return frozenset(stem(word, language) for word in told)


def _numbers(text: str) -> frozenset[str]:
    said = _words().numbers
    written = (_GROUPED.sub("", number).replace(",", ".") for number in _NUMBER.findall(text))
    return frozenset(written) | {said[word] for word in words(text) if word in said}


def _names(text: str, language: str) -> frozenset[str]:
    """Words in capitals, folded. The first of a sentence is in capitals anyway, and yet may be a country: it counts."""
    capitals = (word for name in _NAME.findall(text) if name[0].isupper() for word in words(name))
    return frozenset(word for word in capitals if len(word) > 1 and word not in _unsaying(language))


@functools.cache
def _unsaying(language: str) -> frozenset[str]:
    """Words that say nothing of what became of whom, and those that are compared apart."""
    return stop_words(language).union(stop_words("en"), _words().reporting, _words().numbers)


@dataclass(frozen=True, slots=True)
class _Words:
    rows: tuple[frozenset[str], ...]
    negations: frozenset[str]
    reporting: frozenset[str]
    numbers: dict[str, str]


@functools.cache
def _words() -> _Words:
    lists = tomllib.loads(importlib.resources.files(__package__).joinpath("writing.toml").read_text("utf-8"))
    return _Words(
        rows=tuple(frozenset(row.split()) for row in lists["rows"]),
        negations=frozenset(lists["negations"].split()),
        reporting=frozenset(lists["reporting"].split()),
        numbers={word: str(number) for number, word in enumerate(lists["numbers"].split(), 2)},
    )
