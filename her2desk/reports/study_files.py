"""The files of a study: report, TRIPOD+AI draft and every figure, each whole or not at all."""

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from her2desk.domain.progress import Progress, SilentProgress
from her2desk.errors import unwritable
from her2desk.figures.canvas import PictureKind
from her2desk.reports.study import Study
from her2desk.reports.study_html import render_study
from her2desk.reports.study_pictures import study_pictures
from her2desk.reports.tripod import tripod_draft
from her2desk.texts import msg

KINDS: tuple[PictureKind, ...] = ("svg", "png", "pdf")


def write_study(
    study: Study, html: Path, tripod: Path, figures: Path, progress: Progress | None = None
) -> tuple[Path, ...]:
    """Write the report, the draft and, into the folder ``figures``, each picture in every kind.

    Returns the files in the order written. A file is exchanged only when its new content lies
    whole on the disk. Raises ``InputRefused`` with code "unwritable" where one cannot be written,
    ``ValueError`` where a confusion table does not add up to its scored patients, and what
    ``progress`` raises.
    """
    progress = progress or SilentProgress()
    pictures = study_pictures(study)
    jobs: list[tuple[Path, Callable[[], bytes]]] = [
        (html, lambda: render_study(study).encode("utf-8")),
        (tripod, lambda: tripod_draft(study).encode("utf-8")),
    ]
    jobs += [
        (figures / f"{picture.name}.{kind}", partial(picture.draw, kind))
        for picture in pictures
        for kind in KINDS
    ]
    for done, (path, content) in enumerate(jobs):
        progress.step(done / len(jobs), msg("Writing {name}", name=path.name))
        _replace(path, content())
    return tuple(path for path, _ in jobs)


def _replace(path: Path, content: bytes) -> None:
    """Put ``content`` in the place of ``path`` in one step."""
    unfinished = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise unwritable(path) from error
