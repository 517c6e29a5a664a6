"""What every generator of arms is: settings, and a table made from a base."""

from __future__ import annotations

from clairo.ablation.plan import Present, Table
from clairo.core.config import Config
from clairo.pipeline.config import PipelineConfig


class Generator(Config):
    """Settings of one table of arms."""

    def make(self, base: PipelineConfig, present: Present) -> Table:
        """The table for a base and for what the data have.

        Raises:
            ConfigError: An arm that was asked for by name or value cannot be built.
        """
        raise NotImplementedError
