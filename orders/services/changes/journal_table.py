"""The journal as a table for other programs: the rows that the filter shows, with all that is kept of each."""

from functools import partial

from orders.models import EventLog, Operation
from orders.money import Money
from orders.services.changes import journal_list
from orders.services.changes.journal_list import Row, Wanted
from orders.services.changes.snapshots import currency_of
from orders.tables import Column, Kind, Table, Value

COLUMNS = [
    Column("Time", Kind.MOMENT),
    *map(Column, ("Person", "E-mail", "What", "Details", "Order", "Order id")),
    Column("Amount", Kind.MONEY, summed=False),  # taken, given back, refused: together they are no sum
    *map(Column, ("State", "Code", "Message", "RevKeen's request", "Our request", "Operation")),
    Column("Times sent", Kind.NUMBER),
    Column("Finished", Kind.MOMENT),
    *map(Column, ("Decided by", "Reason", "Merchant", "Mode")),
]


def table(wanted: Wanted, filter_words: str) -> Table:
    return Table(
        "Journal",
        COLUMNS,
        (_row(wanted, row) for row in journal_list.all_rows(wanted)),
        partial(journal_list.count, wanted),
        filter=filter_words,
    )


def amount(operation: Operation) -> Money | None:
    """The money that an operation is about."""
    body, currency = operation.body, operation.body.get("currency") or currency_of(operation)
    if operation.kind == Operation.Kind.CREATE:
        minor = sum(line["unit_price"] * line.get("quantity", 1) for line in body["line_items"])
    else:
        of_kind = {Operation.Kind.PAY: "amount", Operation.Kind.REFUND: "amount_minor"}
        minor = body.get(of_kind.get(Operation.Kind(operation.kind), ""))
    return None if minor is None else Money(minor, currency.upper())


def _row(wanted: Wanted, row: Row) -> list[Value]:
    cells = _event(row) if isinstance(row, EventLog) else _operation(row)
    return [journal_list.position(row).at, *cells, wanted.merchant.slug, row.mode]


def _operation(row: Operation) -> list[Value]:
    return [
        str(row.user),
        row.who,
        row.get_kind_display(),
        row.summary,
        row.result.get("number") or row.order_number,
        str(row.about_order_id or ""),
        amount(row),
        row.state,
        row.code,
        row.message,
        row.request_id,
        row.asked_in,
        str(row.pk),
        row.attempts,
        row.ended_at,
        str(row.decided_by or ""),
        row.reason,
    ]


def _event(row: EventLog) -> list[Value]:
    person = [str(row.user) if row.user else "", row.who, row.get_kind_display(), row.text]
    return [*person, "", str(row.order_id or ""), None, "", "", "", "", row.request_id, "", None, None, "", ""]
