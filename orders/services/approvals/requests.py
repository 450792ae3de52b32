"""Asking for approval of what is above a limit: the change is kept as it was asked for, and nothing is sent."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import BigIntegerField, CharField, Q, QuerySet
from django.db.models.functions import Now

from orders import kept_queries
from orders.kept_queries import Given
from orders.models import ApprovalRequest, ApprovalToken, EventLog, Membership, Merchant, Operation, User
from orders.money import Money
from orders.permissions import Right
from orders.services import audit
from orders.services.approvals import approvers, ending, mails
from orders.services.changes import journal, limits
from orders.services.changes.change_request import ChangeRequest
from orders.services.changes.limits import AboveLimit, Met
from orders.services.changes.requesters import RIGHTS
from orders.services.changes.snapshots import kept
from orders.storable import storable

State = ApprovalRequest.State
DECIDED_SHOWN = 100


class Sent(Exception):
    """Nothing was asked for: this form was sent already, and became `operation`."""

    def __init__(self, operation: Operation) -> None:
        super().__init__("This form was sent already.")
        self.operation = operation


class WithinLimit(Exception):
    """Nothing was asked for: the person may do it alone."""


class NobodyApproves(Exception):
    """Nothing was asked for: nobody else may approve that much."""


class AlreadyWaiting(Exception):
    """Nothing was asked for: `request`, of the same kind, waits for the same order or draft."""

    def __init__(self, request: ApprovalRequest) -> None:
        super().__init__("The same is waiting for approval already.")
        self.request = request


@dataclass(frozen=True)
class Asking:
    """What a form says instead of its button: the limit, who may approve, and what waits for the order already."""

    met: Met
    approvers: str  # names; "" where nobody may
    waiting: ApprovalRequest | None

    @property
    def possible(self) -> bool:
        return bool(self.approvers) and self.waiting is None


def asking(
    membership: Membership,
    mode: str,
    kind: str,
    money: Money | None,
    *,
    order_id: uuid.UUID | None,
    draft_id: uuid.UUID | None = None,
) -> Asking | None:
    """None where the person may do it alone, or where it is not clear yet how much it is."""
    if money is None or not limits.limited(membership.merchant, kind):
        return None
    met = limits.met(membership, mode, kind, money)
    if met is None:
        return None
    people = approvers.of(membership.merchant, membership.user, kind, money)
    waiting = _in_the_way(membership.merchant, mode, kind, order_id, draft_id)
    return Asking(met, approvers.names(people), waiting)


def ask(user: User, change_request: ChangeRequest) -> ApprovalRequest:
    """Keep what is asked for, tell those who may approve it, and give it back; the first one for a form sent twice.

    Raise `WithinLimit`, `NobodyApproves`, `AlreadyWaiting`, `Sent`, or `limits.NotKnown`.
    """
    ending.expire_due()  # what nobody has ended yet is in nobody's way
    form_token = change_request.form_token
    first = find(form_token.merchant, form_token.mode, form_token.operation_id)
    if first is not None:
        return first
    try:
        with transaction.atomic():
            request = _write(user, change_request, _met(user, change_request))
    except IntegrityError:
        return _of_another_tab(change_request)
    mails.tell_approvers(request, approvers.of(request.merchant, user, request.kind, request.money))
    return request


def find(merchant: Merchant, mode: str, request_id: uuid.UUID) -> ApprovalRequest | None:
    found = ApprovalRequest.objects.filter(merchant=merchant, mode=mode, pk=request_id)
    return found.select_related("merchant", "user", "decided_by").first()


def of_operation(operation: Operation) -> ApprovalRequest | None:
    """The request that the plan of an operation was made of."""
    return find(operation.merchant, operation.mode, operation.plan_id)


def of_order(membership: Membership, mode: str, order_id: uuid.UUID) -> list[ApprovalRequest]:
    """What waits for approval about an order, of what this member may see."""
    if not membership.may(Right.APPROVALS):
        return []
    return list(_unexpired(visible_to(membership, mode)).filter(order_id=order_id).order_by("created_at"))


def visible_to(membership: Membership, mode: str) -> "QuerySet[ApprovalRequest]":
    """One's own, and those of kinds that one may do oneself; all for whoever sees what others did."""
    found = ApprovalRequest.objects.filter(merchant_id=membership.merchant_id, mode=mode)
    if not membership.may(Right.JOURNAL_OF_ALL):
        kinds = [kind for kind, right in RIGHTS.items() if membership.may(right)]
        found = found.filter(Q(user_id=membership.user_id) | Q(kind__in=kinds))
    return found.select_related("merchant", "user", "decided_by")


def waiting(membership: Membership, mode: str) -> list[ApprovalRequest]:
    """The oldest first."""
    return list(_unexpired(visible_to(membership, mode)).order_by("created_at"))


@kept_queries.kept(BigIntegerField(), CharField())
def some_wait(merchant_id: Given, mode: Given) -> "QuerySet[ApprovalRequest, Any]":
    """Whether anything waits for anybody: nearly always nothing does, and every page asks."""
    return _unexpired(ApprovalRequest.objects.filter(merchant=merchant_id, mode=mode)).values_list("pk")[:1]


def decided(membership: Membership, mode: str) -> list[ApprovalRequest]:
    """The newest hundred that have ended, or whose time is over."""
    over = ~Q(state=State.WAITING) | Q(expires_at__lte=Now())
    return list(visible_to(membership, mode).filter(over).order_by("-created_at")[:DECIDED_SHOWN])


def _met(user: User, change_request: ChangeRequest) -> Met:
    try:
        change_request.allow(user)
    except AboveLimit as above:
        return above.met
    _look_if_sent(change_request)
    raise WithinLimit


def _look_if_sent(change_request: ChangeRequest) -> None:
    """Raise `Sent`. After `allow`, which lets nothing else of this person begin."""
    operation = journal.find(change_request.form_token)
    if operation is not None:
        raise Sent(operation)


def _write(user: User, change_request: ChangeRequest, met: Met) -> ApprovalRequest:
    _look_if_sent(change_request)
    form_token = change_request.form_token
    if not approvers.of(form_token.merchant, user, form_token.kind, met.money):
        raise NobodyApproves
    request = _row(user, change_request, met)
    request.save(force_insert=True)
    if change_request.token:
        token = ApprovalToken(approval=request)
        token.secret = change_request.token
        token.save()
    text = f"{request.get_kind_display()}, {request.summary}. {request.limit_met}"
    merchant, mode, order_id = request.merchant, request.mode, request.order_id
    audit.record(EventLog.Kind.APPROVAL_ASKED, text, user=user, merchant=merchant, mode=mode, order_id=order_id)
    request.refresh_from_db()
    return request


def _row(user: User, change_request: ChangeRequest, met: Met) -> ApprovalRequest:
    form_token = change_request.form_token
    return ApprovalRequest(
        pk=form_token.operation_id,
        merchant=form_token.merchant,
        mode=form_token.mode,
        kind=form_token.kind,
        order_id=form_token.order_id,
        order_number=storable(change_request.order_number)[:100],
        draft_id=change_request.draft_id,
        body=storable(change_request.body),
        seen=storable(kept(form_token.snapshot)),
        steps=storable(kept(change_request.then)),
        summary=storable(change_request.summary)[:300],
        fingerprint=change_request.fingerprint,
        user=user,
        who=user.email,
        minor=met.money.minor,
        currency=met.money.currency,
        limit_met=str(met),
        expires_at=Now() + timedelta(days=form_token.merchant.approval_days),
    )


def _of_another_tab(change_request: ChangeRequest) -> ApprovalRequest:
    """What was written while we were about to: this form's own, or one in its way."""
    form_token = change_request.form_token
    first = find(form_token.merchant, form_token.mode, form_token.operation_id)
    if first is not None:
        return first
    place = (form_token.merchant, form_token.mode, form_token.kind, form_token.order_id, change_request.draft_id)
    other = _in_the_way(*place)
    if other is None:  # it has ended since
        raise WithinLimit
    raise AlreadyWaiting(other)


def _in_the_way(
    merchant: Merchant, mode: str, kind: str, order_id: uuid.UUID | None, draft_id: uuid.UUID | None
) -> ApprovalRequest | None:
    same = Q(order_id=order_id, kind=kind, order_id__isnull=False) | Q(draft_id=draft_id, draft_id__isnull=False)
    return _still_waiting(merchant, mode).filter(same).select_related("user").first()


def _still_waiting(merchant: Merchant, mode: str) -> "QuerySet[ApprovalRequest]":
    return _unexpired(ApprovalRequest.objects.filter(merchant=merchant, mode=mode))


def _unexpired(found: "QuerySet[ApprovalRequest]") -> "QuerySet[ApprovalRequest]":
    return found.filter(state=State.WAITING, expires_at__gt=Now())
