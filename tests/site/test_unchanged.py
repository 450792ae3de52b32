"""An answer that is as it was the last time is not taken apart again, and is nobody else's."""

import uuid
from collections.abc import Callable

import pytest
from django.core.cache import caches
from django.test import Client

from orders.apis.revkeen import reads, unchanged
from orders.apis.revkeen.reads import Read
from orders.apis.revkeen.unchanged import Unchanged
from orders.services.revkeen import last_known
from tests.support.emulation import Emulator

OURS, THEIRS = uuid.UUID(int=1), uuid.UUID(int=2)
ORDERS, CUSTOMERS = reads.orders(limit=50), reads.customers()


@pytest.fixture
def asked() -> Callable[..., object]:
    kept = Unchanged()

    def ask(body: bytes, read: Read[object] = ORDERS, connection_id: uuid.UUID = OURS) -> object:
        return kept.taken_apart(connection_id, read, body, lambda read, body: [body])

    return ask


def test_the_same_answer_to_the_same_call_of_the_same_key_is_taken_apart_once(asked: Callable[..., object]) -> None:
    first = asked(b"{}")
    assert asked(b"{}") is first
    assert asked(b"{}", connection_id=THEIRS) is not first
    assert asked(b"{}", CUSTOMERS) is not first
    assert asked(b"{}", reads.orders(limit=50, status="paid")) is not first
    assert asked(b"{}") is first


def test_an_answer_that_changed_is_taken_apart_and_so_is_one_that_changed_back(asked: Callable[..., object]) -> None:
    first = asked(b"{}")
    assert asked(b"{ }") == [b"{ }"]
    assert asked(b"{}") == first
    assert asked(b"{}") is not first


def test_few_answers_are_kept_and_no_large_ones(asked: Callable[..., object]) -> None:
    large, first = bytes(unchanged.LARGEST + 1), asked(b"{}")
    assert asked(large, CUSTOMERS) is not asked(large, CUSTOMERS)
    for number in range(unchanged.KEPT):
        asked(b"{}", reads.customer(uuid.UUID(int=number)))
    assert asked(b"{}") is not first


@pytest.mark.django_db
def test_an_answer_that_differs_only_in_the_id_of_its_request_is_not_written_down_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[object] = []
    monkeypatch.setattr(caches[last_known.CACHE], "set", lambda key, copy, seconds: written.append(copy.body))
    place, read = uuid.uuid4(), reads.invoice(OURS)
    first, again, other, within = (
        b'{"data":{"amount":1},"requestId":"req_1"}',
        b'{"data":{"amount":1},"requestId":"req_2"}',
        b'{"data":{"amount":2},"requestId":"req_3"}',
        b'{"data":{"requestId":"req_4","amount":2},"requestId":"req_3"}',
    )
    for body in (first, again, other, within):
        last_known.keep(place, read, body)
    assert written == [first, other, within]


@pytest.mark.django_db
def test_a_list_that_is_asked_for_again_and_again_shows_what_changed_at_once(admin: Client, emulator: Emulator) -> None:
    order = emulator.orders("limit=1")[0]
    for number in ("NW-AGAIN-1", "NW-AGAIN-2", "NW-AGAIN-1"):
        emulator.patch("orders", order["id"], public_id=number)
        for _ in range(3):
            page = admin.get("/northwind/live/orders/").content.decode()
            assert [said for said in ("NW-AGAIN-1", "NW-AGAIN-2") if said in page] == [number]
