"""Closing a month of the merchant's zone: what it came to, signed by one person, or by two where the merchant asks.

What is signed is a text, of which the event log holds the digest, and so does the chain over it. It is frozen with the
first signature: whatever changes from then on is listed as *after closing* (services/index/movements.py).
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Now

from orders.models import AfterClosing, ClosedMovement, EventLog, MonthClosing, OrderCopy, TransactionCopy, User
from orders.services import audit
from orders.services.finance import review
from orders.services.finance.review import HALF, Wanted
from orders.services.index import movements
from orders.services.index.movements import Moved
from orders.services.index.order_filters import Place
from orders.services.index.rules import RULES
from orders.storable import storable

MOST_OPEN = 2_000  # findings that are kept one by one; the count is of all
AT_ONCE = 1_000
Flow = TransactionCopy.Flow
FLOWS = (Flow.IN, Flow.OUT)
KINDS = {Flow.IN: movements.Kind.COLLECTED, Flow.OUT: movements.Kind.REFUNDED}


class NotPossible(Exception):
    """The month cannot be closed so; the message says why, to a person."""


@dataclass(frozen=True)
class Month:
    """A month of the merchant's zone, by its first day."""

    first: date
    start: datetime
    end: datetime  # exclusive

    def __str__(self) -> str:
        return f"{self.first:%B %Y}"


@dataclass(frozen=True)
class Line:
    """A currency's month, in minor units: what was owed and received before it, what moved in it, and after it."""

    currency: str
    owed_before: int = 0
    ordered: int = 0
    collected: int = 0
    net_before: int = 0
    refunded: int = 0

    @property
    def owed_after(self) -> int:
        return self.owed_before + self.ordered - self.collected

    @property
    def net_after(self) -> int:
        return self.net_before + self.collected - self.refunded


def month_of(place: Place, first: date) -> Month:
    """The month that begins with this day. Raise ValueError for a day that begins none."""
    if first.day != 1 or not 1970 <= first.year <= 9998:
        raise ValueError("A month is written as 2026-10.")
    following = (first + timedelta(days=32)).replace(day=1)
    start, end = (datetime.combine(day, time(), place.merchant.zone).astimezone(UTC) for day in (first, following))
    return Month(first, start, end)


def lines(place: Place, month: Month) -> list[Line]:
    """What the month came to as the copies are now, by currency."""
    before, within = Q(at__lt=month.start), Q(at__gte=month.start, at__lt=month.end)
    ordered_before, ordered = (_sums(_orders(place), which, "total") for which in (before, within))
    flows = {flow: [_sums(_money(place, flow), which, "amount") for which in (before, within)] for flow in FLOWS}
    (in_before, collected), (out_before, refunded) = flows[Flow.IN], flows[Flow.OUT]
    currencies = sorted({*ordered_before, *ordered, *in_before, *collected, *out_before, *refunded})
    return [
        Line(
            currency,
            ordered_before.get(currency, 0) - in_before.get(currency, 0),
            ordered.get(currency, 0),
            collected.get(currency, 0),
            in_before.get(currency, 0) - out_before.get(currency, 0),
            refunded.get(currency, 0),
        )
        for currency in currencies
    ]


def line_of(signed: Mapping[str, Any]) -> Line:
    """A currency's month out of what was signed."""
    return Line(**{one.name: signed[one.name] for one in fields(Line)})


def why_not(place: Place, month: Month) -> str:
    """Why the month cannot be closed now; "" where it can."""
    if month.end > place.now:
        return f"{month} has not ended yet."
    as_of = place.payments_as_of
    if as_of is None:
        return "Orders and payments are still being imported: some of the month may be missing."
    return "" if as_of >= month.end else "Orders and payments are not read up to the end of the month yet."


def open_in(place: Place, month: Month) -> Wanted:
    """The findings that are listed with a month: of orders that were placed before it ended."""
    return Wanted(place, placed_before=month.end)


def sign(place: Place, month: Month, note: str, by: User) -> MonthClosing:
    """Freeze the month as it is now; close it, unless a second person has to sign. Raise `NotPossible`."""
    why = why_not(place, month)
    if why:
        raise NotPossible(why)
    try:
        with transaction.atomic():
            closing = _write(place, month, note, by)
            said = f"{closing}: digest {closing.digest}"
            _record(EventLog.Kind.MONTH_SIGNED, closing, said, by)
            if not place.merchant.two_close_months:
                _close(closing, by, None)
    except IntegrityError as error:
        raise NotPossible(f"{month} is signed already.") from error
    return closing


def confirm(closing: MonthClosing, by: User) -> None:
    """The second signature. Raise `NotPossible` for the person who signed first, and where it was ended before."""
    with transaction.atomic():
        _second(closing, by)
        _close(closing, by, by)


def decline(closing: MonthClosing, by: User, reason: str) -> None:
    """What was signed is not what the month came to; it can be signed anew. Raise as `confirm`, but for one's own."""
    with transaction.atomic():
        standing = _standing(closing)
        facts = {"declined_at": Now(), "second_who": by.email, "reason": storable(reason)}
        second = None if by.pk == standing.signed_by_id else by
        MonthClosing.objects.filter(pk=closing.pk).update(**facts, second=second)
        _record(EventLog.Kind.MONTH_DECLINED, closing, f"{closing}: digest {closing.digest}. {reason}", by)


def closings(place: Place) -> list[MonthClosing]:
    """Of every month that was ever signed, the newest month first; those that were declined too."""
    here = MonthClosing.objects.filter(merchant=place.merchant, mode=place.mode)
    return list(here.select_related("signed_by", "second").defer("content"))


def standing(place: Place, month: Month) -> MonthClosing | None:
    here = MonthClosing.objects.filter(merchant=place.merchant, mode=place.mode, month=month.first)
    return here.filter(declined_at=None).select_related("signed_by", "second").first()


def after(closing: MonthClosing) -> list[AfterClosing]:
    """What has changed in the month since it was signed, the newest first."""
    return list(AfterClosing.objects.filter(closing=closing).order_by("-pk"))


def is_as_signed(closing: MonthClosing) -> bool:
    """Whether what is kept is what was signed: the text and its rows against the digest, and that against the log."""
    content = json.loads(closing.content)
    rows = ClosedMovement.objects.filter(closing=closing).order_by("kind", "row_id").iterator()
    same = _digest_of(closing.content) == closing.digest and content["movements"]["digest"] == _of_rows(rows)
    logged = EventLog.objects.filter(merchant=closing.merchant_id, mode=closing.mode, kind="month_signed")
    return same and logged.filter(text=f"{closing}: digest {closing.digest}").exists()


def _orders(place: Place) -> "QuerySet[OrderCopy, Any]":
    here = OrderCopy.objects.filter(merchant=place.merchant, mode=place.mode, gone_at=None, unreadable="")
    return here.exclude(status__in=movements.NOT_ORDERED).annotate(at=F("created_at"))


def _money(place: Place, flow: str) -> "QuerySet[TransactionCopy, Any]":
    here = TransactionCopy.objects.filter(merchant=place.merchant, mode=place.mode, flow=flow)
    return here.annotate(at=F("moved_at"))


def _sums(found: "QuerySet[Any, Any]", which: Q, name: str) -> dict[str, int]:
    """Currency → minor units, exactly."""
    halves = {"high": Sum(F(name) / HALF), "low": Sum(F(name) % HALF)}
    groups = found.filter(which).order_by().values("currency").annotate(rows=Count("pk"), **halves)
    return {row["currency"]: int(row["high"]) * HALF + int(row["low"]) for row in groups}


def _write(place: Place, month: Month, note: str, by: User) -> MonthClosing:
    moved = sorted(_moved(place, month), key=lambda one: (one.kind, str(one.row_id)))
    content = json.dumps(_content(place, month, moved), sort_keys=True, ensure_ascii=False)
    closing = MonthClosing.objects.create(
        merchant=place.merchant, mode=place.mode, month=month.first, start=month.start, end=month.end,
        content=content, digest=_digest_of(content), signed_by=by, signed_who=by.email, note=storable(note),
    )  # fmt: skip
    rows = [
        ClosedMovement(
            closing=closing, kind=one.kind, row_id=one.row_id, order_id=one.order_id, currency=one.currency,
            amount=one.amount,
        )
        for one in moved
    ]  # fmt: skip
    ClosedMovement.objects.bulk_create(rows, AT_ONCE)
    return closing


def _moved(place: Place, month: Month) -> Iterator[Moved]:
    within = Q(at__gte=month.start, at__lt=month.end)
    for order in _orders(place).filter(within).defer("text", "metadata", "notes").iterator(AT_ONCE):
        yield movements.of_order(order)
    for flow in FLOWS:
        for money in _money(place, flow).filter(within).iterator(AT_ONCE):
            yield from (one for one in movements.of_transaction(money) if one.kind == KINDS[flow])


def _content(place: Place, month: Month, moved: list[Moved]) -> dict[str, Any]:
    """All that is signed. Amounts are in minor units."""
    as_of = place.payments_as_of
    wanted = open_in(place, month)
    counted = review.counts(wanted)
    return {
        "merchant": place.merchant.slug,
        "mode": place.mode,
        "month": f"{month.first:%Y-%m}",
        "zone": place.merchant.time_zone,
        "as_of": as_of.isoformat() if as_of else "",
        "currencies": [vars(line) | {"owed_after": line.owed_after, "net_after": line.net_after}
                       for line in lines(place, month)],
        "open": [_open(row) for row, _ in zip(review.all_rows(wanted), range(MOST_OPEN), strict=False)],
        "open_count": sum(one.orders for one in counted),
        "movements": {"count": len(moved), "digest": _of_rows(moved)},
    }  # fmt: skip


def _open(row: Any) -> dict[str, Any]:
    return {
        "order": row.order.public_id[:100],
        "order_id": str(row.order.order_id),
        "rule": RULES[row.rule].label,
        "words": row.words[:1],
        "amount": row.amount,
        "currency": row.currency,
    }


def _of_rows(rows: Any) -> str:
    digest = hashlib.sha256()
    for one in rows:
        digest.update(f"{one.kind} {one.row_id} {one.currency} {one.amount}\n".encode())
    return digest.hexdigest()


def _digest_of(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def _standing(closing: MonthClosing) -> MonthClosing:
    found = MonthClosing.objects.select_for_update().get(pk=closing.pk)
    if not found.waiting:
        raise NotPossible(f"{closing} is not waiting for a second signature any more.")
    return found


def _second(closing: MonthClosing, by: User) -> None:
    if _standing(closing).signed_by_id == by.pk:
        raise NotPossible("Who signed first cannot be the second.")


def _close(closing: MonthClosing, by: User, second: User | None) -> None:
    facts = {"closed_at": Now(), "second": second, "second_who": second.email if second else ""}
    MonthClosing.objects.filter(pk=closing.pk).update(**facts)
    closing.refresh_from_db(fields=["closed_at"])
    _record(EventLog.Kind.MONTH_CLOSED, closing, f"{closing}: digest {closing.digest}", by)


def _record(kind: EventLog.Kind, closing: MonthClosing, text: str, by: User) -> None:
    audit.record(kind, storable(text), user=by, merchant=closing.merchant, mode=closing.mode)
