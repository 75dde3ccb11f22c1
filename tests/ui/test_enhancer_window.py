"""The window that trains an enhancer, from images to the next pack, and the main window around it."""

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from her2desk.__main__ import wants_window
from her2desk.errors import EngineFailed
from her2desk.settings import Settings
from her2desk.texts import CATALOGUE
from her2desk.ui.app import make_application
from her2desk.ui.main_window import MainWindow
from her2desk.ui.training.curve_view import CurveView
from her2desk.ui.training.enhancer_command import (
    ADVERSARIAL,
    L1,
    QUICK,
    STANDARD,
    AskedEnhancer,
    check_arguments,
    train_arguments,
)
from her2desk.ui.training.enhancer_documents import CurvePoint, images_of, made_of, point_of
from her2desk.ui.training.enhancer_window import EnhancerWindow
from her2desk.ui.training.training_window import TrainingWindow
from her2desk.ui.training.work_window import CHOICES, RESULT, SOURCE
from tests.enhancers import small_enhancer_file
from tests.ui.seen_words import Bracketed, unbracketed
from tests.ui.test_training_pages import choose
from tests.ui.training_samples import (
    WAIT_MS,
    Scene,
    check,
    check_document,
    enhancer_document,
    images_document,
    is_alive,
    main_window,
    points,
    start,
    step,
)

LEFT = Qt.MouseButton.LeftButton
CURVE = ((0, "lanczos", 30.5), (0, "l1", 31.2), (600, "l1", 32.0))

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the played command line waits for signals")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    scene = Scene(tmp_path / "scene")
    scene.check(out=images_document())
    return scene


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "scans.h2enhancer"


def make_window(scene: Scene, tmp_path: Path) -> EnhancerWindow:
    make_application(Settings())
    return EnhancerWindow(scene.command, tmp_path / "windows.ini", lambda _url: True, WAIT_MS)


@pytest.fixture
def window(qtbot: QtBot, scene: Scene, tmp_path: Path):
    window = make_window(scene, tmp_path)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    yield window
    window.end()


def start_and_wait(qtbot, window, scene, images, **train) -> int:
    scene.train(err=[*points(*CURVE), step(0.3, "Step 600 of 4,500", 60)], then="wait", **train)
    with qtbot.waitSignal(window.process.progressed, timeout=WAIT_MS):
        start(qtbot, window, images)
    assert is_alive(window.process.pid)
    return window.process.pid


def test_from_images_to_an_enhancer_for_the_next_pack(qtbot, window, scene, images, file):
    later = (4500, "adversarial", 31.4)
    scene.train(out=enhancer_document(file), err=points(*CURVE, later))
    with qtbot.waitSignal(window.process.finished, timeout=WAIT_MS):
        start(qtbot, window, images)
    assert window.step == RESULT
    assert window.result.title.text() == "ward-gan 1.0 is ready"
    assert window.result.measures.rows() == [
        ["PSNR, dB", "30.50", "32.40", "Generator"],
        ["SSIM", "0.774", "0.774", "Alike"],
        ["Gradient deviation (GMSD)", "0.112", "0.083", "Generator"],
        ["Speckle: difference of local SNR", "0.630", "−0.110", "Generator"],
    ]
    assert "12 patients" in window.result.held_out.text()
    assert window.curves.words.text().startswith(
        "After 4,500 steps: generator 31.40 dB, Lanczos 30.50 dB. PSNR may fall now"
    )
    assert scene.calls("train")[0][:4] == ["train-enhancer", str(images), "--out", str(file)]
    with qtbot.waitSignal(window.enhancer_chosen) as told:
        qtbot.mouseClick(window.result.use, LEFT)
    assert told.args == [file]


def test_the_look_says_who_is_there_and_what_is_left_out_and_why(qtbot, window, images):
    check(qtbot, window, images)
    found = window.images.found
    assert found.title.text() == "118 images of 60 patients"
    assert found.detail.text().startswith("12 patients will be held out")
    assert "2 files are left out" in found.verdict.text()
    table = found.findings
    assert table.view.isColumnHidden(0)  # no rows, and no remedies
    assert table.view.isColumnHidden(4)
    assert [row.column for row in table.model.rows] == ["P017/2.dcm", "P031/1.dcm"]
    assert window.rail.buttons[SOURCE].detail() == "60 patients"


def test_images_that_cannot_be_used_are_refused_in_a_sentence(qtbot, window, scene, images):
    words = {"code": "too-few-patients", "message": "Too few.", "remedy": "Add patients."}
    scene.check(out={"error": words}, code=3)
    with qtbot.waitSignal(window.process.check_failed, timeout=WAIT_MS):
        window.images.choose_folder(images)
    assert window.images.problem.message.text() == "Too few."
    assert not window.forward.isEnabled()


def test_every_choice_reaches_the_command(qtbot, window, scene, images, tmp_path):
    check(qtbot, window, images)
    qtbot.mouseClick(window.forward, LEFT)
    choices = window.choices
    assert "6 min" in choices.effort.text()
    choose(qtbot, choices.kind, L1)
    choose(qtbot, choices.length, QUICK)
    choose(qtbot, choices.device, "cpu")
    assert "1 min" in choices.effort.text()
    for field, words in (
        (choices.seed, "7x"),
        (choices.licence, "CC-BY-4.0"),
        (choices.population, "Two wards"),
    ):
        qtbot.keyClicks(field, words)
    choices.save.name.setText("Ward GAN")
    choices.jobs.setValue(4)
    expected = AskedEnhancer(
        images, tmp_path / "Ward-GAN.h2enhancer", "Ward GAN", "1.0", "CC-BY-4.0", "Two wards",
        L1, QUICK, 7, 4, "cpu",
    )  # fmt: skip
    assert choices.request() == expected


def test_what_is_missing_stands_beside_the_greyed_start(qtbot, window, images):
    check(qtbot, window, images)
    qtbot.mouseClick(window.forward, LEFT)
    window.choices.version.clear()
    assert window.note.text() == "Give the enhancer a version."
    assert not window.forward.isEnabled()
    qtbot.keyClicks(window.choices.version, "2")
    window.choices.save.name.clear()
    assert window.note.text() == "Give the enhancer a name."
    window.choices.save.name.setText("a")
    window.choices.save.out.setText("a.h2pack")
    assert ".h2enhancer" in window.note.text()


def test_a_stopped_training_keeps_its_curves_and_goes_on_with_the_same_command(
    qtbot, window, scene, images, file
):
    pid = start_and_wait(qtbot, window, scene, images)
    qtbot.mouseClick(window.running.stop, LEFT)
    with qtbot.waitSignal(window.process.stopped, timeout=WAIT_MS):
        qtbot.mouseClick(window.running.confirm, LEFT)
    assert not is_alive(pid)
    scene.train(out=enhancer_document(file), err=points(*CURVE, (1200, "l1", 32.2)))
    with qtbot.waitSignal(window.process.finished, timeout=WAIT_MS):
        qtbot.mouseClick(window.running.resume, LEFT)
    assert [point.step for point in window.curves.chart.points()] == [0, 0, 600, 1200]
    first, second = scene.calls("train")
    assert first == second
    window.go_to(CHOICES)
    scene.train(out=enhancer_document(file))
    with qtbot.waitSignal(window.process.finished, timeout=WAIT_MS):
        qtbot.mouseClick(window.forward, LEFT)
    assert window.curves.chart.points() == ()  # another training, other curves


def test_what_speaks_against_the_enhancer_is_said_first(window, file):
    worse = {"lanczos": {"psnr_db": 30.5}, "generator": {"psnr_db": 30.1}}
    made = made_of(enhancer_document(file, measures=worse, held_out_patients=2))
    window.result.show_made(made, None)
    words = [message.text() for message in window.result.warnings.messages()]
    assert ["farther" in words[0], "Only 2 patients" in words[1]] == [True, True]
    assert words[2] == "P017/2.dcm was left out: It holds colour."
    assert window.result.measures.rows() == [["PSNR, dB", "30.50", "30.10", "Lanczos"]]


def test_the_curve_is_said_in_words_and_drawn(qtbot):
    view = CurveView()
    qtbot.addWidget(view)
    view.resize(600, 300)
    view.show()
    before = view.chart.grab().toImage()
    view.add_points([CurvePoint(0, "l1", 31.0), CurvePoint(50, "l1", 31.5)])
    assert view.chart.accessibleDescription() == "After 50 steps: generator 31.50 dB."
    view.add_points([CurvePoint(0, "lanczos", 30.5), CurvePoint(60, "adversarial", 31.4)])
    assert view.chart.accessible_value().startswith("After 60 steps: generator 31.40 dB, Lanczos")
    assert view.chart.grab().toImage() != before
    view.begin()
    assert view.chart.accessibleDescription() == ""


REQUEST = AskedEnhancer(
    Path("scans"), Path("a.h2enhancer"), "a", "1.0", None, None, ADVERSARIAL, STANDARD, None, 2, "auto"
)  # fmt: skip


def test_the_same_request_gives_the_same_command():
    assert check_arguments(Path("scans")) == [
        "train-enhancer", "scans", "--check", "--json", "--progress", "json",
    ]  # fmt: skip
    assert train_arguments(REQUEST) == [
        "train-enhancer", "scans", "--out", "a.h2enhancer", "--json", "--progress", "json",
        "--name", "a", "--enhancer-version", "1.0", "--l1-steps", "2000",
        "--adversarial-steps", "1000", "--jobs", "2", "--device", "auto",
    ]  # fmt: skip
    assert not wants_window(check_arguments(Path("scans")))
    assert not wants_window(train_arguments(REQUEST))
    quick = train_arguments(replace(REQUEST, kind=L1, length=QUICK, seed=3, population="Two wards"))
    assert quick[-1] == "--l1-only"
    assert quick[quick.index("--l1-steps") + 1] == "600"
    assert quick[quick.index("--seed") + 1] == "3"
    assert quick[quick.index("--population") + 1] == "Two wards"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
KEYS = ["usable", "images", "left_out", "enhancer", "measures", "generator", "figures", "curve"]


@given(st.dictionaries(st.sampled_from(KEYS) | st.text(), JSON))
def test_no_document_is_answered_with_anything_but_a_value_or_a_sentence(raw):
    for read in (images_of, made_of):
        with suppress(EngineFailed):
            read(raw)


def test_a_point_is_read_and_everything_else_is_not():
    line = '{"curve": {"step": 5, "phase": "l1", "psnr_db": 31.5}}'
    assert point_of(line) == CurvePoint(5, "l1", 31.5)
    for other in ('{"curve": {"step": 5}}', '{"curve": [1]}', '{"fraction": 0.5}', "{x", "[1]", ""):
        assert point_of(other) is None


def test_it_has_no_word_of_its_own(qtbot, scene, images, file, tmp_path, monkeypatch):
    monkeypatch.setattr(CATALOGUE, "translations", Bracketed())
    window = make_window(scene, tmp_path)
    qtbot.addWidget(window)
    window.show()
    scene.train(out=enhancer_document(file), err=points(*CURVE))
    with qtbot.waitSignal(window.process.finished, timeout=WAIT_MS):
        start(qtbot, window, images)
    own = {"It holds colour.", str(images)}
    found = [text for _, text in unbracketed(window, own) if not text.startswith(str(tmp_path))]
    assert [text for text in found if text not in ("scans", "1.0")] == []
    window.end()


# The main window


@pytest.fixture
def main(qtbot: QtBot, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("her2desk.ui.training.entrance.own_command", lambda: scene.command)
    main = main_window(tmp_path)
    qtbot.addWidget(main)
    main.show()
    qtbot.waitExposed(main)
    yield main
    main.close()


def open_both(qtbot: QtBot, main: MainWindow) -> tuple[TrainingWindow, EnhancerWindow]:
    qtbot.mouseClick(main.header.training_button, LEFT)
    packs = main.tools.training.window
    assert packs is not None
    qtbot.addWidget(packs)
    qtbot.mouseClick(packs.enhancer, LEFT)
    enhancers = main.tools.training.enhancers
    assert enhancers is not None
    qtbot.addWidget(enhancers)
    assert enhancers.isVisible()
    return packs, enhancers


def test_a_trained_enhancer_is_the_next_packs_choice(qtbot, main, scene, images, file, tmp_path):
    packs, enhancers = open_both(qtbot, main)
    small_enhancer_file(file, "ward-gan")
    scene.train(out=enhancer_document(file))
    with qtbot.waitSignal(enhancers.process.finished, timeout=WAIT_MS):
        start(qtbot, enhancers, images)
    qtbot.mouseClick(enhancers.result.use, LEFT)
    assert packs.step == SOURCE  # a cohort comes first
    scene.check(out=check_document())
    (tmp_path / "hospital").mkdir()
    check(qtbot, packs, tmp_path / "hospital")
    qtbot.mouseClick(packs.forward, LEFT)
    enhancement = packs.choices.enhancement
    qtbot.waitUntil(lambda: enhancement.problem() == "", timeout=WAIT_MS)
    assert packs.choices.request().enhance == str(file)
    assert "ward-gan" in enhancement.file.said.text()


def test_one_trains_at_a_time_and_the_header_leads_to_it(
    qtbot, main, scene, images, file, tmp_path
):
    packs, enhancers = open_both(qtbot, main)
    scene.check(out=check_document())
    (tmp_path / "hospital").mkdir()
    check(qtbot, packs, tmp_path / "hospital")
    qtbot.mouseClick(packs.forward, LEFT)
    assert packs.forward.isEnabled()
    scene.check(out=images_document())
    pid = start_and_wait(qtbot, enhancers, scene, images, out=enhancer_document(file))
    assert not packs.forward.isEnabled()
    assert "Something else is being trained" in packs.note.text()
    assert main.header.training_button.text() == "Training 30\u00a0%"
    assert list(main.tools.running()) == ["a training"]
    enhancers.close()
    packs.close()
    qtbot.mouseClick(main.header.training_button, LEFT)
    assert enhancers.isVisible()
    assert not packs.isVisible()
    with qtbot.waitSignal(enhancers.process.finished, timeout=WAIT_MS):
        os.kill(pid, 10)  # SIGUSR1: go on
    assert packs.forward.isEnabled()


def test_closing_the_main_window_ends_the_training_of_an_enhancer(qtbot, main, scene, images):
    _, enhancers = open_both(qtbot, main)
    pid = start_and_wait(qtbot, enhancers, scene, images)
    main.close()
    assert not is_alive(pid)
    assert not enhancers.isVisible()


def test_the_figures_of_the_help_are_one_click_away(qtbot, main):
    packs, enhancers = open_both(qtbot, main)
    with qtbot.waitSignal(main.tools.training.help_requested) as told:
        qtbot.mouseClick(enhancers.images.start.measured, LEFT)
    assert told.args == ["validation#enhancement"]
    packs.go_to(CHOICES)
    with qtbot.waitSignal(main.tools.training.help_requested):
        qtbot.mouseClick(packs.choices.enhancement.measured, LEFT)
    if main.help.window is not None:
        main.help.window.close()
