"""As of when the index is right, and how far its passes have come: stored facts, and nothing that is only hoped."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, CharField, QuerySet
from django.db.models.functions import Now

from orders.kept_queries import Given, kept
from orders.models import IndexState, Merchant, Sweep

OVER_MONEY = [kind for kind in Sweep.OF_MONEY if kind not in (Sweep.Kind.PAY_ALL, Sweep.Kind.REFUND_ALL)]


@dataclass(frozen=True)
class Progress:
    """Of the first import, or of one that was asked for: orders read, of so many where RevKeen counts them."""

    rows: int
    expected: int | None


@dataclass(frozen=True)
class Freshness:
    """`as_of`: every change before it that RevKeen tells of by an event, or to an order that is open, is in the copies.

    None while they are being built. `compared_since`: when the last pass over all orders began, which finds the rest.
    """

    as_of: datetime | None = None
    compared_since: datetime | None = None
    without_events: bool = False  # the key may not read them; then the passes alone find changes
    importing: Progress | None = None


def as_of(merchant: Merchant, mode: str) -> datetime | None:
    """As of when the copies are right, by the database's clock; None while they are being built."""
    return freshness(merchant, mode).as_of


def halted(merchant: Merchant, mode: str) -> bool:
    """Whether a worker waits because RevKeen did not answer it, or asked it to."""
    return IndexState.objects.filter(merchant=merchant, mode=mode, wait_until__gt=Now()).exists()


def money_as_of(merchant: Merchant, mode: str) -> datetime | None:
    """As of when the copies of transactions and refunds are right: the oldest of the passes over them.

    None until each of these has come to its end once.
    """
    moments = [as_of for (as_of,) in _passes_over_money(merchant.pk, mode) if as_of is not None]
    return min(moments) if len(moments) == len(OVER_MONEY) else None


def freshness(merchant: Merchant, mode: str) -> Freshness:
    """The oldest of what the feed and the passes over open orders are as of."""
    feeds, passes = _feed(merchant.pk, mode), {kind: about for kind, *about in _passes(merchant.pk, mode)}
    if not feeds or Sweep.Kind.ALL not in passes:
        return Freshness()
    (refused, fed_until), (whole, rows, expected) = feeds[0], passes[Sweep.Kind.ALL]
    if whole is None:
        return Freshness(without_events=refused, importing=Progress(rows, expected))
    parts = [max(whole, passes[kind][0] or whole) for kind in Sweep.OF_STATUS]
    if not refused:
        parts.append(fed_until or whole)
    return Freshness(min(parts), whole, refused)


@kept(BigIntegerField(), CharField())
def _feed(merchant_id: Given, mode: Given) -> "QuerySet[IndexState, Any]":
    return IndexState.objects.filter(merchant=merchant_id, mode=mode).values_list("feed_refused", "as_of")


@kept(BigIntegerField(), CharField())
def _passes(merchant_id: Given, mode: Given) -> "QuerySet[Sweep, Any]":
    """As of when each is, and how many orders it has read, of how many."""
    return Sweep.objects.filter(merchant=merchant_id, mode=mode).values_list("kind", "as_of", "rows", "expected")


@kept(BigIntegerField(), CharField())
def _passes_over_money(merchant_id: Given, mode: Given) -> "QuerySet[Sweep, Any]":
    return Sweep.objects.filter(merchant=merchant_id, mode=mode, kind__in=OVER_MONEY).values_list("as_of")
