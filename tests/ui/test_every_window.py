"""Every window for everybody: by keyboard alone, by ear, and with little sight, in both themes."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow, QWidget

import her2desk.ui
from her2desk.ui.theme import LIGHT, colours
from tests.ui import usability
from tests.ui.every_window import NAMES, opened_window
from tests.ui.window_table import ROWS

ENOUGH, READABLE = 4.5, 2.5  # WCAG 2.1, 1.4.3; of what cannot be used it asks nothing
Role = QAccessible.Role
SPEAKING_FOR_THEMSELVES = (Role.Cell, Role.ListItem, Role.StaticText)  # empty, they say nothing


def made_by(name: str) -> type[QWidget]:
    """What a row says that it opens."""
    found: type[QWidget] = get_type_hints(ROWS[name])["return"]
    return found


def windows_of_the_program() -> Iterator[type[QWidget]]:
    """Dialogs, main windows, and whatever else gives itself a title."""
    for found in pkgutil.walk_packages(her2desk.ui.__path__, "her2desk.ui."):
        module = importlib.import_module(found.name)
        for _, kind in inspect.getmembers(module, inspect.isclass):
            is_ours = issubclass(kind, QWidget) and kind.__module__ == found.name
            if is_ours and (
                issubclass(kind, QDialog | QMainWindow)
                or "self.setWindowTitle(" in inspect.getsource(kind)
            ):
                yield kind


def test_no_window_was_forgotten() -> None:
    assert set(windows_of_the_program()) <= {made_by(name) for name in NAMES}


@pytest.fixture(scope="class", params=NAMES)
def window(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, qapp: QApplication
) -> Iterator[QWidget]:
    """Opened once for all that is asked of it, which takes as long as all the rest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HER2DESK_HOME", str(tmp_path_factory.mktemp("home")))
        with opened_window(request.param, tmp_path_factory.mktemp("stage")) as opened:
            assert isinstance(opened, made_by(request.param))
            yield opened


class TestEveryWindow:
    def test_tab_comes_to_everything_in_the_order_of_reading(self, window: QWidget) -> None:
        walked = usability.tab_through(window)
        stops = set(usability.stops(window))
        assert not [usability.name_of(one) for one in stops - set(walked)]
        bad = usability.out_of_order(window, walked)
        assert len(bad) <= 1, bad  # the walk begins anew at the top
        assert stops <= set(usability.tab_through(window, is_backwards=True))

    def test_what_has_the_focus_can_be_seen(self, window: QWidget) -> None:
        presses = len(usability.tab_through(window))
        assert not usability.unseen_focus(window, presses)

    def test_a_screen_reader_has_a_name_for_all_that_can_be_used(self, window: QWidget) -> None:
        unnamed = []
        for found in usability.interfaces(window):
            role = found.role()
            is_used = found.state().focusable and role not in SPEAKING_FOR_THEMSELVES  # type: ignore[attr-defined]
            widget = found.object()
            is_proxied = isinstance(widget, QWidget) and widget.focusProxy() is not None
            if is_used and not is_proxied and not found.text(QAccessible.Text.Name):
                unnamed.append(f"{role.name} {type(widget).__name__}")
        assert not unnamed

    def test_what_is_painted_has_a_role_and_words(self, window: QWidget) -> None:
        wordless = []
        for found in usability.painted(window):
            spoken = QAccessible.queryAccessibleInterface(found)
            assert spoken is not None
            has_words = spoken.text(QAccessible.Text.Name)
            if not has_words or spoken.role() in (Role.Client, Role.NoRole):
                wordless.append(f"{type(found).__name__} {spoken.role().name}")
        assert not wordless

    def test_every_text_stands_out(self, window: QWidget) -> None:
        assert not faint_texts(window)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_text_stands_out_in_the_light_theme(
    name: str, tmp_path: Path, qapp: QApplication
) -> None:
    # Built in it: dressing a whole window anew takes a second.
    with opened_window(name, tmp_path, "light") as window:
        assert colours() == LIGHT
        assert not faint_texts(window)


def faint_texts(window: QWidget) -> list[usability.Contrast]:
    """What cannot be read well enough."""
    return [
        found
        for found in usability.text_contrasts(window)
        if found.ratio < (ENOUGH if found.is_enabled else READABLE)
    ]
