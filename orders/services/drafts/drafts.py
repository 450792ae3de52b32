"""Orders being written here: kept at every step, created in RevKeen once. Amounts are minor units of the currency."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from msgspec import Struct

from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Customer, Order
from orders.models import Draft, DraftVisit, Merchant, Operation, User
from orders.money import LARGEST_MINOR, Money
from orders.replacing import REPLACED_BY, REPLACES
from orders.services.changes import plans
from orders.services.changes.change_request import ChangeRequest
from orders.services.changes.form_tokens import FormToken
from orders.services.changes.plans import Step
from orders.services.changes.snapshots import OrderSnapshot, facts_of, kept
from orders.services.changes.snapshots import snapshot_of as order_snapshot
from orders.services.revkeen.session import Session
from orders.storable import storable

Line = dict[str, Any]
Kind = Operation.Kind

MOST_LINES = 200
LONGEST_DESCRIPTION = 500
FOUND = 20  # customers or products shown of a search
VISIT_LASTS = timedelta(minutes=2)


class Conflict(Exception):
    """Somebody saved the draft after this page was opened; nothing was written. `current` is what stands."""

    def __init__(self, current: Draft) -> None:
        super().__init__("Someone saved this draft after you opened it.")
        self.current = current


class Closed(Exception):
    """The draft is being created, was created, or was discarded: it is not edited any more."""


class DraftSnapshot(Struct, frozen=True, kw_only=True):
    """The version of a draft whose page was open, and what it gives away.

    `discount`: minor units of the draft's currency; None where nobody asked, or it could not be told.
    """

    draft: uuid.UUID
    version: int
    discount: int | None = None


class ReplacementSnapshot(OrderSnapshot, frozen=True, kw_only=True):
    """The same of a draft that replaces an order, which was shown beside it."""

    draft: uuid.UUID
    version: int
    discount: int | None = None


@dataclass(frozen=True)
class Totals:
    lines: int  # that are counted
    units: int
    subtotal: Money
    uncounted: list[int]  # the numbers of the lines without a price


def of_merchant(merchant: Merchant, mode: str) -> "QuerySet[Draft]":
    """The drafts that are still written at, the last saved first."""
    taken = Operation.objects.filter(draft_id=OuterRef("pk"), state__in=(*Operation.OPEN, Operation.State.DONE))
    found = Draft.objects.filter(merchant=merchant, mode=mode, discarded_at=None).exclude(Exists(taken))
    return found.select_related("updated_by").order_by("-updated_at", "pk")


def find(merchant: Merchant, mode: str, draft_id: uuid.UUID) -> Draft | None:
    found = Draft.objects.filter(merchant=merchant, mode=mode, pk=draft_id)
    return found.select_related("created_by", "updated_by").first()


def operation_of(draft: Draft) -> Operation | None:
    """The operation that creates it or has created it."""
    taken = Operation.objects.filter(draft_id=draft.pk, state__in=(*Operation.OPEN, Operation.State.DONE))
    return taken.select_related("user").first()


def start(merchant: Merchant, mode: str, by: User, customer: Customer | None = None) -> Draft:
    known = for_customer(customer) if customer else {}
    return Draft.objects.create(merchant=merchant, mode=mode, lines=[new_line()], created_by=by, updated_by=by, **known)


def for_customer(customer: Customer) -> dict[str, Any]:
    """What a draft keeps of its customer."""
    return {"customer_id": customer.id, "customer_label": storable(customer.shown_name)[:300]}


def save(draft: Draft, changes: dict[str, Any], *, version: int, page: str, next_page: str, by: User) -> Draft:
    """Write `changes` over the version that was seen. Raise `Conflict`, or `Closed`.

    A page is never in its own way: what it saved itself while it was open does not count as somebody else's. Once it
    is left for the `next_page`, what it still sends comes too late.
    """
    if draft.discarded_at or operation_of(draft):
        raise Closed("This draft can no longer be edited.")
    seen = Draft.objects.filter(pk=draft.pk).filter(Q(version=version) | Q(saved_from=page))
    facts = {
        **changes,
        "saved_from": next_page,
        "updated_by": by,
        "updated_at": timezone.now(),
        "version": F("version") + 1,
    }
    if not seen.update(**facts):
        raise Conflict(Draft.objects.select_related("updated_by", "merchant").get(pk=draft.pk))
    return Draft.objects.select_related("created_by", "updated_by").get(pk=draft.pk)


def discard(draft: Draft) -> None:
    Draft.objects.filter(pk=draft.pk, discarded_at=None).update(discarded_at=timezone.now())


def visit(draft: Draft, user: User) -> list[DraftVisit]:
    """Note that `user` has the draft open; the others who have."""
    now = timezone.now()
    for gone in DraftVisit.objects.filter(draft=draft, user=user, seen_at__lt=now - VISIT_LASTS):
        gone.delete()
    DraftVisit.objects.update_or_create(
        draft=draft, user=user, defaults={"seen_at": now}, create_defaults={"seen_at": now, "opened_at": now}
    )
    others = draft.visits.exclude(user=user).filter(seen_at__gte=now - VISIT_LASTS)
    return list(others.select_related("user").order_by("opened_at"))


def new_line(**known: Any) -> Line:
    empty: Line = {"product_id": None, "description": "", "quantity": 1, "unit_price": None, "metadata": {}}
    return {"id": uuid.uuid4().hex[:8], **empty, **known}


def totals(draft: Draft) -> Totals:
    counted = [line for line in draft.lines if line["unit_price"] is not None]
    minor = sum(line["unit_price"] * line["quantity"] for line in counted)
    without = [number for number, line in enumerate(draft.lines, 1) if line["unit_price"] is None]
    units = sum(line["quantity"] for line in counted)
    return Totals(len(counted), units, Money(minor, draft.currency), without)


def problems(draft: Draft) -> list[tuple[str, str]]:
    """(field of the form, words): what keeps the draft from being created. The limits are those of RevKeen."""
    if not draft.lines:
        return [("add", "An order needs at least one line.")]
    found = []
    for number, line in enumerate(draft.lines, 1):
        if not line["description"]:
            found.append((f"description-{line['id']}", f"Line {number}: enter a description."))
        if line["unit_price"] is None:
            found.append((f"price-{line['id']}", f"Line {number}: enter a unit price."))
    if totals(draft).subtotal.minor > LARGEST_MINOR:
        found.append(("", "The total is larger than an order can have."))
    if draft.expires_at and draft.expires_at <= timezone.now():
        found.append(("expires_at", "The expiry has passed."))
    return found


def find_customers(api: Session, text: str) -> list[Customer]:
    """Raise `ApiError`."""
    return list(api.get(reads.customers(search=text, limit=FOUND)).require().rows)


def customer(api: Session, customer_id: uuid.UUID) -> Customer:
    """Raise `ApiError`."""
    return api.get(reads.customer(customer_id)).require()


def snapshot_of(draft: Draft, order: Order | None, discount: int | None = None) -> DraftSnapshot | ReplacementSnapshot:
    """`order` is the one that the draft replaces."""
    if order is None:
        return DraftSnapshot(draft=draft.pk, version=draft.version, discount=discount)
    return ReplacementSnapshot(**facts_of(order), draft=draft.pk, version=draft.version, discount=discount)


def change_request(
    form_token: FormToken[DraftSnapshot | ReplacementSnapshot], draft: Draft, order: Order | None
) -> ChangeRequest:
    """The order that RevKeen is asked to create; with `order`, the plan that replaces it.

    RevKeen changes no lines of an order it has: the replacement is created, the old one marked, then canceled. Should
    the old one be paid in between, the replacement is canceled instead and the mark taken off.
    """
    body = body_of(draft)
    sums = totals(draft)
    lines = "1 line" if sums.lines == 1 else f"{sums.lines} lines"
    summary = f"{lines}, {sums.subtotal}, for {draft.customer_label or 'a guest'}"
    if order is None:
        return ChangeRequest(form_token, body, summary, draft_id=draft.pk)
    body["metadata"] = body.get("metadata", {}) | {REPLACES: str(order.id)}
    steps = _replacing(order, plans.created_by(form_token.operation_id), order_snapshot(order))
    summary = f"replacement of {order.public_id}, {summary}"
    return ChangeRequest(form_token, body, summary, order.public_id, draft_id=draft.pk, then=steps)


def body_of(draft: Draft) -> dict[str, Any]:
    """As `POST /orders` takes it: what is not given is left out, because RevKeen takes no null there."""
    body: dict[str, Any] = {
        "currency": draft.currency.lower(),
        "billing_type": draft.billing_type,
        "line_items": [_line_body(line) for line in draft.lines],
        "customer_id": str(draft.customer_id) if draft.customer_id else None,
        "notes": draft.notes,
        "metadata": draft.metadata,
        "expires_at": draft.expires_at.isoformat().replace("+00:00", "Z") if draft.expires_at else None,
        "invoice_id": str(draft.invoice_id) if draft.invoice_id else None,
        "subscription_id": str(draft.subscription_id) if draft.subscription_id else None,
    }
    return {name: value for name, value in body.items() if value}


def _replacing(order: Order, created: str, shown: OrderSnapshot) -> list[Step]:
    number, words = order.public_id, f"{order.public_id} was paid or changed before it could be replaced."
    old: dict[str, Any] = {"order_id": str(order.id), "order_number": number, "snapshot": kept(shown)}
    cancel_new = Step(kind=Kind.CANCEL, order_id=created, summary="the replacement", body={"reason": words})
    unmark = Step(
        **old, kind=Kind.UPDATE, summary=f"no longer mark {number} as replaced", body={"metadata": order.metadata}
    )
    mark = Step(
        **old,
        kind=Kind.UPDATE,
        summary=f"mark {number} as replaced",
        body={"metadata": order.metadata | {REPLACED_BY: created}},
        instead=[cancel_new],
    )
    cancel_old = Step(
        **old,
        kind=Kind.CANCEL,
        summary=f"cancel {number}, which is replaced",
        body={"reason": "Replaced by another order."},
        instead=[cancel_new, unmark],
    )
    return [mark, cancel_old]


def _line_body(line: Line) -> dict[str, Any]:
    names = ("product_id", "description", "quantity", "unit_price", "metadata")
    return {name: line[name] for name in names if line[name] not in (None, {})}
