from __future__ import annotations

import pytest
from pydantic import ValidationError

from clairo.ablation.generators import FactorialConfig
from clairo.ablation.plan import Present
from clairo.core.errors import ConfigError
from tests.ablation.bases import arms_of, codes, quick_base
from tests.contracts.generator import GeneratorContract

TWO = FactorialConfig(components=("pca", "merging"))


class TestFactorial(GeneratorContract):
    config_type = FactorialConfig

    @pytest.fixture
    def generator(self):
        return FactorialConfig(components=("pca", "merging", "spr", "disambiguation"))

    def test_there_is_a_cell_for_each_proper_subset(self, table) -> None:
        assert len({arm.parts for arm in table.arms}) == len(table.arms) == 2**4 - 1


def test_cells_are_named_by_what_is_on() -> None:
    found = arms_of(TWO, quick_base())
    assert {name: (arm.parts, arm.title) for name, arm in found.items()} == {
        "with_none": ((), "On: none of them"),
        "with_pca": (("pca",), "On: PCA"),
        "with_merging": (("merging",), "On: Merging"),
    }


def test_what_is_not_on_is_off() -> None:
    found = arms_of(TWO, quick_base())
    assert found["with_pca"].changes == {"merging.num_merges": 0}
    assert found["with_merging"].changes == {"reduction": {"kind": "identity"}}
    assert found["with_none"].changes == {
        "reduction": {"kind": "identity"},
        "merging.num_merges": 0,
    }


def test_the_table_names_its_components() -> None:
    family = TWO.make(quick_base(), Present()).family
    assert family.kind == "factorial"
    assert family.components == (("pca", "PCA"), ("merging", "Merging"))


@pytest.mark.parametrize(
    "names",
    [
        ("pca",),
        ("pca", "pca"),
        ("pca", "merging", "spr", "disambiguation", "residual_levels"),
    ],
)
def test_other_numbers_of_components_are_refused(names) -> None:
    with pytest.raises(ValidationError, match=f"of 2 to 4 different components, got {len(names)}"):
        FactorialConfig(components=names)


def test_a_component_that_is_off_is_refused_with_the_reason() -> None:
    with pytest.raises(ConfigError, match="got fusion: the base does not use it; leave it out"):
        FactorialConfig(components=("pca", "fusion")).make(quick_base(), Present())


def test_components_that_cannot_be_switched_apart_are_refused() -> None:
    fused = quick_base(fusion={"kind": "concat"}, quantization=codes(4, 16))
    both = FactorialConfig(components=("fusion", "residual_levels"))
    with pytest.raises(ConfigError, match=r"got fusion with residual_levels: .*num_codebooks"):
        both.make(fused, Present())
