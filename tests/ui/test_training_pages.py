"""The four steps of the training window, each as a person uses it."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from her2desk.errors import EngineFailed
from her2desk.texts import msg
from her2desk.training.request import TrainRequest
from her2desk.ui.jobs import Background
from her2desk.ui.theme import apply_theme
from her2desk.ui.training.choices_page import ChoicesPage
from her2desk.ui.training.cohort_page import CohortPage
from her2desk.ui.training.documents import Step, check_of, trained_of
from her2desk.ui.training.result_page import ResultPage
from her2desk.ui.training.running_page import RunningPage
from tests.ui.training_samples import bad_check_document, check_document, trained_document

WAIT_MS = 20_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def _theme(qapp: QApplication) -> None:
    apply_theme(qapp, "dark")


def shown(qtbot: QtBot, page):
    qtbot.addWidget(page)
    page.resize(820, 620)
    page.show()
    qtbot.waitExposed(page)
    return page


def tick(qtbot: QtBot, box) -> None:
    """Click the box itself: a click beside its words is a click on nothing."""
    qtbot.mouseClick(box, LEFT, pos=QPoint(8, box.height() // 2))


def choose(qtbot: QtBot, chooser, value: str) -> None:
    """Choose with the arrow keys."""
    chooser.box.setFocus()
    qtbot.keyClick(chooser.box, Qt.Key.Key_Home)
    for _ in range(chooser.box.count()):
        if chooser.value() == value:
            return
        qtbot.keyClick(chooser.box, Qt.Key.Key_Down)
    raise AssertionError(f"{value} is not offered")


# Cohort


@pytest.fixture
def cohort(qtbot: QtBot) -> CohortPage:
    return shown(qtbot, CohortPage(lambda _url: True))


def test_before_a_cohort_it_says_what_one_is_and_links_to_the_documentation(qtbot):
    opened: list[QUrl] = []
    page = shown(qtbot, CohortPage(opened.append))
    words = " ".join(label.text() for label in page.start.findChildren(QLabel))
    assert "patient_id,image,frame_index,roi" in words
    assert not page.again.isEnabled()
    qtbot.mouseClick(page.start.document, LEFT)
    assert Path(opened[0].toLocalFile()).name == "files.md"


def test_a_typed_or_chosen_folder_is_looked_at(qtbot, cohort, tmp_path, monkeypatch):
    cohort.path.setFocus()
    qtbot.keyClicks(cohort.path, str(tmp_path / "cohort.csv"))
    with qtbot.waitSignal(cohort.folder_chosen) as told:
        qtbot.keyClick(cohort.path, Qt.Key.Key_Return)
    assert told.args == [tmp_path]  # the table stands for its folder
    assert cohort.waiting.isVisible()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    with qtbot.assertNotEmitted(cohort.folder_chosen):
        qtbot.mouseClick(cohort.choose, LEFT)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "b"))
    with qtbot.waitSignal(cohort.folder_chosen) as told:
        qtbot.mouseClick(cohort.choose, LEFT)
    assert told.args == [tmp_path / "b"]


def test_an_empty_path_asks_for_nothing(qtbot, cohort):
    with qtbot.assertNotEmitted(cohort.folder_chosen):
        qtbot.keyClick(cohort.path, Qt.Key.Key_Return)
        cohort.check_again()


def drop(page: CohortPage, *paths: Path) -> bool:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    action, keys = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), action, data, LEFT, keys)
    enter.setAccepted(False)
    page.dragEnterEvent(enter)
    page.dropEvent(QDropEvent(QPointF(5, 5), action, data, LEFT, keys))
    return enter.isAccepted()


def test_a_dropped_folder_or_table_is_looked_at_and_nothing_else(qtbot, cohort, tmp_path):
    asked: list[Path] = []
    cohort.folder_chosen.connect(asked.append)
    assert drop(cohort, tmp_path)
    assert drop(cohort, tmp_path / "x" / "cohort.csv")
    assert not drop(cohort, tmp_path / "picture.png")
    assert not drop(cohort, tmp_path, tmp_path)
    assert asked == [tmp_path, tmp_path / "x"]


def test_the_check_can_be_watched_and_cancelled(qtbot, cohort, tmp_path):
    cohort.choose_folder(tmp_path)
    assert cohort.waiting.bar.maximum() == 0  # nothing is known yet
    cohort.show_step(Step("", 0.5, "Checking row 100"))
    assert cohort.waiting.bar.value() == 500
    assert cohort.waiting.words.text() == "Checking row 100"
    with qtbot.waitSignal(cohort.check_cancelled):
        qtbot.mouseClick(cohort.waiting.cancel, LEFT)
    assert cohort.start.isVisible()


def test_findings_are_counted_sorted_filtered_and_copied(qtbot, cohort):
    cohort.choose_folder(Path("c"))
    cohort.show_check(check_of(bad_check_document()))
    found = cohort.found
    assert found.title.text() == "200 patients, 62 HER-2 positive, 5 of unknown status"
    assert "233 images" in found.detail.text()
    assert found.verdict.text().startswith("2 errors")
    table = found.findings
    assert first_cells(table) == ["3", "17"]  # errors first, by row
    qtbot.mouseClick(table.filter.button("all"), LEFT)
    assert first_cells(table) == ["", "3", "17"]
    header = table.view.horizontalHeader()
    qtbot.mouseClick(header.viewport(), LEFT, pos=QPoint(20, header.height() // 2))
    assert first_cells(table) == ["17", "3", ""]
    qtbot.mouseClick(table.filter.button("notices"), LEFT)
    assert first_cells(table) == [""]
    qtbot.mouseClick(table.copy, LEFT)
    copied = QGuiApplication.clipboard().text()
    expected = ["", "", "Notice", "5 patients have IHC 2+ and no FISH result."]
    assert copied.split("\t")[:4] == expected


def first_cells(table) -> list[str]:
    return [table.shown.index(row, 0).data() for row in range(table.shown.rowCount())]


def test_the_chosen_finding_is_shown_whole_and_ctrl_c_copies(qtbot, cohort):
    cohort.show_check(check_of(bad_check_document()))
    table = cohort.found.findings
    table.view.setFocus()
    table.view.selectRow(1)
    assert table.whole.text() == "IHC score '4+' does not exist. Use 0, 1+, 2+ or 3+."
    qtbot.keyClick(table.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().count("\n") == 1  # both errors, one a line
    table.view.clearSelection()
    assert table.whole.text() == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"findings": []}, "nothing was found"),
        ({}, "1 notice is worth a look"),
        ({"usable": False, "findings": []}, "cannot be used"),
    ],
)
def test_the_verdict_is_one_sentence(cohort, changes, words):
    cohort.show_check(check_of(check_document(**changes)))
    assert words in cohort.found.verdict.text()


def test_a_cohort_that_cannot_be_read_says_why_and_can_be_checked_again(qtbot, cohort, tmp_path):
    cohort.choose_folder(tmp_path)
    cohort.show_error(EngineFailed(msg("No cohort.csv here."), msg("Choose another folder.")))
    assert cohort.problem.message.text() == "No cohort.csv here."
    with qtbot.waitSignal(cohort.folder_chosen):
        qtbot.mouseClick(cohort.problem.buttons[0], LEFT)
    with qtbot.waitSignal(cohort.folder_chosen):
        qtbot.keyClick(cohort, Qt.Key.Key_F5)


# Choices


@pytest.fixture
def background():
    background = Background()
    yield background
    background.close()


@pytest.fixture
def choices(qtbot: QtBot, tmp_path: Path, background: Background) -> ChoicesPage:
    page = shown(qtbot, ChoicesPage(background))
    page.set_source(tmp_path, check_of(check_document()))
    return page


def test_the_defaults_are_the_builders_own_and_can_be_started(choices, tmp_path):
    request = choices.request()
    assert choices.problem() == ""
    assert request.out == tmp_path.parent / f"{tmp_path.name}.h2pack"
    assert request.name == tmp_path.name
    assert (request.moment, request.dlr, request.split) == ("after-biopsy", "crossfit", "random")
    assert (request.profile, request.seed, request.held_out) == ("us-2d", None, 0.3)
    assert request.inputs == ("pr",)  # as in the paper
    assert "every image has a known scale" in choices.profile.hint.text()


def test_before_the_biopsy_nothing_of_the_tissue_can_be_chosen(qtbot, choices):
    tick(qtbot, choices.inputs.boxes["age_years"])
    assert choices.request().inputs == ("age_years", "pr")
    choose(qtbot, choices.moment, "before-biopsy")
    assert choices.request().inputs == ("age_years",)
    for name in ("pr", "er", "ki67_percent"):
        assert not choices.inputs.boxes[name].isEnabled()
        assert "before the biopsy" in choices.inputs.boxes[name].toolTip()
    assert "decision" in choices.problem()  # the builder's own is one after the biopsy
    qtbot.keyClicks(choices.decision.words, "whom to see first")
    assert choices.problem() == ""
    choices.decision.lowest.setValue(60)
    assert "below the highest" in choices.problem()
    choices.decision.lowest.setValue(20)
    assert choices.request().decision_range == (0.2, 0.5)
    choices.decision.words.clear()
    choose(qtbot, choices.moment, "after-biopsy")
    assert choices.request().inputs == ("age_years", "pr")
    assert choices.request().decision.startswith("which patients with IHC 2+")


def test_inputs_that_nobody_has_are_not_offered_and_none_at_all_is_said(choices, tmp_path):
    assert "ca125_u_ml" not in choices.inputs.boxes
    choices.set_source(tmp_path, check_of(check_document(inputs=[])))
    assert choices.inputs.none.isVisibleTo(choices)
    assert choices.request().inputs == ()


def test_images_without_a_scale_choose_pixels_and_say_why(choices, tmp_path):
    choices.set_source(tmp_path, check_of(check_document(calibrated=230)))
    assert choices.request().profile == "us-2d-px"
    assert "3 images have no known scale" in choices.profile.hint.text()
    model = choices.profile.box.model()
    assert not model.index(0, 0).flags() & Qt.ItemFlag.ItemIsEnabled


def test_a_split_in_the_cohort_is_used_and_another_cohort_starts_afresh(qtbot, choices, tmp_path):
    choices.set_source(tmp_path, check_of(check_document(has_split_column=True)))
    assert choices.request().split == "column"
    assert not choices.held_out.isEnabled()
    choose(qtbot, choices.split, "none")
    choices.set_source(tmp_path, check_of(check_document(has_split_column=True)))
    assert choices.request().split == "none"  # the same check again changes nothing
    choices.set_source(tmp_path, check_of(check_document(has_split_column=True, patients=201)))
    assert choices.request().split == "column"
    choices.set_source(tmp_path, check_of(check_document()))
    assert choices.request().split == "random"


def test_what_is_missing_is_said_in_a_sentence(qtbot, choices, tmp_path):
    small = choices.networks.boxes["resnet18-slim"]
    tick(qtbot, small)
    assert "network" in choices.problem()
    tick(qtbot, small)
    for box in choices.families.boxes.values():
        tick(qtbot, box)
    assert "family" in choices.problem()
    choices.families.set_values(["lightgbm"])
    choose(qtbot, choices.dlr, "frozen")
    assert "initial weights" in choices.problem()
    choices.more.set_open(True)
    choose(qtbot, choices.advanced.weights, "package")
    assert "EfficientNet-Lite0" in choices.problem()
    tick(qtbot, choices.networks.boxes["resnet50"])
    assert "one network" in choices.problem()
    choices.networks.set_values(["efficientnet_lite0"])
    assert choices.problem() == ""
    choices.pack.name.clear()
    assert "name" in choices.problem()
    choices.pack.name.setText("A")
    choices.pack.out.setText(str(tmp_path / "a.zip"))
    assert ".h2pack" in choices.problem()
    choices.pack.out.setText(str(tmp_path / "nowhere" / "a.h2pack"))
    assert "does not exist" in choices.problem()


def test_the_file_follows_the_name_until_it_is_chosen(qtbot, choices, tmp_path, monkeypatch):
    choices.pack.name.setText("Two hospitals: 2024")
    assert choices.request().out.name == "Two-hospitals-2024.h2pack"
    (tmp_path / "own.h2pack").touch()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "own"), ""))
    qtbot.mouseClick(choices.pack.save.choose, LEFT)
    assert choices.request().out == tmp_path / "own.h2pack"
    assert "replaced" in choices.pack.save.note.text()
    choices.pack.name.setText("Another")
    assert choices.request().out == tmp_path / "own.h2pack"
    qtbot.keyClicks(choices.pack.out, "x")
    assert choices.request().out == tmp_path / "own.h2packx"


def test_advanced_choices_arrive_even_while_being_typed(qtbot, choices, tmp_path, monkeypatch):
    qtbot.mouseClick(choices.more.toggle, LEFT)
    advanced = choices.advanced
    qtbot.keyClicks(advanced.seed, "7x")
    advanced.repeats.selectAll()
    qtbot.keyClicks(advanced.repeats, "6")
    choose(qtbot, advanced.combined, "clinical-signature")
    choose(qtbot, advanced.weights, "file")
    assert advanced.weights_value() is None
    weights = str(tmp_path / "w.pth")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (weights, ""))
    qtbot.mouseClick(advanced.choose_weights, LEFT)
    request = choices.request()
    assert (request.seed, request.repeats, request.combined) == (7, 6, "clinical-signature")
    assert request.weights == weights


def test_no_picture_and_no_other_rule_unless_asked_for(qtbot, choices):
    qtbot.mouseClick(choices.more.toggle, LEFT)
    advanced = choices.advanced
    assert (choices.request().indeterminate, choices.request().thumbnails) == ("interval", False)
    with qtbot.waitSignal(choices.changed):
        choose(qtbot, advanced.indeterminate, "conformal")
    assert "40 patients" in advanced.indeterminate.hint.text()
    with qtbot.waitSignal(choices.changed):
        advanced.thumbnails.setFocus()
        qtbot.keyClick(advanced.thumbnails, Qt.Key.Key_Space)
    assert (choices.request().indeterminate, choices.request().thumbnails) == ("conformal", True)


# Running


@pytest.fixture
def running(qtbot: QtBot) -> RunningPage:
    page = shown(qtbot, RunningPage())
    page.begin()
    yield page
    page.end("")


def test_progress_is_a_bar_a_stage_and_the_time_left(running):
    assert "not known yet" in running.time.text()
    running.show_step(Step("", 0.425, "Network 2 of 5", 600.0))
    assert running.bar.value() == 425
    assert running.percent.text() == "42\u00a0%"
    assert running.stage.text() == "Network 2 of 5"
    assert "about 10 min left" in running.time.text()
    running.show_step(Step("", 0.43, "", None))
    assert running.stage.text() == "Network 2 of 5"


def test_the_log_is_kept_and_copied(qtbot, running):
    running.add_log("epoch 1\nepoch 2")
    qtbot.mouseClick(running.copy, LEFT)
    assert QGuiApplication.clipboard().text() == "epoch 1\nepoch 2"


def test_what_it_says_stays_in_sight_when_it_has_ended(running):
    before = running.log.height()
    running.end("Finished")
    running.layout().activate()
    assert running.log.height() == before


def test_stopping_is_asked_once_more_and_says_that_it_can_be_resumed(qtbot, running):
    qtbot.mouseClick(running.stop, LEFT)
    assert running.confirm.isVisible()
    assert running.go_on.hasFocus()  # Enter does no harm
    with qtbot.assertNotEmitted(running.stop_confirmed):
        qtbot.keyClick(running, Qt.Key.Key_Escape)
        qtbot.waitUntil(running.stop.isVisible, timeout=WAIT_MS)
    qtbot.mouseClick(running.stop, LEFT)
    with qtbot.waitSignal(running.stop_confirmed):
        qtbot.mouseClick(running.confirm, LEFT)
    running.show_stopped()
    assert running.stage.text() == "Stopped"
    with qtbot.waitSignal(running.resume_requested):
        qtbot.mouseClick(running.resume, LEFT)


# Result


@pytest.fixture
def trained(tmp_path: Path):
    figures = tmp_path / "figures"
    figures.mkdir()
    for name in ("roc", "calibration_held-out"):
        image = QImage(800, 400, QImage.Format.Format_RGB32)
        image.fill(QColor("red"))
        image.save(str(figures / f"{name}.png"))
    (figures / "broken.png").write_bytes(b"no picture")
    return trained_of(trained_document(tmp_path / "p.h2pack"))


@pytest.fixture
def result(qtbot: QtBot, background: Background):
    opened: list[QUrl] = []
    page = ResultPage(background, opened.append)
    page.opened = opened
    yield shown(qtbot, page)
    page.figures.close_figure()


def test_the_figures_stand_beside_each_other_with_their_optimism(result, trained):
    result.show_made(trained, TrainRequest(Path("c"), Path("p"), name="My pack"))
    assert result.title.text() == "My pack is ready"
    assert result.metrics.rows() == [
        ["Clinical", "0.70 (0.60–0.80)", "–", "–", "–"],
        ["Combined", "0.90 (0.84–0.95)", "0.74 (≈\u00a00.65–0.83)", "0.71 (0.55–0.83)", "+0.16"],
    ]
    assert [message.text() for message in result.warnings.messages()] == ["Ridge was used."]


def test_many_warnings_are_counted(result, tmp_path):
    warnings = [f"Patient {n} was left out." for n in range(20)]
    made = trained_of(trained_document(tmp_path / "p", warnings=warnings))
    result.show_made(made, None)
    shown_words = [message.text() for message in result.warnings.messages()]
    assert shown_words[-1] == "And 14 more, listed in the report."
    assert result.figures.isHidden()  # there is no folder of figures


def test_the_buttons_say_what_is_wanted_next(qtbot, result, trained, tmp_path):
    result.show_made(trained, None)
    with qtbot.waitSignal(result.pack_chosen) as told:
        qtbot.mouseClick(result.use, LEFT)
    assert told.args == [tmp_path / "p.h2pack"]
    for button in (result.report, result.tripod, result.folder):
        qtbot.mouseClick(button, LEFT)
    names = [Path(url.toLocalFile()).name for url in result.opened]
    assert names == ["p.html", "p.md", tmp_path.name]
    with qtbot.waitSignal(result.again_requested):
        qtbot.mouseClick(result.again, LEFT)
    result.show_used(tmp_path / "other.h2pack")
    assert not result.used.isVisible()
    result.show_used(tmp_path / "p.h2pack")
    assert "now answers" in result.used.text()
    result.show_not_used(EngineFailed(msg("It is damaged."), msg("Train again.")))
    assert result.used.text() == "It is damaged. Train again."


def test_figures_are_small_pictures_and_large_on_a_click(qtbot, result, trained):
    result.resize(820, 900)
    result.show_made(trained, None)
    strip = result.figures
    titles = [strip.item(row).text() for row in range(strip.count())]
    assert titles == ["Broken", "Calibration: Held-out", "ROC curve"]

    def is_drawn() -> bool:
        picture = strip.item(2).icon().pixmap(80, 60).toImage()
        return picture.pixelColor(picture.rect().center()) == QColor("red")

    qtbot.waitUntil(is_drawn, timeout=WAIT_MS)
    qtbot.mouseClick(strip.viewport(), LEFT, pos=strip.visualItemRect(strip.item(1)).center())
    window = strip.window_shown
    qtbot.waitUntil(lambda: window.picture.image().width() == 800, timeout=WAIT_MS)
    assert window.windowTitle() == "Calibration: Held-out"
    assert window.grab().toImage().pixelColor(window.rect().center()) == QColor("red")
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_Right)
    assert window.windowTitle() == "ROC curve"
    assert not window.next.isEnabled()
    qtbot.keyClick(window, Qt.Key.Key_Right)
    qtbot.mouseClick(window.previous, LEFT)
    qtbot.mouseClick(window.previous, LEFT)
    assert window.place.text() == "1 of 3"
    qtbot.waitUntil(lambda: window.picture.image().isNull(), timeout=WAIT_MS)
    strip.setCurrentRow(2)
    qtbot.keyClick(strip, Qt.Key.Key_Return)
    assert window.windowTitle() == "ROC curve"


def test_a_failure_is_a_sentence_a_remedy_and_the_log_one_click_away(qtbot, result):
    result.show_error(EngineFailed(msg("It ended."), msg("Look at the log.")))
    assert result.problem.isVisible()
    assert result.problem.accessibleName() == "It ended."
    signals = (result.resume_requested, result.again_requested, result.log_requested)
    for button, signal in zip(result.problem.buttons, signals, strict=True):
        with qtbot.waitSignal(signal):
            qtbot.mouseClick(button, LEFT)
