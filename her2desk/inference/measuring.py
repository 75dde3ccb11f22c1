"""The features of a whole cohort: measured by several processes, kept, and not measured twice."""

import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.case import Case
from her2desk.domain.progress import Portion, Progress
from her2desk.domain.roi import Roi
from her2desk.enhancement.enhancer import Enhancer
from her2desk.enhancement.sight import Sight, enhanced_sight
from her2desk.enhancement.suitability import check_suitable
from her2desk.errors import InputRefused
from her2desk.inference.cluster import Task, on_cluster
from her2desk.inference.cohort import CohortRow, case_of_row
from her2desk.inference.enhancing import FrameTiles, works_by_tiles
from her2desk.inference.remembered import Memory
from her2desk.inference.requests import CROP_MARGIN_PX
from her2desk.inference.standing import ENHANCING, one_thread
from her2desk.radiomics.extract import OnMissing, all_names, check_names, extract
from her2desk.radiomics.feature_cache import FeatureCache, feature_key
from her2desk.radiomics.mask import rasterise
from her2desk.radiomics.profile import Profile
from her2desk.texts import Message, msg, phrase

READING_SHARE = 0.1  # of the progress

Finished = Callable[[int, int], Message]
Measured = Generator[tuple[int, NDArray[np.float64]], None, None]


@dataclass(frozen=True)
class MeasuredCase:
    """One row of a cohort: its case, its mask (rows, columns) and its features in the names' order."""

    row: CohortRow
    case: Case
    mask: NDArray[np.bool_]
    features: NDArray[np.float64]


@dataclass(frozen=True)
class Outline:
    """What features are measured on, and the patient whom a refusal names.

    ``grey``, ``mask`` and ``spacing_mm`` are the frame's own; ``enhanced`` says how the frame is
    enlarged before it is measured, and the ROI that is then laid on it.
    """

    patient: str
    grey: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    spacing_mm: tuple[float, float] | None
    enhanced: tuple[Enhancer, Roi] | None = None

    @classmethod
    def on(cls, patient: str, case: Case, roi: Roi, enhancer: Enhancer | None = None) -> "Outline":
        """An ROI on the case's frame; the case's own, or another of the same lesion."""
        image = case.image
        mask = rasterise(roi.polygon, image.rows, image.columns)
        enhanced = None if enhancer is None else (enhancer, roi)
        return cls(patient, case.pixels, mask, roi.spacing(image).mm, enhanced)

    def unnamed(self) -> "Outline":
        """The same without the patient: other processes are told no more than they need."""
        return replace(self, patient="")

    def key(self, profile: Profile) -> str:
        """What the features are kept under: all that they depend on."""
        further: tuple[object, ...] = ()
        if self.enhanced is not None:
            enhancer, roi = self.enhanced
            polygon = [(float(column), float(row)) for column, row in roi.polygon]
            further = (enhancer.sha256, enhancer.scale, polygon)
            if works_by_tiles(enhancer):
                further = (*further, f"{ENHANCING} {version(ENHANCING)}")
        return feature_key(self.grey, self.mask, self.spacing_mm, profile, *further)

    def shares_tiles_with(self, other: "Outline") -> bool:
        """Whether both are measured on one frame, enhanced by a network, which takes longest."""
        if self.enhanced is None or other.enhanced is None or self.grey is not other.grey:
            return False
        enhancer = self.enhanced[0]
        return works_by_tiles(enhancer) and enhancer.sha256 == other.enhanced[0].sha256

    def sight(self, profile: Profile, memory: Memory | None = None) -> Sight:
        """The pixels that are measured; ``memory`` may know their tiles. Raises ``InputRefused``."""
        if self.enhanced is None:
            return Sight(self.grey, self.mask, self.spacing_mm)
        enhancer, roi = self.enhanced
        tiles = FrameTiles(memory, enhancer, self.grey)
        return enhanced_sight(
            enhancer, self.grey, self.mask, roi, self.spacing_mm, profile, memory=tiles
        )


def patients_finished(n: int, total: int) -> Message:
    """Say “Patient 12 of 200”."""
    return msg("Patient {n} of {total}", n=n, total=total)


def measure_cohort(
    rows: Sequence[CohortRow],
    profile: Profile,
    names: Sequence[str],
    *,
    cache: FeatureCache | None,
    jobs: int,
    progress: Progress,
    on_missing: OnMissing = "refuse",
    enhancer: Enhancer | None = None,
    scheduler: str | None = None,
) -> list[MeasuredCase]:
    """Every row's case and features, in the rows' order.

    ``enhancer`` enlarges each image first. ``on_missing`` "nan" leaves it to the caller what becomes
    of a feature without a value. The workers of a Dask ``scheduler`` measure in place of ``jobs``
    processes, where its address is given. Raises ``InputRefused`` naming the patient, or what the
    scheduler lacks, and ``Cancelled`` from ``progress``, the other processes ended.
    """
    reading = Portion(progress, 0, READING_SHARE)
    cases = []
    for i, row in enumerate(rows):
        reading.step(i / len(rows), msg("Reading image {n} of {total}", n=i + 1, total=len(rows)))
        with naming(row.patient_id):
            case = case_of_row(row)
            _check_suitable(case, enhancer)
        cases.append(case)
    outlines = [
        Outline.on(row.patient_id, case, case.roi, enhancer)
        for row, case in zip(rows, cases, strict=True)
    ]
    features = measure_outlines(
        outlines,
        profile,
        names,
        cache=cache,
        jobs=jobs,
        progress=Portion(progress, READING_SHARE, 1),
        on_missing=on_missing,
        scheduler=scheduler,
    )
    return [
        MeasuredCase(row, case, outline.mask, values)
        for row, case, outline, values in zip(rows, cases, outlines, features, strict=True)
    ]


def _check_suitable(case: Case, enhancer: Enhancer | None) -> None:
    if enhancer is not None:
        crop = case.roi.box(CROP_MARGIN_PX, case.image.rows, case.image.columns)
        check_suitable(enhancer, case.shown, case.image, crop)


def measure_outlines(
    outlines: Sequence[Outline],
    profile: Profile,
    names: Sequence[str],
    *,
    cache: FeatureCache | None,
    jobs: int,
    progress: Progress,
    on_missing: OnMissing = "refuse",
    finished: Finished = patients_finished,
    scheduler: str | None = None,
) -> NDArray[np.float64]:
    """Features (outlines, names); what the cache holds is only read.

    With a cache all features of the profile are measured, so that other names of it cost nothing
    later. Whatever ``jobs`` and ``scheduler`` are, the numbers are the same. ``finished`` words the
    progress. Raises as ``measure_cohort``.
    """
    check_names(profile, names)
    measured = all_names(profile) if cache else tuple(names)
    place = {name: i for i, name in enumerate(measured)}
    wanted = [place[name] for name in names]
    total, done = len(outlines), 0
    found = np.empty((total, len(wanted)))
    places = _Places(jobs, scheduler)
    with closing(_kept_then_new(outlines, profile, measured, cache, places)) as results:
        for index, values in results:
            found[index] = values[wanted]
            if on_missing == "refuse":
                _check_finite(outlines[index].patient, names, found[index])
            done += 1
            progress.step(done / total, finished(done, total))
    return found


@dataclass(frozen=True)
class _Places:
    """Where is measured: in ``jobs`` processes, or by the workers of the scheduler."""

    jobs: int
    scheduler: str | None


def _kept_then_new(
    outlines: Sequence[Outline],
    profile: Profile,
    names: Sequence[str],
    cache: FeatureCache | None,
    places: _Places,
) -> Measured:
    """Index and features of each outline, first those in the cache, then as each is finished."""
    if cache is None:
        yield from _extracted(outlines, range(len(outlines)), profile, names, places)
        return
    keys = [outline.key(profile) for outline in outlines]
    missing = []
    for index, key in enumerate(keys):
        values = cache.get(key, len(names))
        if values is None:
            missing.append(index)
        else:
            yield index, values
    with closing(_extracted(outlines, missing, profile, names, places)) as results:
        for index, values in results:
            cache.put(keys[index], values)
            yield index, values
    if missing:
        cache.trim()


def _extracted(
    outlines: Sequence[Outline],
    indices: Sequence[int],
    profile: Profile,
    names: Sequence[str],
    places: _Places,
) -> Measured:
    """Index and features of each outline as it is finished; closing it ends the processes."""
    groups = list(_of_one_frame(outlines, indices))
    if not groups:
        return
    if places.scheduler is not None:
        tasks = [Task(_in_worker, (_unnamed(group), profile, names)) for group in groups]
        with closing(on_cluster(places.scheduler, tasks, profile)) as answers:
            for answer in answers:
                yield from (_finished(result, outlines) for result in answer)
    elif min(places.jobs, len(groups)) <= 1:
        for group in groups:
            for result in _extract_group(group, profile, names):
                yield _finished(result, outlines)
    else:
        with closing(_in_processes(groups, profile, names, places.jobs)) as answers:
            for answer in answers:
                yield from (_finished(result, outlines) for result in answer)


_Result = tuple[int, NDArray[np.float64] | InputRefused]
_Group = Sequence[tuple[int, Outline]]


def _of_one_frame(outlines: Sequence[Outline], indices: Sequence[int]) -> Iterator[_Group]:
    """Each outline with its index; together those that follow one another and share tiles."""
    group: list[tuple[int, Outline]] = []
    for index in indices:
        if group and not outlines[index].shares_tiles_with(group[-1][1]):
            yield group
            group = []
        group.append((index, outlines[index]))
    if group:
        yield group


def _unnamed(group: _Group) -> _Group:
    return [(index, outline.unnamed()) for index, outline in group]


def _in_processes(
    groups: Sequence[_Group], profile: Profile, names: Sequence[str], jobs: int
) -> Generator[list[_Result], None, None]:
    from joblib import Parallel, delayed, parallel_config

    with parallel_config(backend="loky", inner_max_num_threads=1):
        parallel = Parallel(n_jobs=jobs, return_as="generator_unordered", max_nbytes=None)
    results = parallel(delayed(_in_worker)(_unnamed(group), profile, names) for group in groups)
    try:
        for result in results:  # noqa: UP028 ("yield from" closes them with the warning)
            yield result
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # "tasks have been cancelled"; meant so
            results.close()


def _in_worker(group: _Group, profile: Profile, names: Sequence[str]) -> list[_Result]:
    one_thread()
    return list(_extract_group(group, profile, names))


def _extract_group(group: _Group, profile: Profile, names: Sequence[str]) -> Iterator[_Result]:
    tiles = Memory()
    for index, outline in group:
        yield _extract_one(index, outline, profile, names, tiles)


def _extract_one(
    index: int, outline: Outline, profile: Profile, names: Sequence[str], tiles: Memory
) -> _Result:
    try:
        sight = outline.sight(profile, tiles)
        values = extract(
            sight.pixels,
            sight.mask,
            sight.spacing_mm,
            profile,
            names,
            on_missing="nan",
            part=sight.part,
        )
    except InputRefused as refused:
        return index, refused
    return index, np.array([values[name] for name in names])


def _finished(result: _Result, outlines: Sequence[Outline]) -> tuple[int, NDArray[np.float64]]:
    index, values = result
    if isinstance(values, InputRefused):
        with naming(outlines[index].patient):
            raise values
    return index, values


def _check_finite(patient: str, names: Sequence[str], values: NDArray[np.float64]) -> None:
    without = np.flatnonzero(~np.isfinite(values))
    if len(without):
        raise InputRefused(
            msg(
                "Patient {patient}: the feature {name} has no value on the outline.",
                patient=patient,
                name=names[without[0]],
            ),
            msg("Draw the outline again, larger; an area of one grey level has no texture."),
            code="feature-not-finite",
        )


@contextmanager
def naming(patient: str) -> Iterator[None]:
    """A refusal inside names the patient."""
    try:
        yield
    except InputRefused as refused:
        raise InputRefused(
            msg("Patient {patient}: {reason}", patient=patient, reason=phrase(refused.message)),
            refused.remedy,
            code=refused.code,
        ) from refused
