"""Shipments of which RevKeen has not been told yet: who waits to hear of them, and what becomes of them once told."""

import uuid

from django.db.models import IntegerField, QuerySet, UUIDField
from django.db.models.functions import Now

from orders.kept_queries import Given, Update, kept, kept_update
from orders.models import PartnerUpdate, Shipment

State = PartnerUpdate.State


def of_plan(plan_id: uuid.UUID | Given) -> "QuerySet[Shipment]":
    return Shipment.objects.filter(fulfillment_id=plan_id, state=Shipment.State.PENDING)


@kept(UUIDField())
def hearing(plan_id: Given) -> "QuerySet[PartnerUpdate, tuple[int]]":
    """The keys of their partner updates, held until the transaction ends."""
    found = PartnerUpdate.objects.filter(shipment__in=of_plan(plan_id))
    return found.select_for_update().order_by("pk").values_list("pk")


@kept_update(UUIDField(), IntegerField())
def tell_partners(plan_id: Given, step: Given) -> Update:
    """Of those that this step tells RevKeen of."""
    waiting = PartnerUpdate.objects.filter(shipment__in=of_plan(plan_id).filter(step=step), state=State.FOR_REVKEEN)
    return Update(waiting, state=State.WAITING, next_try_at=Now())


@kept_update(UUIDField(), IntegerField())
def have_left(plan_id: Given, step: Given) -> Update:
    return Update(of_plan(plan_id).filter(step=step), state=Shipment.State.LEFT)


@kept(UUIDField())
def told_after_all(operation_id: Given) -> "QuerySet[Shipment, tuple[int]]":
    """The keys of those that were released before RevKeen knew of them, by the operation that tells it."""
    return Shipment.objects.filter(operation=operation_id, unreported_since__isnull=False).values_list("pk")
