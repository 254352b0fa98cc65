"""A pilot as the index keeps it: the terms it is found by, and the numbers it is filtered by."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import date

import tantivy

from knowledge.index.analysis import ANALYSIS, terms
from knowledge.index.vocabulary import FIELDS, vocabulary_terms
from knowledge.learnings import Learning
from knowledge.pilots import Pilot, Stage
from knowledge.ports import Change
from knowledge.visibility import Audience, Visibility

SCHEMA = f"3.{ANALYSIS}"
"""Changed whenever the same pilots would make another index; every index of another schema is made anew."""

TITLE_WEIGHT = 2  # the title counts twice: see docs/explanation/search.md
NUMBERS = (
    "row", "change", "alive", "group", "country", "stage", "organisation", "first", "last", "language", "text_hash",
    "lesson", "learned",
)  # fmt: skip
NOTHING_LEARNED, LEARNED, LEARNED_BY_SOME = range(3)
"""Whether there are learnings, and whether any of them is told to fewer than may see the pilot."""

UNDATED = -1
_SPLIT = frozenset({"surface", "capitalised"})  # fields of many words in one text
_STAGES = tuple(Stage)
_EMBEDDED_CHARACTERS = 4_000  # more than the 256 tokens that a model reads


def build_schema() -> tantivy.Schema:
    """`words` and `told` rank; the rest filters; the vocabulary's fields are for reading questions.

    `told` holds the words of learnings that fewer may see than the pilot, each with the group that may see it, and
    `audience` what these groups stand for. So who may not see one searches for none of its words, and no length and no
    count of `words` knows of it.
    """
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("words", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("told", tokenizer_name="whitespace", index_option="basic")
    builder.add_text_field("audience", tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("learnings", stored=True)
    for number in NUMBERS:
        kind = builder.add_integer_field if number in ("change", "first", "last") else builder.add_unsigned_field
        kind(number, indexed=True, fast=True)
    builder.add_bytes_field("visibility", stored=True)
    builder.add_bytes_field("text", stored=True)
    for field in FIELDS:
        builder.add_text_field(field, tokenizer_name="whitespace" if field in _SPLIT else "raw", index_option="basic")
    return builder.build()


def document(change: Change, row: int) -> tantivy.Document:
    """What a change leaves in the index; of a removed pilot only that it is gone."""
    made = tantivy.Document()
    made.add_text("id", change.pilot_id)
    numbers = {"row": row, "change": change.number, "alive": 0}
    if change.pilot is not None:
        pilot, learnings = change.pilot, _told_to_all(change.pilot, change.learnings)
        numbers |= _numbers(pilot)
        numbers["learned"] = _add_learnings(made, pilot, change.learnings, learnings)
        made.add_text("words", " ".join(_terms(pilot, learnings)))
        made.add_bytes("visibility", write_visibility(pilot.visibility))
        made.add_bytes("text", embedded_text(pilot).encode())
        if is_for_all(pilot.visibility):
            numbers["lesson"] = _add_vocabulary(made, pilot)
    for name, value in numbers.items():
        add = made.add_integer if name in ("change", "first", "last") else made.add_unsigned
        add(name, value)
    return made


def embedded_text(pilot: Pilot) -> str:
    return f"{pilot.title}. {pilot.summary or pilot.challenge or ''}"[:_EMBEDDED_CHARACTERS]


def hash_of(text: str) -> int:
    """64 bits."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def letters(code: str) -> int:
    """A code of a few ASCII letters as a number; 0 of none."""
    return int.from_bytes(code.encode()[:8], "big")


def word_of(number: int) -> str:
    """The code that `letters` made a number of."""
    return number.to_bytes(8, "big").strip(b"\0").decode()


def stage_number(stage: Stage) -> int:
    return _STAGES.index(stage)


def group_of(visibility: Visibility) -> int:
    """The same for all that the same people may see, and never 0."""
    return hash_of(write_visibility(visibility).decode()) or 1


def told_to(group: int, stem: str = "") -> str:
    """A stem as the learnings of a group hold it: no stem has a slash."""
    return f"{stem}/{group:016x}"


def group_told(term: str) -> int:
    """The group of what `told_to` made."""
    return int(term.rpartition("/")[2], 16)


def write_visibility(visibility: Visibility) -> bytes:
    parts = (
        visibility.audience.value,
        visibility.community,
        sorted(visibility.people),
        visibility.embargo_until and visibility.embargo_until.isoformat(),
    )
    return json.dumps(parts).encode()


def read_visibility(written: bytes) -> Visibility:
    audience, community, people, embargo = json.loads(written)
    return Visibility(
        audience=Audience(audience),
        community=community,
        people=frozenset(people),
        embargo_until=date.fromisoformat(embargo) if embargo else None,
    )


def is_for_all(visibility: Visibility) -> bool:
    """Open to everyone, now and later."""
    return visibility.audience is Audience.PUBLIC and visibility.embargo_until is None


def _numbers(pilot: Pilot) -> dict[str, int]:
    known = [each for each in (pilot.dates.started, pilot.dates.operational, pilot.dates.ended) if each]
    return {
        "alive": 1,
        "group": group_of(pilot.visibility),
        "country": letters(pilot.country or ""),
        "stage": stage_number(pilot.stage),
        "organisation": hash_of(pilot.organisation or ""),
        "first": min(each.first() for each in known).toordinal() if known else UNDATED,
        "last": max(each.last() for each in known).toordinal() if known else UNDATED,
        "language": letters(pilot.language),
        "text_hash": hash_of(embedded_text(pilot)),
    }


def _terms(pilot: Pilot, learnings: Sequence[Learning]) -> list[str]:
    found = terms(pilot.title, pilot.language) * TITLE_WEIGHT
    for text in _texts(pilot, learnings):
        found += terms(text, pilot.language)
    return found


def _texts(pilot: Pilot, learnings: Sequence[Learning]) -> Iterable[str]:
    """All that a pilot is found by, besides its title."""
    yield from (each for each in (pilot.summary, pilot.challenge, pilot.organisation) if each)
    yield from pilot.topics
    if pilot.outcome.stopped_because:
        yield pilot.outcome.stopped_because
    for barrier in pilot.barriers:
        yield f"{barrier.description} {barrier.solved_by or ''}"
    yield from (asset.name for asset in pilot.assets)
    yield from (learning.text for learning in learnings)


def _told_to_all(pilot: Pilot, learnings: Sequence[Learning]) -> list[Learning]:
    """Those that whoever sees the pilot may see: they stand in its text."""
    seen = pilot.visibility
    return [
        each
        for each in learnings
        if each.visibility == seen
        or is_for_all(each.visibility)
        or (
            each.visibility.audience is Audience.COMMUNITY
            and each.visibility.embargo_until is None
            and seen.audience is not Audience.PUBLIC
            and seen.community == each.visibility.community
        )
    ]


def _add_learnings(
    made: tantivy.Document, pilot: Pilot, learnings: Sequence[Learning], told_to_all: Sequence[Learning]
) -> int:
    """Each by its id and its group, 0 for what is told to all; and the words of the others. What was learned."""
    if not learnings:
        return NOTHING_LEARNED
    narrow = [each for each in learnings if each not in told_to_all]
    groups = {each.id: group_of(each.visibility) for each in narrow}
    made.add_bytes("learnings", json.dumps([(each.id, groups.get(each.id, 0)) for each in learnings]).encode())
    told = {told_to(groups[each.id], stem) for each in narrow for stem in terms(each.text, pilot.language)}
    made.add_text("told", " ".join(sorted(told)))
    for visibility in {each.visibility for each in narrow}:
        made.add_text("audience", f"{told_to(group_of(visibility))}/{write_visibility(visibility).decode()}")
    return LEARNED_BY_SOME if narrow else LEARNED


def _add_vocabulary(made: tantivy.Document, pilot: Pilot) -> int:
    """What a pilot teaches, and its hash: 0 stands for nothing taught."""
    lesson = vocabulary_terms(pilot)
    for field, taught in lesson.items():
        for text in [" ".join(taught)] if field in _SPLIT else taught:
            made.add_text(field, text)
    return hash_of(json.dumps(lesson)) or 1
