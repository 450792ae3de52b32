"""One order at a partner is one order of ours: what ships for a second one would take the money of the first.

The partner's id is claimed for an order before anything is sent under it, and the database lets one order have it. The
claim holds while something may have been sent under it, while a person says so, or while it was read off the metadata
of an order that somebody copied.
"""

import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

from django.db import connection, transaction
from django.db.models import BigIntegerField, CharField, Q, QuerySet

from orders import kept_inserts
from orders.apis.errors import NotSent
from orders.kept_queries import Given, kept
from orders.models import Merchant, OrderIds, PartnerOrder, PartnerUpdate
from orders.storable import storable

Destination = PartnerUpdate.Destination
State = PartnerUpdate.State

ELSEWHERE = "other_order"  # the code of a partner update that goes by another order's id


class BelongsElsewhere(NotSent):
    """The partner's id stands for another order of ours, which `holder` names: nothing was sent."""

    page_status = 422

    def __init__(self, holder: PartnerOrder) -> None:
        name = Destination(holder.destination).label
        super().__init__(
            f"{name} knows {holder.order_number or 'another order'} by the id {holder.partner_order_id}. "
            "Under Partner ids give this order its own, then try again."
        )
        self.holder = holder
        self.heading = f"This order has another order’s id at {name}."


def claim(
    merchant: Merchant, mode: str, destination: str, partner_order_id: str, order_id: uuid.UUID, number: str
) -> None:
    """Make the id this order's, or raise `BelongsElsewhere`. Nobody else gets it until the transaction ends."""
    if not partner_order_id:
        return
    ours = {"order_id": order_id, "order_number": storable(number)[:100]}
    named = {"merchant": merchant, "mode": mode, "destination": destination, "partner_order_id": partner_order_id}
    with _transaction():
        kept_inserts.insert(PartnerOrder(**named, **ours), unless_there=True)
        (found,) = _claimed(merchant.pk, mode, destination, partner_order_id)
        if found.order_id == order_id:
            return
        if _holds(found):
            raise BelongsElsewhere(found)
        PartnerOrder.objects.filter(pk=found.pk).update(**ours, by_metadata=False)


def _transaction() -> AbstractContextManager[None]:
    """The caller's, where there is one: a refused claim has written nothing that a savepoint would take back."""
    return nullcontext() if connection.in_atomic_block else transaction.atomic()


@kept(BigIntegerField(), CharField(), CharField(), CharField())
def _claimed(merchant_id: Given, mode: Given, destination: Given, partner_order_id: Given) -> "QuerySet[PartnerOrder]":
    named = {"merchant": merchant_id, "mode": mode, "destination": destination, "partner_order_id": partner_order_id}
    return PartnerOrder.objects.select_for_update().filter(**named)


def claim_for(partner_update: PartnerUpdate) -> None:
    """Before a shipment is made known under the id that the partner update goes by. Raise `BelongsElsewhere`."""
    number = partner_update.shipment.order_number
    claim(
        partner_update.merchant,
        partner_update.mode,
        partner_update.destination,
        partner_update.partner_order_id,
        partner_update.order_id,
        number,
    )


def keep_of_original(merchant: Merchant, mode: str, ids: Mapping[str, str], order_id: uuid.UUID, number: str) -> None:
    """Remember whose ids these are, by destination, of an order that is being copied; what another holds stays its."""
    for destination, partner_order_id in ids.items():
        named = {"merchant": merchant, "mode": mode, "destination": destination}
        try:
            claim(merchant, mode, destination, partner_order_id, order_id, number)
        except BelongsElsewhere:
            continue
        own = PartnerOrder.objects.filter(**named, partner_order_id=partner_order_id, order_id=order_id)
        own.update(by_metadata=True)


def claim_typed(merchant: Merchant, mode: str, ids: Mapping[str, str], order_id: uuid.UUID, number: str) -> None:
    """Make the ids this order's, by destination; others that its metadata said before are free. Raise as `claim`."""
    for destination, partner_order_id in ids.items():
        claim(merchant, mode, destination, partner_order_id, order_id, number)
        own = PartnerOrder.objects.filter(merchant=merchant, mode=mode, destination=destination, order_id=order_id)
        own.exclude(partner_order_id=partner_order_id).update(by_metadata=False)


def _holds(found: PartnerOrder) -> bool:
    """Whether the order that has the id needs it still."""
    where = {"merchant_id": found.merchant_id, "mode": found.mode, "order_id": found.order_id}
    written = PartnerUpdate.objects.filter(
        **where, destination=found.destination, partner_order_id=found.partner_order_id
    ).exclude(Q(state__in=(State.UNDONE, State.OFF)) | Q(state=State.STOPPED, attempts=0))
    typed = OrderIds.objects.filter(**where, **{found.destination: found.partner_order_id})
    return found.by_metadata or written.exists() or typed.exists()
