"""Starts the window: arguments, application, library, first paint, then the engine."""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from her2desk.errors import Her2DeskError
from her2desk.logs import logging_to
from her2desk.paths import (
    default_library_dir,
    demo_pack_path,
    settings_path,
    translations_dir,
)
from her2desk.settings import Settings, load_settings
from her2desk.store.opening import open_library
from her2desk.texts import CATALOGUE, tr
from her2desk.ui.main_window import MainWindow
from her2desk.ui.theme import apply_theme, dressed_at_the_end


def run(argv: list[str]) -> int:
    """Open the window with these arguments and return the exit code when it closes."""
    arguments = _parse(argv)
    settings = load_settings(settings_path())
    _use_language(settings)
    headless = not has_display(os.environ)
    if headless and not arguments.demo:
        sys.stderr.write(tr("There is no display to open a window on.") + "\n")
        sys.stderr.write(tr("Use the command line: her2desk --help.") + "\n")
        return 3
    if headless:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    try:
        with logging_to(arguments.library):
            if headless:
                from her2desk.ui.demonstration import demonstrate

                return demonstrate(make_application(settings), arguments.out)
            return _open(arguments, settings)
    except Her2DeskError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


def make_application(settings: Settings) -> QApplication:
    """The application with its name, theme and icon."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("Her2Desk")
    app.setApplicationDisplayName("Her2Desk")
    app.setDesktopFileName("her2desk")
    apply_theme(app, settings.theme)
    return app


def make_window(library_dir: Path, settings: Settings, pack_path: Path | None = None) -> MainWindow:
    """A window on a library; raises ``StoreRefused`` where the library cannot be opened."""
    library = open_library(library_dir)
    library.reader = settings.reader
    chosen = Path(settings.pack_path) if settings.pack_path else demo_pack_path()
    with dressed_at_the_end():
        return MainWindow(library, library_dir, settings, settings_path(), pack_path or chosen)


def has_display(environment: Mapping[str, str]) -> bool:
    """Whether a person can see a window: not on Linux without a screen, nor drawn in memory."""
    platform = environment.get("QT_QPA_PLATFORM", "")
    if platform in ("offscreen", "minimal"):
        return False
    if sys.platform != "linux":
        return True  # no cover: needs Windows or macOS
    return bool(platform or environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def _open(arguments: argparse.Namespace, settings: Settings) -> int:
    app = make_application(settings)
    window = make_window(arguments.library, settings, arguments.pack)
    window.show()

    def begin() -> None:
        window.start()
        if arguments.demo:
            window.open_demo()
        elif arguments.files:
            window.open_files(arguments.files)

    QTimer.singleShot(0, begin)  # after the first paint
    return int(app.exec())


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("her2desk", description=tr("Open the Her2Desk window."))
    parser.add_argument("files", nargs="*", type=Path, help=tr("Files or folders to import."))
    parser.add_argument("--demo", action="store_true", help=tr("Open the demo case."))
    parser.add_argument("--pack", type=Path, help=tr("Model pack."))
    parser.add_argument("--library", type=Path, default=default_library_dir())
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("out/demo"),
        help=tr("Where --demo writes when there is no display."),
    )
    return parser.parse_args(argv)


def _use_language(settings: Settings) -> None:
    try:
        CATALOGUE.use(settings.language, translations_dir())
    except OSError:  # a language that this version does not have
        return
