"""The journal as a table for other programs: the rows that the filter shows, with all that is kept of each."""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any

from orders import csv_cells
from orders.models import EventLog, Operation
from orders.money import Money
from orders.services.changes import journal_list
from orders.services.changes.journal_list import Wanted
from orders.services.changes.snapshots import currency_of

Cells = list[Any]
Kind = Operation.Kind

PARTS = (
    *("Person", "E-mail", "What", "Details", "Order", "Order id", "Amount", "Currency", "State", "Code", "Message"),
    *("RevKeen's request", "Our request", "Operation", "Times sent", "Finished (UTC)", "Decided by", "Reason"),
    *("Merchant", "Mode"),
)


def rows(wanted: Wanted) -> Iterator[Cells]:
    """The head, then every row, in UTC and in the merchant's time."""
    zone = wanted.merchant.zone
    yield ["Time (UTC)", f"Time ({wanted.merchant.time_zone})", *PARTS]
    for row in journal_list.all_rows(wanted):
        at = journal_list.position(row).at
        cells = _event(row) if isinstance(row, EventLog) else _operation(row)
        yield [_time(at, UTC), _time(at, zone), *cells, wanted.merchant.slug, row.mode]


def amount(operation: Operation) -> Money | None:
    """The money that an operation is about."""
    body, currency = operation.body, operation.body.get("currency") or currency_of(operation)
    if operation.kind == Kind.CREATE:
        minor = sum(line["unit_price"] * line.get("quantity", 1) for line in body["line_items"])
    else:
        minor = body.get({Kind.PAY: "amount", Kind.REFUND: "amount_minor"}.get(Kind(operation.kind), ""))
    return None if minor is None else Money(minor, currency.upper())


def _operation(row: Operation) -> Cells:
    money = amount(row)
    return [
        str(row.user),
        row.who,
        row.get_kind_display(),
        row.summary,
        row.result.get("number") or row.order_number,
        str(row.about_order_id or ""),
        csv_cells.number(money) if money else None,
        money.currency if money else "",
        row.state,
        row.code,
        row.message,
        row.request_id,
        row.asked_in,
        str(row.pk),
        row.attempts,
        _time(row.ended_at, UTC),
        str(row.decided_by or ""),
        row.reason,
    ]


def _event(row: EventLog) -> Cells:
    person = [str(row.user) if row.user else "", row.who, row.get_kind_display(), row.text]
    return [*person, "", str(row.order_id or ""), *[""] * 6, row.request_id, *[""] * 5]


def _time(moment: datetime | None, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}" if moment else ""
