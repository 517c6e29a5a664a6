from __future__ import annotations

import pytest

from clairo.core.errors import ConfigError
from clairo.sweep.space_nodes import Choice, enumerate_points, option_of
from clairo.sweep.space_parsing import parse_node
from tests.sweep.fakes import SPACE, Toy, toy_space


class TestNames:
    def test_a_conditional_parameter_names_its_branch_and_its_setting_does_not(self) -> None:
        found = {parameter.name: parameter for parameter in toy_space().parameters}

        assert list(found) == ["fusion.kind", "fusion[concat_pca].variance", "size", "merges"]
        assert found["fusion[concat_pca].variance"].setting == "fusion.variance"
        assert found["fusion[concat_pca].variance"].conditions == (("fusion.kind", "concat_pca"),)

    def test_the_same_setting_in_two_branches_is_two_parameters_and_one_axis(self) -> None:
        branches = [{"kind": kind, "p": {"uniform": [0, 1]}} for kind in ("a", "b")]
        space = toy_space({"fusion": {"choice": branches}})

        assert [p.name for p in space.parameters] == ["fusion.kind", "fusion[a].p", "fusion[b].p"]
        assert space.axes == ("fusion.kind", "fusion.p")

    def test_mappings_of_one_kind_are_told_apart_by_position(self) -> None:
        node = parse_node({"choice": [{"kind": "a", "p": 1}, {"kind": "a", "p": 2}]}, "fusion")

        assert isinstance(node, Choice)
        assert [option.label for option in node.options] == ["option 0", "option 1"]
        assert not node.by_kind


class TestSize:
    def test_branches_add_and_independent_axes_multiply(self) -> None:
        variances, sizes, merges = 10, 4, 9
        assert toy_space().size == (1 + 1 + variances) * sizes * merges

    def test_a_range_without_step_has_no_size(self) -> None:
        assert toy_space({"size": {"uniform": [0, 1]}}).size is None
        assert toy_space({"size": {"log_uniform": [1, 2]}, "merges": {"int": [0, 1]}}).size is None

    def test_enumeration_gives_every_point_once(self) -> None:
        space = toy_space()
        points = list(enumerate_points(space.root))

        assert len(points) == space.size
        assert len({repr(sorted(point.items())) for point in points}) == space.size

    def test_grid_values_are_as_written_in_the_file(self) -> None:
        space = toy_space({"size": {"uniform": [0.8, 0.99], "step": 0.01}})
        values = [point["size"] for point in enumerate_points(space.root)]

        assert values[:4] == [0.8, 0.81, 0.82, 0.83]
        assert values[-1] == 0.99


class TestPoints:
    def test_settings_and_parameters_lead_to_each_other(self) -> None:
        space = toy_space()
        for params in enumerate_points(space.root):
            assert space.params_of(space.settings_of(params)) == params

    def test_settings_of_every_point_are_a_configuration(self) -> None:
        space = toy_space()
        for params in space.points(seed=0)[::7]:
            Toy.model_validate(space.settings_of(params))

    def test_a_point_may_name_a_part_of_the_space(self) -> None:
        assert toy_space().params_of({"size": 32}) == {"size": 32}

    @pytest.mark.parametrize(
        ("point", "rule"),
        [
            ({"size": 33}, r"size must be one of \[16, 32, 64, 128\], got 33"),
            ({"fusion": {"kind": "sum"}}, "fusion.kind must be one of"),
            ({"fusion": {"kind": "concat_pca", "variance": 0.5}}, r"fusion.variance must lie in"),
            ({"fusion": {"kind": "none", "variance": 0.9}}, "is not part of the space"),
            ({"merges": 75}, "in steps of 50, got 75"),
            ({"colour": 1}, "colour is not part of the space"),
        ],
    )
    def test_a_point_outside_is_refused_with_rule_and_value(self, point: dict, rule: str) -> None:
        with pytest.raises(ConfigError, match=rule):
            toy_space().params_of(point)

    def test_the_order_of_all_points_depends_on_the_seed_only(self) -> None:
        assert toy_space().points(1) == toy_space().points(1)
        assert toy_space().points(1) != toy_space().points(2)

    def test_a_label_is_matched_with_its_type(self) -> None:
        node = parse_node({"choice": [True, False]}, "flag")
        assert isinstance(node, Choice)

        with pytest.raises(ConfigError, match="got 1"):
            option_of(node, 1)


def test_plain_values_read_back_to_the_same_space() -> None:
    space = toy_space()

    assert toy_space(space.to_plain()).root == space.root
    assert toy_space(space.to_plain()).digest == space.digest
    assert toy_space({**SPACE, "size": {"choice": [16, 32]}}).digest != space.digest
