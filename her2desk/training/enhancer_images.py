"""The pictures that an enhancer is trained on: by a cohort's table, or DICOM files with patients."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from her2desk.dicom.contents import is_coloured, tissue_boxes
from her2desk.dicom.pixels import grey
from her2desk.dicom.reader import OpenedImage, open_image
from her2desk.dicom.scan import CandidateStatus, candidate_files
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.progress import Progress
from her2desk.domain.roi import Box
from her2desk.enhancement.enhancer import grey_sha256
from her2desk.enhancement.magnification import magnification
from her2desk.errors import InputRefused
from her2desk.inference.cohort import CohortPicture, read_cohort_pictures
from her2desk.inference.cohort_table import TABLE_NAME
from her2desk.texts import Message, msg, msgn, phrase
from her2desk.training.enhancer_measures import LEAST_SIDE_PX
from her2desk.training.enhancer_patches import BLACK, EnhancerSample
from her2desk.training.patients import patients_apart

FEWEST_PATIENTS = 4
LEAST_ECHO = 0.2  # of a picture that teaches anything


@dataclass(frozen=True)
class LeftOut:
    """A file that is not learnt from, by its name in the folder, and why."""

    image: str
    reason: Message
    code: str


@dataclass(frozen=True)
class EnhancerImages:
    """What can be learnt from, in order of patient and file, and what cannot."""

    samples: tuple[EnhancerSample, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def patients(self) -> tuple[str, ...]:
        """Who is in the pictures."""
        return tuple(sorted({sample.patient for sample in self.samples}))


def read_images(folder: Path, progress: Progress) -> EnhancerImages:
    """The pictures of a folder with ``cohort.csv``, or of one with DICOM files.

    Of the table only patient_id, image and frame_index count. A picture that is unreadable, coloured,
    too small, nearly black, magnified already or there twice is left out, with its reason.

    Raises ``InputRefused``: as ``read_cohort`` where the table cannot be used, ``images-folder``,
    ``patient-unknown`` for a file that does not say whose it is, ``same-picture`` where two patients
    have the same one, ``too-few-patients``; and ``Cancelled`` from ``progress``.
    """
    if not folder.is_dir():
        raise InputRefused(
            msg("{name} is no folder.", name=folder.name),
            msg("Give a folder with cohort.csv, or with DICOM files."),
            code="images-folder",
        )
    reading = _Reading(folder)
    if (folder / TABLE_NAME).exists():
        pictures = read_cohort_pictures(folder)
        for n, picture in enumerate(pictures):
            progress.step(n / len(pictures), _reading(n, len(pictures)))
            reading.listed(picture)
    else:
        reading.all_dicom(progress)
    found = reading.found()
    _check_patients(found)
    return found


def _reading(n: int, total: int) -> Message:
    return msg("Reading image {n} of {total}", n=n + 1, total=total)


class _Reading:
    """Collects pictures, and why others cannot be learnt from."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._samples: dict[str, EnhancerSample] = {}
        self._names: dict[str, str] = {}
        self._left_out: list[LeftOut] = []

    def listed(self, picture: CohortPicture) -> None:
        """A row of the table."""
        self._take(picture.image, picture.image, picture.patient_id, picture.frame_index)

    def all_dicom(self, progress: Progress) -> None:
        """Every file of the folder; the first frame of each."""
        with tempfile.TemporaryDirectory() as temporary:
            files = [
                candidate
                for candidate in candidate_files([self._folder], Path(temporary))
                if candidate.status is CandidateStatus.FOUND
            ]
            for n, candidate in enumerate(files):
                progress.step(n / len(files), _reading(n, len(files)))
                self._take(candidate.path, Path(candidate.name), None, 0)

    def _take(self, path: Path, called: Path, patient: str | None, frame: int) -> None:
        """Look at a file; ``patient`` None is whom it names itself."""
        is_inside = self._folder in called.parents
        name = str(called.relative_to(self._folder)) if is_inside else called.name
        try:
            opened = open_image(path)
            whose = patient or opened.image.patient_id.strip()
            sample = _sample(opened, whose, frame) if whose else None
        except InputRefused as refused:
            self._left_out.append(LeftOut(name, refused.message, refused.code))
            return
        if sample is None:
            raise _of_nobody(name, opened.image)
        self._keep(name, sample)

    def _keep(self, name: str, sample: EnhancerSample) -> None:
        digest = sample.frame_sha256
        known = self._samples.setdefault(digest, sample)
        if known is sample:
            self._names[digest] = name
        elif known.patient == sample.patient:
            twice = msg("It is the same picture as {other}.", other=self._names[digest])
            self._left_out.append(LeftOut(name, twice, "picture-twice"))
        else:
            raise InputRefused(
                msg(
                    "{one} and {other} are the same picture, of two patients.",
                    one=self._names[digest],
                    other=name,
                ),
                msg("Correct the patients, or take one of the two out."),
                code="same-picture",
            )

    def found(self) -> EnhancerImages:
        """All of it, in an order that does not depend on the table's."""
        ordered = sorted(self._samples.values(), key=lambda s: (s.patient, s.frame_sha256))
        return EnhancerImages(tuple(ordered), tuple(self._left_out))


def _sample(opened: OpenedImage, patient: str, frame: int) -> EnhancerSample:
    boxes, pixels = tissue_boxes(opened.image), opened.frames.frame(frame)
    box = max(boxes, key=lambda box: box.width * box.height)
    check_picture(pixels, box)
    whole = grey(pixels)
    cut = np.ascontiguousarray(whole[box.y0 : box.y1, box.x0 : box.x1])
    return EnhancerSample(cut, patient, grey_sha256(whole))


def _of_nobody(name: str, image: UltrasoundImage) -> InputRefused:
    remedy = msg(
        "Put a table cohort.csv into the folder, with the columns patient_id and image and a row for "
        "each picture."
    )
    if image.sop_instance_uid is None:
        return InputRefused(
            msg("{name} does not say whose picture it is; PNG and JPEG cannot.", name=name),
            remedy,
            code="patient-unknown",
        )
    return InputRefused(
        msg("{name} has no PatientID, so patients cannot be kept apart.", name=name),
        remedy,
        code="patient-unknown",
    )


def _check_patients(images: EnhancerImages) -> None:
    patients = len(images.patients)
    if patients >= FEWEST_PATIENTS:
        return
    remedy = msg("Add pictures of more patients.")
    if images.left_out:
        first = images.left_out[0]
        remedy = msgn(
            "{n} file was left out; {name}: {reason}",
            "{n} files were left out; the first, {name}: {reason}",
            len(images.left_out),
            name=first.image,
            reason=phrase(first.reason),
        )
    raise InputRefused(
        msg(
            "An enhancer is trained on pictures of at least {least} patients; here are {n}.",
            least=FEWEST_PATIENTS,
            n=patients,
        ),
        remedy,
        code="too-few-patients",
    )


def check_picture(pixels: NDArray[np.uint8], box: Box) -> None:
    """Raise ``InputRefused`` where nothing right can be learnt from a part of a frame, grey or RGB.

    Codes: ``picture-colour``, ``picture-small``, ``picture-black``, ``picture-magnified``.
    """
    if is_coloured(pixels, box):
        raise _unfit(msg("The picture is coloured."), "picture-colour")
    if min(box.width, box.height) < LEAST_SIDE_PX:
        raise _unfit(
            msg(
                "The picture has {columns} × {rows} pixels; each side needs at least {least}.",
                columns=box.width,
                rows=box.height,
                least=LEAST_SIDE_PX,
            ),
            "picture-small",
        )
    shown = grey(pixels)
    if (shown[box.y0 : box.y1, box.x0 : box.x1] > BLACK).mean() < LEAST_ECHO:
        raise _unfit(msg("The picture is nearly black."), "picture-black")
    times = magnification(shown, box)
    if times is not None:
        raise _unfit(
            msg("The picture looks magnified about ×{times:.2g} already.", times=times),
            "picture-magnified",
        )


def _unfit(reason: Message, code: str) -> InputRefused:
    remedy = msg("Take the grey picture as the scanner stored it.")
    return InputRefused(reason, remedy, code=code)


def held_out_patients(
    images: EnhancerImages, share: float, seed: int
) -> tuple[list[EnhancerSample], list[EnhancerSample]]:
    """The pictures that are learnt from and those of the patients held out, at least one of them."""
    apart = patients_apart(images.patients, share, np.random.default_rng(seed))
    return (
        [s for s in images.samples if s.patient not in apart],
        [s for s in images.samples if s.patient in apart],
    )
