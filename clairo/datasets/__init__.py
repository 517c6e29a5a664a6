"""Raw files, or a generator, to items, histories and splits.

The registry of the family: one import and one member of :data:`AnyDataset` per kind.
"""

from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.atomic import AtomicConfig
from clairo.datasets.base import DatasetConfig
from clairo.datasets.demo import DemoConfig
from clairo.datasets.lcrec import LcrecConfig

AnyDataset = DemoConfig | AmazonConfig | AtomicConfig | LcrecConfig

__all__ = [
    "AmazonConfig",
    "AnyDataset",
    "AtomicConfig",
    "DatasetConfig",
    "DemoConfig",
    "LcrecConfig",
]
