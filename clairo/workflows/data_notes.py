"""What a person must know about a data set before a sweep of it is believed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from clairo.workflows.preparation import PreparedData

_WORTH_SAYING = 0.05
_UNITS: Final = {"s": 1, "ms": 1000}
_BEFORE_ANY_SHOP: Final = 788_918_400
"""The year 1995 in seconds: nobody sold anything on the web before."""

_OUR_CASE = {"text": "upper", "image": "lower"}
"""Letters in which codes are printed."""


def data_lines(prepared: PreparedData) -> tuple[str, ...]:
    """Two lines: how much there is, and what of it can be read and seen."""
    facts, catalog = prepared.facts, prepared.dataset.catalog
    items = len(catalog)
    read = (
        f"{int(catalog.has_text.sum()):,} of {items:,} items have a text, "
        f"{int(catalog.has_image.sum()):,} of {items:,} a picture"
    )
    if prepared.dataset.codes:
        titled = sum(bool(title) for title in catalog.titles)
        read = f"every item came with {given_words(facts)}; {titled:,} of {items:,} have a title"
    return (
        f"{prepared.dataset.name}: {items:,} items, {len(prepared.dataset.log.user_ids):,} users, "
        f"{len(prepared.dataset.log):,} interactions, {facts['num_training_prefixes']:,} training "
        f"prefixes, {facts['num_valid_users']:,} users asked on valid",
        read,
    )


def given_words(facts: Mapping[str, Any]) -> str:
    """Codes that came with the data, for example ``4 text codes (256 x 256 x 256 x 256)``."""
    return " and ".join(
        f"{len(file['column_sizes'])} {file['modality']} "
        f"{'code' if len(file['column_sizes']) == 1 else 'codes'} "
        f"({' x '.join(map(str, file['column_sizes']))})"
        for file in facts["index_files"]
    )


def data_notes(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """A sentence for what was chosen, and for each thing that is missing in earnest.

    For terminal and report.
    """
    items, users = facts["num_items"], facts["num_users"]
    notes = _choices(facts)
    if missing := facts.get("items_without_metadata", 0):
        share = missing / items
        if share >= _WORTH_SAYING:
            notes.append(f"{missing:,} of {items:,} items ({share:.0%}) have no metadata.")
    if broken := facts.get("num_images_undecodable", 0):
        notes.append(f"{broken:,} pictures do not decode and count as missing.")
    named, here = facts.get("items_with_image_url", 0), facts.get("num_images", 0)
    if named > here:
        notes.append(
            f"{named:,} of {items:,} items name a picture by its address, for example "
            f"{facts['image_url_example']}; {here:,} pictures are in DATA."
        )
    other = [
        file for file in facts.get("index_files", ()) if file["case"] != _OUR_CASE[file["modality"]]
    ]
    if other:
        names = " and ".join(f"{file['modality']} ({file['file']})" for file in other)
        notes.append(
            "Letters here are not those of the files: text codes are printed as capitals and image "
            f"codes as small letters, the files have the opposite for {names}."
        )
    unasked = users - facts.get("num_asked_users", users)
    if unasked / users >= _WORTH_SAYING:
        notes.append(
            f"{unasked:,} of {users:,} users have fewer than 3 interactions and only train."
        )
    return tuple(notes)


def _choices(facts: Mapping[str, Any]) -> list[str]:
    """What makes this another data set than its name says, and what the order rests on."""
    notes = []
    if chosen := facts.get("chosen_settings"):
        words = ", ".join(f"{name}={json.dumps(value)}" for name, value in chosen.items())
        notes.append(f"A data set of its own, by its settings: {words}.")
    unit, latest = facts.get("time_unit"), facts.get("latest_timestamp", 0)
    if unit in _UNITS and latest < _BEFORE_ANY_SHOP * _UNITS[unit]:
        notes.append(
            f"The latest timestamp, read in {unit}, lies before 1995: is it in another unit, or no "
            "time at all?"
        )
    tied, asked = facts.get("tied_test_targets", 0), facts.get("num_asked_users", 0)
    if asked and tied / asked >= _WORTH_SAYING:
        notes.append(
            f"For {tied:,} of {asked:,} users asked on test ({tied / asked:.0%}) the last item "
            "shares its time with another one: only the order of the file says which is asked."
        )
    return notes
