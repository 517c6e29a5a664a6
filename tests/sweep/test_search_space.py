from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import optuna
import pytest
from pydantic import Field, model_validator

from clairo.core.config import Config, parse_config
from clairo.core.errors import ConfigError
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.profiles import get_profile
from clairo.sweep.search_space import SPACES_DIR, load_space, merge_settings, parse_space
from clairo.sweep.space_coverage import covering_points
from tests.sweep.fakes import SPACE, Toy, toy_space


def parse_toy(settings: dict[str, Any], where: str) -> object:
    return parse_config(Toy, settings, where)


class Picky(Config):
    """Its two settings contradict each other in one pair of values."""

    codebooks: Literal["shared", "separate"] = "shared"
    fusion: Literal["none", "concat"] = "concat"
    depth: Annotated[int, Field(ge=1, le=4)] = 1

    @model_validator(mode="after")
    def _match(self) -> Picky:
        if (self.codebooks == "separate") != (self.fusion == "none"):
            raise ValueError(f"separate goes with none, got {self.codebooks} and {self.fusion}")
        return self


def parse_picky(settings: dict[str, Any], where: str) -> object:
    return parse_config(Picky, settings, where)


class TestReading:
    def write(self, folder: Path, text: str) -> Path:
        path = folder / "mine.yaml"
        path.write_text(text)
        return path

    def test_a_file_gives_tree_points_gates_and_sentence(self, tmp_path: Path) -> None:
        space = load_space(
            self.write(
                tmp_path,
                "about: Small.\nsize: {choice: [16, 32]}\n"
                "enqueue: [{size: 32}]\ngates: {max_collision_rate: 0.5}\n",
            )
        )

        assert (space.name, space.about, space.axes) == ("mine", "Small.", ("size",))
        assert space.default_points == ({"size": 32},)
        assert space.gates.max_collision_rate == 0.5

    def test_a_profile_changes_only_what_it_names(self, tmp_path: Path) -> None:
        path = self.write(
            tmp_path,
            "size: {choice: [16, 32]}\nmerges: {int: [0, 4]}\nenqueue: [{size: 16}]\n"
            "profiles: {paper: {size: {choice: [256]}, enqueue: [{size: 256}]}}\n",
        )

        assert load_space(path).to_plain()["size"] == {"choice": [16, 32]}
        paper = load_space(path, "paper")
        assert paper.to_plain()["size"] == {"choice": [256]}
        assert paper.to_plain()["merges"] == {"int": [0, 4], "step": 1}
        assert paper.default_points == ({"size": 256},)

    @pytest.mark.parametrize(
        ("text", "rule"),
        [
            ("size: [", "must be a YAML file"),
            ("- 1\n", "must hold one mapping"),
            ("size: {choice: [1]}\nsize: {choice: [2]}\n", "'size' twice"),
            ("size: 3\n", "at least one distribution"),
            ("size: {choice: 3}\n", "size: choice needs a list"),
            ("size: {choice: []}\n", "size: choice needs a list"),
            ("size: {choice: [1, 1]}\n", "alternatives must differ"),
            ("size: {choice: [1], default: 1}\n", r"may have the keys \['choice'\]"),
            ("size: {uniform: [2, 1]}\n", r"low < high, got \[2, 1\]"),
            ("size: {uniform: [1e-3, 1]}\n", "1.0e-3 instead of 1e-3"),
            ("size: {uniform: [.nan, 1]}\n", "two finite numbers"),
            ("size: {log_uniform: [0, 1]}\n", "positive bounds"),
            ("size: {int: [1, 8], step: 2}\n", "step that divides high - low"),
            ("size: {int: [1.5, 8]}\n", "whole bounds"),
            ("size: {uniform: [0, 1], step: 0.3}\n", "step must be positive and divide"),
            ("size: {choice: [1, 2]}\ngates: {max_colisions: 1}\n", "gates: max_colisions"),
            ("size: {choice: [1, 2]}\nenqueue: {size: 1}\n", "enqueue needs a list"),
            ("size: {choice: [1, 2]}\nprofiles: [quick]\n", "profiles needs one mapping"),
            ("size: !!python/object/apply:os.getcwd []\n", "must be a YAML file"),
        ],
    )
    def test_a_malformed_file_is_one_message_with_file_and_rule(
        self, tmp_path: Path, text: str, rule: str
    ) -> None:
        path = self.write(tmp_path, text)

        with pytest.raises(ConfigError, match=rule) as caught:
            load_space(path)
        assert str(caught.value).startswith(str(path))
        assert caught.value.exit_code == 2

    def test_an_unknown_name_lists_the_known_ones(self) -> None:
        with pytest.raises(ConfigError, match=r"one of \[.*'full'.*\], got 'fulll'"):
            load_space("fulll")

    def test_the_shipped_spaces_can_be_read_by_name(self) -> None:
        for file in SPACES_DIR.glob("*.yaml"):
            assert load_space(file.stem).name == file.stem


class TestValidation:
    def test_a_space_whose_every_choice_is_valid_passes(self) -> None:
        toy_space().validate({}, parse_toy)

    @pytest.mark.parametrize(
        ("change", "rule"),
        [
            ({"colour": {"choice": [1, 2]}}, "colour: Extra inputs are not permitted"),
            ({"fusion": {"choice": [{"kind": "none"}, {"kind": "sum"}]}}, "'sum'"),
            ({"merges": {"int": [-1, 4]}}, "merges: .* greater than or equal to 0"),
            ({"size": {"choice": ["large", 16]}}, "size: .*'large'"),
            (
                {"fusion": {"choice": [{"kind": "concat_pca", "variance": {"uniform": [0.5, 2]}}]}},
                r"variance: .* less than or equal to 1 \(got 2.0\)",
            ),
        ],
    )
    def test_what_no_pipeline_accepts_is_named_with_its_choices(
        self, change: dict, rule: str
    ) -> None:
        space = toy_space({**SPACE, **change})

        with pytest.raises(ConfigError, match=rule) as caught:
            space.validate({}, parse_toy)
        assert "toy.yaml" in str(caught.value)
        assert "this point of the space has" in str(caught.value)

    def test_choices_that_contradict_each_other_are_found_before_any_trial(self) -> None:
        values = {
            "codebooks": {"choice": ["shared", "separate"]},
            "fusion": {"choice": ["concat", "none"]},
            "depth": {"int": [1, 4]},
        }

        with pytest.raises(ConfigError, match=r"separate goes with none.*codebooks=separate"):
            toy_space(values).validate({}, parse_picky)

    def test_a_known_point_outside_the_space_is_named(self) -> None:
        space = parse_space({**SPACE, "enqueue": [{"size": 16}, {"size": 5}]}, "toy", "toy.yaml")

        with pytest.raises(ConfigError, match=r"toy\.yaml: enqueue 1: size must be one of"):
            space.validate({}, parse_toy)

    def test_every_pair_of_choices_that_can_meet_is_tried(self) -> None:
        space = toy_space()
        tried = [params for _, params in covering_points(space.root)]
        pairs = {
            ((a, params[a]), (b, params[b])) for params in tried for a in params for b in params
        }

        for kind in ("none", "text_only", "concat_pca"):
            for size in (16, 32, 64, 128):
                assert (("fusion.kind", kind), ("size", size)) in pairs
        assert (("fusion[concat_pca].variance", 0.98), ("merges", 400)) in pairs
        assert all(
            "fusion[concat_pca].variance" not in p for p in tried if p["fusion.kind"] == "none"
        )
        assert len(tried) < (space.size or 0)


class TestMerging:
    def test_another_kind_starts_from_its_own_defaults(self) -> None:
        base = {"quantization": {"kind": "opq", "iterations": 50}, "merges": 3}

        merged = merge_settings(base, {"quantization": {"kind": "rq", "size": 16}})

        assert merged == {"quantization": {"kind": "rq", "size": 16}, "merges": 3}

    def test_the_same_kind_keeps_what_the_space_does_not_name(self) -> None:
        base = {"quantization": {"kind": "opq", "iterations": 50}}

        assert merge_settings(base, {"quantization": {"kind": "opq", "size": 16}}) == {
            "quantization": {"kind": "opq", "iterations": 50, "size": 16}
        }


class TestSuggesting:
    def test_parameters_of_other_branches_are_not_asked(self) -> None:
        space = toy_space()
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
        for _ in range(30):
            trial = study.ask()
            settings = space.suggest(trial)
            Toy.model_validate(settings)
            joint = settings["fusion"]["kind"] == "concat_pca"
            assert ("fusion[concat_pca].variance" in trial.params) == joint
            assert space.settings_of(trial.params) == settings


@pytest.mark.parametrize("profile", ["quick", "paper"])
class TestFullSpace:
    def test_every_choice_is_a_pipeline_of_the_profile(self, profile: str) -> None:
        base = {**get_profile(profile).base, "dataset": {"kind": "demo"}}

        load_space("full", profile).validate(base)

    def test_the_five_axes_are_searched(self, profile: str) -> None:
        axes = load_space("full", profile).axes

        assert {
            "reduction.variance",
            "quantization.num_codebooks",
            "quantization.codebook_size",
            "fusion.kind",
            "merging.num_merges",
        } <= set(axes)

    def test_the_first_known_point_is_the_profile_itself(self, profile: str) -> None:
        base = {**get_profile(profile).base, "dataset": {"kind": "demo"}}
        space = load_space("full", profile)
        first = parse_config(PipelineConfig, merge_settings(base, space.default_points[0]), "test")

        assert first == parse_config(PipelineConfig, base, "test")
