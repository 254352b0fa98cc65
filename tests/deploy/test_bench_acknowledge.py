import re

import pytest

from deploy.bench_acknowledge import Times, bench_acknowledge


@pytest.mark.timeout(120)
def test_the_bench_prints_how_soon_requests_are_acknowledged_at_rest_and_under_load(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: object
) -> None:
    monkeypatch.setenv("PILOTLIGHT_DATA_DIR", f"{tmp_path}/none")
    monkeypatch.setattr("deploy.bench_acknowledge._HELD", 0.2)
    monkeypatch.setattr("deploy.bench_acknowledge._EVERY", 0.02)
    bench_acknowledge(3, requests=12, pilots=50)
    told = capsys.readouterr().out
    assert told.startswith("12 signed events, commands, presses and forms, one every 20 ms")
    times = re.findall(
        r"^(at rest|3 answers being written) +([\d.]+) ms +([\d.]+) ms +([\d.]+) ms$", told, re.MULTILINE
    )
    assert [what for what, *_ in times] == ["at rest", "3 answers being written"]
    for _, median, p99, most in times:
        assert 0 < float(median) <= float(p99) <= float(most)
    assert re.search(r"At no moment were fewer than \d answers under way; \d+ a second were posted\.", told)
    assert re.search(r"The p99 is [\d.]+× that at rest; the aim is less than 300 ms\.", told)
    assert "not acknowledged" not in told


def test_the_slowest_of_a_hundred_is_the_p99() -> None:
    times = Times([float(number) for number in range(100, 0, -1)])
    assert (times.median, times.p99) == (51.0, 100.0)
    assert Times([7.0]).p99 == 7.0
