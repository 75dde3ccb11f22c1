"""All that the audit's window shows, worked out off the GUI thread."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from her2desk.errors import InputRefused
from her2desk.packs.pack import Pack
from her2desk.store.history import Action
from her2desk.store.library import Library

if TYPE_CHECKING:
    from her2desk.audit.local_audit import LocalAudit
    from her2desk.stats.recalibration import Recalibration, SlopeTest

# The audit stands on SciPy, which the window must not wait for: whatever shows a page imports the
# audit's modules where it shows it, when the page that was made here has loaded them long since.


@dataclass(frozen=True)
class Page:
    """An audit, and what each kind of recalibration would do, or why it is refused.

    ``unread`` are the cases of which the present reader must not see the answer yet (V22).
    """

    audit: "LocalAudit"
    recalibrations: "Mapping[str, Recalibration | InputRefused]"
    slope_test: "SlopeTest | None"
    unread: frozenset[int] = frozenset()


@dataclass(frozen=True)
class RecalibrationOrder:
    """What a person asked for in so many words."""

    kind: str
    version: str
    key: Path
    passphrase: str
    out: Path


def make_page(library: Library, pack: Pack, *, asked_first: str | None = None) -> Page:
    """Read and judge; seconds in a large library.

    Answers to cases that the reader ``asked_first`` has not read stay unseen.
    """
    from her2desk.audit.local_audit import local_audit
    from her2desk.audit.reading_log import seen_by
    from her2desk.audit.recalibration import RecalibrationKind, fit_recalibration
    from her2desk.audit.words import slope_test_of

    audit = local_audit(pack, library)
    fits: dict[str, Recalibration | InputRefused] = {}
    for kind in RecalibrationKind:
        try:
            fits[str(kind)] = fit_recalibration(audit.results, kind)
        except InputRefused as refusal:
            fits[str(kind)] = refusal
    unread: frozenset[int] = frozenset()
    if asked_first is not None:
        seen = seen_by(library.entries(Action.REVEALED), asked_first)
        unread = frozenset(case.case_id for case in audit.results.cases) - seen
    return Page(audit, fits, slope_test_of(audit.results), unread)


def write_order(page: Page, order: RecalibrationOrder) -> Path:
    """Write the new pack, signed; raises as ``write_recalibrated`` and ``read_private_key`` do."""
    from her2desk.audit.recalibration import RecalibrationKind, write_recalibrated
    from her2desk.packs.signing import read_private_key

    key = read_private_key(order.key, order.passphrase.encode() or None)
    kind = RecalibrationKind(order.kind)
    audit = page.audit
    write_recalibrated(audit.pack, audit.results, kind, order.version, key, order.out)
    return order.out
