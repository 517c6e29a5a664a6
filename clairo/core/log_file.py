"""The log of an output folder: what the driver and its workers did, however quiet the terminal."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

LOG_FORMAT = "%(asctime)s %(process)d %(name)s %(levelname)s %(message)s"


class _QuietFile(logging.FileHandler):
    """A log that never stops what it is about: a full disk costs its lines and nothing else.

    What the disk refused reaches the person by the artifact or run that needed it.
    """

    def emit(self, record: logging.LogRecord) -> None:
        try:
            super().emit(record)
        except OSError:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Says nothing."""

    def close(self) -> None:
        """Closes the file; what a full disk refuses then is lost like the lines before."""
        with contextlib.suppress(OSError):
            super().close()


def log_to_file(path: Path) -> None:
    """Appends this process's log of our own packages to a file, once per file.

    Several processes may append to one file: a record is one write of one line.
    """
    logger = logging.getLogger("clairo")
    files = [h.baseFilename for h in logger.handlers if isinstance(h, logging.FileHandler)]
    if str(path.absolute()) in files:
        return
    handler = _QuietFile(path, encoding="utf-8", delay=True)
    handler.setLevel(logging.INFO)
    handler.setFormatter(logging.Formatter(LOG_FORMAT))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
