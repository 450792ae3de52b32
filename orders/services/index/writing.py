"""The one writer of copies. Whatever was read of an order, in a list or alone, by whomever, becomes its copy here.

The newer `updated_at` wins, and of two reads with the same the one that began later: a page that was read before a
change and is written after it does not undo the change.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import BigIntegerField, CharField, QuerySet, UUIDField

from orders.apis.listings import Unreadable
from orders.apis.revkeen.objects import Order
from orders.kept_queries import Given, Several, kept
from orders.models import CustomerCopy, Merchant, OrderCopy, OrderLineCopy, Sweep, Term
from orders.services.index import (
    copying,
    deriving,
    durability,
    findings,
    keys,
    marks,
    movements,
    owners,
    shipped,
    terms,
)
from orders.services.index.rule_facts import Lines

ATTEMPTS = 3  # another may write the same new order at the same moment
Sent = Order | Unreadable
Values = Mapping[str, object]  # of a copy, by column
Contents = Mapping[int, list[str]]  # of line items, by their copy's key
Money = tuple[uuid.UUID | None, int, int]  # an order's invoice, and its minor units paid and refunded


@dataclass(frozen=True)
class Applied:
    """What the orders were, held against their copies. The others were as their copies, or older."""

    new: Sequence[uuid.UUID] = ()  # had no copy
    outdated: Sequence[uuid.UUID] = ()  # had one with another state, as far as that was known


@dataclass(frozen=True)
class Batch:
    """Orders of one merchant and mode by their id, and when reading them began, by the database's clock."""

    merchant: Merchant
    mode: str
    read_started: datetime
    orders: Mapping[uuid.UUID, Sent] = field(default_factory=dict)


def apply(merchant: Merchant, mode: str, orders: Iterable[Sent], read_started: datetime) -> Applied:
    """Keep these orders where they are newer than their copies, with terms and text, in one transaction.

    `read_started` is the database's clock (`clock.now`) from before the request went out. Rows that could not be read
    are kept with the reason, as far as they say whose they are.
    """
    by_id = {order_id: order for order in orders if (order_id := _id_of(order)) is not None}
    batch = Batch(merchant, mode, read_started, by_id)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with durability.atomic():
                return _apply(batch)
        except IntegrityError:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def gone(merchant: Merchant, mode: str, order_id: uuid.UUID, read_started: datetime) -> None:
    """RevKeen answered 404 to a read that began then: the copy stays, marked, unless a later read had the order."""
    copies = OrderCopy.objects.filter(merchant=merchant, mode=mode, order_id=order_id, read_started__lt=read_started)
    with transaction.atomic():
        if copies.filter(gone_at=None).update(gone_at=read_started):
            findings.write(merchant, mode, [order_id])
            movements.note(merchant, mode, [movements.of_order(copy) for copy in copies])
        copies.update(read_started=read_started)


def _id_of(order: Sent) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(order.id))
    except ValueError:
        return None


def _apply(batch: Batch) -> Applied:
    rows = {row.order_id: row for row in _locked(batch.merchant.pk, batch.mode, batch.orders)}
    newer = {id: order for id, order in sorted(batch.orders.items()) if _newer(order, rows.get(id), batch.read_started)}
    changed = {id: order for id, order in newer.items() if not _same(order, rows.get(id))}
    outdated = tuple(id for id in changed if id in rows and rows[id].digest)  # a rebuild has forgotten the digests
    same = [rows[id].pk for id in newer.keys() - changed.keys()]
    if same:
        OrderCopy.objects.filter(pk__in=same).update(read_started=batch.read_started)
    if changed:
        _write(batch, changed, rows)
    return Applied(tuple(id for id in changed if id not in rows), outdated)


@kept(BigIntegerField(), CharField(), Several(UUIDField()))
def _locked(merchant_id: Given, mode: Given, order_ids: Given) -> "QuerySet[OrderCopy]":
    here = OrderCopy.objects.filter(order_id__in=order_ids, merchant=merchant_id, mode=mode)
    return here.order_by("id").select_for_update()


def _newer(order: Sent, row: OrderCopy | None, read_started: datetime) -> bool:
    if row is None:
        return True
    if isinstance(order, Order) and not row.unreadable:
        updated_at = copying.in_calendar(order.updated_at)
        if updated_at and updated_at != row.updated_at:
            return updated_at > row.updated_at
    return read_started > row.read_started


def _same(order: Sent, row: OrderCopy | None) -> bool:
    """Whether a newer read brought nothing new; one without line items says nothing of those that we have."""
    if row is None or row.gone_at is not None:
        return False
    if isinstance(order, Order) and order.line_items is None and row.has_lines and not row.unreadable:
        return copying.in_calendar(order.updated_at) == row.updated_at
    return row.digest == copying.digest_of(order)


def _write(batch: Batch, changed: Mapping[uuid.UUID, Sent], rows: Mapping[uuid.UUID, OrderCopy]) -> None:
    moved = {id: _money(row) for id, row in rows.items()}
    counted = {row.pk: movements.of_order(row) for row in rows.values()}
    before = {row.pk: copying.values_of(row) for row in rows.values()}
    copies = _copies(batch, changed, rows)
    read = [copy for copy in copies if isinstance(changed[copy.order_id], Order)]
    lines = {copy.pk: copying.lines_of(changed[copy.order_id], copy) for copy in read}  # type: ignore[arg-type]
    had = _lines_before(lines.keys() & before.keys())
    other = {pk: own for pk, own in lines.items() if list(map(copying.content_of, own)) != had[pk]}
    units = shipped.of_orders(batch.merchant.pk, batch.mode, [copy.order_id for copy in copies])
    said = [one for one in read if one.pk in other or not copying.says_the_same(before.get(one.pk), one)]
    deriving.count_units(read, lines, units)
    wanted = deriving.derive(said, lines, _customers(batch, said))
    _save(copies, before)
    _write_lines(other, had)
    deriving.write_terms(batch.merchant, batch.mode, wanted)
    _read_money(batch, read, moved)
    left = {invoice_id for invoice_id, _, _ in moved.values() if invoice_id}
    findings.of_written(batch.merchant, batch.mode, copies, lines, units, left)
    now = [(copy.pk, movements.of_order(copy)) for copy in copies]
    movements.note(batch.merchant, batch.mode, [counts for pk, counts in now if counts != counted.get(pk)])


def _save(copies: Sequence[OrderCopy], before: Mapping[int, Values]) -> None:
    columns = copying.changed_columns((before.get(copy.pk), copy) for copy in copies)
    if len(copies) == 1 and copies[0].pk in before:
        copies[0].save(update_fields=columns)
    else:
        OrderCopy.objects.bulk_create(copies, update_conflicts=True, unique_fields=["id"], update_fields=columns)


def _lines_before(known: Collection[int]) -> Contents:
    """Of copies that there were, by their keys."""
    had: defaultdict[int, list[str]] = defaultdict(list)
    for line in _lines_of(known) if known else ():
        had[line.order_id].append(copying.content_of(line))
    return had


@kept(Several(BigIntegerField()))
def _lines_of(copies: Given) -> "QuerySet[OrderLineCopy]":
    return OrderLineCopy.objects.filter(order__pk__in=copies)


def _write_lines(other: Lines, had: Contents) -> None:
    """Those of orders that have others than before: most changes leave them as they are."""
    if gone := [pk for pk in other if had[pk]]:
        OrderLineCopy.objects.filter(order__in=gone).delete()
    OrderLineCopy.objects.bulk_create([line for own in other.values() for line in own])


def _read_money(batch: Batch, copies: Iterable[OrderCopy], moved: Mapping[uuid.UUID, Money]) -> None:
    """Of orders of which money moved the invoices are read too; whose the money of an invoice is may be another now."""
    apart = [copy for copy in copies if moved.get(copy.order_id) != _money(copy)]
    left = {moved[copy.order_id][0] for copy in apart if copy.order_id in moved}
    invoices = {invoice_id for invoice_id in (*left, *(copy.invoice_id for copy in apart)) if invoice_id}
    if invoices:
        owners.of_invoices(batch.merchant, batch.mode, invoices)
    known = [copy for copy in apart if copy.order_id in moved]
    marks.mark_invoices(batch.merchant, batch.mode, {copy.invoice_id for copy in known if copy.invoice_id})


def _money(copy: OrderCopy) -> Money:
    return copy.invoice_id, copy.amount_paid, copy.amount_refunded


def _copies(batch: Batch, changed: Mapping[uuid.UUID, Sent], rows: Mapping[uuid.UUID, OrderCopy]) -> list[OrderCopy]:
    """The rows as they shall be. One whose time was not known gets another key once it is read."""
    fields = {id: copying.fields_of(order, batch.read_started) for id, order in changed.items()}
    stay = {id: row for id, row in rows.items() if id in changed and not _misplaced(row, changed[id])}
    if misplaced := [rows[id].pk for id in changed if id in rows and id not in stay]:
        OrderCopy.objects.filter(pk__in=misplaced).delete()
    new = {(batch.merchant.pk, batch.mode, str(id)): fields[id]["created_at"] for id in changed if id not in stay}
    chosen = keys.choose(new.items(), _taken)
    copies = []
    for id, values in fields.items():
        copy = stay.get(id) or OrderCopy(id=chosen[(batch.merchant.pk, batch.mode, str(id))], order_id=id)
        copy.merchant, copy.mode = batch.merchant, batch.mode
        _forget_learned(copy, values)
        for name in copying.OF_UNREADABLE if id in stay and values["unreadable"] else values:
            setattr(copy, name, values[name])
        copies.append(copy)
    return copies


def _misplaced(row: OrderCopy, order: Sent) -> bool:
    return bool(row.unreadable) and isinstance(order, Order) and row.created_at != order.created_at


def _taken(candidates: Iterable[int]) -> set[int]:
    return set(OrderCopy.objects.filter(pk__in=candidates).values_list("pk", flat=True))


def _forget_learned(copy: OrderCopy, values: Mapping[str, object]) -> None:
    """What was learned of one invoice says nothing of another."""
    if copy.invoice_id is not None and copy.invoice_id != values.get("invoice_id", copy.invoice_id):
        Term.objects.filter(order=copy.pk, kind__in=terms.LEARNED).delete()


def _customers(batch: Batch, copies: Iterable[OrderCopy]) -> deriving.Customers:
    ids = {copy.customer_id for copy in copies if copy.customer_id}
    customers = deriving.customers_of(copies)
    _want_customers(batch, ids - customers.keys())
    return customers


def _want_customers(batch: Batch, unseen: Collection[uuid.UUID]) -> None:
    """Those we have never seen are noted, for the worker to ask for, unless all customers are to be read anyway."""
    if not unseen:
        return
    if Sweep.objects.filter(merchant=batch.merchant, mode=batch.mode, kind=Sweep.Kind.CUSTOMERS, as_of=None).exists():
        return
    CustomerCopy.objects.bulk_create(
        [CustomerCopy(merchant=batch.merchant, mode=batch.mode, customer_id=id) for id in sorted(unseen)],
        ignore_conflicts=True,
    )
