"""Ranking: words and meaning as one evidence, filters inside, and what the evidence is worth.

Every number here is chosen in docs/explanation/search.md, with the table that chose it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import tantivy

from knowledge.index.index import Index
from knowledge.index.parts import Part
from knowledge.index.queries import Queries
from knowledge.index.rows import Mask, days_of
from knowledge.index.schema import hash_of, letters, stage_number
from knowledge.pilots import Stage
from knowledge.ports import Vectors
from knowledge.questions import Question
from knowledge.visibility import Viewer

DEPTH = 500  # pilots taken from the word index
# Evidence by words is BM25 over what was asked for: the sum of what its parts would tell. To this power, so that a long
# question need not be met in full; the rest of the power is of the most that a word can tell here, which makes it a
# number of no unit that means the same in a small base.
ASKED_POWER = 0.6
# Of one word or two there is less to be met in part, so the power is more, or all, of the question's own.
SHORT_ASKED_POWER = {1: 1.0, 2: 0.8}
# The logistic of evidence by words, where there is nothing else:
WORDS_FLOOR = 1.33
WORDS_SLOPE = 3.8
# Evidence with vectors is the cosine plus this share of the evidence by words; its logistic:
WORDS_SHARE = 0.25
FUSED_FLOOR = 0.73
FUSED_SLOPE = 10.0
# A pilot really is what was asked for where its logit is above 0 and no further than this below the best one's, or so
# high that it does not matter how good the best one is.
REALLY_SPAN = 2.5
SURE = 2.2  # nine in ten
# Added to the logit for ranking only: what the asker named comes first, unless it hardly is about it.
FILTER_BONUS = 100.0
ORGANISATION_BONUS = 1.0
STOPPED_BONUS = 3.0

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Rows, best first; how sure it is of each that it is what was asked for, and which really are it.

    `matches` are all rows that really are it, however many are shown.
    """

    rows: npt.NDArray[np.int64]
    scores: Numbers
    really: Mask
    confidence: float
    matches: npt.NDArray[np.int64]


def rank(
    index: Index,
    question: Question,
    parts: tuple[Part, ...],
    vector: Vectors | None,
    *,
    viewer: Viewer,
    today: date,
    limit: int,
    hidden: Sequence[int] = (),
) -> Ranking:
    """Of the pilots that `viewer` may see on `today`. `vector` is the question's, None to go by words alone.

    `hidden` are rows that are to be left out besides: what was hidden since the index was written.
    """
    with index.lock:
        visible = index.rows.open_to(viewer, today)
        visible[list(hidden)] = False
        fitting = visible
        if question.countries or question.stages or question.period:
            fitting = visible & index.rows.matching(question.countries, question.stages, question.period)
        if not parts:
            return _by_filters(index, fitting, limit)
        strengths = _strengths(index, question, parts, viewer, today)
        logits = _logits(index, strengths, vector, visible)
        best = _best(logits + _bonus(index, question, fitting), limit)
        best = best[np.isfinite(logits[best])]
        highest = float(logits.max(where=fitting, initial=-np.inf))
        really = fitting & (logits >= min(max(0.0, highest - REALLY_SPAN), SURE))
        return Ranking(
            rows=best,
            scores=_logistic(logits[best]),
            really=really[best],
            confidence=float(_logistic(np.array([highest]))[0]),
            matches=np.flatnonzero(really),
        )


def with_usable_filters(question: Question, index: Index, viewer: Viewer, today: date) -> Question:
    """The question without filters on what no pilot here says of itself; the place is then searched for in words.

    Only what `viewer` may see on `today` says anything.
    """
    if not question.countries and not question.period:
        return question
    with index.lock:
        visible = index.rows.open_to(viewer, today)
        says_country, says_first = index.rows.says("country", visible), index.rows.says("first", visible)
    if question.countries and not says_country:
        question = replace(question, countries=(), topic=f"{question.topic} {question.where}".strip())
    if question.period and not says_first:
        question = replace(question, period=None)
    return question


def _by_filters(index: Index, fitting: Mask, limit: int) -> Ranking:
    """Where a question is nothing but filters, all that fit are what was asked for, the latest first."""
    rows = np.flatnonzero(fitting)
    latest = rows[np.argsort(-index.rows["last"][rows], kind="stable")]
    shown = latest[:limit]
    return Ranking(shown, np.ones(len(shown)), np.ones(len(shown), np.bool_), float(bool(len(rows))), rows)


def _strengths(
    index: Index, question: Question, parts: tuple[Part, ...], viewer: Viewer, today: date
) -> npt.NDArray[np.float32]:
    """For each row its evidence by words: 0 where it has none of them, or too many have more."""
    strengths = np.zeros(index.rows.count, np.float32)
    queries = index.queries_for(viewer, today)
    asked_for = _asked_for(queries, parts, question.language)
    seen, asked = queries.seen, _filters(queries, question)
    for filters in ([*seen, *asked], seen) if asked else (seen,):
        query = queries.query(parts, filters)
        if query is not None:
            rows, scores = index.words.search(query, DEPTH)
            strengths[rows] = scores / asked_for
    return strengths


def _asked_for(queries: Queries, parts: tuple[Part, ...], language: str) -> float:
    power = SHORT_ASKED_POWER.get(sum(len(part.name) for part in parts), ASKED_POWER)
    return float(queries.mass(parts, language) ** power * queries.rarest ** (1 - power))


def _filters(queries: Queries, question: Question) -> list[tantivy.Query]:
    """The question's own filters, as `Rows.matching` has them."""
    filters = [
        queries.any_of(number, values)
        for number, values in (
            ("country", [letters(each) for each in question.countries]),
            ("organisation", [hash_of(each) for each in question.organisations]),
            ("stage", [stage_number(each) for each in question.stages]),
        )
        if values
    ]
    if question.period is not None:
        first, last = days_of(question.period)
        filters += [queries.between("first", 0, last), queries.between("last", first, date.max.toordinal())]
    return filters


def _logits(
    index: Index, strengths: npt.NDArray[np.float32], vector: Vectors | None, visible: Mask
) -> npt.NDArray[np.float32]:
    """What the evidence for each row is worth; minus infinity where there is none, or it may not be seen."""
    logits = np.float32(WORDS_SLOPE) * (strengths - np.float32(WORDS_FLOOR))
    logits[strengths == 0] = -np.inf
    is_all = bool(visible.all())
    if vector is not None and index.table is not None:
        near = index.table.nearness(vector, None if is_all else visible)
        fused = np.float32(FUSED_SLOPE) * (near + np.float32(WORDS_SHARE) * strengths - np.float32(FUSED_FLOOR))
        # A pilot whose vector is still being made counts by its words, on the same scale.
        unknown = np.isnan(near)
        logits = np.where(unknown, logits, fused) if unknown.any() else fused
    if not is_all:
        logits[~visible] = -np.inf
    return logits


def _bonus(index: Index, question: Question, fitting: Mask) -> npt.NDArray[np.float32]:
    bonus = np.float32(FILTER_BONUS) * fitting
    if question.organisations:
        bonus += np.float32(ORGANISATION_BONUS) * index.rows.of_organisations(question.organisations)
    if question.wants_stopped:
        bonus += np.float32(STOPPED_BONUS) * (index.rows["stage"] == stage_number(Stage.STOPPED))
    return bonus


def _logistic(logits: npt.NDArray[np.floating[Any]]) -> Numbers:
    return 1 / (1 + np.exp(-logits.astype(np.float64)))


def _best(values: npt.NDArray[np.float32], limit: int) -> npt.NDArray[np.int64]:
    """Places of the largest values, largest first."""
    places = np.argpartition(-values, limit - 1)[:limit] if len(values) > limit else np.arange(len(values))
    return places[np.argsort(-values[places], kind="stable")]
