import pytest

from her2desk.phantoms.cohort import write_cohort

from .cohort_folder import CohortFolder

PATIENTS = 24


@pytest.fixture(scope="session")
def phantom_cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("phantoms") / "cohort"
    write_cohort(folder, PATIENTS, 3)
    return folder


@pytest.fixture
def cohort(phantom_cohort, tmp_path):
    """A sound cohort: twelve patients of each kind, side as in the image."""
    made = CohortFolder(tmp_path / "cohort", phantom_cohort)
    for index, row in enumerate(made.cells):
        row.update(her2_ihc="3+" if index % 2 else "1+", her2_fish="")
    return made
