"""``clairo data import``: Parquet tables to a data set of one's own."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from clairo.core.config import parse_config
from clairo.datasets.atomic import AtomicConfig
from clairo.datasets.frames import ImportSettings, save_as_atomic


@dataclass(frozen=True)
class Tables:
    """What is imported.

    Attributes:
        interactions: Parquet, one row per interaction.
        items: Parquet, one row per item.
        images: Folder of pictures, named after their items.
    """

    interactions: Path
    items: Path | None = None
    images: Path | None = None


def import_tables(
    name: str,
    tables: Tables,
    data_dir: Path,
    columns: Mapping[str, Any],
    *,
    say: Callable[[str], None] = typer.echo,
) -> AtomicConfig:
    """Writes the tables as atomic files, and says where they are and what can be done next.

    Args:
        name: Of the data set.
        tables: Files of interactions and items, and pictures.
        data_dir: Root of all data.
        columns: Settings of :class:`~clairo.datasets.frames.ImportSettings`.
        say: Told each line.

    Raises:
        ConfigError: The name or a setting is wrong.
        DataError: A table cannot be used; the message names the column, or the row.
    """
    settings = parse_config(ImportSettings, dict(columns), "clairo data import")
    config = save_as_atomic(
        tables.interactions,
        data_dir,
        name,
        items=tables.items,
        images=tables.images,
        settings=settings,
    )
    say(f"{config.label}: written to {config.folder}")
    is_usual = data_dir == Path("data")
    place = "" if is_usual else f" --data {shlex.quote(str(data_dir))}"
    variable = "" if is_usual else f" DATA={shlex.quote(str(data_dir))}"
    say(f"What is in it:  clairo data describe atomic/{name}{place}")
    say(f"A sweep of it:  make sweep CATEGORY=atomic/{name}{variable}")
    return config
