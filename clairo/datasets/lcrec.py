"""Data of the LC-Rec family: histories and published codes, nothing to embed or quantize."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal

import yaml
from pydantic import Field, field_validator

from clairo.core.config import RUNTIME_ONLY, Config, parse_config
from clairo.core.dataset import Dataset
from clairo.core.errors import ConfigError, DataError
from clairo.core.given_codes import GivenModality
from clairo.datasets.base import DatasetConfig
from clairo.datasets.places import require_inside, why_no_file

Case = Literal["lower", "upper"]

SETTINGS_FILE: Final = "clairo.yaml"
"""File beside the data with what their names do not tell; see :class:`FolderSettings`."""

FAMILY_CASE: Final[dict[GivenModality, Case]] = {"text": "lower", "image": "upper"}
"""The family's convention. Ours is the opposite: we print text codes as capitals."""

_USUAL: Final[dict[str, GivenModality]] = {
    "index": "text",
    "index_lemb": "text",
    "index_vitemb": "image",
}
"""Names in use: LC-Rec has one index, made from texts; MQL4GRec one for each modality."""

_ORDER: Final[tuple[GivenModality, ...]] = ("text", "image")


class IndexSettings(Config):
    """What one index file holds.

    Attributes:
        modality: What its codes were made from.
        case: Letters of its codes: ``lower`` for ``<a_5><b_7>``, ``upper`` for
            ``<A_5><B_7>``. ``None`` is the family's convention: small letters for text and
            capitals for images.
    """

    modality: GivenModality
    case: Case | None = None

    @property
    def letters(self) -> Case:
        """The case that the codes must have."""
        return self.case or FAMILY_CASE[self.modality]


class IndexFile(IndexSettings):
    """An index file by its name.

    Attributes:
        file: What stands between the data set's name and ``.json``, for example
            ``index_lemb``.
    """

    file: str = Field(pattern=r"^index[A-Za-z0-9._-]*$")


class FolderSettings(Config):
    """The content of ``clairo.yaml``, for index files whose names are not the usual ones.

    Attributes:
        indexes: What a file holds, by the part of its name before ``.json``::

            indexes:
              index_foo: {modality: text}
              index_bar: {modality: image, case: lower}
    """

    indexes: dict[str, IndexSettings] = Field(default_factory=dict)


class LcrecConfig(DatasetConfig):
    """Histories and given codes, in the files of LC-Rec and MQL4GRec.

    The files lie in ``<data_dir>/lcrec/<name>/``: ``<name>.inter.json`` (user to items, in
    order), one or more ``<name>.index*.json`` (item to codes), and where there are any
    ``<name>.item.json`` (item to title and more), ``<name>.item2id`` and ``<name>.user2id``
    (original id and index, separated by a tab).

    Attributes:
        name: Folder, and first part of every file name.
        data_dir: Root of all data; where files lie is no part of what they say.
        indexes: The index files to read. Empty: all that are there, their modalities known by
            their usual names (``index`` and ``index_lemb`` text, ``index_vitemb`` image) or
            by ``clairo.yaml`` beside them.
    """

    brings_codes: ClassVar[bool] = True

    kind: Literal["lcrec"] = "lcrec"
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    data_dir: Annotated[Path, RUNTIME_ONLY] = Path("data")
    indexes: tuple[IndexFile, ...] = ()

    @field_validator("indexes")
    @classmethod
    def _told_apart(cls, indexes: tuple[IndexFile, ...]) -> tuple[IndexFile, ...]:
        require_distinct(indexes)
        return indexes

    @property
    def folder(self) -> Path:
        """Where the files lie."""
        return self.data_dir / "lcrec" / self.name

    def path(self, ending: str) -> Path:
        """A file of this data set, for example of the ending ``inter.json``."""
        return self.folder / f"{self.name}.{ending}"

    def index_path(self, index: IndexFile) -> Path:
        """Where an index file lies."""
        return self.path(f"{index.file}.json")

    @property
    def label(self) -> str:
        """For example ``LC-Rec Instruments``."""
        return f"LC-Rec {self.name.replace('_', ' ')}"

    @property
    def release_label(self) -> str:
        """The family has no releases."""
        return ""

    def sources(self) -> dict[str, Path]:
        """Histories, index files, and what there is of the other files.

        Raises:
            DataError: There are no histories or no codes, or two index files that cannot be
                told apart.
            ConfigError: The modality of an index file is not known.
        """
        histories = self.path("inter.json")
        if not histories.is_file():
            raise DataError(
                f"{self.label} needs {histories}, {why_no_file(histories)}; put the file there or "
                "name another folder with DATA=."
            )
        wanted = [histories, *map(self.index_path, self.index_files())]
        optional = [self.path(ending) for ending in ("item.json", "item2id", "user2id")]
        if not self.indexes:
            optional.append(self.folder / SETTINGS_FILE)
        found = {path.name: path for path in (*wanted, *filter(Path.is_file, optional))}
        for path in found.values():
            require_inside(path, self.data_dir)
        return found

    def index_files(self) -> tuple[IndexFile, ...]:
        """The index files to read, text before images.

        Raises:
            DataError: One is not there, there is none, or two cannot be told apart.
            ConfigError: The modality of one is not known.
        """
        found = self.indexes or self._found_indexes()
        missing = [str(self.index_path(index)) for index in found if not self._has(index)]
        if missing or not found:
            wanted = ", ".join(missing) or f"one or more {self.path('index*.json')}"
            raise DataError(
                f"{self.label} needs index files with the codes of the items, {wanted} not found; "
                f"put them there or correct 'indexes' of the configuration or of {SETTINGS_FILE}."
            )
        try:
            require_distinct(found)
        except ValueError as error:
            raise DataError(f"{self.folder}: {error}.") from error
        return tuple(sorted(found, key=lambda index: (_ORDER.index(index.modality), index.file)))

    def read(self) -> Dataset:
        """Reads the files.

        Raises:
            DataError: A file is missing, of another format, or does not fit the others.
            ConfigError: The modality of an index file is not known.
        """
        from clairo.datasets.lcrec_reading import read_lcrec

        self.sources()
        return read_lcrec(self).with_digests(self.identity())

    def _has(self, index: IndexFile) -> bool:
        return self.index_path(index).is_file()

    def _found_indexes(self) -> tuple[IndexFile, ...]:
        said = _read_settings(self.folder / SETTINGS_FILE).indexes
        here = sorted(self.folder.glob(f"{self.name}.index*.json"))
        names = [path.name.removeprefix(f"{self.name}.").removesuffix(".json") for path in here]
        usual = {name: IndexSettings(modality=_USUAL[name]) for name in names if name in _USUAL}
        known = {**usual, **said}
        for name, path in zip(names, here, strict=True):
            if name not in known:
                raise ConfigError(
                    f"The modality of an index file must be known, {path.name} is none of "
                    f"{', '.join(_USUAL)}; write 'indexes: {{{name}: {{modality: text}}}}' (or "
                    f"image) into {self.folder / SETTINGS_FILE}, or name the files to read in "
                    "'indexes' of the configuration."
                )
        return tuple(
            parse_config(IndexFile, {"file": name, **settings.model_dump()}, SETTINGS_FILE)
            for name, settings in known.items()
        )


def require_distinct(indexes: tuple[IndexFile, ...]) -> None:
    """Refuses index files that would print the same codes.

    Raises:
        ValueError: Two have one modality and the same letters, or one is named twice.
    """
    seen: dict[tuple[str, str], str] = {}
    for index in indexes:
        prints = (index.modality, index.letters)
        other = seen.get(prints)
        if other is not None:
            raise ValueError(
                f"index files of one modality need different letters, {other} and {index.file} "
                f"both hold {index.modality} codes with {index.letters}-case letters; name only "
                "one of them in 'indexes', or correct its modality or case"
            )
        seen[prints] = index.file


def _read_settings(path: Path) -> FolderSettings:
    """The settings beside the data; the defaults where there is no such file."""
    if not path.is_file():
        return FolderSettings()
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{path} must be a YAML file, got: {reason}; mend the file.") from error
    if not isinstance(values, dict):
        raise ConfigError(
            f"{path} must hold one mapping, got {type(values).__name__}; write "
            "'indexes: {index_foo: {modality: text}}'."
        )
    return parse_config(FolderSettings, values, str(path))
