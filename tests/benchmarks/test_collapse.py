"""Do codes collapse? Real title vectors of Beauty; run with ``make bench``.

The first test holds ``rq_vae`` to what is wanted of it. The second checks the account that one
codebook collapses where residual codebooks do not: 1 x 1,024 beside 4 x 256 codes, same encoder,
optimizer, data and steps, with every combination of k-means at the start, moving averages and
restarts, and more seeds for none and all of them. Both print what they find.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clairo.core.stage import Runtime
from clairo.quantization import (
    Quantizer,
    QuantizerConfig,
    RqKmeansConfig,
    RqVaeConfig,
    VqVaeConfig,
)
from clairo.quantization.diagnostics import (
    codebook_diagnostics,
    collision_diagnostics,
    reconstruction_error,
)
from tests.benchmarks.title_vectors import TitleVectors, read_title_vectors

SEEDS = (0, 1, 2)
SHAPES: dict[str, tuple[type[QuantizerConfig], dict[str, int]]] = {
    "1 x 1,024": (VqVaeConfig, {"num_codebooks": 1, "codebook_size": 1024}),
    "4 x 256": (RqVaeConfig, {"num_codebooks": 4, "codebook_size": 256}),
}
AIDS = tuple(product((False, True), repeat=3))
"""K-means at the start, moving averages, restarts."""

STEPS = {"steps": 1000, "epochs": 20}


@pytest.fixture(scope="module")
def beauty(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> TitleVectors:
    return read_title_vectors("beauty", shared, tmp_path_factory.mktemp("store"))


def measure(beauty: TitleVectors, config: QuantizerConfig, seed: int) -> dict[str, Any]:
    """Fits on training items; says what the codes of all items with a title are worth."""
    fitted: Quantizer = config.fit(beauty.table, beauty.train_items, seed, Runtime())
    rows = beauty.table.vectors[beauty.table.present]
    codes = fitted.encode(rows)
    levels = [codebook_diagnostics(column, config.codebook_size) for column in codes.T]
    curve = fitted.facts.get("curve")
    return {
        "usage": [level["usage"] for level in levels],
        "perplexity": [level["perplexity"] for level in levels],
        "collision_rate": collision_diagnostics(codes)["collision_rate"],
        "reconstruction_error": reconstruction_error(rows, fitted.decode(codes)),
        "first_usage": [curve[0][f"usage/{level}"] for level in range(len(levels))]
        if curve
        else [],
        "selected_epoch": fitted.facts.get("selected_epoch", 0),
    }


def show(name: str, found: dict[str, Any]) -> None:
    usage = " ".join(f"{share:.1%}" for share in found["usage"])
    first = " ".join(f"{share:.1%}" for share in found["first_usage"])
    perplexity = " ".join(f"{number:.0f}" for number in found["perplexity"])
    print(
        f"| {name} | {usage} | {first} | {perplexity} | {found['collision_rate']:.1%} "
        f"| {found['reconstruction_error']:.3f} | {found['selected_epoch']} |",
        flush=True,
    )


def test_rq_vae_uses_its_codes_and_collides_hardly_more_than_rq_kmeans(
    beauty: TitleVectors,
) -> None:
    print("\n| 4 x 256 | usage | in epoch 1 | perplexity | collisions | lost | epoch |")
    rates: dict[str, list[float]] = {"rq_kmeans": [], "rq_vae": []}
    for seed in SEEDS:
        for name, config in (("rq_kmeans", RqKmeansConfig()), ("rq_vae", RqVaeConfig())):
            found = measure(beauty, config, seed)
            show(f"{name}, seed {seed}", found)
            rates[name].append(found["collision_rate"])
            if name == "rq_vae":
                assert min(found["usage"]) > 0.9
    for ours, theirs in zip(rates["rq_vae"], rates["rq_kmeans"], strict=True):
        assert ours <= theirs + 0.05


def with_aids(shape: str, aids: tuple[bool, bool, bool]) -> QuantizerConfig:
    config_type, sizes = SHAPES[shape]
    kmeans, averages, restart = aids
    settings = {
        "codebook_init": "kmeans" if kmeans else "random",
        "codebook_update": "ema" if averages else "ste",
        "dead_code_restart": restart,
    }
    return config_type.model_validate({**sizes, **STEPS, **settings})


def named(aids: tuple[bool, bool, bool]) -> str:
    """The aids that are on.

    Example:
        >>> named((True, False, True))
        'k-means, restart'
    """
    names = ("k-means", "EMA", "restart")
    return ", ".join(name for name, on in zip(names, aids, strict=True) if on) or "none"


def test_which_codebooks_collapse_with_which_aids(beauty: TitleVectors) -> None:
    print("\n| codes, aids, seed | usage | in epoch 1 | perplexity | collisions | lost | epoch |")
    most_used: dict[tuple[str, str], list[float]] = {}
    for shape, aids in product(SHAPES, AIDS):
        for seed in SEEDS if all(aids) or not any(aids) else SEEDS[:1]:
            found = measure(beauty, with_aids(shape, aids), seed)
            show(f"{shape}, {named(aids)}, seed {seed}", found)
            most_used.setdefault((shape, named(aids)), []).append(float(np.min(found["usage"])))
    assert len(most_used) == len(SHAPES) * len(AIDS)
    # Found, not wanted: the single codebook collapses when nothing helps it.
    assert max(most_used["1 x 1,024", "none"]) < 0.1
    for shape in SHAPES:
        assert min(most_used[shape, named((True, True, True))]) > 0.9
