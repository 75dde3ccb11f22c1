"""Options that several commands share; functions, so that their help is in the present language."""

from typing import Any

import typer

from her2desk.texts import tr


def json_option() -> Any:
    """``--json``."""
    return typer.Option(
        False, "--json", help=tr("Print one JSON document instead of text for people.")
    )


def device_option() -> Any:
    """``--device NAME``."""
    return typer.Option(
        None,
        "--device",
        help=tr("auto, cpu, cuda or mps; the one in the settings where not given."),
    )


def library_option() -> Any:
    """``--library DIR``."""
    return typer.Option(
        None,
        "--library",
        metavar="DIR",
        help=tr("The library's folder (HER2DESK_HOME, or the usual place, where not given)."),
    )


def scheduler_option() -> Any:
    """``--scheduler ADDRESS``."""
    return typer.Option(
        None,
        "--scheduler",
        metavar="ADDRESS",
        help=tr("Measure on the workers of this Dask scheduler, such as tcp://HOST:8786."),
    )
