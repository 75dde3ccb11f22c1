"""What stands for the engine in tests of those who ask it."""

from PySide6.QtCore import QObject, Signal


class Runner(QObject):
    """Stands for the engine, with one question at a time as ``JobRunner`` has it."""

    progressed = Signal(int, float, object)
    partial = Signal(int, object)
    finished = Signal(int, object)
    failed = Signal(int, object)
    cancelled = Signal(int)
    superseded = Signal(int)
    device_failed = Signal(object)
    engine_gave_up = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.requests: list = []
        self._current: int | None = None

    @property
    def is_running(self) -> bool:
        return self._current is not None

    @property
    def asked(self) -> list[type]:
        return [type(request) for request in self.requests]

    def submit(self, request) -> int:
        self.requests.append(request)
        before, self._current = self._current, len(self.requests)
        if before is not None:
            self.superseded.emit(before)
        return len(self.requests)

    def cancel(self) -> None:
        if self._current is not None:
            job, self._current = self._current, None
            self.cancelled.emit(job)

    def warm(self, path, device) -> None:
        pass

    def look(self, path, frame_index) -> None:
        pass

    def forget(self) -> None:
        pass

    def tell(self, found) -> None:
        self.partial.emit(self._current, found)

    def finish(self, result) -> None:
        job, self._current = self._current, None
        self.finished.emit(job, result)

    def fail(self, error) -> None:
        job, self._current = self._current, None
        self.failed.emit(job, error)
