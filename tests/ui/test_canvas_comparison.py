"""Original and enhanced beside one another: in the same place, of the same frame, and said to be so."""

import weakref
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QAccessible, QColor, QImage, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from her2desk.domain.drawing import Ruler
from her2desk.domain.enhancement import EnhancementUse
from her2desk.domain.measurements import distance
from her2desk.domain.regions import Region
from her2desk.domain.roi import Box
from her2desk.ui.accessible import install
from her2desk.ui.canvas.comparison import Compared, CompareMode, lens_radius
from her2desk.ui.canvas.comparison_picture import enhanced_picture, png_of
from her2desk.ui.canvas.doubts import MOST_PIECES, Doubts
from her2desk.ui.canvas.enhanced_layer import EnhancedLayer
from her2desk.ui.canvas.image_view import ImageView
from her2desk.ui.canvas.picture import Picture
from her2desk.ui.canvas.tools import Tool
from her2desk.ui.canvas.transform import ViewTransform
from her2desk.ui.canvas.window_level import WindowLevel

from .canvas_samples import a_view, an_image, at, click, drag, grey, pixel

SCALE = 4
DARKER = 60  # what the enhanced picture of these tests is where the image is 100
USE = EnhancementUse("network", "tiny", "1.0", SCALE, "0" * 64, 1.0, 0.24, 0, 9600)
SIZE = QSize(376, 256)


def compared(frame_index: int = 0, value: int = DARKER, **said) -> Compared:
    pixels = np.full((80 * SCALE, 120 * SCALE), value, np.uint8)
    is_used, failing = said.pop("is_used", False), said.pop("failing", None)
    layer = EnhancedLayer(pixels, SCALE, failing)
    return Compared(layer, replace(USE, **said), frame_index, is_used)


@pytest.fixture
def view(qtbot: QtBot, qapp: QApplication) -> ImageView:
    install(qapp)
    view = a_view(qtbot, tool=Tool.PAN)
    view.show_comparison(compared())
    return view


def shown(view: ImageView, x: float, y: float) -> int:
    """The grey value at a place of the view."""
    return view.grab().toImage().pixelColor(QPointF(x, y).toPoint()).red()


def grey_values(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_Grayscale8)
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return lines[:, : image.width()].astype(float)


def middle_of_spot(picture: QPixmap) -> tuple[float, float]:
    """Where the light of a picture lies, (x, y) in device pixels."""
    light = grey_values(picture.toImage())
    light[light < 20] = 0  # the view's own ground is not quite black
    x, y = np.arange(light.shape[1]) + 0.5, np.arange(light.shape[0]) + 0.5
    return (light.sum(axis=0) @ x) / light.sum(), (light.sum(axis=1) @ y) / light.sum()


class TestPlaceForPlace:
    """The enhanced pixel i lies at (i + ½)/scale of the image's pixels, at any enlargement."""

    @pytest.mark.parametrize(
        "transform",
        [
            ViewTransform(0.3, 20.25, 11.5),
            ViewTransform(0.7, 30.0, 20.0),
            ViewTransform(1.0, 0.5, 0.5),
            ViewTransform(1.37, 10.4, -3.3),
            ViewTransform(3.9, -100.0, -60.0),
            ViewTransform(7.5, -180.2, -121.7),
            ViewTransform(21.0, -700.0, -530.0),
        ],
    )
    @pytest.mark.parametrize("ratio", [1.0, 2.0])
    def test_a_spot_lies_where_the_image_has_it(
        self, qtbot: QtBot, transform: ViewTransform, ratio: float
    ) -> None:
        column, row = 37, 29
        reach = 3 if transform.scale > 5 else 16  # of a block that is in sight as a whole
        frame = np.zeros((80, 120), np.uint8)
        frame[row : row + reach, column : column + reach] = 250
        layer = EnhancedLayer(frame.repeat(SCALE, 0).repeat(SCALE, 1), SCALE)
        picture = Picture()
        picture.set_pixels(frame)
        enhanced = middle_of_spot(layer.pixmap(transform, SIZE, ratio, WindowLevel()))
        original = middle_of_spot(picture.pixmap(transform, SIZE, ratio, None, 0.0))
        wanted = transform.to_view((column + reach / 2, row + reach / 2)) * ratio
        shrunk = transform.scale * ratio < 0.5  # Qt lays such a picture on whole screen pixels
        assert enhanced == pytest.approx(wanted.toTuple(), abs=0.51 if shrunk else 0.2)
        assert enhanced == pytest.approx(original, abs=0.5)

    @pytest.mark.parametrize("enlargement", [1.0, 2.37, 9.0])
    def test_both_sides_are_one_picture_where_nothing_was_added(
        self, qtbot: QtBot, enlargement: float
    ) -> None:
        """A slanted edge goes on across the divider without a step."""
        rows, columns = np.mgrid[0:80, 0:120]
        frame = np.clip(120 + 6.0 * (columns - 60) + 3.0 * (rows - 40), 0, 255).astype(np.uint8)
        fine = (np.arange(80 * SCALE) + 0.5) / SCALE - 0.5, (np.arange(480) + 0.5) / SCALE - 0.5
        smooth = 120 + 6.0 * (fine[1][None] - 60) + 3.0 * (fine[0][:, None] - 40)
        view = a_view(qtbot, tool=Tool.PAN)
        view.show_frame(frame, 0)
        view.zoom(enlargement)
        alone = grey_values(view.grab().toImage())
        layer = EnhancedLayer(np.clip(np.round(smooth), 0, 255).astype(np.uint8), SCALE)
        view.show_comparison(Compared(layer, USE, 0, True))
        view.set_divider(0)
        beside = grey_values(view.grab().toImage())
        inside = np.s_[120:180, 60:330]  # clear of words, grip and divider
        step = 6.0 * max(1.0, 1 / view.transform.scale)  # of one image pixel, that blocks show
        assert np.abs(beside[inside] - alone[inside]).max() <= (step if enlargement > 2 else 2)
        assert abs((beside[inside] - alone[inside]).mean()) < 1

    def test_only_what_is_in_sight_is_windowed(
        self, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[int] = []
        apply = WindowLevel.apply
        monkeypatch.setattr(
            WindowLevel,
            "apply",
            lambda self, pixels: asked.append(pixels.size) or apply(self, pixels),
        )
        layer = EnhancedLayer(np.zeros((3200, 4000), np.uint8), SCALE)
        for scale in (0.05, 0.4, 1.0, 2.0, 30.0):
            layer.pixmap(ViewTransform(scale, -40 * scale, -30 * scale), SIZE, 1.0, WindowLevel())
        assert max(asked[2:]) <= 4.2 * SIZE.width() * SIZE.height()
        assert max(asked) <= 800 * 1000  # shrunk to little, never more than the frame's own

    def test_a_dragged_divider_draws_nothing_anew(
        self, view: ImageView, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        view.grab()
        before = view.compared
        assert before is not None
        monkeypatch.setattr(EnhancedLayer, "_render", lambda *_: pytest.fail("drawn anew"))
        for x in range(40, 340, 10):
            view.set_divider(x)
            view.grab()


class TestSplit:
    def test_the_original_is_left_and_the_enhanced_right(self, view: ImageView) -> None:
        assert shown(view, 100, 130) == 100
        assert shown(view, 280, 130) == DARKER

    def test_the_grip_is_dragged(self, view: ImageView, qtbot: QtBot) -> None:
        grip = view.grip
        start = grip.rect().center()
        qtbot.mousePress(grip, Qt.MouseButton.LeftButton, pos=start)
        qtbot.mouseMove(grip, start + QPoint(90, 3))
        qtbot.mouseRelease(grip, Qt.MouseButton.LeftButton, pos=start + QPoint(90, 3))
        assert shown(view, 270, 130) == 100
        assert shown(view, 285, 130) == DARKER
        assert grip.geometry().center().x() == pytest.approx(188 + 90, abs=1)

    def test_the_pan_tool_drags_the_line_itself(self, view: ImageView, qtbot: QtBot) -> None:
        before = view.transform
        qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(190, 100))
        qtbot.mouseMove(view, QPoint(60, 100))
        qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(60, 100))
        assert view.placement.divider_x(view.size()) == 60
        assert view.transform == before

    def test_arrow_keys_move_it_by_a_pixel_of_the_image_and_shift_by_ten(
        self, view: ImageView
    ) -> None:
        view.grip.setFocus()
        QTest.keyClick(view.grip, Qt.Key.Key_Right)
        assert view.placement.divider_x(view.size()) == 188 + 3
        QTest.keyClick(view.grip, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
        assert view.placement.divider_x(view.size()) == 188 + 3 - 30
        spoken = QAccessible.queryAccessibleInterface(view.grip)
        assert spoken.role() == QAccessible.Role.Slider
        assert spoken.text(QAccessible.Text.Value) == "43 % of the width"

    def test_it_stays_within_the_view(self, view: ImageView) -> None:
        view.set_divider(10_000)
        assert shown(view, 360, 150) == 100
        view.set_divider(-10_000)
        assert shown(view, 20, 150) == DARKER
        assert view.rect().contains(view.grip.geometry())

    def test_the_image_moves_and_is_enlarged_beneath_it(self, view: ImageView) -> None:
        view.zoom(5)
        assert view.placement.divider_x(view.size()) == 188
        assert (shown(view, 150, 130), shown(view, 230, 130)) == (100, DARKER)

    def test_the_keyboard_stays_at_the_grip_from_frame_to_frame(
        self, view: ImageView, qtbot: QtBot
    ) -> None:
        view.activateWindow()
        view.setFocus()
        qtbot.waitUntil(view.hasFocus)
        QTest.keyClick(view, Qt.Key.Key_Tab)
        assert view.grip.hasFocus()
        view.show_frame(grey(), 1)
        assert view.hasFocus()
        view.show_comparison(compared(1))
        assert view.grip.hasFocus()
        view.setFocus()
        view.show_frame(grey(), 2)
        view.show_comparison(compared(2))
        assert view.hasFocus(), "arrow keys go on turning frames"

    def test_escape_asks_to_end_it(self, view: ImageView, qtbot: QtBot) -> None:
        with qtbot.waitSignal(view.comparison_end_requested):
            QTest.keyClick(view.grip, Qt.Key.Key_Escape)


class TestLens:
    @pytest.fixture(autouse=True)
    def through_a_lens(self, view: ImageView) -> None:
        view.set_compare_mode(CompareMode.LENS)

    def test_it_follows_the_pointer_and_stays_where_that_left(
        self, view: ImageView, qtbot: QtBot
    ) -> None:
        radius = lens_radius(view.size())
        qtbot.mouseMove(view, at(view, (40, 40)))
        inside, outside = at(view, (40, 40)), at(view, (40, 40)) + QPoint(round(radius) + 8, 0)
        assert shown(view, inside.x(), inside.y()) == DARKER
        assert shown(view, outside.x(), outside.y()) == 100
        view.leaveEvent(QEvent(QEvent.Type.Leave))
        assert shown(view, inside.x(), inside.y()) == DARKER

    def test_keys_move_it(self, view: ImageView) -> None:
        view.set_lens(40, 40)
        QTest.keyClick(view.grip, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
        QTest.keyClick(view.grip, Qt.Key.Key_Left)
        assert view.placement.lens == (39, 50)

    def test_it_goes_with_the_cross_that_keys_move(self, view: ImageView) -> None:
        view.setFocus()
        QTest.keyClick(view, Qt.Key.Key_Q)
        QTest.keyClick(view, Qt.Key.Key_Right)
        assert view.placement.lens == view.cross

    def test_it_stays_on_its_tissue_when_the_image_is_moved(self, view: ImageView) -> None:
        view.set_lens(40, 40)
        view.zoom(3, QPointF(at(view, (40, 40))))
        assert view.placement.lens == (40, 40)


class TestWindow:
    def test_brightness_and_contrast_are_those_of_both(self, view: ImageView) -> None:
        view.set_window_level(100, 80)
        table = WindowLevel(100, 80).lookup_table()
        assert shown(view, 100, 130) == table[100]
        assert shown(view, 280, 130) == table[DARKER]

    def test_a_heatmap_lies_over_both(self, view: ImageView) -> None:
        before = shown(view, 100, 130), shown(view, 280, 130)
        view.set_heatmap(np.ones((8, 8), np.float32), Box(0, 0, 120, 80))
        view.set_heatmap_visible(True)
        assert (shown(view, 100, 130) - before[0]) * (shown(view, 280, 130) - before[1]) > 0


class TestWords:
    def test_they_say_what_it_is_and_that_no_answer_comes_from_it(self) -> None:
        assert compared().burnt_in() == "enhanced by tiny 1.0\nnot used for this answer"
        assert compared(is_used=True).burnt_in() == "enhanced by tiny 1.0"

    def test_what_differs_from_the_image_is_named_marked_and_nothing_to_rely_on(
        self, view: ImageView
    ) -> None:
        failing = np.zeros((80, 120), bool)
        failing[20:40, 81:110] = True
        doubtful = compared(failing_px=96, largest_residual=27.3, is_used=True, failing=failing)
        assert doubtful.burnt_in().endswith(
            "hatched: differs from the image by up to 28 grey levels"
        )
        assert doubtful.consistency() == ("Read nothing into what is hatched (1 %).")
        view.show_comparison(doubtful)
        edge = at(view, (80, 30))
        near = [view.grab().toImage().pixelColor(edge + QPoint(x, 0)) for x in (-1, 0, 1)]
        assert any(ink.red() > ink.blue() + 40 for ink in near)
        view.set_divider(view.width())  # on the original's side there is nothing to mark
        assert pixel(view, (80, 30)) == QColor(100, 100, 100)

    def test_a_lone_pixel_is_marked_with_its_neighbours_and_nothing_else_is(
        self, qtbot: QtBot
    ) -> None:
        failing = np.zeros((80, 120), bool)
        failing[30, 50] = True
        flat = np.full((320, 480), DARKER, np.uint8)
        layer = EnhancedLayer(flat, SCALE, failing)
        transform = ViewTransform(3.0, 8.0, 8.0)
        picture = layer.pixmap(transform, SIZE, 1.0, WindowLevel()).toImage()
        rows, columns = np.nonzero(np.abs(grey_values(picture) - DARKER) > 2)
        inside = (rows >= 8) & (rows < 248) & (columns >= 8) & (columns < 368)
        rows, columns = rows[inside], columns[inside]
        left, top = 8 + 3 * 49, 8 + 3 * 29
        assert (columns.min(), columns.max()) == pytest.approx((left, left + 9), abs=2)
        assert (rows.min(), rows.max()) == pytest.approx((top, top + 9), abs=2)

    @pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 1.0])
    def test_however_many_fail_all_are_marked_and_soon(self, share: float) -> None:
        failing = np.random.default_rng(3).random((301, 403)) < share
        doubts = Doubts(failing)
        assert len(doubts.pieces) <= MOST_PIECES
        marked = np.zeros(failing.shape, bool)
        for piece in doubts.pieces:
            left, top, right, lower = (round(edge) for edge in piece.getCoords())
            marked[top:lower, left:right] = True
        assert not (failing & ~marked).any()

    def test_a_picture_that_gives_the_image_back_says_how_closely(self) -> None:
        assert "to 0.3 grey levels" in compared().consistency()

    @pytest.mark.parametrize("x", [0, 60, 188, 340, 376])
    @pytest.mark.parametrize("mode", list(CompareMode))
    def test_they_are_painted_wherever_the_edge_is(
        self, view: ImageView, mode: CompareMode, x: int
    ) -> None:
        view.set_compare_mode(mode)
        view.set_divider(x)
        view.set_lens(x / 3, 40)
        with_words = view.grab().toImage()
        painted = view.picture()
        assert painted.size() == view.size() * 2
        view._paint_sides = lambda _painter: None  # type: ignore[method-assign]
        assert with_words != view.grab().toImage()


class TestNeverOfAnotherFrame:
    def test_it_goes_when_another_frame_is_on_its_way(self, view: ImageView, qtbot: QtBot) -> None:
        with qtbot.waitSignal(view.comparison_changed) as changed:
            view.expect_frame(1)
        assert changed.args == [False]
        assert view.compared is None
        assert view.grip.isHidden()
        assert shown(view, 280, 130) == 100

    def test_it_goes_with_the_frame_and_with_the_image(self, view: ImageView) -> None:
        view.show_frame(grey(), 1)
        assert view.compared is None
        view.show_comparison(compared(1))
        view.clear_frame()
        assert view.compared is None
        view.show_frame(grey(), 1)
        view.show_comparison(compared(1))
        view.set_image(an_image())
        assert view.compared is None

    def test_nothing_of_it_is_kept(self, view: ImageView) -> None:
        view.grab()
        assert view.compared is not None
        layer = weakref.ref(view.compared.layer)
        view.drop_comparison()
        assert layer() is None

    def test_it_stays_when_its_own_frame_comes_again(self, view: ImageView) -> None:
        view.expect_frame(0)
        view.show_frame(grey(), 0)
        assert view.compared is not None

    def test_one_that_is_of_no_frame_on_screen_is_refused(self, view: ImageView) -> None:
        view.drop_comparison()
        other = Compared(EnhancedLayer(np.zeros((84, 120), np.uint8), SCALE), USE, 0, True)
        for wrong in (compared(1), other):
            with pytest.raises(ValueError, match="not the enhanced picture"):
                view.show_comparison(wrong)
        view.expect_frame(1)
        with pytest.raises(ValueError, match="not the enhanced picture"):
            view.show_comparison(compared(0))


class TestTools:
    """Drawing and measuring are in the image's own pixels and millimetres, whatever lies over it."""

    PATH = ((30.0, 20.0), (90.0, 25.0), (80.0, 60.0), (35.0, 55.0))

    def drawn(self, view: ImageView, qtbot: QtBot) -> tuple:
        view.set_tool(Tool.POLYGON)
        click(qtbot, view, *self.PATH)
        QTest.keyClick(view, Qt.Key.Key_Return)
        roi = view.roi()
        assert roi is not None
        return roi.polygon

    def measured(self, view: ImageView, qtbot: QtBot) -> Ruler:
        view.set_tool(Tool.RULER)
        drag(qtbot, view, (20, 30), (60, 31), (100, 30))
        return view.drawing.rulers[-1]

    @pytest.mark.parametrize("mode", list(CompareMode))
    def test_an_outline_is_the_same_as_without(
        self, qtbot: QtBot, view: ImageView, mode: CompareMode
    ) -> None:
        view.set_compare_mode(mode)
        assert self.drawn(view, qtbot) == self.drawn(a_view(qtbot), qtbot)
        assert view.compared is not None

    def test_a_ruler_has_the_images_millimetres(self, qtbot: QtBot) -> None:
        image = replace(an_image(), pixel_spacing_mm=(0.1, 0.1))
        view = a_view(qtbot, image)
        view.show_comparison(compared())
        ruler = self.measured(view, qtbot)
        assert ruler == self.measured(a_view(qtbot, image), qtbot)
        assert "8.0 mm" in distance(image, ruler.start, ruler.end, 0).words.text()

    def test_only_the_pan_tool_takes_hold_of_the_line(self, qtbot: QtBot, view: ImageView) -> None:
        view.set_tool(Tool.RULER)
        x = view.placement.divider_x(view.size()) / view.transform.scale
        drag(qtbot, view, (60, 30), (70, 30), (90, 30))
        assert view.drawing.rulers, x
        assert view.placement.divider == 0.5


class TestSaved:
    REGION = Region(0, 20, 10, 99, 69, 1, 1, 3, 3, 0.01, 0.01)

    def test_a_picture_of_the_whole_is_each_enhanced_pixel_with_the_words_burnt_in(
        self, view: ImageView
    ) -> None:
        of, image = compared(), an_image()
        saved = enhanced_picture(of, WindowLevel(100, 80), image, view.font())
        assert (saved.width(), saved.height()) == (480, 320)
        table = WindowLevel(100, 80).lookup_table()
        assert saved.pixelColor(400, 300).red() == table[DARKER]
        assert saved.copy(0, 0, 200, 60) != saved.copy(0, 200, 200, 60)

    def test_what_lies_beside_the_files_regions_is_covered(self, qtbot: QtBot) -> None:
        image = an_image(regions=(self.REGION,))
        view = a_view(qtbot, image, Tool.PAN)
        view.show_comparison(compared())
        whole = enhanced_picture(compared(), WindowLevel(), image, view.font())
        assert whole.pixelColor(440, 300).red() < 12
        assert whole.pixelColor(300, 200).red() == DARKER
        seen = view.picture()
        for place, value in (((110, 75), None), ((90, 40), DARKER), ((30, 40), 100)):
            there = seen.pixelColor((view.transform.to_view(place) * 2).toPoint()).red()
            assert there == value if value is not None else there < 12

    def test_no_name_is_in_the_picture_or_the_file(self, qtbot: QtBot) -> None:
        words = "enhanced by tiny 1.0"
        names = (replace(an_image(), patient_id=who, patient_name=who) for who in ("0007", "Anna"))
        files = []
        for image in names:
            view = a_view(qtbot, image, Tool.PAN)
            view.show_comparison(compared())
            files.append(png_of(view.picture(), words))
        assert files[0] == files[1]
        assert QImage.fromData(files[0]).text("Description") == words
