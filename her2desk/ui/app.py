"""Starts the window: arguments, application, library, first paint, then the engine."""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

from her2desk.errors import Her2DeskError
from her2desk.last_run import RunMarker
from her2desk.logs import crashes_written, logging_to
from her2desk.paths import (
    default_library_dir,
    demo_pack_path,
    settings_path,
    translations_dir,
)
from her2desk.private_files import remove_left_folders
from her2desk.settings import Settings, load_settings
from her2desk.store.opening import needs_passphrase, open_for_window
from her2desk.store.vault_session import remove_left_unsealed
from her2desk.texts import CATALOGUE, Message, tr
from her2desk.ui.between_windows import BetweenWindows, carry_out
from her2desk.ui.ending import closed_on_request
from her2desk.ui.errors.collector import FaultCollector
from her2desk.ui.garbage import set_aside_loaded
from her2desk.ui.main_window import MainWindow
from her2desk.ui.passphrase import ask_to_unlock
from her2desk.ui.theme import apply_theme, dressed_at_the_end

if TYPE_CHECKING:
    from her2desk.store.vault import Vault

SWITCH_S = 0.001  # a fifth of Python's own: how long the window waits for a thread that works


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
        with logging_to(arguments.library), crashes_written(arguments.library, "window"):
            if headless:
                from her2desk.ui.demonstration import demonstrate

                set_aside_loaded()
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
    sys.setswitchinterval(SWITCH_S)
    _forget_chosen_folders()
    apply_theme(app, settings.theme)
    return app


def make_window(
    library_dir: Path,
    settings: Settings,
    pack_path: Path | None = None,
    vault: "Vault | None" = None,
) -> MainWindow:
    """A window on a library; raises ``StoreRefused`` where the library cannot be opened.

    ``vault`` opens one that is encrypted.
    """
    library = open_for_window(library_dir, settings.reader, vault=vault)
    chosen = Path(settings.pack_path) if settings.pack_path else demo_pack_path()
    with dressed_at_the_end():
        return MainWindow(library, library_dir, settings, settings_path(), pack_path or chosen)


def _forget_chosen_folders() -> None:
    """Have Qt's own file dialog remember no folders: a disc's can have a patient's name.

    It would write them to a file that every program of the user reads.
    """
    for form in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        QSettings.setPath(form, QSettings.Scope.UserScope, os.devnull)


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
    code, next_task = _live(app, arguments, settings, None)
    while next_task is not None:
        outcome = carry_out(next_task)
        arguments.files, arguments.demo = [], False
        code, next_task = _live(app, arguments, load_settings(settings_path()), outcome)
    return code


def _live(
    app: QApplication,
    arguments: argparse.Namespace,
    settings: Settings,
    outcome: Message | Her2DeskError | None,
) -> tuple[int, BetweenWindows | None]:
    """One window from its opening to its end; ``outcome`` is of what was done before it."""
    vault = None
    if needs_passphrase(arguments.library):
        vault = ask_to_unlock(arguments.library)
        if vault is None:
            return 0, None
    marker = RunMarker(arguments.library)
    with FaultCollector() as faults:
        window = make_window(arguments.library, settings, arguments.pack, vault)
        faults.told.connect(window.problems.show_error)
        window.session.case_opened.connect(lambda case: marker.note_case(case.case_id))
        window.show()

        def begin() -> None:
            ended = marker.begin()
            if ended is not None:
                window.problems.show_last_run(ended)
            window.start()
            if isinstance(outcome, Her2DeskError):
                window.problems.show_error(outcome)
            elif outcome is not None:
                window.problems.show_note(outcome)
            if arguments.demo:
                window.open_demo()
            elif arguments.files:
                window.open_files(arguments.files)
            window.background.run(_remove_left, _settle, _settle)  # after all that is loaded there

        QTimer.singleShot(0, begin)  # after the first paint
        with closed_on_request(window.close):
            code = int(app.exec())
    marker.end()
    return code, window.next_task


def _remove_left() -> None:
    remove_left_folders()
    remove_left_unsealed()


def _settle(_outcome: object) -> None:
    """What was left of earlier runs is gone, or will be tried again at the next start."""
    set_aside_loaded()


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
