"""How near the generator's pictures are to the true ones, beside Lanczos', on held-out patients."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtWidgets import QHeaderView, QWidget

from her2desk.texts import tr
from her2desk.ui.training.enhancer_documents import GENERATOR, LANCZOS
from her2desk.ui.training.figures_table import MISSING, FiguresTable


@dataclass(frozen=True)
class Measure:
    """A measure's name on screen, what it says in a sentence, and how good a value of it is.

    ``loss`` is smallest for the best value. ``digits`` are those behind the point.
    """

    key: str
    name: str
    hint: str
    digits: int
    loss: Callable[[float], float]


class MeasuresTable(FiguresTable):
    """A measure a row; the last column says which of the two is nearer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        titles = [tr("Measure"), tr("Lanczos"), tr("Generator"), tr("Nearer")]
        super().__init__(titles, tr("The generator beside Lanczos"), parent)
        contents = QHeaderView.ResizeMode.ResizeToContents
        self.horizontalHeader().setSectionResizeMode(0, contents)

    def set_measures(self, measures: Mapping[str, Mapping[str, float]]) -> None:
        """Show these means; ``measures[by][measure]``."""
        known = {measure.key: measure for measure in _measures()}
        own, other = measures.get(GENERATOR, {}), measures.get(LANCZOS, {})
        shown = [measure for key, measure in known.items() if key in own or key in other]
        self._begin(len(shown))
        for row, measure in enumerate(shown):
            one, two = other.get(measure.key), own.get(measure.key)
            cells = [measure.name, _figure(one, measure), _figure(two, measure)]
            cells.append(_nearer(one, two, measure))
            self._put(row, cells, [measure.hint, "", "", measure.hint])


def _measures() -> list[Measure]:
    more, less, none = tr("More is better."), tr("Less is better."), tr("Best at 0.")
    return [
        Measure("psnr_db", tr("PSNR, dB"), more, 2, lambda value: -value),
        Measure("ssim", tr("SSIM"), more, 3, lambda value: -value),
        Measure("ms_ssim", tr("MS-SSIM"), more, 3, lambda value: -value),
        Measure("gmsd", tr("Gradient deviation (GMSD)"), less, 3, lambda value: value),
        Measure("speckle_snr", tr("Speckle: difference of local SNR"), none, 3, abs),
        Measure("nakagami_m", tr("Speckle: difference of Nakagami m"), none, 3, abs),
    ]


def _figure(value: float | None, measure: Measure) -> str:
    return MISSING if value is None else f"{value:.{measure.digits}f}".replace("-", "−")


def _nearer(lanczos: float | None, generator: float | None, measure: Measure) -> str:
    """Which of the two is nearer to the truth; where no digit shown differs, neither."""
    if lanczos is None or generator is None:
        return MISSING
    if _figure(lanczos, measure) == _figure(generator, measure):
        return tr("Alike")
    is_generator = measure.loss(generator) < measure.loss(lanczos)
    return tr("Generator") if is_generator else tr("Lanczos")
