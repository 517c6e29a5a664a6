"""Whom a fusion listens to, how it was trained, and when codes rely on one modality alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clairo.reporting.fusion_info import (
    FusionCurvesInfo,
    Reliance,
    RelianceInfo,
    WeightsInfo,
    compute_fusion_curves,
    compute_reliance,
    compute_weights,
)
from clairo.reporting.representation_figures import (
    plot_fusion_curves,
    plot_reliance,
    plot_weights,
    plot_weights_by_category,
)
from clairo.reporting.representation_findings import (
    say_fusion_curves,
    say_reliance,
    say_weights,
    say_weights_by_category,
    warn_of_reliance,
)
from clairo.reporting.representation_tables import fusion_table, reliance_table
from clairo.reporting.search_info import Absent
from clairo.tracking.records import SweepRecord
from tests.reporting.records import demo_record
from tests.reporting.representations import described_record, representation, with_facts


def reliance_of(text: float, image: float) -> RelianceInfo:
    info = compute_reliance(described_record(text, image))
    assert isinstance(info, RelianceInfo)
    return info


def weights_info() -> WeightsInfo:
    info = compute_weights(described_record())
    assert isinstance(info, WeightsInfo)
    return info


def test_weights_are_those_of_the_winner_with_its_seed() -> None:
    info = weights_info()
    assert (info.trial, info.seed, info.kind) == (3, 21, "attention")
    title, subtitle = say_weights(info)
    assert title == "The fusion gives text 65 % and image 35 % on average"
    assert "40 items with several modalities; 2 items with one modality are left out" in subtitle


def test_the_distribution_is_one_outline_a_modality() -> None:
    figure = plot_weights(weights_info())
    text, image = figure.data
    assert (list(text.x), list(text.y)) == ([0, 25, 50, 75, 100], [0, 5, 15, 20, 20])
    assert (text.name, image.name) == ("text", "image")
    assert text.line.dash != image.line.dash


def test_categories_are_rows_with_median_half_and_nine_tenths() -> None:
    info = weights_info()
    figure = plot_weights_by_category(info)
    spans = [[round(x, 6) for x in trace.x] for trace in figure.data]
    assert spans == [[30, 70], [40, 60], [50], [50, 95], [60, 90], [80]]
    assert say_weights_by_category(info)[0] == (
        "Text weighs most in unknown categories (80 %) and least in Tents (50 %)"
    )


@pytest.mark.parametrize(
    ("text", "image", "decides"),
    [
        (0.95, 0.05, "text"),
        (0.02, 0.99, "image"),
        (0.95, 0.15, None),
        (0.90, 0.14, "text"),
        (0.89, 0.14, None),
        (0.50, 0.05, "text"),  # ten times as many, though few codes keep it below 90 %
        (0.49, 0.05, None),
        (0.0, 0.0, None),
        (0.95, 0.95, None),
        (0.05, 0.05, None),
    ],
)
def test_codes_rely_on_one_modality_where_it_decides_and_the_other_is_idle(
    text: float, image: float, decides: str | None
) -> None:
    info = reliance_of(text, image)
    warning = warn_of_reliance(info)
    if decides is None:
        assert (info.leaning, warning) == (None, "")
    else:
        assert warning.startswith(f"Warning: the codes rely on {decides} alone.")


def test_the_warning_holds_both_shares_and_both_limits() -> None:
    assert warn_of_reliance(reliance_of(0.97, 0.03)) == (
        "Warning: the codes rely on text alone. Exchanging text changes the first code of 97 % of "
        "the items (at least 90 %), exchanging image that of 3 % (less than 15 %): image hardly "
        "enters them."
    )
    assert "first code of 50 % of the items (at least 10 times as many), exchanging" in (
        warn_of_reliance(reliance_of(0.5, 0.04))
    )


def test_later_codes_that_follow_noise_do_not_hide_that_one_modality_decides() -> None:
    # Weighted fusion with text at 0.9, four codebooks of 256 codes: the first code's shares and
    # that of any code by image were measured; any code by text is made up, at least the first's.
    text, image = Reliance("text", 1.0, (0.99,)), Reliance("image", 0.72, (0.07,))
    info = RelianceInfo(0, "weighted", (text, image))
    assert info.leaning == (text, image)
    assert [[cell.text for cell in row] for row in reliance_table(info).rows] == [
        ["text", "99.0 %", "100.0 %"],
        ["image", "7.0 %", "72.0 %"],
    ]


def test_records_without_shares_by_level_say_nothing_of_reliance() -> None:
    record = described_record()
    bare = tuple(
        with_facts(t, "quantization", **{"fused/reliance/image/0": None,
                                         "fused/reliance/image/1": None})
        for t in record.trials
    )  # fmt: skip
    assert isinstance(compute_reliance(replace(record, trials=bare)), Absent)


def test_reliance_is_drawn_for_any_code_and_for_each() -> None:
    info = reliance_of(0.6, 0.4)
    assert info.reliances[0].by_level == (0.6, 0.3)
    figure = plot_reliance(info)
    marks = [trace.x[0] for trace in figure.data if trace.mode == "markers"]
    assert marks == pytest.approx([60, 30, 80, 40, 20, 70])
    assert say_reliance(info)[0] == (
        "Exchanging text changes the first code of 60 % of the items, exchanging image that of 40 %"
    )


def test_losses_have_one_axis_and_other_numbers_a_row_in_the_table() -> None:
    info = compute_fusion_curves(described_record())
    assert isinstance(info, FusionCurvesInfo)
    assert [curve.name for curve in info.losses] == ["loss"]
    assert [curve.name for curve in info.others] == ["retrieval"]
    figure = plot_fusion_curves(info)
    assert list(figure.data[0].y) == pytest.approx([2.0, 1.0, 2 / 3, 0.5, 0.4])
    assert say_fusion_curves(info)[0] == "Loss went from 2.0000 to 0.4000 in 5 epochs"
    assert [[cell.text for cell in row] for row in fusion_table(info).rows] == [
        ["loss", "5", "2.0000", "0.4000"],
        ["retrieval", "5", "0.1000", "0.5000"],
    ]


@pytest.mark.parametrize("compute", [compute_weights, compute_reliance, compute_fusion_curves])
def test_a_fusion_that_learns_nothing_says_what_is_missing(compute) -> None:
    assert isinstance(compute(demo_record()), Absent)
    assert isinstance(compute(replace(demo_record(), trials=())), Absent)


def changed(**values: object) -> SweepRecord:
    record = described_record()
    return replace(
        record,
        trials=tuple(
            replace(trial, **values) if trial.representation else trial  # type: ignore[arg-type]
            for trial in record.trials
        ),
    )


def test_a_folder_that_cannot_be_read_gives_its_reason() -> None:
    info = compute_weights(changed(representation=None, representation_error="It is torn."))
    assert info == Absent("It is torn.")


def test_a_fusion_without_weights_is_named() -> None:
    info = compute_weights(changed(representation=representation(with_weights=False)))
    assert isinstance(info, Absent)
    assert "(attention) learns no weights" in info.reason
