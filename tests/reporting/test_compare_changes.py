"""Settings and environments: only what differs, with defaults, and what is not known."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from clairo.pipeline.config import PipelineConfig
from clairo.reporting.compare_changes import (
    EnvironmentInfo,
    Setting,
    SettingsInfo,
    compute_environment,
    compute_settings,
    setting_defaults,
)
from clairo.reporting.compare_sides import compute_sides
from tests.pipeline.small import small_config
from tests.reporting.comparisons import run


def whole_config(**sections: dict[str, Any]) -> dict[str, Any]:
    """The identity of a real configuration, with sections replaced."""
    return {**copy.deepcopy(small_config().identity()), **sections}


def settings(*configs: dict[str, Any]) -> SettingsInfo:
    made = [run(place, config=config) for place, config in enumerate(configs)]
    return compute_settings(compute_sides(made))


def environments(*summaries: dict[str, Any]) -> EnvironmentInfo:
    made = [run(place, summary=summary) for place, summary in enumerate(summaries)]
    return compute_environment(compute_sides(made))


def test_only_settings_that_differ_are_listed() -> None:
    base = {"fusion": {"kind": "concat", "dims": 8}, "seed": 1}
    info = settings(base, {**base, "fusion": {"kind": "concat", "dims": 16}})
    (row,) = info.rows
    assert row.name == "fusion.dims"
    assert [s.value for s in row.settings if s] == [8, 16]
    assert info.num_equal == 2
    assert info.unknown == ()


def test_a_setting_that_is_none_is_not_a_missing_one() -> None:
    info = settings({"a": {"x": None}}, {"a": {"y": 1}})
    assert {row.name: [s and s.value for s in row.settings] for row in info.rows} == {
        "a.x": [None, None],
        "a.y": [None, 1],
    }
    assert [row.settings[0] is None for row in info.rows] == [False, True]


def test_kinds_come_first_and_what_one_side_lacks_last() -> None:
    info = settings(
        {"q": {"beam": 5, "levels": 2, "kind": "rq"}}, {"q": {"kind": "opq", "levels": 3, "w": 1}}
    )
    assert [row.name for row in info.rows] == ["q.kind", "q.levels", "q.beam", "q.w"]
    both, lone = info.told_apart("B")
    assert [row.name for row in both] == ["q.kind", "q.levels"]
    assert lone == 2


def test_each_side_is_told_apart_from_the_first() -> None:
    info = settings({"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 1, "b": 1, "c": 0})
    assert [row.name for row in info.changed("B")] == ["a"]
    assert [row.name for row in info.changed("C")] == ["c"]


def test_a_side_that_said_no_settings_is_unknown_and_changes_nothing() -> None:
    info = settings({"a": 1}, {}, {"a": 2})
    assert info.unknown == ("B",)
    assert [row.name for row in info.rows] == ["a"]
    assert info.changed("B") == ()
    assert [row.name for row in info.changed("C")] == ["a"]


def test_without_any_settings_nothing_is_said_to_be_equal() -> None:
    info = settings({}, {})
    assert (info.rows, info.num_equal, info.unknown) == ((), 0, ("A", "B"))


def test_defaults_are_those_of_the_chosen_kinds() -> None:
    config = whole_config()
    defaults = setting_defaults(config)
    fields = type(small_config().quantization).model_fields
    assert defaults["quantization.codebook_size"] == fields["codebook_size"].default
    assert defaults["evaluation.num_beams"] == 50
    assert "quantization.kind" not in defaults
    assert {name.partition(".")[0] for name in defaults} <= set(PipelineConfig.model_fields)


def test_a_default_is_marked_and_another_value_is_not() -> None:
    first, second = whole_config(), whole_config()
    first["evaluation"] |= {"num_beams": 50, "top_k": 20}
    second["evaluation"] |= {"num_beams": 30, "top_k": 20}
    row = next(r for r in settings(first, second).rows if r.name == "evaluation.num_beams")
    assert row.settings == (Setting(50, True), Setting(30, False))


def test_a_section_of_another_version_has_no_known_defaults() -> None:
    first = whole_config(evaluation={"num_beams": 50, "gone": 1})
    second = whole_config(evaluation={"num_beams": 30, "gone": 1})
    row = next(r for r in settings(first, second).rows if r.name == "evaluation.num_beams")
    assert row.settings == (Setting(50, None), Setting(30, None))


def test_a_section_that_is_no_longer_there_has_none_either() -> None:
    assert setting_defaults({"former": {"x": 1}}) == {}


def test_lists_are_compared_with_the_defaults_as_they_are_stored() -> None:
    named = {"dataset": {"kind": "lcrec", "name": "x", "indexes": []}}
    assert setting_defaults(named)["dataset.indexes"] == []


def test_environments_are_split_into_what_differs_and_what_does_not() -> None:
    one = {"commit": "aa", "dirty": False, "packages": {"torch": "2.1", "numpy": "2.0"}}
    other = {"commit": "bb", "dirty": True, "packages": {"torch": "2.2", "numpy": "2.0"}}
    info = environments({"environment": one}, {"environment": other})
    assert dict(info.rows) == {
        "Commit": ("aa", "bb"),
        "Uncommitted changes": ("no", "yes"),
        "Package torch": ("2.1", "2.2"),
    }
    assert dict(info.equal)["Package numpy"] == "2.0"
    assert dict(info.equal)["Dataset digest"] == "9f2c"
    assert dict(info.equal_lines)["Packages"] == "numpy 2.0"
    assert "Package numpy" not in dict(info.equal_lines)


def test_a_package_that_one_side_lacks_differs() -> None:
    info = environments({"environment": {"packages": {"faiss-cpu": "1.15"}}}, {"environment": {}})
    assert dict(info.rows)["Package faiss-cpu"] == ("1.15", "")


def test_seeds_and_machines_of_all_runs_of_a_side_are_named() -> None:
    machines = [{"environment": {"cpu": cpu}} for cpu in ("one", "two")]
    sides = compute_sides(
        [run(0, 5, summary=machines[0]), run(0, 3, summary=machines[1]), run(1, 3)]
    )
    info = compute_environment(sides)
    assert dict(info.rows)["Seeds"] == ("3, 5", "3")
    assert dict(info.rows)["CPU"][0] == "one; two"


def test_memory_is_in_units_people_use() -> None:
    info = environments(*[{"environment": {"memory_bytes": 3 * 2**30}}] * 2)
    assert dict(info.equal)["Memory"] == "3.0 GiB"


@pytest.mark.parametrize("gpus", [["a 80 MiB", "b 80 MiB"], []])
def test_lists_are_sentences(gpus: list[str]) -> None:
    info = environments(*[{"environment": {"gpus": gpus}}] * 2)
    assert dict(info.equal).get("GPUs", "") == " and ".join(gpus)
