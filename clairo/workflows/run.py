"""``clairo run``: one configuration, the whole pipeline, its metrics."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import yaml
from rich.console import Console

from clairo.core.config import parse_config
from clairo.core.errors import ClairoError, ConfigError
from clairo.core.fingerprint import hash_json
from clairo.core.log_file import log_to_file
from clairo.core.threads import usable_cpus
from clairo.datasets import AnyDataset, DemoConfig, LcrecConfig
from clairo.datasets.aliases import resolve_category
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.profiles import Profile, get_profile
from clairo.pipeline.runner import always
from clairo.pipeline.stage_progress import OnProgress
from clairo.pipeline.trial import TrialEnvironment, TrialOutcome, TrialSpec, run_trial
from clairo.tracking.protocol import Run
from clairo.tracking.reader import KIND_TAG
from clairo.tracking.records import TrialState
from clairo.workflows.cluster_embedding import embed_on_cluster
from clairo.workflows.locations import log_file, store_root, tracking_config
from clairo.workflows.options import SweepOptions, prepare_out
from clairo.workflows.preparation import PreparedData, data_source, prepare_data
from clairo.workflows.space import catalog_facts, narrow_base
from clairo.workflows.stage_bar import StageBar
from clairo.workflows.summary import new_summary

SHOWN = ("recall_at_5", "ndcg_at_5", "recall_at_10", "ndcg_at_10", "mrr_at_10")


def run_once(options: SweepOptions, config_file: Path | None, *, read_test: bool) -> None:
    """Runs one configuration and prints its metrics.

    Args:
        options: Data, seed and places.
        config_file: YAML shaped like PipelineConfig without ``dataset``; sections that it
            leaves out are the profile's, and ``None`` leaves out all.
        read_test: Whether the test split is read, too.

    Raises:
        ConfigError: The file is not YAML or not a configuration.
        ClairoError: A stage failed; what was finished is kept in the store.
    """
    run = SingleRun.of(options, config_file)
    prepared = run.prepare(described_data(options, run.values, run.where))
    outcome, run_id = run.execute(prepared, read_test=read_test)
    for split in ("valid", "test") if read_test else ("valid",):
        shown = {name: outcome.metrics[f"{split}/{name}"] for name in SHOWN}
        run.console.print(f"{split}: " + "  ".join(f"{k} {v:.4f}" for k, v in shown.items()))
    run.console.print(
        f"{outcome.seconds:.1f} s, {outcome.saved_seconds:.1f} s saved by the store; "
        f"run {run_id} in MLflow ('make ui OUT={options.out}')"
    )


@dataclass(frozen=True)
class SingleRun:
    """A configuration that can be run on data, once or several times.

    Attributes:
        options: Data, seed and places.
        values: Settings of the configuration's file, ``None`` for the profile's.
        where: Names their source in messages.
        profile: Sizes, and settings below the file's.
        out: Folder for everything that is made.
        console: The terminal.
    """

    options: SweepOptions
    values: dict[str, Any] | None
    where: str
    profile: Profile
    out: Path
    console: Console

    @classmethod
    def of(cls, options: SweepOptions, config_file: Path | None) -> Self:
        """Reads the file and makes the folder.

        Raises:
            ConfigError: The file is not YAML, or the folder cannot be written to.
        """
        out = prepare_out(options.out)
        log_to_file(log_file(out))
        profile = get_profile(options.profile)
        values = None if config_file is None else _read_yaml(config_file)
        where = str(config_file) if config_file else f"profile {profile.name}"
        return cls(options, values, where, profile, out, Console(soft_wrap=True))

    def prepare(self, data: AnyDataset | None) -> PreparedData:
        """The data, read through the store; ``None`` for what the options name.

        Raises:
            ClairoError: It cannot be had.
        """
        return prepare_data(self.options, self.profile, store_root(self.out), self._say, data)

    def configure(self, prepared: PreparedData) -> PipelineConfig:
        """The file's configuration for this data, or the profile's.

        Raises:
            ConfigError: The file is no configuration, or about other data than the command.
        """
        return _configure(self.values, self.profile, prepared, self.where)

    def execute(self, prepared: PreparedData, *, read_test: bool) -> tuple[TrialOutcome, str]:
        """Runs the configuration on data; gives how it ended and the id of its run.

        Raises:
            ClairoError: A stage failed; what was finished is kept in the store.
        """
        options = self.options
        config = self.configure(prepared)
        tracking = tracking_config(self.out, options.tracking_uri)
        tracking.prepare()
        run_id = f"run-{hash_json({'config': config.identity(), 'seed': options.seed})[:8]}"
        summary = replace(
            new_summary(options, self.profile, prepared, run_id),
            space_name=self.where,
            requested_trials=1,
        )
        spec = TrialSpec(
            sweep_id=run_id,
            number=0,
            role="confirm",
            config=config,
            seed=options.seed,
            splits=("valid", "test") if read_test else ("valid",),
        )
        environment = make_environment(options, self.out, prepared, workers=1)
        parent = tracking.connect().open_sweep(summary)
        parent.log_dataset(prepared.dataset, prepared.digest, data_source(options, prepared))
        embed_on_cluster(options, prepared, (config,), environment, self._say)
        with StageBar(self.console) as bar:
            outcome = _run_tracked(spec, environment, parent, bar)
        if outcome.state != "complete":
            raise ClairoError(f"The run ended as {outcome.state}: {outcome.error}")
        return outcome, run_id

    def _say(self, line: str) -> None:
        self.console.print(line)


def _run_tracked(
    spec: TrialSpec, environment: TrialEnvironment, parent: Run, on_progress: OnProgress
) -> TrialOutcome:
    """Runs the trial; its parent run is ended whatever happens."""
    state: TrialState = "failed"
    try:
        parent.set_tags({KIND_TAG: "run"})
        outcome = run_trial(spec, environment, always, on_progress)
        state = outcome.state
    except KeyboardInterrupt:
        state = "killed"
        raise
    finally:
        parent.finish(state)
    return outcome


def described_data(
    options: SweepOptions, values: dict[str, Any] | None, where: str
) -> DemoConfig | LcrecConfig | None:
    """The data that a file describes better than the command: a demo world, or index files.

    Args:
        options: Which data the command means.
        values: Settings of the file.
        where: Names the file in messages.
    """
    named = (values or {}).get("dataset")
    if not isinstance(named, dict):
        return None
    if options.category == "demo" and named.get("kind") == "demo":
        return parse_config(DemoConfig, named, f"{where}: dataset")
    if not options.category.lower().startswith("lcrec/") or named.get("kind") != "lcrec":
        return None
    here = {**named, "data_dir": options.data}
    described = parse_config(LcrecConfig, here, f"{where}: dataset")
    asked = resolve_category(options.category, options.release, options.data)
    return described if described.label == asked.label else None


def _configure(
    values: dict[str, Any] | None, profile: Profile, prepared: PreparedData, where: str
) -> PipelineConfig:
    """The file's sections over the profile's, which leave out a modality that no item has.

    A section of the file is taken whole: what it does not name has the default of its class.

    Raises:
        ConfigError: The file is about other data than the command.
    """
    base, named = profile.base_for(prepared.config), values or {}
    if not prepared.dataset.codes:
        base, _ = narrow_base(base, catalog_facts(prepared.dataset, {**base, **named}))
    whole = {**base, **named}
    config = parse_config(PipelineConfig, {**whole, "dataset": prepared.config}, where)
    if "dataset" in named:
        meant = parse_config(PipelineConfig, whole, where).dataset
        if meant.identity() != prepared.config.identity():
            raise ConfigError(
                f"{where}: the file is about {meant.label}, the command about "
                f"{prepared.config.label}; name the same data with --category and --release, or "
                "take 'dataset' out of the file."
            )
    return config


def make_environment(
    options: SweepOptions, out: Path, prepared: PreparedData, *, workers: int
) -> TrialEnvironment:
    """Where trials of this command run, the machine's CPUs shared out over its workers."""
    return TrialEnvironment(
        store_root=store_root(out),
        sources=dict(prepared.sources),
        tracking=tracking_config(out, options.tracking_uri),
        num_threads=max(1, usable_cpus() // workers),
        log_file=log_file(out),
        data_source=data_source(options, prepared),
    )


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror}); name a YAML file."
        ) from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML ({error}); mend the file.") from error
    if not isinstance(values, dict):
        raise ConfigError(
            f"{path}: must be a mapping shaped like PipelineConfig; see experiments/."
        )
    return values
