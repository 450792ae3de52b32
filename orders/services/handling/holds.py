"""Orders that are not to be shipped now, why, and until when. They come back by themselves on that day.

A hold keeps an order out of *To fulfill* and *Next*, and parcels of it from being sent off. What has been sent off
before stays so, and units of a held order can still be given up.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, CharField, DateField, Exists, OuterRef, Q, QuerySet, UUIDField
from django.utils import timezone

from orders.apis.errors import NotSent
from orders.kept_queries import Given, kept
from orders.models import EventLog, Hold, Merchant, User
from orders.services import audit
from orders.services.index import deriving
from orders.storable import storable


class OnHold(NotSent):
    """Somebody said that the order is not to be shipped now."""

    title = "The order is on hold."
    page_status = 422

    def __init__(self, hold: Hold) -> None:
        super().__init__(f"{hold.words}. Release the hold before you fulfill it.")


@dataclass(frozen=True)
class Why:
    """What is said of a hold: `reason` is one of `Hold.Reason`, `until` the day on which it ends by itself."""

    reason: str
    note: str = ""
    until: date | None = None


def today(merchant: Merchant) -> date:
    return timezone.now().astimezone(merchant.zone).date()


def standing(merchant: Merchant, mode: str) -> "QuerySet[Hold, Any]":
    """The holds that hold now."""
    return standing_on(merchant, mode, today(merchant))


def standing_on(merchant: Merchant | Given, mode: str | Given, day: date | Given) -> "QuerySet[Hold, Any]":
    ahead = Q(until=None) | Q(until__gt=day)
    return Hold.objects.filter(ahead, merchant=merchant, mode=mode).select_related("user")


@kept(BigIntegerField(), CharField(), DateField(), UUIDField())
def _of_order(merchant_id: Given, mode: Given, day: Given, order_id: Given) -> "QuerySet[Hold, Any]":
    """An order has one hold at most."""
    return standing_on(merchant_id, mode, day).filter(order_id=order_id)


def of_order(merchant: Merchant, mode: str, order_id: uuid.UUID) -> Hold | None:
    """What keeps the order from being shipped now, or None."""
    return next(iter(_of_order(merchant.pk, mode, today(merchant), order_id)), None)


def refuse(merchant: Merchant, mode: str, order_id: uuid.UUID) -> None:
    """Raise `OnHold` where the order is not to be shipped now."""
    hold = of_order(merchant, mode, order_id)
    if hold is not None:
        raise OnHold(hold)


def held(merchant: Merchant, mode: str) -> Exists:
    """Of rows with an `order_id`: those that are on hold."""
    return Exists(standing(merchant, mode).filter(order_id=OuterRef("order_id")))


def hold(merchant: Merchant, mode: str, orders: Collection[uuid.UUID], why: Why, by: User) -> int:
    """Put these orders on hold, or say anew why they are: how many of them are not held in these very words already."""
    wanted = {"reason": why.reason, "note": storable(why.note), "until": why.until}
    with transaction.atomic():
        before = {one.order_id: one for one in _locked(merchant, mode, orders)}
        news = [order_id for order_id in dict.fromkeys(orders) if not _says(before.get(order_id), wanted)]
        for order_id in news:
            said = {**wanted, "user": by, "who": by.email, "at": timezone.now()}
            named: dict[str, Any] = {"merchant": merchant, "mode": mode, "order_id": order_id}
            written, _ = Hold.objects.update_or_create(**named, defaults=said)
            _record(EventLog.Kind.ORDER_HELD, written, by)
        deriving.of_holds(merchant, mode, news)
    return len(news)


def release(merchant: Merchant, mode: str, orders: Collection[uuid.UUID], by: User) -> int:
    """Let these orders be shipped again: how many of them were on hold."""
    with transaction.atomic():
        found = list(_locked(merchant, mode, orders))
        for one in found:
            if one.until is None or one.until > today(merchant):
                _record(EventLog.Kind.HOLD_RELEASED, one, by)
        Hold.objects.filter(pk__in=[one.pk for one in found]).delete()
        deriving.of_holds(merchant, mode, [one.order_id for one in found])
    return sum(one.until is None or one.until > today(merchant) for one in found)


def _locked(merchant: Merchant, mode: str, orders: Collection[uuid.UUID]) -> "QuerySet[Hold, Any]":
    """In one order, so that two people at once wait for each other and never for ever."""
    rows = Hold.objects.filter(merchant=merchant, mode=mode, order_id__in=orders)
    return rows.select_for_update().order_by("order_id")


def _says(one: Hold | None, wanted: Mapping[str, Any]) -> bool:
    return one is not None and all(getattr(one, name) == value for name, value in wanted.items())


def _record(kind: EventLog.Kind, one: Hold, by: User) -> None:
    audit.record(kind, one.words, user=by, merchant=one.merchant, mode=one.mode, order_id=one.order_id)
