"""The sections of an ablation's page that are common to all families."""

from __future__ import annotations

from clairo.reporting import findings
from clairo.reporting.ablation_families import REFERENCE, rule
from clairo.reporting.ablation_info import Ablations
from clairo.reporting.labels import plural
from clairo.reporting.page import Prose, Section
from clairo.reporting.search_info import Absent
from clairo.tracking.records import SweepRecord


def missing_section(record: SweepRecord, found: Ablations) -> Section:
    """Everything that was planned and is not there, with the reason."""
    lines = [
        f"{title} was skipped: {why.rstrip('.')}." for title, why in record.summary.skipped_arms
    ]
    experiment = record.summary.experiment
    groups = experiment.groups if experiment is not None else ()
    lines += [f"{group.title} was not run: {group.missing}" for group in groups if group.missing]
    for info in found.values():
        if isinstance(info, Absent):
            continue
        lines += [f"{title} is not compared: {why.rstrip('.')}." for title, why in info.refused]
        lines += [f"{arm.title}: {why}" for arm in info.arms for why in arm.missing]
    unique = tuple(dict.fromkeys(lines))
    blocks = (Prose(unique or ("Every planned arm and seed gave a result.",)),)
    return Section("missing", "Skipped arms and missing seeds", blocks)


def protocol_section(record: SweepRecord) -> Section:
    """How arms were compared, in words."""
    declared = rule(record)
    holm = "over the arms of all tables" if declared.correction == "all" else "within each table"
    tuned = (
        "Arms are frozen: none was tuned again."
        if declared.tuning == "frozen"
        else f"Arms were tuned anew ({declared.tuning})."
    )
    return Section(
        "protocol",
        "Protocol",
        (
            Prose(
                (
                    "Every arm is the base with one thing changed, trained anew on the same "
                    "seeds and asked about the same users, unless its section says otherwise. "
                    "Differences are paired by seed and user; arms measured on other users are "
                    f"refused. {tuned}",
                    f"Per-user ranks of the {declared.split} split are compared. "
                    f"{_why_split(record)} {findings.say_reads(record)}",
                    *_winners_luck(record, declared.split),
                    "The verdict comes from users crossed with seeds: the interval and the test "
                    "hold for models trained anew and for other users. The test is Holm-adjusted "
                    f"{holm}. Equivalent needs two one-sided tests against the minimum relevant "
                    "effect, adjusted in the same way. A large p alone is inconclusive, never "
                    "equality. Beside it stand the paired t-test and the exact sign-flip test "
                    "over seeds.",
                    "The interval over users draws users 2,000 times, one draw shared by all seeds "
                    "and both arms. It tells what these trained models would do for other users, "
                    "not what training again would give.",
                    "Leaving one component out hides redundancy: two components that replace each "
                    "other can both look worthless here.",
                )
            ),
        ),
    )


def _why_split(record: SweepRecord) -> str:
    if rule(record).split == "test":
        return "Every arm was read there."
    if record.summary.is_ablation:
        return "Test was not declared: reading it for every arm would make it a validation set."
    return (
        "Test is kept for the confirmed configurations: reading it for every arm would make it a "
        "second validation set."
    )


def _winners_luck(record: SweepRecord, split: str) -> tuple[str, ...]:
    """The reference was chosen for being high; where on these very runs, that is said."""
    full = next((arm for arm in record.summary.arms if arm.name == REFERENCE), None)
    chosen = {key for c in record.summary.candidates for key in c.trial_keys}
    if split != "valid" or full is None or record.summary.is_ablation:
        return ()
    if not chosen.intersection(full.trial_keys):
        return (
            "Search and confirmation chose the full configuration by the same validation users, "
            "on other seeds: its advantage over the arms is, if anything, flattered.",
        )
    among = plural(len(record.summary.candidates), "confirmed configuration")
    return (
        f"The full configuration was called best of {among} by these same runs, so its mean is "
        "a little flattered, and every arm looks a little worse than it is.",
    )
