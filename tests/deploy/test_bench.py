from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy.bench import Figures, bench_search
from knowledge.errors import PilotlightError


class _ThreadsInstead(ThreadPoolExecutor):
    """In this process, which the test has set up."""

    def __init__(self, workers: int, mp_context: object) -> None:
        super().__init__(workers)


def test_the_bench_prints_ratio_growth_and_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PILOTLIGHT_DATA_DIR", str(tmp_path / "none"))
    monkeypatch.setattr("deploy.bench._ROUNDS", 1)
    monkeypatch.setattr("deploy.bench.ProcessPoolExecutor", _ThreadsInstead)
    monkeypatch.setattr("deploy.bench._SAVED", 200)
    bench_search([300, 100])
    told = capsys.readouterr().out
    lines = [line.split() for line in told.splitlines()]
    assert [line[0] for line in lines if line and "MB" in line] == ["100", "300"]
    assert [line[-1] for line in lines if line and "MB" in line] == ["SQLite", "memory"]
    assert "From 100 to 300 pilots (3×)" in told
    assert "the aim is 3×" in told


def test_the_ratio_is_of_the_whole_to_its_bare_parts_and_without_its_reads_too() -> None:
    figures = Figures(10, words=1, product=3, whole=8, whole_filtered=9, reads=4, built=1, peak=1, database="SQLite")
    assert (figures.ratio, figures.ratio_without_reads) == (2, 1)


def test_where_memory_cannot_be_measured_the_bench_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.bench.resource", None)
    with pytest.raises(PilotlightError, match="run it on one of them"):
        bench_search([100])
