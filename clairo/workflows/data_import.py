"""``clairo data import``: Parquet tables to a data set of one's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import typer

from clairo.core.config import parse_config
from clairo.datasets.atomic import AtomicConfig
from clairo.datasets.frames import ImportSettings, save_as_atomic


def import_tables(
    name: str,
    interactions: Path,
    data_dir: Path,
    columns: Mapping[str, Any],
    *,
    items: Path | None = None,
    images: Path | None = None,
    say: Callable[[str], None] = typer.echo,
) -> AtomicConfig:
    """Writes the tables as atomic files, and says where they are and what can be done next.

    Args:
        name: Of the data set.
        interactions: Parquet, one row per interaction.
        data_dir: Root of all data.
        columns: Settings of :class:`~clairo.datasets.frames.ImportSettings`.
        items: Parquet, one row per item.
        images: Folder of pictures.
        say: Told each line.

    Raises:
        ConfigError: The name or a setting is wrong.
        DataError: A table cannot be used; the message names the column, or the row.
    """
    settings = parse_config(ImportSettings, dict(columns), "clairo data import")
    config = save_as_atomic(
        interactions, data_dir, name, items=items, images=images, settings=settings
    )
    say(f"{config.label}: written to {config.folder}")
    where = "" if data_dir == Path("data") else f" --data {data_dir}"
    say(f"See what is in it with 'clairo data describe atomic/{name}{where}'.")
    return config
