"""Generative recommenders: from token histories to ranked items.

The settings, the plain data they train on and the trie load in milliseconds; torch is
imported when something is trained or decoded.
"""

from __future__ import annotations

from clairo.modeling.data import Generated, TrainingData
from clairo.modeling.prefix_trie import PrefixTrie
from clairo.modeling.t5 import T5Config

AnyModel = T5Config
"""Every model a pipeline may name; a plain name while there is one, a union from the second."""

__all__ = ["AnyModel", "Generated", "PrefixTrie", "T5Config", "TrainingData"]
