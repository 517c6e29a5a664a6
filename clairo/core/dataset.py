"""Items, histories and splits: what a data set is once it has been read.

All are frozen. One integer index runs through the whole pipeline: an item's *index* is its
position in ``ItemCatalog.item_ids``, a user's index its position in
``InteractionLog.user_ids``. What is read back from a folder is mapped, not copied, so that all
trials on one machine share it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from jaxtyping import Bool, Int32, Int64, UInt8

from clairo.core.checks import require_length
from clairo.core.errors import DataError
from clairo.core.files import (
    read_arrays,
    read_json,
    read_table,
    write_arrays,
    write_json,
    write_table,
)
from clairo.core.fingerprint import hash_json
from clairo.core.given_codes import GivenCodes
from clairo.core.ragged import Ragged, cut
from clairo.core.string_column import StringColumn

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

Facts = Mapping[str, Any]
"""Named JSON scalars (or small JSON values) worth a place in the tracker and the report."""

_ARRAYS, _FACTS, _USERS = "arrays.safetensors", "facts.json", "users.arrow"
_PIECE, _STRINGS = 1 << 22, 1 << 16


@dataclass(frozen=True)
class ItemCatalog:
    """What is known about each item.

    Attributes:
        item_ids: External ids; the position is the item index.
        titles: Title as shown to people, ``""`` where unknown.
        sentences: The text that is embedded, ``""`` where nothing is known.
        categories: Most specific category, ``""`` where unknown.
        prices: Price as shown to people, ``""`` where unknown.
        image_bytes: All encoded pictures (JPEG, PNG ...) one after another.
        image_offsets: Item ``i`` owns ``image_bytes[image_offsets[i]:image_offsets[i + 1]]``;
            an empty range is a missing picture.
    """

    item_ids: tuple[str, ...]
    titles: tuple[str, ...]
    sentences: tuple[str, ...]
    categories: tuple[str, ...]
    prices: tuple[str, ...]
    image_bytes: UInt8[np.ndarray, " bytes"]
    image_offsets: Int64[np.ndarray, " items+1"]

    def __post_init__(self) -> None:
        if len(set(self.item_ids)) != len(self.item_ids):
            raise DataError("Item ids must be unique, got a repeated one; deduplicate the items.")
        for name in ("titles", "sentences", "categories", "prices"):
            require_length(name, len(getattr(self, name)), len(self.item_ids))
        require_length("image_offsets", len(self.image_offsets), len(self.item_ids) + 1)

    def __len__(self) -> int:
        return len(self.item_ids)

    def impartial_order(self) -> Int64[np.ndarray, " items"]:
        """Place of each item in an order that is drawn from the external ids alone.

        The position in the catalogue is that of an item's first interaction, in whichever split,
        so it tells items of the test split from those that nobody bought. This order knows
        nothing of the log: it stays the same whatever the items' positions.
        """
        digests = [hashlib.sha256(item_id.encode()).digest() for item_id in self.item_ids]
        places = np.empty(len(digests), dtype=np.int64)
        places[sorted(range(len(digests)), key=digests.__getitem__)] = np.arange(len(digests))
        return places

    def image(self, item: int) -> bytes | None:
        """Encoded picture of one item, ``None`` where it is missing."""
        start, stop = int(self.image_offsets[item]), int(self.image_offsets[item + 1])
        return self.image_bytes[start:stop].tobytes() if stop > start else None

    @property
    def has_image(self) -> Bool[np.ndarray, " items"]:
        """Which items have a picture."""
        return np.diff(self.image_offsets) > 0

    @property
    def has_text(self) -> Bool[np.ndarray, " items"]:
        """Which items have a sentence."""
        return np.array([bool(sentence) for sentence in self.sentences], dtype=bool)


def pack_images(
    images: Sequence[bytes | None],
) -> tuple[UInt8[np.ndarray, " bytes"], Int64[np.ndarray, " items+1"]]:
    """Puts encoded pictures one after another, for the two image fields of a catalogue.

    Example:
        >>> data, offsets = pack_images([b"ab", None, b"c"])
        >>> offsets.tolist()
        [0, 2, 2, 3]
    """
    sizes = [len(image) if image else 0 for image in images]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return np.frombuffer(b"".join(image or b"" for image in images), dtype=np.uint8), offsets


@dataclass(frozen=True)
class InteractionLog:
    """Every user's history in time order, as one ragged array.

    Attributes:
        user_ids: External ids; the position is the user index.
        items: Item index of every interaction, user after user, oldest first.
        timestamps: Time of every interaction; the data set's fact ``time_unit`` says whether
            in seconds or milliseconds since 1970, or whether it is only a position.
        offsets: User ``u`` owns ``items[offsets[u]:offsets[u + 1]]``.
    """

    user_ids: Sequence[str]
    items: Int32[np.ndarray, " interactions"]
    timestamps: Int64[np.ndarray, " interactions"]
    offsets: Int64[np.ndarray, " users+1"]

    def __post_init__(self) -> None:
        require_length("offsets", len(self.offsets), len(self.user_ids) + 1)
        require_length("timestamps", len(self.timestamps), len(self.items))

    def __len__(self) -> int:
        return len(self.items)

    def history(self, user: int) -> Int32[np.ndarray, " length"]:
        """Item indices of one user, oldest first, uncut."""
        return self.items[self.offsets[user] : self.offsets[user + 1]]


@dataclass(frozen=True)
class Splits:
    """Which position of each user's history plays which part.

    Attributes:
        train_lengths: The first so many interactions of each user are for training.
        valid_positions: Position of the validation target, -1 for a user without one.
        test_positions: Position of the test target, -1 for a user without one. What stands
            before a target is its known history.
    """

    train_lengths: Int32[np.ndarray, " users"]
    valid_positions: Int32[np.ndarray, " users"]
    test_positions: Int32[np.ndarray, " users"]

    def positions(self, split: Literal["valid", "test"]) -> Int32[np.ndarray, " users"]:
        """Target positions of one split."""
        return self.valid_positions if split == "valid" else self.test_positions


@dataclass(frozen=True)
class Dataset:
    """A catalogue, its users' histories, and who is asked what.

    Attributes:
        name: For people, for example ``Amazon 2018 Gift Cards`` or ``demo``.
        catalog: The items.
        log: The histories.
        splits: Train, valid and test positions.
        facts: Counts, coverage, ties, sources, digests; for ``demo`` also the ceilings
            ``ceiling_valid_ndcg_at_10`` and ``ceiling_test_ndcg_at_10``.
        codes: Codes that came with the data, text before images; empty where the pipeline
            makes them.
    """

    name: str
    catalog: ItemCatalog
    log: InteractionLog
    splits: Splits
    facts: Facts
    codes: tuple[GivenCodes, ...] = ()

    def __post_init__(self) -> None:
        for part in self.codes:
            require_length(f"{part.modality} codes", len(part.codes), len(self.catalog))

    def train_sequences(self) -> Ragged:
        """Training part of every user's history, uncut, in user order (may be empty)."""
        starts = self.log.offsets[:-1]
        return cut(self.log.items, starts, starts + self.splits.train_lengths)

    def train_counts(self) -> Int64[np.ndarray, " items"]:
        """How often each item occurs in the training parts."""
        joined = self.train_sequences().values
        return np.bincount(joined, minlength=len(self.catalog)).astype(np.int64)

    def with_digests(self, settings: Mapping[str, Any]) -> Self:
        """The same with three facts that say what it is, equal on every machine.

        ``content_digest`` is the sha256 of everything but the facts, ``settings_digest`` that
        of the settings, ``digest`` that of both.

        Args:
            settings: Result-changing settings as JSON values.
        """
        found = {"content_digest": _digest(self), "settings_digest": hash_json(settings)}
        return replace(self, facts={**self.facts, **found, "digest": hash_json(found)})

    def save(self, folder: Path) -> None:
        """Writes catalogue, histories and splits."""
        catalog, log, splits = self.catalog, self.log, self.splits
        write_arrays(
            folder / _ARRAYS,
            {
                "image_bytes": catalog.image_bytes,
                "image_offsets": catalog.image_offsets,
                "items": log.items,
                "timestamps": log.timestamps,
                "offsets": log.offsets,
                "train_lengths": splits.train_lengths,
                "valid_positions": splits.valid_positions,
                "test_positions": splits.test_positions,
                **{f"codes.{place}": part.codes for place, part in enumerate(self.codes)},
            },
        )
        names = ("item_ids", "titles", "sentences", "categories", "prices")
        write_table(folder / "items.parquet", {name: getattr(catalog, name) for name in names})
        users = log.user_ids
        (users if isinstance(users, StringColumn) else StringColumn.of(users)).write(
            folder / _USERS
        )
        about = {"codes": [part.about() for part in self.codes]} if self.codes else {}
        write_json(folder / _FACTS, {"name": self.name, "facts": dict(self.facts), **about})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads what :meth:`save` wrote."""
        arrays, about = read_arrays(folder / _ARRAYS), read_json(folder / _FACTS)
        strings = {k: tuple(v) for k, v in read_table(folder / "items.parquet").items()}
        users = StringColumn.read(folder / _USERS)
        return cls(
            name=about["name"],
            catalog=ItemCatalog(
                **strings,
                image_bytes=arrays["image_bytes"],
                image_offsets=arrays["image_offsets"],
            ),
            log=InteractionLog(users, arrays["items"], arrays["timestamps"], arrays["offsets"]),
            splits=Splits(
                arrays["train_lengths"], arrays["valid_positions"], arrays["test_positions"]
            ),
            facts=about["facts"],
            codes=tuple(
                GivenCodes.of(part, arrays[f"codes.{place}"])
                for place, part in enumerate(about.get("codes", ()))
            ),
        )


def _digest(dataset: Dataset) -> str:
    """Sha256 over ids, histories, splits, texts, pictures and codes, the same on any machine."""
    catalog, log, splits = dataset.catalog, dataset.log, dataset.splits
    digest = hashlib.sha256()
    for name in ("item_ids", "titles", "sentences", "categories", "prices"):
        _add_strings(digest, name, getattr(catalog, name))
    _add_strings(digest, "user_ids", log.user_ids)
    for part in (catalog, log, splits, *dataset.codes):
        for name, array in vars(part).items():
            if isinstance(array, np.ndarray):
                digest.update(f"{name}/{array.dtype.str}/{array.shape}".encode())
                for start in range(0, len(array), _PIECE):
                    digest.update(np.ascontiguousarray(array[start : start + _PIECE]).data)
    for codes in dataset.codes:
        digest.update(json.dumps(codes.about(), sort_keys=True).encode())
    return digest.hexdigest()


def _add_strings(digest: Hash, name: str, values: Iterable[str]) -> None:
    """Lengths and bytes of strings, piece by piece; pieces are cut at fixed places."""
    digest.update(name.encode("utf-8"))
    iterator = iter(values)
    while piece := list(islice(iterator, _STRINGS)):
        encoded = [value.encode("utf-8") for value in piece]
        digest.update(np.array([len(text) for text in encoded], dtype="<i8").data)
        digest.update(b"".join(encoded))
