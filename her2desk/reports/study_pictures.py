"""The pictures of a study: what each shows, from the scores that the study keeps."""

from her2desk.reports.discrimination_pictures import optimism_pictures, roc_pictures
from her2desk.reports.document import StudyPicture
from her2desk.reports.forest_pictures import association_pictures, site_pictures, subgroup_pictures
from her2desk.reports.model_pictures import (
    nomogram_pictures,
    robustness_pictures,
    selection_pictures,
)
from her2desk.reports.probability_pictures import (
    calibration_pictures,
    confusion_pictures,
    decision_pictures,
    histogram_pictures,
)
from her2desk.reports.study import Study


def study_pictures(study: Study) -> tuple[StudyPicture, ...]:
    """Every picture that the study has the numbers for, in the order of the report.

    The same study gives the same bytes.
    """
    makers = (
        optimism_pictures,
        roc_pictures,
        calibration_pictures,
        decision_pictures,
        histogram_pictures,
        confusion_pictures,
        subgroup_pictures,
        site_pictures,
        nomogram_pictures,
        selection_pictures,
        robustness_pictures,
        association_pictures,
    )
    return tuple(picture for make in makers for picture in make(study))
