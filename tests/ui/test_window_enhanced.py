"""The real window and its engine: each frame beside its own enhanced picture."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from her2desk.packs.pack import open_pack
from her2desk.ui.opened_case import OpenPack
from tests.enhancers import small_enhancer_file
from tests.pack_samples import write_enhancing
from tests.ui.seat import Seat, wait_until


@pytest.fixture
def seat(tmp_path: Path) -> Iterator[Seat]:
    """The demo case open, and a pack in use that enhances by a network of its own."""
    small_enhancer_file(tmp_path / "tiny.h2enhancer")
    path = write_enhancing(tmp_path / "enhancing.h2pack", tmp_path / "tiny.h2enhancer")
    seat = Seat(tmp_path / "home", answers=True)
    seat.open_demo()
    seat.window.session.use_pack(OpenPack(path, open_pack(path)))
    yield seat
    seat.close()


def frames_like(seat: Seat) -> int:
    """The frame that the enhanced picture on screen, made coarse again, is most like."""
    compared, case = seat.window.workspace.view.compared, seat.window.session.case
    assert compared is not None
    assert case is not None
    side = compared.layer.scale
    rows, columns = compared.layer.frame_size
    coarse = compared.layer.pixels.reshape(rows, side, columns, side).mean(axis=(1, 3))
    frames = [case.frames.frame(index).astype(float) for index in range(case.image.frames)]
    return int(np.argmin([np.abs(coarse - frame).mean() for frame in frames]))


@pytest.mark.slow
def test_each_frame_is_shown_beside_its_own_enhancement(seat: Seat) -> None:
    workspace = seat.window.workspace
    view = workspace.view
    first = view.frame_index
    seat.press(Qt.Key.Key_S)
    wait_until(lambda: view.compared is not None)
    assert view.compared is not None
    assert view.compared.burnt_in().splitlines()[0] == "enhanced by tiny 1.0"
    assert "not used for this answer" not in view.compared.burnt_in()
    assert frames_like(seat) == first
    for further in (first + 1, first + 7):
        workspace.go_to_frame(further)
        assert view.compared is None
        wait_until(lambda: view.compared is not None)
        assert view.frame_index == further
        assert frames_like(seat) == further
    seat.press(Qt.Key.Key_S)
    assert view.compared is None
    assert not seat.errors()
