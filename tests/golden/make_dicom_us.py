"""Writes dicom_us.csv: what Her2Desk makes of every public ultrasound file, one row a file.

Run as ``python tests/golden/make_dicom_us.py DICOM_US_FOLDER``, then read every changed row beside
the folder's INDEX.csv and the picture itself: the table is right because somebody looked. Regions
read ``number kind x0,y0–x1,y1 across-unit/down-unit across-delta/down-delta``, as in the file.
"""

import csv
import io
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from her2desk.dicom.contents import frame_contents
from her2desk.dicom.reader import OpenedImage, open_image
from her2desk.dicom.scan import candidate_files
from her2desk.domain.image import Region
from her2desk.domain.regions import kind_words, unit_words
from her2desk.inference.importing import main_spacing

TARGET = Path(__file__).with_name("dicom_us.csv")
COLUMNS = (
    *("file", "rows", "columns", "frames", "regions", "mm_down", "mm_across", "source"),
    *("frame_time_ms", "laterality", "said_of_the_file", "said_of_the_first_frame"),
)


def region_words(region: Region) -> str:
    """One region as the table has it."""
    return (
        f"{region.index + 1} {kind_words(region.kind).text()} "
        f"{region.x0},{region.y0}–{region.x1},{region.y1} "
        f"{unit_words(region.units_x).text()}/{unit_words(region.units_y).text()} "
        f"{region.delta_x:.6g}/{region.delta_y:.6g}"
    )


def row_of(name: str, opened: OpenedImage) -> list[str]:
    """One file as the table has it."""
    image = opened.image
    spacing = main_spacing(image)
    down, across = (f"{v:.6g}" for v in spacing.mm) if spacing.mm else ("", "")
    seen = frame_contents(opened.frames.frame(0), image)
    return [
        name,
        *(str(v) for v in (image.rows, image.columns, image.frames)),
        "; ".join(region_words(region) for region in image.regions),
        *(down, across, str(spacing.source)),
        "" if image.frame_time_ms is None else f"{image.frame_time_ms:g}",
        image.laterality or "",
        *(" ".join(warning.code for warning in said) for said in (image.warnings, seen)),
    ]


def rows_of(folder: Path) -> Iterator[list[str]]:
    """A row for every file, those in ZIP archives included, in order of name."""
    with tempfile.TemporaryDirectory() as scratch:
        for candidate in candidate_files([folder], Path(scratch)):
            if candidate.path is not None and candidate.status == "found":
                yield row_of(Path(candidate.name).name, open_image(candidate.path))


def table(folder: Path) -> str:
    """The whole file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(sorted(rows_of(folder)))
    return text.getvalue()


if __name__ == "__main__":
    TARGET.write_text(table(Path(sys.argv[1])), encoding="utf-8")
