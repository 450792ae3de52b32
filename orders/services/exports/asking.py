"""Asking for a file that a worker makes: now, or every day, week or month. How much one person may have is bounded."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from orders.models import Export, ExportSchedule, Membership
from orders.services.index import clock

MOST_WAITING = 5  # files of one person at one merchant, in both modes
MOST_KEPT = 50
MOST_SCHEDULES = 10
AT = time(6)  # when files of a schedule are made

Every = ExportSchedule.Every


class TooMany(Exception):
    """They have as many as one may have; the message says so."""


def ask(membership: Membership, mode: str, **asked: Any) -> Export:
    """Have a file made. Raise `TooMany`."""
    mine = Export.objects.filter(owner=membership.user, merchant=membership.merchant)
    if mine.filter(state=Export.State.WAITING).count() >= MOST_WAITING:
        raise TooMany(f"{MOST_WAITING} exports of yours are being made. Wait for one of them.")
    if mine.count() >= MOST_KEPT:
        raise TooMany(f"{MOST_KEPT} exports of yours are kept. Remove one that you do not need.")
    return Export.objects.create(owner=membership.user, merchant=membership.merchant, mode=mode, **asked)


def ask_every(membership: Membership, mode: str, every: str, **asked: Any) -> ExportSchedule:
    """Have such a file made again and again. Raise `TooMany`."""
    if ExportSchedule.objects.filter(owner=membership.user, merchant=membership.merchant).count() >= MOST_SCHEDULES:
        raise TooMany(f"You have {MOST_SCHEDULES} schedules. Remove one that you do not need.")
    next_at = next_time(every, membership.merchant.zone, clock.now())
    place = {"owner": membership.user, "merchant": membership.merchant, "mode": mode}
    return ExportSchedule.objects.create(every=every, next_at=next_at, **place, **asked)


def exports_of(membership: Membership, mode: str) -> "QuerySet[Export, Export]":
    """The files of this person here, the newest first; nobody else gets to any of them."""
    mine = Export.objects.filter(owner=membership.user, merchant=membership.merchant, mode=mode)
    return mine.select_related("schedule").order_by("-created_at")


def schedules_of(membership: Membership, mode: str) -> "QuerySet[ExportSchedule, ExportSchedule]":
    mine = ExportSchedule.objects.filter(owner=membership.user, merchant=membership.merchant, mode=mode)
    return mine.select_related("view").order_by("created_at")


def next_time(every: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The next morning of the merchant's that is one for it."""
    day = now.astimezone(zone).date()
    while not _is_one(every, day.weekday(), day.day) or datetime.combine(day, AT, zone) <= now:
        day += timedelta(days=1)
    return datetime.combine(day, AT, zone)


def _is_one(every: str, weekday: int, day_of_month: int) -> bool:
    return {Every.DAY: True, Every.WEEK: weekday == 0, Every.MONTH: day_of_month == 1}[Every(every)]
