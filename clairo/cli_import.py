"""``clairo data import``: the options of making a data set of one's own from tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def data_import(
    name: Annotated[str, typer.Argument(help="Name of the data set: CATEGORY=atomic/NAME.")],
    interactions: Annotated[Path, typer.Argument(help="Parquet file, or a folder of them.")],
    items: Annotated[Path | None, typer.Option(help="Parquet with a row per item.")] = None,
    images: Annotated[Path | None, typer.Option(help="Folder of pictures ITEM_ID.jpg.")] = None,
    user: Annotated[str, typer.Option(help="Column of the user.")] = "user_id",
    item: Annotated[str, typer.Option(help="Column of the item.")] = "item_id",
    timestamp: Annotated[
        str, typer.Option(help="Column of the time: dates, or numbers since 1970.")
    ] = "timestamp",
    in_order: Annotated[
        bool, typer.Option("--in-order", help="No times: the rows are in the order of time.")
    ] = False,
    rating: Annotated[str | None, typer.Option(help="Column of the rating.")] = None,
    time_unit: Annotated[str, typer.Option(help="Of times that are numbers: s or ms.")] = "s",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a data set of this name.")
    ] = False,
    data: Annotated[Path, typer.Option(help="Folder with raw files.")] = Path("data"),
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show the log and full tracebacks.")
    ] = False,
) -> None:
    """Make a data set of one's own from Parquet tables of interactions and items."""
    from clairo.workflows.data_import import Tables, import_tables

    columns = {
        "user": user,
        "item": item,
        "timestamp": None if in_order else timestamp,
        "rating": rating,
        "time_unit": time_unit,
        "overwrite": overwrite,
    }
    import_tables(name, Tables(interactions, items, images), data, columns)
