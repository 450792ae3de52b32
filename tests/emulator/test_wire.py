"""HTTP byte by byte: what a client library would never send."""

from __future__ import annotations

import socket

import httpx

from tests.emulator.conftest import LIVE
from tests.emulator.driver import Driver


def test_requests_sent_ahead_and_head_keep_the_connection_in_step(emulator: Driver) -> None:
    host, _, port = emulator.address.removeprefix("http://").partition(":")
    ask = f" /revkeen/v2/orders?limit=1 HTTP/1.1\r\nHost: x\r\nx-api-key: {LIVE}\r\n"
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.sendall(f"HEAD{ask}\r\nGET{ask}\r\nGET{ask}Connection: close\r\n\r\n".encode())
        received = b""
        while piece := connection.recv(65_536):
            received += piece
    assert received.startswith(b"HTTP/1.1 405")
    assert received.count(b"HTTP/1.1 200 OK") == 2


def test_what_is_not_http_is_refused_and_others_are_served_on(emulator: Driver, api: httpx.Client) -> None:
    host, _, port = emulator.address.removeprefix("http://").partition(":")
    for sent in (
        b"\x16\x03\x01 hello\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n" * 3,
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    ):
        with socket.create_connection((host, int(port)), 5) as connection:
            connection.sendall(sent)
            assert connection.recv(100).startswith(b"HTTP/1.1 400")
    assert api.get("/orders").status_code == 200


def test_a_body_beyond_a_mebibyte_is_refused(emulator: Driver) -> None:
    host, _, port = emulator.address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.sendall(b"POST /revkeen/v2/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n")
        connection.sendall(b"x" * (1_048_576 + 1))
        assert connection.recv(100).startswith(b"HTTP/1.1 413")
