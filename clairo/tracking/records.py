"""What is kept of a sweep: the records that writers log and that reports are built from.

The tracker writes these, :func:`clairo.tracking.reader.read_sweep` reads them back, and the
report needs nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from clairo.core.artifacts import Rankings
from clairo.evaluation.segments import SegmentIndex
from clairo.merging.spelled import SpelledVocabulary
from clairo.quantization.representation import Representation

TrialState = Literal["running", "complete", "pruned", "infeasible", "failed", "killed"]
"""``complete``, ``pruned`` and ``infeasible`` are FINISHED runs, ``failed`` is FAILED."""

TrialRole = Literal["search", "confirm", "ablation"]
"""Why a trial was run: suggested by the sampler, on a fresh seed, or as an arm."""

SWEEP_FILE = "sweep.json"
"""Artifact of the parent run that holds a :class:`SweepSummary`."""

VOCABULARY_FOLDER = "merging"
"""Artifacts of a confirming run that hold a :class:`SpelledVocabulary`."""

REPRESENTATION_FOLDER = "representation"
"""Artifacts of a confirming run that hold a :class:`Representation`."""


@dataclass(frozen=True)
class StageRecord:
    """What one stage of one trial did.

    Attributes:
        name: Stage name.
        kind: Variant, for example ``rq_kmeans``.
        entry: Store path ``<stage>/<kind>-<16 hex>``.
        seconds: Time spent in this trial on the stage (loading, if cached).
        computed_seconds: What the computation cost when it was made. Of a result that was cut
            from a longer one: the cutting, and the longer computation where this very trial
            made it.
        cached: Whether the result was found instead of computed or cut.
        bytes: Size of the entry on disk.
        facts: Scalars that the artifact wants shown.
        cut_from: Store path of the longer result that this one was cut from, ``""`` where it
            was computed as it is.
        borrowed_seconds: What a trial that finds nothing in the store would have spent on that
            longer result beyond what this one did. Not counted as saved: without a longer one
            to share, a trial computes only as far as it needs.
    """

    name: str
    kind: str
    entry: str
    seconds: float
    computed_seconds: float
    cached: bool
    bytes: int
    facts: Mapping[str, Any] = field(default_factory=dict)
    cut_from: str = ""
    borrowed_seconds: float = 0.0

    @property
    def saved_seconds(self) -> float:
        """Seconds that the store saved this trial."""
        return max(0.0, self.computed_seconds - self.seconds) if self.cached else 0.0


@dataclass(frozen=True)
class TrialRecord:
    """One nested run: a configuration with a seed.

    Attributes:
        run_id: MLflow run id.
        key: ``trial.key``, a hash of configuration and seed.
        config_key: Hash of the configuration alone; equal for all seeds of one configuration.
        number: Order in which trials were suggested, from 0.
        role: Why it was run first.
        state: How it ended.
        seed: Root seed.
        config: The resolved pipeline configuration, nested.
        params: The same, flattened with dots, only leaves.
        metrics: Last value of each metric, for example ``valid/ndcg_at_10``.
        history: Per metric the (step, value) pairs, in order.
        stages: What each stage did, in pipeline order.
        seconds: Wall time of the trial.
        error: Message of a failed trial, else ``""``.
        rankings: Per split the per-user ranks, where they were read.
        vocabulary: The first merges in words, where they were spelled.
        vocabulary_error: Why they cannot be read where they were, else ``""``.
        representation: What the codes mean, where that was described.
        representation_error: Why it cannot be read where it was, else ``""``.
    """

    run_id: str
    key: str
    config_key: str
    number: int
    role: TrialRole
    state: TrialState
    seed: int
    config: Mapping[str, Any]
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    history: Mapping[str, tuple[tuple[int, float], ...]]
    stages: tuple[StageRecord, ...]
    seconds: float
    error: str = ""
    rankings: Mapping[str, Rankings] = field(default_factory=dict)
    vocabulary: SpelledVocabulary | None = None
    vocabulary_error: str = ""
    representation: Representation | None = None
    representation_error: str = ""


@dataclass(frozen=True)
class Candidate:
    """A configuration that was run again on fresh seeds before one is called best.

    Attributes:
        config_key: Which configuration.
        search_value: Its objective in the search.
        trial_keys: Its runs on fresh seeds.
    """

    config_key: str
    search_value: float
    trial_keys: tuple[str, ...]


@dataclass(frozen=True)
class Arm:
    """One side of an ablation: the base with one thing changed.

    Attributes:
        name: Identifier, unique in its group; the unchanged base is ``full``.
        family: Name of the :class:`ArmFamily` whose table it stands in.
        title: For people, for example ``Without images``.
        changes: Dotted settings that differ from the base, with their values.
        trial_keys: Its runs, in the order of the ablation's seeds.
        reference: Name of the arm of the same group that it is compared with.
        level: Its place on a one-factor curve, ``None`` where it has none.
        parts: Components that are on in it, where the family switches several.
        tuning_trials: Trials spent on tuning this arm anew; 0 where it keeps the base's settings.
        group: The data set it is about, by its :class:`ArmGroup`; ``""`` where there is one.
    """

    name: str
    family: str
    title: str
    changes: Mapping[str, Any]
    trial_keys: tuple[str, ...]
    reference: str = "full"
    level: float | None = None
    parts: tuple[str, ...] = ()
    tuning_trials: int = 0
    group: str = ""


FamilyKind = Literal["retrained", "inference", "curve", "factorial"]
"""How the arms of a family relate.

``retrained``: each is trained anew and compared with its reference. ``inference``: the reference's
trained models are asked with a modality masked. ``curve``: values of one setting, in order.
``factorial``: every combination of its components switched on and off.
"""


@dataclass(frozen=True)
class ArmFamily:
    """Arms that stand in one table.

    Attributes:
        name: Identifier.
        title: For people.
        about: One or two sentences: what these arms are.
        kind: How they relate.
        axis: Dotted setting of a curve, ``""`` for other kinds.
        components: (name, title) of a factorial's components, in the order of ``Arm.parts``.
    """

    name: str
    title: str
    about: str
    kind: FamilyKind = "retrained"
    axis: str = ""
    components: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ArmGroup:
    """One of several data sets on which the same arms are run.

    Attributes:
        name: Identifier.
        title: For people.
        covariate: What is known of it beforehand, for example its planted visual share; ``None``
            where nothing is.
        dataset_digest: Digest of the data, ``""`` where it was not run.
        facts: Counts, coverage, ceilings of the data.
        missing: Why it was not run, with the command that does; ``""`` where it was.
    """

    name: str
    title: str
    covariate: float | None
    dataset_digest: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    missing: str = ""


@dataclass(frozen=True)
class Experiment:
    """What an ablation declared before its first run.

    Attributes:
        name: Name of its definition.
        question: What is asked, one sentence.
        base: What the unchanged arm is, for people, for example ``best of sweep demo-1f3a-1``.
        metric: Primary metric without its split, for example ``ndcg_at_10``.
        split: Where arms are compared.
        margin: Minimum relevant effect in the metric's unit, ``None`` where it is a share.
        margin_share: The same as a share of the reference's mean, ``None`` where it is a value.
        correction: Family of Holm's correction: the arms of one table, or all arms together.
        tuning: ``frozen``, or ``re-tuned: n`` where each arm had n trials of its own.
        families: The tables.
        groups: The data sets, empty where there is one.
        covariate: What ``ArmGroup.covariate`` is, for people.
        definition: The definition as YAML.
    """

    name: str
    question: str
    base: str
    metric: str
    split: Literal["valid", "test"]
    margin: float | None
    margin_share: float | None
    correction: Literal["table", "all"]
    tuning: str
    families: tuple[ArmFamily, ...]
    groups: tuple[ArmGroup, ...] = ()
    covariate: str = ""
    definition: str = ""


@dataclass(frozen=True)
class SweepSummary:
    """What the parent run says about the whole sweep; stored as ``sweep.json``.

    Attributes:
        sweep_id: Unique id, also the name of the study.
        category: As asked for, for example ``demo`` or ``gift_cards``.
        release: Amazon release, ``""`` where there is none.
        profile: ``quick`` or ``paper``.
        seed: Root seed of the sweep.
        workers: Trials at a time.
        requested_trials: ``TRIALS``.
        space_name: Name of the search space.
        space: The search space as it was after narrowing, plain values.
        axes: Dotted names of the settings that were searched.
        objective: Metric key, for example ``valid/ndcg_at_10``; larger is better.
        dataset_name: For people.
        dataset_digest: Digest of the data set's content and settings.
        dataset_facts: Counts, coverage, ceilings, popularity floor.
        notes: Sentences the reader must see, for example which choices were removed and why.
        environment: Commit, dirty flag, package versions, hardware.
        candidates: Confirmed configurations, winner first; empty while the search runs.
        arms: Ablation arms; empty when there was no ablation.
        ablation_seeds: Seeds shared by all arms.
        skipped_arms: (title, reason) of arms that make no sense for the winner.
        experiment: What the ablation declared beforehand, ``None`` where there is none.
        duplicates: Suggestions that were answered from the record.
        wall_seconds: Wall time of the sweep so far.
        finished: Whether the sweep ran to its end.
        command: How to run it again.
    """

    sweep_id: str
    category: str
    release: str
    profile: str
    seed: int
    workers: int
    requested_trials: int
    space_name: str
    space: Mapping[str, Any]
    axes: tuple[str, ...]
    objective: str
    dataset_name: str
    dataset_digest: str
    dataset_facts: Mapping[str, Any]
    notes: tuple[str, ...]
    environment: Mapping[str, Any]
    command: str
    candidates: tuple[Candidate, ...] = ()
    arms: tuple[Arm, ...] = ()
    ablation_seeds: tuple[int, ...] = ()
    skipped_arms: tuple[tuple[str, str], ...] = ()
    experiment: Experiment | None = None
    duplicates: int = 0
    wall_seconds: float = 0.0
    finished: bool = False

    @property
    def is_ablation(self) -> bool:
        """Whether it is an ablation by itself, which searches nothing."""
        return self.experiment is not None and not self.axes


@dataclass(frozen=True)
class SweepRecord:
    """A whole sweep as read back from the tracker.

    Attributes:
        run_id: MLflow id of the parent run.
        summary: What the parent says.
        trials: All nested runs, by number.
        segments: By group (``""`` where there is one data set) what tells which users belong to
            which segment; empty where it was not logged.
    """

    run_id: str
    summary: SweepSummary
    trials: tuple[TrialRecord, ...]
    segments: Mapping[str, SegmentIndex] = field(default_factory=dict)

    def by_key(self) -> dict[str, TrialRecord]:
        """Trials by ``trial.key``."""
        return {trial.key: trial for trial in self.trials}
