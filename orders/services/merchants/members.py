"""Members of a merchant, and the invitations that make them. Every rule holds under concurrent requests."""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from smtplib import SMTPException
from typing import Any

from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from orders.models import INVITATION_LASTS, EventLog, Invitation, Membership, Merchant, User
from orders.permissions import PAGES, Role
from orders.services import audit

Kind = EventLog.Kind
INVITE = PAGES["invitation_send"]


class LastAdmin(Exception):
    """The change would leave the merchant without anybody who may manage it."""


class NoLongerMember(Exception):
    """Somebody else has removed them in the meantime."""


class AlreadyMember(Exception):
    pass


class MailNotSent(Exception):
    """Nobody was invited: the mail server did not take the invitation."""


class InvitationClosed(Exception):
    """It was accepted, withdrawn or replaced, its seven days are over, or whoever sent it may not invite any more."""


class InvitedSomebodyElse(Exception):
    """The invitation is for another address than that of the account."""


def members_of(merchant: Merchant) -> list[Membership]:
    found = Membership.objects.filter(merchant=merchant).select_related("user")
    return list(found.prefetch_related("user__authenticator_set").order_by("user__name", "pk"))


def invitations_of(merchant: Merchant) -> list[Invitation]:
    """Not answered yet, and sent by somebody who may still invite."""
    found = Invitation.objects.filter(merchant=merchant, accepted_at=None).select_related("invited_by")
    admins = {member.user_id for member in members_of(merchant) if member.user.is_active and member.may(INVITE)}
    return [invitation for invitation in found.order_by("email") if invitation.invited_by_id in admins]


def change_roles(membership: Membership, roles: Sequence[str], by: User) -> None:
    """Raise `LastAdmin` or `NoLongerMember`."""
    with transaction.atomic():
        _lock(membership.merchant)
        _reload(membership)
        if Role.ADMIN.value not in roles and is_last_admin(membership):
            raise LastAdmin
        membership.roles = in_order(roles)
        membership.save(update_fields=["roles"])
        _record(Kind.MEMBER_CHANGED, f"{membership.user.email}: {membership.role_names}", membership.merchant, by)
        if not membership.may(INVITE):
            _withdraw_with_sender(membership, by)


def remove(membership: Membership, by: User) -> None:
    """The person is out with their next request. Raise `LastAdmin` or `NoLongerMember`."""
    with transaction.atomic():
        _lock(membership.merchant)
        _reload(membership)
        if is_last_admin(membership):
            raise LastAdmin
        membership.delete()
        _record(Kind.MEMBER_REMOVED, membership.user.email, membership.merchant, by)
        _withdraw_with_sender(membership, by)
        _end(membership.merchant, "they were removed", by, email=membership.user.email)


def invite(
    merchant: Merchant, email: str, roles: Sequence[str], by: User, address_of: Callable[[str], str]
) -> Invitation:
    """Send a link that makes `email` a member. `address_of` makes the link from its token.

    An open invitation of the same address ends with this one. Raise `AlreadyMember`, `MailNotSent`, or
    `NoLongerMember` when `by` lost the right to invite in the meantime.
    """
    token = secrets.token_urlsafe(32)
    invitation = Invitation(
        merchant=merchant,
        email=email,
        roles=in_order(roles),
        token_hash=_hash(token),
        invited_by=by,
        expires_at=timezone.now() + INVITATION_LASTS,
    )
    _require_no_member(invitation)
    _send(invitation, address_of(token))  # first: the invitation that this one replaces must not end for nothing
    with transaction.atomic():
        _lock(merchant)
        if not may_invite(by, merchant):
            raise NoLongerMember
        _require_no_member(invitation)
        Invitation.objects.filter(merchant=merchant, email=email, accepted_at=None).delete()
        invitation.save()
        _record(Kind.INVITED, f"{email}: {invitation.role_names}", merchant, by)
    return invitation


def withdraw(invitation: Invitation, by: User) -> None:
    with transaction.atomic():
        deleted, _ = Invitation.objects.filter(pk=invitation.pk, accepted_at=None).delete()
        if deleted:
            _record(Kind.INVITATION_WITHDRAWN, invitation.email, invitation.merchant, by)


def open_invitation(token: str) -> Invitation:
    """Raise `InvitationClosed`."""
    found = Invitation.objects.select_related("merchant", "invited_by").filter(token_hash=_hash(token)).first()
    if found is None or not stands(found):
        raise InvitationClosed
    return found


def stands(invitation: Invitation) -> bool:
    """Whether it can still be accepted: it is open, and whoever sent it may still invite."""
    return invitation.open and may_invite(invitation.invited_by, invitation.merchant)


def may_invite(user: User, merchant: Merchant) -> bool:
    membership = Membership.objects.filter(user=user, merchant=merchant, user__is_active=True).first()
    return membership is not None and membership.may(INVITE)


def accept(invitation: Invitation, user: User) -> None:
    """Make `user` a member, once; a `user` that is not saved yet is saved with it.

    Raise `InvitationClosed`, `InvitedSomebodyElse`, or `IntegrityError` when a new user's address is taken.
    """
    if user.email.lower() != invitation.email:
        raise InvitedSomebodyElse
    with transaction.atomic():
        _lock(invitation.merchant)  # so that whoever sent it does not lose the right at the same moment
        locked = Invitation.objects.select_for_update().filter(pk=invitation.pk).first()
        if locked is None or not stands(locked):
            raise InvitationClosed
        if user._state.adding:
            user.save()
        membership, _ = Membership.objects.get_or_create(user=user, merchant=invitation.merchant)
        membership.roles = in_order([*membership.roles, *locked.roles])
        membership.save(update_fields=["roles"])
        locked.accepted_at = timezone.now()
        locked.save(update_fields=["accepted_at"])
        _record(Kind.MEMBER_JOINED, f"{user.email}: {membership.role_names}", invitation.merchant, user)


def in_order(roles: Sequence[str]) -> list[str]:
    return [role.value for role in Role if role.value in roles]


def is_last_admin(membership: Membership) -> bool:
    return Role.ADMIN.value in membership.roles and not _other_admins(membership)


def _lock(merchant: Merchant) -> None:
    """Let one change of members after the other look at who is admin. SQLite locks all with the transaction."""
    Merchant.objects.select_for_update().get(pk=merchant.pk)


def _reload(membership: Membership) -> None:
    try:
        membership.refresh_from_db(fields=["roles"])
    except Membership.DoesNotExist as error:
        raise NoLongerMember from error


def _other_admins(membership: Membership) -> bool:
    others = Membership.objects.filter(merchant=membership.merchant_id, user__is_active=True).exclude(pk=membership.pk)
    return any(Role.ADMIN.value in roles for roles in others.values_list("roles", flat=True))


def _withdraw_with_sender(membership: Membership, by: User) -> None:
    """A right that was passed on ends with the right of whoever passed it on."""
    reason = f"sent by {membership.user.email}, who may no longer invite people"
    _end(membership.merchant, reason, by, invited_by=membership.user)


def _end(merchant: Merchant, reason: str, by: User, **which: Any) -> None:
    for invitation in Invitation.objects.filter(merchant=merchant, accepted_at=None, **which):
        _record(Kind.INVITATION_WITHDRAWN, f"{invitation.email}: {reason}", merchant, by)
        invitation.delete()


def _require_no_member(invitation: Invitation) -> None:
    if Membership.objects.filter(merchant=invitation.merchant, user__email=invitation.email).exists():
        raise AlreadyMember


def _hash(token: str) -> str:
    """The token is random enough that a plain hash cannot be turned back."""
    return hashlib.sha256(token.encode()).hexdigest()


def _send(invitation: Invitation, address: str) -> None:
    text = render_to_string("orders/merchants/members/invitation.txt", {"invitation": invitation, "address": address})
    try:
        send_mail(f"Join {invitation.merchant} in RevKeen Admin", text, None, [invitation.email])
    except (SMTPException, OSError) as error:
        raise MailNotSent from error


def _record(kind: EventLog.Kind, text: str, merchant: Merchant, by: User) -> None:
    audit.record(kind, text, user=by, merchant=merchant)
