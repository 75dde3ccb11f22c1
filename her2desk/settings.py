"""What the user chose, in one small JSON file; broken values fall back to the defaults.

Only what was chosen is written. What a file holds and this version does not know, or cannot use, stays
in it: a newer version finds it again.
"""

import difflib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from her2desk.errors import StoreRefused
from her2desk.private_files import make_private_folder, write_private
from her2desk.texts import Message, listed, msg, phrase

THEMES = ("dark", "light", "system")
DEVICES = ("auto", "cpu", "cuda", "cuda-half", "mps")
OPERATING_POINTS = ("youden", "sensitivity95", "specificity95")
LANGUAGE_CHOICES = ("system", "en", "zh_CN")
MOST_THREADS = 64  # beyond this more threads only wait for one another
PERSONAL = ("reader", "library", "pack_path")  # they tell of a person, or of their folders
UNREADABLE = ".unreadable"  # behind the name of a settings file that was set aside
_LONGEST_SHOWN = 60  # characters of a wrong value in a sentence


@dataclass(frozen=True)
class Settings:
    """The user's choices.

    ``local_prevalence`` is a share (0–1) or None for the pack's own cohort; ``device`` is where the
    network runs, ``threads`` how many processor threads the arithmetic uses (0: automatic);
    ``read_first`` asks for the reader's impression before the result is shown. ``library`` is the
    library's folder, None for the usual place. ``shortcuts`` has changed keys by the action's name, ""
    for none. ``news_seen`` is the version whose changes were shown last.
    """

    theme: str = "dark"
    device: str = "auto"
    threads: int = 0
    language: str = "system"
    operating_point: str = "youden"
    local_prevalence: float | None = None
    reader: str = "Reader A"
    read_first: bool = True
    pack_path: str | None = None
    heatmap_opacity: float = 0.45
    library: str | None = None
    shortcuts: Mapping[str, str] = field(default_factory=dict)
    tour_done: bool = False
    news_seen: str = ""

    def checked(self) -> "Settings":
        """The same with every value outside its range put back to the default."""
        default = Settings()
        wrong = {
            name: getattr(default, name)
            for name, rule in RULES.items()
            if not rule.holds(getattr(self, name))
        }
        return replace(self, **wrong)


@dataclass(frozen=True)
class Rule:
    """What one setting may be; ``allowed`` says it in words."""

    kinds: tuple[type, ...]
    allows: Callable[[Any], bool]
    allowed: Message

    def holds(self, value: object) -> bool:
        """Whether ``value`` can be used."""
        if isinstance(value, bool) and bool not in self.kinds:
            return False
        return isinstance(value, self.kinds) and self.allows(value)


@dataclass(frozen=True)
class Basis:
    """What others decided before the user: values that hold in any case, and others until a choice."""

    locked: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)


NO_BASIS = Basis()


@dataclass(frozen=True)
class ReadSettings:
    """The settings, and what of their file could not be used."""

    settings: Settings
    notes: tuple[Message, ...] = ()


def load_settings(path: Path, basis: Basis = NO_BASIS) -> Settings:
    """Settings from ``path``; the defaults where the file is absent or unreadable."""
    return read_settings(path, basis).settings


def read_settings(path: Path, basis: Basis = NO_BASIS) -> ReadSettings:
    """Settings from ``path``, with a sentence for each thing in it that cannot be used."""
    raw: dict[str, Any] = {}
    notes: tuple[Message, ...] = ()
    try:
        raw = _raw(path)
    except ValueError:
        notes = (
            msg(
                "The settings file {name} is damaged, so the standard settings hold. It stays as it "
                "is until a setting is changed, and is kept beside the new one then.",
                name=path.name,
            ),
        )
    return ReadSettings(_from_json(raw, basis), notes + wrong_values(raw))


def save_settings(path: Path, settings: Settings, basis: Basis = NO_BASIS) -> None:
    """Write what differs from what the file says, so that a crash leaves the old file or the new one.

    The file is for the user alone. What is locked is not written; what this version does not know
    stays. A file that cannot be read is kept beside the new one, its name ending in ``UNREADABLE``.
    Raises ``StoreRefused`` when the file cannot be written; the old one is then still there.
    """
    try:
        make_private_folder(path.parent)
        raw = _raw_or_set_aside(path)
        before = _from_json(raw, basis)
        changed = {
            one.name: value
            for one in fields(Settings)
            if one.name not in basis.locked
            and (value := getattr(settings, one.name)) != getattr(before, one.name)
        }
        content = json.dumps({**raw, **_plain(changed)}, indent=2, sort_keys=True)
        write_private(path, content.encode())
    except OSError as error:
        raise StoreRefused(
            msg("The settings could not be saved."),
            msg(
                "Check that you may write to {folder} and that its disk has room.",
                folder=path.parent,
            ),
            code="settings-unwritable",
        ) from error


def as_json(settings: Settings) -> dict[str, Any]:
    """Every setting by its name, as JSON has it."""
    return _plain({one.name: getattr(settings, one.name) for one in fields(settings)})


def wrong_values(raw: Mapping[str, Any]) -> tuple[Message, ...]:
    """A sentence for each value that no setting can have; names that are not known are passed over."""
    return tuple(
        wrong_value(name, raw[name])
        for name, rule in RULES.items()
        if name in raw and not rule.holds(raw[name])
    )


def wrong_value(name: str, value: object) -> Message:
    """The sentence for a value that the setting ``name`` cannot have."""
    return msg(
        "The setting {name} is {value}, but may be {allowed}.",
        name=name,
        value=as_shown(value),
        allowed=phrase(RULES[name].allowed),
    )


def _raw(path: Path) -> dict[str, Any]:
    """What the file says; empty where there is none. Raises ``ValueError`` where it is no settings."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError:
        return {}
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(raw, dict):
        raise ValueError("no JSON object")
    return raw


def _raw_or_set_aside(path: Path) -> dict[str, Any]:
    try:
        return _raw(path)
    except ValueError:
        path.replace(path.with_name(path.name + UNREADABLE))
        return {}


def _from_json(raw: Mapping[str, Any], basis: Basis) -> Settings:
    """The locked value, else the file's, else the default that was offered, else our own."""
    values: dict[str, Any] = {}
    for name, rule in RULES.items():
        for source in (basis.locked, raw, basis.defaults):
            if name in source and rule.holds(source[name]):
                values[name] = source[name]
                break
    return Settings(**values)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {n: dict(v) if isinstance(v, Mapping) else v for n, v in values.items()}


def unknown_name(whole: str, name: str, known: Sequence[str]) -> Message:
    """The sentence for a name that is not known: the nearest one that is, or all of them."""
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    if near:
        return msg("{key} is not known; {near} is.", key=whole, near=near[0])
    return msg("{key} is not known; known are {all}.", key=whole, all=listed(known))


def as_shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def _is_path(value: str | None) -> bool:
    return value is None or (bool(value) and "\0" not in value)


def _are_keys(value: Mapping[object, object]) -> bool:
    return all(isinstance(one, str) for pair in value.items() for one in pair)


def _one_of(values: tuple[str, ...]) -> Rule:
    return Rule((str,), values.__contains__, msg("one of {values}", values=listed(values)))


_YES_OR_NO = Rule((bool,), lambda _value: True, msg("true or false"))
_WORDS = Rule((str,), lambda _value: True, msg("a text"))

RULES: Mapping[str, Rule] = {
    "theme": _one_of(THEMES),
    "device": _one_of(DEVICES),
    "threads": Rule(
        (int,),
        range(MOST_THREADS + 1).__contains__,
        msg("a whole number from 0 (automatic) to {most}", most=MOST_THREADS),
    ),
    "language": _one_of(LANGUAGE_CHOICES),
    "operating_point": _one_of(OPERATING_POINTS),
    "local_prevalence": Rule(
        (float, int, type(None)),
        lambda value: value is None or 0 < value < 1,
        msg("a number above 0 and below 1, or null"),
    ),
    "reader": _WORDS,
    "read_first": _YES_OR_NO,
    "pack_path": Rule((str, type(None)), lambda _value: True, msg("a file's path, or null")),
    "heatmap_opacity": Rule(
        (float, int), lambda value: 0 <= value <= 1, msg("a number from 0 to 1")
    ),
    "library": Rule(
        (str, type(None)),
        lambda value: _is_path(value) and (value is None or Path(value).is_absolute()),
        msg("a folder's whole path, or null"),
    ),
    "shortcuts": Rule((dict,), _are_keys, msg("an object of texts, each by an action's name")),
    "tour_done": _YES_OR_NO,
    "news_seen": _WORDS,
}
