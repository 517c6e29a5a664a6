"""One setting over several values, all else equal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from pydantic import Field, model_validator

from clairo.ablation.code_layouts import fitting_digit
from clairo.ablation.generators.base import Draft, Generator, build_table
from clairo.ablation.plan import Present, SkippedArm, Table
from clairo.core.config import flatten
from clairo.core.errors import ConfigError
from clairo.pipeline.config import PipelineConfig
from clairo.quantization import GivenConfig
from clairo.tracking.records import ArmFamily

Number = int | float


@dataclass(frozen=True)
class Axis:
    """A setting of which curves are often asked for.

    Attributes:
        title: For people.
        values: Usual values.
        factors: Usual multiples of the base's value, where there are no usual values.
        note: What else changes with it, one sentence.
    """

    title: str
    values: tuple[Number, ...] = ()
    factors: tuple[float, ...] = ()
    note: str = ""


_SHARES: Final = (0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
_BITS: Final = (
    "Bits per item grow with it, and the digit that tells equal codes apart takes as many values "
    "as it needs."
)
_CODES: Final = ("quantization.num_codebooks", "quantization.codebook_size")

AXES: Final[dict[str, Axis]] = {
    "reduction.variance": Axis("PCA variance", _SHARES),
    "fusion.variance": Axis("Second PCA variance", _SHARES),
    "quantization.num_codebooks": Axis("Codebooks", (1, 2, 3, 4, 6), note=_BITS),
    "quantization.codebook_size": Axis("Codebook size", (4, 16, 64, 256), note=_BITS),
    "merging.num_merges": Axis("Merges", factors=(0, 0.25, 0.5, 2, 4)),
}
"""By dotted setting: PCA variance, depth, size, merge budget."""


class CurveConfig(Generator):
    """The base with other values of one setting.

    The base's own value is no arm: ``full`` stands on the curve with the value of
    ``ArmFamily.axis`` in its own settings, which every run records.

    Attributes:
        setting: Dotted, for example ``merging.num_merges``.
        values: Its values; the usual ones of :data:`AXES` where neither these nor factors are
            given.
        factors: Multiples of the base's value instead; of a whole number they are rounded.
        title: For people; that of :data:`AXES` or the setting where it is left out.
    """

    kind: Literal["curve"] = "curve"
    setting: str = Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")
    values: tuple[Number, ...] = ()
    factors: tuple[float, ...] = ()
    title: str = ""

    @model_validator(mode="after")
    def _one_source_of_values(self) -> Self:
        if self.values and self.factors:
            raise ValueError(
                f"a curve has values or factors, got values={list(self.values)} with "
                f"factors={list(self.factors)}; give one of them"
            )
        if not self.values and not self.factors and self.setting not in AXES:
            raise ValueError(
                f"a curve of {self.setting} has no usual values, got neither values nor factors; "
                f"give one of them (usual values are known of {', '.join(AXES)})"
            )
        return self

    @property
    def axis(self) -> Axis:
        """The title, and the values that were asked for or are usual."""
        usual = AXES.get(self.setting, Axis(self.setting))
        asked = bool(self.values or self.factors)
        values = self.values if asked else usual.values
        factors = self.factors if asked else usual.factors
        return Axis(self.title or usual.title, values, factors, usual.note)

    def make(self, base: PipelineConfig, present: Present) -> Table:
        """One arm a value.

        Raises:
            ConfigError: The base has no such number, or a value that was asked for does not fit.
        """
        found = flatten(base.model_dump()).get(self.setting, _Missing)
        why = _unusable(self.setting, found, bool(self.axis.factors))
        if not why:
            drafts = self._drafts(base, found)
            return build_table(self._family(f"The base has {_label(found)}."), base, drafts)
        if self.values or self.factors:
            raise ConfigError(
                f"A curve is of a number that the base has, got {self.setting}: {why}; "
                f"numbers in that section: {', '.join(_numbers(base, self.setting)) or 'none'}."
            )
        return Table(self._family(), (), (SkippedArm(self.axis.title, why),))

    def _family(self, place: str = "") -> ArmFamily:
        about = f"Each arm has another value of {self.setting}, trained anew."
        return ArmFamily(
            f"curve_{self.setting.replace('.', '_')}",
            self.axis.title,
            " ".join(part for part in (about, place, self.axis.note) if part),
            kind="curve",
            axis=self.setting,
        )

    def _drafts(self, base: PipelineConfig, found: Any) -> Iterator[Draft | SkippedArm]:
        axis, digit = self.axis, {}
        if self.setting in _CODES and not isinstance(base.quantization, GivenConfig):
            digit = fitting_digit(base.quantization)
        for value in axis.values or _multiples(found, axis.factors):
            title = f"{axis.title} {_label(value)}"
            if value == found:
                yield SkippedArm(title, "this is the base itself")
                continue
            yield Draft(
                f"{self.setting.replace('.', '_')}_{_identifier(value)}",
                title,
                {self.setting: value, **digit},
                asked=bool(self.values or self.factors),
                level=float(value),
            )


class _Missing:
    """Stands for a setting that is not there, where ``None`` is a value."""


def _unusable(setting: str, found: Any, multiplied: bool) -> str:
    """Why a setting has no curve in a base, else nothing."""
    if found is _Missing:
        return "the base does not have it"
    if found is None and multiplied:
        return "it has no value that could be multiplied"
    if found is not None and (isinstance(found, bool) or not isinstance(found, int | float)):
        return f"it is {found!r}"
    return ""


def _numbers(base: PipelineConfig, setting: str) -> list[str]:
    """Settings of the same section that are numbers."""
    section = setting.split(".", maxsplit=1)[0] + "."
    return sorted(
        name
        for name, value in flatten(base.model_dump()).items()
        if name.startswith(section)
        and isinstance(value, int | float)
        and not isinstance(value, bool)
    )


def _multiples(value: Number, factors: tuple[float, ...]) -> tuple[Number, ...]:
    whole = isinstance(value, int)
    return tuple(round(value * factor) if whole else value * factor for factor in factors)


def _label(value: Any) -> str:
    """A number for people.

    Example:
        >>> _label(0.9), _label(0.925), _label(40_000)
        ('0.90', '0.925', '40,000')
    """
    if value is None:
        return "none"
    if isinstance(value, int):
        return f"{value:,}"
    short = f"{value:.2f}"
    return short if float(short) == value else repr(value)


def _identifier(value: Number) -> str:
    """A number as part of a name.

    Example:
        >>> _identifier(0.95), _identifier(-1e-05)
        ('0_95', 'minus_1e_minus_05')
    """
    return repr(value).replace(".", "_").replace("-", "_minus_").replace("+", "").lstrip("_")
