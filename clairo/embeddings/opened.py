"""An encoder that is ready: weights loaded, on its device, one small callable."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clairo.embeddings.batches import FittingBatches


def as_it_is(payload: Any) -> Any:
    """A payload that needs no preparation."""
    return payload


def all_alike(payload: Any) -> int:
    """Size of payloads that become inputs of one size."""
    return 1


@dataclass(frozen=True)
class OpenedEncoder:
    """What turns payloads (sentences, or encoded pictures) into vectors.

    Attributes:
        batches: Vectors of prepared inputs.
        prepare: A model's input from one payload, ``None`` where it is unusable.
        size: How large a payload's input is: alike ones share a batch.
        inference: The setting in which both run.
        num_threads: Payloads prepared at the same time.
        facts: What was found out about the model, as JSON values.
    """

    batches: FittingBatches
    prepare: Callable[[Any], Any] = as_it_is
    size: Callable[[Any], int] = all_alike
    inference: Callable[[], AbstractContextManager[Any]] = nullcontext
    num_threads: int = 1
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, payloads: Sequence[Any]) -> dict[str, np.ndarray]:
        """Vectors of one piece.

        Returns:
            ``rows``, one for each usable payload in the given order; ``usable``, which these
            are; and ``facts`` as the bytes of JSON.
        """
        usable = np.ones(len(payloads), dtype=bool)
        # The longest first: if memory is short, that shows at once.
        order = np.argsort([-self.size(payload) for payload in payloads], kind="stable")
        with self.inference():
            inputs = self._prepare([payloads[place] for place in order])
            usable[order] = [one is not None for one in inputs]
            given = [one for one in inputs if one is not None]
            rows = self.batches(given) if given else np.zeros((0, 0))
        back = np.argsort(order[usable[order]])
        facts = json.dumps(dict(self.facts), sort_keys=True).encode()
        return {
            "rows": rows[back].astype(np.float32),
            "usable": usable,
            "facts": np.frombuffer(facts, dtype=np.uint8),
        }

    def _prepare(self, payloads: list[Any]) -> list[Any]:
        if self.num_threads == 1 or self.prepare is as_it_is:
            return [self.prepare(payload) for payload in payloads]
        with ThreadPoolExecutor(self.num_threads) as pool:
            return list(pool.map(self.prepare, payloads))


def read_facts(piece: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The facts that came with a piece."""
    facts: dict[str, Any] = json.loads(piece["facts"].tobytes())
    return facts


OpenEncoder = Callable[[str, int], OpenedEncoder]
"""``(device, threads)`` -> the encoder, ready; it can be pickled and sent to another machine."""
