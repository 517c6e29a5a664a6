"""Tokens to a trained model.

A training entry is keyed by its epochs: the state after epoch 6 of a run planned for 12 is
the same whether the run went on or was stopped there, so a pruned trial's work is kept and a
later trial goes on from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from clairo.core.artifacts import Dataset
from clairo.core.config import Config
from clairo.core.errors import DataError
from clairo.core.ragged import Ragged
from clairo.core.seeding import stage_seed
from clairo.core.stage import Runtime, Stage
from clairo.evaluation import ranking_metrics, rankings_from_lists
from clairo.merging import Tokenizer
from clairo.modeling import AnyModel, PrefixTrie, TrainingData
from clairo.modeling.trained import TrainedModel
from clairo.modeling.training_state import TrainingState
from clairo.stages.examples import Questions, TrainingPrefixes

VALIDATION_USERS_SEED = 0
"""One draw of validation users for every configuration and seed: arms stay paired by user."""


class TrainingSettings(Config):
    """The model and how far it is trained.

    Attributes:
        model: The model's settings, with the full number of epochs.
        until_epoch: The state after so many epochs is wanted.
    """

    model: AnyModel
    until_epoch: Annotated[int, Field(ge=1)]

    @property
    def kind(self) -> str:
        """The model's kind."""
        return self.model.kind


def training_data(
    model: AnyModel, dataset: Dataset, tokenizer: Tokenizer, seed: int
) -> TrainingData:
    """Examples of the training parts, tokenized anew in every epoch.

    Raises:
        DataError: No user has two training interactions.
    """
    prefixes = TrainingPrefixes.of(dataset)
    if not len(prefixes):
        raise DataError(
            "Training needs a user with at least 2 training interactions, got none; "
            "use a data set with longer histories."
        )
    examples = prefixes.sample(model.max_examples, stage_seed(seed, "examples"))
    histories = prefixes.histories(examples, model.max_history)

    def draw_inputs(epoch: int) -> Ragged:
        drawn = stage_seed(seed, f"segmentation/{epoch}")
        return tokenizer.encode_histories(histories, model.segmentation, drawn)

    return TrainingData(
        vocab_size=tokenizer.vocab_size,
        strings=tokenizer.encode_items(),
        targets=prefixes.targets(examples),
        draw_inputs=draw_inputs,
    )


def _train(
    settings: TrainingSettings, inputs: Mapping[str, Any], seed: int, runtime: Runtime
) -> TrainingState:
    dataset: Dataset = inputs["dataset"]
    tokenizer: Tokenizer = inputs["merging"]
    model = settings.model
    questions = Questions.of(
        dataset,
        "valid",
        model.max_history,
        max_users=model.valid_users,
        seed=VALIDATION_USERS_SEED,
    )
    asked = tokenizer.encode_histories(questions.histories, "greedy", 0)
    order = dataset.catalog.impartial_order()
    trie = PrefixTrie.build(tokenizer.encode_items(), dataset.train_counts(), order)

    def validate(trained: TrainedModel) -> dict[str, float]:
        found = trained.generate(
            asked, trie, num_beams=model.valid_beams, top_k=10, batch_size=model.valid_batch_size
        )
        rankings = rankings_from_lists("valid", questions.users, questions.targets, found.items)
        return ranking_metrics(rankings.ranks)

    return model.fit(
        training_data(model, dataset, tokenizer, seed),
        seed,
        runtime,
        state=inputs.get("training"),
        until_epoch=settings.until_epoch,
        validate=validate,
    )


TRAINING: Stage[Any, TrainingState] = Stage(
    name="training",
    version=2,
    output=TrainingState,
    config=lambda pipeline: TrainingSettings(
        model=pipeline.model, until_epoch=pipeline.model.epochs
    ),
    inputs=lambda pipeline: ("dataset", "merging"),
    seeded=lambda settings: True,
    run=_train,
)
