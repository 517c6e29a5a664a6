"""Taking out of a space what the data at hand cannot serve, before a study starts.

No trial is spent on a choice that must fail: a fusion that reads pictures where no item has
one, or a codebook with more centroids than there are training items.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, get_args

from clairo.core.errors import ConfigError
from clairo.sweep.space_nodes import (
    Branch,
    Choice,
    Constant,
    Integer,
    Node,
    Option,
    choice_name,
    join,
    parameters,
    setting_of,
)

_CODEBOOK_SIZE = "quantization.codebook_size"
_ITEMS_PER_ENTRY, _ITEMS_PER_PAIR = 3, 8
"""Fewest training items per entry of a codebook, most items per pair of codes."""
_LEAST_COVERAGE = 0.5
"""Share of items that a modality must describe to tell items apart alone."""


@dataclass(frozen=True)
class CatalogFacts:
    """What narrowing asks about a data set.

    Attributes:
        text_coverage: Share of items that have a text, in [0, 1].
        image_coverage: Share of items that have a picture, in [0, 1].
        num_train_items: Items that occur in training and can train a codebook.
        num_items: Items that the codes must tell apart.
    """

    text_coverage: float
    image_coverage: float
    num_train_items: int
    num_items: int = 0

    @property
    def absent(self) -> tuple[str, ...]:
        """Modalities that no item has."""
        shares = {"text": self.text_coverage, "image": self.image_coverage}
        return tuple(name for name, share in shares.items() if share == 0)


@dataclass
class _Removal:
    """One rule, and what it removed so far.

    A preference leaves what a person fixed to one value, and a choice of which nothing would
    be left, as they are.
    """

    allows: Callable[[str, Any], bool]
    why: str
    preference: bool = False
    removed: dict[str, list[Any]] = field(default_factory=dict)

    def keeps_all(self, setting: str, values: list[Any]) -> bool:
        return self.preference and not any(self.allows(setting, value) for value in values)

    def refuses(self, setting: str, value: Any) -> bool:
        if self.allows(setting, value):
            return False
        self.dropped(setting, value)
        return True

    def dropped(self, setting: str, value: Any) -> None:
        """Notes a removal, once."""
        values = self.removed.setdefault(setting, [])
        if value not in values:
            values.append(value)

    def notes(self) -> tuple[str, ...]:
        return tuple(
            f"{setting}: {', '.join(map(str, values))} left out of the search because {self.why}."
            for setting, values in self.removed.items()
        )


def narrow_tree(root: Branch, facts: CatalogFacts) -> tuple[Branch, tuple[str, ...]]:
    """The tree without what the data cannot serve, and a sentence for each removal.

    Raises:
        ConfigError: A setting would be left without any value.
    """
    notes: list[str] = []
    for modality in facts.absent:
        root, note = _fix_encoder(root, modality)
        notes.extend(note)
    for removal in _removals(facts):
        narrowed = _apply(root, "", removal)
        assert isinstance(narrowed, Branch)
        root = narrowed
        notes.extend(removal.notes())
    return root, tuple(notes)


def fusion_needs(kind: str) -> tuple[str, ...]:
    """Modalities that a fusion reads; none for an unknown kind, which validation reports."""
    from clairo.fusion import AnyFusion

    for config_type in get_args(AnyFusion):
        if config_type.model_fields["kind"].default == kind:
            return tuple(config_type().needs())
    return ()


def _removals(facts: CatalogFacts) -> list[_Removal]:
    found = []
    for modality in facts.absent:
        thing = "a picture" if modality == "image" else "a text"

        def reads_present(setting: str, value: Any, modality: str = modality) -> bool:
            return setting != "fusion.kind" or modality not in fusion_needs(str(value))

        found.append(_Removal(reads_present, f"no item of this data set has {thing}"))

    return [*found, *_coverage_removals(facts), *_codebook_removals(facts)]


def _coverage_removals(facts: CatalogFacts) -> list[_Removal]:
    """Fusions of one modality that most items lack: those would all have the same codes."""
    found = []
    shares = {"text": facts.text_coverage, "image": facts.image_coverage}
    for modality, share in shares.items():
        if not 0 < share < _LEAST_COVERAGE:
            continue

        def is_described(setting: str, value: Any, modality: str = modality) -> bool:
            return setting != "fusion.kind" or fusion_needs(str(value)) != (modality,)

        thing = "picture" if modality == "image" else "text"
        why = f"{1 - share:.0%} of the items have no {thing} and would all get the same codes"
        found.append(_Removal(is_described, why, preference=True))
    return found


def _codebook_removals(facts: CatalogFacts) -> tuple[_Removal, ...]:
    """Codebooks that cannot be trained, would stay nearly empty, or tell too little apart."""

    def fits(setting: str, value: Any) -> bool:
        return setting != _CODEBOOK_SIZE or value <= facts.num_train_items

    def is_filled(setting: str, value: Any) -> bool:
        return setting != _CODEBOOK_SIZE or value * _ITEMS_PER_ENTRY <= facts.num_train_items

    def tells_apart(setting: str, value: Any) -> bool:
        return setting != _CODEBOOK_SIZE or value**2 * _ITEMS_PER_PAIR >= facts.num_items

    too_few = f"a codebook cannot have more entries than the {facts.num_train_items} training items"
    filled = (
        f"a codebook needs {_ITEMS_PER_ENTRY} training items per entry and there are "
        f"{facts.num_train_items}"
    )
    apart = (
        f"two such codebooks would leave more than {_ITEMS_PER_PAIR} of {facts.num_items} items "
        "to a pair of codes"
    )
    return (
        _Removal(fits, too_few),
        _Removal(is_filled, filled, preference=True),
        _Removal(tells_apart, apart, preference=True),
    )


def _fix_encoder(root: Branch, modality: str) -> tuple[Branch, list[str]]:
    """Takes the axes of an encoder out whose modality does not exist."""
    child = root.get(modality)
    if child is None or not parameters(child, modality):
        return root, []
    names = ", ".join(dict.fromkeys(p.setting for p in parameters(child, modality)))
    kept = tuple(pair for pair in root.children if pair[0] != modality)
    return Branch(kept), [f"{names}: not searched because no item of this data set has {modality}."]


def _apply(node: Node, path: str, removal: _Removal) -> Node:
    if isinstance(node, Branch):
        return Branch(tuple((n, _apply(c, join(path, n), removal)) for n, c in node.children))
    if isinstance(node, Choice):
        return _apply_to_choice(node, path, removal)
    setting = setting_of(path)
    if isinstance(node, Constant):
        if not removal.preference and removal.refuses(setting, node.value):
            raise _nothing_left(setting, [node.value], removal)
        return node
    if isinstance(node, Integer):
        values = list(range(node.low, node.high + 1, node.step))
        if removal.keeps_all(setting, values):
            return node
        kept = [value for value in values if not removal.refuses(setting, value)]
        if not kept:
            raise _nothing_left(setting, [f"{node.low}..{node.high}"], removal)
        return Integer(kept[0], kept[-1], node.step) if len(kept) > 1 else Constant(kept[0])
    return node


def _apply_to_choice(node: Choice, path: str, removal: _Removal) -> Node:
    setting = setting_of(choice_name(path, node))
    if removal.keeps_all(setting, [option.label for option in node.options]):
        return node
    kept = [option for option in node.options if not removal.refuses(setting, option.label)]
    if not kept:
        raise _nothing_left(setting, [option.label for option in node.options], removal)
    options: list[Option] = []
    for option in kept:
        inner = option.node
        if isinstance(inner, Branch):
            try:
                inner = _apply(inner, f"{path}[{option.label}]", removal)
            except _NothingLeftError:
                # Another alternative may do without it, for example a smaller codebook.
                if option is kept[-1] and not options:
                    raise
                removal.dropped(setting, option.label)
                continue
        options.append(Option(option.label, inner))
    return options[0].node if len(options) == 1 else Choice(tuple(options), node.by_kind)


class _NothingLeftError(ConfigError):
    """A setting without any value that is of use."""


def _nothing_left(setting: str, values: list[Any], removal: _Removal) -> ConfigError:
    return _NothingLeftError(
        f"{setting} needs at least one usable value, got {', '.join(map(str, values))}, which is "
        f"of no use because {removal.why}; add another value to the space or use other data."
    )
