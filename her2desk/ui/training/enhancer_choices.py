"""The second step to an enhancer: what it is called, how it learns and for how long."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from her2desk.texts import tr
from her2desk.ui.theme import GRID
from her2desk.ui.training.choice_widgets import ChoiceForm, Chooser, group_title, whole_number
from her2desk.ui.training.enhancer_command import ADVERSARIAL, L1, QUICK, STANDARD, AskedEnhancer
from her2desk.ui.training.enhancer_documents import ImagesCheck
from her2desk.ui.training.enhancer_words import devices, kinds, lengths, save_words
from her2desk.ui.training.save_choice import SaveChoice
from her2desk.ui.training.scroll_column import ScrollColumn
from her2desk.ui.training.seed_field import SeedField
from her2desk.ui.widgets.labels import wrapped

_WIDEST = 190 * GRID
_FIRST_VERSION, _FIRST_THREADS = "1.0", 1
_SHORT = 80 * GRID
_MINUTES = {
    (ADVERSARIAL, STANDARD): 6,
    (ADVERSARIAL, QUICK): 2,
    (L1, STANDARD): 3,
    (L1, QUICK): 1,
}


class EnhancerChoices(QWidget):
    """``request()`` is what was chosen; ``problem()`` says what keeps it from being started."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images = Path()
        self.kind = Chooser(kinds(), tr("Kind"))
        self.length = Chooser(lengths(), tr("Length"))
        self.device = Chooser(devices(), tr("Device"))
        self.seed = SeedField(tr("From the images"))
        self.jobs = whole_number(tr("Threads"), 1, 256)
        self.save = SaveChoice(save_words())
        self.version = _line(tr("Version of the enhancer"))
        self.version.setFixedWidth(_SHORT)
        self.licence = _line(tr("Licence of the enhancer"))
        self.licence.setPlaceholderText(tr("Not stated"))
        self.population = _line(tr("Whom it was trained on"))
        self.population.setPlaceholderText(tr("Counted from the images"))
        self.effort = wrapped(role="muted")
        self._arrange()
        self._set_defaults()
        for chooser in (self.kind, self.length, self.device):
            chooser.changed.connect(self._on_changed)
        self.save.changed.connect(self.changed)
        self.version.textChanged.connect(self.changed)

    def set_source(self, folder: Path, check: ImagesCheck) -> None:
        """Another folder puts every choice back to its default."""
        if folder != self._images:
            self._images = folder
            self._set_defaults()
        self.changed.emit()

    def request(self) -> AskedEnhancer:
        """Everything as it is chosen now."""
        self.jobs.interpretText()  # a number still being typed counts
        return AskedEnhancer(
            images=self._images,
            out=self.save.out_value(),
            name=self.save.name_value(),
            version=self.version.text().strip(),
            licence=self.licence.text().strip() or None,
            population=self.population.text().strip() or None,
            kind=self.kind.value(),
            length=self.length.value(),
            seed=self.seed.value(),
            jobs=int(self.jobs.value()),
            device=self.device.value(),
        )

    def problem(self) -> str:
        """What is still missing, in a sentence; empty where nothing is."""
        if not self.version.text().strip():
            return tr("Give the enhancer a version.")
        return self.save.problem()

    def _set_defaults(self) -> None:
        self.kind.set_value(ADVERSARIAL)
        self.length.set_value(STANDARD)
        self.device.set_value("auto")
        self.seed.set_value(None)
        self.jobs.setValue(_FIRST_THREADS)
        self.version.setText(_FIRST_VERSION)
        self.licence.clear()
        self.population.clear()
        self.save.set_defaults(self._images.parent, self._images.name)
        self._on_changed()

    def _on_changed(self) -> None:
        self.effort.setText(effort(self.kind.value(), self.length.value()))
        self.changed.emit()

    def _arrange(self) -> None:
        learning, file = ChoiceForm(), ChoiceForm()
        learning.add(tr("&Kind"), self.kind)
        learning.add(tr("&Length"), self.length)
        learning.add(tr("&Device"), self.device)
        learning.add(
            tr("Seed"),
            self.seed,
            tr("Left empty it comes from the images' content, so that nobody can try seeds."),
        )
        learning.add(
            tr("Threads"),
            self.jobs,
            tr("On a processor; the same seed gives the same enhancer with as many threads."),
        )
        file.add(tr("&Name"), self.save.name)
        file.add(tr("&Version"), self.version)
        file.add(tr("Save &to"), self.save)
        file.add(
            tr("L&icence"), self.licence, tr("Under which licence others may use the enhancer.")
        )
        file.add(
            tr("&Patients"),
            self.population,
            tr("Who they are, in a sentence that everybody who opens the enhancer reads."),
        )
        area = ScrollColumn(_WIDEST)
        area.setAccessibleName(tr("Choices"))
        column = area.column
        column.setContentsMargins(0, 0, 4 * GRID, 0)
        column.setSpacing(4 * GRID)
        for title, form in ((tr("How it learns"), learning), (tr("The enhancer"), file)):
            column.addWidget(group_title(title))
            column.addWidget(form)
            column.addSpacing(2 * GRID)
        column.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2 * GRID)
        layout.addWidget(area, 1)
        layout.addWidget(self.effort)


def effort(kind: str, length: str) -> str:
    """How long it takes, as measured; how long it takes here is said once it runs."""
    minutes = _MINUTES[kind, length]
    return tr(
        "About {minutes} min on one core of a processor, up to three times as long on a slow one; a "
        "graphics card is faster. The time left is shown once it runs, and it can be stopped and "
        "resumed."
    ).format(minutes=minutes)


def _line(name: str) -> QLineEdit:
    line = QLineEdit()
    line.setAccessibleName(name)
    return line
