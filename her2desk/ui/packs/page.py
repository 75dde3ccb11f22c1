"""What the window on packs shows, read off the GUI thread; knows no Qt."""

from dataclasses import dataclass

from her2desk.packs.shelf import PackShelf
from her2desk.packs.trust import Signer, TrustStore
from her2desk.packs.uses import NEVER_USED, uses_of
from her2desk.store.library import Library
from her2desk.ui.packs.pack_table import PackRow


@dataclass(frozen=True)
class Page:
    """The kept packs and the known signers."""

    packs: tuple[PackRow, ...]
    signers: tuple[Signer, ...]


class PackDesk:
    """The library's packs and this user's signers; each call may take a while and may refuse."""

    def __init__(self, shelf: PackShelf, store: TrustStore, library: Library) -> None:
        self._shelf = shelf
        self._store = store
        self._library = library

    def page(self) -> Page:
        """All as it is now."""
        uses = uses_of(self._library)
        rows = tuple(
            PackRow(pack, self._store.judge_kept(pack), uses.get(pack.digest, NEVER_USED))
            for pack in self._shelf.kept()
        )
        return Page(rows, self._store.signers())

    def card(self, row: PackRow) -> str:
        """The model card, from the pack itself, checked whole."""
        return self._shelf.open(row.pack.digest).card

    def remove(self, row: PackRow) -> None:
        """Keep a pack no longer, unless it answered in the meantime."""
        if row.pack.digest not in uses_of(self._library):
            self._shelf.remove(row.pack.digest)

    def block(self, signer: Signer) -> None:
        """Refuse the signer's packs."""
        self._store.block_known(signer.fingerprint)

    def trust(self, signer: Signer) -> None:
        """Take a block back."""
        self._store.trust_known(signer.fingerprint)

    def forget(self, signer: Signer) -> None:
        """Ask again next time."""
        self._store.remove(signer.fingerprint)
