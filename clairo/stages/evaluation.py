"""A trained model to per-user ranks and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
from jaxtyping import Int
from pydantic import Field

from clairo.core.artifacts import Dataset, Rankings
from clairo.core.config import Config
from clairo.core.masked_codes import MaskedCodes
from clairo.core.ragged import Ragged
from clairo.core.seeding import stage_seed
from clairo.core.stage import Runtime, Stage
from clairo.evaluation import (
    EvaluationConfig,
    combine_ensemble,
    exposure_metrics,
    invalid_share,
    ranking_metrics,
    rankings_from_lists,
    segment_metrics,
)
from clairo.merging import Tokenizer
from clairo.modeling import PrefixTrie
from clairo.modeling.trained import TrainedModel
from clairo.modeling.training_state import TrainingState
from clairo.stages.examples import Questions
from clairo.stages.training import VALIDATION_USERS_SEED


class EvaluationSettings(Config):
    """How a model is asked, and what of a history it reads.

    Attributes:
        decoding: Beams, lists, ensemble, users.
        max_history: Items of the history that are read, the newest; the model's own.
    """

    decoding: EvaluationConfig
    max_history: Annotated[int, Field(ge=1)]

    @property
    def kind(self) -> str:
        """Readable variant: one segmentation or several, and what is masked."""
        kind = "ensemble" if self.decoding.ensemble > 1 else "greedy"
        masking = self.decoding.masking
        return kind if masking is None else f"{kind}_{masking.label}"


def _recommend(
    settings: EvaluationConfig,
    model: TrainedModel,
    reader: Tokenizer,
    questions: Questions,
    trie: PrefixTrie,
    seed: int,
) -> Int[np.ndarray, "rows k"]:
    """Top items of every question: greedy segmentation, or an ensemble of SPR draws."""
    lists = []
    for draw in range(settings.ensemble):
        segmentation: Literal["spr", "greedy"] = "spr" if settings.ensemble > 1 else "greedy"
        drawn = stage_seed(seed, f"ensemble/{draw}")
        inputs = reader.encode_histories(questions.histories, segmentation, drawn)
        found = model.generate(
            inputs,
            trie,
            num_beams=settings.num_beams,
            top_k=settings.top_k,
            batch_size=settings.batch_size,
        )
        lists.append(found.items)
    return combine_ensemble(lists, settings.top_k)


def _measure_invalid(
    settings: EvaluationConfig,
    model: TrainedModel,
    reader: Tokenizer,
    questions: Questions,
    trie: PrefixTrie,
) -> dict[str, float]:
    """Share of unconstrained outputs that name no item, on the first so many users."""
    asked = questions.histories.take(np.arange(min(settings.invalid_users, len(questions.users))))
    if not len(asked):
        return {}
    valid = model.generate_free(
        reader.encode_histories(asked, "greedy", 0),
        num_beams=settings.invalid_beams,
        max_length=trie.depth + 1,  # and the end token
        trie=trie,
    )
    return invalid_share(valid)


def _masking_facts(
    masked: MaskedCodes, tokenizer: Tokenizer, histories: Ragged
) -> dict[str, float]:
    """What masking did to the codes that are read, each item counted as often as it is read.

    Args:
        masked: Codes with the modality masked.
        tokenizer: With the items' own codes.
        histories: What is read.

    Returns:
        ``masked_changed_codes``, the share of codes that are not the item's own, and
        ``masked_unknown_codes``, the share whose value no item has, the digits that tell items
        apart left out of both; and ``masked_digit_bits``, the bits of a digit, which stays.
    """
    coded = np.array([name != "shared" for name in tokenizer.modalities])
    read = histories.values
    changed = (masked.codes != tokenizer.codes)[read][:, coded]
    unknown = masked.unknown[read][:, coded]
    values = np.bincount(tokenizer.features[:, 0], minlength=len(coded))
    return {
        "masked_changed_codes": float(changed.mean()) if changed.size else 0.0,
        "masked_unknown_codes": float(unknown.mean()) if unknown.size else 0.0,
        "masked_digit_bits": float(np.log2(values[~coded]).sum()),
    }


def _inputs(pipeline: Any) -> tuple[str, ...]:
    shown = ("dataset", "merging", "training")
    return shown if pipeline.evaluation.masking is None else (*shown, "masked_codes")


def _evaluation(split: Literal["valid", "test"]) -> Stage[Any, Rankings]:
    def run(
        settings: EvaluationSettings, inputs: Mapping[str, Any], seed: int, runtime: Runtime
    ) -> Rankings:
        decoding = settings.decoding
        dataset: Dataset = inputs["dataset"]
        tokenizer: Tokenizer = inputs["merging"]
        state: TrainingState = inputs["training"]
        model = state.model().to(runtime.device)
        questions = Questions.of(
            dataset,
            split,
            settings.max_history,
            max_users=decoding.max_users,
            seed=VALIDATION_USERS_SEED,
        )
        counts = dataset.train_counts()
        # Where items share a string, those popular in training come first, then chance decides:
        # neither the target nor the order of the catalogue, which knows the log, is asked.
        order = dataset.catalog.impartial_order()
        trie = PrefixTrie.build(tokenizer.encode_items(), counts, order)
        reader, masking_facts = tokenizer, {}
        if decoding.masking is not None:
            masked: MaskedCodes = inputs["masked_codes"]
            # The model is the same: targets and the trie above keep the items' own codes.
            reader = replace(tokenizer, codes=masked.codes)
            masking_facts = _masking_facts(masked, tokenizer, questions.histories)
        top_items = _recommend(decoding, model, reader, questions, trie, seed)
        rankings = rankings_from_lists(split, questions.users, questions.targets, top_items)
        known = dataset.splits.positions(split)[questions.users]
        facts: dict[str, float] = {
            **ranking_metrics(rankings.ranks),
            **exposure_metrics(top_items, counts, k=10),
            **segment_metrics(rankings, counts, known),
            **_measure_invalid(decoding, model, reader, questions, trie),
            **masking_facts,
            "num_users": len(questions.users),
        }
        return Rankings(
            split, rankings.users, rankings.targets, rankings.ranks, rankings.top_items, facts
        )

    return Stage(
        name=f"{split}_evaluation",
        version=3,
        output=Rankings,
        config=lambda pipeline: EvaluationSettings(
            decoding=pipeline.evaluation, max_history=pipeline.model.max_history
        ),
        inputs=_inputs,
        seeded=lambda settings: True,
        run=run,
    )


VALID_EVALUATION = _evaluation("valid")
TEST_EVALUATION = _evaluation("test")
