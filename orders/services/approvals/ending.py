"""How a request for approval ends: once, by somebody else's word, its own person's, or the end of its time."""

from dataclasses import dataclass
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from orders.models import ApprovalRequest, ApprovalToken, Draft, EventLog, Merchant, Operation, User
from orders.services import audit
from orders.services.approvals import approvers, mails
from orders.services.changes import journal, requesters
from orders.services.changes.change_request import ChangeRequest
from orders.services.changes.form_tokens import FormToken
from orders.services.changes.plans import Step
from orders.services.due import Asked, Literal, asked_often
from orders.services.revkeen.session import Session

State = ApprovalRequest.State
LOGGED = {
    State.APPROVED: EventLog.Kind.APPROVAL_GIVEN,
    State.DECLINED: EventLog.Kind.APPROVAL_DECLINED,
    State.WITHDRAWN: EventLog.Kind.APPROVAL_WITHDRAWN,
    State.EXPIRED: EventLog.Kind.APPROVAL_EXPIRED,
}
DRAFT_CHANGED = "The draft was changed or discarded after this was asked for. Decline it, and have it asked for anew."


class AlreadyEnded(Exception):
    """It was decided, withdrawn, or has expired: nothing was done."""


class NotApproved(Exception):
    """Nothing was decided: why it cannot be approved, or not by this person."""


@dataclass(frozen=True, kw_only=True)
class Approved(ChangeRequest):
    """What was asked for, exactly as it is kept. Approval and operation are written in one transaction, or neither."""

    approval: ApprovalRequest
    by: User
    reason: str

    def allow(self, user: User) -> None:
        """Raise `AlreadyEnded` or `NotApproved`."""
        standing = _locked(self.approval)
        blocked = approvers.blocked_reason(standing, self.by) or cannot_be_sent(standing)
        if blocked:
            raise NotApproved(blocked)

    def record(self, operation: Operation) -> None:
        _end(self.approval, State.APPROVED, by=self.by, reason=self.reason)


def approve(api: Session, request: ApprovalRequest, by: User, reason: str) -> Operation:
    """Send what was asked for, once, and give back the operation: one that was not sent says how the order changed.

    Raise `AlreadyEnded`, `NotApproved`, or what `journal.submit` raises: then nothing was decided.
    """
    if not request.waiting:
        raise AlreadyEnded
    operation = journal.submit(api, request.user, _as_asked(request, by, reason))
    request.refresh_from_db()
    mails.tell_asker(request)
    return operation


def decline(request: ApprovalRequest, by: User, reason: str) -> None:
    """Raise `AlreadyEnded` or `NotApproved`."""
    with transaction.atomic():
        blocked = approvers.blocked_reason(_locked(request), by)
        if blocked:
            raise NotApproved(blocked)
        _end(request, State.DECLINED, by=by, reason=reason)
    request.refresh_from_db()
    mails.tell_asker(request)


def withdraw(request: ApprovalRequest, by: User) -> None:
    """Raise `AlreadyEnded`, or `NotApproved` for anybody but who asked."""
    if request.user_id != by.pk:
        raise NotApproved("Only who asked for it can withdraw it.")
    with transaction.atomic():
        _locked(request)
        _end(request, State.WITHDRAWN, by=by)


def cannot_be_sent(request: ApprovalRequest) -> str:
    """Why it cannot be approved by anybody now; "" where nothing here speaks against it."""
    lost = requesters.lost_right_to_ask(request.user, request.merchant, request.kind)
    if lost or request.draft_id is None:
        return lost
    same = Draft.objects.filter(pk=request.draft_id, version=request.seen.get("version"), discarded_at=None)
    return "" if same.exists() else DRAFT_CHANGED


def expire_due() -> int:
    """End what nobody has decided in time, and tell who asked; how many that were."""
    count = 0
    for request in _over().select_related("merchant", "user"):
        with transaction.atomic():
            ended = _over().filter(pk=request.pk).update(state=State.EXPIRED, decided_at=Now())
            if ended:
                _after_the_end(request, State.EXPIRED, by=None, reason="")
        if ended:
            request.refresh_from_db()
            mails.tell_asker(request)
        count += ended
    return count


@asked_often
def due() -> Asked:
    """Whether a request's time is over, and when that of the next will be."""
    to_come = ApprovalRequest.objects.filter(state=Literal(State.WAITING.value))
    return Asked(_over(), (to_come, "expires_at"))


def _as_asked(request: ApprovalRequest, by: User, reason: str) -> Approved:
    form_token: FormToken[Any] = FormToken(
        request.pk, request.merchant, request.mode, request.kind, request.order_id, request.seen
    )
    token = ApprovalToken.objects.filter(approval=request).first()
    return Approved(
        form_token,
        request.body,
        request.summary,
        request.order_number,
        token=token.secret if token else "",
        draft_id=request.draft_id,
        then=msgspec.convert(request.steps, list[Step]),
        approval=request,
        by=by,
        reason=reason,
    )


def _locked(request: ApprovalRequest) -> ApprovalRequest:
    """As it stands; nobody else ends it, and nobody's roles change, before the transaction is over."""
    Merchant.objects.select_for_update(no_key=True).get(pk=request.merchant_id)  # as members.py does for roles
    found = ApprovalRequest.objects.select_for_update(of=("self",)).select_related("merchant", "user")
    standing = found.filter(pk=request.pk, state=State.WAITING, expires_at__gt=Now()).first()
    if standing is None:
        raise AlreadyEnded
    return standing


def _end(request: ApprovalRequest, state: State, *, by: User, reason: str = "") -> None:
    found = ApprovalRequest.objects.filter(pk=request.pk, state=State.WAITING)
    if not found.update(state=state, decided_by=by, decided_at=Now(), reason=reason[:500]):
        raise AlreadyEnded
    _after_the_end(request, state, by=by, reason=reason)


def _after_the_end(request: ApprovalRequest, state: State, *, by: User | None, reason: str) -> None:
    ApprovalToken.objects.filter(approval=request).delete()
    text = f"{request.get_kind_display()}, {request.summary}, asked for by {request.who}. {reason}".strip()
    audit.record(LOGGED[state], text, user=by, merchant=request.merchant, mode=request.mode, order_id=request.order_id)


def _over() -> "QuerySet[ApprovalRequest]":
    return ApprovalRequest.objects.filter(state=Literal(State.WAITING.value), expires_at__lte=Now())
