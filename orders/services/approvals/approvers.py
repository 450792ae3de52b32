"""Who may approve what somebody else asked for: whoever may do it, has a limit that covers it, and did not ask."""

from orders.models import ApprovalRequest, Membership, Merchant, User
from orders.money import Money
from orders.services.changes import limits
from orders.services.changes.requesters import RIGHTS, Kind


def of(merchant: Merchant, asker: User, kind: str, money: Money) -> list[User]:
    """Everybody who may approve now that `asker` moves `money`, by name."""
    found = Membership.objects.filter(merchant=merchant, user__is_active=True).exclude(user=asker)
    rows = found.select_related("user", "merchant").order_by("user__name", "pk")
    return [row.user for row in rows if _may(row, kind, money)]


def names(people: list[User]) -> str:
    """Three of them at most; "" where there is nobody."""
    return " or ".join(str(user) for user in people[:3]) + (" or another" if len(people) > 3 else "")


def waits_for(membership: Membership, request: ApprovalRequest) -> bool:
    """Whether a list marks it for this member; who decides is looked at anew (`blocked_reason`)."""
    return request.user_id != membership.user_id and _may(membership, request.kind, request.money)


def blocked_reason(request: ApprovalRequest, user: User) -> str:
    """Why `user` may not say yes or no to it now; "" when they may."""
    if request.user_id == user.pk:
        return "You asked for this yourself, so somebody else has to decide."
    found = Membership.objects.filter(user=user, merchant_id=request.merchant_id, user__is_active=True)
    membership = found.select_related("merchant").first()
    right = RIGHTS[Kind(request.kind)]
    if membership is None or not membership.may(right):
        return f"You may not {right.value}, so you cannot decide this."
    if not _may(membership, request.kind, request.money):
        return f"{request.money} is above your own limit, so you cannot decide this."
    return ""


def _may(membership: Membership, kind: str, money: Money) -> bool:
    limit = limits.of_member(membership, kind, money.currency)
    return membership.may(RIGHTS[Kind(kind)]) and limit.cover(money)
