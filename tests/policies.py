"""A policy in force for one test: nothing but Python's own means can point the program at it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from her2desk import in_force

_STARTED_UNDER = """
import sys
from pathlib import Path
from her2desk import in_force
place = Path(sys.argv.pop(1))
in_force.policy_places = lambda: (place,)
from her2desk.__main__ import main
sys.exit(main())
"""


def written_policy(folder: Path, content: object) -> Path:
    """A policy file that only its owner can write; ``content`` as JSON, or as it is."""
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / "policy.json"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(json.dumps(content), encoding="utf-8")
    path.chmod(0o644)
    return path


def under_policy(monkeypatch: pytest.MonkeyPatch, folder: Path, content: object) -> Path:
    """Have this process work under a policy; gives its file."""
    path = written_policy(folder, content)
    monkeypatch.setattr(in_force, "policy_places", lambda: (path,))
    return path


def run_under_policy(policy: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """``her2desk`` in a process of its own, under the policy in a file."""
    command = [sys.executable, "-c", _STARTED_UNDER, str(policy), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
