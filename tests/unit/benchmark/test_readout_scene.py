"""The questions of the readout rows, asked of real engine processes."""

from pathlib import Path

import pytest

from her2desk.benchmark.readout_scene import (
    FIRST,
    FORM_CHANGED,
    NEW_OUTLINE,
    VERTEX_MOVED,
    ReadoutScene,
)
from her2desk.domain.prediction import Prediction

pytestmark = pytest.mark.slow


def test_each_row_asks_what_it_is_named_for_and_gets_a_whole_answer(tmp_path: Path) -> None:
    scene = ReadoutScene(area_px=2_000, features=10)
    asked: dict[str, Prediction] = {}
    with scene.products(tmp_path) as sides:
        assert tuple(sides) == (NEW_OUTLINE, VERTEX_MOVED, FORM_CHANGED, FIRST)
        for row, side in sides.items():
            side.prepare(0)
            asked[row] = side.work(0)
    answers = list(asked.values())
    assert all(len(answer.features) == 10 for answer in answers)
    assert len({answer.inputs.roi for answer in answers}) == 4
    assert [asked[row].inputs.clinical.pr for row in (NEW_OUTLINE, FORM_CHANGED)] == [False, True]
    assert {answer.device for answer in answers} == {"cpu"}
