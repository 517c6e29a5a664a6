"""Items to vectors: one encoder per modality."""

from __future__ import annotations

from clairo.embeddings.base import EncoderConfig, ImageEncoderConfig, TextEncoderConfig
from clairo.embeddings.color_hog import ColorHogConfig
from clairo.embeddings.imported import ImportedImageConfig, ImportedTextConfig
from clairo.embeddings.lsa import LsaConfig
from clairo.embeddings.open_clip_encoder import OpenClipConfig
from clairo.embeddings.sentence_transformer import SentenceTransformerConfig
from clairo.embeddings.transformers_image import TransformersImageConfig

AnyTextEncoder = ImportedTextConfig | LsaConfig | SentenceTransformerConfig
"""The registry of text encoders: one member per method."""

AnyImageEncoder = ColorHogConfig | ImportedImageConfig | OpenClipConfig | TransformersImageConfig
"""The registry of image encoders: one member per method."""

__all__ = [
    "AnyImageEncoder",
    "AnyTextEncoder",
    "ColorHogConfig",
    "EncoderConfig",
    "ImageEncoderConfig",
    "ImportedImageConfig",
    "ImportedTextConfig",
    "LsaConfig",
    "OpenClipConfig",
    "SentenceTransformerConfig",
    "TextEncoderConfig",
    "TransformersImageConfig",
]
