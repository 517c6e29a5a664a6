"""How names and numbers are printed: metric labels, digits, durations, shares."""

from __future__ import annotations

import math
import textwrap
import unicodedata
from collections.abc import Sequence
from typing import Any

DASH = "–"
"""Printed where there is no number."""

_SETTINGS = {
    "reduction": "PCA",
    "fusion.variance": "PCA variance after fusion",
    "fusion.normalize": "normalised before fusion",
    "reduction.variance": "PCA variance",
    "quantization": "quantiser",
    "quantization.num_codebooks": "codebooks",
    "quantization.codebook_size": "codebook size",
    "quantization.modalities": "codes used",
    "merging.num_merges": "merges",
    "merging.cross_modal_share": "crossing quota",
    "merging.modality_first": "merges before crossing",
    "merging.modality_weights": "modality weights",
    "merging.modality_weights.text": "text weight",
    "merging.modality_weights.image": "image weight",
    "merging.modality_weights.text_image": "text-image weight",
    "merging.counting": "counting",
    "model.segmentation": "segmentation",
    "evaluation.ensemble": "ensemble",
}
"""Settings that people know under another name than the configuration's."""


def setting_label(key: str) -> str:
    """A dotted setting as people call it; other settings as words, without a ``kind`` at the end.

    Example:
        >>> setting_label("quantization.num_codebooks"), setting_label("fusion.kind")
        ('codebooks', 'fusion')
        >>> setting_label("model.batch_size")
        'model batch size'
    """
    short = key.removesuffix(".kind")
    return _SETTINGS.get(short, short.replace(".", " ").replace("_", " "))


def wrapped(text: str, width: int = 15) -> tuple[str, ...]:
    """Lines of at most so many letters, broken between words; a longer word has its own line.

    Example:
        >>> wrapped("PCA variance after fusion")
        ('PCA variance', 'after fusion')
    """
    return tuple(textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False))


def capitalised(text: str) -> str:
    """A text with a capital first letter and all others as they are.

    Example:
        >>> capitalised("text reduction by PCA")
        'Text reduction by PCA'
    """
    return text[:1].upper() + text[1:]


_CONTROLS = str.maketrans("", "", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_ISOLATE, _END = "\u2068", "\u2069"


def isolated(name: str) -> str:
    """A name that leaves the order of what stands around it alone.

    A right-to-left name would turn the numbers after it around, and a minus with them.

    Example:
        >>> isolated("Text only"), isolated("\u05e9\u05dc") == "\u2068\u05e9\u05dc\u2069"
        ('Text only', True)
    """
    plain = name.translate(_CONTROLS)
    turns = any(unicodedata.bidirectional(character) in ("R", "AL", "AN") for character in plain)
    return f"{_ISOLATE}{plain}{_END}" if turns else plain


def without_controls(text: str) -> str:
    """Text without marks of direction, for files in which they are only in the way."""
    return text.translate(_CONTROLS)


def shortened(name: str, limit: int = 48) -> str:
    """A name that fits above a row of a figure.

    Example:
        >>> shortened("a very long name", 8)
        'a very …'
    """
    return name if len(name) <= limit else name[: limit - 1] + "…"


def digits_for(error: float | None, default: int = 4) -> int:
    """Decimals that a value deserves: one more than its standard error justifies.

    Example:
        >>> digits_for(0.0012), digits_for(None), digits_for(0.3)
        (4, 4, 2)
    """
    if error is None or error <= 0 or not math.isfinite(error):
        return default
    return min(6, max(1, 1 - math.floor(math.log10(error))))


def number(value: float | None, digits: int = 4, signed: bool = False) -> str:
    """A number with a true minus sign, or a dash where there is none.

    Example:
        >>> number(-0.01234), number(0.5, 2, signed=True), number(None)
        ('−0.0123', '+0.50', '–')
    """
    if value is None or not math.isfinite(value):
        return DASH
    text = f"{value:+,.{digits}f}" if signed else f"{value:,.{digits}f}"
    return text.replace("-", "−")


def with_error(value: float | None, error: float | None, digits: int | None = None) -> str:
    """A mean with its standard error.

    Example:
        >>> with_error(0.04213, 0.0012), with_error(0.04213, None)
        ('0.0421 ± 0.0012', '0.0421')
    """
    digits = digits_for(error) if digits is None else digits
    return number(value, digits) + (f" ± {number(error, digits)}" if error is not None else "")


def percent(share: float | None, digits: int = 0, signed: bool = False) -> str:
    """A share in percent.

    Example:
        >>> percent(0.256), percent(-0.1234, 1, signed=True), percent(None)
        ('26 %', '−12.3 %', '–')
    """
    return DASH if share is None else f"{number(100 * share, digits, signed)} %"


def share_label(share: float) -> str:
    """A share in percent that is 0 or 100 only where it is none or all.

    Example:
        >>> share_label(1.0), share_label(0.78), share_label(0.9987), share_label(1e-9)
        ('100 %', '78 %', '99.9 %', '< 0.001 %')
    """
    for digits in range(4):
        shown = round(100 * share, digits)
        if share in (0.0, 1.0) or 0.0 < shown < 100.0:
            return percent(share, digits)
    return "< 0.001 %" if share < 0.5 else "> 99.999 %"


def duration(seconds: float) -> str:
    """Seconds in the units people use.

    Example:
        >>> duration(0.24), duration(42.4), duration(252), duration(7320)
        ('0.2 s', '42 s', '4 min 12 s', '2 h 2 min')
    """
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def p_value(p: float | None) -> str:
    """A p-value to three decimals, never rounded to zero.

    Example:
        >>> p_value(0.0004), p_value(0.04), p_value(None)
        ('< 0.001', '0.040', '–')
    """
    if p is None:
        return DASH
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def setting_value(value: Any) -> str:
    """A setting's value as printed in tables and on axes.

    Example:
        >>> setting_value(0.95), setting_value("opq"), setting_value(None), setting_value(1e-3)
        ('0.95', 'opq', 'none', '0.001')
    """
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def sentence_list(names: Sequence[str]) -> str:
    """Names joined as in a sentence.

    Example:
        >>> sentence_list(["text", "image", "both"])
        'text, image and both'
    """
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def plural(count: int, noun: str) -> str:
    """A count with its noun.

    Example:
        >>> plural(1, "trial"), plural(1200, "user")
        ('1 trial', '1,200 users')
    """
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
