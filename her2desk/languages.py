"""Which language this run speaks, and having it and what it starts speak it."""

import gettext
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from her2desk.paths import translations_dir
from her2desk.texts import CATALOGUE, DOMAIN, SOURCE_LANGUAGE

LANGUAGE_VARIABLE = "HER2DESK_LANGUAGE"
SYSTEM = "system"
_CHINESE = "zh_CN"
_ASKED_WITHIN_S = 2.0


@dataclass(frozen=True)
class Language:
    """A language of the program: its ``code`` as in the catalogues' folders, and its own name."""

    code: str
    name: str

    @property
    def tag(self) -> str:
        """As HTML and PDF name it (BCP 47)."""
        return self.code.replace("_", "-")


LANGUAGES = (Language("en", "English"), Language(_CHINESE, "简体中文"))
_CODES = frozenset(language.code for language in LANGUAGES)


def chosen_language(setting: str, environment: Mapping[str, str], system_locale: str) -> str:
    """The code of the language to speak.

    ``HER2DESK_LANGUAGE`` of the environment comes first, then the setting; ``"system"``, and whatever
    this version does not know, follows the locale: Chinese of any region or script is Simplified
    Chinese, all else is English.
    """
    for asked in (environment.get(LANGUAGE_VARIABLE, ""), setting):
        if asked in _CODES:
            return asked
        if asked == SYSTEM:
            break
    primary = system_locale.replace("-", "_").partition("_")[0].partition(".")[0]
    return _CHINESE if primary.casefold() == "zh" else SOURCE_LANGUAGE


def language_of_setting(setting: str) -> str:
    """The language that a setting means on this computer, whatever this run was told at its start."""
    return chosen_language(setting, {}, system_locale())


def speak(language: str) -> None:
    """Have this process, and those that it starts from now on, speak ``language``.

    A language without a catalogue, as in a damaged installation, leaves English. Libraries that look
    their words up through ``gettext`` find ours.
    """
    try:
        CATALOGUE.use(language, translations_dir())
    except OSError:
        language = SOURCE_LANGUAGE
        CATALOGUE.use(language, translations_dir())
    os.environ[LANGUAGE_VARIABLE] = language
    os.environ["LANGUAGE"] = language  # where gettext looks first
    gettext.bindtextdomain(DOMAIN, str(translations_dir()))
    gettext.textdomain(DOMAIN)


def system_locale() -> str:
    """The locale that the computer is set to, such as ``zh_CN.UTF-8``; empty where it says none."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return value
    if sys.platform == "win32":  # no cover: needs Windows
        return _windows_locale()
    if sys.platform == "darwin":  # no cover: needs macOS
        return _mac_locale()
    return ""


def _windows_locale() -> str:  # no cover: needs Windows
    """The language of Windows' own menus."""
    import ctypes
    import locale

    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009
    return locale.windows_locale.get(kernel.GetUserDefaultUILanguage(), "")


def _mac_locale() -> str:  # no cover: needs macOS
    """The first of the languages that the user prefers; programs of the Dock have no LANG."""
    asked = ["/usr/bin/defaults", "read", "-g", "AppleLanguages"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, timeout=_ASKED_WITHIN_S)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return next((line.strip(' ",') for line in told.stdout.splitlines()[1:]), "")
