"""Packing at the station as its page does, for the tests of what comes of it."""

import uuid
from typing import Any

from django.test import Client

from orders.models import Packing, User
from tests.support.emulation import Emulator

PLACE = "/northwind/live/station/"


def paid(emulator: Emulator, *lines: tuple[str, int, dict[str, Any]], **body: Any) -> dict[str, Any]:
    made = emulator.make_order(
        line_items=[
            {"description": what, "unit_price": 1000, "quantity": units, "metadata": metadata}
            for what, units, metadata in lines
        ],
        **body,
    )
    token = {"payment_token": f"tok_approve_{uuid.uuid4().hex}"}
    done: dict[str, Any] = emulator.send(f"/orders/{made['id']}/pay", token)
    return done


def scan(client: Client, *texts: str, do: str = "scan", **more: Any) -> str:
    """Each as the page sends it, after having shown the answer to the one before. What is said to the last."""
    words = ""
    for text in texts or ("",):
        packing = Packing.objects.filter(user__email=email_of(client)).first()
        seen = packing.heard[-1]["id"] if packing and packing.heard else ""
        client.post(PLACE, {"scan": text, "do": do, "id": str(uuid.uuid4()), "seen": seen, **more})
        words = said(client)
    return words


def said(client: Client) -> str:
    return str(Packing.objects.get(user__email=email_of(client)).heard[-1]["words"])


def email_of(client: Client) -> str:
    return str(User.objects.get(pk=client.session["_auth_user_id"]).email)


def counted(client: Client) -> dict[str, int]:
    units: dict[str, int] = {}
    for lines in Packing.objects.get(user__email=email_of(client)).work.get("counted", {}).values():
        for line, count in lines.items():
            units[line] = units.get(line, 0) + count
    return units
