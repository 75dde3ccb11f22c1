"""V8: a pack before the biopsy does not look at what the biopsy tells."""

import pytest

from her2desk.domain.clinical import CLINICAL_FIELDS
from her2desk.errors import InputRefused
from her2desk.training.moments import allowed_inputs, check_inputs, default_inputs


@pytest.mark.parametrize("name", ["er", "pr", "ki67_percent", "lymph_node_metastasis"])
def test_what_the_tissue_tells_is_refused_before_the_biopsy(name):
    with pytest.raises(InputRefused, match="not known before the biopsy") as refusal:
        check_inputs(["age_years", name], "before-biopsy")
    assert refusal.value.code == "input-too-late"
    check_inputs([name], "after-biopsy")


def test_everything_is_allowed_after_the_biopsy():
    names = tuple(field.name for field in CLINICAL_FIELDS)
    assert allowed_inputs("after-biopsy") == names
    assert set(allowed_inputs("before-biopsy")) < set(names)


def test_an_input_that_does_not_exist_is_refused_with_the_list():
    with pytest.raises(InputRefused, match="no clinical input 'menopause'") as refusal:
        check_inputs(["menopause"], "after-biopsy")
    assert "postmenopausal" in refusal.value.remedy.text()


def test_the_papers_own_input_is_the_default_after_the_biopsy():
    assert default_inputs("after-biopsy", {"pr": 200, "er": 200, "age_years": 200}, 200) == ("pr",)


def test_an_input_that_is_not_known_for_everybody_is_no_default():
    known = {"age_years": 200, "postmenopausal": 199, "calcification": 200, "pr": 150}
    assert default_inputs("before-biopsy", known, 200) == ("age_years", "calcification")
    assert default_inputs("after-biopsy", known, 200) == ()
