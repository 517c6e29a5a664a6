"""What every generator of arms promises."""

from __future__ import annotations

import re
from typing import ClassVar

import pytest

from clairo.ablation.generators.base import Generator
from clairo.ablation.plan import REFERENCE, Present, Table, changed
from clairo.pipeline.config import PipelineConfig
from tests.ablation.bases import quick_base


class GeneratorContract:
    """Subclass it, name the generator and give one that makes arms of ``base``."""

    config_type: ClassVar[type[Generator]]

    @pytest.fixture
    def base(self) -> PipelineConfig:
        return quick_base()

    @pytest.fixture
    def generator(self) -> Generator:
        return self.config_type()

    @pytest.fixture
    def table(self, generator: Generator, base: PipelineConfig) -> Table:
        return generator.make(base, Present())

    def test_it_makes_arms(self, table: Table) -> None:
        assert table.arms

    def test_arms_stand_in_the_table_of_their_family(self, table: Table) -> None:
        assert {arm.family for arm in table.arms} == {table.family.name}
        assert re.fullmatch(r"[a-z0-9_]+", table.family.name)
        assert table.family.about.endswith(".")

    def test_names_are_identifiers_of_their_own(self, table: Table) -> None:
        names = [arm.name for arm in table.arms]
        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in names)
        assert REFERENCE not in names

    def test_titles_are_of_their_own(self, table: Table) -> None:
        titles = [arm.title for arm in table.arms]
        assert len(set(titles)) == len(titles)
        assert all(titles)

    def test_the_configuration_is_the_base_with_the_changes(
        self, table: Table, base: PipelineConfig
    ) -> None:
        for arm in table.arms:
            assert arm.config == changed(base, arm.changes, arm.name)

    def test_only_sections_that_are_named_change(self, table: Table, base: PipelineConfig) -> None:
        before = base.identity()
        for arm in table.arms:
            after = arm.config.identity()
            touched = {path.split(".")[0] for path in arm.changes}
            assert {name for name in before if before[name] != after[name]} <= touched, arm.name

    def test_every_arm_differs_from_the_base_and_from_the_others(
        self, table: Table, base: PipelineConfig
    ) -> None:
        keys = [base.key, *(arm.config.key for arm in table.arms)]
        assert len(set(keys)) == len(keys)

    def test_arms_are_compared_with_the_base_or_with_one_of_the_table(self, table: Table) -> None:
        there = {REFERENCE, *(arm.name for arm in table.arms)}
        assert {arm.reference for arm in table.arms} <= there

    def test_making_twice_gives_the_same(
        self, generator: Generator, base: PipelineConfig, table: Table
    ) -> None:
        assert generator.make(base, Present()) == table
