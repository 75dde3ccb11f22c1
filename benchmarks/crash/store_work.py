"""A victim that works the library without a window: ``python -m benchmarks.crash.store_work HOME SEED``.

It imports, draws, edits and records until it is killed; at times an import runs beside the strokes, as it
does in the window. With ``open`` as a third word it only opens the library, which brings an older one up
to date, and ends; with a number it ends after so many changes, made on one thread, and goes on where one
is refused.
"""

import hashlib
import math
import random
import sys
import threading
from pathlib import Path

from benchmarks.crash.told import Teller, tell_of
from her2desk.domain.clinical import ClinicalRecord, Pathology
from her2desk.domain.drawing import Drawing, Ruler
from her2desk.domain.image import UltrasoundImage, UserCalibration
from her2desk.domain.roi import Roi
from her2desk.errors import Her2DeskError
from her2desk.settings import Settings, save_settings
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.store.opening import open_library

READERS = ("Reader A", "Reader B")
IMPORTS_AT_ONCE = 12


def an_image(folder: Path, dice: random.Random) -> tuple[Path, UltrasoundImage]:
    """A file of up to 300 kB and its description; the store looks at nothing but its bytes."""
    content = dice.randbytes(dice.choice((900, 70_000, 300_000)))
    sha256 = hashlib.sha256(content).hexdigest()
    path = folder / f"{sha256[:12]}.dcm"
    path.write_bytes(content)
    image = UltrasoundImage(
        sha256, f"1.2.{dice.getrandbits(60)}", 480, 640, 3, "MONOCHROME2", "1.2.840.10008.1.2.1"
    )
    return path, image


def a_drawing(before: Drawing, dice: random.Random) -> Drawing:
    """One stroke more: an outline of up to 300 points, a point of one not closed, or a ruler."""
    kind = dice.random()
    if kind < 0.2:
        return before.with_point((dice.uniform(0, 640), dice.uniform(0, 480)), before.pending_frame)
    if kind < 0.3:
        place = (dice.uniform(0, 640), dice.uniform(0, 480))
        return before.with_ruler(Ruler(0, place, (place[0] + 10.0, place[1] + 5.0)))
    count, radius = dice.randint(3, 300), dice.uniform(20, 200)
    turns = [2 * math.pi * i / count for i in range(count)]
    points = tuple((320 + radius * math.cos(t), 240 + radius * math.sin(t)) for t in turns)
    return before.with_roi(Roi(dice.randrange(3), points))


class Work:
    """What one victim does to one library; every change is told."""

    def __init__(
        self, home: Path, dice: random.Random, teller: Teller, *, threads: bool = True
    ) -> None:
        self._home = home
        self._dice = dice
        self._teller = teller
        self._library = self._open()
        self._cases = [case.case_id for case in self._library.cases()]
        self._importing: threading.Thread | None = None
        self._threads = threads

    def step(self) -> None:
        """One change, chosen by the dice."""
        dice = self._dice
        if not self._cases or dice.random() < 0.06:
            self._import(dice.randint(1, IMPORTS_AT_ONCE))
        elif self._threads and dice.random() < 0.04:
            self._import_beside()
        elif dice.random() < 0.03:
            self._reopen()
        elif dice.random() < 0.05:
            self._change_settings()
        else:
            self._edit(dice.choice(self._cases))

    def end(self) -> None:
        """Close what is open."""
        if self._importing is not None:
            self._importing.join()
        self._library.close()

    def _open(self) -> Library:
        library = open_library(self._home, reader=self._dice.choice(READERS))
        tell_of(library, self._teller)
        return library

    def _reopen(self) -> None:
        self.end()
        self._importing = None
        self._library = self._open()

    def _import(self, count: int) -> None:
        files = [an_image(self._home.parent, self._dice) for _ in range(count)]
        self._cases += self._take_in(files)

    def _import_beside(self) -> None:
        """An import on a thread of its own, while this one goes on drawing."""
        if self._importing is not None:
            self._importing.join()
        files = [an_image(self._home.parent, self._dice) for _ in range(IMPORTS_AT_ONCE)]
        self._importing = threading.Thread(target=self._take_in, args=(files,), daemon=True)
        self._importing.start()

    def _take_in(self, files: list[tuple[Path, UltrasoundImage]]) -> list[int]:
        with self._library.intake() as intake:
            for path, image in files:
                intake.put(path, image, path.name)
            added = intake.commit()
        for (path, image), case in zip(files, added, strict=True):
            self._teller.say("imported", sha256=image.sha256, case=case.case_id)
            path.unlink()
        return [case.case_id for case in added]

    def _change_settings(self) -> None:
        values = {"reader": f"Reader {self._dice.randint(1, 99)}", "theme": "light"}
        path = self._home / "settings.json"
        self._teller.say("settings", values=values, kept=False)
        save_settings(path, Settings(**values))
        self._teller.say("settings", values=values, kept=True)

    def _edit(self, case_id: int) -> None:
        dice, library = self._dice, self._library
        kind = dice.random()
        if kind < 0.5:
            library.save_drawing(case_id, a_drawing(library.latest_drawing(case_id), dice))
        elif kind < 0.65:
            library.save_clinical(case_id, ClinicalRecord(age_years=dice.randint(20, 90), er=True))
        elif kind < 0.72:
            ruler = UserCalibration(0, (1.0, 1.0), (1.0, dice.uniform(50, 400)), 10.0)
            library.save_calibration(case_id, dice.choice((ruler, None)))
        elif kind < 0.8:
            library.save_pathology(case_id, Pathology(dice.choice(("0", "1+", "3+"))))
        elif kind < 0.9:
            document = {"numbers": [dice.random() for _ in range(dice.choice((10, 2000)))]}
            library.save_prediction(case_id, document, f"{dice.getrandbits(256):064x}")
        else:
            content = {"answer": "positive", "confidence": dice.randint(1, 5)}
            library.record(case_id, dice.choice((Action.IMPRESSION, Action.LOOKED)), content)


def main() -> None:
    """Work until the kill."""
    home, seed = Path(sys.argv[1]), sys.argv[2]
    until = sys.argv[3] if len(sys.argv) > 3 else "killed"
    teller = Teller.of_environment()
    teller.say("began")
    if until == "killed":
        _work(Work(home, random.Random(seed), teller), teller, math.inf)
        return
    try:
        work = Work(home, random.Random(seed), teller, threads=False)
        _work(work, teller, 0 if until == "open" else int(until))
    except Her2DeskError as error:
        teller.say("refused", code=error.code)


def _work(work: Work, teller: Teller, changes: float) -> None:
    teller.say("opened")
    while changes > 0:
        try:
            work.step()
        except Her2DeskError as error:
            teller.say("refused", code=error.code)
        changes -= 1
    work.end()


if __name__ == "__main__":
    main()
