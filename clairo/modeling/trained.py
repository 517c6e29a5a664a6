"""A trained recommender: weights that can be saved, and that spell items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from jaxtyping import Float, Float32

from clairo.core.errors import ArtifactError
from clairo.core.files import read_arrays, read_json, write_arrays, write_json
from clairo.core.ragged import Ragged
from clairo.modeling import decoding
from clairo.modeling.data import Generated
from clairo.modeling.interchange import import_weights, published_config
from clairo.modeling.network import Architecture, T5Network
from clairo.modeling.prefix_trie import PrefixTrie

_WEIGHTS, _CONFIG = "model.safetensors", "config.json"

Weights = Mapping[str, np.ndarray]
"""Arrays by the names of ``T5ForConditionalGeneration``, each tied weight once."""


@dataclass(frozen=True)
class TrainedModel:
    """A T5 with weights. Reads token histories, gives items.

    Decoding is deterministic and always in float32.

    Attributes:
        shape: Fixes the architecture; its vocabulary is the tokenizer's plus the end token.
        weights: By the published names.
        device: Where it computes.
    """

    shape: Architecture
    weights: Weights = field(repr=False)
    device: str = "cpu"

    @cached_property
    def network(self) -> T5Network:
        """The module, made on first use.

        Raises:
            ArtifactError: The weights do not fit the architecture.
        """
        network = T5Network(self.shape)
        import_weights(network, {k: torch.from_numpy(v) for k, v in self.weights.items()})
        return network.requires_grad_(requires_grad=False).eval().to(self.device)

    @property
    def end_token(self) -> int:
        """Closes every string; the tokenizer's ``vocab_size``."""
        return self.shape.vocab_size - 1

    @property
    def facts(self) -> Mapping[str, Any]:
        """Sizes."""
        return {
            "num_parameters": sum(int(array.size) for array in self.weights.values()),
            "model_vocab_size": self.shape.vocab_size,
        }

    def to(self, device: str) -> TrainedModel:
        """The same model computing elsewhere."""
        return TrainedModel(self.shape, self.weights, device)

    def save(self, folder: Path) -> None:
        """Writes weights and a ``config.json`` that ``transformers`` reads as well."""
        write_arrays(folder / _WEIGHTS, self.weights)
        about = {"model_type": "t5", "architectures": ["T5ForConditionalGeneration"]}
        write_json(folder / _CONFIG, {**published_config(self.shape), **about})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads what :meth:`save` wrote.

        Raises:
            ArtifactError: A file is missing or damaged, or the two do not belong together.
        """
        about = read_json(folder / _CONFIG)
        names = [entry.name for entry in fields(Architecture)]
        if missing := [name for name in names if name not in about]:
            raise ArtifactError(
                f"{folder / _CONFIG}: a T5 needs {missing[0]}, which is missing; save it anew."
            )
        shape = Architecture(**{name: about[name] for name in names})
        model = cls(shape, read_arrays(folder / _WEIGHTS))
        _ = model.network  # a checkpoint that does not fit fails here, not at its first use
        return model

    def generate(
        self, inputs: Ragged, trie: PrefixTrie, num_beams: int, top_k: int, batch_size: int
    ) -> Generated:
        """The most probable real items of each input, by beam search over the trie.

        Args:
            inputs: Token histories.
            trie: Every item's string.
            num_beams: Hypotheses kept at every step; at least ``top_k``.
            top_k: Items wanted.
            batch_size: Inputs decoded together; changes speed and memory only.

        Raises:
            ConfigError: The beam is narrower than ``top_k``, or a number is below 1.
            DataError: A history is empty, or a token is unknown to the model.
        """
        return decoding.generate_items(
            self.network, inputs, trie, num_beams=num_beams, top_k=top_k, batch_size=batch_size
        )

    def generate_free(
        self,
        inputs: Ragged,
        num_beams: int,
        max_length: int,
        trie: PrefixTrie,
        batch_size: int = 32,
    ) -> Float32[np.ndarray, "rows k"]:
        """Which strings of an unconstrained beam search are items.

        Args:
            inputs: Token histories.
            num_beams: Strings per input, all of which are returned.
            max_length: Tokens a string may have, its end included; what is unfinished then
                counts as no item.
            trie: Every item's string.
            batch_size: Inputs decoded together.

        Returns:
            1 where the string of that rank is exactly an item's, else 0; best string first.

        Raises:
            ConfigError: A number is below 1.
            DataError: A history is empty, or a token is unknown to the model.
        """
        return decoding.generate_free(
            self.network,
            inputs,
            trie,
            num_beams=num_beams,
            max_length=max_length,
            batch_size=batch_size,
        )

    def score_all(self, inputs: Ragged, trie: PrefixTrie) -> Float[np.ndarray, "rows items"]:
        """Exact log-probability of every item for every input; for small catalogues.

        Raises:
            DataError: A history is empty, or a token is unknown to the model.
        """
        return decoding.score_items(self.network, inputs, trie)
