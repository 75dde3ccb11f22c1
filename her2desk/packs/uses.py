"""Which packs answered how many times in a library."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from her2desk.store.history import Action, HistoryEntry
from her2desk.store.library import Library


@dataclass(frozen=True)
class PackUse:
    """``predictions`` stored answers of one pack, to ``cases`` different cases."""

    predictions: int
    cases: int


NEVER_USED = PackUse(0, 0)


def uses_of(library: Library) -> dict[str, PackUse]:
    """By the packs' digests; a pack that never answered is not there. Raises ``StoreRefused``."""
    cases: dict[str, list[int]] = {}
    for digest, case_id in _answers(library.entries(Action.PREDICTION)):
        cases.setdefault(digest, []).append(case_id)
    return {digest: PackUse(len(ids), len(set(ids))) for digest, ids in cases.items()}


def pack_digest_of(entry: HistoryEntry) -> str | None:
    """The digest of the pack that a stored answer names; None where it names none."""
    document = (entry.content or {}).get("document")
    pack = document.get("pack") if isinstance(document, Mapping) else None
    digest = pack.get("sha256") if isinstance(pack, Mapping) else None
    return digest if isinstance(digest, str) else None


def _answers(entries: Iterable[HistoryEntry]) -> Iterable[tuple[str, int]]:
    for entry in entries:
        digest = pack_digest_of(entry)
        if digest is not None:
            yield digest, entry.case_id
