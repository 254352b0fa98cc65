import re

import pytest

from deploy.bench_sweep import bench_sweep
from knowledge.errors import PilotlightError


def test_the_bench_prints_what_a_pass_costs_and_how_that_grows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("deploy.bench_sweep._ROUNDS", 1)
    monkeypatch.setattr("deploy.bench_sweep.DUE", 5)
    bench_sweep([30, 10])
    told = capsys.readouterr().out
    lines = re.findall(r"^ +(\d+) +([\d.]+) ms +(\d+) ms +([\d.]+)×$", told, re.MULTILINE)
    assert [size for size, *_ in lines] == ["10", "30"]
    assert lines[0][-1] == "1.00"
    assert re.search(r"From 10 to 30 pilots \(3×\) a pass over 5 due takes [\d.]+× as long\.", told)


def test_no_pilots_are_no_bench() -> None:
    with pytest.raises(PilotlightError, match="at least one"):
        bench_sweep([0])
