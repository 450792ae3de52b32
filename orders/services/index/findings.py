"""The one writer of findings: they follow from the copies, and change in the transaction that changes those.

Whoever changes something that a rule looks at calls `again` in the same transaction.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.db import connection, transaction
from django.db.models import BigIntegerField, CharField, QuerySet, UUIDField

from orders.kept_queries import Given, Several, kept
from orders.models import Finding, Merchant, OrderCopy, ReviewCase, SignOff, Term
from orders.money import LARGEST_MINOR
from orders.services.index import folding, partner_shipments, rule_facts, rules
from orders.services.index.rule import Found
from orders.services.index.rule_facts import Facts, Lines
from orders.services.index.shipped import Shipped

AT_ONCE = 200  # orders in one transaction
AMOUNTS = ("subtotal", "discount", "tax", "total", "amount_paid", "amount_refunded", "amount_due")
FOUND = ("currency", "amount", "words", "seen", "since")
HEARD = ("sign_off_id", "signed", "assigned_to_id", "snoozed_until")  # of people
WRITTEN = (*FOUND, *HEARD)
Key = tuple[uuid.UUID, str]  # an order's id and a rule


@dataclass(frozen=True)
class _Said:
    """What people said of orders: the newest sign-off, and who is to look and when."""

    sign_offs: Mapping[Key, SignOff]
    cases: Mapping[Key, ReviewCase]


def again(merchant: Merchant, mode: str, order_ids: Iterable[uuid.UUID]) -> None:
    """Find anew what these orders break, and those that depend on them, as far as they have copies here."""
    wanted = sorted(set(order_ids))
    for begin in range(0, len(wanted), AT_ONCE):
        with transaction.atomic():
            write(merchant, mode, wanted[begin : begin + AT_ONCE])


def hold(merchant: Merchant, mode: str) -> None:
    """Until the transaction ends, nobody else finds anything for them: two orders may come to share an invoice at once.

    SQLite has one writer anyway. Whoever holds this locks no order any more.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"findings:{merchant.pk}:{mode}"])


def write(
    merchant: Merchant, mode: str, order_ids: Collection[uuid.UUID], invoices: Collection[uuid.UUID] = ()
) -> None:
    """The same within the caller's transaction. `invoices` are others that they had, or whose money has moved."""
    hold(merchant, mode)
    _write(merchant, mode, list(_whole(merchant, mode).filter(order_id__in=order_ids)), {}, invoices)


def of_partner_orders(merchant: Merchant, mode: str, partner_order_ids: Iterable[str]) -> None:
    """The same of the orders that these ids at Digital River stood for, or stand for now."""
    wanted = sorted(set(partner_order_ids))
    for begin in range(0, len(wanted), AT_ONCE):
        with transaction.atomic():
            hold(merchant, mode)
            some = wanted[begin : begin + AT_ONCE]
            write(merchant, mode, partner_shipments.concerned(merchant.pk, mode, some))


def of_every_partner_order(merchant: Merchant, mode: str) -> None:
    """By other names in metadata another order, or none, may be the one that Digital River means."""
    of_partner_orders(merchant, mode, partner_shipments.names(merchant.pk, mode))


def of_written(
    merchant: Merchant,
    mode: str,
    copies: Collection[OrderCopy],
    lines: Lines,
    units: Shipped,
    invoices: Collection[uuid.UUID],
) -> None:
    """The same of copies that the caller has just written, with the line items of those that can be read."""
    hold(merchant, mode)
    _write(merchant, mode, list(copies), lines, invoices, units)


def of_shipments(merchant: Merchant, mode: str, copy: OrderCopy, units: Shipped) -> None:
    """The same of the rules that an order's shipments decide. The caller holds what is found, and read them then.

    Who ships claims the partner's id: what another order was called by it until now is this one's.
    """
    theirs = partner_shipments.some(merchant.pk, mode)
    others = partner_shipments.link(merchant.pk, mode, [copy]) if theirs else set()
    _keep(merchant, mode, [rule_facts.of_shipments(copy, units, theirs=theirs)], rules.OF_SHIPMENTS)
    if others:
        _write(merchant, mode, list(_whole(merchant, mode).filter(pk__in=others)), {}, ())


def _write(
    merchant: Merchant,
    mode: str,
    copies: list[OrderCopy],
    lines: Lines,
    invoices: Collection[uuid.UUID],
    units: Shipped | None = None,
) -> None:
    """`units` of these copies; None where they are still to be read."""
    theirs = bool(copies) and partner_shipments.some(merchant.pk, mode)
    related = _related(merchant, mode, copies, invoices)
    if theirs:
        related |= partner_shipments.link(merchant.pk, mode, copies)
    if related:
        copies += _whole(merchant, mode).filter(pk__in=related)
    if copies:
        known = None if related else units
        facts = rule_facts.gather(merchant.pk, mode, copies, lines, known, complete=not related, theirs=theirs)
        _keep(merchant, mode, facts, rules.RULES)


def _related(merchant: Merchant, mode: str, copies: Sequence[OrderCopy], invoices: Collection[uuid.UUID]) -> set[int]:
    """The keys of other orders that a change of these may concern: on their invoices, and the other halves."""
    names = [folding.term(str(copy.order_id)) for copy in copies]
    on = {*invoices, *(copy.invoice_id for copy in copies if copy.invoice_id)}
    named = {id for copy in copies for id in rule_facts.named(copy)}
    return {pk for (pk,) in _concerned(merchant.pk, mode, names, on, named)} - {copy.pk for copy in copies}


@kept(BigIntegerField(), CharField(), Several(CharField()), Several(UUIDField()), Several(UUIDField()))
def _concerned(
    merchant_id: Given, mode: Given, names: Given, invoices: Given, order_ids: Given
) -> "QuerySet[Any, Any]":
    here = OrderCopy.objects.filter(merchant=merchant_id, mode=mode).order_by().values_list("pk")
    terms = Term.objects.filter(merchant=merchant_id, mode=mode, kind=Term.Kind.METADATA, value__in=names).order_by()
    on_invoices, named = here.filter(invoice_id__in=invoices), here.filter(order_id__in=order_ids)
    return terms.values_list("order").union(on_invoices, named)


def _whole(merchant: Merchant, mode: str) -> "QuerySet[OrderCopy, OrderCopy]":
    here = OrderCopy.objects.filter(merchant=merchant, mode=mode)
    return here.defer("text").order_by("pk").prefetch_related("lines")


def _keep(merchant: Merchant, mode: str, gathered: Sequence[Facts], names: Collection[str]) -> None:
    """Make what is kept of these rules what is found now: what is right stays as it is."""
    broken = {facts.copy: rules.found(facts, names) for facts in gathered}
    due = {(copy.pk, rule): _finding(copy, rule, one) for copy, found in broken.items() for rule, one in found.items()}
    of_these = _of_copies([copy.pk for copy in broken])
    had = {(row.order_id, row.rule): row for row in of_these if row.rule in names}
    gone = [row.pk for key, row in had.items() if key not in due]
    if gone:
        Finding.objects.filter(pk__in=gone).delete()
    new = [finding for key, finding in due.items() if key not in had]
    changed = [(had[key], finding) for key, finding in due.items() if key in had and _differ(had[key], finding)]
    moved = [_onto(row, finding) for row, finding in changed if row.seen != finding.seen]
    same = [_onto(row, finding) for row, finding in changed if row.seen == finding.seen]
    _hear_all(merchant, mode, [*new, *moved])
    Finding.objects.bulk_create(new)
    _save([*moved, *same])


@kept(Several(BigIntegerField()))
def _of_copies(copies: Given) -> "QuerySet[Finding]":
    return Finding.objects.filter(order__pk__in=copies)


def _save(rows: Sequence[Finding]) -> None:
    """One alone without the cases of a question about many, which take longer to write than to answer."""
    columns = [name.removesuffix("_id") for name in WRITTEN]
    if len(rows) == 1:
        rows[0].save(update_fields=columns)
    else:
        Finding.objects.bulk_update(rows, columns)


def said_anew(merchant: Merchant, mode: str, order_id: uuid.UUID) -> None:
    """Somebody signed off, assigned or snoozed: nothing else about the order has changed.

    Who calls it holds what is found (`hold`) from before they read it.
    """
    said = _said(merchant, mode, [order_id])
    found = Finding.objects.filter(merchant=merchant, mode=mode, order__order_id=order_id).select_related("order")
    for row in found:
        _hear(row, order_id, said)
        row.save(update_fields=[name.removesuffix("_id") for name in HEARD])


def _finding(copy: OrderCopy, rule: str, found: Found) -> Finding:
    amount = min(abs(found.amount), LARGEST_MINOR)
    seen = {name: getattr(copy, name) for name in AMOUNTS} | {"currency": copy.currency} | found.seen
    return Finding(
        order=copy,
        merchant_id=copy.merchant_id,
        mode=copy.mode,
        rule=rule,
        currency=copy.currency,
        amount=amount,
        words=list(found.words),
        seen=seen,
        since=found.since,
    )


def _hear_all(merchant: Merchant, mode: str, found: Sequence[Finding]) -> None:
    said = _said(merchant, mode, [row.order.order_id for row in found])
    for row in found:
        _hear(row, row.order.order_id, said)


def _hear(row: Finding, order_id: uuid.UUID, said: _Said) -> None:
    """Put beside it what people said of it; a sign-off is of the amounts that were seen, and of no others."""
    sign_off, case = said.sign_offs.get((order_id, row.rule)), said.cases.get((order_id, row.rule))
    row.sign_off, row.signed = sign_off, sign_off is not None and sign_off.seen == row.seen
    row.assigned_to_id = case.assigned_to_id if case else None
    row.snoozed_until = case.snoozed_until if case else None


def _said(merchant: Merchant, mode: str, order_ids: Sequence[uuid.UUID]) -> _Said:
    if not order_ids:
        return _Said({}, {})
    here = (merchant.pk, mode, order_ids)
    newest_last = sorted(_sign_offs(*here), key=attrgetter("pk"))
    sign_offs = {(row.order_id, row.rule): row for row in newest_last}
    return _Said(sign_offs, {(row.order_id, row.rule): row for row in _cases(*here)})


@kept(BigIntegerField(), CharField(), Several(UUIDField()))
def _sign_offs(merchant_id: Given, mode: Given, order_ids: Given) -> "QuerySet[SignOff]":
    """In no order: for the sake of one SQLite would go through all sign-offs of the merchant."""
    return SignOff.objects.filter(order_id__in=order_ids, merchant=merchant_id, mode=mode).order_by()


@kept(BigIntegerField(), CharField(), Several(UUIDField()))
def _cases(merchant_id: Given, mode: Given, order_ids: Given) -> "QuerySet[ReviewCase]":
    return ReviewCase.objects.filter(order_id__in=order_ids, merchant=merchant_id, mode=mode)


def _differ(row: Finding, due: Finding) -> bool:
    """What people say is put beside it when they say it."""
    return any(getattr(row, name) != getattr(due, name) for name in FOUND)


def _onto(row: Finding, due: Finding) -> Finding:
    """What people said stays, until the amounts are others than they saw."""
    due.pk = row.pk
    for name in HEARD:
        setattr(due, name, getattr(row, name))
    return due
