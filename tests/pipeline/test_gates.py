import pytest

from clairo.pipeline.gates import Gates

CODES = {"collision_rate": 0.2, "usage_min": 0.5}


@pytest.mark.parametrize(
    ("gates", "says"),
    [
        (Gates(), None),
        (Gates(max_collision_rate=0.2, min_codebook_usage=0.5), None),
        (Gates(max_collision_rate=0.1), "collision rate 0.200 is above the gate 0.1"),
        (Gates(min_codebook_usage=0.9), "codebook usage 0.500 is below the gate 0.9"),
    ],
)
def test_codes_pass_or_the_limit_they_break_is_named(gates, says):
    assert gates.check_codes(CODES) == says


def test_tokens_pass_or_the_limit_they_break_is_named():
    assert Gates(max_tokens_per_item=3).check_tokens({"tokens_per_item": 3.0}) is None
    why = Gates(max_tokens_per_item=3).check_tokens({"tokens_per_item": 3.5})
    assert why == "3.50 tokens per item are above the gate 3"
