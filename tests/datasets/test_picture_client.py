"""One request for a picture against a local server, and what it refuses."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator

import pytest

from clairo.core.errors import ConfigError
from clairo.datasets.picture_client import (
    Answer,
    BadAddressError,
    PictureClient,
    TooLargeError,
    TroubleError,
    web_address,
)
from clairo.datasets.picture_policy import PicturePolicy
from clairo.datasets.public_addresses import PrivateAddressError
from tests.datasets.file_server import Fault, FileServer

CONTENT = bytes(range(256)) * 40
LIMITS = {"silence_seconds": 20.0, "total_seconds": 20.0, "allow_private": True}


@pytest.fixture
def client() -> Iterator[PictureClient]:
    with PictureClient(PicturePolicy.model_validate(LIMITS)) as running:
        yield running


@pytest.fixture
def serving(server: FileServer) -> FileServer:
    server.files["/a.jpg"] = CONTENT
    return server


def _with(**settings: float | bool) -> PictureClient:
    return PictureClient(PicturePolicy.model_validate({**LIMITS, **settings}))


def test_all_bytes_of_a_success_arrive(serving: FileServer, client: PictureClient) -> None:
    answer = client.get(f"{serving.url}/a.jpg")
    assert (answer.status, answer.body) == (200, CONTENT)
    assert client.size(f"{serving.url}/a.jpg") == len(CONTENT)


def test_other_answers_are_told_without_their_body(
    serving: FileServer, client: PictureClient
) -> None:
    assert client.get(f"{serving.url}/absent").status == 404
    serving.faults["/a.jpg"] = Fault(status=429, retry_after="7")
    assert client.get(f"{serving.url}/a.jpg") == Answer(429, retry_after="7", num_bytes=0)
    assert client.size(f"{serving.url}/a.jpg") is None


def test_a_redirect_is_told_and_not_followed(serving: FileServer, client: PictureClient) -> None:
    serving.faults["/a.jpg"] = Fault(status=302, location="/b.jpg")
    assert client.get(f"{serving.url}/a.jpg").location == "/b.jpg"
    assert [path for _, path, _ in serving.requests] == ["/a.jpg"]


def test_a_body_that_ends_early_may_be_whole_the_next_time(
    serving: FileServer, client: PictureClient
) -> None:
    serving.faults["/a.jpg"] = Fault(drop_after=100)
    with pytest.raises(TroubleError, match="closed"):
        client.get(f"{serving.url}/a.jpg")


def test_a_silent_server_is_waited_for_no_longer_than_allowed(serving: FileServer) -> None:
    serving.faults["/a.jpg"] = Fault(is_silent=True)
    with (
        _with(silence_seconds=0.1) as client,
        pytest.raises(TroubleError, match="the server fell silent"),
    ):
        client.get(f"{serving.url}/a.jpg")


@pytest.mark.parametrize("fault", [Fault(drips=True), Fault(drips_headers=True)])
def test_a_drip_of_bytes_ends_with_the_time_of_the_request(
    serving: FileServer, fault: Fault
) -> None:
    # Never silent for long, so the limit of silence alone would let it go on for ever.
    serving.faults["/a.jpg"] = fault
    with (
        _with(total_seconds=0.4) as client,
        pytest.raises(TroubleError, match=r"longer than 0.4 s|fell silent"),
    ):
        client.get(f"{serving.url}/a.jpg")


def test_a_picture_of_too_many_bytes_is_left(serving: FileServer) -> None:
    with _with(max_bytes=len(CONTENT)) as client:
        assert client.get(f"{serving.url}/a.jpg").body == CONTENT
    serving.faults["/a.jpg"] = Fault(states_no_length=True)
    with (
        _with(max_bytes=len(CONTENT) - 1) as client,
        pytest.raises(TooLargeError, match="may have 10,239 bytes"),
    ):
        client.get(f"{serving.url}/a.jpg")


def test_a_stated_length_that_is_too_large_is_believed_before_it_has_come(
    serving: FileServer,
) -> None:
    # Nothing would come after the first bytes, so waiting for the rest would take 20 s.
    serving.faults["/a.jpg"] = Fault(pause_after=10)
    with _with(max_bytes=100) as client, pytest.raises(TooLargeError):
        client.get(f"{serving.url}/a.jpg")


def test_a_private_host_is_not_asked_unless_allowed(serving: FileServer) -> None:
    with _with(allow_private=False) as client:
        with pytest.raises(PrivateAddressError, match=r"127.0.0.1 is at 127.0.0.1"):
            client.get(f"{serving.url}/a.jpg")
        with pytest.raises(PrivateAddressError):
            client.get(serving.url.replace("127.0.0.1", "localhost"))
        assert client.size(f"{serving.url}/a.jpg") is None
    assert serving.requests == []


def test_the_connection_goes_to_the_address_that_was_checked(
    serving: FileServer, client: PictureClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    original = socket.getaddrinfo

    def answer(host: str, port: int, *rest: int, **more: int) -> list[object]:
        asked.append(str(host))
        name = "127.0.0.1" if host == "shop.example" else host
        return list(original(name, port, *rest, **more))

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    url = serving.url.replace("127.0.0.1", "shop.example")
    assert client.get(f"{url}/a.jpg").body == CONTENT
    # The name is asked for once; what connects is given numbers.
    assert asked[0] == "shop.example"
    assert set(asked[1:]) <= {"127.0.0.1"}


def test_a_name_that_nobody_knows_is_trouble(client: PictureClient) -> None:
    with pytest.raises(TroubleError, match="is not known"):
        client.get(f"http://{'x' * 64}.example/a.jpg")


def test_a_port_where_nobody_listens_is_trouble(client: PictureClient) -> None:
    with pytest.raises(TroubleError, match="refused"):
        client.get("http://127.0.0.1:9/a.jpg")


@pytest.mark.parametrize("url", ["ftp://a.example/x", "http://", "http://[broken/x", "no address"])
def test_text_that_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(BadAddressError, match="is no web address"):
        web_address(url)


def test_spaces_and_foreign_letters_of_a_path_are_written_as_the_web_wants_them() -> None:
    assert web_address("http://a.example/I/51 é.jpg").raw_path == b"/I/51%20%C3%A9.jpg"


@pytest.fixture
def proxy(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> FileServer:
    server.files["http://shop.invalid/a.jpg"] = CONTENT
    monkeypatch.setenv("HTTP_PROXY", server.url.replace("http://", "http://ann:se%40cret@"))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    return server


def test_the_proxy_of_the_environment_is_asked_with_its_password(proxy: FileServer) -> None:
    with _with(allow_private=False) as client:
        assert client.get("http://shop.invalid/a.jpg").body == CONTENT
    login = base64.b64encode(b"ann:se@cret").decode()
    assert proxy.logins == [f"Basic {login}"]


def test_a_proxy_is_not_asked_for_a_private_host(proxy: FileServer) -> None:
    with _with(allow_private=False) as client:
        for host in ("10.0.0.1", "localhost"):
            with pytest.raises(PrivateAddressError):
                client.get(f"http://{host}/a.jpg")
    assert proxy.requests == []


def test_a_proxy_of_another_kind_is_a_usage_error(
    server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "socks5://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    with _with() as client, pytest.raises(ConfigError, match=r"http or https.*socks5"):
        client.get("http://shop.invalid/a.jpg")
