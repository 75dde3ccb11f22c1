"""Rows of the table of every window: the windows that open beside the main one, and their dialogs."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

import numpy as np
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QDialog, QWidget

from benchmarks.audit_ward import fill, patients, promising, scores
from her2desk.dicom.deidentify.profile import Option
from her2desk.dicom.pacs.node_files import save_pacs
from her2desk.dicom.pacs.nodes import PacsSettings, RemoteNode
from her2desk.errors import EngineFailed
from her2desk.packs.pack import Pack
from her2desk.packs.shelf import PackShelf
from her2desk.packs.signing import fingerprint
from her2desk.packs.trust import How, PackTrust, Standing, TrustStore
from her2desk.paths import demo_pack_path
from her2desk.reports.report_options import ReportOptions
from her2desk.store.erasing import Erasure
from her2desk.store.library import Library
from her2desk.store.opening import open_library
from her2desk.store.restoring import Restored
from her2desk.store.soundness import Contents
from her2desk.texts import msg
from her2desk.ui.audit.audit_window import AuditWindow
from her2desk.ui.audit.entrance import AuditEntrance
from her2desk.ui.deidentify.deidentify_window import RESULT as COPIED
from her2desk.ui.deidentify.deidentify_window import DeidentifyWindow
from her2desk.ui.deidentify.entrance import DeidentifyEntrance
from her2desk.ui.doctor.doctor_window import DoctorWindow
from her2desk.ui.library.desk import Patient
from her2desk.ui.library.entrance import LibraryEntrance
from her2desk.ui.library.library_window import LibraryWindow
from her2desk.ui.library.questions import EraseQuestion, LibraryQuestions
from her2desk.ui.new_passphrase import PassphraseDialog, changing, decrypting
from her2desk.ui.packs.pack_window import PackWindow
from her2desk.ui.packs.page import PackDesk
from her2desk.ui.packs.trust_question import TrustQuestion
from her2desk.ui.pacs.entrance import PacsEntrance
from her2desk.ui.pacs.network_window import NetworkWindow
from her2desk.ui.passphrase import UnlockDialog
from her2desk.ui.readers.readers_window import ReadersWindow
from her2desk.ui.reading_log.reading_window import ReadingWindow
from her2desk.ui.report.report_window import ReportWindow
from her2desk.ui.report.send_dialog import SendDialog
from her2desk.ui.report.sending_desk import SendingState
from her2desk.ui.training import work_window as steps
from her2desk.ui.training.documents import Step, check_of, trained_of
from her2desk.ui.training.enhancer_documents import CurvePoint, images_of, made_of
from her2desk.ui.training.enhancer_window import EnhancerWindow
from her2desk.ui.training.figure_window import FigureWindow
from her2desk.ui.training.training_window import TrainingWindow
from tests.enhancers import small_enhancer_file
from tests.pack_samples import write_version
from tests.ui import reader_samples, test_network_window, test_report_window, test_send_dialog
from tests.ui.doctor_stand_in import SICK, doctor_that_says
from tests.ui.seat import wait_until
from tests.ui.test_deidentify_window import image_file
from tests.ui.test_packs_window import KEY
from tests.ui.test_reading_log import UNDECIDED, a_reading
from tests.ui.training_samples import (
    bad_check_document,
    check_document,
    enhancer_document,
    images_document,
    trained_document,
)
from tests.ui.window_table import Stage, row
from tests.unit.reports.kept_case import READER, keep_case, the_pack

CURVE = [
    CurvePoint(0, "lanczos", 30.50),
    CurvePoint(0, "l1", 31.22),
    CurvePoint(375, "l1", 31.90),
    CurvePoint(750, "l1", 32.08),
    CurvePoint(1500, "l1", 32.24),
    CurvePoint(3000, "l1", 32.41),
    CurvePoint(3240, "adversarial", 31.86),
]
CLINIC = RemoteNode("Clinic", "PACS", "127.0.0.1", 4242)
MARK = fingerprint(KEY.public_key())


def _library(stage: Stage) -> Library:
    return stage.ends.enter_context(open_library(stage.folder / "library", READER))


# Report


@row("report")
def _report(stage: Stage) -> ReportWindow:
    window = ReportWindow(stage.background)
    window.show()
    window.set_work(test_report_window.Pretended())  # type: ignore[arg-type]
    wait_until(lambda: window.preview is not None and not window.busy.isVisible())
    return window


@row("report without a case")
def _no_report(stage: Stage) -> ReportWindow:
    return ReportWindow(stage.background)


@row("send a report")
def _send(stage: Stage) -> SendDialog:
    desk = test_send_dialog.Desk()
    desk.now = SendingState((CLINIC,))
    dialog = SendDialog(desk, stage.background, stage.folder / "windows.ini")  # type: ignore[arg-type]
    told: list[object] = []
    dialog.settled.connect(lambda: told.append(1))
    dialog.show_case(test_send_dialog.Work(), ReportOptions())  # type: ignore[arg-type]
    wait_until(lambda: told)
    return dialog


# Library


def _library_window(stage: Stage) -> LibraryWindow:
    library = _library(stage)
    keep_case(library)
    entrance = LibraryEntrance(library, stage.folder / "settings.json")
    stage.ends.callback(entrance.close)
    window = entrance.open()
    wait_until(lambda: window.kept.text() != "")
    return window


@row("library")
def _library_row(stage: Stage) -> LibraryWindow:
    return _library_window(stage)


@row("restore a backup")
def _restore(stage: Stage) -> QDialog:
    parent = QWidget()
    stage.ends.callback(parent.deleteLater)
    contents = Contents(4, 12, 30, None, ())
    found = Restored(contents, (), None)
    return stage.asked(lambda: LibraryQuestions(parent).may_restore(found))


@row("erase a patient")
def _erase(stage: Stage) -> EraseQuestion:
    patient = Patient("HD-0007", "Phantom^Ada", (1, 2), "20240229")
    return EraseQuestion(patient, Erasure((1, 2), 3, 1, (stage.folder / "before.sqlite",)))


@row("unlock the library")
def _unlock(stage: Stage) -> UnlockDialog:
    return UnlockDialog(stage.folder, lambda _typed: None)  # type: ignore[arg-type,return-value]


@row("new passphrase")
def _passphrase(stage: Stage) -> PassphraseDialog:
    return PassphraseDialog(changing())


@row("make the library plain")
def _plain(stage: Stage) -> PassphraseDialog:
    return PassphraseDialog(decrypting())


# Packs


def _packs(stage: Stage) -> PackWindow:
    store = TrustStore(stage.folder / "signers.json")
    store.trust(KEY.public_key(), "Ward 3", How.COMMAND)
    shelf = PackShelf(stage.folder / "packs", store.trusts)
    used = shelf.keep(write_version(stage.folder / "a.h2pack", "1.9", KEY))
    shelf.keep(write_version(stage.folder / "c.h2pack", "2.0"))
    shelf.keep(demo_pack_path())
    desk = PackDesk(shelf, store, _library(stage))
    window = PackWindow(desk, stage.background, lambda: used.digest)
    window.show()
    wait_until(lambda: len(window.table.packs.rows) == 3)
    wait_until(lambda: window.details.card.toPlainText())
    return window


@row("packs")
def _packs_row(stage: Stage) -> PackWindow:
    return _packs(stage)


@row("packs, signers")
def _signers(stage: Stage) -> PackWindow:
    window = _packs(stage)
    window.tabs.setCurrentWidget(window.signers)
    return window


@row("trust a signer")
def _trust(stage: Stage) -> TrustQuestion:
    trust = PackTrust(Standing.UNKNOWN, "ab" * 32, MARK, is_signed=True)
    return TrustQuestion("Ward pack 1.0", trust)


@row("use an unsigned pack")
def _unsigned(stage: Stage) -> TrustQuestion:
    return TrustQuestion("Ward pack 1.0", PackTrust(Standing.UNSIGNED, "ab" * 32))


# Network


def _network(stage: Stage) -> NetworkWindow:
    desk = test_network_window.Desk(stage.folder)
    save_pacs(desk.settings_path, PacsSettings(nodes=(CLINIC,)))
    entrance = PacsEntrance(stage.folder / "library", stage.folder / "settings.json")
    entrance.desk = desk
    stage.ends.callback(entrance.close)
    window = entrance.open()
    wait_until(lambda: window.search.archive.count() == 1)
    return window


@row("network, search")
def _search(stage: Stage) -> NetworkWindow:
    window = _network(stage)
    window.search.name.setText("Doe")
    window.search.name.returnPressed.emit()
    wait_until(lambda: not window.search.task.is_running)
    wait_until(lambda: window.search.table.model().rowCount() == 2)
    return window


@row("network, receive")
def _receive(stage: Stage) -> NetworkWindow:
    window = _network(stage)
    window.show_receiving()
    return window


@row("network, archives")
def _archives(stage: Stage) -> NetworkWindow:
    window = _network(stage)
    window.show_archives()
    return window


# Training


def _training(stage: Stage) -> TrainingWindow:
    window = TrainingWindow([], stage.folder / "windows.ini", lambda _url: True, 1000)
    stage.ends.callback(window.end)
    return window


@row("training, cohort")
def _cohort_start(stage: Stage) -> TrainingWindow:
    return _training(stage)


@row("training, findings")
def _findings(stage: Stage) -> TrainingWindow:
    window = _training(stage)
    window.process.check_finished.emit(check_of(bad_check_document()))
    return window


@row("training, refused cohort")
def _refused_cohort(stage: Stage) -> TrainingWindow:
    window = _training(stage)
    window.process.check_failed.emit(
        EngineFailed(msg("No cohort.csv here."), msg("Choose another folder."))
    )
    return window


def _checked(stage: Stage) -> TrainingWindow:
    window = _training(stage)
    window.cohort.path.setText(str(stage.folder / "hospital"))
    window.process.check_finished.emit(check_of(check_document()))
    return window


@row("training, choices")
def _choices(stage: Stage) -> TrainingWindow:
    window = _checked(stage)
    window.go_to(steps.CHOICES)
    return window


@row("training, running")
def _running(stage: Stage) -> TrainingWindow:
    window = _checked(stage)
    window.running.begin()
    window.go_to(steps.RUNNING)
    window.process.progressed.emit(Step("", 0.425, "Network 2 of 5", 600.0))
    window.process.log_added.emit("Loading")
    return window


@row("training, result")
def _result(stage: Stage) -> TrainingWindow:
    window = _checked(stage)
    _figures(stage)
    window.process.finished.emit(trained_of(trained_document(stage.folder / "p.h2pack")))
    return window


@row("training, enhanced by a file")
def _enhanced(stage: Stage) -> TrainingWindow:
    window = _checked(stage)
    file = stage.folder / "Ward.h2enhancer"
    small_enhancer_file(file, "Ward")
    window.use_enhancer(file)
    window.background.flush()
    wait_until(lambda: window.choices.enhancement.problem() == "")
    return window


@row("training, figure")
def _figure(stage: Stage) -> FigureWindow:
    window = FigureWindow(stage.background)
    window.show_figures(_figures(stage), 0)
    stage.background.flush()
    return window


def _figures(stage: Stage) -> list[Path]:
    folder = stage.folder / "figures"
    folder.mkdir()
    paths = [folder / f"{name}.png" for name in ("calibration_held-out", "roc")]
    for path in paths:
        image = QImage(400, 300, QImage.Format.Format_RGB32)
        image.fill(QColor("white"))
        image.save(str(path))
    return paths


# Enhancers


def _enhancers(stage: Stage) -> EnhancerWindow:
    window = EnhancerWindow([], stage.folder / "windows.ini", lambda _url: True, 1000)
    stage.ends.callback(window.end)
    return window


@row("enhancer, images")
def _images_start(stage: Stage) -> EnhancerWindow:
    return _enhancers(stage)


def _images_checked(stage: Stage) -> EnhancerWindow:
    window = _enhancers(stage)
    window.images.path.setText(str(stage.folder / "scans"))
    window.process.check_finished.emit(images_of(images_document()))
    return window


@row("enhancer, left out")
def _left_out(stage: Stage) -> EnhancerWindow:
    return _images_checked(stage)


@row("enhancer, choices")
def _enhancer_choices(stage: Stage) -> EnhancerWindow:
    window = _images_checked(stage)
    window.go_to(steps.CHOICES)
    return window


@row("enhancer, running")
def _enhancer_running(stage: Stage) -> EnhancerWindow:
    window = _images_checked(stage)
    window.running.begin()
    window.go_to(steps.RUNNING)
    window.process.progressed.emit(Step("adversarial", 0.72, "Step 3,240 of 4,500", 240.0))
    window.process.points_told.emit(CURVE)
    window.process.log_added.emit("Step 3,240 of 4,500, held-out PSNR 31.86 dB")
    return window


@row("enhancer, result")
def _enhancer_result(stage: Stage) -> EnhancerWindow:
    window = _images_checked(stage)
    picture = QImage(400, 300, QImage.Format.Format_RGB32)
    picture.fill(QColor("white"))
    picture.save(str(stage.folder / "g-curves.png"))
    window.process.finished.emit(made_of(enhancer_document(stage.folder / "g.h2enhancer")))
    return window


# Audit


@cache
def _ward() -> tuple[Pack, TemporaryDirectory[str]]:
    """A pack that has fallen behind, and the library in which it did; worked out once."""
    rng, folder = np.random.default_rng(7), TemporaryDirectory()
    pack = promising(the_pack(), rng, 0.90)
    drawn = scores(rng, 70, promised=0.9, true=0.6, prevalence=pack.manifest.prevalence)
    with open_library(Path(folder.name) / "library", READER) as library:
        fill(library, Path(folder.name), patients(pack, *drawn, rng=rng))
    return pack, folder


def _audit(stage: Stage, tab: Callable[[AuditWindow], QWidget]) -> AuditWindow:
    pack, folder = _ward()
    copytree(folder.name, stage.folder, dirs_exist_ok=True)
    entrance = AuditEntrance(_library(stage), lambda: pack, lambda: None)
    stage.ends.callback(entrance.close)
    window = entrance.open()
    wait_until(lambda: not window.busy.isVisible())
    window.tabs.setCurrentWidget(tab(window))
    return window


@row("audit, performance")
def _performance(stage: Stage) -> AuditWindow:
    return _audit(stage, lambda window: window.performance)


@row("audit, over time")
def _over_time(stage: Stage) -> AuditWindow:
    return _audit(stage, lambda window: window.over_time)


@row("audit, inputs")
def _inputs(stage: Stage) -> AuditWindow:
    return _audit(stage, lambda window: window.inputs)


@row("audit, cases")
def _audit_cases(stage: Stage) -> AuditWindow:
    return _audit(stage, lambda window: window.cases)


@row("audit, recalibrate")
def _recalibrate(stage: Stage) -> AuditWindow:
    return _audit(stage, lambda window: window.recalibrate)


# Readers


def _readers(stage: Stage) -> ReadersWindow:
    window = ReadersWindow(
        reader_samples.ward,
        stage.background,
        "Anna",
        measure=lambda *_any: reader_samples.table(),
    )
    stage.ends.callback(window.end)
    window.show()
    wait_until(lambda: window.cases.table.model().rowCount() == 5)
    wait_until(lambda: window.cases.view.has_frame)
    return window


@row("readers, cases")
def _reader_cases(stage: Stage) -> ReadersWindow:
    return _readers(stage)


@row("readers, features")
def _reader_features(stage: Stage) -> ReadersWindow:
    window = _readers(stage)
    window.tabs.setCurrentWidget(window.features)
    return window


@row("reading log")
def _reading_log(stage: Stage) -> ReadingWindow:
    window = ReadingWindow(lambda: [a_reading(), UNDECIDED], stage.background, lambda name: None)
    window.show()
    wait_until(lambda: window.table.model().rowCount() == 2)
    return window


# De-identification


def _deidentify(stage: Stage) -> DeidentifyWindow:
    entrance = DeidentifyEntrance(
        stage.folder / "library", lambda: READER, open_url=lambda _url: True
    )
    stage.ends.callback(entrance.close)
    window = entrance.open()
    sources = stage.folder / "sources"
    sources.mkdir()
    image_file(sources / "a1.dcm", 1)
    window.choose.set_sources([sources])
    window.choose.set_destination(stage.folder / "out")
    return window


@row("de-identify, choose")
def _choose(stage: Stage) -> DeidentifyWindow:
    return _deidentify(stage)


@row("de-identify, masks")
def _masks(stage: Stage) -> DeidentifyWindow:
    window = _deidentify(stage)
    window.forward.click()
    wait_until(lambda: len(window.masks.thumbnails) == 1)
    window.masks.add.click()
    return window


@row("de-identify, result")
def _copied(stage: Stage) -> DeidentifyWindow:
    window = _deidentify(stage)
    window.choose.options[Option.CLEAN_PIXEL_DATA].setChecked(False)
    window.forward.click()
    wait_until(lambda: window.step == COPIED and not window.is_busy)
    return window


# Check this computer


@row("check this computer")
def _doctor(stage: Stage) -> DoctorWindow:
    window = DoctorWindow(
        stage.folder / "library",
        stage.folder / "settings.json",
        stage.background,
        command=doctor_that_says(SICK, stage.folder),
    )
    wait_until(lambda: not window.is_checking and bool(window.found.rows))
    return window
