"""The review queue as a table: a row for each finding, with what is at stake and what people said of it."""

from collections.abc import Iterator

from orders.services.finance import review, sign_offs
from orders.services.finance.listed import IMPORTING
from orders.services.finance.review import Wanted
from orders.services.finance.sign_offs import Reviewed
from orders.services.index.rules import RULES
from orders.tables import Column, Kind, NotReady, Table, Value

UNMATCHED = "Orders were not held against their payments yet: what differs between them is not here."
COLUMNS = [
    *map(Column, ("Order", "Order id")),
    Column("Placed", Kind.MOMENT),
    *map(Column, ("Rule", "Kind", "Differences")),
    Column("At stake", Kind.MONEY),
    *map(Column, ("Assigned to", "Snoozed until", "Signed off by")),
    Column("Signed off", Kind.MOMENT),
    *map(Column, ("Note", "Changed since")),
]


def table(wanted: Wanted, filter_words: str) -> Table:
    """Raise `NotReady` until all orders were imported."""
    as_of = wanted.place.as_of
    if as_of is None:
        raise NotReady(IMPORTING.format(what="orders"))
    notes = () if wanted.place.payments_as_of else (UNMATCHED,)
    return Table(
        "Review",
        COLUMNS,
        _rows(wanted),
        lambda most: min(_count(wanted), most),
        filter=filter_words,
        as_of=as_of,
        notes=lambda: notes,
    )


def _count(wanted: Wanted) -> int:
    return sum(one.orders for one in review.counts(wanted) if wanted.rule in ("", one.rule))


def _rows(wanted: Wanted) -> Iterator[list[Value]]:
    return (_row(sign_offs.reviewed(one)) for one in review.all_rows(wanted) if one.rule in RULES)


def _row(row: Reviewed) -> list[Value]:
    finding, order, said = row.finding, row.finding.order, row.finding.sign_off
    return [
        *(order.public_id, str(order.order_id), order.created_at),
        *(row.rule.label, "Not known" if row.rule.unknown else "Difference", " ".join(finding.words)),
        row.at_stake,
        str(finding.assigned_to or ""),
        f"{finding.snoozed_until:%Y-%m-%d}" if finding.snoozed_until else "",
        *((said.who, said.at, said.note) if said else ("", None, "")),
        ", ".join(map(str, row.changes)),
    ]
