"""Starts the window: arguments, application, library, first paint, then the engine."""

import argparse
import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

from her2desk.errors import Her2DeskError
from her2desk.in_force import (
    check_library_place,
    default_library_dir,
    library_without_choice,
    policy_in_force,
    read_in_force,
    settings_in_force,
)
from her2desk.languages import chosen_language, language_of_setting, speak, system_locale
from her2desk.last_run import RunMarker
from her2desk.logs import crashes_written, logging_to
from her2desk.paths import demo_pack_path, settings_path
from her2desk.private_files import remove_left_folders
from her2desk.settings import Settings
from her2desk.store.opening import needs_passphrase, open_for_window
from her2desk.store.vault_session import remove_left_unsealed
from her2desk.texts import Message, tr
from her2desk.ui import accessible
from her2desk.ui.between_windows import BetweenWindows, carry_out
from her2desk.ui.ending import closed_on_request
from her2desk.ui.errors.collector import FaultCollector
from her2desk.ui.garbage import set_aside_loaded
from her2desk.ui.main_window import MainWindow
from her2desk.ui.passphrase import ask_to_unlock
from her2desk.ui.small_screens import fit_on_screen
from her2desk.ui.speech import speech_of
from her2desk.ui.standing import Standing
from her2desk.ui.theme import apply_theme, dressed_at_the_end

if TYPE_CHECKING:
    from her2desk.store.vault import Vault

SWITCH_S = 0.001  # a fifth of Python's own: how long the window waits for a thread that works


def run(argv: list[str]) -> int:
    """Open the window with these arguments and return the exit code when it closes."""
    settings = settings_in_force()
    speak(chosen_language(settings.language, os.environ, system_locale()))
    arguments = _parse(argv)
    headless = not has_display(os.environ)
    if headless and not arguments.demo:
        sys.stderr.write(tr("There is no display to open a window on.") + "\n")
        sys.stderr.write(tr("Use the command line: her2desk --help.") + "\n")
        return 3
    if headless:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    try:
        check_library_place(arguments.library)
        with ExitStack() as record:
            _record_in(record, arguments.library)
            if headless:
                from her2desk.ui.demonstration import demonstrate

                set_aside_loaded()
                return demonstrate(make_application(settings), arguments.out)
            return _open(arguments, settings, record)
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
    speech_of(app).follow()
    apply_theme(app, settings.theme)
    accessible.install(app)
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
        window = MainWindow(
            library,
            library_dir,
            settings,
            settings_path(),
            pack_path or chosen,
            policy_in_force(),
        )
    fit_on_screen(window)
    return window


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


@dataclass(frozen=True)
class _Ending:
    """How a window ended: the exit code, and what another in its place is to begin with."""

    code: int
    task: BetweenWindows | None = None
    standing: Standing | None = None
    vault: "Vault | None" = None
    was_opened: bool = True


def _record_in(record: ExitStack, library: Path) -> None:
    """Log, and write crashes, in ``library`` from now on."""
    record.close()
    record.enter_context(logging_to(library))
    record.enter_context(crashes_written(library, "window"))


def _open(arguments: argparse.Namespace, settings: Settings, record: ExitStack) -> int:
    app = make_application(settings)
    ending = _live(app, arguments, settings)
    while ending.task is not None or ending.standing is not None:
        arguments.files, arguments.demo = [], False
        task, outcome = ending.task, None
        if task is not None:
            outcome = carry_out(task)
            settings = settings_in_force()
        elif ending.standing is not None:
            settings = ending.standing.settings
        speak(language_of_setting(settings.language))
        speech_of(app).follow()
        if task is None:
            ending = _live(app, arguments, settings, ending)
        elif task.library is None or not isinstance(outcome, Message):
            ending = _live(app, arguments, settings, outcome=outcome)
        else:
            ending = _moved(app, arguments, settings, task.library, outcome, record)
    return ending.code


def _moved(
    app: QApplication,
    arguments: argparse.Namespace,
    settings: Settings,
    library: Path,
    outcome: Message,
    record: ExitStack,
) -> _Ending:
    """A window on another library; on the one before where that cannot be opened, or is not unlocked."""
    before, arguments.library = arguments.library, library
    _record_in(record, library)
    refused: Her2DeskError | None = None
    try:
        ending = _live(app, arguments, settings, outcome=outcome, keeps_library=True)
        if ending.was_opened:
            return ending
    except Her2DeskError as error:
        refused = error
    arguments.library = before
    _record_in(record, before)
    return _live(app, arguments, settings, outcome=refused)


def _live(
    app: QApplication,
    arguments: argparse.Namespace,
    settings: Settings,
    before: _Ending = _Ending(0),
    outcome: Message | Her2DeskError | None = None,
    keeps_library: bool = False,
) -> _Ending:
    """One window from its opening to its end.

    ``before`` is the end of the one whose place it takes; ``outcome`` is of what was done between.
    ``keeps_library`` has the settings name the library from now on.
    """
    vault, standing = before.vault, before.standing
    if standing is None and needs_passphrase(arguments.library):
        vault = ask_to_unlock(arguments.library)
        if vault is None:
            return _Ending(0, was_opened=False)
    marker = RunMarker(arguments.library)
    with FaultCollector() as faults:
        window = make_window(arguments.library, settings, arguments.pack, vault)
        faults.told.connect(window.problems.show_error)
        window.session.case_opened.connect(lambda case: marker.note_case(case.case_id))
        if keeps_library:
            is_usual = arguments.library == library_without_choice()
            window.preferences.keep({"library": None if is_usual else str(arguments.library)})
        window.show()

        def begin() -> None:
            ended = marker.begin()
            if ended is not None:
                window.problems.show_last_run(ended)
            window.start(standing)
            if standing is None:
                window.following.tell(read_in_force().notes)
                window.greet()
            if isinstance(outcome, Her2DeskError):
                window.problems.show_error(outcome)
            elif outcome is not None:
                window.problems.show_note(outcome)
            if arguments.rehearse:
                from her2desk.ui.led_window import LedWindow

                LedWindow(window, arguments.out)
            if arguments.demo:
                window.open_demo()
            elif arguments.files:
                window.open_files(arguments.files)
            window.background.run(_remove_left, _settle, _settle)  # after all that is loaded there

        QTimer.singleShot(0, begin)  # after the first paint
        with closed_on_request(window.close):
            code = int(app.exec())
    marker.end()
    window.deleteLater()  # once another in its place has its event loop
    return _Ending(code, window.next_task, window.standing, vault)


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
    parser.add_argument(
        "--rehearse",
        action="store_true",
        help=tr("Lead the window through the file by itself, up to the report, and close it."),
    )
    parser.add_argument("--pack", type=Path, help=tr("Model pack."))
    parser.add_argument("--library", type=Path, default=default_library_dir())
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("out/demo"),
        help=tr("Where --rehearse writes, and --demo without a display."),
    )
    return parser.parse_args(argv)
