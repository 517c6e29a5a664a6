"""What makes the arms of an ablation, one file a generator; this is their registry."""

from __future__ import annotations

from clairo.ablation.generators.variants import VariantsConfig

AnyGenerator = VariantsConfig
"""Every generator, told apart by ``kind``."""
