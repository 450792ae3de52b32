"""The worker's passes over Digital River's list, newest first: they find what somebody shipped there without us.

One page is one transaction with its position, so that a worker that is killed loses nothing. A page goes out when no
partner update is due. What cannot be read deletes nothing, and is said under *Settings › Index*.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from orders.apis.digital_river.client import LARGEST_PAGE, PROVIDER, Client, Filters
from orders.apis.digital_river.objects import Fulfillment, Item
from orders.apis.errors import ApiError, NotUnderstood, RateLimited, Refused
from orders.apis.listings import Listing
from orders.models import Connection, Merchant, PartnerShipment, PartnerSweep, PartnerUpdate
from orders.secrets import Unreadable as KeyUnreadable
from orders.services.due import Asked, asked_often
from orders.services.index import clock, copying, findings, partner_shipments
from orders.services.partners import digital_river
from orders.services.partners.digital_river_list import reference_of
from orders.services.partners.outbox import Scope
from orders.services.revkeen import session
from orders.storable import storable

log = structlog.get_logger("orders.partner_sweeps")

DIGITAL_RIVER = PartnerUpdate.Destination.DIGITAL_RIVER
EVERY = timedelta(minutes=10)
OVERLAP = timedelta(hours=1)  # of two passes: their clock and ours differ, and a list may lag behind
BEFORE_US = timedelta(days=90)  # so far the first pass goes back before the day of the connection
FIRST_WAIT, LONGEST_WAIT = 30.0, 900.0  # seconds after a failure, twice as long after each further one
LONGEST_TEXT = 200
TOLD = ("partner_order_id", "reference", "made_at", "before_us", "items", "carrier", "tracking_number", "read_started")


class Lost(Exception):
    """Another worker has taken over: this one was too slow, and writes nothing."""


@dataclass(frozen=True)
class Page:
    """What is kept of a page. `last`: the id to go on from; "" where nothing on the page says it."""

    told: list[PartnerShipment]
    rows: int
    unreadable: int
    last: str


@asked_often
def due() -> Asked:
    """Whether a page can be read, and when the next can be."""
    return Asked(_claimable(()), (PartnerSweep.objects.all(), "due_at"), (PartnerSweep.objects.all(), "lease_until"))


def claim(busy: Collection[Scope] = ()) -> PartnerSweep | None:
    """Take the pass of one merchant and mode for one page; None where nothing is due."""
    found = _claimable(busy).select_related("merchant").first()  # a look that takes no lock
    if found is None:
        return None
    with transaction.atomic():
        place: dict[str, Any] = {"merchant": found.merchant, "mode": found.mode, "destination": DIGITAL_RIVER}
        PartnerSweep.objects.get_or_create(**place, defaults={"connected_at": _connected_at(found)})
        free = Q(lease_until=None) | Q(lease_until__lte=Now())
        locked = PartnerSweep.objects.filter(free, due_at__lte=Now(), **place).select_for_update(skip_locked=True)
        sweep: PartnerSweep | None = locked.first()
        if sweep is not None:
            sweep.merchant, sweep.lease_until = found.merchant, clock.now() + _lease()
            sweep.save(update_fields=["lease_until"])
    return sweep


def read(sweep: PartnerSweep) -> None:
    """Read the next page of a pass that the caller has claimed, and keep it together with where the pass is then."""
    place = {"merchant": sweep.merchant, "mode": sweep.mode, "provider": DIGITAL_RIVER}
    connection = Connection.objects.filter(active=True, **place).first()
    if connection is None:  # it was switched off just now
        _let_go(sweep)
        return
    try:
        _read_page(sweep, digital_river.client_for(connection))
    except Lost:
        log.warning("another worker has taken over a partner's list", **_named(sweep))
    except ApiError as error:
        session.note_use(connection, False, [error])
        _fail(sweep, error)
    except KeyUnreadable as error:
        _fail(sweep, error)
    else:
        session.note_use(connection, True, [])


def forget(merchant: Merchant, mode: str) -> None:
    """With the last key to Digital River: the next may be of another account."""
    here: dict[str, Any] = {"merchant": merchant, "mode": mode}
    with transaction.atomic():
        findings.hold(merchant, mode)
        found = PartnerShipment.objects.filter(**here)
        concerned = {order_id for order_id in found.values_list("order_id", flat=True) if order_id}
        found.delete()
        PartnerSweep.objects.filter(**here).delete()
        findings.again(merchant, mode, concerned)


def _read_page(sweep: PartnerSweep, client: Client) -> None:
    """Raise `ApiError`, `Lost`."""
    read_started = clock.now()
    if sweep.began_at is None:
        _begin(sweep, read_started)
    filters = Filters(created_gte=sweep.made_since, starting_after=sweep.after, limit=LARGEST_PAGE)
    listing = client.fulfillments(filters)
    page = _taken_apart(sweep, listing, read_started)
    if listing.has_more and page.last in ("", sweep.after):
        raise _named_error("{provider}’s list of fulfillments does not come to an end.")
    with transaction.atomic():
        findings.hold(sweep.merchant, sweep.mode)
        _require(sweep)
        _keep(sweep, page.told)
        sweep.rows += page.rows
        sweep.unreadable += page.unreadable
        sweep.failures, sweep.message, sweep.lease_until = 0, "", None
        if listing.has_more:
            sweep.after = page.last
        else:
            _finish(sweep)
        sweep.save()


def _begin(sweep: PartnerSweep, now: datetime) -> None:
    sweep.began_at, sweep.after, sweep.rows, sweep.unreadable = now, "", 0, 0
    sweep.made_since = sweep.as_of - OVERLAP if sweep.as_of else sweep.connected_at - BEFORE_US


def _finish(sweep: PartnerSweep) -> None:
    if sweep.unreadable:
        log.warning("rows of a partner's list cannot be read", rows=sweep.unreadable, **_named(sweep))
    sweep.as_of, sweep.began_at, sweep.after = sweep.began_at, None, ""
    sweep.due_at = clock.now() + EVERY


def _taken_apart(sweep: PartnerSweep, listing: Listing[Fulfillment], read_started: datetime) -> Page:
    """What is of the other mode is nothing of ours: it is counted with what cannot be read."""
    every = list(listing)
    mine = [row for row in listing.rows if row.live_mode is (sweep.mode == "live")]
    last = _text(every[-1].id) if every else ""
    return Page([_row(sweep, one, read_started) for one in mine], len(every), len(every) - len(mine), last)


def _row(sweep: PartnerSweep, told: Fulfillment, read_started: datetime) -> PartnerShipment:
    """A line may have tracking of its own, where it was not sent as we send it."""
    every: list[Fulfillment | Item] = [told, *told.items]
    tracked = next((one for one in every if one.tracking_number or one.tracking_company), told)
    made_at = copying.in_calendar(told.created_time)
    assert made_at is not None  # noqa: S101  (of a moment it is one)
    return PartnerShipment(
        merchant=sweep.merchant,
        mode=sweep.mode,
        destination=sweep.destination,
        remote_id=_text(told.id),
        partner_order_id=_text(told.order_id),
        reference=reference_of(told),
        made_at=made_at,
        before_us=made_at < sweep.connected_at.replace(microsecond=0),  # there are whole seconds there
        items=[[_text(item.item_id), item.quantity, item.cancel_quantity] for item in told.items],
        carrier=_text(tracked.tracking_company),
        tracking_number=_text(tracked.tracking_number),
        read_started=read_started,
    )


def _keep(sweep: PartnerSweep, told: list[PartnerShipment]) -> None:
    """What was kept before is written anew; of the rest what no shipment of ours accounts for."""
    kept = PartnerShipment.objects.filter(merchant=sweep.merchant, mode=sweep.mode, destination=sweep.destination)
    known = set(kept.filter(remote_id__in=[row.remote_id for row in told]).values_list("remote_id", flat=True))
    ours = partner_shipments.ours(sweep.merchant_id, sweep.mode, told) - known
    rows = {row.remote_id: row for row in told if row.remote_id not in ours}
    if rows:
        unique = ["merchant", "mode", "destination", "remote_id"]
        PartnerShipment.objects.bulk_create(
            rows.values(), update_conflicts=True, unique_fields=unique, update_fields=TOLD
        )
        findings.of_partner_orders(sweep.merchant, sweep.mode, {row.partner_order_id for row in rows.values()})


def _fail(sweep: PartnerSweep, error: Exception) -> None:
    """Nothing of what is kept goes. After an answer that cannot be right the pass begins anew, with the newest."""
    log.warning("a partner's list was not read", error=type(error).__name__, **_named(sweep))
    failures = min(sweep.failures + 1, 1000)
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(failures - 1, 10))
    if isinstance(error, RateLimited):
        wait = max(wait, error.wait)
    anew = {"began_at": None, "after": ""} if isinstance(error, Refused | NotUnderstood) else {}
    _mine(sweep).update(
        due_at=Now() + timedelta(seconds=wait),
        lease_until=None,
        failures=failures,
        message=storable(str(error))[:500],
        **anew,
    )


def _let_go(sweep: PartnerSweep) -> None:
    _mine(sweep).update(lease_until=None)


def _require(sweep: PartnerSweep) -> None:
    """Nobody takes over until this transaction has ended. Raise `Lost` where somebody has."""
    if not _mine(sweep).select_for_update().exists():
        raise Lost


def _mine(sweep: PartnerSweep) -> "QuerySet[PartnerSweep, PartnerSweep]":
    return PartnerSweep.objects.filter(pk=sweep.pk, lease_until=sweep.lease_until)


def _lease() -> timedelta:
    """For longer than a page may take; no two are the same."""
    seconds = 3 * settings.REVKEEN_READ_SECONDS + 10
    return timedelta(seconds=seconds, microseconds=secrets.randbelow(1_000_000))


def _claimable(busy: Collection[Scope]) -> "QuerySet[Connection, Connection]":
    """The active keys of those of which a pass is due, or has never begun."""
    same = {"merchant": OuterRef("merchant"), "mode": OuterRef("mode"), "destination": OuterRef("provider")}
    later = PartnerSweep.objects.filter(Q(due_at__gt=Now()) | Q(lease_until__gt=Now()), **same)
    found = Connection.objects.filter(~Exists(later), active=True, provider=DIGITAL_RIVER).order_by("created_at")
    return found.exclude(merchant__in=[merchant for merchant, partner in busy if partner == DIGITAL_RIVER])


def _connected_at(connection: Connection) -> datetime:
    """Since when the merchant has had a key here: what is older was another's to account for."""
    alike = Connection.objects.filter(merchant=connection.merchant, mode=connection.mode, provider=DIGITAL_RIVER)
    return min(alike.values_list("created_at", flat=True))


def _named_error(message: str) -> NotUnderstood:
    error = NotUnderstood(message)
    error.provider = PROVIDER
    return error


def _named(sweep: PartnerSweep) -> dict[str, Any]:
    return {"partner": sweep.destination, "merchant": sweep.merchant.slug, "mode": sweep.mode}


def _text(said: str | None) -> str:
    return storable(said or "")[:LONGEST_TEXT]
