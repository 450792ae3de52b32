"""The merchant's partners in one mode: who is connected, and what each of them calls an order and its lines."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import BigIntegerField, CharField, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from orders import partner_ids
from orders.apis.digital_river.client import Client as DigitalRiver
from orders.apis.gate import Gate, gate_of
from orders.apis.order_protection.client import Client as OrderProtection
from orders.apis.revkeen.objects import Order
from orders.kept_queries import Given, kept
from orders.models import Connection, EventLog, Merchant, OrderIds, PartnerSettings, PartnerUpdate, ShipmentItem, User
from orders.services import audit
from orders.services.index import findings
from orders.services.partners import partner_orders

Destination = PartnerUpdate.Destination
Client = DigitalRiver | OrderProtection

# What a change of a field of the settings is called in the event log.
LABELS = {
    "digital_river_order_key": "Digital River’s order id from",
    "digital_river_item_key": "Digital River’s item ids from",
    "order_protection_order_key": "OrderProtection’s order id from",
    "partner_id": "partner id",
    "subfulfiller_id": "subfulfiller id",
    "cost_currency": "currency of costs",
}
OF_DIGITAL_RIVER = {"digital_river_order_key", "digital_river_item_key"}  # which of our orders and lines it means
# Why a partner update failed that lacks what is typed by hand.
WITHOUT_IDS = ("no_order_id", "no_item_id", partner_orders.ELSEWHERE)
UNKNOWN_THERE = ("not_found", "order_unknown")  # the partner knows no order by the id that it was given


@dataclass(frozen=True)
class PartnerIds:
    """ "" where neither the order's metadata nor a person says it. Lines by RevKeen's id."""

    digital_river: str
    order_protection: str
    digital_river_items: dict[str, str]
    order_protection_items: dict[str, str]

    def order_id(self, destination: str) -> str:
        return self.by_destination[destination]

    @property
    def by_destination(self) -> dict[str, str]:
        """What each partner calls the order."""
        return {
            Destination.DIGITAL_RIVER.value: self.digital_river,
            Destination.ORDER_PROTECTION.value: self.order_protection,
        }


def connected(merchant: Merchant, mode: str) -> list[Connection]:
    """The active connections to partners; a shipment is delivered to each of them."""
    found = Connection.objects.filter(merchant=merchant, mode=mode, active=True, provider__in=Destination.values)
    return list(found.order_by("provider"))


def with_keys(merchant: Merchant, mode: str) -> dict[str, bool]:
    """The partners that have a key here, and whether they are switched on."""
    on: dict[str, bool] = {}
    for provider, active in _keys(merchant.pk, mode):
        on[provider] = on.get(provider, False) or active
    return on


@kept(BigIntegerField(), CharField())
def _keys(merchant_id: Given, mode: Given) -> "QuerySet[Connection, Any]":
    found = Connection.objects.filter(merchant=merchant_id, mode=mode, provider__in=Destination.values)
    return found.order_by("provider").values_list("provider", "active")


def client_of(connection: Connection) -> Client:
    """The way to a partner with this key. Raise `secrets.Unreadable`."""
    gate = gate_of(connection.pk, partial(Gate, Connection.Provider(connection.provider).label))
    if connection.wait_until is not None:  # another process was asked to wait
        gate.asked_to_wait((connection.wait_until - timezone.now()).total_seconds())
    return client_for(connection.provider, connection.secret, gate)


def client_for(provider: str, key: str, gate: Gate) -> Client:
    seconds = {"read_seconds": settings.REVKEEN_READ_SECONDS, "change_seconds": settings.REVKEEN_CHANGE_SECONDS}
    if provider == Destination.DIGITAL_RIVER:
        return DigitalRiver(settings.DIGITAL_RIVER_URL, key, gate, **seconds)
    return OrderProtection(settings.ORDER_PROTECTION_URL, key, gate, **seconds)


def open_partner_updates(merchant: Merchant, mode: str, provider: str) -> int:
    """How many shipments the partner has yet to hear of."""
    open_ones = PartnerUpdate.objects.filter(state__in=PartnerUpdate.OPEN, destination=provider)
    return open_ones.filter(merchant=merchant, mode=mode).count()


def settings_of(merchant: Merchant, mode: str) -> PartnerSettings:
    """The merchant's settings; those to begin with where nothing was saved yet."""
    found = next(iter(_settings(merchant.pk, mode)), None)
    return found or PartnerSettings(merchant=merchant, mode=mode)


@kept(BigIntegerField(), CharField())
def _settings(merchant_id: Given, mode: Given) -> "QuerySet[PartnerSettings]":
    return PartnerSettings.objects.filter(merchant=merchant_id, mode=mode)


def save_settings(kept: PartnerSettings, changed: Iterable[str], by: User) -> None:
    """Save the `changed` fields of `kept`, which holds their new values."""
    fields = [field for field in LABELS if field in changed]
    if not fields:
        return
    text = ", ".join(f"{LABELS[field]}: {getattr(kept, field) or 'nothing'}" for field in fields)
    with transaction.atomic():
        PartnerSettings.objects.update_or_create(
            merchant=kept.merchant, mode=kept.mode, defaults={field: getattr(kept, field) for field in fields}
        )
        if OF_DIGITAL_RIVER & set(fields):
            findings.of_every_partner_order(kept.merchant, kept.mode)
        audit.record(EventLog.Kind.MERCHANT_CHANGED, text, user=by, merchant=kept.merchant, mode=kept.mode)


def ids_of(merchant: Merchant, mode: str, order: Order) -> PartnerIds:
    """By hand before metadata; OrderProtection knows order and lines by RevKeen's ids where nothing else is said."""
    return ids_by(settings_of(merchant, mode), by_hand(merchant, mode, order.id), order)


def ids_by(kept: PartnerSettings, typed: OrderIds, order: Order) -> PartnerIds:
    """The same out of settings and of what was typed for the order, where they were read for many."""
    said = said_by(kept, order)
    return replace(
        said,
        digital_river=typed.digital_river or said.digital_river,
        order_protection=typed.order_protection or said.order_protection,
        digital_river_items=partner_ids.of_lines(said.digital_river_items, typed.digital_river_items),
    )


def said_by(kept: PartnerSettings, order: Order) -> PartnerIds:
    """What metadata and RevKeen's ids say, without what was typed."""
    return PartnerIds(
        digital_river=partner_ids.said(order.metadata, kept.digital_river_order_key),
        order_protection=partner_ids.said(order.metadata, kept.order_protection_order_key) or str(order.id),
        digital_river_items={
            str(line.id): partner_ids.said(line.metadata, kept.digital_river_item_key) for line in order.lines
        },
        order_protection_items={str(line.id): str(line.id) for line in order.lines},
    )


def names_of_ids(merchant: Merchant, mode: str) -> set[str]:
    """The names in metadata by which partners know an order or a line: as set, and as they are set to begin with."""
    names = ("digital_river_order_key", "digital_river_item_key", "order_protection_order_key")
    return {getattr(kept, name) for kept in (settings_of(merchant, mode), PartnerSettings()) for name in names} - {""}


def by_hand(merchant: Merchant, mode: str, order_id: uuid.UUID) -> OrderIds:
    """What was typed for this order; an empty one that is not saved where nothing was."""
    found = OrderIds.objects.filter(merchant=merchant, mode=mode, order_id=order_id).first()
    return found or OrderIds(merchant=merchant, mode=mode, order_id=order_id)


def save_ids(typed: OrderIds, order: Order, by: User) -> int:
    """Keep what was typed for an order, and give it to the order's partner updates of which nothing can be at the
    partner.

    Those that failed for want of it are due again; return how many. Raise `BelongsElsewhere`, and nothing is kept.
    """
    merchant, mode = typed.merchant, typed.mode
    with transaction.atomic():
        # Of two who save at once, one after the other; who writes what is found, and refers to the merchant, goes on.
        Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
        names = ("digital_river", "order_protection", "digital_river_items")
        OrderIds.objects.update_or_create(
            merchant=merchant,
            mode=mode,
            order_id=order.id,
            defaults={name: getattr(typed, name) for name in names},
        )
        ids = ids_of(merchant, mode, order)
        _hold_still(typed)
        partner_orders.claim_typed(merchant, mode, ids.by_destination, order.id, order.public_id)
        audit.record(
            EventLog.Kind.PARTNER_IDS, _describe(typed), user=by, merchant=merchant, mode=mode, order_id=order.id
        )
        corrected: list[int] = []
        for destination in Destination.values:
            corrected += _unknown_by_another(typed, destination, ids.order_id(destination))
            _untouched(typed, destination).update(partner_order_id=ids.order_id(destination))
        _name_items(typed, ids)
        due_again = _make_due(typed, corrected)
        findings.again(merchant, mode, [order.id])  # another may be the one that Digital River means
        return due_again


def _untouched(typed: OrderIds, destination: str) -> QuerySet[PartnerUpdate]:
    """The order's partner updates of which nothing can be at the partner: what they go by there may still change."""
    return PartnerUpdate.objects.filter(
        Q(doubtful=False) | Q(attempts=0, code__in=WITHOUT_IDS),  # doubtful without a call: a backup was restored
        merchant=typed.merchant,
        mode=typed.mode,
        order_id=typed.order_id,
        destination=destination,
        sent_version=0,
    ).exclude(state__in=[PartnerUpdate.State.SENDING, PartnerUpdate.State.IN_DOUBT, PartnerUpdate.State.UNDONE])


def _hold_still(typed: OrderIds) -> None:
    """No worker takes one of them while their ids change."""
    for destination in Destination.values:
        list(_untouched(typed, destination).select_for_update().values_list("pk"))


def _name_items(typed: OrderIds, ids: PartnerIds) -> None:
    shipments = list(_untouched(typed, Destination.DIGITAL_RIVER).values_list("shipment_id", flat=True))
    for item in ShipmentItem.objects.filter(shipment__in=shipments):
        named = ids.digital_river_items.get(str(item.line_item_id), "")
        ShipmentItem.objects.filter(pk=item.pk).update(digital_river_item_id=named)


def _unknown_by_another(typed: OrderIds, destination: str, order_id: str) -> list[int]:
    """Partner updates that failed because the partner knows no order by the id that they had, which is another than
    now.
    """
    failed = _untouched(typed, destination).filter(state=PartnerUpdate.State.FAILED, code__in=UNKNOWN_THERE)
    return list(failed.exclude(partner_order_id=order_id).values_list("pk", flat=True))


def _make_due(typed: OrderIds, corrected: list[int]) -> int:
    """Those that still lack something fail once more, and say what."""
    return sum(
        _untouched(typed, destination)
        .filter(Q(code__in=WITHOUT_IDS) | Q(pk__in=corrected), state=PartnerUpdate.State.FAILED)
        .update(state=PartnerUpdate.State.WAITING, next_try_at=Now(), failures=0)
        for destination in Destination.values
    )


def _describe(typed: OrderIds) -> str:
    """For the event log."""
    lines = len(typed.digital_river_items)
    parts = (
        ("Digital River", typed.digital_river),
        ("OrderProtection", typed.order_protection),
        ("line items", str(lines) if lines else ""),
    )
    return ", ".join(f"{name}: {value}" for name, value in parts if value) or "nothing"
