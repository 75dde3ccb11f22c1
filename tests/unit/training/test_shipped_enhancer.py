"""The enhancer that ships is what ``make enhancer`` makes, and gives a picture back."""

import numpy as np
import pytest

from her2desk.dicom.pixels import grey
from her2desk.dicom.reader import open_image
from her2desk.domain.roi import Box
from her2desk.enhancement.enhancer import grey_sha256
from her2desk.packs.enhancer_file import EnhancerFile, read_enhancer
from her2desk.paths import demo_case_dir, shipped_enhancer_path
from her2desk.training.enhancer_training import EnhancerPlan

MOST_BYTES = 700_000


@pytest.fixture(scope="module")
def shipped() -> EnhancerFile:
    return read_enhancer(shipped_enhancer_path())


def test_it_says_what_it_is_and_what_it_was_trained_on(shipped: EnhancerFile) -> None:
    said, plan = shipped.manifest, EnhancerPlan()
    assert (said.name, said.version, said.licence) == ("phantom-gan", "1", "Apache-2.0")
    assert said.description.startswith("Simulated phantoms")
    assert said.description.endswith("no patients.")
    assert (said.training_patients, said.held_out_patients) == (135, 15)
    assert len(said.training_frames_sha256) == 135
    assert (said.width, said.blocks, said.degradation) == (
        plan.width,
        plan.blocks,
        plan.degradation,
    )
    assert (said.loss, said.steps) == (plan.loss, plan.steps)
    assert shipped_enhancer_path().stat().st_size <= MOST_BYTES


def test_it_is_nearer_to_the_truth_than_lanczos_on_patients_held_out(shipped: EnhancerFile) -> None:
    lanczos, generator = (shipped.manifest.measures[name] for name in ("lanczos", "generator"))
    for name in ("psnr_db", "ssim", "ms_ssim"):
        assert generator[name] > lanczos[name]
    for name in ("gmsd", "speckle_snr", "nakagami_m"):
        assert abs(generator[name]) < abs(lanczos[name])
    assert f"{generator['psnr_db']:.4g}" in shipped.card


def test_what_it_makes_of_the_demo_case_gives_the_image_back(shipped: EnhancerFile) -> None:
    frame = grey(open_image(demo_case_dir() / "demo.dcm").frames.frame(0))
    assert grey_sha256(frame) not in shipped.enhancer.trained_on
    box = Box(200, 120, 296, 216)
    enhanced = shipped.enhancer.enhance(frame, box).pixels
    again = shipped.manifest.degradation.applied(enhanced)
    inside = np.s_[8:-8, 8:-8]  # at the edge the neighbours are missing here
    missing = np.abs(again - frame[box.y0 : box.y1, box.x0 : box.x1])[inside]
    assert missing.max() <= shipped.manifest.tolerance
