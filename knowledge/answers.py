"""Answers: claims that cite pilots. Without a model they are extracted, never written."""

from dataclasses import dataclass
from enum import StrEnum

from knowledge.excerpts import excerpt
from knowledge.index.analysis import stop_words
from knowledge.pilots import Pilot, Stage
from knowledge.questions import Question
from knowledge.search import FLOOR, Hit, Hits

CITATIONS = 5
NEAREST = 3
BESIDE = 2
# Below these scores a pilot beside the answer, or instead of one, shares a word and not the idea.
BESIDE_FLOOR = 0.3
NEAREST_FLOOR = 0.05


class Verdict(StrEnum):
    TRIED = "tried"
    CLOSE = "close"  # something near it was tried
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A pilot that an answer rests on, with the sentences of it that answer best. `score` is from 0 to 1.

    `is_close` where it is near what was asked; `is_elsewhere` where it is the same, but in another country than
    was asked for.
    """

    pilot: Pilot
    excerpt: str
    score: float
    is_close: bool = False
    is_elsewhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`pilots`, `countries` and `stopped` count all that was found, not only what is cited."""

    question: Question
    verdict: Verdict
    citations: tuple[Citation, ...]
    pilots: int = 0
    countries: int = 0
    stopped: int = 0
    read_next: Citation | None = None


def answer_from(question: Question, hits: Hits, limit: int = CITATIONS) -> Answer:
    """The answer that the hits of a search give, citing at most `limit` of them."""
    verdict = _verdict(hits)
    match verdict:
        case Verdict.TRIED:
            # What is merely near stands behind what is it, and only where there is room.
            really = [hit for hit in hits.hits if not hit.is_close]
            beside = [hit for hit in hits.hits if hit.is_close and hit.score >= BESIDE_FLOOR]
            shown = (really + beside[:BESIDE])[:limit]
        case Verdict.CLOSE:
            shown = list(hits.hits[:limit])
        case Verdict.NOBODY:
            shown = [hit for hit in hits.hits if hit.score >= NEAREST_FLOOR][: min(limit, NEAREST)]
    citations = tuple(_cite(hit, question) for hit in shown)
    counted = [each.pilot for each in citations] if verdict is Verdict.CLOSE else []
    return Answer(
        question=question,
        verdict=verdict,
        citations=citations,
        pilots=len(counted) or hits.pilots,
        countries=len({pilot.country for pilot in counted if pilot.country}) or hits.countries,
        stopped=sum(pilot.stage is Stage.STOPPED for pilot in counted) if counted else hits.stopped,
        read_next=None if verdict is Verdict.NOBODY else _worth_reading(citations),
    )


def _verdict(hits: Hits) -> Verdict:
    if not hits.answered or not hits.hits:
        return Verdict.NOBODY
    return Verdict.TRIED if hits.pilots else Verdict.CLOSE


def _cite(hit: Hit, question: Question) -> Citation:
    outcome = hit.pilot.outcome
    # Of a stopped pilot the card itself says why; the excerpt is for what it was.
    told = (hit.pilot.summary, outcome.summary, hit.pilot.challenge)
    stops = stop_words(question.language or "en") | stop_words("en")
    words = " ".join(
        word for text in (question.topic, *question.expansions) for word in text.split() if word not in stops
    )
    countries = question.countries
    is_elsewhere = hit.is_close and hit.score >= FLOOR and bool(countries) and hit.pilot.country not in countries
    return Citation(
        pilot=hit.pilot,
        excerpt=excerpt(told, words, title=hit.pilot.title),
        score=hit.score,
        is_close=hit.is_close and not is_elsewhere,
        is_elsewhere=is_elsewhere,
    )


def _worth_reading(citations: tuple[Citation, ...]) -> Citation | None:
    """What to read next: a stopped pilot that says why, else one that was evaluated; none where neither is there."""
    really = [each for each in citations if not each.is_close]
    stopped = (each for each in really if each.pilot.outcome.stopped_because)
    evaluated = (each for each in really if each.pilot.evaluations)
    return next(stopped, None) or next(evaluated, None)
