"""The outbox: which partner update is due, and whose turn it is to send it.

A worker claims a partner update for as long as its lease runs, and has half of that to send it: a call that was begun
in time
has ended long before another worker may take over. Of the partner updates of an order to one partner, one goes after
the other, in the order in which they were written.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from orders.models import Connection, Merchant, PartnerSweep, PartnerUpdate
from orders.services.changes import quarantine
from orders.services.due import Asked, Literal, asked_often

State = PartnerUpdate.State
Scope = tuple[int, str]  # a merchant's id and a destination
REMEMBERED_SECONDS = 2.0
PER_SCOPE = 4  # calls at once; a slow partner keeps no more than these workers from the others
STUCK_STATES = (State.WAITING, State.IN_DOUBT)
STUCK_AFTER = 8  # failures in a row, when the waits have grown to a quarter of an hour


# In the order of the indexes partner_updates_due and partner_updates_open_by_order.
IN_HAND = [Literal(state) for state in ("waiting", "in_doubt", "sending")]
OPEN = [Literal(state) for state in ("for_revkeen", "waiting", "sending", "in_doubt")]


def scope_of(claimed: PartnerUpdate | PartnerSweep) -> Scope:
    return claimed.merchant_id, claimed.destination


def claim(busy: Collection[Scope] = ()) -> PartnerUpdate | None:
    """Take the partner update that is longest due, but for those of scopes that have enough at hand already.

    Workers never wait for each other: PostgreSQL skips what another has locked, SQLite lets one write at a time.
    """
    if not _due(busy).exists():  # a look that takes no lock
        return None
    try:
        with transaction.atomic():
            due = _due(busy).select_for_update(skip_locked=True, of=("self",)).order_by("next_try_at")
            found = due.values_list("pk", flat=True).first()
            if found is None:
                return None
            lease_until = Now() + timedelta(seconds=settings.PARTNER_UPDATE_LEASE)
            PartnerUpdate.objects.filter(pk=found).update(state=State.SENDING, lease_until=lease_until)
    except IntegrityError:  # another worker took a partner update of the same order just now
        return None
    return as_it_is(found)


@asked_often
def due() -> Asked:
    """Whether a partner update can be claimed, and when the next can be."""
    to_come, sending = (
        PartnerUpdate.objects.filter(state__in=IN_HAND),
        PartnerUpdate.objects.filter(state=Literal("sending")),
    )
    return Asked(_due(()), (to_come, "next_try_at"), (sending, "lease_until"))


def as_it_is(pk: int) -> PartnerUpdate:
    """The partner update with all that is sent of it; `now` is the database's clock."""
    whole = PartnerUpdate.objects.select_related("merchant", "shipment").annotate(now=Now())
    return whole.prefetch_related("shipment__items", "shipment__tracking").get(pk=pk)


def take_to_send(partner_update: PartnerUpdate, connection: Connection) -> bool:
    """Count one more call that changes something; False when it is not ours any more, or too late to begin one.

    Until this is committed nothing has left, afterwards it may have. It is counted as an operation is, so that a
    backup from before the call is known to be old.
    """
    enough = Now() + timedelta(seconds=settings.PARTNER_UPDATE_LEASE / 2)
    ours = PartnerUpdate.objects.filter(
        pk=partner_update.pk, state=State.SENDING, attempts=partner_update.attempts, lease_until__gte=enough
    )
    now = {"doubtful": True, "answered": False, "by_hand": False, "last_sent_at": Now()}
    with transaction.atomic():
        if not ours.update(attempts=F("attempts") + 1, connection_id=connection.pk, **now):
            return False
        quarantine.count_up()
        transaction.on_commit(quarantine.note_count)
    partner_update.attempts += 1
    return True


def needing_someone(merchant: Merchant, mode: str) -> "QuerySet[PartnerUpdate, PartnerUpdate]":
    """Those that a person has to do something about, and those that have failed for so long that one should look."""
    stuck = Q(state__in=STUCK_STATES, failures__gte=STUCK_AFTER)
    # Named once more, so that SQLite, which uses no partial index here, finds them by partner_updates_by_state.
    among = {
        "destination__in": PartnerUpdate.Destination.values,
        "state__in": (*PartnerUpdate.NEEDS_SOMEONE, *STUCK_STATES),
    }
    found = PartnerUpdate.objects.filter(merchant=merchant, mode=mode, **among)
    return found.filter(Q(state__in=PartnerUpdate.NEEDS_SOMEONE) | stuck)


def count_needing_someone(merchant: Merchant, mode: str) -> int:
    return needing_someone(merchant, mode).count()


def lately_needing_someone(merchant: Merchant, mode: str) -> int:
    """For the navigation of every page, so it is counted anew every few seconds only, by each process."""
    key = f"partner-updates:{merchant.pk}:{mode}"
    count: Any = caches["process"].get_or_set(key, lambda: count_needing_someone(merchant, mode), REMEMBERED_SECONDS)
    return int(count)


def wake(merchant: Merchant, mode: str, destination: str) -> int:
    """A connection was made active: what waited for one need not wait any longer; how many partner updates that
    were.
    """
    waiting = PartnerUpdate.objects.filter(
        merchant=merchant, mode=mode, destination=destination, state__in=(State.WAITING, State.IN_DOUBT)
    )
    without_key = waiting.filter(Q(code__in=WITHOUT_KEY) | Q(status__in=(401, 403)))
    return without_key.update(next_try_at=Now())


WITHOUT_KEY = ("not_connected", "key_unreadable")  # codes of partner updates that wait for a connection


def _due(busy: Collection[Scope]) -> "QuerySet[PartnerUpdate, Any]":
    """Written so that the index of what is due serves it, however much was sent already."""
    due = PartnerUpdate.objects.filter(state__in=IN_HAND, next_try_at__lte=Now())
    left_behind = Q(state=State.SENDING, lease_until__lte=Now())  # whoever was at it has gone
    due = due.filter(left_behind | ~Q(state=State.SENDING) & ~Exists(_before_it()))
    for merchant_id, destination in busy:
        due = due.exclude(merchant_id=merchant_id, destination=destination)
    return due


def _before_it() -> "QuerySet[PartnerUpdate, PartnerUpdate]":
    """What of the same order goes before a partner update: an earlier one that is open, and any that is being sent."""
    same = {name: OuterRef(name) for name in ("merchant", "mode", "destination", "order_id")}
    found = PartnerUpdate.objects.filter(Q(pk__lt=OuterRef("pk")) | Q(state=State.SENDING), state__in=OPEN, **same)
    return found.exclude(pk=OuterRef("pk"))
