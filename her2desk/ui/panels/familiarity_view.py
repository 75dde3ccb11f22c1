"""Whether a case is like the patients that its pack knows (V18)."""

from PySide6.QtWidgets import QWidget

from her2desk.domain.familiarity import Distance, Familiarity, TraitPlace
from her2desk.domain.prediction import FeatureContribution
from her2desk.stats.case_words import distance_sentence, place_sentence, seen_sentences
from her2desk.ui.panels.why_words import familiarity_key, features_outside, nothing_stated_note
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.place_bar import PlaceBar, against_limit, among
from her2desk.ui.widgets.remark import Remark
from her2desk.ui.widgets.row_pool import RowPool, column_of


class PlaceRow(QWidget):
    """A sentence and a bar; a warning shape where the case lies outside."""

    def __init__(self) -> None:
        super().__init__()
        self.remark = Remark()
        self.bar = PlaceBar()
        column = column_of(self, GRID)
        column.addWidget(self.remark)
        column.addWidget(self.bar)

    def show_distance(self, distance: Distance | None) -> None:
        """Show how far the case lies from the pack's patients; up to the limit it is like them."""
        is_outside = distance is not None and distance.is_outside
        self.remark.say(distance_sentence(distance).text(), is_outside)
        self.bar.setVisible(distance is not None)
        if distance is not None:
            self.bar.set_place(against_limit(distance.value, distance.threshold, False))

    def show_place(self, place: TraitPlace) -> None:
        """Show where a measure lies; what is shaded is where the pack's patients lie."""
        self.remark.say(place_sentence(place).text(), place.is_outside)
        self.bar.set_place(among(place.value, place.lowest, place.highest))


class FamiliarityView(QWidget):
    """Distance, single measures, scanner and pixel size, and features out of their range."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.distance = PlaceRow()
        self.key = wrapped(familiarity_key(), "muted")
        self.features = Remark()
        self._shown: object = None
        self._places = RowPool(PlaceRow, GRID * 3)
        self._seen = RowPool(Remark, GRID * 2)
        column = column_of(self, GRID * 3)
        for widget in (self.distance, self._places, self.key, self._seen, self.features):
            column.addWidget(widget)

    def show_familiarity(
        self, familiarity: Familiarity | None, features: tuple[FeatureContribution, ...]
    ) -> None:
        """Show how familiar a case is; the same again costs nothing."""
        if (familiarity, features) == self._shown:
            return
        self._shown = familiarity, features
        if familiarity is None:
            self._show_places(())
            self._seen.take(1)[0].say(nothing_stated_note(), False)
        else:
            self.distance.show_distance(familiarity.distance)
            self._show_places(familiarity.places)
            self._show_seen(familiarity)
        self.distance.setVisible(familiarity is not None)
        has_bars = familiarity is not None and bool(familiarity.distance or familiarity.places)
        self.key.setVisible(has_bars)
        self.features.say(features_outside(features), any(f.is_out_of_range for f in features))

    def places(self) -> list[PlaceRow]:
        """The measures shown, those outside first."""
        return self._places.rows()

    def seen(self) -> list[Remark]:
        """What is said of scanner and pixel size."""
        return self._seen.rows()

    def _show_places(self, places: tuple[TraitPlace, ...]) -> None:
        outside_first = sorted(places, key=lambda place: not place.is_outside)
        for row, place in zip(self._places.take(len(places)), outside_first, strict=True):
            row.show_place(place)

    def _show_seen(self, familiarity: Familiarity) -> None:
        sentences = seen_sentences(familiarity)
        is_new = (familiarity.scanner_seen is False, familiarity.spacing_seen is False)
        for row, said, warns in zip(
            self._seen.take(len(sentences)), sentences, is_new, strict=True
        ):
            row.say(said.text(), warns)
