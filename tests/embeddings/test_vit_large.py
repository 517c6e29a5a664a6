"""ViT-L/14, the default image encoder, at its full size with random weights, on real photos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from clairo.core.torchvision_compat import prepare_torchvision
from clairo.embeddings import OpenClipConfig
from tests.contracts.encoder import RUNTIME, make_catalog

VIT_L_14_DIMS = 768
ARCHITECTURE = "ViT-L-14-quickgelu"


@pytest.mark.slow
@pytest.mark.shared
def test_vit_l_14_embeds_four_photos(shared: Path, tmp_path: Path) -> None:
    photos = sorted((shared / "data/amazon/2018/Gift_Cards/images").glob("*.jpg"))[:4]
    assert len(photos) == 4
    prepare_torchvision()
    import open_clip

    torch.manual_seed(0)
    model, _, preprocess = open_clip.create_model_and_transforms(ARCHITECTURE)
    weights = tmp_path / "vit_l_14.pt"  # 1.7 GB
    torch.save(model.state_dict(), weights)
    from PIL import Image

    with torch.inference_mode(), Image.open(photos[0]) as photo:
        wanted = model.eval().encode_image(preprocess(photo)[None], normalize=True).numpy()[0]
    del model
    try:
        config = OpenClipConfig(architecture=ARCHITECTURE, pretrained=str(weights))
        catalog = make_catalog([""] * 5, [*(photo.read_bytes() for photo in photos), None])
        table = config.encode(catalog, 0, RUNTIME)
    finally:
        weights.unlink()
    assert table.dims == VIT_L_14_DIMS
    assert table.present.tolist() == [True] * 4 + [False]
    np.testing.assert_allclose(np.linalg.norm(table.vectors[:4], axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(table.vectors[0], wanted, atol=1e-4)
    apart = np.abs(table.vectors[:4, None] - table.vectors[None, :4]).max(axis=2)
    assert (apart[~np.eye(4, dtype=bool)] > 1e-4).all()
