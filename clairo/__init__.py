"""CLAIRO: reproducible experiments in multimodal generative recommendation."""

__version__ = "0.1.0"
