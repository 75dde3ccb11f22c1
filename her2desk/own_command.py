"""How this program starts itself once more, from Python as well as from an installed bundle."""

import sys


def own_command() -> list[str]:
    """The words before the arguments: the bundle's own executable, or Python and the package."""
    if is_bundled():
        return [sys.executable]
    return [sys.executable, "-m", "her2desk"]


def is_bundled() -> bool:
    """Whether this process runs from an installed bundle instead of a Python environment."""
    return bool(getattr(sys, "frozen", False))
