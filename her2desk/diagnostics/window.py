"""Whether the window can open: its shared libraries, Qt's platform, the screen."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from her2desk.diagnostics.check import Check
from her2desk.diagnostics.children import Children, NoAnswer
from her2desk.redaction import public
from her2desk.system_libraries import PACKAGE_OF_LIBRARY, apt_command, missing_libraries
from her2desk.texts import Message, msg

WINDOW_PART = "window"
SMALLEST = (1280, 720)  # device-independent pixels, which the window is laid out for
PLATFORM_VARIABLE = "QT_QPA_PLATFORM"
_LIBRARY = re.compile(r"(lib[\w.+-]+\.so[\w.]*): cannot open shared object file")
_PLATFORM = re.compile(r'Could not (?:find|load) the Qt platform plugin "([\w.-]*)"')
_NO_DISPLAY = "could not connect to display"


def system_libraries_check(missing: Callable[[], tuple[str, ...]] = missing_libraries) -> Check:
    """Whether the window's shared libraries are there."""
    absent = missing()
    if not absent:
        return Check("system-libraries", True, msg("The window's system libraries are present."))
    return Check(
        "system-libraries",
        False,
        msg("The window cannot open without {names}.", names=public(", ".join(absent))),
        msg("As root, run: {command}", command=public(" ".join(apt_command(absent)))),
    )


def window_checks(
    children: Children, environment: Mapping[str, str] = os.environ
) -> Iterator[Check]:
    """Whether Qt opens a window, tried in a child; and the screens that it finds."""
    try:
        found = children.ask(WINDOW_PART)
    except NoAnswer as error:
        yield _no_window(error, environment)
        return
    if not found["has_display"]:
        yield Check(
            "window",
            True,
            msg("Qt {qt} works, but there is no display here to open a window on.", **_qt(found)),
            msg("Use the command line here: her2desk --help"),
        )
        yield Check("screen", True, msg("There is no screen here."))
        return
    said = msg("Qt {qt} opens windows through “{platform}”.", **_qt(found))
    yield Check("window", True, said)
    yield screen_check(found["screens"])


def screen_check(screens: list[Mapping[str, Any]]) -> Check:
    """The screens' sizes in device-independent pixels and their scaling; too small is advice."""
    each = "; ".join(
        f"{one['width']} × {one['height']}, {round(100 * one['scale'])} %" for one in screens
    )
    said = msg("Size and scaling: {screens}.", screens=public(each))
    wide, high = SMALLEST
    if any(one["width"] >= wide and one["height"] >= high for one in screens):
        return Check("screen", True, said)
    advice = msg(
        "Her2Desk is laid out for {wide} × {high}; lower the scaling, or use a larger screen.",
        wide=wide,
        high=high,
    )
    return Check("screen", True, said, advice)


def _no_window(error: NoAnswer, environment: Mapping[str, str]) -> Check:
    words = error.ended.said
    library = _LIBRARY.search(words)
    if library is not None:
        name = library[1]
        said = msg("The window cannot open without {names}.", names=public(name))
        return Check("window", False, said, _install(name))
    if _NO_DISPLAY in words:
        return Check(
            "window",
            False,
            msg("The display that is set here does not answer."),
            msg("Log in at the computer itself, or correct the variable DISPLAY."),
        )
    plugin = _PLATFORM.search(words)
    if plugin is not None:
        said = msg("Qt cannot open windows through “{platform}”.", platform=public(plugin[1]))
        return Check("window", False, said, _another_platform(environment))
    return Check("window", False, error.message, error.remedy)


def _install(library: str) -> Message:
    if library in PACKAGE_OF_LIBRARY:
        command = " ".join(apt_command((library,)))
        return msg("As root, run: {command}", command=public(command))
    return msg("Install the package of your system that holds {name}.", name=public(library))


def _another_platform(environment: Mapping[str, str]) -> Message:
    if environment.get(PLATFORM_VARIABLE):
        return msg("Remove the variable {name} and start again.", name=public(PLATFORM_VARIABLE))
    absent = missing_libraries()
    if absent:
        return msg("As root, run: {command}", command=public(" ".join(apt_command(absent))))
    return msg("Install Her2Desk again; the installation is incomplete or damaged.")


def _qt(found: Mapping[str, Any]) -> dict[str, object]:
    return {"qt": public(found["qt"]), "platform": public(found["platform"])}
