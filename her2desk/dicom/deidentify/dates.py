"""Dates moved by whole days; times stay, so that all intervals of a patient do (PS3.15 E.3.6)."""

import re
from datetime import date, timedelta

_DATE = re.compile(r"(\d{4})([.]?)(\d{2})\2(\d{2})")  # 2024.05.07 is ACR-NEMA's form
_DATE_TIME = re.compile(r"(\d{8})((?:\d{2}){0,3}(?:\.\d{1,6})?(?:[+-]\d{4})?)")
_TIME = re.compile(r"\d{2}:?(?:\d{2}:?(?:\d{2}(?:\.\d{1,6})?)?)?")


def shifted(vr: str, value: str, days: int) -> str | None:
    """``value`` of VR DA, DT or TM moved by ``days``; None for what is no whole date or time.

    A DT without a day cannot be moved: its month may or may not be the next one. An empty value
    stays empty.
    """
    value = value.strip("\0 ")
    if not value:
        return ""
    if vr == "TM":
        return value if _TIME.fullmatch(value) else None
    if vr == "DA":
        match = _DATE.fullmatch(value)
        return _moved("".join(match.group(1, 3, 4)), days) if match else None
    match = _DATE_TIME.fullmatch(value)
    if match is None:
        return None
    day = _moved(match.group(1), days)
    return day + match.group(2) if day else None


def _moved(day: str, days: int) -> str | None:
    try:
        moved = date(int(day[:4]), int(day[4:6]), int(day[6:])) + timedelta(days)
    except (ValueError, OverflowError):
        return None
    return f"{moved.year:04d}{moved.month:02d}{moved.day:02d}"
