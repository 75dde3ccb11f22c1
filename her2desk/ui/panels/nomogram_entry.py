"""What a typed value means on a nomogram's axis: no Qt."""

import re

from her2desk.domain.nomogram import NomogramAxis, NomogramTerm
from her2desk.errors import InputRefused
from her2desk.texts import listed, msg
from her2desk.ui.panels.nomogram_words import axis_label, number
from her2desk.ui.widgets.typed_numbers import plain_number

NUMBER_KEYS = frozenset("0123456789.,-−")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_WORDS = {"0": 0.0, "n": 0.0, "no": 0.0, "1": 1.0, "y": 1.0, "yes": 1.0}


def parse_entry(axis: NomogramAxis, text: str) -> float:
    """The value that ``text`` means on an axis.

    A decimal comma and a typographic minus will do; "1,234", which may mean two numbers, will not. A
    level is typed as its name, the beginning of it, or y and n, 1 and 0 where there are two. Raises
    ``InputRefused`` in one short sentence: ``"entry-number"``, ``"entry-limits"`` or
    ``"entry-level"``.
    """
    if axis.term.is_discrete:
        return _level(axis.term, text)
    cleaned = plain_number(text)
    if cleaned is None or not _NUMBER.fullmatch(cleaned):
        raise InputRefused(msg("That is not a number."), code="entry-number")
    value = float(cleaned)
    first, last = axis.ticks[0][0], axis.ticks[-1][0]
    if not first <= value <= last:
        raise InputRefused(
            msg(
                "{label} goes from {first} to {last} here.",
                label=axis_label(axis.term),
                first=number(first),
                last=number(last),
            ),
            code="entry-limits",
        )
    return value


def level_after(axis: NomogramAxis, key: str, current: float | None) -> float | None:
    """The level that a letter or digit goes to from the present one, or None where it means nothing.

    Several levels that begin with it are gone through in turn.
    """
    if not axis.term.is_discrete or not key.strip():
        return None
    found = _beginning_with(axis.term, key)
    if not found and axis.term.is_binary:
        value = _WORDS.get(key.casefold())
        found = [] if value is None else [value]
    if not found:
        return None
    later = [value for value in found if current is not None and value > current]
    return (later or found)[0]


def _level(term: NomogramTerm, text: str) -> float:
    typed = text.strip().casefold()
    names = [name.text() for name in term.level_names]
    exact = [float(k) for k, name in enumerate(names) if name.casefold() == typed]
    found = exact or (_beginning_with(term, typed) if typed else [])
    if len(found) != 1 and term.is_binary and typed in _WORDS:
        found = [_WORDS[typed]]
    if len(found) != 1:
        raise InputRefused(msg("Type one of: {names}.", names=listed(names)), code="entry-level")
    return found[0]


def _beginning_with(term: NomogramTerm, text: str) -> list[float]:
    names = (name.text().casefold() for name in term.level_names)
    return [float(k) for k, name in enumerate(names) if name.startswith(text.casefold())]
