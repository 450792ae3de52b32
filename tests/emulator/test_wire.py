"""HTTP byte by byte: what a client library would never send."""

from __future__ import annotations

import socket

import httpx
import pytest

from tests.emulator.conftest import LIVE
from tests.emulator.driver import Driver


def test_requests_sent_ahead_and_head_keep_the_connection_in_step(emulator: Driver) -> None:
    ask = f" /revkeen/v2/orders?limit=1 HTTP/1.1\r\nHost: x\r\nx-api-key: {LIVE}\r\n"
    received = exchanged(emulator, f"HEAD{ask}\r\nGET{ask}\r\nGET{ask}Connection: close\r\n\r\n".encode())
    assert received.startswith(b"HTTP/1.1 405")
    assert received.count(b"HTTP/1.1 200 OK") == 2


def test_what_is_not_http_is_refused_and_others_are_served_on(emulator: Driver, api: httpx.Client) -> None:
    for sent in (
        b"\x16\x03\x01 hello\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n" * 3,
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    ):
        assert exchanged(emulator, sent).startswith(b"HTTP/1.1 400")
    assert api.get("/orders").status_code == 200


def test_headers_beyond_what_is_read_are_named_so(emulator: Driver) -> None:
    ask = f"GET /revkeen/v2/orders HTTP/1.1\r\nHost: x\r\nX-Filler: {'x' * 200_000}\r\n\r\n"
    assert exchanged(emulator, ask.encode()).startswith(b"HTTP/1.1 431")


def test_the_refusal_of_a_large_body_arrives_while_the_body_is_still_sent(emulator: Driver) -> None:
    head = b"POST /revkeen/v2/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n"
    assert exchanged(emulator, head + b"x" * 9_000_000).startswith(b"HTTP/1.1 413")


def test_a_body_is_asked_for_and_may_come_in_chunks(emulator: Driver) -> None:
    body = b'{"line_items":[{"description":"Rope","unit_price":1}]}'
    head = f"POST /revkeen/v2/orders HTTP/1.1\r\nHost: x\r\nx-api-key: {LIVE}\r\nContent-Type: application/json\r\n"
    with connection_to(emulator) as connection:
        connection.sendall(f"{head}Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        for byte in body:
            connection.sendall(b"1\r\n" + bytes([byte]) + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 201")


def test_close_is_obeyed_wherever_it_stands_in_the_connection_header(emulator: Driver) -> None:
    for value in ("close", "TE, close", "Close"):
        ask = f"GET /revkeen/v2/orders?limit=1 HTTP/1.1\r\nHost: x\r\nx-api-key: {LIVE}\r\nConnection: {value}\r\n\r\n"
        assert exchanged(emulator, ask.encode()).startswith(b"HTTP/1.1 200")


def test_options_and_head_are_methods_that_are_not_possible(emulator: Driver) -> None:
    for method in ("OPTIONS", "HEAD", "DELETE", "TRACE"):
        ask = f"{method} /revkeen/v2/orders HTTP/1.1\r\nHost: x\r\nx-api-key: {LIVE}\r\nConnection: close\r\n\r\n"
        answer = exchanged(emulator, ask.encode())
        assert answer.startswith(b"HTTP/1.1 405")
        assert b"Allow: GET, POST\r\n" in answer


def test_callers_that_never_finish_their_request_hold_up_nobody(emulator: Driver, api: httpx.Client) -> None:
    slow = [connection_to(emulator) for _ in range(200)]
    for connection in slow:
        connection.sendall(b"GET /revkeen/v2/orders HTTP/1.1\r\nHo")
    assert api.get("/orders", timeout=1).status_code == 200
    for connection in slow:
        connection.sendall(f"st: x\r\nx-api-key: {LIVE}\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
        connection.close()


def test_a_caller_who_sends_ahead_without_end_is_cut_off(emulator: Driver, api: httpx.Client) -> None:
    emulator.fault("hang")
    ask = f"GET /revkeen/v2/orders HTTP/1.1\r\nHost: x\r\nx-api-key: {LIVE}\r\n\r\n".encode()
    with connection_to(emulator) as connection, pytest.raises((ConnectionResetError, BrokenPipeError)):
        connection.sendall(ask * 200_000)
    assert api.get("/orders").status_code == 200


# helpers


def connection_to(emulator: Driver) -> socket.socket:
    host, _, port = emulator.address.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), 5)


def exchanged(emulator: Driver, sent: bytes) -> bytes:
    """All that is answered, until the connection ends."""
    with connection_to(emulator) as connection:
        connection.sendall(sent)
        received = b""
        while piece := connection.recv(65_536):
            received += piece
        return received
