"""The form that fulfills as a browser sends it, with one parcel or several."""

import re
import uuid
from functools import partial
from typing import Any

from django.test import Client

from chaos.browser import form_with
from orders import carriers
from tests.support.emulation import Emulator
from tests.support.pages import form_token_in, order_path

address = partial(order_path, "fulfill/")


def paid_order(emulator: Emulator, lines: int = 1, description: str = "Tent", **body: Any) -> dict[str, Any]:
    items = [{"description": f"{description} {place}", "unit_price": 1000, "quantity": 2} for place in range(lines)]
    made = emulator.make_order(line_items=items, **body)
    return emulator.send(f"/orders/{made['id']}/pay", {"payment_token": f"tok_approve_{uuid.uuid4().hex}"})


def form_token(client: Client, order: dict[str, Any]) -> str:
    return form_token_in(client.get(address(order)).content.decode())


def ids(order: dict[str, Any], *places: int) -> list[str]:
    return [order["line_items"][place]["id"] for place in places]


def fulfill(client: Client, order: dict[str, Any], *places: int, **more: Any) -> Any:
    """Send the form with the lines at these places ticked, both units of each; all of them, if none is named.

    `more` is what else is typed into the parcel, by the names of its fields; None leaves a field out.
    """
    lines = more.pop("lines", None) or ids(order, *(places or range(len(order["line_items"]))))
    parcel = {"lines": lines, "notify": "no", **{f"units-{line}": "2" for line in lines}}
    whole = {"form_token": more.pop("form_token", None) or form_token(client, order), "parcel": "1"}
    whole["fulfilling"] = more.pop("fulfilling", f"{len(lines)}:{2 * len(lines)}:1:{len(lines)}")
    return client.post(address(order), whole | in_parcel("1", **(parcel | more)))


def in_parcel(key: str, **typed: Any) -> dict[str, Any]:
    """What a parcel's fields send. A tracking number may be named so, though it is the first of several."""
    first = {"tracking_number": "number-0", "tracking_address": "address-0"}
    named = {first.get(name, name): value for name, value in typed.items() if value is not None}
    return {f"p{key}-{name}": value for name, value in (sure_of(named) | named).items()}


def sure_of(typed: dict[str, Any]) -> dict[str, Any]:
    """The boxes that overrule whatever speaks against these numbers; tests of what that is leave them out."""
    carrier = typed.get("carrier") or ""
    carrier = typed.get("carrier_name", "") if carrier == "other" else carrier
    numbers = {name: value for name, value in typed.items() if re.fullmatch("number-[0-9]", name)}
    return {
        name.replace("number", "sure"): f"{carrier}|{carriers.normalized(value)}" for name, value in numbers.items()
    }


def ticked(page: str, key: str = "1") -> list[str]:
    return re.findall(rf'name="p{key}-lines" value="([^"]+)"[^>]* checked', page)


def opened(client: Client, order: dict[str, Any], place: str = "") -> dict[str, Any]:
    """What the form sends as it stands when it is opened, by name; several values of a name as a list."""
    return fields_in(client.get(place or address(order)).content.decode())


def fields_in(page: str) -> dict[str, Any]:
    form = form_with(page, "form_token")
    assert form, page
    sent: dict[str, Any] = {}
    for name, value in form.fields:
        sent.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 or name.endswith("-lines") else values[0] for name, values in sent.items()}


def look(client: Client, order: dict[str, Any], sent: dict[str, Any], do: str = "look") -> str:
    """The part of the form that is drawn anew when something is typed, or a button that changes it is pressed."""
    headers = {"HX-Request": "true", "HX-Target": "parcels"}
    answer = client.post(address(order), sent | {"do": do}, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def effects(emulator: Emulator, order: dict[str, Any]) -> list[dict[str, Any]]:
    wanted = ("line_item_ids", "notified", "carrier", "tracking_number")
    return [
        {name: row[name] for name in wanted}
        for row in emulator.ledger()
        if row["order_id"] == order["id"] and row["effect"] == "fulfillment"
    ]


def in_parcels(client: Client, order: dict[str, Any], *parcels: dict[int, int], **more: Any) -> dict[str, Any]:
    """What the form sends with these parcels: place of a line → units. `more` is typed into each.

    The button's value is what the form shows when it is looked at.
    """
    sent = {
        "form_token": opened(client, order)["form_token"],
        "parcel": [str(key) for key in range(1, len(parcels) + 1)],
    }
    for key, units in enumerate(parcels, 1):
        lines = {line: count for place, count in units.items() for line in ids(order, place)}
        typed = {"lines": list(lines), "notify": "no", **{f"units-{line}": count for line, count in lines.items()}}
        sent |= in_parcel(str(key), **typed | more)
    return named(client, order, sent)


def named(client: Client, order: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    """The same, with the button that the form then has."""
    return sent | {"fulfilling": button(look(client, order, sent))}


def button(page: str) -> str:
    return page.partition('name="fulfilling" value="')[2].partition('"')[0]


def press(client: Client, order: dict[str, Any], sent: dict[str, Any]) -> Any:
    return client.post(address(order), sent)


def cancel(client: Client, order: dict[str, Any], units: dict[int, int], **more: Any) -> Any:
    place = f"/northwind/live/orders/{order['id']}/cancel-units/"
    typed = {f"units-{ids(order, line)[0]}": count for line, count in units.items()}
    sure = {"confirmed": "on", "reason": "Sold out"}
    return client.post(place, {"form_token": opened(client, order, place)["form_token"]} | typed | sure | more)


def sent_lines(emulator: Emulator, order: dict[str, Any]) -> list[list[str]]:
    return [row["line_item_ids"] for row in effects(emulator, order)]
