"""Answers: claims that cite pilots. Without a model they are extracted; what a model wrote stands where it holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from knowledge.excerpts import excerpt
from knowledge.index.analysis import stop_words, words
from knowledge.pilots import Pilot, Stage
from knowledge.questions import Question
from knowledge.search import FLOOR, Hit, Hits
from knowledge.writing import Claim

CITATIONS = 5
NEAREST = 3
BESIDE = 2
# Below these scores a pilot beside the answer, or instead of one, shares a word and not the idea.
BESIDE_FLOOR = 0.3
NEAREST_FLOOR = 0.05
# From here on a stopped one stands in where stopped ones are asked for and none of them is quite it.
STOPPED_FLOOR = 0.1


class Verdict(StrEnum):
    TRIED = "tried"
    ELSEWHERE = "elsewhere"  # tried, but in other countries than were asked for
    CLOSE = "close"  # something near it was tried
    NOBODY = "nobody"
    NOTHING_YET = "nothing_yet"  # the base is empty


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
    """`pilots`, `countries` and `stopped` count all that was found, not only what is cited.

    `claims` are what a model wrote, in order; they cite the `citations` by their place, from 1.
    """

    question: Question
    verdict: Verdict
    citations: tuple[Citation, ...]
    pilots: int = 0
    countries: int = 0
    stopped: int = 0
    read_next: Citation | None = None
    claims: tuple[Claim, ...] = ()


def answer_from(question: Question, hits: Hits, limit: int = CITATIONS) -> Answer:
    """The answer that the hits of a search give, citing at most `limit` of them."""
    citations = [_cite(hit, question) for hit in hits.hits]
    verdict = _verdict(hits, citations)
    shown = tuple(_shown(verdict, citations, wants_stopped=question.wants_stopped)[:limit])
    return Answer(
        question=question,
        verdict=verdict,
        citations=shown,
        pilots=hits.pilots,
        countries=hits.countries,
        stopped=hits.stopped,
        read_next=_worth_reading(shown) if verdict is Verdict.TRIED else None,
    )


def _verdict(hits: Hits, citations: Sequence[Citation]) -> Verdict:
    if hits.answered:
        return Verdict.TRIED
    if any(each.is_elsewhere for each in citations):
        return Verdict.ELSEWHERE
    return Verdict.CLOSE if any(each.score >= BESIDE_FLOOR for each in citations) else Verdict.NOBODY


def _shown(verdict: Verdict, citations: Sequence[Citation], *, wants_stopped: bool) -> list[Citation]:
    shown = _fitting(verdict, citations)
    if not wants_stopped:
        return shown
    if not any(_is_stopped(each) for each in shown):
        near = [each for each in citations if _is_stopped(each) and each.score >= STOPPED_FLOOR and each not in shown]
        shown += near[:BESIDE]
    return sorted(shown, key=lambda each: not _is_stopped(each))


def _is_stopped(citation: Citation) -> bool:
    return citation.pilot.stage is Stage.STOPPED


def _fitting(verdict: Verdict, citations: Sequence[Citation]) -> list[Citation]:
    match verdict:
        case Verdict.TRIED:
            # What is merely near stands behind what is it, and only where there is room.
            beside = [each for each in citations if _is_beside(each) and each.score >= BESIDE_FLOOR]
            return [each for each in citations if not _is_beside(each)] + beside[:BESIDE]
        case Verdict.ELSEWHERE:
            return [each for each in citations if each.is_elsewhere]
        case Verdict.CLOSE:
            return [each for each in citations if each.score >= BESIDE_FLOOR][:NEAREST]
        case Verdict.NOBODY | Verdict.NOTHING_YET:
            return [each for each in citations if each.score >= NEAREST_FLOOR][:NEAREST]


def _is_beside(citation: Citation) -> bool:
    return citation.is_close or citation.is_elsewhere


def _cite(hit: Hit, question: Question) -> Citation:
    outcome = hit.pilot.outcome
    # Of a stopped pilot the card itself says why; the excerpt is for what it was.
    told = (hit.pilot.summary, outcome.summary, hit.pilot.challenge)
    stops = stop_words(question.language or "en") | stop_words("en")
    asked = " ".join((question.topic, *question.expansions))
    content = " ".join(word for word in words(asked) if word not in stops)
    countries = question.countries
    is_elsewhere = hit.is_close and hit.score >= FLOOR and bool(countries) and hit.pilot.country not in countries
    return Citation(
        pilot=hit.pilot,
        excerpt=excerpt(told, content, title=hit.pilot.title),
        score=hit.score,
        is_close=hit.is_close and not is_elsewhere,
        is_elsewhere=is_elsewhere,
    )


def _worth_reading(citations: Sequence[Citation]) -> Citation | None:
    """What to read next: a stopped pilot that says why, else one that was evaluated; none where neither is there."""
    really = [each for each in citations if not _is_beside(each)]
    stopped = (each for each in really if each.pilot.outcome.stopped_because)
    evaluated = (each for each in really if each.pilot.evaluations)
    return next(stopped, None) or next(evaluated, None)
