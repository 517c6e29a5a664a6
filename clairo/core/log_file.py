"""The log of an output folder: what the driver and its workers did, however quiet the terminal."""

from __future__ import annotations

import logging
from pathlib import Path

LOG_FORMAT = "%(asctime)s %(process)d %(name)s %(levelname)s %(message)s"


def log_to_file(path: Path) -> None:
    """Appends this process's log of our own packages to a file, once per file.

    Several processes may append to one file: a record is one write of one line.
    """
    logger = logging.getLogger("clairo")
    files = [h.baseFilename for h in logger.handlers if isinstance(h, logging.FileHandler)]
    if str(path.absolute()) in files:
        return
    handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    handler.setLevel(logging.INFO)
    handler.setFormatter(logging.Formatter(LOG_FORMAT))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
