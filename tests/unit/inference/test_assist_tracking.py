"""An outline follows the lesion from frame to frame."""

from functools import lru_cache

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates

from her2desk.dicom.reader import open_image
from her2desk.domain.proposal import ProposalOrigin
from her2desk.domain.roi import Roi
from her2desk.errors import Cancelled, InputRefused
from her2desk.inference.assist.tracking import track
from her2desk.phantoms.patient import simulate_patient

NETWORK = "e" * 64


@lru_cache
def patient(index: int):
    return simulate_patient(index, 5, 1.0)


class Moving:
    """A cine of a simulated lesion that drifts, stretches and shears, its gain rising."""

    def __init__(self, index: int = 0, shift=(2.3, -1.2), stretch=0.012) -> None:
        self.patient = patient(index)
        self.roi = Roi(0, self.patient.polygon, NETWORK)
        self._middle = np.array(self.roi.centroid)
        self._shift = np.array(shift)
        self._stretch = stretch * np.array([[1.0, 0.8], [-0.6, -1.2]])
        self.asked: list[int] = []

    def polygon(self, index: int) -> np.ndarray:
        matrix = np.eye(2) + index * self._stretch
        points = np.array(self.roi.polygon) - self._middle
        return points @ matrix.T + self._middle + index * self._shift

    def frame(self, index: int) -> np.ndarray:
        self.asked.append(index)
        image = self.patient.image
        back = np.linalg.inv(np.eye(2) + index * self._stretch)
        down, across = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
        places = np.stack([across, down], axis=-1) - self._middle - index * self._shift
        x, y = np.moveaxis(places @ back.T + self._middle, -1, 0) - 0.5
        seen = map_coordinates(image.astype(float), [y, x], order=1, mode="nearest")
        noise = np.random.default_rng(index).normal(0, 3, seen.shape)
        return np.clip(seen * (1 + 0.02 * index) + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("index", [0, 4])
def test_a_known_motion_is_followed_to_less_than_a_pixel(index):
    cine = Moving(index)
    proposal = track(cine.frame, cine.roi, 3)
    assert proposal.origin is ProposalOrigin.TRACKED
    assert proposal.note is None
    assert (proposal.roi.frame_index, proposal.roi.assisted_by) == (3, NETWORK)
    off = np.hypot(*(np.array(proposal.roi.polygon) - cine.polygon(3)).T)
    assert off.mean() < 0.5
    assert np.hypot(*(np.array(cine.roi.polygon) - cine.polygon(3)).T).mean() > 5


def test_back_and_colour_work_too_and_only_frames_between_are_read():
    cine = Moving(1)
    there = Roi(6, tuple(map(tuple, cine.polygon(6).tolist())))
    proposal = track(lambda n: np.repeat(cine.frame(n)[..., None], 3, axis=2), there, 4)
    assert cine.asked == [6, 5, 4]
    assert proposal.roi.assisted_by is None
    off = np.hypot(*(np.array(proposal.roi.polygon) - cine.polygon(4)).T)
    assert off.mean() < 0.5


def test_the_same_frame_is_the_same_outline():
    cine = Moving()
    proposal = track(cine.frame, cine.roi, 0)
    assert proposal.roi == cine.roi
    assert proposal.note is None


def test_a_cut_in_the_film_copies_the_outline_and_says_so():
    first, other = patient(0), patient(4)
    frames = [first.image, np.rot90(other.image, 2)[: first.image.shape[0]]]
    roi = Roi(0, first.polygon)
    proposal = track(frames.__getitem__, roi, 1)
    assert proposal.roi == Roi(1, first.polygon)
    assert "copied as it was" in proposal.note.text()


def test_a_frame_of_another_size_copies_the_outline():
    first = patient(0)
    frames = [first.image, first.image[:-40]]
    proposal = track(frames.__getitem__, Roi(0, first.polygon), 1)
    assert "copied as it was" in proposal.note.text()


def test_a_noisy_frame_is_followed_with_a_note():
    first = patient(0)
    noise = np.random.default_rng(2).normal(0, 90, first.image.shape)
    noisy = np.clip(np.roll(first.image, 3, axis=1) + noise, 0, 255).astype(np.uint8)
    proposal = track([first.image, noisy].__getitem__, Roi(0, first.polygon), 1)
    assert "poorly" in proposal.note.text()
    off = np.array(proposal.roi.polygon) - np.array(first.polygon) - (3, 0)
    assert np.hypot(*off.T).mean() < 2


def test_an_outline_that_leaves_the_picture_is_cut_and_then_refused():
    texture = gaussian_filter(np.random.default_rng(3).normal(0, 1, (160, 320)), 2.5)
    tissue = np.clip(texture / texture.std() * 40 + 110, 0, 255).astype(np.uint8)
    frames = [tissue[:, 8 * n : 8 * n + 200] for n in range(8)]
    roi = Roi(0, ((12.0, 50.0), (60.0, 50.0), (60.0, 100.0), (12.0, 100.0)))
    cut = track(frames.__getitem__, roi, 3).roi
    assert cut.bounds() == pytest.approx((0, 50, 36, 100), abs=0.5)
    with pytest.raises(InputRefused, match="leaves the picture") as refused:
        track(frames.__getitem__, roi, 6)
    assert refused.value.code == "track-left"


def test_a_small_flat_patch_is_lost_not_a_crash():
    flat = np.full((40, 40), 80, np.uint8)
    roi = Roi(0, ((10, 10), (24, 10), (24, 24), (10, 24)))
    proposal = track([flat, flat].__getitem__, roi, 1)
    assert proposal.roi.polygon == roi.polygon
    assert "copied as it was" in proposal.note.text()


def test_a_cancel_is_heard_between_two_frames():
    class Stop:
        def step(self, fraction, text):
            raise Cancelled

    cine = Moving()
    with pytest.raises(Cancelled):
        track(cine.frame, cine.roi, 2, Stop())


@pytest.mark.data
def test_a_real_cine_is_followed_inside_its_picture(test_data, tmp_path):
    import zipfile

    with zipfile.ZipFile(test_data / "dicom_us" / "GREYSCALE_CINE.zip") as archive:
        (name, *_) = [n for n in archive.namelist() if not n.endswith("/")]
        path = tmp_path / "cine.dcm"
        path.write_bytes(archive.read(name))
    opened = open_image(path)
    middle = opened.image.columns / 2, opened.image.rows / 2
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    points = np.stack([middle[0] + 60 * np.cos(angle), middle[1] + 40 * np.sin(angle)], axis=1)
    proposal = track(opened.frames.frame, Roi(0, tuple(map(tuple, points.tolist()))), 8)
    proposal.roi.check(opened.image)
    assert proposal.roi.frame_index == 8
