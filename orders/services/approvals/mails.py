"""What is told by mail of requests for approval: sums and names of staff, and no customer's.

Nobody waits for a mail, and none is sent twice: one that a killed server did not send is made up for by the count in
the navigation.
"""

from collections.abc import Iterable

from django.template.loader import render_to_string
from django.urls import reverse

from orders import links, mails
from orders.models import ApprovalRequest, User
from orders.services.changes.requesters import Kind

VERBS = {Kind.PAY: "charge", Kind.REFUND: "refund", Kind.CANCEL: "cancel", Kind.CREATE: "discount"}
ENDS = {
    ApprovalRequest.State.APPROVED: "approved",
    ApprovalRequest.State.DECLINED: "declined",
    ApprovalRequest.State.EXPIRED: "expired",
}


def tell_approvers(request: ApprovalRequest, people: Iterable[User]) -> None:
    subject = f"{request.user} asks for your approval: {_what(request)}"
    for user in people:
        mails.send_soon(subject, _text(request, "asked"), user.email)


def tell_asker(request: ApprovalRequest) -> None:
    """What became of it."""
    subject = f"{ENDS[ApprovalRequest.State(request.state)].capitalize()}: {_what(request)}"
    mails.send_soon(subject, _text(request, "ended"), request.user.email)


def _what(request: ApprovalRequest) -> str:
    return f"{VERBS[Kind(request.kind)]} {request.money}"


def _text(request: ApprovalRequest, template: str) -> str:
    address = reverse("approval_detail", args=[request.merchant.slug, request.mode, request.pk])
    context = {
        "approval": request,
        "what": _what(request),
        "end": ENDS.get(ApprovalRequest.State(request.state), ""),
        "address": links.public(address),
    }
    return render_to_string(f"orders/approvals/{template}.txt", context)
