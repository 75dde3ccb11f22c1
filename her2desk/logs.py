"""The log: a file in the library's folder for whoever repairs the program, sent nowhere."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

LOGS_FOLDER = "logs"
PROGRAM_LOGGER = "her2desk"
MAX_BYTES = 1_000_000
BACKUPS = 3
LINE = "%(asctime)sZ %(process)d %(levelname)s %(name)s: %(message)s"


@contextmanager
def logging_to(library: Path, name: str = "her2desk") -> Iterator[Path]:
    """Log to ``logs/NAME.log`` under the library's folder while the block runs; gives its path.

    Python warnings are logged too. The file appears with the first line; a log that cannot be
    written is left out, as it must never stop the work. Each process needs a ``name`` of its own.
    """
    path = library / LOGS_FOLDER / f"{name}.log"
    handler = _LogFile(path)
    root, program = logging.getLogger(), logging.getLogger(PROGRAM_LOGGER)
    level = program.level
    root.addHandler(handler)
    program.setLevel(logging.INFO)
    logging.captureWarnings(True)
    try:
        yield path
    finally:
        logging.captureWarnings(False)
        program.setLevel(level)
        root.removeHandler(handler)
        handler.close()


class _LogFile(RotatingFileHandler):
    """A rotating file that makes its folder when first needed and keeps silent about failures."""

    def __init__(self, path: Path):
        super().__init__(
            path, maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8", delay=True
        )
        formatter = logging.Formatter(LINE, "%Y-%m-%dT%H:%M:%S")
        formatter.converter = time.gmtime
        self.setFormatter(formatter)

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's own name
        """Do nothing: the work goes on."""
