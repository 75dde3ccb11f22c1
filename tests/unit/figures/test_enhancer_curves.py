"""An enhancer's curves: every measure is drawn, and what it is compared with is named."""

from itertools import pairwise

from her2desk.figures.enhancer_curves import MeasureCurve, enhancer_curves_figure
from her2desk.figures.plots import picture
from her2desk.texts import msg

PSNR = MeasureCurve(msg("PSNR (dB)"), [(0, 31.0), (100, 31.8), (150, 31.7)], 30.2)
SPECKLE = MeasureCurve(msg("Speckle SNR, difference"), [(0, 0.4), (100, 0.2), (150, 0.1)], 0.6, 0.0)


def lines(axes):
    return {line.get_label(): list(line.get_ydata()) for line in axes.get_lines()}


def test_each_measure_has_a_panel_with_lanczos_beside_it():
    figure = enhancer_curves_figure([PSNR, SPECKLE], adversarial_from=100)
    first, second = figure.axes
    assert first.get_title(loc="left") == "PSNR (dB)"
    assert lines(first)["this enhancer, held-out patients"] == [31.0, 31.8, 31.7]
    assert lines(first)["Lanczos"] == [30.2, 30.2]
    assert "as in the true picture" not in lines(first)
    assert lines(second)["as in the true picture"] == [0.0, 0.0]
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == [
        "this enhancer, held-out patients",
        "Lanczos",
        "as in the true picture",
        "the discriminator joins",
    ]


def test_without_a_discriminator_there_is_no_line_for_it():
    figure = enhancer_curves_figure([PSNR], adversarial_from=None)
    assert "the discriminator joins" not in lines(figure.axes[0])


def test_titles_stay_on_the_sheet_and_out_of_their_neighbours():
    labels = ("GMSD (less is better)", "Speckle SNR, difference", "Nakagami m, difference")
    curves = [MeasureCurve(msg(label), [(0, 1.0), (9, 2.0)], 0.5) for label in labels]
    figure = enhancer_curves_figure(curves, adversarial_from=None)
    figure.draw_without_rendering()
    spans = [axes._left_title.get_window_extent() for axes in figure.axes]
    assert all(one.x1 < other.x0 for one, other in pairwise(spans))
    assert spans[-1].x1 <= figure.bbox.x1


def test_the_picture_is_the_same_bytes_each_time():
    def draw():
        return enhancer_curves_figure([PSNR, SPECKLE], adversarial_from=100)

    assert picture(draw, "svg") == picture(draw, "svg")
