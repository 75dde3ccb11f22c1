"""``her2desk settings``: shown, written to one file, and taken from one."""

from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command
from her2desk.in_force import keep_settings, policy_in_force, settings_in_force
from her2desk.paths import settings_path
from her2desk.settings import Settings, as_json
from her2desk.settings_file import REMEMBERED, export_settings, import_settings
from her2desk.texts import listed, tr


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=tr("Settings: show, export, import."), rich_markup_mode=None)
    app.add_typer(group, name="settings")

    @group.command("show", help=tr("Show the settings that hold, and who set them."))
    def show(library: Path | None = library_option(), as_json: bool = json_option()) -> int:
        return run_command(as_json, _shown, library)

    @group.command("export", help=tr("Write the settings to one file."))
    def export(
        file: Path = typer.Argument(metavar="F.json"),
        personal: bool = _personal_option(),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        return run_command(as_json, lambda: _exported(file, personal), library)

    @group.command("import", help=tr("Take the settings from a file; all of it, or nothing."))
    def import_(
        file: Path = typer.Argument(metavar="F.json"),
        personal: bool = _personal_option(),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        return run_command(as_json, lambda: _imported(file, personal), library)


def _personal_option() -> Any:
    return typer.Option(
        False,
        "--personal",
        help=tr("Also the reader's name and the folders of the library and the pack."),
    )


def _shown() -> Outcome:
    policy, settings = policy_in_force(), settings_in_force()
    values = {name: value for name, value in as_json(settings).items() if name not in REMEMBERED}
    standard = as_json(Settings())
    document = {
        "file": str(settings_path()),
        "settings": values,
        "locked": sorted(policy.locked),
        "policy": [str(path) for path in policy.files],
    }

    def who(name: str) -> str:
        if name in policy.locked:
            return tr("set by your administrator")
        return tr("standard") if values[name] == standard[name] else tr("chosen")

    def show(console: Console) -> None:
        for name, value in values.items():
            console.print(printable(f"{name} = {_value(value)}  ({who(name)})"))

    return Outcome(document, show)


def _value(value: object) -> str:
    return "–" if value is None or value == {} else str(value)


def _exported(file: Path, personal: bool) -> Outcome:
    export_settings(file, settings_in_force(), with_personal=personal)
    said = tr("Written: {path}").format(path=file)
    return Outcome({"file": str(file)}, lambda console: console.print(printable(said)))


def _imported(file: Path, personal: bool) -> Outcome:
    found, policy = import_settings(file), policy_in_force()
    before = settings_in_force()
    settings = found.over(before, with_personal=personal, locked=policy.locked)
    taken = found.taken(with_personal=personal, locked=policy.locked)
    if settings.library is not None and settings.library != before.library:
        from her2desk.store.choosing import place_for_library

        place_for_library(Path(settings.library))
    keep_settings(settings)
    left = [name for name in found.values if name not in taken]

    def show(console: Console) -> None:
        console.print(printable(tr("Taken: {names}.").format(names=listed(sorted(taken)))))
        if left:
            console.print(
                printable(tr("Left as they were: {names}.").format(names=listed(sorted(left))))
            )

    return Outcome({"taken": sorted(taken), "left": sorted(left)}, show)
