"""Our forward pass against ``T5ForConditionalGeneration`` with the same weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from clairo.core.errors import ArtifactError
from clairo.core.torchvision_compat import prepare_torchvision
from clairo.modeling.batching import make_batch
from clairo.modeling.interchange import (
    draw_weights,
    export_weights,
    fuse_weights,
    import_weights,
    published_config,
)
from clairo.modeling.layers import Dropout, relative_buckets, rms_normalize
from clairo.modeling.network import Architecture, T5Network
from clairo.modeling.trainer import batch_loss
from tests.modeling.small import TINY, random_rows

SHAPE = Architecture(
    vocab_size=60, d_model=24, d_kv=10, d_ff=40, num_heads=3, num_layers=3, num_decoder_layers=2
)
NOTHING = Dropout(0.0, (0,))


def _pair(shape: Architecture) -> tuple[T5Network, torch.nn.Module]:
    prepare_torchvision()
    from transformers import T5Config, T5ForConditionalGeneration

    weights = draw_weights(shape, seed=1)
    ours = T5Network(shape)
    import_weights(ours, weights)
    theirs = T5ForConditionalGeneration(T5Config(**published_config(shape), dropout_rate=0.0))
    theirs.load_state_dict(weights, strict=False)
    return ours, theirs


def test_loss_logits_and_gradients_equal_transformers() -> None:
    ours, theirs = _pair(SHAPE)
    # Longer than 16 and 32 tokens, so that logarithmic buckets take part.
    inputs = random_rows(2, 9, lengths=(1, 50), highest=58)
    targets = random_rows(3, 9, lengths=(1, 25), highest=58)
    batch = make_batch(inputs, targets, end_token=59)
    assert batch.padded is not None
    labels = torch.full_like(batch.prefixes, -100).flatten()
    labels[batch.label_rows] = batch.labels
    labels = labels.view_as(batch.prefixes)
    expected = theirs(input_ids=batch.inputs, attention_mask=(~batch.padded).long(), labels=labels)
    loss = batch_loss(ours, batch, NOTHING)
    assert loss.item() == pytest.approx(expected.loss.item(), abs=1e-5)

    with torch.no_grad():
        logits = ours.logits(ours.decode(batch.prefixes, ours.encode(batch.inputs, batch.padded)))
    real = labels != -100
    torch.testing.assert_close(logits[real], expected.logits[real], atol=1e-5, rtol=1e-4)

    loss.backward()
    expected.loss.backward()
    gradients = export_weights({n: p.grad for n, p in ours.named_parameters()}, SHAPE)
    named = dict(theirs.named_parameters())
    assert gradients.keys() == named.keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, named[name].grad, atol=1e-6, rtol=1e-3, msg=name)


def test_bfloat16_autocast_keeps_loss_and_gradients_finite_beside_padding() -> None:
    ours, _ = _pair(SHAPE)
    batch = make_batch(
        random_rows(2, 9, lengths=(1, 30), highest=58), random_rows(3, 9, highest=58), 59
    )
    exact = batch_loss(ours, batch, NOTHING).item()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = batch_loss(ours, batch, NOTHING)
    loss.backward()
    assert loss.item() == pytest.approx(exact, rel=0.02)
    assert all(torch.isfinite(p.grad).all() for p in ours.parameters() if p.grad is not None)


def test_cached_steps_equal_reading_the_whole_string() -> None:
    ours, _ = _pair(SHAPE)
    inputs = make_batch(random_rows(4, 3, lengths=(2, 7), highest=58), random_rows(5, 3), 59)
    tokens = torch.randint(1, 59, (3, 2, 6))
    with torch.no_grad():
        memory = ours.encode(inputs.inputs, inputs.padded)
        cache: list[torch.Tensor] = []
        for length in range(1, 7):
            stepped, cache = ours.step(tokens[:, :, length - 1], memory, cache)
            for beam in range(2):
                whole = ours.decode(tokens[:, beam, :length], memory)[:, -1]
                torch.testing.assert_close(stepped[:, beam], whole, atol=1e-5, rtol=1e-4)


def test_weights_survive_the_way_there_and_back() -> None:
    weights = draw_weights(TINY, seed=0)
    fused = fuse_weights(weights, TINY)
    for name, tensor in export_weights(fused, TINY).items():
        assert torch.equal(tensor, weights[name])


def test_drawing_weights_depends_on_the_seed_alone() -> None:
    torch.manual_seed(11)
    first = draw_weights(TINY, seed=5)["shared.weight"]
    torch.rand(1)
    assert torch.equal(first, draw_weights(TINY, seed=5)["shared.weight"])
    assert not torch.equal(first, draw_weights(TINY, seed=6)["shared.weight"])


def test_weights_that_do_not_fit_are_refused() -> None:
    weights = draw_weights(TINY, seed=0)
    with pytest.raises(ArtifactError, match="must fit the architecture"):
        import_weights(T5Network(SHAPE), {**draw_weights(SHAPE, 0), **weights})
    del weights["encoder.final_layer_norm.weight"]
    with pytest.raises(ArtifactError, match=r"encoder\.final_layer_norm\.weight and 0 others"):
        import_weights(T5Network(TINY), weights)


def test_the_norm_has_the_gradient_of_its_formula() -> None:
    torch.manual_seed(0)
    x = torch.randn(4, 5, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda t: rms_normalize(t, 1e-6), (x,))
    plain = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)
    torch.testing.assert_close(rms_normalize(x, 1e-6), plain)


def test_the_norm_of_zeros_is_finite() -> None:
    x = torch.zeros(2, 3, requires_grad=True)
    rms_normalize(x, 1e-6).sum().backward()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()


@given(rate=st.floats(0.0, 0.9))
@settings(max_examples=20, deadline=None)
def test_dropout_keeps_the_mean_and_drops_at_its_rate(rate: float) -> None:
    ones = torch.ones(40_000)
    kept = Dropout(rate, (1, 2))(ones)
    assert (kept == 0).float().mean().item() == pytest.approx(rate, abs=0.015)
    assert kept.mean().item() == pytest.approx(1.0, abs=0.1)


def test_dropout_draws_anew_at_every_call_and_alike_for_one_seed() -> None:
    ones = torch.ones(100)
    first, second = Dropout(0.5, (1,)), Dropout(0.5, (1,))
    one, other = first(ones), second(ones)
    assert torch.equal(one, other)
    assert not torch.equal(first(ones), one)
    added = second.add(torch.full((100,), 3.0), ones)
    assert set(added.tolist()) == {3.0, 5.0}
    assert Dropout(0.0, (1,))(ones) is ones


@pytest.mark.parametrize("bidirectional", [True, False])
def test_distances_fall_into_the_buckets_of_transformers(bidirectional: bool) -> None:
    prepare_torchvision()
    from transformers.models.t5.modeling_t5 import T5Attention

    here = torch.arange(200)
    distance = here[None, :] - here[:, None]
    theirs = T5Attention._relative_position_bucket(distance, bidirectional, 32, 128)
    ours = relative_buckets(here, here, 32, 128, bidirectional=bidirectional)
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
