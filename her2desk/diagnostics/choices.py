"""Whether the settings and the administrator's policy can be read, and all in them be used."""

from collections.abc import Iterable
from pathlib import Path

from her2desk.diagnostics.check import Check
from her2desk.policy import load_policy
from her2desk.settings import read_settings
from her2desk.texts import Message, msg, phrase


def settings_check(path: Path) -> Check:
    """The user's own file; what of it cannot be used has fallen back to the standard."""
    try:
        path.stat()
        with path.open("rb"):
            pass
    except FileNotFoundError:
        return Check("settings", True, msg("No setting was changed yet."))
    except OSError:
        said = msg("The settings file {path} cannot be opened.", path=path)
        return Check("settings", False, said, msg("Check who may read this file."))
    notes = read_settings(path).notes
    if not notes:
        return Check("settings", True, msg("All settings can be used."))
    remedy = msg("Choose again under Settings, or correct {path}.", path=path)
    return Check("settings", False, _together(notes), remedy)


def policy_check(places: Iterable[Path]) -> Check:
    """The administrator's files; one with a mistake forbids all that it could forbid."""
    policy = load_policy(places)
    if not policy.is_sound:
        return Check("policy", False, _together(policy.problems), policy.remedy)
    if not policy.files:
        return Check("policy", True, msg("No rules of an administrator hold here."))
    files = ", ".join(map(str, policy.files))
    return Check("policy", True, msg("The rules in {files} hold.", files=files))


def _together(sentences: Iterable[Message]) -> Message:
    first, *rest = sentences
    for one in rest:
        first = msg("{first} {next}", first=phrase(first), next=phrase(one))
    return first
