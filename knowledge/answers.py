"""Answers: claims that cite pilots. Without a model they are extracted; what a model wrote stands where it holds."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import StrEnum

from knowledge.excerpts import excerpt, sentences_of
from knowledge.index.analysis import stems, stop_words, terms, words
from knowledge.index.thesaurus import Name
from knowledge.learnings import Learning
from knowledge.pilots import Pilot, Stage
from knowledge.questions import Question
from knowledge.search import FLOOR, Hit, Hits
from knowledge.text import shorten
from knowledge.writing import Claim

CITATIONS = 5
NEAREST = 3
LEARNED = 2  # learnings of one pilot, and the characters of each: with the excerpt, what a platform shows of a source
LEARNED_LIMIT = 200
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
class Learned:
    """A learning with the sentence of it that answers best. `by` names who told it, "" where that is not to be told."""

    learning: Learning
    excerpt: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A pilot that an answer rests on, with the sentences of it that answer best. `score` is from 0 to 1.

    `learned` is what of the answer was learned later, newest first; all of it may be seen by who asks.
    `is_close` where it is near what was asked; `is_elsewhere` where it is the same, but in another country than
    was asked for.
    """

    pilot: Pilot
    excerpt: str
    score: float
    is_close: bool = False
    is_elsewhere: bool = False
    learned: tuple[Learned, ...] = ()


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
    told = {hit.pilot.id: hit.learnings for hit in hits.hits}
    shown = tuple(
        replace(each, learned=_learned(each.pilot, told[each.pilot.id], hits.names, question.language or "en"))
        for each in _shown(verdict, citations, wants_stopped=question.wants_stopped)[:limit]
    )
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


def _learned(pilot: Pilot, told: Sequence[Learning], names: Sequence[Name], language: str) -> tuple[Learned, ...]:
    """The learnings, given newest first, that hold most of what was asked, and of the title where that says it all."""
    wanted = [[set(stems(word, (pilot.language, language, "en"))) for word in name] for name in names]
    title = set(terms(pilot.title, pilot.language))
    missing = [name for name in wanted if not _holds(title, name)] or wanted
    found: list[tuple[int, int, Learned]] = []
    for place, learning in enumerate(told):
        held, sentence = _best_sentence(learning.text, missing, pilot.language)
        if held:
            by = _shown_name(learning, pilot)
            found.append((-held, place, Learned(learning=learning, excerpt=shorten(sentence, LEARNED_LIMIT), by=by)))
    best = sorted(found, key=lambda each: each[:2])[:LEARNED]
    return tuple(learned for _, _, learned in sorted(best, key=lambda each: each[1]))


def _best_sentence(text: str, names: Sequence[Sequence[AbstractSet[str]]], language: str) -> tuple[int, str]:
    """How many of the names a sentence holds at most, and the first that does."""
    counted = [
        (sum(_holds(set(terms(sentence, language)), name) for name in names), sentence)
        for sentence in sentences_of([text])
    ]
    return max(counted, key=lambda each: each[0], default=(0, ""))


def _holds(said: AbstractSet[str], name: Sequence[AbstractSet[str]]) -> bool:
    """Whether every word of the name is said, in one of its forms."""
    return all(word & said for word in name)


def _shown_name(learning: Learning, pilot: Pilot) -> str:
    """Who told it, where that is the person whom the pilot names as its contact anyway; an id is never a name."""
    owner, community = pilot.owner, learning.visibility.community
    is_owner = owner is not None and owner.person == learning.author
    return owner.name if owner and is_owner and community in (None, pilot.visibility.community) else ""


def _worth_reading(citations: Sequence[Citation]) -> Citation | None:
    """What to read next: a stopped pilot that says why, else one that was evaluated; none where neither is there."""
    really = [each for each in citations if not _is_beside(each)]
    stopped = (each for each in really if each.pilot.outcome.stopped_because)
    evaluated = (each for each in really if each.pilot.evaluations)
    return next(stopped, None) or next(evaluated, None)
