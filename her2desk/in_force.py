"""What holds now: the user's settings under the administrator's policy, and the library's place.

Each question reads the small files anew, so that a change counts at the next step.
"""

import os
from pathlib import Path

from her2desk.errors import InputRefused
from her2desk.paths import LIBRARY_VARIABLE, settings_path, usual_library_dir
from her2desk.policy import Policy, load_policy, policy_places
from her2desk.settings import ReadSettings, Settings, read_settings, save_settings
from her2desk.texts import msg


def policy_in_force() -> Policy:
    """The administrator's policy on this computer."""
    return load_policy(policy_places())


def settings_in_force() -> Settings:
    """The settings that hold, whoever chose them."""
    return read_in_force().settings


def read_in_force() -> ReadSettings:
    """The same, with a sentence for what of the user's file cannot be used."""
    return read_settings(settings_path(), policy_in_force().basis)


def keep_settings(settings: Settings) -> None:
    """Write what the user chose; raises as ``save_settings``."""
    save_settings(settings_path(), settings, policy_in_force().basis)


def default_library_dir() -> Path:
    """The library's folder where a command names none.

    It is the administrator's where that is locked, else ``HER2DESK_HOME``, else the one in the
    settings, else the platform's data folder.
    """
    locked = policy_in_force().locked.get("library")
    if locked is not None:
        return Path(locked)
    if os.environ.get(LIBRARY_VARIABLE):
        return usual_library_dir()
    chosen = settings_in_force().library
    return usual_library_dir() if chosen is None else Path(chosen)


def library_without_choice() -> Path:
    """The library's folder where the user chooses none: the administrator's default, or the usual."""
    offered = policy_in_force().defaults.get("library")
    return usual_library_dir() if offered is None else Path(offered)


def device_in_force(given: str | None) -> str:
    """Where the network is to run: as a command was told, or as the settings say.

    Raises ``InputRefused`` (``policy-device``) for another device than the administrator's.
    """
    policy, held = policy_in_force(), settings_in_force().device
    if given is not None and "device" in policy.locked and given != held:
        raise InputRefused(
            msg("Your administrator has set the device to {device}.", device=held),
            policy.remedy,
            code="policy-device",
        )
    return given or held


def check_library_place(folder: Path) -> None:
    """Raise ``InputRefused`` (``policy-library``) for another library than the administrator's."""
    policy = policy_in_force()
    locked = policy.locked.get("library")
    if locked is not None and folder.resolve() != Path(locked).resolve():
        raise InputRefused(
            msg("Your administrator has set the library to {folder}.", folder=locked),
            policy.remedy,
            code="policy-library",
        )
