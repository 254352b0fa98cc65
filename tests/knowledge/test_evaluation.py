import json
import os
from datetime import date
from pathlib import Path

import pytest

from knowledge.errors import InvalidFileError, PilotlightError
from knowledge.evaluation import (
    Query,
    Run,
    auroc,
    evaluate,
    evaluate_corpus,
    f1,
    measure,
    ndcg,
    read_qrels,
    read_queries,
    recall,
    reciprocal_rank,
)
from knowledge.ports import Author
from knowledge.search import open_search
from tests.base import NOW, sample_pilots
from tests.fakes import MemoryPilotStore

TODAY = date(2026, 11, 22)
SHARED = Path(__file__).parents[3] / "shared" / "data"


def run(name: str, found: list[str], *, confidence: float = 0.5, answerable: bool | None = None) -> Run:
    query = Query(id=name, text="?", answerable=answerable)
    return Run(query=query, found=found, confidence=confidence, answered=confidence >= 0.5)


def written(path: Path, *lines: object) -> Path:
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines), "utf-8")
    return path


def test_ndcg_counts_gains_by_the_logarithm_of_their_rank() -> None:
    # By hand: (2/log2(2) + 1/log2(4)) / (2/log2(2) + 1/log2(3))
    assert ndcg(["a", "x", "b"], {"a": 2, "b": 1}, 10) == pytest.approx((2 + 0.5) / (2 + 0.6309297535714575))


def test_ndcg_of_a_perfect_ranking_is_one_even_when_more_is_relevant_than_fits() -> None:
    assert ndcg(["a", "b"], {"a": 1, "b": 1, "c": 1}, 2) == 1.0


def test_ndcg_looks_no_deeper_than_asked() -> None:
    assert ndcg(["x", "y", "a"], {"a": 1}, 2) == 0.0


def test_recall_counts_what_was_found_of_all_that_is_relevant() -> None:
    assert recall(["a", "x", "b", "c"], {"a": 1, "b": 2, "c": 1, "d": 1}, 3) == 0.5


def test_reciprocal_rank_is_of_the_first_relevant_one() -> None:
    assert reciprocal_rank(["x", "y", "b", "a"], {"a": 1, "b": 1}) == pytest.approx(1 / 3)
    assert reciprocal_rank(["x"], {"a": 1}) == 0.0


def test_auroc_counts_a_tie_half() -> None:
    assert auroc([0.9, 0.5, 0.5, 0.1], [True, True, False, False]) == pytest.approx(3.5 / 4)


def test_auroc_of_one_kind_alone_is_not_known() -> None:
    assert auroc([0.9, 0.5], [True, True]) is None
    assert auroc([], []) is None


def test_f1_is_the_harmonic_mean() -> None:
    assert f1([True, True, False, False], [True, False, True, False]) == 0.5
    assert f1([False], [False]) is None
    assert f1([False], [True]) == 0.0


def test_questions_without_anything_relevant_count_for_the_floor_alone() -> None:
    report = measure(
        [run("q1", ["a"], confidence=0.9, answerable=True), run("q2", ["a"], confidence=0.1, answerable=False)],
        {"q1": {"a": 1}, "q2": {"a": 0}},
    )
    assert (report.ndcg10, report.recall20, report.recall100, report.mrr) == (1.0, 1.0, 1.0, 1.0)
    assert (report.auroc, report.f1, report.n) == (1.0, 1.0, 2)


def test_what_nobody_judged_is_not_relevant() -> None:
    assert measure([run("q1", ["unknown", "a"])], {"q1": {"a": 1}}).mrr == 0.5


def test_without_answerable_the_floor_is_not_judged() -> None:
    report = measure([run("q1", ["a"])], {"q1": {"a": 1}})
    assert report.auroc is None
    assert report.f1 is None


def test_a_question_file_that_is_not_json_is_refused_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path / "queries.jsonl", {"_id": "q1", "text": "drones?"}, "not json")
    with pytest.raises(InvalidFileError, match=r"queries\.jsonl, line 2: is no JSON object"):
        read_queries(path)


@pytest.mark.parametrize(
    "record", [{"_id": "q1"}, {"text": "drones?"}, ["q1"], {"_id": "q", "text": "?", "answerable": 1}]
)
def test_a_question_that_lacks_something_is_refused(tmp_path: Path, record: object) -> None:
    with pytest.raises(InvalidFileError, match="line 1"):
        read_queries(written(tmp_path / "queries.jsonl", record))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match="holds no questions"):
        read_queries(written(tmp_path / "queries.jsonl"))
    with pytest.raises(InvalidFileError, match="holds no judgements"):
        read_qrels(written(tmp_path / "qrels.tsv", "query-id\tcorpus-id\tscore"))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match="cannot be read"):
        read_qrels(tmp_path / "none.tsv")


@pytest.mark.parametrize("row", ["q1 d1 2", "q1\td1", "q1\td1\tmuch", "q1\t0\td1\t1"])
def test_a_judgement_that_is_none_is_refused_with_its_line(tmp_path: Path, row: str) -> None:
    path = written(tmp_path / "qrels.tsv", "query-id\tcorpus-id\tscore", "q1\td1\t1", row)
    with pytest.raises(InvalidFileError, match="line 3: a judgement is"):
        read_qrels(path)


def test_judgements_are_read_with_or_without_a_header(tmp_path: Path) -> None:
    assert read_qrels(written(tmp_path / "a.tsv", "query-id\tcorpus-id\tscore", "q1\td1\t2")) == {"q1": {"d1": 2}}
    assert read_qrels(written(tmp_path / "b.tsv", "q1\td1\t2\r")) == {"q1": {"d1": 2}}


async def test_a_base_is_judged_by_the_ids_of_its_source(tmp_path: Path) -> None:
    store = MemoryPilotStore()
    await store.save(sample_pilots(), Author("test"), NOW)
    queries = written(
        tmp_path / "queries.jsonl",
        {"_id": "q1", "text": "has anyone tried a chatbot for tax questions?", "answerable": True},
        {"_id": "q2", "text": "has anyone tried a tunnel for toads?", "answerable": False},
        {"_id": "q3", "text": "hello?!"},
    )
    qrels = written(tmp_path / "qrels.tsv", "query-id\tcorpus-id\tscore", "q1\t3\t2")
    async with open_search(tmp_path / "index", store, None) as search:
        report = await evaluate(search, queries, qrels, today=TODAY)
    assert report.n == 3
    assert (report.ndcg10, report.mrr, report.auroc, report.f1) == (1.0, 1.0, 1.0, 1.0)


async def test_an_empty_base_is_told_apart_from_a_bad_search(tmp_path: Path) -> None:
    queries = written(tmp_path / "queries.jsonl", {"_id": "q1", "text": "chatbot?"})
    qrels = written(tmp_path / "qrels.tsv", "q1\t3\t2")
    async with open_search(tmp_path / "index", MemoryPilotStore(), None) as search:
        with pytest.raises(PilotlightError, match="Import what the questions were judged on"):
            await evaluate(search, queries, qrels, today=TODAY)


async def test_judgements_of_other_questions_are_refused(tmp_path: Path) -> None:
    queries = written(tmp_path / "queries.jsonl", {"_id": "q1", "text": "chatbot?"})
    qrels = written(tmp_path / "qrels.tsv", "other\t3\t2")
    async with open_search(tmp_path / "index", MemoryPilotStore(), None) as search:
        with pytest.raises(InvalidFileError, match="their ids differ"):
            await evaluate(search, queries, qrels, today=TODAY)


async def test_a_corpus_in_its_folder_is_judged_without_the_base(tmp_path: Path) -> None:
    written(
        tmp_path / "corpus.jsonl",
        {"_id": "d1", "title": "", "text": "Wolves came back to the valley.\nSheep were lost."},
        {"_id": "d2", "title": "Solar roofs", "text": "Schools put solar panels on their roofs."},
    )
    queries = written(tmp_path / "queries.jsonl", {"_id": "q1", "text": "solar panels on school roofs"})
    qrels = written(tmp_path / "qrels.tsv", "query-id\tcorpus-id\tscore", "q1\td2\t1")
    report = await evaluate_corpus(tmp_path, queries, qrels, embedder=None, today=TODAY)
    assert (report.ndcg10, report.recall20, report.n) == (1.0, 1.0, 1)


async def test_a_document_without_an_id_is_refused_with_its_line(tmp_path: Path) -> None:
    corpus = written(tmp_path / "corpus.jsonl", {"_id": "d1", "text": "Wolves"}, {"title": "Sheep"})
    queries = written(tmp_path / "queries.jsonl", {"_id": "q1", "text": "sheep"})
    with pytest.raises(InvalidFileError, match=r"corpus\.jsonl, line 2"):
        await evaluate_corpus(corpus, queries, written(tmp_path / "q.tsv", "q1\td1\t1"), embedder=None, today=TODAY)


@pytest.mark.skipif(
    bool(os.environ.get("CI")) or not SHARED.is_dir(), reason="the shared judged questions are not here"
)
def test_the_shared_judgements_can_be_read() -> None:
    judged = read_qrels(SHARED / "asked" / "dev" / "qrels.tsv")
    assert {query.id for query in read_queries(SHARED / "asked" / "dev" / "queries.jsonl")} == judged.keys()


def test_what_never_ends_is_a_sentence(tmp_path: Path) -> None:
    for text in ("[" * 100_000, '{"_id": "1", "text": ' + "[" * 900 + "]" * 900 + "}"):
        with pytest.raises(InvalidFileError, match="line 1: is no JSON object"):
            read_queries(written(tmp_path / "queries.jsonl", text))
    with pytest.raises(InvalidFileError, match="line 1: a judgement is"):
        read_qrels(written(tmp_path / "qrels.tsv", f"1\td\t{'9' * 4000}"))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for read in (read_queries, read_qrels):
        with pytest.raises(InvalidFileError, match="no plain file"):
            read(pipe)
