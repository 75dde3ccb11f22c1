"""The commands, assembled."""

import io
import os
import sys
from pathlib import Path

import typer
from typer.exceptions import TyperException

from her2desk import __version__
from her2desk.cli import (
    agreement,
    audit,
    benchmark,
    deidentify,
    doctor,
    evaluate,
    features,
    import_files,
    library,
    nomogram,
    outline,
    pack,
    pacs,
    phantom,
    policy,
    predict,
    report,
    settings,
    train,
    train_enhancer,
    validate,
)
from her2desk.cli.borrowed_words import speak_in_help
from her2desk.cli.output import refuse, usage_refusal
from her2desk.cli.passphrases import use_passphrase_file
from her2desk.in_force import settings_in_force
from her2desk.inference.threads import choose_threads
from her2desk.languages import chosen_language, speak, system_locale
from her2desk.texts import tr

PROGRAM = "her2desk"
PARTS = (
    import_files, predict, report, train, train_enhancer, validate, features, evaluate, nomogram,
    agreement, audit, outline, pack, pacs, library, phantom, deidentify, benchmark, doctor,
    settings, policy,
)  # fmt: skip


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    chosen = settings_in_force()
    choose_threads(chosen.threads)
    speak(chosen_language(chosen.language, os.environ, system_locale()))
    _never_fail_on_encoding()
    command = typer.main.get_command(build_app())
    speak_in_help(command)
    try:
        code: int | None = command.main(arguments, prog_name=PROGRAM, standalone_mode=False)
    except TyperException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else PROGRAM
        return refuse("--json" in arguments, usage_refusal(error.format_message(), path))
    return code or 0


def build_app() -> typer.Typer:
    """The command line with all its commands, in the present language."""
    app = typer.Typer(
        name=PROGRAM,
        help=tr("Without arguments, or with files, her2desk opens its window."),
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )

    @app.callback()
    def program(
        version: bool = typer.Option(
            False,
            "--version",
            is_eager=True,
            callback=_print_version,
            help=tr("Print the version."),
        ),
        passphrase_file: Path | None = typer.Option(
            None,
            metavar="FILE",
            help=tr("Read the passphrase of an encrypted library from this file."),
        ),
    ) -> None:
        use_passphrase_file(passphrase_file)

    for part in PARTS:
        part.register(app)
    return app


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


def _never_fail_on_encoding() -> None:
    """A console that lacks a character shows another in its place."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
