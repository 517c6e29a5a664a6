"""``clairo data card``: the page of a data set."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import typer

from clairo.core.dataset import Dataset
from clairo.core.errors import DataError
from clairo.workflows.data_prepare import metadata_alone, prepare_into_store, request
from clairo.workflows.options import SweepOptions


def make_data_card(
    options: SweepOptions,
    *,
    no_metadata: bool = False,
    say: Callable[[str], None] = typer.echo,
) -> Path:
    """Reads a data set through the stage store and writes its card; nothing is fetched.

    Args:
        options: Which data, which filters, where store and reports are.
        no_metadata: Do without the metadata of an Amazon category.
        say: Tells the person what is read and where the page is.

    Raises:
        ConfigError: The data or a setting is not known.
        DataError: A file is missing, damaged or of another format, or the page cannot be written.
    """
    config = request(options, no_metadata=no_metadata)
    alone = metadata_alone(config)
    if alone is not None:
        say(f"{config.label} has no reviews here: the card shows the items of the metadata alone.")
        config = alone
    dataset, _ = prepare_into_store(config, options.out)
    page = write_data_card(dataset, options.reports)
    say(f"Data card: {page}")
    return page


def write_data_card(dataset: Dataset, reports: Path) -> Path:
    """Writes ``<reports>/data/<name>/index.html`` and the page's tables in ``tables/`` beside it.

    The page appears whole or not at all: a crash leaves the earlier one.

    Args:
        dataset: The data, already prepared.
        reports: Folder for report pages; created where it does not exist.

    Raises:
        DataError: The name has no letter or digit, or the folder cannot be written to.
    """
    from clairo.reporting.data_card_page import make_data_card_page
    from clairo.reporting.page import render_page
    from clairo.reporting.report import write_tables

    folder = reports.resolve() / "data" / card_name(dataset)
    page = make_data_card_page(dataset)
    part = folder / "index.html.part"
    try:
        write_tables(page, folder / "tables")
        part.write_text(render_page(page), encoding="utf-8")
        part.replace(folder / "index.html")
    except OSError as error:
        raise DataError(
            f"A data card needs a folder with free space, got {folder} ({error.strerror}); free "
            "some or choose another with --reports."
        ) from error
    return folder / "index.html"


def card_name(dataset: Dataset) -> str:
    """The name as a folder; data with settings of its own has its digest behind it.

    So that the cards of one category under two filters stand side by side.
    """
    name = slug(dataset.name)
    if not dataset.facts.get("chosen_settings"):
        return name
    return f"{name}-{str(dataset.facts['digest'])[:8]}"


def slug(name: str) -> str:
    """A name as one folder name: lower case, everything but letters and digits a hyphen.

    Raises:
        DataError: Nothing is left.

    Example:
        >>> slug("Amazon 2018 Gift Cards"), slug("../lcrec/Instruments")
        ('amazon-2018-gift-cards', 'lcrec-instruments')
    """
    words = re.sub(r"[\W_]+", "-", name.lower()).strip("-")
    if not words:
        raise DataError(
            f"The name of a data set must have a letter or a digit, got {name!r}; rename it."
        )
    return words
