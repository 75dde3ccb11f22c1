"""A cohort folder of simulated patients whose table a test can change cell by cell."""

import csv
import shutil
from collections.abc import Mapping
from pathlib import Path

from her2desk.domain.progress import SilentProgress
from her2desk.inference.cohort_check import CohortCheck, Finding, check_cohort


class CohortFolder:
    """``cells[i]`` is row ``i + 2`` of the table; ``check`` writes it and checks the folder."""

    def __init__(self, folder: Path, source: Path) -> None:
        shutil.copytree(source, folder)
        self.folder = folder
        with (folder / "cohort.csv").open(newline="") as file:
            self.cells: list[dict[str, str]] = list(csv.DictReader(file))

    def write(self, delimiter: str = ",", encoding: str = "utf-8") -> None:
        names = list(dict.fromkeys(name for row in self.cells for name in row))
        with (self.folder / "cohort.csv").open("w", newline="", encoding=encoding) as file:
            table = csv.DictWriter(file, names, restval="", delimiter=delimiter)
            table.writeheader()
            table.writerows(self.cells)

    def check(self) -> CohortCheck:
        self.write()
        return check_cohort(self.folder, SilentProgress())

    def codes(self) -> list[tuple[int | None, str | None, str]]:
        """Row, column and code of each finding."""
        return [(f.row, f.column, f.code) for f in self.check().findings]

    def finding(self, code: str) -> Finding:
        """The one finding of this code."""
        (found,) = [f for f in self.check().findings if f.code == code]
        assert found.message.text()
        assert found.remedy.text()
        return found

    def image(self, index: int) -> Path:
        return self.folder / self.cells[index]["image"]

    def roi(self, index: int) -> Path:
        return self.folder / self.cells[index]["roi"]

    def change(self, index: int, cells: Mapping[str, str]) -> None:
        self.cells[index].update(cells)

    def another_image(self, index: int, **cells: str) -> None:
        """A second row of the same patient with a picture of its own, taken from a patient unused."""
        spare = self.cells.pop()
        self.cells.append(
            {**self.cells[index], "image": spare["image"], "roi": spare["roi"], **cells}
        )
