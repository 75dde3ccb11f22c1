"""Whether a case is like the pack's patients, as the why panel shows it."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from her2desk.domain.familiarity import Distance, TraitPlace
from her2desk.domain.traits import Trait
from her2desk.stats.proportions import wilson
from her2desk.ui.panels.familiarity_view import FamiliarityView
from her2desk.ui.theme import apply_theme
from tests.ui.panel_samples import make_familiarity, make_features


@pytest.fixture
def view(qtbot: QtBot, qapp: QApplication) -> FamiliarityView:
    apply_theme(qapp, "dark")
    view = FamiliarityView()
    qtbot.addWidget(view)
    view.resize(356, 600)
    view.show()
    qtbot.waitExposed(view)
    return view


def test_the_distance_stands_beside_its_limit(view: FamiliarityView) -> None:
    view.show_familiarity(make_familiarity(), ())
    assert "distance 3.2, limit 4.8" in view.distance.remark.sentence.text()
    assert not view.distance.remark.warns()
    place = view.distance.bar.place()
    assert place is not None
    assert (place.value, place.tick, place.stretch) == (3.2, 4.8, (0, 4.8))
    view.grab()


def test_a_case_out_of_range_is_a_warning(view: FamiliarityView) -> None:
    far = replace(make_familiarity(), distance=Distance(12.3, 4.8, 12, wilson(9, 184)))
    view.show_familiarity(far, ())
    assert view.distance.remark.warns()
    assert view.distance.remark.accessibleName().startswith("Warning: Unlike")
    place = view.distance.bar.place()
    assert place is not None
    assert place.upper > 12.3


def test_measures_outside_come_first(view: FamiliarityView) -> None:
    solid = TraitPlace(Trait.SOLIDITY, 0.91, 0.62, 0.99, wilson(61, 184))
    large = TraitPlace(Trait.SIZE, 31.0, 4.1, 28.4, wilson(0, 184))
    view.show_familiarity(replace(make_familiarity(), places=(solid, large)), ())
    first, second = view.places()
    assert first.remark.warns()
    assert "31.0 mm" in first.remark.sentence.text()
    assert not second.remark.warns()
    assert "61 of 184" in second.remark.sentence.text()
    assert view.key.isVisible()


def test_a_scanner_that_the_pack_never_saw_is_a_warning(view: FamiliarityView) -> None:
    view.show_familiarity(make_familiarity(), ())
    scanner, spacing = view.seen()
    assert scanner.warns()
    assert "Acme Sono 5" in scanner.sentence.text()
    assert not spacing.warns()
    view.show_familiarity(replace(make_familiarity(), scanner_seen=True, spacing_mm=0.3), ())
    scanner, spacing = view.seen()
    assert not scanner.warns()
    assert spacing.warns()


def test_features_outside_their_range_are_counted(view: FamiliarityView) -> None:
    view.show_familiarity(make_familiarity(), make_features())
    assert view.features.warns()
    assert view.features.sentence.text().startswith("1 of 4 radiomics features outside")
    inside = tuple(f for f in make_features() if not f.is_out_of_range)
    view.show_familiarity(make_familiarity(), inside)
    assert not view.features.warns()
    assert view.features.sentence.text().startswith("All 3 radiomics features lie inside")
    view.show_familiarity(make_familiarity(), inside[:1])
    assert view.features.sentence.text().startswith("The one radiomics feature lies inside")


def test_a_pack_without_a_space_says_that_it_cannot_be_judged(view: FamiliarityView) -> None:
    view.show_familiarity(replace(make_familiarity(), distance=None, places=()), ())
    assert "cannot be judged" in view.distance.remark.sentence.text()
    assert not view.distance.bar.isVisible()
    assert not view.key.isVisible()


def test_a_pack_that_states_nothing_says_so(view: FamiliarityView) -> None:
    view.show_familiarity(make_familiarity(), ())
    view.show_familiarity(None, ())
    assert not view.distance.isVisible()
    assert view.places() == []
    assert [row.sentence.text() for row in view.seen()] == [
        "This pack states nothing of its patients, so this cannot be judged."
    ]
    assert not view.seen()[0].warns()
