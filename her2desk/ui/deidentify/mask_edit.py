"""The boxes being drawn over a group's pictures, with undo; all pictures show the same ones."""

from PySide6.QtCore import QObject, Signal

from her2desk.domain.roi import Box

SMALLEST_PX = 3  # smaller drags are clicks
FIRST_SHARE = 0.1  # of the picture's height that a box added by key covers at the top


class MaskEdit(QObject):
    """Boxes in picture pixels, which of them is chosen, and the way back.

    ``changed`` says that boxes or the choice among them are other than they were.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.boxes: tuple[Box, ...] = ()
        self.chosen: int | None = None
        self._columns = self._rows = 1
        self._undo: list[tuple[Box, ...]] = []
        self._redo: list[tuple[Box, ...]] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is a step back."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Whether a step back can be taken again."""
        return bool(self._redo)

    def begin(self, boxes: tuple[Box, ...], columns: int, rows: int) -> None:
        """Start with these boxes on pictures of this size; the way back begins here."""
        self._columns, self._rows = columns, rows
        self._undo, self._redo = [], []
        self.boxes, self.chosen = boxes, None
        self.changed.emit()

    def add(self, box: Box) -> None:
        """Add a box, cut at the picture's edge, and choose it; tiny ones are left out."""
        cut = self._cut(box)
        if cut.width < SMALLEST_PX or cut.height < SMALLEST_PX:
            return
        self._set((*self.boxes, cut), len(self.boxes))

    def add_strip(self) -> None:
        """Add a box over the top of the picture, where most scanners write the name."""
        height = max(SMALLEST_PX, round(self._rows * FIRST_SHARE))
        self.add(Box(0, 0, self._columns, height))

    def choose(self, index: int | None) -> None:
        """Choose a box, or none."""
        if index != self.chosen:
            self.chosen = index
            self.changed.emit()

    def choose_at(self, column: float, row: float) -> bool:
        """Choose the newest box at a position; returns whether there is one."""
        here = [
            i
            for i, box in enumerate(self.boxes)
            if box.x0 <= column < box.x1 and box.y0 <= row < box.y1
        ]
        self.choose(here[-1] if here else None)
        return bool(here)

    def choose_next(self) -> None:
        """Choose the box after the chosen one, the first after the last."""
        if self.boxes:
            self.choose(0 if self.chosen is None else (self.chosen + 1) % len(self.boxes))

    def remove(self) -> None:
        """Remove the chosen box."""
        if self.chosen is not None:
            left = [box for i, box in enumerate(self.boxes) if i != self.chosen]
            self._set(tuple(left), None)

    def move(self, columns: int, rows: int) -> None:
        """Move the chosen box, as far as the picture goes."""
        if self.chosen is None:
            return
        box = self.boxes[self.chosen]
        dx = min(max(columns, -box.x0), self._columns - box.x1)
        dy = min(max(rows, -box.y0), self._rows - box.y1)
        self._replace(Box(box.x0 + dx, box.y0 + dy, box.x1 + dx, box.y1 + dy))

    def resize(self, columns: int, rows: int) -> None:
        """Move the chosen box's right and lower edge."""
        if self.chosen is None:
            return
        box = self.boxes[self.chosen]
        right = max(box.x0 + SMALLEST_PX, box.x1 + columns)
        lower = max(box.y0 + SMALLEST_PX, box.y1 + rows)
        self._replace(self._cut(Box(box.x0, box.y0, right, lower)))

    def undo(self) -> None:
        """Take the last step back."""
        self._go(self._undo, self._redo)

    def redo(self) -> None:
        """Take again the step that was taken back last."""
        self._go(self._redo, self._undo)

    def _go(self, source: list[tuple[Box, ...]], target: list[tuple[Box, ...]]) -> None:
        if source:
            target.append(self.boxes)
            self.boxes, self.chosen = source.pop(), None
            self.changed.emit()

    def _replace(self, box: Box) -> None:
        if self.chosen is not None and box != self.boxes[self.chosen]:
            others = list(self.boxes)
            others[self.chosen] = box
            self._set(tuple(others), self.chosen)

    def _set(self, boxes: tuple[Box, ...], chosen: int | None) -> None:
        self._undo.append(self.boxes)
        self._redo = []
        self.boxes, self.chosen = boxes, chosen
        self.changed.emit()

    def _cut(self, box: Box) -> Box:
        return Box(
            max(0, box.x0), max(0, box.y0), min(self._columns, box.x1), min(self._rows, box.y1)
        )
