"""As of when the copies are right: a stored fact, which moves only once everything has been read that was marked."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Min, Q, QuerySet
from django.db.models.functions import Now

from orders.models import (
    EventLog,
    IndexState,
    InvoiceToRead,
    Merchant,
    OrderCopy,
    PartnerSweep,
    RefundCopy,
    Sweep,
    ToRead,
    TransactionCopy,
    User,
)
from orders.services import audit
from orders.services.index import clock

FROM_THE_BEGINNING = (Sweep.Kind.ALL, Sweep.Kind.PAYMENTS, Sweep.Kind.REFUNDS)


def settle(merchant: Merchant, mode: str) -> None:
    """Let the feed and the passes be as of when they began, where nothing is left of what they marked.

    Passes over money wait for the invoices that are marked, all else for the orders.
    """
    here: dict[str, Any] = {"merchant": merchant, "mode": mode}
    of_money = Q(kind__in=Sweep.OF_MONEY)
    _settle(ToRead.objects.filter(**here), IndexState.objects.filter(**here), Sweep.objects.filter(~of_money, **here))
    _settle(InvoiceToRead.objects.filter(**here), Sweep.objects.filter(of_money, **here))


def _settle(marks: "QuerySet[Any]", *waiting: "QuerySet[Any]") -> None:
    first = marks.aggregate(first=Min("first_wanted_at"))["first"]
    read = Q(marked_at__lt=first) if first else Q()
    for rows in waiting:
        rows.filter(read, next_as_of__isnull=False).update(as_of=F("next_as_of"), next_as_of=None)


def right_as_of(state: IndexState, moment: datetime) -> dict[str, datetime | None]:
    """The columns that say so: at once where nothing waits to be read, else once that has been."""
    if ToRead.objects.filter(merchant=state.merchant, mode=state.mode).exists():
        return {"next_as_of": moment, "marked_at": clock.now()}
    return {"as_of": moment, "next_as_of": None}


def begin_anew(state: IndexState) -> None:
    """Read everything again, the newest first; until that is done nobody says as of when the copies are right."""
    here: dict[str, Any] = {"merchant": state.merchant, "mode": state.mode}
    Sweep.objects.filter(kind__in=FROM_THE_BEGINNING, **here).update(
        due_at=Now(), began_at=None, created_lte=None, after=None, rows=0, as_of=None, next_as_of=None
    )


def rebuild(merchant: Merchant, mode: str, by: User) -> None:
    """Read everything again and write all of it, as if no copy were known to be right."""
    audit.record(
        EventLog.Kind.INDEX_REBUILT,
        "All orders, payments and refunds are read again",
        user=by,
        merchant=merchant,
        mode=mode,
    )
    for model in (OrderCopy, TransactionCopy, RefundCopy):
        model._default_manager.filter(merchant=merchant, mode=mode).update(digest="")
    for state in IndexState.objects.filter(merchant=merchant, mode=mode):
        begin_anew(state)


def compare_now(merchant: Merchant, mode: str) -> None:
    """Have every pass begin at once."""
    for model in (Sweep, PartnerSweep):
        to_come = model._default_manager.filter(merchant=merchant, mode=mode, due_at__gt=Now())
        to_come.update(due_at=Now() - timedelta(seconds=1))
