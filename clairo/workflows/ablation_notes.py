"""What a reader of an ablation must know of how it was asked, beside what was declared."""

from __future__ import annotations

from clairo.ablation.definition import AblationDefinition
from clairo.workflows.ablation_data import KnownBase
from clairo.workflows.ablation_options import AblateOptions


def asking_notes(
    options: AblateOptions, definition: AblationDefinition, base: KnownBase, digests: set[str]
) -> tuple[str, ...]:
    """One sentence each on what the command replaced, and on what chose the settings.

    Args:
        options: The command.
        definition: What was declared.
        base: The base that is used.
        digests: Of all data sets that are run.
    """
    return (*_replaced(options, definition), *_chosen(definition, base, digests))


def _replaced(options: AblateOptions, definition: AblationDefinition) -> list[str]:
    found = []
    if options.seeds is not None and options.seeds != definition.seeds:
        found.append(
            f"SEEDS={options.seeds} of the command replaced the definition's {definition.seeds} "
            "seeds."
        )
    if options.base is not None and options.base != definition.base.best_of:
        found.append(
            f"BASE={options.base} of the command replaced the definition's base, "
            f"{definition.base.label}."
        )
    return found


def _chosen(definition: AblationDefinition, base: KnownBase, digests: set[str]) -> list[str]:
    found = []
    if base.found_on and base.found_on in digests and definition.split == "valid":
        found.append(
            "Search and confirmation chose the base by the same validation users, on other seeds: "
            "its advantage over the arms is, if anything, flattered."
        )
    if base.found_on and digests - {base.found_on}:
        found.append(
            "The base was chosen on other data than it is measured on here: nothing says that it "
            "is the best on these."
        )
    if definition.tuning is not None:
        found.append(
            "Each arm was tuned anew: what its title or section says of equal bits holds before "
            "tuning; the table of budgets holds what ran."
        )
    return found
