"""What goes over the wire: whether it left decides, nothing is carried from call to call, all is bounded."""

import gzip
import itertools
import socket
import ssl
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import LazySettings
from django.test import Client as Browser
from django.urls import reverse

from orders.apis import names, transport
from orders.apis.errors import InDoubt, NotSent
from orders.models import Merchant
from tests.conftest import make_person, sign_in
from tests.support.emulation import Emulator
from tests.support.upstream import Piece, Upstream, answer

JSON = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.fixture(autouse=True)
def nothing_at_rest() -> None:
    transport.connections.cache_clear()


def ask(upstream: Upstream, method: str = "GET", key: str = "rk_live_one", seconds: float = 2.0) -> transport.Answer:
    deadline = time.monotonic() + seconds
    body = None if method == "GET" else b"{}"
    return transport.send(method, f"{upstream.address}/v2/x", headers={"x-api-key": key}, body=body, deadline=deadline)


# Whether anything left

LOCATIONS = (
    "https:pay/done",
    "mailto:a@b.example",
    "ftp://x/",
    "http://[",
    "http://xn--a/",
    "//\x7f",
    "https://" + "a" * 70000,
)
ODD_ANSWERS: dict[str, bytes] = {
    **{f"redirect to {place[:20]!r}": answer(b"{}", f"Location: {place}", status="302 Found") for place in LOCATIONS},
    "no HTTP": b"\x00\xff\r\n\r\n",
    "nothing": b"",
    "another version": b"HTTP/3.0 200 OK\r\n\r\n",
    "a status of none": b"HTTP/1.1 99999 OK\r\n\r\n",
    "two lengths": f"{JSON}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}".encode(),
    "a length of letters": f"{JSON}Content-Length: two\r\n\r\n{{}}".encode(),
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
    "a header of no name": b"HTTP/1.1 200 OK\r\n: x\r\n\r\n",
    "ten interim answers": b"HTTP/1.1 100 Continue\r\n\r\n" * 20,
    "a broken packing": answer(b"no gzip", "Content-Encoding: gzip"),
    "an unknown packing": answer(b"x", "Content-Encoding: br"),
    "a bad packing of two": answer(b"x", "Content-Encoding: gzip, gzip"),
    "a transfer of none": f"{JSON}Transfer-Encoding: gzip\r\n\r\n".encode(),
}  # fmt: skip


@pytest.mark.parametrize("sent", ODD_ANSWERS.values(), ids=ODD_ANSWERS.keys())
def test_after_the_first_byte_left_no_answer_makes_it_not_sent(sent: bytes) -> None:
    with Upstream([sent, 0.1, b""]) as upstream:
        with suppress(InDoubt):
            assert ask(upstream, "POST", seconds=0.3).status == 302
        assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://xn--a/",
        "http://a..b/",
        "http://" + "a" * 300,
        "ftp://x/",
        "//x",
        "http://[::",
        "http://x:99999",
        "http:///",
    ],
)
def test_a_host_that_is_no_name_is_not_sent(url: str) -> None:
    with pytest.raises(NotSent):
        transport.send("POST", url, headers={}, body=b"{}", deadline=time.monotonic() + 1)


def test_a_page_of_a_host_that_is_no_name_says_so(admin: Browser, settings: LazySettings) -> None:
    settings.REVKEEN_URLS = {"live": "http://xn--a", "test": "http://xn--a"}
    page = admin.get(reverse("order_list", args=["northwind", "live"]))
    assert page.status_code == 503
    assert "No connection to RevKeen" in page.content.decode()


def test_a_deadline_that_has_passed_sends_nothing() -> None:
    with Upstream(answer()) as upstream:
        ask(upstream)
        with pytest.raises(NotSent):  # on the connection that rests, too
            ask(upstream, seconds=-1)
        assert len(upstream.requests) == 1


def test_the_next_address_of_a_host_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def of_two(host: str, *args: Any, **kwargs: Any) -> Any:
        of_host = ("127.0.0.9", "127.0.0.1") if host == "localhost" else (host,)
        return [place for address in of_host for place in real(address, *args, **kwargs)]

    monkeypatch.setattr(names.socket, "getaddrinfo", of_two)
    with Upstream(answer()) as upstream:
        assert ask(upstream).status == 200


# Nothing is carried from one call to the next


@pytest.mark.parametrize("cookie", ["visitor=caf\xe9", "a=" + "b" * 70_000, "session=1; Path=/; Domain=localhost"])
def test_no_cookie_is_kept_or_sent(cookie: str) -> None:
    with Upstream(answer(b"{}", f"Set-Cookie: {cookie}"), answer()) as upstream:
        for key in ("rk_live_one", "rk_live_one", "rk_live_two"):
            assert ask(upstream, key=key).status == 200
        assert not [request for request in upstream.requests if b"cookie" in request.lower()]


def test_a_connection_serves_the_reads_of_one_key() -> None:
    with Upstream(answer()) as upstream:
        for key in ("rk_live_one", "rk_live_one", "rk_live_two", "rk_live_one"):
            ask(upstream, key=key)
        assert upstream.connections == 2


def test_a_change_goes_out_on_a_connection_of_its_own() -> None:
    with Upstream(answer()) as upstream:
        for method in ("GET", "POST", "GET", "POST"):
            ask(upstream, method)
        assert upstream.connections == 3


TWICE: dict[str, list[Piece]] = {
    "at once": [answer(b'"old"') * 2],
    "a little later": [answer(b'"old"'), 0.05, answer(b'"old"')],
    "one byte more": [answer(b'"old"') + b"\n"],
    "the end of the connection": [answer(b'"old"', "Connection: close")],
}


@pytest.mark.parametrize("pieces", TWICE.values(), ids=TWICE.keys())
def test_what_is_left_of_an_answer_is_never_the_next_one(pieces: list[Piece]) -> None:
    with Upstream(pieces, answer(b'"new"')) as upstream:
        assert ask(upstream).body == b'"old"'
        time.sleep(0.15)
        assert ask(upstream).body == b'"new"'
        assert upstream.connections == 2


def test_the_customers_of_one_merchant_are_never_shown_to_another(
    admin: Browser, kestrel: Merchant, emulator: Emulator
) -> None:
    other = sign_in(make_person("admin@kestrel.example", kestrel, "admin"))
    pages = {"northwind": admin, "kestrel": other}
    emulator.fault("twice", path="/customers$", times=100)
    for _ in range(3):
        for slug, browser in pages.items():
            own = emulator.get("/customers?limit=50", f"rk_live_{slug}_demo")["data"]
            shown = browser.get(reverse("customer_list", args=[slug, "live"])).content.decode()
            assert [row["id"] for row in own if row["id"] in shown] == [row["id"] for row in own]
            (foreign,) = pages.keys() - {slug}
            others = emulator.get("/customers?limit=50", f"rk_live_{foreign}_demo")["data"]
            assert not [row["id"] for row in others if row["id"] in shown]


# The same over TLS


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """A server's side of TLS, with a certificate for localhost that is trusted here for now."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string("CN=localhost")
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    ).public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "certificate.pem").write_bytes(certificate)
    (tmp_path / "both.pem").write_bytes(certificate + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    monkeypatch.setattr(certifi, "where", lambda: str(tmp_path / "certificate.pem"))
    transport.tls.cache_clear()
    transport.connections.cache_clear()
    yield context
    transport.tls.cache_clear()
    transport.connections.cache_clear()


def test_what_tls_has_unpacked_already_is_never_the_next_answer(trusted: ssl.SSLContext) -> None:
    body = b'"' + b"o" * (64 * 1024) + b'"'
    with Upstream([answer(body) + answer(b'"old"')], answer(b'"new"'), tls=trusted) as upstream:
        assert ask(upstream).body == body
        assert ask(upstream).body == b'"new"'
        ask(upstream)
        assert upstream.connections == 2


def test_a_certificate_that_is_not_trusted_gets_nothing(
    trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    transport.tls.cache_clear()
    transport.connections.cache_clear()
    with Upstream(answer(), tls=trusted) as upstream:
        with pytest.raises(NotSent):
            ask(upstream, "POST")
        assert upstream.requests == []


# Bounds


def packed_without_end() -> Iterator[Piece]:
    yield f"{JSON}Content-Encoding: gzip\r\n\r\n".encode() + gzip.compress(b"{}")
    yield from itertools.repeat(b"\0" * 65536, 2000)


def packed_into_nothing() -> Iterator[Piece]:
    """Empty blocks: what is packed never grows."""
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    yield f"{JSON}Content-Encoding: gzip\r\n\r\n".encode() + packer.flush(zlib.Z_SYNC_FLUSH)
    yield from itertools.repeat(b"\0\0\0\xff\xff" * 10_000, 2000)


@pytest.mark.parametrize("pieces", [packed_without_end, packed_into_nothing])
def test_a_packed_answer_with_an_endless_rest_is_given_up(pieces: Any) -> None:
    with Upstream(pieces()) as upstream:
        started = time.monotonic()
        with pytest.raises(InDoubt, match=r"too large|goes on"):
            ask(upstream, seconds=6)
        assert time.monotonic() - started < 2


def test_a_name_server_that_is_silent_costs_no_more_than_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names.socket, "getaddrinfo", lambda *args, **kwargs: time.sleep(3))
    started = time.monotonic()
    with pytest.raises(NotSent):
        transport.send("GET", "http://api.example/", headers={}, deadline=started + 0.3)
    assert time.monotonic() - started < 0.6
