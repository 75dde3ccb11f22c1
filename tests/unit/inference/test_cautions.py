"""What is said beside an estimate, and in which order."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from her2desk.dicom.reader import open_image
from her2desk.domain.case import Case
from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.enhancement import EnhancementUse
from her2desk.domain.familiarity import Distance, Familiarity
from her2desk.domain.image import ImageWarning, Spacing, SpacingSource
from her2desk.domain.prediction import FeatureContribution
from her2desk.domain.roi import Roi
from her2desk.inference.cautions import cautions
from her2desk.packs.pack import pattern_name
from her2desk.paths import demo_case_dir
from her2desk.stats.proportions import wilson
from her2desk.texts import msg

IMAGE = replace(open_image(demo_case_dir() / "demo.dcm").image, laterality="L", warnings=())
KNOWN = Spacing((0.08, 0.08), SpacingSource.ULTRASOUND_REGION)
ROI = Roi(0, ((10.0, 10.0), (60.0, 10.0), (60.0, 60.0)))


def pack(
    *, demo: bool = False, inputs: tuple[str, ...] = ("pr",), pattern: str | None = None
) -> SimpleNamespace:
    """A pack that has a model for whatever is known, or one for ``pattern`` only."""

    def submodel(known: frozenset[str]) -> SimpleNamespace:
        return SimpleNamespace(pattern=pattern or pattern_name(inputs, known))

    return SimpleNamespace(
        manifest=SimpleNamespace(demo=demo),
        models=SimpleNamespace(clinical_inputs=inputs),
        submodel=submodel,
        enhancer=None,
    )


def case(image=IMAGE, **record) -> Case:
    clinical = ClinicalRecord(**{"pr": True, **record})
    return Case(image, np.zeros((image.rows, image.columns), np.uint8), ROI, clinical)


def codes(*arguments) -> list[str]:
    return [w.code for w in cautions(*arguments)]


def test_nothing_is_said_where_nothing_is_wrong():
    assert codes(case(), pack(), KNOWN, ()) == []


def test_the_gravest_comes_first_and_the_files_own_last():
    image = replace(IMAGE, warnings=(ImageWarning("cropped", msg("The picture was cropped.")),))
    outside = FeatureContribution("a", 9.0, 8.0, True)
    found = codes(
        case(image, pr=None, laterality="R"),
        pack(demo=True),
        Spacing(None, SpacingSource.UNKNOWN, note=msg("Two regions.")),
        (outside, replace(outside, is_out_of_range=False)),
    )
    assert found == [
        "demo-pack", "laterality-differs", "out-of-range", "size-assumed", "spacing-note",
        "clinical-missing", "cropped",
    ]  # fmt: skip


def test_a_value_that_no_model_of_the_pack_can_use_is_said():
    (caution,) = cautions(case(), pack(pattern="image-only"), KNOWN, ())
    assert caution.code == "clinical-unused"
    assert caution.message.text().startswith("Not used: Progesterone receptor (PR).")


@pytest.mark.parametrize("side", [None, "L"])
def test_a_side_that_is_not_known_or_agrees_is_no_caution(side):
    assert codes(case(laterality=side), pack(), KNOWN, ()) == []
    assert codes(case(replace(IMAGE, laterality=None), laterality="R"), pack(), KNOWN, ()) == []


def test_a_note_that_the_file_already_carries_is_said_once():
    note = msg("The spacing is not trusted.")
    image = replace(IMAGE, warnings=(ImageWarning("region", note),))
    spacing = Spacing(None, SpacingSource.UNKNOWN, note=note)
    assert codes(case(image), pack(), spacing, ()) == ["size-assumed", "region"]


def test_what_is_missing_is_named_as_people_read_it():
    (caution,) = cautions(case(pr=None), pack(inputs=("pr", "ki67_percent")), KNOWN, ())
    assert caution.message.text().startswith("Not known: Progesterone receptor (PR), Ki-67.")


def test_what_lies_under_the_outline_comes_before_what_is_missing():
    warnings = tuple(
        ImageWarning(code, msg("About {code}.", code=code))
        for code in ("dual-view", "colour-in-roi", "graphics-in-roi")
    )
    found = codes(case(replace(IMAGE, warnings=warnings), pr=None), pack(demo=True), KNOWN, ())
    assert found == [
        "demo-pack", "colour-in-roi", "graphics-in-roi", "clinical-missing", "dual-view",
    ]  # fmt: skip


@pytest.mark.parametrize("answered", ["spacing-unknown", "uncalibrated-raster"])
def test_a_ruler_of_the_users_answers_what_the_file_leaves_open(answered):
    image = replace(IMAGE, warnings=(ImageWarning(answered, msg("No size.")),))
    by_user = Spacing((0.1, 0.1), SpacingSource.USER, note=msg("by the user, on frame 1"))
    assert codes(case(image), pack(), by_user, ()) == ["calibrated-by-user"]
    assert answered in codes(case(image), pack(), KNOWN, ())


def enhancement(failing_px: int) -> EnhancementUse:
    largest = 7.25 if failing_px else 0.25
    return EnhancementUse("network", "tiny", "1", 4, "5" * 64, 1.0, largest, failing_px, 2000)


def test_an_enhanced_picture_that_does_not_give_the_image_back_is_said():
    assert codes(case(), pack(), KNOWN, (), None, enhancement(0)) == []
    (found,) = cautions(case(), pack(), KNOWN, (), None, enhancement(4))
    assert found.code == "enhancement-inconsistent"
    assert found.message.text() == (
        "In 4 of 2000 pixels the enhanced picture does not give the image back: it differs by up to 7.2 "
        "grey levels, where 1 is tolerated. If they lie at the lesion, the estimate is doubtful."
    )


def familiar(**changes) -> Familiarity:
    within = Distance(1.0, 3.0, 4, wilson(2, 60))
    found = Familiarity(within, (), (), "Maker One", True, 0.08, (0.05, 0.1))
    return replace(found, **changes)


def test_a_case_like_the_packs_patients_is_not_remarked_on():
    assert codes(case(), pack(), KNOWN, (), familiar()) == []
    unstated = familiar(distance=None, scanner_seen=None, spacing_limits_mm=None)
    assert codes(case(), pack(), KNOWN, (), unstated) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"distance": Distance(4.0, 3.0, 4, wilson(2, 60))}, "unlike-training"),
        ({"scanner_seen": False}, "scanner-unseen"),
        ({"spacing_mm": 0.3}, "spacing-unseen"),
    ],
)
def test_what_tells_a_case_from_the_packs_patients_is_said(changes, code):
    assert codes(case(), pack(), KNOWN, (), familiar(**changes)) == [code]
