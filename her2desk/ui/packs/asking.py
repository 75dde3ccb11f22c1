"""Between a pack that was opened and its use: who vouches for it is asked, once."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from her2desk.errors import Her2DeskError, PackRefused
from her2desk.packs.trust import How, PackTrust, TrustStore
from her2desk.texts import msg
from her2desk.ui.jobs import Background
from her2desk.ui.opened_case import OpenPack
from her2desk.ui.packs.trust_question import TrustAnswer, TrustQuestion

if TYPE_CHECKING:
    from her2desk.packs.pack import Pack


class TrustAsking(QObject):
    """Gives every opened pack to ``settled`` or ``refused``; in between it may ask over ``window``.

    What is used once is used until the program ends. A pack that comes while another is asked about
    takes its place.
    """

    settled = Signal(object, object)
    """An ``OpenPack`` and its ``PackTrust``: it may be used."""
    refused = Signal(object)

    def __init__(
        self, store: TrustStore, background: Background, window: QWidget | None = None
    ) -> None:
        super().__init__(window)
        self._store = store
        self._background = background
        self._window = window
        self._once: set[str] = set()
        self._waiting: OpenPack | None = None
        self.question: TrustQuestion | None = None

    def settle(self, opened: OpenPack) -> None:
        """Ask who vouches for the pack where nobody known does."""
        self._waiting = opened
        self._drop_question()
        self._background.run(
            lambda: self._store.judge(opened.pack.archive),
            lambda trust: self._take(opened, trust),
            self._fail,
        )

    def close(self) -> None:
        """Take the question away; the pack is not used."""
        self._waiting = None
        self._drop_question()

    def _take(self, opened: OpenPack, trust: PackTrust) -> None:
        if opened is not self._waiting:
            return
        try:
            trust.require()
        except PackRefused as error:
            self._fail(error)
            return
        if trust.asks and opened.pack.digest not in self._once:
            self._ask(opened, trust)
        else:
            self._waiting = None
            self.settled.emit(opened, trust)

    def _ask(self, opened: OpenPack, trust: PackTrust) -> None:
        identity = opened.pack.identity
        question = TrustQuestion(f"{identity.name} {identity.version}", trust, self._window)
        question.answered.connect(lambda answer, name: self._answered(opened, trust, answer, name))
        self.question = question
        question.open()

    def _answered(self, opened: OpenPack, trust: PackTrust, answer: TrustAnswer, name: str) -> None:
        if opened is not self._waiting:
            return
        match answer:
            case TrustAnswer.REFUSE:
                self._fail(_not_wanted(opened.pack))
            case TrustAnswer.ONCE:
                self._once.add(opened.pack.digest)
                self._take(opened, trust)
            case TrustAnswer.ACCEPT:
                self._keep(opened, lambda: self._store.accept(opened.pack.digest))
            case TrustAnswer.TRUST:
                self._keep(opened, lambda: _trust(self._store, opened.pack, name))

    def _keep(self, opened: OpenPack, keep: Callable[[], object]) -> None:
        def work() -> PackTrust:
            keep()
            return self._store.judge(opened.pack.archive)

        self._background.run(
            work, lambda trust: self._take(opened, trust), self._fail, even_when_closing=True
        )

    def _fail(self, error: Her2DeskError) -> None:
        self._waiting = None
        self.refused.emit(error)

    def _drop_question(self) -> None:
        question, self.question = self.question, None
        if question is not None:
            question.blockSignals(True)
            question.reject()
            question.deleteLater()


def _trust(store: TrustStore, pack: "Pack", name: str) -> None:
    from her2desk.packs.signing import signer_of

    key = signer_of(pack.archive)
    assert key is not None  # only a pack with a key offers to trust its signer
    store.trust(key, name, How.FIRST_USE)


def _not_wanted(pack: "Pack") -> PackRefused:
    identity = pack.identity
    return PackRefused(
        msg("The pack {name} {version} is not used.", name=identity.name, version=identity.version),
        msg("Choose it again when you know who made it, or choose another."),
        code="pack-not-wanted",
    )
