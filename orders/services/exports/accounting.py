"""The accounting feed: every transaction and every refund in exactly one file, and each file again whenever wanted.

A file takes what no file has yet, whenever it came to be known, and keeps it as it is then, all in one transaction: who
is killed while making one leaves none behind. That nothing is in two of them is a constraint of the database.
"""

import uuid
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from orders.models import (
    AccountingFile,
    AccountingRow,
    Merchant,
    MoneyCopy,
    RefundCopy,
    TransactionCopy,
    User,
)
from orders.money import Money
from orders.services.index import copies as order_copies
from orders.tables import AT_ONCE, Column, Kind, Table, Value

READ_AT_ONCE = 500
Flow = TransactionCopy.Flow
SUCCEEDED = "succeeded"
RECEIVED, GIVEN_BACK, OTHER, REFUNDED = "Received", "Given back", "Other", "Refunded"
# A failed one moved nothing, and a pending one is in a later file.
HEADING_OF_FLOW = {Flow.IN.value: RECEIVED, Flow.OUT.value: GIVEN_BACK, Flow.OTHER.value: OTHER}
AMOUNTS = (RECEIVED, GIVEN_BACK, OTHER, REFUNDED)
FACTS = (
    *("Kind", "Id", "Type", "Status", "Order", "Order id", "Customer id", "Invoice id"),
    *("Of payment", "Method", "Card", "Reason"),
)
COLUMNS = [
    Column("Number"),
    Column("Moved", Kind.MOMENT),
    *map(Column, FACTS),
    *(Column(name, Kind.MONEY) for name in AMOUNTS),
]


def files_of(merchant: Merchant, mode: str) -> "QuerySet[AccountingFile, AccountingFile]":
    """The newest first."""
    found = AccountingFile.objects.filter(merchant=merchant, mode=mode)
    return found.select_related("made_by").order_by("-number")


def new_rows(merchant: Merchant, mode: str, most: int) -> int:
    """How many the next file would have, but no more than `most`."""
    return min(most, sum(found[:most].count() for found in _new(merchant, mode)))


def make(merchant: Merchant, mode: str, by: User) -> AccountingFile | None:
    """The next file, with the oldest of what no file has, `AT_ONCE` rows at most; `None` where there is nothing."""
    if not new_rows(merchant, mode, 1):  # a look that takes no lock
        return None
    with transaction.atomic():
        Merchant.objects.select_for_update().get(pk=merchant.pk)  # one at a time
        rows = sorted(_taken(merchant, mode), key=lambda row: (row.moved_at, row.kind, row.source_id))[:AT_ONCE]
        if not rows:
            return None
        number = (files_of(merchant, mode).aggregate(last=Max("number"))["last"] or 0) + 1
        file = AccountingFile.objects.create(merchant=merchant, mode=mode, number=number, made_by=by, rows=len(rows))
        for row in rows:
            row.file = file
        AccountingRow.objects.bulk_create(rows, batch_size=READ_AT_ONCE)
    return file


def table(file: AccountingFile) -> Table:
    """The same rows each time. What was received, given back and refunded is never added to each other: a refund that
    has arrived is a transaction too.
    """
    return Table(
        f"Accounting {file.number}",
        COLUMNS,
        _rows(file),
        lambda most: min(file.rows, most),
        filter=f"File {file.number} of the accounting feed",
        as_of=file.made_at,
    )


def _rows(file: AccountingFile) -> Iterator[list[Value]]:
    last = 0
    found = AccountingRow.objects.filter(file=file).order_by("id")
    while rows := list(found.filter(pk__gt=last)[:READ_AT_ONCE]):
        yield from (_cells(file, row) for row in rows)
        last = rows[-1].pk


def _cells(file: AccountingFile, row: AccountingRow) -> list[Value]:
    money = Money(row.amount, row.currency)
    amounts = [money if row.facts["Amount"] == name else None for name in AMOUNTS]
    return [str(file.number), row.moved_at, *(row.facts[name] for name in FACTS), *amounts]


def _new(merchant: Merchant, mode: str) -> tuple["QuerySet[TransactionCopy]", "QuerySet[RefundCopy]"]:
    """What moved and is in no file yet. What cannot be read is in none until it can be."""
    here = {"merchant": merchant, "mode": mode, "unreadable": ""}
    transactions = TransactionCopy.objects.filter(flow__in=HEADING_OF_FLOW, **here)
    refunds = RefundCopy.objects.filter(status=SUCCEEDED, **here)
    return (
        transactions.exclude(_in_a_file(AccountingRow.Kind.TRANSACTION, "transaction_id")).order_by("moved_at", "id"),
        refunds.exclude(_in_a_file(AccountingRow.Kind.REFUND, "refund_id")).order_by("moved_at", "id"),
    )


def _in_a_file(kind: str, key: str) -> Exists:
    same = {"merchant": OuterRef("merchant"), "mode": OuterRef("mode"), "source_id": OuterRef(key)}
    return Exists(AccountingRow.objects.filter(kind=kind, **same))


def _taken(merchant: Merchant, mode: str) -> list[AccountingRow]:
    transactions, refunds = _new(merchant, mode)
    copies: list[TransactionCopy | RefundCopy] = [*transactions[:AT_ONCE], *refunds[:AT_ONCE]]
    numbers = order_copies.numbers(merchant, mode, (copy.order_id for copy in copies))
    return [_row(copy, numbers) for copy in copies]


def _row(copy: TransactionCopy | RefundCopy, numbers: dict[uuid.UUID, str]) -> AccountingRow:
    of_kind = _of_transaction(copy) if isinstance(copy, TransactionCopy) else _of_refund(copy)
    row = AccountingRow(merchant_id=copy.merchant_id, mode=copy.mode, moved_at=copy.moved_at)
    row.amount, row.currency = copy.amount, copy.currency
    row.kind, row.source_id = of_kind.pop("kind"), of_kind.pop("source_id")
    row.facts = _facts(copy, numbers) | of_kind | {"Kind": row.get_kind_display(), "Id": str(row.source_id)}
    return row


def _facts(copy: MoneyCopy, numbers: dict[uuid.UUID, str]) -> dict[str, str]:
    return {
        "Status": copy.status,
        "Order": numbers.get(copy.order_id, "") if copy.order_id else "",
        "Order id": str(copy.order_id or ""),
        "Customer id": str(copy.customer_id or ""),
        "Invoice id": str(copy.invoice_id or ""),
        "Method": copy.method,
        "Card": " ".join(part for part in (copy.card_brand, copy.card_last_four) if part),
    }


def _of_transaction(copy: TransactionCopy) -> dict[str, Any]:
    return {
        "kind": AccountingRow.Kind.TRANSACTION,
        "source_id": copy.transaction_id,
        "Type": copy.type,
        "Of payment": str(copy.parent_id or ""),
        "Reason": "",
        "Amount": HEADING_OF_FLOW[copy.flow],
    }


def _of_refund(copy: RefundCopy) -> dict[str, Any]:
    return {
        "kind": AccountingRow.Kind.REFUND,
        "source_id": copy.refund_id,
        "Type": copy.public_id,
        "Of payment": str(copy.payment_id or ""),
        "Reason": ". ".join(part for part in (copy.reason, copy.reason_details) if part),
        "Amount": REFUNDED,
    }
