"""Small words of a case's report: what is not known, texts from files, dates, numbers."""

from datetime import datetime

from her2desk.texts import Message, msg

NOT_KNOWN = msg("not known")


def plain(text: str) -> Message:
    """Text from a file: a parameter, so that it is never looked up as a sentence of ours."""
    return msg("{value}", value=text) if text else NOT_KNOWN


def yes_no(value: bool) -> Message:
    """Yes or no."""
    return msg("yes") if value else msg("no")


def figure(value: float | None, digits: int, none: Message) -> Message:
    """A number with so many decimals, or what is said where there is none."""
    return none if value is None else msg("{value}", value=f"{value:.{digits}f}")


def times(value: float | None, none: Message) -> Message:
    """How many times as much, or what is said where there is no number."""
    return none if value is None else msg("{value} ×", value=f"{value:.1f}")


def study_date(dicom_date: str) -> str:
    """YYYYMMDD with hyphens; anything else as it stands."""
    if len(dicom_date) == 8 and dicom_date.isdecimal():
        return f"{dicom_date[:4]}-{dicom_date[4:6]}-{dicom_date[6:]}"
    return dicom_date


def moment(utc: str) -> str:
    """A time of the library's (ISO 8601) to the minute, in UTC; other text as it stands."""
    try:
        return f"{datetime.fromisoformat(utc):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return utc


def person_name(dicom_name: str) -> str:
    """A name as people write it: the groups of letters and signs apart, no carets or equal signs."""
    groups = (" ".join(group.replace("^", " ").split()) for group in dicom_name.split("="))
    return ", ".join(group for group in groups if group)
