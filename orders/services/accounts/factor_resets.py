"""Taking away a second factor that its owner has lost, so that they can sign in and set up another one."""

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.http import HttpRequest

from orders.models import EventLog, Membership, User
from orders.permissions import PAGES
from orders.services import audit
from orders.services.accounts import notices

Kind = EventLog.Kind
RESET = PAGES["member_reset_factor"]


class NotReset(Exception):
    """`str()` says why, for the admin who asked for it."""


def blocked_reason(membership: Membership, by: User) -> str:
    """Why `by` may not do this; "" where they may. Whoever holds a factor guards all merchants of its owner with it."""
    if membership.user == by:
        return "This is you. Change your own second factor on your account page."
    if not Authenticator.objects.filter(user=membership.user).exists():
        return f"{membership.user} has no second factor."
    mine = {own.merchant_id for own in Membership.objects.filter(user=by) if own.may(RESET)}
    if Membership.objects.filter(user=membership.user).exclude(merchant__in=mine).exists():
        return (
            f"{membership.user} is a member of other merchants too, which you do not manage. "
            "Whoever runs this installation can reset the second factor."
        )
    return ""


def reset(membership: Membership, by: User, request: HttpRequest) -> None:
    """Raise `NotReset`. All the person's sessions end, and they are told by mail."""
    with transaction.atomic():
        if reason := blocked_reason(membership, by):
            raise NotReset(reason)
        take_away(membership.user)
        text = f"second factor of {membership.user.email} reset"
        audit.record(Kind.MFA_CHANGED, text, user=by, merchant=membership.merchant)
    notices.sign_in_changed(request, membership.user, "account/email/factor_reset")


def take_away(user: User) -> None:
    """All factors, the recovery codes with them; what ends the person's sessions is in `orders.signals`."""
    Authenticator.objects.filter(user=user).delete()
