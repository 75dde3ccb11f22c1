"""Which part of a scanner's pictures is blackened, and what a person has said of the rest.

Masks are remembered by scanner (Manufacturer and ManufacturerModelName) and picture size. Positions
are whole pixels, the right and lower edge exclusive.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.image import Region
from her2desk.domain.roi import Box
from her2desk.errors import InputRefused, StoreRefused
from her2desk.texts import msg

MASKS_FOLDER, MASKS_NAME = "deidentify", "masks.json"
SCHEMA = 1
MAX_BOXES = 4096
MAX_SIZE_PX = 65_535
MAX_FILE_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Scanner:
    """A make and model of scanner, and the size of its pictures."""

    manufacturer: str
    model: str
    rows: int
    columns: int

    @property
    def name(self) -> str:
        """Maker, model and size as people say them."""
        named = " ".join(word for word in (self.manufacturer, self.model) if word)
        size = f"{self.columns} × {self.rows}"
        return f"{named}, {size}" if named else size


@dataclass(frozen=True)
class Confirmation:
    """A person saw pictures with these boxes blackened and found no name or text left.

    ``seen`` has the SHA-256 of the files looked at; ``outside_regions`` says that everything outside
    the ultrasound regions was among what was blackened.
    """

    reader: str
    on: str
    black: tuple[Box, ...]
    outside_regions: bool
    seen: frozenset[str]


@dataclass(frozen=True)
class Mask:
    """What is blackened on one scanner's pictures.

    ``boxes`` are the reader's own; ``outside_regions`` adds everything outside each file's own
    ultrasound regions, where those can be trusted.
    """

    boxes: tuple[Box, ...] = ()
    outside_regions: bool = True
    confirmations: tuple[Confirmation, ...] = ()

    def black(self, regions: Sequence[Region], rows: int, columns: int) -> tuple[Box, ...]:
        """All boxes to blacken on a picture with these regions, inside it and without area 0."""
        outside = outside_of(regions, rows, columns) if self.outside_regions else ()
        return tuple(clipped([*outside, *self.boxes], rows, columns))


@dataclass(frozen=True)
class MaskBook:
    """The masks of all scanners that were met."""

    masks: Mapping[Scanner, Mask] = field(default_factory=dict)

    def mask(self, scanner: Scanner) -> Mask:
        """The scanner's mask, else the proposal: everything outside the ultrasound regions."""
        return self.masks.get(scanner, Mask())

    def with_mask(self, scanner: Scanner, mask: Mask) -> "MaskBook":
        """The book with this mask in the place of the scanner's earlier one."""
        return replace(self, masks={**self.masks, scanner: mask})


def outside_of(regions: Sequence[Region], rows: int, columns: int) -> tuple[Box, ...]:
    """Everything outside the regions as boxes; none where there are no regions to be trusted.

    A region without spatial format and data type (ACUSON writes one) shows nothing and keeps nothing.
    """
    showing = [region for region in regions if region.spatial_format or region.data_type]
    if not showing or not all(region.fits(rows, columns) for region in regions):
        return ()
    kept = np.zeros((rows, columns), bool)
    for region in showing:
        kept[region.y0 : region.y1 + 1, region.x0 : region.x1 + 1] = True
    return tuple(_boxes_of(~kept))


def clipped(boxes: Iterable[Box], rows: int, columns: int) -> list[Box]:
    """The boxes cut at the picture's edge; those outside it are left out."""
    cut = (Box(max(0, b.x0), max(0, b.y0), min(columns, b.x1), min(rows, b.y1)) for b in boxes)
    return [box for box in cut if box.width > 0 and box.height > 0]


def raster(boxes: Iterable[Box], rows: int, columns: int) -> NDArray[np.bool_]:
    """The pixels that lie in any of the boxes, (rows, columns)."""
    inside = np.zeros((rows, columns), bool)
    for box in boxes:
        inside[box.y0 : box.y1, box.x0 : box.x1] = True
    return inside


def _boxes_of(area: NDArray[np.bool_]) -> list[Box]:
    """Boxes that cover the area exactly: runs of a row, joined with equal runs of the rows below."""
    done: list[Box] = []
    open_runs: dict[tuple[int, int], int] = {}
    for y in range(area.shape[0] + 1):
        runs = _runs(area[y]) if y < area.shape[0] else []
        for run in [run for run in open_runs if run not in runs]:
            done.append(Box(run[0], open_runs.pop(run), run[1], y))
        for run in runs:
            open_runs.setdefault(run, y)
    return sorted(done, key=lambda box: (box.y0, box.x0))


def _runs(row: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], row.view(np.int8), [0]))))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def masks_path(library_dir: Path) -> Path:
    """Where the library keeps its masks."""
    return library_dir / MASKS_FOLDER / MASKS_NAME


def load_masks(path: Path) -> MaskBook:
    """The masks in a file, none where it is not there; raises ``InputRefused`` (``masks-unreadable``)."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError("too long")
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["schema"] != SCHEMA:
            raise ValueError("schema")
        return MaskBook(dict(_scanner_from_json(entry) for entry in document["masks"]))
    except FileNotFoundError:
        return MaskBook()
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputRefused(
            msg("The masks in {name} cannot be read.", name=path.name),
            msg("Put the file aside; masks are then proposed and confirmed anew."),
            code="masks-unreadable",
        ) from error


def save_masks(path: Path, book: MaskBook) -> None:
    """Write the masks, whole or not at all; raises ``StoreRefused``."""
    document = {
        "schema": SCHEMA,
        "masks": [_to_json(scanner, mask) for scanner, mask in sorted_masks(book)],
    }
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8") as stream:
            json.dump(document, stream, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise StoreRefused(
            msg("The masks could not be saved."),
            msg("Check that you may write to {folder}.", folder=path.parent),
            code="masks-unwritable",
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def sorted_masks(book: MaskBook) -> list[tuple[Scanner, Mask]]:
    """Scanners and masks in the order of the scanners' names and sizes."""
    return sorted(
        book.masks.items(), key=lambda e: (e[0].manufacturer, e[0].model, e[0].rows, e[0].columns)
    )


def _to_json(scanner: Scanner, mask: Mask) -> dict[str, Any]:
    return {
        "manufacturer": scanner.manufacturer,
        "model": scanner.model,
        "rows": scanner.rows,
        "columns": scanner.columns,
        "boxes": [_box_to_json(box) for box in mask.boxes],
        "outside_regions": mask.outside_regions,
        "confirmations": [
            {
                "reader": c.reader,
                "on": c.on,
                "black": [_box_to_json(box) for box in c.black],
                "outside_regions": c.outside_regions,
                "seen": sorted(c.seen),
            }
            for c in mask.confirmations
        ],
    }


def _scanner_from_json(entry: Any) -> tuple[Scanner, Mask]:
    scanner = Scanner(
        str(entry["manufacturer"]), str(entry["model"]), int(entry["rows"]), int(entry["columns"])
    )
    confirmations = tuple(
        Confirmation(
            str(c["reader"]),
            str(c["on"]),
            _boxes_from_json(c["black"]),
            c["outside_regions"] is True,
            frozenset(str(sha256) for sha256 in c["seen"]),
        )
        for c in entry["confirmations"]
    )
    boxes = _boxes_from_json(entry["boxes"])
    return scanner, Mask(boxes, entry["outside_regions"] is True, confirmations)


def _box_to_json(box: Box) -> list[int]:
    return [box.x0, box.y0, box.x1, box.y1]


def _boxes_from_json(entries: Any) -> tuple[Box, ...]:
    boxes = tuple(box_of(entry) for entry in entries)
    if len(boxes) > MAX_BOXES:
        raise ValueError("too many boxes")
    return boxes


def box_of(numbers: Sequence[Any]) -> Box:
    """A box of left, top, right and lower edge; raises ``ValueError`` for anything else."""
    x0, y0, x1, y1 = (int(number) for number in numbers)
    if not (0 <= x0 < x1 <= MAX_SIZE_PX and 0 <= y0 < y1 <= MAX_SIZE_PX):
        raise ValueError("not a box")
    return Box(x0, y0, x1, y1)
