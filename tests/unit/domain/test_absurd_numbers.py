"""Numbers that no image has neither crash nor end up in a measurement."""

from dataclasses import replace

import pytest

from her2desk.domain.drawing import drawing_from_json
from her2desk.domain.image import Region, UltrasoundImage, calibration_from_json
from her2desk.domain.measurements import area, axes
from her2desk.domain.roi import Roi, roi_from_json
from her2desk.errors import InputRefused

IMAGE = UltrasoundImage("0" * 64, None, 48, 64, 1, "RGB", "image/png")
ROI = Roi(0, ((5, 5), (40, 5), (40, 30), (5, 30)))


@pytest.mark.parametrize("frame", ["9" * 4300, str(2**31), "true", "1.0", '"1"'])
def test_a_frame_that_no_cine_has_is_malformed(frame: str) -> None:
    outline = f'{{"frame_index": {frame}, "polygon": [[1, 2], [3, 4], [5, 6]]}}'
    with pytest.raises(InputRefused):
        roi_from_json(outline)
    with pytest.raises(InputRefused):
        drawing_from_json(
            f'{{"rois": [], "pending": [], "rulers": [], "pending_frame": 0, "key_frames": [{frame}]}}'
        )
    with pytest.raises(InputRefused):
        calibration_from_json(
            f'{{"frame_index": {frame}, "start": [0, 0], "end": [20, 0], "length_mm": 2}}'
        )


@pytest.mark.parametrize("delta", [1e308, 1e154, -1e307, 1e-308, 5e-324, float("nan")])
def test_a_region_whose_pixels_have_no_size_does_not_calibrate(delta: float) -> None:
    image = replace(IMAGE, regions=(Region(0, 0, 0, 63, 47, 1, 1, 3, 3, delta, delta),))
    assert area(image, ROI).mm is None
    assert axes(image, ROI).long.mm is None
