"""The administrator's file: settings that users cannot change, defaults, and what nobody may do here.

It is read at each question that depends on it, from places that an ordinary user cannot write. What
cannot be understood of it closes: then nothing is allowed that the file could have forbidden, the
settings that are understood hold, and the program starts all the same, so that cases can be read.
"""

import json
import os
import re
import stat
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from her2desk.errors import InputRefused
from her2desk.settings import RULES, Basis, as_shown, unknown_name, wrong_value
from her2desk.texts import Message, msg, phrase

POLICY_FILE = "policy.json"
MOST_BYTES = 1_000_000
NOT_LOCKABLE = ("news_seen",)  # what the program remembers, no choice
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_SETTINGS, _DEFAULTS, _ALLOW = "settings", "defaults", "allow"
_SIGNERS, _CONTACT = "signers", "contact"
_PARTS = (_SETTINGS, _DEFAULTS, _ALLOW, _SIGNERS, _CONTACT)
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


class Allowance(StrEnum):
    """What an administrator can forbid; all of it is allowed where no file says otherwise."""

    NETWORK = "network"
    TRAINING = "training"
    UNSIGNED_PACKS = "unsigned_packs"
    SUPPORT_BUNDLE = "support_bundle"


@dataclass(frozen=True)
class Policy:
    """What holds here: the sum of the files found, and ``problems``, a sentence for each fault in them.

    ``signers`` are the fingerprints of those whose packs may be used where unsigned ones may not.
    """

    locked: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    forbidden: frozenset[Allowance] = frozenset()
    signers: frozenset[str] = frozenset()
    contact: str = ""
    files: tuple[Path, ...] = ()
    problems: tuple[Message, ...] = ()

    @property
    def basis(self) -> Basis:
        """What it means for the settings."""
        return Basis(self.locked, self.defaults)

    @property
    def is_sound(self) -> bool:
        """Whether all of it was understood."""
        return not self.problems

    @property
    def remedy(self) -> Message:
        """Whom to ask."""
        if not self.is_sound:
            return msg(
                "Ask your administrator to correct {files}; her2desk policy check says what is wrong.",
                files=_names(self.files),
            )
        if self.contact:
            return msg("Ask your administrator: {contact}", contact=self.contact)
        return msg("Ask your administrator if you need it.")

    @property
    def lock_sentence(self) -> Message:
        """By whom a locked setting was set."""
        if self.contact:
            return msg("Set by your administrator ({contact}).", contact=self.contact)
        return msg("Set by your administrator.")

    def allows(self, what: Allowance) -> bool:
        """Whether it may be done here."""
        return what not in self.forbidden

    def require(self, what: Allowance) -> None:
        """Raise ``InputRefused`` (``policy-…``) for what may not be done here."""
        refusal = self.refusal(what)
        if refusal is not None:
            raise refusal

    def refusal(self, what: Allowance) -> InputRefused | None:
        """The refusal of what may not be done here; None where it may."""
        if self.allows(what):
            return None
        words = _FORBIDDEN[what] if self.is_sound else _CLOSED[what]
        return InputRefused(words, self.remedy, code=f"policy-{what.replace('_', '-')}")


NO_POLICY = Policy()

_FORBIDDEN: Mapping[Allowance, Message] = {
    Allowance.NETWORK: msg("Your administrator has switched off the network for Her2Desk."),
    Allowance.TRAINING: msg("Your administrator has switched off the training of model packs."),
    Allowance.UNSIGNED_PACKS: msg(
        "Your administrator does not vouch for whoever made this model pack, so it cannot be used."
    ),
    Allowance.SUPPORT_BUNDLE: msg("Your administrator has switched off diagnostic bundles."),
}
_CLOSED: Mapping[Allowance, Message] = {
    Allowance.NETWORK: msg(
        "The network stays off, as your administrator's policy file cannot be understood."
    ),
    Allowance.TRAINING: msg(
        "No model pack can be trained, as your administrator's policy file cannot be understood."
    ),
    Allowance.UNSIGNED_PACKS: msg(
        "Only the model pack that came with Her2Desk can be used, as your administrator's policy file "
        "cannot be understood."
    ),
    Allowance.SUPPORT_BUNDLE: msg(
        "No diagnostic bundle is written, as your administrator's policy file cannot be understood."
    ),
}


def policy_places() -> tuple[Path, ...]:
    """Where a policy counts: the system's place, and beside the program of a portable bundle.

    No variable of the user's moves them.
    """
    places = [_system_folder() / POLICY_FILE]
    if getattr(sys, "frozen", False):
        places.append(Path(sys.executable).resolve().parent / POLICY_FILE)
    return tuple(places)


def load_policy(places: Iterable[Path]) -> Policy:
    """The policy of all files that are there, what the first one sets before the others; never raises."""
    found = [one for place in places if (one := _installed(place)) is not None]
    if not found:
        return NO_POLICY
    rest = found[::-1]
    return Policy(
        locked={name: value for one in rest for name, value in one.locked.items()},
        defaults={name: value for one in rest for name, value in one.defaults.items()},
        forbidden=frozenset().union(*(one.forbidden for one in found)),
        signers=frozenset().union(*(one.signers for one in found)),
        contact=next((one.contact for one in found if one.contact), ""),
        files=tuple(path for one in found for path in one.files),
        problems=tuple(problem for one in found for problem in one.problems),
    )


def read_policy(path: Path) -> Policy:
    """The policy in ``path``, wherever it lies, for checking it before it is installed."""
    try:
        return _understood(path, path.read_bytes())
    except OSError:
        return _closed(path, _unreadable(path))


def _installed(place: Path) -> Policy | None:
    """The policy in place; None where there is none. A file that others could write does not count."""
    try:
        handle = os.open(place, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return _closed(place, _unreadable(place))
    try:
        with os.fdopen(handle, "rb") as file:
            fault = _place_fault(place, os.fstat(file.fileno()))
            return _closed(place, fault) if fault else _understood(place, file.read(MOST_BYTES + 1))
    except OSError:
        return _closed(place, _unreadable(place))


def _place_fault(place: Path, found: os.stat_result) -> Message | None:
    if not stat.S_ISREG(found.st_mode):
        return msg("The policy {file} is no file.", file=place)
    if sys.platform == "win32":
        return None  # no cover: needs Windows  (the installer's access list protects its folder)
    is_ours = found.st_uid in (0, os.geteuid())
    folder = place.resolve().parent.stat()
    if is_ours and not (found.st_mode & _OTHERS_WRITE) and not (folder.st_mode & stat.S_IWOTH):
        return None
    return msg(
        "The policy {file} could have been written by any user, so it does not count. It and its "
        "folder must belong to the administrator, and be writable by nobody else.",
        file=place,
    )


def _understood(path: Path, content: bytes) -> Policy:
    try:
        raw = json.loads(
            content.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_number
        )
    except UnicodeDecodeError:
        return _closed(path, msg("The policy {file} is not text in UTF-8.", file=path))
    except json.JSONDecodeError as error:
        return _closed(
            path,
            msg(
                "The policy {file} is not JSON: line {line}, character {column}.",
                file=path,
                line=error.lineno,
                column=error.colno,
            ),
        )
    except _Twice as error:
        return _closed(path, msg("The policy {file} says {key} twice.", file=path, key=str(error)))
    except (ValueError, RecursionError):
        return _closed(path, msg("The policy {file} is not JSON.", file=path))
    if not isinstance(raw, dict):
        return _closed(path, msg("The policy {file} is not a JSON object.", file=path))
    return _Reading(path, raw).policy()


class _Reading:
    """One file on its way to a policy: what is understood, and a sentence for all that is not."""

    def __init__(self, path: Path, raw: Mapping[str, Any]) -> None:
        self._path = path
        self._raw = raw
        self._problems: list[Message] = []

    def policy(self) -> Policy:
        self._check_names("", self._raw, _PARTS)
        locked, defaults = self._settings(_SETTINGS), self._settings(_DEFAULTS)
        forbidden, signers, contact = self._forbidden(), self._signers(), self._contact()
        return Policy(
            locked=locked,
            defaults=defaults,
            forbidden=frozenset(Allowance) if self._problems else forbidden,
            signers=signers,
            contact=contact,
            files=(self._path,),
            problems=tuple(self._problems),
        )

    def _settings(self, part: str) -> dict[str, Any]:
        given = self._part(part)
        names = [name for name in RULES if name not in NOT_LOCKABLE]
        self._check_names(part, given, names)
        usable = {}
        for name in names:
            if name not in given:
                continue
            if RULES[name].holds(given[name]):
                usable[name] = given[name]
            else:
                self._note(wrong_value(name, given[name]))
        return usable

    def _forbidden(self) -> frozenset[Allowance]:
        given = self._part(_ALLOW)
        self._check_names(_ALLOW, given, [str(one) for one in Allowance])
        for name, value in given.items():
            if not isinstance(value, bool):
                self._note(
                    msg(
                        "{key} is {value}, but may be true or false.",
                        key=f"{_ALLOW}.{name}",
                        value=as_shown(value),
                    )
                )
        return frozenset(one for one in Allowance if given.get(one) is False)

    def _signers(self) -> frozenset[str]:
        """Each by the name that the administrator calls them."""
        found = set()
        for name, value in self._part(_SIGNERS).items():
            mark = "".join(value.split()).lower() if isinstance(value, str) else ""
            if _FINGERPRINT.fullmatch(mark):
                found.add(mark)
            else:
                self._note(
                    msg(
                        "{key} is {value}, but may be a fingerprint: 64 digits and letters a to f.",
                        key=f"{_SIGNERS}.{name}",
                        value=as_shown(value),
                    )
                )
        return frozenset(found)

    def _contact(self) -> str:
        contact = self._raw.get(_CONTACT, "")
        if isinstance(contact, str):
            return contact.strip()
        self._note(
            msg("{key} is {value}, but may be a text.", key=_CONTACT, value=as_shown(contact))
        )
        return ""

    def _part(self, name: str) -> Mapping[str, Any]:
        part = self._raw.get(name, {})
        if isinstance(part, dict):
            return part
        self._note(msg("{key} is {value}, but may be an object.", key=name, value=as_shown(part)))
        return {}

    def _check_names(self, part: str, given: Mapping[str, Any], known: Sequence[str]) -> None:
        for name in given:
            if name in known:
                continue
            whole = f"{part}.{name}" if part else name
            self._note(unknown_name(whole, name, known))

    def _note(self, what: Message) -> None:
        self._problems.append(
            msg("In the policy {file}: {what}", file=self._path, what=phrase(what))
        )


class _Twice(ValueError):
    """A key that stands twice in one object: nobody knows which was meant."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Twice(key)
        found[key] = value
    return found


def _no_number(word: str) -> Any:
    raise ValueError(word)  # NaN and Infinity, which JSON does not have


def _closed(path: Path, problem: Message) -> Policy:
    return Policy(forbidden=frozenset(Allowance), files=(path,), problems=(problem,))


def _unreadable(path: Path) -> Message:
    return msg("The policy {file} cannot be read.", file=path)


def _names(files: Sequence[Path]) -> str:
    return ", ".join(map(str, files))


def _system_folder() -> Path:
    if sys.platform == "win32":
        return _program_data() / "Her2Desk"  # no cover: needs Windows
    if sys.platform == "darwin":
        return Path("/Library/Application Support/Her2Desk")  # no cover: needs macOS
    return Path("/etc/her2desk")


if sys.platform == "win32":  # no cover: needs Windows

    def _program_data() -> Path:
        """The folder as the registry knows it: the variable of that name is the user's to set."""
        import winreg

        key = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Explorer\Shell Folders"
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as folders:
            return Path(winreg.QueryValueEx(folders, "Common AppData")[0])
