"""Chooses between the window and the command line; loads only the one that is wanted."""

import multiprocessing
import sys
from pathlib import Path

from her2desk.bundle_manifest import BundleDamaged, bundle_root, refuse_damaged
from her2desk.cli.commands import COMMANDS
from her2desk.private_files import keep_private

WINDOW_FLAGS = ("--demo", "--rehearse")
WINDOW_OPTIONS = ("--library", "--out", "--pack")  # each with a value


def main() -> int:
    """Open the window, or run the command that the arguments name; returns the exit code."""
    multiprocessing.freeze_support()
    keep_private()
    try:
        refuse_damaged(bundle_root())
    except BundleDamaged as damage:
        sys.stderr.write(f"{damage}\n")
        return damage.exit_code
    arguments = sys.argv[1:]
    if wants_window(arguments):
        from her2desk.ui.garbage import leave_alone_while_loading

        leave_alone_while_loading()
        from her2desk.ui.app import run

        return run(arguments)
    from her2desk.cli.app import main as run_command_line

    return run_command_line(arguments)


def wants_window(arguments: list[str]) -> bool:
    """Whether the arguments are the window's: none, files that exist, or its options.

    A command's name wins over a file of that name.
    """
    if arguments and arguments[0] in COMMANDS:
        return False
    rest = iter(arguments)
    for argument in rest:
        if argument in WINDOW_OPTIONS:
            next(rest, None)
        elif not (
            argument in WINDOW_FLAGS
            or argument.partition("=")[0] in WINDOW_OPTIONS
            or Path(argument).exists()
        ):
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
