"""The rows of the payments of an order: RevKeen's transactions, and the refunds that are none yet, or never will be."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from orders import states
from orders.apis.revkeen.objects import Order, Refund, Transaction
from orders.money import Money
from orders.states import State

EARLIEST = datetime.min.replace(tzinfo=UTC)
BACK = {"refund": "Refund to", "void": "Void of"}
MOVES_MONEY = ("sale", *BACK)  # of the types of transactions those whose amount is known to have come or gone


@dataclass(frozen=True)
class PaymentRow:
    direction: str  # "Refund to" for money that goes back; "" for what came in
    method: str
    note: str
    state: State
    at: datetime | None
    amount: Money
    refundable: Money | None  # None where nothing can be refunded of it, ever
    moved: bool | None  # False: it came to nothing; None: not yet, or nobody can tell from what RevKeen says


def payment_rows(order: Order, transactions: list[Transaction], refunds: list[Refund]) -> list[PaymentRow]:
    """Newest first. A refund that went through is a transaction; the others count as what they are."""
    sales = {transaction.id: transaction for transaction in transactions if transaction.type == "sale"}
    rows = [_transaction_row(transaction, refunds) for transaction in transactions]
    rows += [
        _refund_row(order, refund, sales.get(refund.payment_id)) for refund in refunds if refund.status != "succeeded"
    ]
    return sorted(rows, key=lambda row: row.at or EARLIEST, reverse=True)


def _transaction_row(transaction: Transaction, refunds: Iterable[Refund]) -> PaymentRow:
    currency = transaction.currency.upper()
    return PaymentRow(
        direction=direction(transaction),
        method=transaction.method,
        note=transaction.gateway_response_text or "",
        state=states.transaction_state(transaction),
        at=transaction.created_at,
        amount=Money(-transaction.amount if transaction.type in BACK else transaction.amount, currency),
        refundable=_refundable(transaction, refunds),
        moved=_moved(transaction),
    )


def direction(transaction: Transaction) -> str:
    """What stands before the method: "" for a payment, else which way the money goes, or RevKeen's own word."""
    if transaction.type == "sale":
        return ""
    return BACK.get(transaction.type) or f"{transaction.type[:40].capitalize()},"


def _moved(transaction: Transaction) -> bool | None:
    if transaction.status == "failed":
        return False
    known = transaction.type in MOVES_MONEY and transaction.status in ("succeeded", "voided")
    return True if known else None


def _refundable(sale: Transaction, refunds: Iterable[Refund]) -> Money | None:
    """Less what is on its way. The refund form reads it anew."""
    if sale.type != "sale" or sale.status != "succeeded":
        return None
    of_this = [refund for refund in refunds if refund.payment_id == sale.id]
    on_its_way = sum(refund.amount_minor for refund in of_this if refund.spent and not refund.final)
    return Money(sale.amount - sale.amount_refunded - on_its_way, sale.currency.upper())


def _refund_row(order: Order, refund: Refund, sale: Transaction | None) -> PaymentRow:
    return PaymentRow(
        direction=BACK["refund"],
        method=sale.method if sale else "a payment",
        note=refund.failure_reason or "",
        state=states.refund_state(refund.status),
        at=refund.created_at,
        amount=order.money(-refund.amount_minor),
        refundable=None,
        moved=False if refund.final else None,
    )
