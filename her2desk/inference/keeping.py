"""Keeping an answer: the whole prediction in the library, and the pack that made it beside it."""

from pathlib import Path

from her2desk.domain.prediction import Prediction
from her2desk.domain.stability import Stability
from her2desk.errors import PackRefused
from her2desk.inference.stored_prediction import stability_to_stored, to_stored
from her2desk.packs.pack import Pack
from her2desk.packs.shelf import PackShelf
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.texts import msg


def keep_answer(
    library: Library,
    shelf: PackShelf,
    case_id: int,
    prediction: Prediction,
    pack_path: Path,
    pack: Pack | None = None,
) -> None:
    """Keep the pack, then the answer; both are on disk when this returns.

    ``pack`` is what was opened from ``pack_path``, where the caller has it. Raises ``PackRefused``
    where the pack cannot be kept or is no longer the one that answered (``pack-changed``), and
    ``StoreRefused`` as ``Library.save_prediction`` does; the answer is then not kept.
    """
    if shelf.path(prediction.pack.sha256) is None:
        kept = shelf.keep(pack_path, pack)
        if kept.digest != prediction.pack.sha256:
            raise PackRefused(
                msg("The pack {name} was exchanged while it answered.", name=pack_path.name),
                msg("Ask for the answer again."),
                code="pack-changed",
            )
    library.save_prediction(
        case_id, prediction.to_json(), prediction.inputs.sha256, whole=to_stored(prediction)
    )


def keep_stability(library: Library, case_id: int, stability: Stability) -> None:
    """Keep how the answer moves, once all of it is known; raises ``StoreRefused`` as the library."""
    library.record(case_id, Action.STABILITY, stability_to_stored(stability))
