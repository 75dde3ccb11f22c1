"""Help from the main window: F1 where one works, the menu, the tour, sample cases, what is new, about."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from her2desk import __version__
from her2desk.paths import demo_case_dir
from her2desk.settings import Settings, load_settings, save_settings
from her2desk.ui.help.help_window import HelpWindow
from her2desk.ui.help.news import is_upgraded
from her2desk.ui.help.pages import page_of
from tests.conftest import ROOT
from tests.ui.help_samples import write_book
from tests.ui.seat import SHIFT, Seat, asked, click, wait_until


@pytest.fixture
def seat(tmp_path: Path, qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seat]:
    book = write_book(tmp_path / "help")
    monkeypatch.setattr("her2desk.ui.help.book.help_dir", lambda: book)
    seat = Seat(tmp_path / "home")
    yield seat
    seat.close()


def settings_of(seat: Seat) -> Settings:
    seat.window.settings_keeper.write()
    seat.window.background.flush()
    return load_settings(seat.home / "settings.json")


def entry(seat: Seat, text: str) -> None:
    """Choose an entry under the question mark."""
    menu = seat.window.header.help_button.menu()
    next(action for action in menu.actions() if action.text() == text).trigger()


# F1


def test_f1_opens_the_page_of_the_place_that_has_the_keyboard(seat):
    for place, page in (
        (seat.window.workspace, "guide/draw"),
        (seat.window.right.result, "guide/answer"),
    ):
        place.setFocus()
        QTest.keyClick(seat.window, Qt.Key.Key_F1)
        assert seat.window.help.window.page == page
        assert seat.window.help.window.isVisible()
        seat.window.activateWindow()


def test_every_place_that_names_a_page_names_one_that_is_there(seat):
    windows = (
        seat.window.tools.library,
        seat.window.tools.packs,
        seat.window.tools.readers,
        seat.window.tools.readings,
        seat.window.tools.report,
        seat.window.tools.doctor,
    )
    places = [seat.window, *seat.window.findChildren(QWidget), *(w.open() for w in windows)]
    named = {page_of(place) for place in places}
    assert {"guide/images", "guide/clinical", "guide/why", "guide/keep", "guide/settings"} <= named
    for page in named - {"doctor"}:
        assert (ROOT / "docs" / f"{page}.md").is_file(), page


def test_f1_over_settings_opens_a_help_that_can_be_used(seat):
    pages = []

    def ask(dialog: QWidget) -> None:
        dialog.activateWindow()
        QApplication.processEvents()
        QTest.keyClick(dialog, Qt.Key.Key_F1)
        for help_window in dialog.findChildren(HelpWindow):
            pages.append(help_window.page)
            QTest.keyClick(help_window.browser, Qt.Key.Key_Escape)
        dialog.reject()

    with asked(ask):
        seat.window.preferences.edit()
    assert pages == ["guide/first-steps"], "the book of these tests has no page on settings"


def test_shift_f1_lists_the_keys(seat):
    QTest.keyClick(seat.window, Qt.Key.Key_F1, SHIFT)
    words = {label.text() for label in seat.window.dialogs.shortcuts.findChildren(QLabel)}
    assert {"F1", "Shift+F1", "Help"} <= words


# The tour


def test_the_first_start_shows_five_steps_and_never_again_once_they_are_done(seat):
    seat.window.greet()
    tour = seat.window.help.tour
    said = []
    while tour.number >= 0:
        said.append(tour.callout.title.text())
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    assert said == ["Bring images in", "Draw round the lesion", "Fill in what is known",
                    "Read the answer", "Ask why"]  # fmt: skip
    assert settings_of(seat).tour_done
    seat.window.greet()
    assert tour.number == -1


def test_every_callout_stands_inside_the_window_and_beside_what_it_means(seat):
    for size in ((1280, 720), (1440, 900)):
        seat.window.resize(*size)
        QApplication.processEvents()
        entry(seat, "Take the tour")
        tour = seat.window.help.tour
        for _ in range(5):
            QApplication.processEvents()
            assert seat.window.rect().contains(tour.callout.geometry())
            assert not tour.callout.geometry().intersects(
                tour.ring.geometry().adjusted(6, 6, -6, -6)
            )
            click(tour.callout.next)


def test_the_tour_goes_back_and_escape_skips_it_for_good(seat):
    seat.window.greet()
    tour = seat.window.help.tour
    click(tour.callout.next)
    QTest.keyClick(tour.callout, Qt.Key.Key_Left)
    assert tour.number == 0
    assert not tour.callout.back.isEnabled()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert tour.number == -1
    assert settings_of(seat).tour_done
    entry(seat, "Take the tour")
    assert tour.number == 0


def test_a_library_with_cases_is_no_first_start(seat):
    seat.open_demo()
    seat.window.greet()
    assert seat.window.help.tour is None


def test_the_tour_goes_when_a_patients_case_opens_and_stays_over_a_sample(seat, tmp_path):
    seat.window.greet()
    seat.open_demo()
    assert seat.window.help.tour.number == 0
    data = dcmread(demo_case_dir() / "demo.dcm")
    data.PatientID, data.SOPInstanceUID = "4711", "1.2.3.4"
    data.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    data.save_as(tmp_path / "patient.dcm")
    seat.bring_in(tmp_path / "patient.dcm")
    assert seat.window.help.tour.number == -1
    assert not settings_of(seat).tour_done


# Sample cases


def test_one_click_brings_sample_cases_that_say_what_they_are(seat):
    entry(seat, "Load sample cases")
    wait_until(lambda: len(seat.rows()) == 4)
    wait_until(lambda: seat.window.session.case is not None)
    patients = {row.patient_id for row in seat.rows()}
    assert patients == {"PH-DEMO", "PH-0001", "PH-0002", "PH-0003"}
    assert seat.window.session.case.image.patient_id == "PH-DEMO"
    wait_until(lambda: not seat.window.help.samples_are_there)
    entry(seat, "Load sample cases")
    wait_until(lambda: not seat.window.help.samples_are_there)
    assert len(seat.rows()) == 4, "the same again are no new cases"


def test_a_full_disk_leaves_no_sample_and_a_sentence(seat, monkeypatch):
    monkeypatch.setattr("her2desk.ui.help.samples.own_command", lambda: [shutil.which("false")])
    entry(seat, "Load sample cases")
    wait_until(lambda: seat.errors())
    assert not seat.window.help.samples_are_there
    assert seat.rows() == []


# What is new


@pytest.mark.parametrize(
    ("seen", "has_cases", "told"),
    [("", False, False), ("", True, True), ("0.0.9", False, True), (__version__, True, False)],
)
def test_a_version_is_news_after_an_upgrade_alone(seen, has_cases, told):
    assert is_upgraded(seen, has_cases=has_cases) is told


def test_what_is_new_is_told_once_and_in_the_way_of_nothing(tmp_path, qapp, monkeypatch):
    book = write_book(tmp_path / "help")
    monkeypatch.setattr("her2desk.ui.help.book.help_dir", lambda: book)
    home = tmp_path / "home"
    save_settings(home / "settings.json", Settings(news_seen="0.0.9", tour_done=True))
    seat = Seat(home)
    seat.window.greet()
    notice = seat.window.help.news
    assert notice.isVisible()
    assert __version__ in notice.sentence.text()
    assert QApplication.activeModalWidget() is None
    click(notice.show_button)
    assert seat.window.help.window.page == "changelog"
    assert not notice.isVisible()
    assert settings_of(seat).news_seen == __version__
    seat.window.greet()
    assert not notice.isVisible()
    seat.close()


# About


def test_about_says_which_version_this_is_and_where_things_lie(seat):
    entry(seat, "About Her2Desk")
    said = {label.text() for label in seat.window.help.about.findChildren(QLabel)}
    assert f"Her2Desk {__version__}" in said
    assert {str(seat.home / "library"), str(seat.home / "settings.json")} <= said
    assert "Research use: an adjunct to, never a replacement for, IHC and FISH." in said
