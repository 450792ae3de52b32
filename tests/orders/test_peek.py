"""An order beside the list: its essentials for one call, and from the index while RevKeen does not answer."""

import uuid
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from orders.models import Merchant
from tests.support.emulation import Emulator
from tests.support.indexed import index_everything
from tests.support.pages import order_path, text

BESIDE = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "peek"}


def peek(client: Client, order: dict[str, Any]) -> HttpResponse:
    return client.get(order_path("", order), {"list": "status=paid"}, **BESIDE)


def test_the_essentials_are_shown_for_one_call(admin: Client, emulator: Emulator) -> None:
    order = next(one for one in emulator.orders("limit=50") if one["customer_id"] and len(one["line_items"]) > 1)
    emulator.forget_calls()
    answer = peek(admin, order)
    said = text(answer.content.decode())
    assert "<html" not in answer.content.decode()
    assert "Live, as of" in said
    assert [line["description"] in said for line in order["line_items"][:10]].count(False) == 0
    assert f'href="{order_path("", order)}?list=status%3Dpaid"' in answer.content.decode()
    assert len(emulator.calls()) == 1


def test_while_revkeen_is_down_the_copy_of_the_index_is_shown(
    admin: Client, northwind: Merchant, emulator: Emulator
) -> None:
    order = emulator.orders("limit=1")[0]
    index_everything(northwind)
    emulator.fault("bad_gateway", times=100)
    said = text(peek(admin, order).content.decode())
    assert order["public_id"] in said
    assert "You see the copy as of" in said
    assert "Copy, as of" in said


@pytest.mark.usefixtures("emulator")
def test_an_order_that_is_not_there_is_said_to_be_missing(admin: Client) -> None:
    assert peek(admin, {"id": str(uuid.uuid4())}).status_code == 404
