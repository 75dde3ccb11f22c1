"""The second step: what is built, with defaults that fit the cohort and one line about each choice."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from her2desk.texts import listed, tr, trn
from her2desk.training.request import TrainRequest
from her2desk.ui.jobs import Background
from her2desk.ui.theme import GRID
from her2desk.ui.training.advanced_choices import AdvancedChoices
from her2desk.ui.training.choice_widgets import (
    ChoiceForm,
    Chooser,
    TickList,
    group_title,
    whole_number,
)
from her2desk.ui.training.decision_choice import DecisionChoice
from her2desk.ui.training.documents import CohortCheck
from her2desk.ui.training.enhancement_choice import EnhancementChoice
from her2desk.ui.training.input_choice import MOMENTS, InputChoice
from her2desk.ui.training.pack_choice import PackChoice
from her2desk.ui.training.scroll_column import ScrollColumn
from her2desk.ui.training.words import (
    CALIBRATED_PROFILE,
    LITE_NETWORK,
    PACKAGE_WEIGHTS,
    PIXEL_PROFILE,
    dlr_kinds,
    families,
    moments,
    networks,
    profiles,
    splits,
)
from her2desk.ui.widgets.collapsible_section import CollapsibleSection
from her2desk.ui.widgets.labels import wrapped

DEFAULTS = TrainRequest(Path(), Path())
_WIDEST = 190 * GRID


class ChoicesPage(QWidget):
    """``request()`` is what was chosen; ``problem()`` says what keeps it from being started."""

    changed = Signal()

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cohort = Path()
        self._checked: CohortCheck | None = None
        self.moment = Chooser(moments(), tr("Moment of prediction"))
        self.decision = DecisionChoice(DEFAULTS)
        self.inputs = InputChoice()
        self.split = Chooser(splits(), tr("Held-out patients"))
        self.held_out = whole_number(tr("Held-out share"), 5, 50, "\u00a0%")
        self.enhancement = EnhancementChoice(background)
        self.profile = Chooser(profiles(), tr("Radiomics profile"))
        self.networks = TickList(networks(), tr("Networks"))
        self.families = TickList(families(), tr("Model families"))
        self.dlr = Chooser(dlr_kinds(), tr("Network and radiomics together"))
        self.pack = PackChoice()
        self.effort = wrapped(role="muted")
        self.advanced = AdvancedChoices(DEFAULTS)
        self.more = CollapsibleSection(tr("Advanced"), self.advanced, is_open=False)
        self._arrange()
        self._connect()
        self._set_defaults()

    def set_source(self, folder: Path, check: CohortCheck) -> None:
        """Offer what this cohort allows. Another cohort puts every choice back to its default."""
        if (folder, check) == (self._cohort, self._checked):
            return
        if folder != self._cohort:
            self._cohort = folder
            self._set_defaults()
        self._checked = check
        self.inputs.set_inputs(check.inputs, check.patients)
        self.split.set_offered("column", check.has_split_column)
        if check.has_split_column:
            self.split.set_value("column", tr("Chosen because the cohort has that column."))
        elif self.split.value() == "column":
            self.split.set_value(DEFAULTS.split)
        all_calibrated = check.calibrated == check.images
        self.profile.set_offered(CALIBRATED_PROFILE, all_calibrated)
        self.profile.set_value(
            CALIBRATED_PROFILE if all_calibrated else PIXEL_PROFILE, _profile_reason(check)
        )
        self._on_changed()

    def request(self) -> TrainRequest:
        """Everything as it is chosen now."""
        for field in (
            self.held_out,
            self.advanced.repeats,
            self.advanced.epochs,
            self.advanced.jobs,
        ):
            field.interpretText()  # a number still being typed counts
        literals: dict[str, Any] = {
            "moment": self.moment.value(),
            "dlr": self.dlr.value(),
            "combined": self.advanced.combined.value(),
            "indeterminate": self.advanced.indeterminate.value(),
            "split": self.split.value(),
        }
        return replace(
            DEFAULTS,
            cohort=self._cohort,
            out=self.pack.out_value(),
            name=self.pack.name_value(),
            population=self.pack.population_value(),
            decision=self.decision.words_value(),
            decision_range=self.decision.range_value(),
            profile=self.profile.value(),
            enhance=self.enhancement.value(),
            networks=self.networks.values(),
            families=self.families.values(),
            inputs=self.inputs.values(),
            held_out=self.held_out.value() / 100,
            seed=self.advanced.seed.value(),
            repeats=int(self.advanced.repeats.value()),
            epochs=int(self.advanced.epochs.value()),
            jobs=int(self.advanced.jobs.value()),
            weights=self.advanced.weights_value(),
            thumbnails=self.advanced.thumbnails.isChecked(),
            **literals,
        )

    def problem(self) -> str:
        """What is still missing, in a sentence; empty where nothing is."""
        if not self.networks.values():
            return tr("Choose at least one network.")
        if not self.families.values():
            return tr("Choose at least one model family.")
        if self.dlr.value() == "frozen" and not self._has_weights():
            return tr("Frozen features need initial weights: choose them under Advanced.")
        if self._has_weights() and len(self.networks.values()) != 1:
            return tr("Initial weights belong to one network: choose that one only.")
        is_package = self.advanced.weights_value() == PACKAGE_WEIGHTS
        if is_package and self.networks.values() != (LITE_NETWORK,):
            return tr("EfficientNet-Lite0's own weights belong to that network: choose it.")
        return self.enhancement.problem() or self.decision.problem() or self.pack.problem()

    def _has_weights(self) -> bool:
        return self.advanced.weights_value() is not None

    def _set_defaults(self) -> None:
        self.moment.set_value(DEFAULTS.moment)
        self.decision.set_defaults()
        self.split.set_value(DEFAULTS.split)
        self.held_out.setValue(100 * DEFAULTS.held_out)
        self.enhancement.set_defaults()
        self.networks.set_values(DEFAULTS.networks)
        self.families.set_values(DEFAULTS.families)
        self.dlr.set_value(DEFAULTS.dlr)
        self.advanced.set_defaults(DEFAULTS)
        self.pack.set_cohort(self._cohort)
        self._on_moment()

    def _connect(self) -> None:
        for chooser in (self.moment, self.split, self.profile, self.dlr, self.advanced):
            chooser.changed.connect(self._on_changed)
        for ticks in (self.networks, self.families):
            ticks.changed.connect(self._on_changed)
        self.moment.changed.connect(self._on_moment)
        self.inputs.changed.connect(self._on_changed)
        self.enhancement.changed.connect(self._on_changed)
        self.pack.changed.connect(self._on_changed)
        self.decision.changed.connect(self._on_changed)

    def _on_moment(self) -> None:
        moment = MOMENTS[self.moment.box.currentIndex()]
        self.inputs.set_moment(moment)
        self.decision.set_moment(moment)

    def _on_changed(self) -> None:
        self.held_out.setEnabled(self.split.value() == "random")
        self.enhancement.set_profile(self.profile.value())
        self.effort.setText(_effort(len(self.networks.values()), len(self.families.values())))
        self.changed.emit()

    def _arrange(self) -> None:
        area = ScrollColumn(_WIDEST)
        area.setAccessibleName(tr("Choices"))
        column = area.column
        column.setContentsMargins(0, 0, 4 * GRID, 0)
        column.setSpacing(4 * GRID)
        for title, form in (
            (tr("When it predicts"), self._moment_form()),
            (tr("How it is tested"), self._test_form()),
            (tr("What is trained"), self._model_form()),
            (tr("The pack"), self.pack),
        ):
            column.addWidget(group_title(title))
            column.addWidget(form)
            column.addSpacing(2 * GRID)
        column.addWidget(self.more)
        column.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2 * GRID)
        layout.addWidget(area, 1)
        layout.addWidget(self.effort)

    def _moment_form(self) -> QWidget:
        form = ChoiceForm()
        form.add(tr("&Moment"), self.moment)
        form.add(
            tr("D&ecision"),
            self.decision,
            tr("It stands in the pack; net benefit is shown over these probabilities only."),
        )
        form.add(tr("Clinical inputs"), self.inputs)
        return form

    def _test_form(self) -> QWidget:
        form = ChoiceForm()
        form.add(tr("&Held out"), self.split)
        form.add(tr("Share held out"), self.held_out, tr("3 of 10 patients in the paper."))
        return form

    def _model_form(self) -> QWidget:
        form = ChoiceForm()
        form.add(tr("Enh&ancement"), self.enhancement)
        form.add(tr("&Radiomics profile"), self.profile)
        form.add(tr("Networks"), self.networks)
        form.add(tr("Model families"), self.families, tr("The best is chosen inside each fold."))
        form.add(tr("&DLR"), self.dlr)
        return form


def _profile_reason(check: CohortCheck) -> str:
    without = check.images - check.calibrated
    if not without:
        return tr("Chosen because every image has a known scale.")
    return trn(
        "Chosen because {n} image has no known scale.",
        "Chosen because {n} images have no known scale.",
        without,
    )


def _effort(network_count: int, family_count: int) -> str:
    """What the time goes to; how long it takes is said once it runs."""
    parts = [
        trn("{n} network", "{n} networks", network_count),
        trn("{n} model family", "{n} model families", family_count),
    ]
    return tr(
        "{what}, each trained anew in every fold; most of the time goes to the networks. "
        "The time left is shown once it runs, and it can be stopped and resumed."
    ).format(what=listed(parts))
