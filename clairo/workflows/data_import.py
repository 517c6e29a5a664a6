"""``clairo data import``: Parquet tables to a data set of one's own."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import typer

from clairo.core.config import parse_config
from clairo.datasets.atomic import AtomicConfig
from clairo.datasets.frame_pictures import CopiedPictures
from clairo.datasets.frames import ImportSettings, Tables, save_tables

__all__ = ["Tables", "import_tables"]

_MAX_NAMED: Final = 5


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
        tables: Parquet files of interactions and items, and pictures.
        data_dir: Root of all data.
        columns: Settings of :class:`~clairo.datasets.frames.ImportSettings`.
        say: Told each line.

    Raises:
        ConfigError: The name or a setting is wrong.
        DataError: A table cannot be used; the message names the column, or the row.
    """
    settings = parse_config(ImportSettings, dict(columns), "clairo data import")
    saved = save_tables(tables, data_dir, name, settings)
    config = saved.config
    say(f"{config.label}: written to {config.folder}")
    if tables.images is not None:
        say(f"Pictures: {_pictures(saved.pictures)}")
    is_usual = data_dir == Path("data")
    place = "" if is_usual else f" --data {shlex.quote(str(data_dir))}"
    variable = "" if is_usual else f" DATA={shlex.quote(str(data_dir))}"
    say(f"What is in it:  clairo data describe atomic/{name}{place}")
    say(f"A sweep of it:  make sweep CATEGORY=atomic/{name}{variable}")
    return config


def _pictures(pictures: CopiedPictures) -> str:
    """How many were copied, and which were not."""
    broken = pictures.undecodable
    text = f"{len(pictures.copied):,} copied"
    if not broken:
        return text
    more = f" and {len(broken) - _MAX_NAMED:,} more" if len(broken) > _MAX_NAMED else ""
    named = ", ".join(broken[:_MAX_NAMED])
    return f"{text}, {len(broken):,} left out since they do not decode ({named}{more})"
