"""What the settings dialog knows of the window that it stands over."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from her2desk.in_force import default_library_dir
from her2desk.logs import LOGS_FOLDER
from her2desk.paths import LIBRARY_VARIABLE, default_cache_dir, settings_path
from her2desk.policy import NO_POLICY, Policy
from her2desk.texts import Message, msg
from her2desk.ui.keys import KeyedAction


@dataclass(frozen=True)
class Places:
    """Where things lie: the open library, the settings file, and what can be worked out again."""

    library: Path = field(default_factory=default_library_dir)
    settings_file: Path = field(default_factory=settings_path)
    cache: Path = field(default_factory=default_cache_dir)

    @property
    def logs(self) -> Path:
        """What the program wrote of its own work."""
        return self.library / LOGS_FOLDER


@dataclass(frozen=True)
class Surroundings:
    """The administrator's policy, the actions with keys, the packs that are kept, and the places.

    ``packs`` are (name, path), without the one that ships.
    """

    policy: Policy = NO_POLICY
    actions: Sequence[KeyedAction] = ()
    packs: Sequence[tuple[str, str]] = ()
    places: Places = field(default_factory=Places)

    def lock_of(self, name: str) -> Message | None:
        """By whom a setting was set for good; None where the user chooses."""
        return self.policy.lock_sentence if name in self.policy.locked else None

    def why_library_stays(self) -> Message | None:
        """Why another library cannot be chosen here; None where it can."""
        lock = self.lock_of("library")
        if lock is not None:
            return lock
        if os.environ.get(LIBRARY_VARIABLE):
            return msg(
                "The variable {name} of this computer says where the library is.",
                name=LIBRARY_VARIABLE,
            )
        return None


def free_bytes(folder: Path) -> int | None:
    """What is free on the disk of ``folder``, or of where it would be; None where nobody knows."""
    for place in (folder, *folder.parents):
        try:
            return shutil.disk_usage(place).free
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None
