"""Bad input at the real command line: one clear message, the right exit code, nothing half-made."""

from __future__ import annotations

import errno
import gzip
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clairo.cli import main
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.reader import list_sweeps, read_sweep
from clairo.workflows.locations import tracking_config
from tests.datasets.amazon_files import picture, put_picture, write_amazon

pytestmark = [
    # MLflow's metric requests and optuna's sqlite sessions end with the process they belong to.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

REPOSITORY = Path(__file__).resolve().parents[2]
NOBODY = "http://127.0.0.1:9"
TINY = """
about: A model of seconds.
fusion: {kind: text_only}
model: {epochs: 2, max_examples: 200, d_model: 16, d_ff: 16, num_heads: 1, d_kv: 16,
        num_layers: 1, num_decoder_layers: 1, valid_users: 30}
evaluation: {max_users: 30, ensemble: 1, num_beams: 10, top_k: 10}
quantization: {codebook_size: 16, restarts: 1}
merging: {num_merges: {choice: [0, 2, 4, 6, 8, 10]}}
"""


@dataclass(frozen=True)
class Answer:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    def require_one_message(self, code: int, *words: str) -> None:
        """One line with a rule, a value and a cure, and nothing of our insides."""
        assert self.code == code, self
        assert len(self.err.strip().splitlines()) == 1, self.err
        assert "Traceback" not in self.err
        assert "not foreseen" not in self.err
        for word in words:
            assert word in self.err


Clairo = Callable[..., Answer]


@pytest.fixture
def clairo(
    tmp_path: Path,
    folders: Folders,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Clairo:
    """Runs ``clairo sweep`` in this process, on local workers and without the network."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, data: Path | None = None, out: Path | None = None) -> Answer:
        given = ("--data", str(data), "--category", "Gift_Cards") if data else ()
        plain = ("--executor", "local", "--workers", "1", "--no-fetch", "--no-ablate")
        places = ("--out", str(out or folders.out), "--reports", str(tmp_path / "reports"))
        monkeypatch.setattr(sys, "argv", ["clairo", "sweep", *plain, *places, *given, *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Answer(int(ended.value.code or 0), said.out, said.err)

    return run


@dataclass(frozen=True)
class Folders:
    """Places that the tests of this file share, because a tracking database takes seconds."""

    out: Path
    data: Path
    space: Path

    @property
    def tracking(self) -> TrackingConfig:
        return tracking_config(self.out, None)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    root = tmp_path_factory.mktemp("bad_input")
    space = root / "tiny.yaml"
    space.write_text(TINY)
    write_amazon(root / "data", histories([7] * 60), items(40))
    return Folders(root / "out", root / "data", space)


def histories(lengths: Sequence[int], num_items: int = 40) -> list[tuple[str, str, int]]:
    """Reviews of users who walk through the items."""
    draw = random.Random(0)
    starts = [draw.randrange(num_items) for _ in lengths]
    return [
        (f"user{user}", f"item{(start + step * (1 + user % 3)) % num_items}", step)
        for user, (start, length) in enumerate(zip(starts, lengths, strict=True))
        for step in range(length)
    ]


def items(count: int, title: Callable[[int], str] | None = None) -> list[dict[str, Any]]:
    """Metadata with texts that differ."""
    draw = random.Random(1)
    words = ["red", "blue", "cup", "tea", "pot", "lid", "card", "dog", "cat", "knife", "fork"]
    named = title or (lambda _: " ".join(draw.sample(words, 3)))
    return [
        {"asin": f"item{i}", "title": named(i), "description": [" ".join(draw.choices(words, k=8))]}
        for i in range(count)
    ]


class TestUsage:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--category", "beutty"), ("got 'beutty'", "did you mean beauty")),
            (("--category", "atomic/x"), ("must name a folder of", "got 'x'")),
            (("--category", "luxury", "--release", "2023"), ("got RELEASE=2023", "choose one")),
            (("--release", "1999"), ("RELEASE must be one of 2014, 2018, 2023, got '1999'",)),
            (("--profile", "huge"), ("PROFILE must be one of quick, paper, got 'huge'",)),
            (("--space", "missing.yaml"), ("got 'missing.yaml'", "give one of these names")),
            (("--time-budget", "abc"), ("TIME_BUDGET must be a positive time", "got 'abc'")),
            (("--trials", "0"), ("TRIALS must be at least 1, got 0",)),
            (("--workers", "9999"), ("WORKERS on this machine", "got 9999; lower it")),
            (("--reports", "/proc/x"), ("The folder of reports must be", "--reports /path")),
            (("--out", "/proc/x"), ("OUT must be a folder that can be written to, got /proc/x",)),
        ],
    )
    def test_a_wrong_variable_is_one_message_and_makes_nothing(
        self, clairo: Clairo, tmp_path: Path, arguments: tuple[str, ...], words: tuple[str, ...]
    ) -> None:
        answer = clairo(*arguments, out=tmp_path / "out")
        answer.require_one_message(2, *words)
        assert not list(tmp_path.glob("out/*"))

    @pytest.mark.parametrize(
        ("lines", "words"),
        [
            ("fusoin: {kind: concat}", ("fusoin",)),
            ("fusion: {kind: average}", ("average", "concat")),
            ("reduction: {kind: pca, variance: 1.5}", ("reduction", "1.5")),
            ("fusion: {kind: concat}\nquantization: {codebooks: separate}", ("separate", "concat")),
            ("quantization: {codebook_size: 100}", ("100",)),
            ("fusion: [", ("YAML",)),
            ("gates: {max_collision_rate: 7}", ("max_collision_rate", "7")),
        ],
    )
    def test_a_space_that_cannot_be_searched_is_refused_before_the_data_is_read(
        self, clairo: Clairo, tmp_path: Path, lines: str, words: tuple[str, ...]
    ) -> None:
        space = tmp_path / "mine.yaml"
        space.write_text(f"merging: {{num_merges: {{choice: [0, 10]}}}}\n{lines}\n")
        answer = clairo("--space", str(space), out=tmp_path / "out")
        answer.require_one_message(2, "mine.yaml", *words)
        assert not list(tmp_path.glob("out/*"))


class TestData:
    @pytest.mark.parametrize(
        ("name", "content", "words"),
        [
            ("Gift_Cards_5.json.gz", None, ("needs a reviews file, which is not there", "http")),
            ("meta_Gift_Cards.json.gz", None, ("needs a metadata file, which is not there",)),
            ("Gift_Cards_5.json.gz", b"", ("it is empty; fetch it again",)),
            ("Gift_Cards_5.json.gz", b"<html>", ("must be a gzip file", "delete it")),
            ("Gift_Cards_5.json.gz", gzip.compress(b"hello\n"), ("line 1", "one JSON object")),
            ("meta_Gift_Cards.json.gz", gzip.compress(b"[1]\n"), ("line 1", "got [1]")),
            ("meta_Gift_Cards.json.gz", "half", ("ends early after line", "fetch it again")),
        ],
    )
    def test_a_file_that_is_missing_or_damaged_is_named(
        self,
        clairo: Clairo,
        folders: Folders,
        tmp_path: Path,
        name: str,
        content: bytes | str | None,
        words: tuple[str, ...],
    ) -> None:
        config = write_amazon(tmp_path, histories([7] * 60), items(40))
        file, whole = config.folder / name, (config.folder / name).read_bytes()
        file.unlink()
        if content is not None:
            file.write_bytes(whole[: len(whole) // 2] if isinstance(content, str) else content)
        before = entries(folders)
        clairo(data=tmp_path).require_one_message(1, name, *words)
        # The reviews may have been read before the metadata was found to be damaged.
        assert [entry for entry in entries(folders) if "interactions" not in entry] == [
            entry for entry in before if "interactions" not in entry
        ]

    @pytest.mark.parametrize("length", [1, 2, 3])
    def test_histories_too_short_to_ask_anyone_are_refused_before_any_trial(
        self, clairo: Clairo, tmp_path: Path, length: int
    ) -> None:
        write_amazon(tmp_path, histories([length] * 30), items(40))
        answer = clairo(data=tmp_path)
        answer.require_one_message(1, "at least 4 interactions", f"of 30 users has {length}")

    def test_fewer_items_than_centroids_leave_the_space_with_nothing(
        self, clairo: Clairo, folders: Folders, tmp_path: Path
    ) -> None:
        write_amazon(tmp_path, histories([5, 5], num_items=5), items(5))
        answer = clairo("--space", str(folders.space), data=tmp_path)
        answer.require_one_message(2, "quantization.codebook_size", "got 16", "use other data")

    def test_files_that_cannot_be_fetched_are_named_with_address_and_place(
        self, monkeypatch: pytest.MonkeyPatch, clairo: Clairo, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("CLAIRO_AMAZON_MIRROR", f"{NOBODY},only")
        started = time.monotonic()
        answer = clairo("--category", "toys", "--fetch", "--data", str(tmp_path / "data"))
        assert time.monotonic() - started < 20
        place = "data/amazon/2014/Toys_and_Games/meta_Toys_and_Games.json.gz"
        answer.require_one_message(1, f"{NOBODY}/2014/Toys_and_Games/", place, "could not be")

    def test_what_is_wrong_with_single_items_is_counted_and_the_sweep_runs(
        self, clairo: Clairo, folders: Folders, tmp_path: Path
    ) -> None:
        def title(item: int) -> str:
            return f"<script>alert({item})</script> [bold red]x[/bold] \"'& {item % 7}"

        lengths = [1, 2, *[7] * 50]
        config = write_amazon(tmp_path, histories(lengths), items(40, title)[::2])
        for item in range(40):
            whole = picture(f"#{item * 6:02x}8040")
            put_picture(config, f"item{item}.jpg", whole if item % 4 else whole[:200])
        answer = clairo("--space", str(folders.space), "--trials", "1", data=tmp_path)
        assert answer.code == 0, answer
        assert "20 of 40 items (50%) have no metadata." in answer.out
        assert "10 pictures do not decode and count as missing." in answer.out
        pages = list(tmp_path.glob("reports/*/*.html"))
        assert pages
        assert not any("<script>alert" in page.read_text() for page in pages)


class TestServices:
    def test_an_mlflow_that_does_not_answer_is_named(self, clairo: Clairo) -> None:
        answer = clairo("--tracking-uri", NOBODY)
        answer.require_one_message(1, f"MLflow must answer at {NOBODY}", "MLFLOW_TRACKING_URI")

    @pytest.mark.parametrize("address", ["127.0.0.1:9", "nonsense"])
    def test_a_ray_that_does_not_answer_is_named_before_anything_is_made(
        self, clairo: Clairo, tmp_path: Path, address: str
    ) -> None:
        answer = clairo("--executor", "ray", "--ray-address", address, out=tmp_path / "out")
        answer.require_one_message(1, address, "RAY_ADDRESS")
        assert not list(tmp_path.glob("out/*"))

    def test_weights_that_cannot_be_had_are_said_before_any_trial(
        self, clairo: Clairo, folders: Folders, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", NOBODY)
        space = folders.space.with_name("weights.yaml")
        model = "{kind: sentence_transformer, model: nobody/has-this}"
        space.write_text(f"{TINY}\ntext: {model}\n")
        folders.tracking.prepare()
        before = len(list_sweeps(folders.tracking))
        answer = clairo("--space", str(space), data=folders.data)
        answer.require_one_message(1, "nobody/has-this", f"{NOBODY} does not answer", "lsa")
        assert len(list_sweeps(folders.tracking)) == before


class TestTrials:
    def test_a_failure_that_all_trials_share_is_said_once_and_tried_again_next_time(
        self, clairo: Clairo, folders: Folders, tmp_path: Path
    ) -> None:
        same = [{"asin": f"item{i}", "title": "same"} for i in range(40)]
        write_amazon(tmp_path, histories([7] * 60), same)
        for _ in range(2):
            answer = clairo(
                "--space", str(folders.space), "--trials", "6", data=tmp_path, out=folders.out
            )
            answer.require_one_message(1, "got none of 4", "vectors that differ", "choose")
            assert answer.out.count("vectors that differ") == 1
        record = read_sweep(folders.tracking)
        assert [trial.state for trial in record.trials] == ["failed"] * 4
        assert list_sweeps(folders.tracking)[0].state == "failed"

    def test_a_disk_that_fills_up_ends_the_sweep_and_it_goes_on_when_there_is_room(
        self, clairo: Clairo, folders: Folders, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from clairo.merging.tokenizer import Tokenizer

        save, saved = Tokenizer.save, []

        def save_until_full(tokenizer: Tokenizer, folder: Path) -> None:
            if ".writing" in str(folder):
                saved.append(folder)
                # The first trial writes the longest vocabulary and its own, cut from it.
                if len(saved) > 2:
                    (folder / "half").write_text("half")
                    raise OSError(errno.ENOSPC, "No space left on device")
            save(tokenizer, folder)

        arguments = ("--space", str(folders.space), "--trials", "2", "--seed", "5")
        with monkeypatch.context() as patch:
            patch.setattr(Tokenizer, "save", save_until_full)
            answer = clairo(*arguments, data=folders.data)
        answer.require_one_message(1, "needs free space", "Everything finished before is kept")
        record = read_sweep(folders.tracking)
        assert [trial.state for trial in record.trials] == ["complete", "killed"]
        assert not list(folders.out.glob("store/*/.writing-*"))

        answer = clairo(*arguments, data=folders.data)
        assert answer.code == 0, answer
        assert f"sweep {record.summary.sweep_id} goes on" in answer.out
        record = read_sweep(folders.tracking)
        found = [trial.state for trial in record.trials if trial.role == "search"]
        assert found == ["complete", "complete"]

    def test_a_disk_too_small_for_the_database_leaves_none(self, tmp_path: Path) -> None:
        script = (
            "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000));"
            "from clairo.cli import main; main()"
        )
        command = [sys.executable, "-c", script, "sweep", "--out", str(tmp_path)]
        ended = subprocess.run(
            command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False
        )
        answer = Answer(ended.returncode, ended.stdout, ended.stderr)
        answer.require_one_message(1, "mlflow.db", "choose another OUT")
        assert not list(tmp_path.glob("*mlflow.db*new*"))
        assert not (tmp_path / "mlflow.db").exists()


@pytest.fixture
def silent_server() -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_ctrl_c_while_data_is_fetched_says_how_to_go_on(tmp_path: Path, silent_server: str) -> None:
    command = [sys.executable, "-m", "clairo", "sweep", "--category", "toys"]
    places = ["--data", str(tmp_path / "data"), "--out", str(tmp_path / "out")]
    process = subprocess.Popen(
        [*command, *places],
        cwd=REPOSITORY,
        env={**os.environ, "CLAIRO_AMAZON_MIRROR": f"{silent_server},only"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    assert "fetching from" in first
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Stopped." in out
    assert "make sweep CATEGORY=toys" in out
    assert err == ""
    assert not list(tmp_path.glob("data/**/*.json.gz"))


def entries(folders: Folders) -> list[str]:
    """What the store holds, locks aside."""
    found = folders.out.glob("store/*/*")
    return sorted(json.dumps(path.parts[-2:]) for path in found if path.parts[-2] != ".locks")
