"""Evaluation: judged questions through the very path of a question, and the figures that come of it.

Figures are as in trec_eval and BEIR: gain is the judgement itself, what nobody judged is not relevant, and a rank
counts by the logarithm of its place. Questions for which nothing is relevant have no ranking to judge: they count for
`auroc` and `f1` alone (pytrec_eval gives a zero for each, which a plain mean over its output would count in).
"""

import json
import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from knowledge.catalogues.plain_files import require_plain
from knowledge.catalogues.tables import trouble_with
from knowledge.errors import InvalidFileError, InvalidQuestionError, InvalidRecordError, PilotlightError
from knowledge.learnings import Learning
from knowledge.pilots import Pilot, Provenance
from knowledge.ports import Change, Embedder, Progress
from knowledge.search import Search, open_search
from knowledge.text import TEXT_LIMIT, TITLE_LIMIT, clean, shorten
from knowledge.visibility import Viewer

DEPTH = 100  # ranks looked at
_HIGHEST = 1_000_000  # of a judgement
_QUESTION = '{"_id": "q1", "text": "has anyone tried …?"}'
_DOCUMENT = '{"_id": "d1", "title": "…", "text": "…"}'

Judgements = Mapping[str, Mapping[str, int]]
"""Query id -> source id -> 0 for not relevant, more for more so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    id: str
    text: str
    answerable: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Each from 0 to 1; None where the questions cannot tell. `n` counts the questions.

    `auroc` is how well the confidence tells answerable questions from others; `f1` is of "nobody tried it" at the
    floor that ships.
    """

    ndcg10: float | None
    recall20: float | None
    recall100: float | None
    mrr: float | None
    auroc: float | None
    f1: float | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one query brought: source ids, best first."""

    query: Query
    found: Sequence[str]
    confidence: float
    answered: bool


async def evaluate(
    search: Search,
    queries: Path,
    qrels: Path,
    *,
    today: date,
    viewer: Viewer | None = None,
    progress: Progress | None = None,
) -> Report:
    """Over the base of `search`, whose source ids `qrels` speaks of. Raises InvalidFileError, UnavailableError."""
    asked, judged = read_queries(queries), read_qrels(qrels)
    if not {query.id for query in asked} & judged.keys():
        raise InvalidFileError(f"{qrels} judges none of the questions in {queries}: their ids differ.")
    await search.embed()
    runs = []
    for done, query in enumerate(asked, 1):
        runs.append(await _run(search, query, viewer or Viewer(), today))
        if progress:
            progress(done, len(asked))
    if not any(run.found for run in runs):
        raise PilotlightError("There is nothing to find here. Import what the questions were judged on first.")
    return measure(runs, judged)


async def evaluate_corpus(
    corpus: Path,
    queries: Path,
    qrels: Path,
    *,
    embedder: Embedder | None,
    today: date,
    progress: Progress | None = None,
) -> Report:
    """Over documents in BEIR's layout (a file, or a folder with corpus.jsonl), in an index that goes away after."""
    store = _Documents(corpus)
    with tempfile.TemporaryDirectory() as folder:
        async with open_search(Path(folder), store, embedder) as search:
            return await evaluate(search, queries, qrels, today=today, progress=progress)


def measure(runs: Sequence[Run], judged: Judgements) -> Report:
    rankings = [
        (run.found, gains)
        for run in runs
        if (gains := {doc: gain for doc, gain in judged.get(run.query.id, {}).items() if gain > 0})
    ]
    told = [run for run in runs if run.query.answerable is not None]
    truths = [bool(run.query.answerable) for run in told]
    return Report(
        ndcg10=_mean([ndcg(found, gains, 10) for found, gains in rankings]),
        recall20=_mean([recall(found, gains, 20) for found, gains in rankings]),
        recall100=_mean([recall(found, gains, 100) for found, gains in rankings]),
        mrr=_mean([reciprocal_rank(found, gains) for found, gains in rankings]),
        auroc=auroc([run.confidence for run in told], truths),
        f1=f1([not run.answered for run in told], [not truth for truth in truths]),
        n=len(runs),
    )


def ndcg(found: Sequence[str], gains: Mapping[str, int], depth: int) -> float:
    """Normalised discounted cumulative gain; `gains` are the relevant ones, at least one."""
    best = sorted(gains.values(), reverse=True)
    return _discounted([gains.get(each, 0) for each in found[:depth]]) / _discounted(best[:depth])


def recall(found: Sequence[str], gains: Mapping[str, int], depth: int) -> float:
    return len(gains.keys() & set(found[:depth])) / len(gains)


def reciprocal_rank(found: Sequence[str], gains: Mapping[str, int]) -> float:
    return next((1 / rank for rank, each in enumerate(found, 1) if each in gains), 0.0)


def auroc(scores: Sequence[float], truths: Sequence[bool]) -> float | None:
    """How often a true one scores above a false one, a tie counting half; None where one kind is missing."""
    trues = [score for score, truth in zip(scores, truths, strict=True) if truth]
    falses = [score for score, truth in zip(scores, truths, strict=True) if not truth]
    if not trues or not falses:
        return None
    above = sum((true > false) + (true == false) / 2 for true in trues for false in falses)
    return above / (len(trues) * len(falses))


def f1(guesses: Sequence[bool], truths: Sequence[bool]) -> float | None:
    """The harmonic mean of precision and recall; None where nothing is true and nothing was guessed."""
    both = sum(guess and truth for guess, truth in zip(guesses, truths, strict=True))
    either = sum(guesses) + sum(truths)
    return 2 * both / either if either else None


def read_queries(path: Path) -> list[Query]:
    """Raises InvalidFileError."""
    queries = []
    for line, record in _records(path, _QUESTION):
        identity, text, answerable = record.get("_id"), record.get("text"), record.get("answerable")
        if not isinstance(identity, str | int) or not isinstance(text, str):
            raise InvalidFileError(f"{path}, line {line}: a question needs _id and text.")
        if not isinstance(answerable, bool | None):
            raise InvalidFileError(f"{path}, line {line}: answerable is true or false, not {answerable!r:.40}.")
        queries.append(Query(id=str(identity), text=text, answerable=answerable))
    if not queries:
        raise InvalidFileError(f"{path} holds no questions; write one JSON object a line, with _id and text.")
    return queries


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Raises InvalidFileError."""
    judged: dict[str, dict[str, int]] = {}
    for line, row in enumerate(_lines(path), 1):
        cells = row.split("\t")
        if line == 1 and not cells[-1].strip().lstrip("-").isdigit():
            continue  # the header
        try:
            query, document, score = cells
            judged.setdefault(query.strip(), {})[document.strip()] = _gain(score)
        except ValueError:
            raise InvalidFileError(
                f"{path}, line {line}: a judgement is query-id, corpus-id and a whole score up to "
                f"{_HIGHEST:,}, with tabs between."
            ) from None
    if not judged:
        raise InvalidFileError(f"{path} holds no judgements; write query-id, corpus-id and score with tabs between.")
    return judged


def _gain(score: str) -> int:
    """ValueError beyond any scale of judgements: of a number of 300 digits no figure comes."""
    gain = int(score)
    if abs(gain) > _HIGHEST:
        raise ValueError(score)
    return gain


class _Documents:
    """Documents in BEIR's layout, as a database of pilots that never changes."""

    def __init__(self, path: Path) -> None:
        self._path = path / "corpus.jsonl" if path.is_dir() else path
        self._pilots = [self._pilot(line, record) for line, record in _records(self._path, _DOCUMENT)]
        self._by_id = {pilot.id: pilot for pilot in self._pilots}

    async def identity(self) -> str:
        return str(self._path)

    async def pilots(self, ids: Sequence[str]) -> Mapping[str, Pilot]:
        return {each: self._by_id[each] for each in ids if each in self._by_id}

    async def learnings_of(self, _pilot_ids: Sequence[str]) -> Mapping[str, Sequence[Learning]]:
        return {}

    async def changes(self, after: int, limit: int = 1000) -> Sequence[Change]:
        return [
            Change(number=number, pilot_id=pilot.id, pilot=pilot)
            for number, pilot in enumerate(self._pilots[after : after + limit], after + 1)
        ]

    def _pilot(self, line: int, record: Mapping[str, Any]) -> Pilot:
        text = clean(str(record.get("text") or ""))
        title = clean(str(record.get("title") or "")).replace("\n", " ") or text.partition("\n")[0]
        try:
            return Pilot(
                provenance=Provenance(source="corpus", source_id=clean(str(record.get("_id") or ""))),
                title=shorten(title, TITLE_LIMIT),
                summary=shorten(text, TEXT_LIMIT) or None,
            )
        except InvalidRecordError as error:
            raise InvalidFileError(
                f"{self._path}, line {line}: {error}. A document needs _id, title or text."
            ) from None


async def _run(search: Search, query: Query, viewer: Viewer, today: date) -> Run:
    try:
        hits = await search.find(search.read(query.text, today), viewer, today=today, limit=DEPTH)
    except InvalidQuestionError:
        return Run(query=query, found=(), confidence=0.0, answered=False)
    # Two records of one id (of two communities) are one find.
    found = tuple(dict.fromkeys(hit.pilot.source_id for hit in hits.hits))
    return Run(query=query, found=found, confidence=hits.confidence, answered=hits.answered)


def _records(path: Path, example: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON object of each line, with the line's number."""
    for line, text in enumerate(_lines(path), 1):
        try:
            record = json.loads(text)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict) or trouble_with(record):
            raise InvalidFileError(f"{path}, line {line}: is no JSON object; each line is one, such as {example}.")
        yield line, record


def _lines(path: Path) -> list[str]:
    require_plain(path)
    try:
        # Not splitlines: texts may hold other line ends than the file's own.
        lines = path.read_text("utf-8-sig").split("\n")
    except OSError as error:
        raise InvalidFileError(f"{path} cannot be read ({error.strerror or error}).") from None
    except UnicodeDecodeError:
        raise InvalidFileError(f"{path} is not UTF-8 text; save it as UTF-8 and try again.") from None
    return [line for line in lines if line.strip()]


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
