"""The partner updates that need someone, over all orders, longest waiting first."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from orders.models import Merchant, PartnerUpdate, PartnerUpdateAttempt, User
from orders.services.partners import manual, outbox

State = PartnerUpdate.State
PAGE_SIZE = 50
EXPORTED_AT_ONCE = 500


@dataclass(frozen=True)
class Page:
    """Each partner update with `since`: when the first call failed of those that have not led anywhere yet."""

    rows: list[PartnerUpdate]
    has_previous: bool
    has_next: bool


@dataclass(frozen=True)
class Done:
    """How many of those that were ticked went out again, and how many not."""

    again: int = 0
    doubtful: int = 0  # they may have arrived: each is asked about by itself
    moved_on: int = 0


def page(
    merchant: Merchant, mode: str, destination: str, after: int | None, before: int | None, size: int = PAGE_SIZE
) -> Page:
    """Those that follow on `after`, or those that lead up to `before`, or the first ones; "" is any destination."""
    found = _found(merchant, mode, destination)
    if before is not None:
        rows = list(found.filter(pk__lt=before).order_by("-pk")[: size + 1])
        return Page(rows[:size][::-1], len(rows) > size, True)
    rows = list((found.filter(pk__gt=after) if after is not None else found).order_by("pk")[: size + 1])
    return Page(rows[:size], after is not None, len(rows) > size)


def all_rows(merchant: Merchant, mode: str, destination: str) -> Iterator[PartnerUpdate]:
    """All of them, read piece by piece."""
    last: int | None = None
    while rows := page(merchant, mode, destination, last, None, EXPORTED_AT_ONCE).rows:
        yield from rows
        last = rows[-1].pk


def count(merchant: Merchant, mode: str, destination: str, most: int) -> int:
    """How many there are, but no more than `most`."""
    return _found(merchant, mode, destination)[:most].count()


def can_be_sent_again(partner_update: PartnerUpdate) -> bool:
    """Together with others: one that may have arrived is asked about by itself."""
    return partner_update.state in manual.MAY_BE_SENT_AGAIN and not may_have_arrived(partner_update)


def may_have_arrived(partner_update: PartnerUpdate) -> bool:
    return partner_update.doubtful or partner_update.state == State.IN_DOUBT


def send_again(merchant: Merchant, mode: str, ids: set[int], by: User) -> Done:
    """Send those again that stand in the list. Each is a write, and a row of the event log, of its own."""
    ticked = list(_found(merchant, mode, "").filter(pk__in=ids).order_by("pk"))
    doubtful = sum(may_have_arrived(partner_update) for partner_update in ticked)
    again = sum(manual.send_again(one, by=by) for one in ticked if can_be_sent_again(one))
    return Done(again, doubtful, len(ids) - again - doubtful)


def _found(merchant: Merchant, mode: str, destination: str) -> "QuerySet[PartnerUpdate, PartnerUpdate]":
    """Looked up by id once more: otherwise SQLite goes through all partner updates to have them in their order."""
    needing = outbox.needing_someone(merchant, mode)
    if destination:
        needing = needing.filter(destination=destination)
    tried = PartnerUpdateAttempt.objects.filter(partner_update=OuterRef("pk"), version__gt=OuterRef("sent_version"))
    since = Coalesce(Subquery(tried.order_by("pk").values("at")[:1]), "created_at")
    found = PartnerUpdate.objects.filter(pk__in=needing.values("pk")).annotate(since=since)
    return cast("QuerySet[PartnerUpdate, PartnerUpdate]", found.select_related("shipment__fulfillment"))
