"""What ``her2desk benchmark`` says to people."""

from dataclasses import asdict
from typing import Any

import pytest

from her2desk.benchmark import run
from her2desk.benchmark.plan import GROWTH
from her2desk.benchmark.rows import Memory, Row
from her2desk.benchmark.run import GrowthTable, Measured, Missing
from her2desk.benchmark.timing import Times
from her2desk.cli import app
from her2desk.texts import msg
from tests.unit.benchmark.samples import MACHINE

READOUT = Row(
    "readout_resnet101",
    "the slow way",
    Times((100.0, 110.0)),
    Times((20_000.0,)),
    product_memory=Memory(500.0, 20.0),
)
UNKNOWN = Row("roi_200000", "the slow way", Times((2_500.0,)), None)
MEASURED = Measured(
    MACHINE,
    (READOUT,),
    (GrowthTable(GROWTH[0], ((200_000, UNKNOWN),)),),
    (Missing("network_resnet101_cuda", msg("There is no NVIDIA card here.")),),
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Nothing is measured; what was to be is kept."""
    kept: list[Any] = []

    def measure(*given: Any) -> Measured:
        kept.append(given)
        return MEASURED

    monkeypatch.setattr(run, "measure", measure)
    return kept


def test_the_table_in_words(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["benchmark"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("A processor, 2 of 4 cores; 100 GFLOP/s in float32, copies 10 GB/s")
    assert lines[1:7] == [
        "readout_resnet101: 105 ms (110 ms), 500 MB",
        "  190.5 times as long: 20.0 s (20.0 s), –: the slow way",
        "  goal ≤ 200 ms at the 95th percentile, ≥ 80×: met",
        "Full set of features by the outline's area",
        "200,000 pixels: 2.5 s (2.5 s), –",
        "Left out: network_resnet101_cuda. There is no NVIDIA card here.",
    ]


def test_all_rows_and_no_growth_unless_asked(asked: list[Any]) -> None:
    assert app.main(["benchmark"]) == 0
    _, rows, rounds, growth, _ = asked[0]
    assert {"full_feature_set", "start_to_window", "cohort_features_56k"} <= set(rows)
    assert (rounds, growth) == (30, ())


def test_rows_with_commas_or_repeated_and_growth(asked: list[Any]) -> None:
    rows = ["--rows", "cine_decode,readout_first", "--rows", "start_to_window"]
    assert app.main(["benchmark", *rows, "--rounds", "4", "--full"]) == 0
    _, wanted, rounds, growth, _ = asked[0]
    assert wanted == ("cine_decode", "readout_first", "start_to_window")
    assert (rounds, growth) == (4, GROWTH)


def test_the_machine_is_told_without_names_and_paths() -> None:
    assert not {"node", "host", "user", "home"} & set(asdict(MACHINE))
