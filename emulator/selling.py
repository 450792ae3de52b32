"""A shop that tells its partners of an order which was made while the emulator runs."""

from __future__ import annotations

from emulator.accounts import ACCOUNTS
from emulator.app import App
from emulator.control import Refused, Route
from emulator.digital_river import seed as digital_river_seed
from emulator.messages import Json, Request
from emulator.order_protection import seed as order_protection_seed
from emulator.revkeen.seed.sales import sale_of


async def tell_partners(app: App, request: Request, order_id: str, body: Json) -> Json:
    """Both know the order from now on, by the ids in its metadata and in that of its lines."""
    store = app.world.store
    account = next((each for each in ACCOUNTS if each.id == store.account_of("orders", order_id)), None)
    order = None if account is None else store.get("orders", account.id, order_id)
    if account is None or order is None or not order["paid_at"]:
        raise Refused(404, f"no paid order {order_id}")
    try:
        sale = sale_of(order, ())
    except KeyError as error:
        raise Refused(400, f"the metadata of the order and of each of its lines must have {error}") from None
    with store.transaction():
        digital_river_seed.tell(store, account, [sale])
        order_protection_seed.tell(store, account, [sale])
    return {"digital_river": sale.digital_river_id, "order_protection": sale.order_protection_id}


ROUTES: dict[tuple[str, str], Route] = {("POST", "sales/{}"): tell_partners}
