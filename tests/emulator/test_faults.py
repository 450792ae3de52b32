from __future__ import annotations

import json
import socket
import time
import zlib
from urllib.parse import urlsplit

import httpx
import pytest

from tests.emulator.conftest import LIVE, Connect
from tests.emulator.driver import Driver

ORDER = {"line_items": [{"description": "Rope", "unit_price": 1000}]}
MIB = 1_048_576


def raw_answer(emulator: Driver, path: str = "/revkeen/v2/orders?limit=1") -> bytes:
    """Every byte that arrives until the connection ends."""
    address = urlsplit(emulator.address)
    with socket.create_connection((address.hostname, address.port), 10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nx-api-key: {LIVE}\r\nConnection: close\r\n\r\n".encode())
        pieces = []
        while piece := connection.recv(65_536):
            pieces.append(piece)
        return b"".join(pieces)


def effects(emulator: Driver) -> list[str]:
    return [entry["effect"] for entry in emulator.ledger()]


def test_a_fault_hits_the_next_calls_that_match_and_no_other(api: httpx.Client, emulator: Driver) -> None:
    emulator.fault("error", method="GET", path="/orders/[^/]+$", times=2)
    id = emulator.cases()["orders"]["paid"]
    assert api.get("/orders").status_code == 200
    assert [api.get(f"/orders/{id}").status_code for _ in range(3)] == [500, 500, 200]
    assert [call["fault"] for call in emulator.requests()] == [None, "error", "error", None]
    assert emulator.faults() == []


def test_a_fault_can_be_kept_to_one_api_key(api: httpx.Client, emulator: Driver, connect: Connect) -> None:
    emulator.fault("error", key=LIVE + "2")
    assert api.get("/orders").status_code == 200
    assert connect(LIVE + "2").get("/orders").status_code == 500


def test_a_fault_can_be_kept_to_one_provider(api: httpx.Client, emulator: Driver) -> None:
    emulator.fault("error", provider="digital_river", status=503)
    assert api.get("/orders").status_code == 200
    answer = httpx.get(f"{emulator.digital_river}/fulfillments", trust_env=False)
    assert (answer.status_code, answer.json()["type"]) == (503, "service_unavailable")


@pytest.mark.parametrize(
    ("provider", "path", "nothing"),
    [
        ("digital_river", "/digital-river/fulfillments", {"hasMore": False, "data": []}),
        ("order_protection", "/order-protection/v1/orders/x/fulfillments", []),
    ],
)
def test_a_fault_speaks_as_the_provider_it_hits(emulator: Driver, provider: str, path: str, nothing: object) -> None:
    def ask() -> httpx.Response:
        return httpx.get(emulator.address + path, trust_env=False)

    emulator.fault("rate_limited", provider=provider, retry_after="120")
    limited = ask()
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "120")
    assert ("type" if provider == "digital_river" else "statusCode") in limited.json()
    emulator.fault("drip", provider=provider, seconds=0, after_work=False)
    assert ask().json() == nothing


def test_a_fault_with_a_probability_falls_the_same_way_for_the_same_seed(api: httpx.Client, emulator: Driver) -> None:
    def fall() -> list[int]:
        emulator.clear_faults()
        emulator.control("POST", "faults", {"kind": "error", "probability": 0.5, "seed": 7})
        return [api.get("/orders?limit=1").status_code for _ in range(20)]

    first = fall()
    assert fall() == first
    assert {200, 500} == set(first)


def test_a_fault_that_makes_no_sense_is_refused(emulator: Driver) -> None:
    for wrong in (
        {"kind": "nonsense"},
        {"kind": "delay", "minutes": 1},
        {"kind": "error", "times": 0},
        {"kind": "error", "path": "("},
        {"kind": "error", "path": 5},
        {"kind": "error", "method": 5},
        {"kind": "error", "key": 5},
        {"kind": "error", "provider": "digitalriver"},
        {"kind": "error", "provider": 5},
        {"kind": "error", "times": 1.5},
        {"kind": "error", "probability": "often"},
        {"kind": "error", "after_work": "no"},
        {"kind": "error", "status": "500"},
        {"kind": "error", "status": 99},
        {"kind": "error", "code": None},
        {"kind": "alter", "after_work": False},
        {"kind": "alter", "set": 3},
        {"kind": "delay", "seconds": "long"},
        {"kind": "delay", "seconds": -1},
        {"kind": "delay", "seconds": None},
        {"kind": "drip", "bytes": 0},
        {"kind": "drip", "headers": {}},
        {"kind": "gzip_bomb", "size": -1},
        {"kind": "disconnect", "how": "slam"},
        {"kind": "raw", "base64": "%"},
        {"kind": "rate_limited", "retry_after": []},
        {"kind": "respond", "headers": {"X": "a\r\nY: b"}},
        {"kind": "respond", "text": 5},
    ):
        with pytest.raises(ValueError, match="error"):
            emulator.control("POST", "faults", wrong)
        assert emulator.faults() == [], wrong


def test_a_delay_comes_before_or_after_the_work(emulator: Driver, connect: Connect) -> None:
    for after_work, done in ((False, []), (True, ["order_created"])):
        emulator.reset()
        emulator.fault("delay", method="POST", seconds=1, after_work=after_work)
        with pytest.raises(httpx.ReadTimeout):
            connect(LIVE, timeout=0.2).post("/orders", json=ORDER)
        assert effects(emulator) == done
        time.sleep(1)
        assert effects(emulator) == ["order_created"]


def test_a_reset_breaks_off_what_is_under_way(emulator: Driver, connect: Connect) -> None:
    emulator.fault("delay", method="POST", seconds=1)
    with pytest.raises(httpx.ReadTimeout):
        connect(LIVE, timeout=0.1).post("/orders", json=ORDER)
    emulator.reset()
    time.sleep(1.2)
    assert effects(emulator) == []


def test_a_drip_has_no_long_silence_but_takes_long(api: httpx.Client, emulator: Driver, connect: Connect) -> None:
    size = len(api.get("/orders?limit=1").content)
    emulator.fault("drip", seconds=0.1, bytes=size // 8)
    began = time.monotonic()
    assert connect(LIVE, timeout=0.5).get("/orders?limit=1").status_code == 200
    assert time.monotonic() - began > 0.7


def test_headers_can_drip_too(emulator: Driver, connect: Connect) -> None:
    emulator.fault("drip", seconds=0.05, bytes=25, headers=True)
    began = time.monotonic()
    with connect(LIVE).stream("GET", "/orders?limit=1") as answer:
        assert answer.status_code == 200
    assert time.monotonic() - began > 0.1


@pytest.mark.parametrize("wait", ["2", "Wed, 21 Oct 2026 07:28:00 GMT", "86400", "-5", "soon", None])
def test_429_comes_with_any_retry_after(api: httpx.Client, emulator: Driver, wait: str | None) -> None:
    emulator.fault("rate_limited", retry_after=wait)
    answer = api.post("/orders", json=ORDER)
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, wait)
    assert answer.json()["error"]["request_id"] == emulator.requests()[0]["request_id"]
    assert answer.headers["RevKeen-Version"] == "2026-05-01"
    assert effects(emulator) == []


def test_an_error_has_any_status_and_code(api: httpx.Client, emulator: Driver) -> None:
    emulator.fault("error", status=409, code="idempotency_in_progress", message="Wait.")
    answer = api.post("/orders", json=ORDER, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "idempotency_in_progress")


@pytest.mark.parametrize("after_work", [False, True])
@pytest.mark.parametrize("kind", ["error", "bad_gateway", "html", "empty", "respond", "truncated"])
def test_an_answer_can_be_replaced_before_and_after_the_work(
    api: httpx.Client, emulator: Driver, kind: str, after_work: bool
) -> None:
    emulator.fault(kind, method="POST", after_work=after_work)
    api.post("/orders", json=ORDER)
    assert effects(emulator) == (["order_created"] if after_work else [])


@pytest.mark.parametrize("after_work", [False, True])
@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_connection_can_end_instead_of_an_answer(
    api: httpx.Client, emulator: Driver, how: str, after_work: bool
) -> None:
    emulator.fault("disconnect", method="POST", how=how, after_work=after_work)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        api.post("/orders", json=ORDER)
    assert effects(emulator) == (["order_created"] if after_work else [])


@pytest.mark.parametrize(("how", "error"), [("close", httpx.RemoteProtocolError), ("reset", httpx.ReadError)])
def test_a_connection_can_end_in_the_middle_of_the_body(
    api: httpx.Client, emulator: Driver, how: str, error: type[Exception]
) -> None:
    emulator.fault("cut", how=how)
    with pytest.raises(error):
        api.get("/orders")


def test_a_bad_gateway_is_a_page_of_html(api: httpx.Client, emulator: Driver) -> None:
    emulator.fault("bad_gateway", status=503)
    answer = api.get("/orders")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert "<script>" in answer.text


def test_truncated_json_is_whole_for_http_and_broken_for_json(api: httpx.Client, emulator: Driver) -> None:
    emulator.fault("truncated")
    answer = api.get("/orders")
    assert len(answer.content) == int(answer.headers["Content-Length"])
    with pytest.raises(json.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize("status", [200, 204])
def test_an_answer_can_be_empty(api: httpx.Client, emulator: Driver, status: int) -> None:
    emulator.fault("empty", status=status)
    answer = api.get("/orders")
    assert (answer.status_code, answer.content) == (status, b"")
    assert api.get("/orders").status_code == 200


def test_any_answer_at_all_can_be_given(api: httpx.Client, emulator: Driver) -> None:
    emulator.fault("respond", status=302, headers={"Location": "http://example.test/"}, body=None)
    redirect = api.get("/orders")
    assert (redirect.status_code, redirect.headers["Location"], redirect.json()) == (302, "http://example.test/", None)
    emulator.fault("respond", text='{"total": NaN}')
    assert "NaN" in api.get("/orders").text


def test_a_true_answer_can_be_altered(api: httpx.Client, emulator: Driver) -> None:
    emulator.fault("alter", set={"data.0.total": 12.5, "data.1.status": "teleported", "extra": {"a": 1}})
    answer = api.get("/orders").json()
    assert (answer["data"][0]["total"], answer["data"][1]["status"]) == (12.5, "teleported")
    assert answer["extra"] == {"a": 1}


def test_a_gzip_bomb_is_small_on_the_wire(emulator: Driver) -> None:
    emulator.fault("gzip_bomb", size=8 * MIB)
    answer = raw_answer(emulator)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip" in head
    assert len(answer) < 64_000
    assert len(zlib.decompress(body, wbits=31)) > 8 * MIB


def test_a_body_a_nesting_and_a_header_can_be_huge(emulator: Driver) -> None:
    emulator.fault("huge_body", size=3 * MIB)
    head, _, body = raw_answer(emulator).partition(b"\r\n\r\n")
    assert len(body) == 3 * MIB
    assert f"Content-Length: {3 * MIB}".encode() in head
    emulator.fault("deep_json", depth=5000)
    assert raw_answer(emulator).count(b"[") == 5000
    emulator.fault("huge_header", size=200_000)
    assert b"X-Filler: " + b"x" * 200_000 in raw_answer(emulator)


def test_any_bytes_can_be_sent(emulator: Driver, api: httpx.Client) -> None:
    emulator.fault("raw", text="HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}")
    with pytest.raises(httpx.RemoteProtocolError):
        api.get("/orders")
    emulator.fault("raw", base64="AP8A")
    assert raw_answer(emulator) == b"\x00\xff\x00"


def test_a_hang_says_nothing_and_does_nothing_unless_told(emulator: Driver, connect: Connect) -> None:
    for after_work, done in ((False, []), (True, ["order_created"])):
        emulator.reset()
        emulator.fault("hang", method="POST", after_work=after_work)
        with pytest.raises(httpx.ReadTimeout):
            connect(LIVE, timeout=0.15).post("/orders", json=ORDER)
        assert effects(emulator) == done
