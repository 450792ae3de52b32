"""Everything that is only read. Each list has the paging and the wrapper that its endpoint really has."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from emulator.clock import iso
from emulator.contract import is_uuid
from emulator.messages import Response, dump
from emulator.revkeen.asks import Ask
from emulator.revkeen.errors import invalid, missing
from emulator.revkeen.seed.retell import ensure_told
from emulator.store import Page, Value

_FAR_MS = 10.0**15
Conditions = list[tuple[str, Value]]


def orders_list(ask: Ask) -> Response:
    where = equal(ask, "customer_id", "status", "billing_type") + _created(ask)
    total = ask.world.store.count("orders", ask.account.id, where) if ask.world.settings["total_count"] else None
    found = page(ask, "orders", where, skip_ties=ask.world.settings["list_ties"] == "skip")
    return listed(found, None if total is None else f'"total_count":{total}')


def orders_get(ask: Ask) -> Response:
    return Response(200, _text(ask, "orders", "order"))


def customers_list(ask: Ask) -> Response:
    where = _search(ask)
    limit, offset = ask.query["limit"], ask.query["offset"]
    rows = ask.world.store.slice("customers", ask.account.id, where, limit, offset)
    total = ask.world.store.count("customers", ask.account.id, where)
    return _wrapped(rows, "pagination", {"limit": limit, "offset": offset, "total": total})


def customers_get(ask: Ask) -> Response:
    return _data(_text(ask, "customers", "customer"))


def customers_payment_methods_list(ask: Ask) -> Response:
    ask.find("customers", "customer", ask.id)
    rows = ask.world.store.slice("payment_methods", ask.account.id, [("customer_id = ?", ask.id)], 1000, 0)
    return Response(200, b'{"data":[' + b",".join(rows) + b"]}")


def customers_invoices_list(ask: Ask) -> Response:
    ask.find("customers", "customer", ask.id)
    of_customer = ("json_extract(doc, '$.customer_uuid') = ?", ask.id)
    return listed(page(ask, "invoices", [of_customer]))


def products_list(ask: Ask) -> Response:
    where = _search(ask)
    page, limit = ask.query["page"], ask.query["limit"]
    total = ask.world.store.count("products", ask.account.id, where)
    rows = ask.world.store.slice("products", ask.account.id, where, limit, (page - 1) * limit)
    pages = -(-total // limit)
    paging = {"kind": "offset", "page": page, "limit": limit, "total": total, "totalPages": pages}
    return _wrapped(rows, "pagination", paging)


def products_get(ask: Ask) -> Response:
    return _data(_text(ask, "products", "product"))


def prices_list(ask: Ask) -> Response:
    where = equal(ask, "product_id", "type", "pricing_model", "active", "lookup_key")
    if "currency" in ask.query:
        where.append(("currency = ?", ask.query["currency"].lower()))
    return listed(page(ask, "prices", where))


def transactions_list(ask: Ask) -> Response:
    where = equal(ask, "type", "status", "customer_id", "invoice_id") + _created(ask)
    return listed(page(ask, "transactions", where))


def invoices_get(ask: Ask) -> Response:
    return Response(
        200, b'{"data":' + _text(ask, "invoices", "invoice") + f',"requestId":"{ask.request.id}"}}'.encode()
    )


def refunds_list(ask: Ask) -> Response:
    where = equal(ask, "status", "payment_id", "gateway", "reason") + _created_between(ask)
    return slice_with_meta(ask, "refunds", where)


def refunds_get(ask: Ask) -> Response:
    id = ask.ids["id"]
    if is_uuid(id):
        return _data(_text(ask, "refunds", "refund"))
    rows = ask.world.store.slice("refunds", ask.account.id, [("public_id = ?", id)], 1, 0)
    if not rows:
        raise missing("refund", id)
    return _data(rows[0])


def events_list(ask: Ask) -> Response:
    if "order_id" in ask.query:
        ensure_told(ask.world.store, ask.account, ask.query["order_id"].lower())
    where = equal(ask, "type", "customer_id", "invoice_id", "subscription_id", "order_id") + _created(ask)
    where.append(("(shown IS NULL OR shown <= ?)", iso(ask.world.clock.peek_ms())))
    if "types" in ask.query:
        types = ask.query["types"].split(",")
        where.append(("instr(?, ',' || type || ',')", "," + ",".join(types) + ","))
    return listed(page(ask, "events", where), '"url":"/v2/events"')


def page(ask: Ask, kind: str, where: Conditions, *, skip_ties: bool = False) -> Page:
    after, before = ask.query.get("starting_after"), ask.query.get("ending_before")
    if after and before:
        raise invalid("Send starting_after or ending_before, not both.", "ending_before")
    try:
        return ask.world.store.page(
            kind, ask.account.id, where, ask.query["limit"],
            after=after and after.lower(), before=before and before.lower(), skip_ties=skip_ties,
        )  # fmt: skip
    except LookupError:
        param = "starting_after" if after else "ending_before"
        raise invalid(f"{param} names nothing that exists.", param) from None


def equal(ask: Ask, *names: str) -> Conditions:
    return [(f"{name} = ?", _plain(name, ask.query[name])) for name in names if name in ask.query]


def listed(page: Page, extra: str | None = None) -> Response:
    """Ready pieces put together: parsing fifty orders only to write them again would take most of a millisecond."""
    more = f'],"has_more":{str(page.has_more).lower()}{"," + extra if extra else ""}}}'
    return Response(200, b'{"object":"list","data":[' + b",".join(page.rows) + more.encode())


def slice_with_meta(ask: Ask, kind: str, where: Conditions) -> Response:
    limit, offset = ask.query["limit"], ask.query["offset"]
    rows = ask.world.store.slice(kind, ask.account.id, where, limit, offset)
    total = ask.world.store.count(kind, ask.account.id, where)
    return _wrapped(
        rows, "meta", {"total": total, "limit": limit, "offset": offset, "has_more": offset + limit < total}
    )


# helpers


def _plain(name: str, value: str) -> str:
    return value.lower() if name.endswith("_id") else value


def _created(ask: Ask) -> Conditions:
    """Unix time, both ends inclusive; an object made within the last second of the range belongs to it."""
    where: Conditions = []
    if "created_gte" in ask.query:
        where.append(("created >= ?", _ms(ask.query["created_gte"])))
    if "created_lte" in ask.query:
        where.append(("created < ?", _ms(ask.query["created_lte"] // 1 + 1)))
    return where


def _created_between(ask: Ask) -> Conditions:
    where: Conditions = []
    for name, condition in (("created_after", "created >= ?"), ("created_before", "created <= ?")):
        if name in ask.query:
            where.append((condition, _ms(_moment(name, ask.query[name]).timestamp())))
    return where


def _moment(name: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"{name} must be a date and time as in 2026-08-20T10:11:12Z.", name) from None
    return moment if moment.tzinfo else moment.fromisoformat(f"{moment.isoformat()}+00:00")


def _ms(seconds: float) -> int:
    return int(min(max(seconds * 1000, -_FAR_MS), _FAR_MS))


def _search(ask: Ask) -> Conditions:
    text = ask.query.get("search", "").strip().casefold()
    return [("instr(search, ?)", text)] if text else []


def _text(ask: Ask, kind: str, what: str) -> bytes:
    text = ask.world.store.text(kind, ask.account.id, ask.id)
    if text is None:
        raise missing(what, ask.id)
    return text


def _data(text: bytes) -> Response:
    return Response(200, b'{"data":' + text + b"}")


def _wrapped(rows: list[bytes], name: str, paging: dict[str, Any]) -> Response:
    return Response(200, b'{"data":[' + b",".join(rows) + b'],"' + name.encode() + b'":' + dump(paging) + b"}")
