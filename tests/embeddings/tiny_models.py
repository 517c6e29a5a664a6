"""Random checkpoints of the architectures that encoders load, small enough for a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from clairo.core.torchvision_compat import prepare_torchvision

prepare_torchvision()

DIMS = 32
SIDE = 32
_VISION = {
    "hidden_size": DIMS,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": SIDE,
    "patch_size": 8,
}
_TEXT = {**_VISION, "vocab_size": 64, "max_position_embeddings": 16}
for _name in ("image_size", "patch_size"):
    del _TEXT[_name]


def save_image_model(kind: str, folder: Path) -> Path:
    """A vision model, or a text-image model, with the processor of its family."""
    model, processor = _image_model(kind)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _image_model(kind: str) -> tuple[Any, Any]:
    import transformers as tf

    torch.manual_seed(0)
    square = {"height": SIDE, "width": SIDE}
    if kind == "dinov2":
        config = tf.Dinov2Config(**{**_VISION, "mlp_ratio": 2})
        return tf.Dinov2Model(config), tf.BitImageProcessor(
            size={"shortest_edge": SIDE}, crop_size=square
        )
    if kind == "vit_without_pooler":
        model = tf.ViTModel(tf.ViTConfig(**_VISION), add_pooling_layer=False)
        return model, tf.ViTImageProcessor(size=square)
    if kind == "clip":
        clip = tf.CLIPConfig(text_config=_TEXT, vision_config=_VISION, projection_dim=24)
        return tf.CLIPModel(clip), tf.CLIPImageProcessor(
            size={"shortest_edge": SIDE}, crop_size=square
        )
    if kind == "clip_vision":
        return tf.CLIPVisionModel(tf.CLIPVisionConfig(**_VISION)), tf.CLIPImageProcessor(
            size={"shortest_edge": SIDE}, crop_size=square
        )
    if kind == "siglip":  # also the architecture of SigLIP 2 at a fixed resolution
        siglip = tf.SiglipConfig(text_config=_TEXT, vision_config=_VISION)
        return tf.SiglipModel(siglip), tf.SiglipImageProcessor(size=square)
    assert kind == "siglip2_naflex"
    vision = {**_VISION, "num_patches": 16}
    del vision["image_size"]
    naflex = tf.Siglip2Config(text_config=_TEXT, vision_config=vision)
    return tf.Siglip2Model(naflex), tf.Siglip2ImageProcessor(patch_size=8, max_num_patches=16)


def save_qwen3(folder: Path) -> Path:
    """The parts of Qwen3-Embedding: a decoder, the last token's vector, and named prompts."""
    import transformers as tf
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import (
        Normalize,
        Pooling,
        Transformer,
    )

    torch.manual_seed(0)
    config = tf.Qwen3Config(
        vocab_size=300,
        hidden_size=DIMS,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        max_position_embeddings=128,
    )
    tf.Qwen3Model(config).to(torch.bfloat16).save_pretrained(folder / "plain")
    _tokenizer("<|endoftext|>", padding_side="left").save_pretrained(folder / "plain")
    transformer = Transformer(str(folder / "plain"))
    parts = [transformer, Pooling(DIMS, pooling_mode="lasttoken"), Normalize()]
    prompts = {"query": "Instruct: find it\nQuery:", "document": ""}
    SentenceTransformer(modules=parts, prompts=prompts).save(str(folder / "whole"))
    return folder / "whole"


def save_t5_encoder(folder: Path) -> Path:
    """The parts of Sentence-T5: an encoder, the mean of its tokens, a dense layer."""
    import transformers as tf
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Dense
    from sentence_transformers.sentence_transformer.modules import (
        Normalize,
        Pooling,
        Transformer,
    )

    torch.manual_seed(0)
    config = tf.T5Config(vocab_size=300, d_model=DIMS, d_kv=16, d_ff=64, num_layers=2, num_heads=2)
    tf.T5EncoderModel(config).save_pretrained(folder / "plain")
    _tokenizer("</s>").save_pretrained(folder / "plain")
    dense = Dense(DIMS, 24, bias=False, activation_function=torch.nn.Identity())
    parts = [Transformer(str(folder / "plain")), Pooling(DIMS, pooling_mode="mean"), dense]
    SentenceTransformer(modules=[*parts, Normalize()]).save(str(folder / "whole"))
    return folder / "whole"


def _tokenizer(end: str, padding_side: str = "right") -> Any:
    """A tokenizer of bytes, which needs no vocabulary file."""
    import transformers as tf
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    letters = {letter: place for place, letter in enumerate([end, *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=letters, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tf.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=end,
        eos_token=end,
        padding_side=padding_side,
        model_max_length=64,
    )
