from pathlib import Path

import pytest

from deploy.bench import Figures, bench_search


def test_the_bench_prints_ratio_growth_and_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PILOTLIGHT_DATA_DIR", str(tmp_path / "none"))
    monkeypatch.setattr("deploy.bench._ROUNDS", 1)
    bench_search([300, 100])
    told = capsys.readouterr().out
    lines = [line.split() for line in told.splitlines()]
    assert [line[0] for line in lines if line and line[-1] == "MB"] == ["100", "300"]
    assert "From 100 to 300 pilots (3×)" in told
    assert "the aim is 3×" in told


def test_the_ratio_is_of_the_whole_to_its_bare_parts() -> None:
    assert Figures(10, words=1, product=3, whole=8, whole_filtered=9, built=1, peak=1).ratio == 2
