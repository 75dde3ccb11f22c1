"""V3: an outline must not come from a network that was trained on the very patient."""

import json

import pytest

from her2desk.dicom.pixels import grey, pixels_sha256
from her2desk.dicom.reader import open_image
from her2desk.errors import EngineFailed, InputRefused
from her2desk.inference import cohort_check
from her2desk.inference.cohort_check import require_usable

KNOWN, UNKNOWN = "a" * 64, "b" * 64


@pytest.fixture
def trained_on(tmp_path, monkeypatch):
    """Writes the manifest of network ``KNOWN``, trained on these image files."""

    def write(*images):
        folder = tmp_path / "assist"
        folder.mkdir()
        digests = [pixels_sha256(grey(open_image(image).frames.frame(0))) for image in images]
        manifest = {"sha256": KNOWN, "training_pixels_sha256": digests}
        (folder / "contour-1.json").write_text(json.dumps(manifest))
        path = folder / "contour-1.safetensors"
        monkeypatch.setattr(cohort_check, "contour_network_path", lambda: path)

    return write


def assist(cohort, index: int, network: str) -> None:
    path = cohort.roi(index)
    path.write_text(json.dumps({**json.loads(path.read_text()), "assisted_by": network}))


def test_an_outline_by_a_network_trained_on_the_picture_is_refused(cohort, trained_on):
    trained_on(cohort.image(4))
    assist(cohort, 4, KNOWN)
    assist(cohort, 5, KNOWN)  # another patient, whom the network does not know
    assert cohort.codes() == [(6, "roi", "outline-by-trained-network")]
    finding = cohort.finding("outline-by-trained-network")
    assert finding.is_error
    assert "by hand, or leave the patient out" in finding.remedy.text()
    for for_training in (True, False):
        with pytest.raises(InputRefused, match="Row 6, roi"):
            require_usable(cohort.check(), for_training=for_training)


def test_an_outline_by_hand_on_such_a_picture_is_welcome(cohort, trained_on):
    trained_on(cohort.image(4))
    assert cohort.codes() == []


def test_another_picture_of_the_same_patient_counts_too(cohort, trained_on):
    cohort.another_image(4)
    trained_on(cohort.image(4))
    last = len(cohort.cells) - 1
    assist(cohort, last, KNOWN)
    assert (last + 2, "roi", "outline-by-trained-network") in cohort.codes()


def test_the_second_readers_outline_counts_too(cohort, trained_on):
    trained_on(cohort.image(0))
    other = cohort.roi(0).with_name("second.json")
    other.write_text(json.dumps({**json.loads(cohort.roi(0).read_text()), "assisted_by": KNOWN}))
    cohort.cells[0]["roi_reader2"] = other.relative_to(cohort.folder).as_posix()
    assert (2, "roi_reader2", "outline-by-trained-network") in cohort.codes()


def test_a_network_that_is_not_known_is_told_and_not_refused(cohort, trained_on):
    trained_on(cohort.image(4))
    assist(cohort, 4, UNKNOWN)
    assert cohort.codes() == [(6, "roi", "outline-by-unknown-network")]
    assert not cohort.finding("outline-by-unknown-network").is_error
    assert cohort.check().usable


def test_a_damaged_manifest_is_no_silent_pass(cohort, trained_on, tmp_path):
    trained_on()
    (tmp_path / "assist" / "contour-1.json").write_text("{}")
    with pytest.raises(EngineFailed):
        cohort.check()
