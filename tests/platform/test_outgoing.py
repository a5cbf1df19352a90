"""Webhooks out: what may be reached, by every hop, in bounded time and size (TRUST)."""

import time
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import pytest
from formloom.errors import ExternalFailure
from formloom.outgoing import Outgoing, is_public, may_reach, parse_address, parse_network
from hypothesis import given
from hypothesis import strategies as st

from tests.platform.receivers import Got, Receiver, certificate, plain, receiver

HERE = (parse_network("127.0.0.1"),)
"""Tests allow loopback by the setting that operators of intranets use."""

NEVER = [
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",  # noqa: S104  an address to refuse
    "0.1.2.3",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.127.255.255",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "192.88.99.1",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "3fff::1",
    "100::1",
]


@pytest.mark.parametrize("text", NEVER)
def test_never_by_default(text: str) -> None:
    assert not may_reach(parse_address(text), ())


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:800::200e"])
def test_the_open_internet(text: str) -> None:
    assert may_reach(parse_address(text), ())


@given(st.integers(0, 2**32 - 1), st.sampled_from(["::ffff:0:0", "::", "64:ff9b::", "::ffff:0:0:0"]))
def test_no_disguise_of_an_address_is_public(number: int, prefix: str) -> None:
    assert not is_public(IPv6Address(int(IPv6Address(prefix)) | number))


@given(st.integers(0, 2**32 - 1))
def test_what_python_calls_private_is_never_public(number: int) -> None:
    address = IPv4Address(number)
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        assert not is_public(address)


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


def refusal(url: str, client: Outgoing | None = None, method: str = "POST", body: bytes = b"{}") -> str:
    with pytest.raises(ExternalFailure) as refused:
        (client or Outgoing()).request(method, url, body)
    assert "secret" not in str(refused.value)
    return refused.value.code


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",  # noqa: S104  an address to refuse
    ],
)
def test_nothing_reaches_this_machine(server: Receiver, host: str) -> None:
    assert refusal(f"https://{host}:{server.port}/secret") == "address_not_allowed"
    assert refusal(f"http://{host}:{server.port}/secret") == "address_not_allowed"
    assert server.got == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/",
        "gopher://127.0.0.1:25/_HELO",
        "https://secret:word@example.com/",
        "https://example.com\\@127.0.0.1/",
        "https://exa mple.com/",
        "https:///path",
        "//example.com",
        "https://example.com:99999/",
        "https://例子.com/",
        "https://example.com/\r\nX: y",
        "https://" + "a" * 3000,
        "",
    ],
)
def test_what_is_no_plain_address(url: str) -> None:
    assert refusal(url) == "address_malformed"


def test_http_only_where_the_operator_says_so(server: Receiver) -> None:
    answer = Outgoing(HERE).request("POST", f"{server.url}/hook?x=1", b'{"a":1}', {"Content-Type": "application/json"})
    assert (answer.status, answer.body) == (200, b"{}")
    (got,) = server.got
    assert (got.method, got.path, got.body) == ("POST", "/hook?x=1", b'{"a":1}')
    assert got.headers["host"] == f"127.0.0.1:{server.port}"
    public = Outgoing(resolve=lambda *_: ["8.8.8.8"])
    assert refusal("http://example.com/", public) == "address_not_https"


def test_one_bad_address_of_a_name_is_enough() -> None:
    mixed = Outgoing(resolve=lambda *_: ["8.8.8.8", "127.0.0.1"])
    assert refusal("https://example.com/", mixed) == "address_not_allowed"


def test_a_name_that_changes_its_mind_gains_nothing(server: Receiver) -> None:
    """Asked once; the connection goes to what was checked."""
    asked: list[str] = []

    def rebinding(host: str, _: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    answer = Outgoing(HERE, resolve=rebinding).request("GET", f"http://rebind.test:{server.port}/")
    assert (answer.status, asked) == (200, ["rebind.test"])
    assert server.got[0].headers["host"] == f"rebind.test:{server.port}"


@pytest.mark.parametrize("where", ["http://127.0.0.2:{port}/", "http://169.254.169.254/latest/", "file:///etc/passwd"])
@pytest.mark.parametrize("status", [307, 308])
def test_each_hop_is_checked(server: Receiver, where: str, status: int) -> None:
    with receiver() as inner:
        server.reply = plain(status, Location=where.format(port=inner.port))
        code = refusal(server.url, Outgoing(HERE))
        assert code == ("address_malformed" if where.startswith("file") else "address_not_allowed")
        assert inner.got == []


def test_a_redirect_within_what_is_allowed(server: Receiver) -> None:
    with receiver() as other:
        server.reply = plain(307, Location=f"{other.url}/there")
        headers = {"Authorization": "secret", "X-Key": "secret", "webhook-id": "msg_1"}
        assert Outgoing(HERE).request("POST", server.url, b"{}", headers).status == 200
        (got,) = other.got
        assert (got.path, got.body, got.headers.get("webhook-id")) == ("/there", b"{}", "msg_1")
        assert not {"authorization", "x-key"} & got.headers.keys()


def test_a_redirect_that_would_lose_the_body(server: Receiver) -> None:
    server.reply = plain(302, Location="/other")
    assert refusal(server.url, Outgoing(HERE)) == "redirect_not_followed"
    server.reply = plain(307, Location="/again")
    assert refusal(server.url, Outgoing(HERE)) == "too_many_redirects"
    assert len(server.got) == 1 + 4


def test_at_most_so_many_bytes(server: Receiver) -> None:
    server.reply = plain(body=b"x" * 2_000)
    assert refusal(server.url, Outgoing(HERE, most_bytes=1_999)) == "answer_too_large"
    assert len(Outgoing(HERE, most_bytes=2_000).request("GET", server.url).body) == 2_000


def test_an_endless_answer_ends(server: Receiver) -> None:
    def endless(_: Got, handler: Any) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65536)

    server.reply = endless
    assert refusal(server.url, Outgoing(HERE)) == "answer_too_large"


@pytest.mark.parametrize("slow", ["silent", "headers", "body"])
def test_a_receiver_that_trickles_holds_nobody(server: Receiver, slow: str) -> None:
    done = []

    def trickle(_: Got, handler: Any) -> None:
        beginning = {"silent": b"", "headers": b"HTTP/1.1 200 OK\r\nX: ", "body": b"HTTP/1.1 200 OK\r\n\r\n"}[slow]
        handler.wfile.write(beginning)
        for _count in range(200):
            time.sleep(0.02)  # the receiver is what is slow here
            if slow != "silent":
                handler.wfile.write(b"x")
                handler.wfile.flush()
        done.append(True)

    server.reply = trickle
    began = time.monotonic()
    assert refusal(server.url, Outgoing(HERE, seconds=0.3)) == "took_too_long"
    assert time.monotonic() - began < 2


def test_a_resolver_that_is_silent_holds_nobody() -> None:
    slow = Outgoing(seconds=0.1, resolve=lambda *_: time.sleep(3) or ["8.8.8.8"])  # type: ignore[func-returns-value]
    assert refusal("https://example.com/", slow) == "took_too_long"


def test_nobody_there(server: Receiver) -> None:
    assert refusal("http://127.0.0.1:1/", Outgoing(HERE)) == "not_reached"
    assert refusal("https://no-such-name.invalid/") == "name_unknown"
    server.reply = lambda _, handler: handler.wfile.write(b"nonsense\r\n\r\n")
    assert refusal(server.url, Outgoing(HERE)) == "answer_broken"


def test_no_proxy_of_the_environment(server: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert Outgoing(HERE).request("GET", server.url).status == 200


def test_the_name_is_checked_though_the_address_is_given(tmp_path: Path) -> None:
    """SNI, certificate and Host speak of the name; the connection goes to the checked address."""
    at_server, at_client = certificate(tmp_path, "hooks.test")
    with receiver(tls=at_server) as server:
        client = Outgoing(HERE, resolve=lambda *_: ["127.0.0.1"], trust=lambda: at_client)
        assert client.request("POST", f"https://hooks.test:{server.port}/", b"{}").status == 200
        assert server.names == ["hooks.test"]
        assert server.got[0].headers["host"] == f"hooks.test:{server.port}"
        assert refusal(f"https://other.test:{server.port}/", client) == "certificate_refused"
        untrusting = Outgoing(HERE, resolve=lambda *_: ["127.0.0.1"])
        assert refusal(f"https://hooks.test:{server.port}/", untrusting) == "certificate_refused"
