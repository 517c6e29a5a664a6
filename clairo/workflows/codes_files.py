"""``clairo codes``: semantic ids out of a run, into another convention, and a look at a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import typer

from clairo.core.artifacts import CodeTable
from clairo.core.errors import ConfigError, DataError
from clairo.core.whole_file import require_free, written_whole
from clairo.quantization.index_layout import LAYOUTS
from clairo.quantization.index_reading import read_index
from clairo.quantization.index_report import describe_index, report_lines
from clairo.quantization.interchange import (
    CONVENTIONS,
    ColumnRoles,
    Convention,
    IndexFile,
    convert,
    find_roles,
    index_of_table,
    kept_columns,
)
from clairo.tracking.logged_codes import read_codes
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.workflows.options import SweepOptions
from clairo.workflows.stage_result import ready_pipeline

Say = Callable[[str], None]


@dataclass(frozen=True)
class ExportSettings:
    """How codes are written.

    Attributes:
        convention: Whose letters.
        modality: Which codes.
        digit: Whether the column that tells items with equal codes apart is written.
        keys: What names the items: ``index``, their place in the catalogue, or ``id``.
        layout: Name of a layout.
        force: Whether files that are there may be replaced.
    """

    convention: Convention = "lcrec"
    modality: Literal["all", "text", "image"] = "all"
    digit: bool = True
    keys: Literal["index", "id"] = "index"
    layout: str = "indented"
    force: bool = False


def codes_of_run(tracking: TrackingConfig, name: str) -> CodeTable:
    """Codes as a run logged them; see :func:`clairo.tracking.logged_codes.read_codes`."""
    return read_codes(tracking, name)


def codes_of_config(options: SweepOptions, config_file: Path | None) -> CodeTable:
    """Codes of a configuration, from the store or computed into it.

    Raises:
        ClairoError: The data or the configuration cannot be used, or a stage failed.
    """
    table, _ = ready_pipeline(options, config_file).get("quantization")
    assert isinstance(table, CodeTable)
    return table


def export_codes(
    get_table: Callable[[], CodeTable],
    path: Path,
    settings: ExportSettings,
    *,
    say: Say = typer.echo,
) -> IndexFile:
    """Writes codes as an index file, and beside it which id each index has.

    Args:
        get_table: Gets the codes; called once the places are known to be free.
        path: The file.
        settings: How.
        say: Told each line.

    Raises:
        ConfigError: A file is there already, or there are no codes of that modality.
        DataError: The convention cannot print the codes, or the disk refuses.
    """
    ids_path = path.with_name(f"{path.name.partition('.index')[0].removesuffix('.json')}.item2id")
    for place in (path, *([ids_path] if settings.keys == "index" else [])):
        require_free(place, force=settings.force)
    table = get_table()
    index = replace(
        index_of_table(
            table,
            settings.convention,
            modality=settings.modality,
            digit=settings.digit,
            keys=table.item_ids if settings.keys == "id" else None,
        ),
        layout=LAYOUTS[settings.layout],
    )
    lines = _id_lines(table.item_ids) if settings.keys == "index" else ""
    index.save(path)
    if lines:
        with written_whole(ids_path) as beside:
            beside.write_text(lines, encoding="utf-8")
    columns = kept_columns(table, settings.modality, digit=settings.digit)
    modalities = tuple(table.column_modalities[column] for column in columns)
    roles = ColumnRoles(settings.convention, modalities, "as written")
    _say_report(path, index, roles, say)
    for line in _missing(table, modalities):
        say(line)
    if lines:
        say(f"Which id an item has: {ids_path}")
    return index


def check_codes(
    path: Path, convention: Convention | None, digit: bool | None, *, say: Say = typer.echo
) -> None:
    """Says what is in an index file.

    Args:
        path: The file.
        convention: Whose letters it has, ``None`` to find out.
        digit: Whether its last column only tells items apart, ``None`` to find out.
        say: Told each line.

    Raises:
        DataError: The file is no index file; the message names item and line.
    """
    index = read_index(path)
    _say_report(path, index, find_roles(index, convention, digit=digit), say)
    say(
        "Such codes enter a pipeline with histories of the same items: put the file as "
        "NAME.index.json (texts) or NAME.index_vitemb.json (images) beside NAME.inter.json in "
        "lcrec/NAME of the data folder, and take CATEGORY=lcrec/NAME."
    )


@dataclass(frozen=True)
class ConvertSettings:
    """How a file is converted.

    Attributes:
        target: Whose letters are written.
        source: Whose letters the file has, ``None`` to find out.
        digit: Whether its last column only tells items apart, ``None`` to find out.
        layout: Name of a layout, ``keep`` for the file's own.
        force: Whether a file that is there may be replaced.
    """

    target: Convention
    source: Convention | None = None
    digit: bool | None = None
    layout: str = "keep"
    force: bool = False


def convert_codes(
    path: Path, out: Path, settings: ConvertSettings, *, say: Say = typer.echo
) -> IndexFile:
    """Writes a file again with the letters of another convention; order and layout are kept.

    Raises:
        ConfigError: A file is there already.
        DataError: The file is no index file, or the convention cannot print its codes.
    """
    require_free(out, force=settings.force)
    index = read_index(path)
    roles = find_roles(index, settings.source, digit=settings.digit)
    converted = convert(index, roles, settings.target)
    if settings.layout != "keep":
        converted = replace(converted, layout=LAYOUTS[settings.layout])
    converted.save(out)
    say(f"{path.name} is read as {roles.convention} ({roles.reason})")
    if settings.layout == "keep" and not index.layout.exact:
        say(f"Its layout is no usual one and is not kept: {index.layout.about()}")
    say(f"{out}: {''.join(index.printed(0))} became {''.join(converted.printed(0))}")
    return converted


def require_convention(name: str) -> Convention:
    """A convention by its name.

    Raises:
        ConfigError: There is no such convention.
    """
    for convention in CONVENTIONS:
        if convention == name:
            return convention
    raise ConfigError(f"A convention is one of {', '.join(CONVENTIONS)}, got {name!r}; name one.")


def _missing(table: CodeTable, modalities: Sequence[str]) -> list[str]:
    """What codes of items without a modality look like."""
    lines = []
    for name in dict.fromkeys(modalities):
        count = int(table.diagnostics.get(f"{name}/missing_items", 0))
        if count:
            size = table.column_sizes[table.column_modalities.index(name)] - 1
            lines.append(f"{count:,} items have no {name}: their {name} codes are all {size}")
    return lines


def _id_lines(item_ids: Sequence[str]) -> str:
    strange = [name for name in item_ids if not name.isprintable() or not name]
    if strange:
        raise DataError(
            f"Ids beside an index file stand in lines with a tab, got {strange[0]!r}; export with "
            "--keys id."
        )
    return "".join(f"{name}\t{place}\n" for place, name in enumerate(item_ids))


def _say_report(path: Path, index: IndexFile, roles: ColumnRoles, say: Say) -> None:
    for line in report_lines(path.name, index, describe_index(index, roles)):
        say(line)
