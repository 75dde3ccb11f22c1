"""A simulated patient: the same for the same seed, with its outline where the lesion is."""

from dataclasses import replace

import numpy as np
import pytest

from her2desk.domain.image import UltrasoundImage
from her2desk.phantoms.clinical import simulate_record
from her2desk.phantoms.patient import SimulatedPatient, simulate_patient

SEED = 7


@pytest.fixture(scope="module")
def patients() -> list[SimulatedPatient]:
    return [simulate_patient(i, SEED, 1.0) for i in range(12)]


def as_image(patient: SimulatedPatient) -> UltrasoundImage:
    rows, columns = patient.image.shape
    return UltrasoundImage(
        sha256="",
        sop_instance_uid=None,
        rows=rows,
        columns=columns,
        frames=1,
        photometric="MONOCHROME2",
        transfer_syntax="",
        regions=(patient.region,),
    )


def test_the_same_seed_gives_the_same_patient(patients: list[SimulatedPatient]) -> None:
    again = simulate_patient(3, SEED, 1.0)
    assert np.array_equal(again.image, patients[3].image)
    assert replace(again, image=patients[3].image, mask=patients[3].mask) == patients[3]


def test_another_seed_gives_another_patient(patients: list[SimulatedPatient]) -> None:
    other = simulate_patient(3, SEED + 1, 1.0)
    assert other.polygon != patients[3].polygon


def test_the_table_alone_is_the_patients_table(patients: list[SimulatedPatient]) -> None:
    for patient in patients:
        record = simulate_record(patient.index, SEED, 1.0)
        assert (record.clinical, record.pathology) == (patient.clinical, patient.pathology)


def test_all_scanners_occur_with_their_own_spacing(patients: list[SimulatedPatient]) -> None:
    spacings = {p.scanner.model_name: p.spacing_mm for p in patients}
    assert len(spacings) == len(set(spacings.values())) == 3


def test_outlines_can_be_used_and_have_the_scanners_spacing(
    patients: list[SimulatedPatient],
) -> None:
    for patient in patients:
        image = as_image(patient)
        patient.roi.check(image)
        assert patient.roi.spacing(image).mm == pytest.approx((patient.spacing_mm,) * 2)


def test_the_crop_around_an_outline_is_all_picture(patients: list[SimulatedPatient]) -> None:
    for patient in patients:
        box = patient.roi.box(10, *patient.image.shape)
        region = patient.region
        assert region.x0 <= box.x0
        assert region.y0 <= box.y0
        assert box.x1 <= region.x1 + 1
        assert box.y1 <= region.y1 + 1


def test_mask_and_outline_enclose_the_same_pixels(patients: list[SimulatedPatient]) -> None:
    for patient in patients:
        assert patient.mask.sum() == pytest.approx(patient.roi.area_px, rel=0.01)
        rows, columns = np.nonzero(patient.mask)
        centre = (columns.mean() + 0.5, rows.mean() + 0.5)
        assert centre == pytest.approx(patient.roi.centroid, abs=0.1)


def test_lesions_are_darker_than_what_surrounds_them(patients: list[SimulatedPatient]) -> None:
    for patient in patients:
        box = patient.roi.box(10, *patient.image.shape)
        crop = patient.image[box.y0 : box.y1, box.x0 : box.x1]
        mask = patient.mask[box.y0 : box.y1, box.x0 : box.x1]
        assert np.median(crop[mask]) < np.median(crop[~mask]) - 15


def test_the_screen_around_the_picture_is_dark(patients: list[SimulatedPatient]) -> None:
    for patient in patients:
        outside = np.ones(patient.image.shape, bool)
        region = patient.region
        outside[region.y0 : region.y1 + 1, region.x0 : region.x1 + 1] = False
        assert np.mean(patient.image[outside] == 0) > 0.9
        assert patient.image[outside].max() > 100  # the ruler and the grey bar


def test_without_signal_a_picture_does_not_read_the_label(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same patient with the other label has the same picture, outline and clinical record."""
    as_drawn = simulate_patient(0, SEED, 0.0)
    monkeypatch.setattr("her2desk.phantoms.clinical.HER2_SHARE", 1.0 - 1e-12)
    turned = simulate_patient(0, SEED, 0.0)
    assert not as_drawn.her2_positive
    assert turned.her2_positive
    assert np.array_equal(turned.image, as_drawn.image)
    assert turned.polygon == as_drawn.polygon
    assert turned.clinical == as_drawn.clinical


def test_signal_changes_the_lesions_of_positive_patients_alone() -> None:
    for index in range(6):
        planted, unplanted = (simulate_patient(index, SEED, signal) for signal in (1.0, 0.0))
        is_same = np.array_equal(planted.image, unplanted.image)
        assert is_same != planted.her2_positive


def test_a_planted_lesion_has_a_rougher_margin() -> None:
    index = next(i for i in range(50) if simulate_record(i, SEED, 1.0).her2_positive)
    planted, unplanted = (simulate_patient(index, SEED, signal) for signal in (1.0, 0.0))
    assert planted.scanner == unplanted.scanner
    assert roughness(planted) > roughness(unplanted)


def roughness(patient: SimulatedPatient) -> float:
    """Squared perimeter over area: 4π for a circle."""
    points = np.array(patient.polygon)
    perimeter = np.hypot(*(points - np.roll(points, 1, axis=0)).T).sum()
    return float(perimeter**2 / patient.roi.area_px)
