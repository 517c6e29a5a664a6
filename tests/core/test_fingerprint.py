from clairo.core.fingerprint import Fingerprint, hash_file, hash_json, make_fingerprint

RAW = Fingerprint("raw", "file", "ab" * 32)


def make(**changes):
    given = {
        "stage": "fusion",
        "version": 1,
        "kind": "concat",
        "identity": {"kind": "concat", "normalize": True},
        "seed": None,
        "inputs": {"raw": RAW},
    }
    return make_fingerprint(**{**given, **changes})


def test_a_pinned_fingerprint_does_not_change_between_releases():
    # A promise: users' stores stay valid. Change it only with a note in the changelog.
    assert make().entry == "fusion/concat-613857ad0062e158"


def test_every_part_of_the_identity_matters():
    others = [
        make(stage="fusion2"),
        make(version=2),
        make(identity={"kind": "concat", "normalize": False}),
        make(seed=0),
        make(inputs={"raw": Fingerprint("raw", "file", "cd" * 32)}),
        make(inputs={"other": RAW}),
    ]
    digests = {make().digest, *(other.digest for other in others)}
    assert len(digests) == len(others) + 1


def test_key_order_does_not_matter():
    assert hash_json({"a": [1, 2], "b": None}) == hash_json({"b": None, "a": [1, 2]})


def test_a_file_is_named_by_its_content(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    (tmp_path / "b").write_bytes(b"x" * 3_000_000)
    assert hash_file(tmp_path / "a") == hash_file(tmp_path / "b")
