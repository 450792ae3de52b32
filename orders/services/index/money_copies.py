"""The one writer of copies of transactions and refunds, by whomever and in whichever list they were read.

The newer `updated_at` wins where RevKeen says one, and else the read that began later.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError

from orders.apis.revkeen.objects import Refund, Transaction
from orders.models import Merchant, MoneyCopy, RefundCopy, TransactionCopy
from orders.services.index import durability, findings, marks, money_fields, movements, owners
from orders.services.index.copying import in_calendar
from orders.services.index.money_fields import Sent

ATTEMPTS = 3  # another may write the same new row at the same moment
KEYS: dict[type[MoneyCopy], str] = {TransactionCopy: "transaction_id", RefundCopy: "refund_id"}
KEPT = ("id", "merchant", "mode", *KEYS.values(), *owners.DECIDED)  # what a newer state does not replace


@dataclass(frozen=True)
class Batch:
    """Rows of one kind, merchant and mode, and when reading them began, by the database's clock."""

    model: type[MoneyCopy]
    merchant: Merchant
    mode: str
    read_started: datetime


def keep_transactions(merchant: Merchant, mode: str, rows: Iterable[Sent], read_started: datetime) -> int:
    """Keep these where they are newer than their copies. Return how many had one that was outdated.

    `read_started` is the database's clock (`clock.now`) from before the request went out. Rows that could not be read
    are kept with the reason, as far as they say which they are.
    """
    return _keep(Batch(TransactionCopy, merchant, mode, read_started), rows)


def keep_refunds(merchant: Merchant, mode: str, rows: Iterable[Sent], read_started: datetime) -> int:
    """The same for refunds."""
    return _keep(Batch(RefundCopy, merchant, mode, read_started), rows)


def keep(merchant: Merchant, mode: str, told: Iterable[object], read_started: datetime) -> None:
    """Keep the transactions and refunds among what was told."""
    rows = list(told)
    keep_transactions(merchant, mode, [one for one in rows if isinstance(one, Transaction)], read_started)
    keep_refunds(merchant, mode, [one for one in rows if isinstance(one, Refund)], read_started)


def _keep(batch: Batch, rows: Iterable[Sent]) -> int:
    by_id = {row_id: row for row in rows if (row_id := money_fields.id_of(row)) is not None}
    if not by_id:
        return 0
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with durability.atomic():
                return _apply(batch, by_id)
        except IntegrityError:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _apply(batch: Batch, sent: Mapping[uuid.UUID, Sent]) -> int:
    key = KEYS[batch.model]
    here = batch.model._default_manager.filter(merchant=batch.merchant, mode=batch.mode, **{f"{key}__in": sent})
    copies = {getattr(copy, key): copy for copy in here.order_by(key).select_for_update()}
    newer = {id: row for id, row in sorted(sent.items()) if _newer(row, copies.get(id), batch.read_started)}
    changed = {id: row for id, row in newer.items() if not _same(row, copies.get(id))}
    outdated = sum(id in copies and copies[id].digest != "" for id in changed)  # a rebuild has forgotten the digests
    same = [copies[id].pk for id in newer.keys() - changed.keys()]
    if same:
        batch.model._default_manager.filter(pk__in=same).update(read_started=batch.read_started)
    if changed:
        _write(batch, changed, copies)
    return outdated


def _newer(row: Sent, copy: MoneyCopy | None, read_started: datetime) -> bool:
    if copy is None:
        return True
    updated_at = in_calendar(row.updated_at) if isinstance(row, Transaction) else None
    kept = copy.updated_at if isinstance(copy, TransactionCopy) and not copy.unreadable else None
    if updated_at and kept and updated_at != kept:
        return updated_at > kept
    return read_started > copy.read_started


def _same(row: Sent, copy: MoneyCopy | None) -> bool:
    return copy is not None and copy.digest == money_fields.digest_of(row)


def _write(batch: Batch, changed: Mapping[uuid.UUID, Sent], copies: Mapping[uuid.UUID, MoneyCopy]) -> None:
    written = {}
    for id, row in changed.items():
        copy = copies.get(id) or batch.model(merchant=batch.merchant, mode=batch.mode, **{KEYS[batch.model]: id})
        for name, value in _fields(row, copy, batch.read_started).items():
            setattr(copy, name, value)
        written[id] = copy
    fields = [field.name for field in batch.model._meta.concrete_fields if field.name not in KEPT]
    rows: Any = batch.model._default_manager
    rows.bulk_create(written.values(), update_conflicts=True, unique_fields=["id"], update_fields=fields)
    _follow(batch, list(written.values()), new=[copy for id, copy in written.items() if id not in copies])


def _fields(row: Sent, copy: MoneyCopy, read_started: datetime) -> dict[str, object]:
    """Of a row that cannot be read any more all is kept that was read of it before, but it counts no more."""
    fields = money_fields.fields_of(row, read_started)
    apart = {"flow": TransactionCopy.Flow.OTHER} if isinstance(copy, TransactionCopy) and fields["unreadable"] else {}
    if copy.pk is not None and fields["unreadable"]:
        return {name: fields[name] for name in ("read_started", "digest", "unreadable")} | apart
    return fields | apart


def _follow(batch: Batch, written: list[MoneyCopy], new: list[MoneyCopy]) -> None:
    """Whose they are; and a refund or a void changes its payment, which is read again."""
    if batch.model is TransactionCopy:
        owners.of_invoices(batch.merchant, batch.mode, {copy.invoice_id for copy in written if copy.invoice_id})
        payments = {copy.parent_id for copy in new if isinstance(copy, TransactionCopy) and copy.parent_id}
        marks.mark_invoices(batch.merchant, batch.mode, _outdated_invoices(batch, payments))
    else:
        owners.of_refunds(batch.merchant, batch.mode, [copy for copy in written if isinstance(copy, RefundCopy)])
    invoices = {copy.invoice_id for copy in written if copy.invoice_id}
    findings.write(batch.merchant, batch.mode, {copy.order_id for copy in written if copy.order_id}, invoices)
    money = [moved for copy in written if isinstance(copy, TransactionCopy) for moved in movements.of_transaction(copy)]
    movements.note(batch.merchant, batch.mode, money)


def _outdated_invoices(batch: Batch, payments: Collection[uuid.UUID]) -> Collection[uuid.UUID]:
    """Those of the payments whose copies are from before this read."""
    here = TransactionCopy.objects.filter(merchant=batch.merchant, mode=batch.mode, transaction_id__in=payments)
    outdated = here.filter(read_started__lt=batch.read_started).values_list("invoice_id", flat=True)
    return {invoice_id for invoice_id in outdated if invoice_id}
