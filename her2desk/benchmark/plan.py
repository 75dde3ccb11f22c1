"""What is measured: the rows of the table, and how they grow."""

from collections.abc import Sequence
from dataclasses import dataclass

from her2desk.benchmark.cine_scene import CineScene, CineWork
from her2desk.benchmark.cohort_scene import CohortScene
from her2desk.benchmark.enhance_scene import EnhanceScene
from her2desk.benchmark.feature_scene import FeatureScene
from her2desk.benchmark.network_scene import CUDA, NetworkScene
from her2desk.benchmark.readout_scene import FORM_CHANGED, NEW_OUTLINE, VERTEX_MOVED, ReadoutScene
from her2desk.benchmark.scene import Scene
from her2desk.texts import Message, msg

MEDIAN_PX, LARGE_PX = 15_000, 56_000  # the median of public breast images, and a large one
WARD = 210  # the paper's cohort
MOST_MEASURED = 50  # patients of a growth table with the full set; more are scaled
LONGEST_BASELINE_S = 60.0  # of one round; a longer one is not run

SCENES: tuple[Scene, ...] = (
    FeatureScene("full_feature_set", LARGE_PX, about_s=110),
    ReadoutScene(baseline_rounds=2, about_s=160),
    ReadoutScene(names=(NEW_OUTLINE, VERTEX_MOVED, FORM_CHANGED), device=CUDA, baseline_rounds=2),
    NetworkScene("network_resnet101"),
    NetworkScene(f"network_resnet101_{CUDA}", device=CUDA),
    EnhanceScene(),
    CohortScene("cohort_features_15k", MEDIAN_PX, WARD, sample=16, product_rounds=4, about_s=45),
    CohortScene(
        "cohort_features_56k",
        LARGE_PX,
        WARD,
        sample=8,
        baseline_rounds=2,
        is_weighed=False,
        about_s=70,
    ),
    CineScene("cine_first_frame", 200, CineWork.FIRST_FRAME),
    CineScene("cine_decode", 200, CineWork.ALL_FRAMES, product_rounds=3, baseline_rounds=3),
    CineScene("memory_cine_300", 300, CineWork.KEPT, product_rounds=2, baseline_rounds=2),
)


@dataclass(frozen=True)
class Point:
    """One size of a growth table; ``cores`` None is all that there are."""

    at: int
    scene: Scene
    cores: int | None = None


@dataclass(frozen=True)
class Growth:
    """One thing measured at several sizes, in ascending order.

    ``power`` is how the baseline grows with the size where one round of it may take too long; None
    where it never does. ``weighs`` says that memory is measured too.
    """

    name: str
    title: Message
    unit: Message
    points: tuple[Point, ...]
    power: float | None = None
    weighs: bool = False


def _cohort(patients: int, features: int | None, sample: int) -> CohortScene:
    return CohortScene(
        f"cohort_{patients}",
        MEDIAN_PX,
        patients,
        sample,
        features=features,
        product_rounds=1,
        baseline_rounds=2,
    )


def _small_readout(features: int) -> ReadoutScene:
    return ReadoutScene(
        names=(NEW_OUTLINE,),
        area_px=MEDIAN_PX,
        features=features,
        whole_baseline=False,
        product_rounds=10,
        baseline_rounds=2,
    )


GROWTH: tuple[Growth, ...] = (
    Growth(
        "roi",
        msg("Full set of features by the outline's area"),
        msg("pixels"),
        tuple(
            Point(area, FeatureScene(f"roi_{area}", area, baseline_rounds=1, product_rounds=5))
            for area in (1_000, 5_000, MEDIAN_PX, LARGE_PX, 200_000)
        ),
        power=2,  # pairs of border points
    ),
    Growth(
        "cohort",
        msg("Full set of features by patients, outlines of 15,000 pixels"),
        msg("patients"),
        tuple(Point(n, _cohort(n, None, sample=min(n, MOST_MEASURED))) for n in (10, 50, WARD)),
    ),
    Growth(
        "cohort_of_a_pack",
        msg("A pack's 30 features by patients, outlines of 15,000 pixels"),
        msg("patients"),
        tuple(Point(n, _cohort(n, 30, sample=n)) for n in (10, 50, WARD, 2_000)),
    ),
    Growth(
        "cine_first_frame",
        msg("First frame by the cine's frames"),
        msg("frames"),
        tuple(
            Point(n, CineScene(f"cine_{n}", n, CineWork.FIRST_FRAME, 10, 10))
            for n in (1, 50, 200, 500)
        ),
    ),
    Growth(
        "cine_all_frames",
        msg("Going once through a cine, what is kept included"),
        msg("frames"),
        tuple(Point(n, CineScene(f"cine_{n}", n, CineWork.KEPT, 1, 1)) for n in (1, 50, 200, 500)),
        weighs=True,
    ),
    Growth(
        "pack",
        msg("ROI closed to whole readout by the pack's features, outlines of 15,000 pixels"),
        msg("features"),
        tuple(Point(n, _small_readout(n)) for n in (10, 30, 100, 500, 1_561)),
    ),
    Growth(
        "cores_readout",
        msg("ROI closed to whole readout by cores, outlines of 15,000 pixels"),
        msg("cores"),
        tuple(Point(n, _small_readout(30), cores=n) for n in (1, 2)),
    ),
    Growth(
        "cores_features",
        msg("Full set of features by cores, outlines of 15,000 pixels"),
        msg("cores"),
        tuple(Point(n, FeatureScene(f"cores_{n}", MEDIAN_PX, 2, 10), cores=n) for n in (1, 2)),
    ),
    Growth(
        "cores_cohort",
        msg("A cohort of 210 by cores, outlines of 15,000 pixels, a process for each core"),
        msg("cores"),
        tuple(
            Point(n, CohortScene(f"cores_{n}", MEDIAN_PX, WARD, 16, jobs=n, product_rounds=1), n)
            for n in (1, 2)
        ),
    ),
)


def rows_of(scenes: Sequence[Scene]) -> tuple[str, ...]:
    """All rows, in their order."""
    return tuple(row for scene in scenes for row in scene.rows)
