"""What every data set's configuration answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from clairo.core.config import Config
from clairo.core.dataset import Dataset


class DatasetConfig(Config, ABC):
    """Names a data set and knows how to read, or to generate, it.

    Two configurations with the same identity and the same content of :meth:`sources` give
    the same data set, wherever the files lie.
    """

    brings_codes: ClassVar[bool] = False
    """Whether the items come with codes: then no stage before the codes has anything to do."""

    @abstractmethod
    def sources(self) -> dict[str, Path]:
        """Raw files and folders whose content defines the data, by a name free of places.

        A generated data set has none.

        Raises:
            DataError: A file that must be there is not.
        """

    @abstractmethod
    def read(self) -> Dataset:
        """The data set; the same settings and sources always give the same one.

        Raises:
            DataError: A source is missing, damaged or of another format.
        """

    @property
    @abstractmethod
    def label(self) -> str:
        """Name for people, for example ``Amazon 2018 Gift Cards``."""

    @property
    @abstractmethod
    def release_label(self) -> str:
        """Release for people, ``""`` for data without releases."""
