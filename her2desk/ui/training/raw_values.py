"""Values out of a JSON document that somebody else wrote: of the kind asked for, or nothing."""

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def line_object(line: str) -> Mapping[str, Any] | None:
    """The JSON object that a line is; None for a line that is something else."""
    if not line.startswith("{"):
        return None
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return raw if isinstance(raw, dict) else None


def text(raw: Mapping[str, Any], key: str) -> str:
    """A sentence or name, empty where there is none."""
    value = raw.get(key)
    return value if isinstance(value, str) else ""


def count(raw: Mapping[str, Any], key: str) -> int:
    """How many, 0 where it does not say."""
    value = raw.get(key)
    return value if isinstance(value, int) and value >= 0 else 0


def number(value: Any) -> float | None:
    """A finite number."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None


def path(raw: Mapping[str, Any], key: str) -> Path | None:
    """Where something lies."""
    return Path(text(raw, key)) if text(raw, key) else None


def items(raw: Any) -> list[Any]:
    """A list's items."""
    return raw if isinstance(raw, list) else []


def objects(raw: Any) -> Iterable[Mapping[str, Any]]:
    """The items of a list that are objects."""
    return (item for item in items(raw) if isinstance(item, Mapping))


def names(raw: Any) -> tuple[str, ...]:
    """A list's items as words."""
    return tuple(str(item) for item in items(raw))


def messages(raw: Any) -> tuple[str, ...]:
    """The sentences of a list of warnings."""
    return tuple(
        text(item, "message") if isinstance(item, Mapping) else str(item) for item in items(raw)
    )
