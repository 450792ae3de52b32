import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders import budgets, links
from orders.access import merchant_page
from orders.budgets import SpentTooFast
from orders.forms.merchants.members import Invite, Roles
from orders.models import EventLog, Invitation, Membership
from orders.permissions import PAGES
from orders.requests import MerchantRequest
from orders.services.accounts import factor_resets
from orders.services.accounts.factor_resets import NotReset
from orders.services.merchants import members
from orders.services.merchants.members import AlreadyMember, LastAdmin, MailNotSent, NoLongerMember
from orders.views.merchants.recent_changes import recent_changes
from orders.views.pages import render_page, sent

Kind = EventLog.Kind
CHANGES = (
    Kind.INVITED,
    Kind.INVITATION_WITHDRAWN,
    Kind.MEMBER_JOINED,
    Kind.MEMBER_CHANGED,
    Kind.MEMBER_REMOVED,
)
LAST_ADMIN = "This is the last admin. Make someone else an admin first: a merchant always needs one."


@require_safe
@merchant_page
def member_list(request: MerchantRequest) -> HttpResponse:
    return _list_page(request, Invite())


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def member_edit(request: MerchantRequest, pk: int) -> HttpResponse:
    member = _member(request, pk)
    form = Roles(sent(request), initial={"roles": member.roles})
    if request.method == "POST" and form.is_valid():
        try:
            members.change_roles(member, form.cleaned_data["roles"], by=request.user)
        except LastAdmin:
            form.add_error("roles", LAST_ADMIN)
        except NoLongerMember as error:
            raise Http404 from error
        else:
            messages.success(request, f"{member.user} is {member.role_names} now.")
            return _after_own_change(request, member)
    context = {"form": form, "member": member}
    return render_page(request, "orders/merchants/members/edit.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def member_remove(request: MerchantRequest, pk: int) -> HttpResponse:
    member = _member(request, pk)
    status = 200
    if request.method == "POST":
        try:
            members.remove(member, by=request.user)
        except LastAdmin:
            status = 409
        except NoLongerMember as error:
            raise Http404 from error
        else:
            messages.success(request, f"{member.user} is no longer a member of {request.merchant}.")
            return _after_own_change(request, member)
    refusal = LAST_ADMIN if members.is_last_admin(member) else ""
    return render_page(
        request, "orders/merchants/members/remove.html", {"member": member, "refusal": refusal}, status=status
    )


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def member_reset_factor(request: MerchantRequest, pk: int) -> HttpResponse:
    member, status = _member(request, pk), 200
    if request.method == "POST":
        try:
            factor_resets.reset(member, request.user, request)
        except NotReset:
            status = 409
        else:
            messages.success(request, f"The second factor of {member.user} was reset. They are notified by e-mail.")
            return redirect("member_list", request.merchant.slug, request.mode)
    refusal = factor_resets.blocked_reason(member, request.user)
    context = {"member": member, "refusal": refusal}
    return render_page(request, "orders/merchants/members/reset_factor.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def invitation_send(request: MerchantRequest) -> HttpResponse:
    form = Invite(sent(request))
    if request.method == "POST" and form.is_valid():
        email, roles = form.cleaned_data["email"], form.cleaned_data["roles"]
        try:
            budgets.spend(request, "invitations", request.user, request.merchant)
            members.invite(request.merchant, email, roles, by=request.user, address_of=_link)
        except SpentTooFast as error:
            form.add_error(None, str(error))
        except AlreadyMember:
            form.add_error("email", f"{email} is already a member. Change roles in the list.")
        except MailNotSent:
            form.add_error(None, "The e-mail could not be sent, so no one was invited. Try again in a few minutes.")
        except NoLongerMember as error:
            raise Http404 from error
        else:
            messages.success(request, f"{email} was invited. The link in the e-mail works for 7 days.")
            return redirect("member_list", request.merchant.slug, request.mode)
    return _list_page(request, form)


@merchant_page
@require_POST
def invitation_withdraw(request: MerchantRequest, invitation_id: uuid.UUID) -> HttpResponse:
    invitation = Invitation.objects.filter(merchant=request.merchant, pk=invitation_id, accepted_at=None).first()
    if invitation is None:
        raise Http404
    members.withdraw(invitation, by=request.user)
    messages.success(request, f"The invitation for {invitation.email} was withdrawn; its link no longer works.")
    return redirect("member_list", request.merchant.slug, request.mode)


def _list_page(request: MerchantRequest, form: Invite) -> HttpResponse:
    context = {
        "form": form,
        "members": members.members_of(request.merchant),
        "invitations": members.invitations_of(request.merchant),
        "changes": recent_changes(request.merchant, *CHANGES),
    }
    return render_page(request, "orders/merchants/members/list.html", context, status=422 if form.errors else 200)


def _member(request: MerchantRequest, pk: int) -> Membership:
    member = Membership.objects.select_related("user", "merchant").filter(merchant=request.merchant, pk=pk).first()
    if member is None:
        raise Http404
    return member


def _after_own_change(request: MerchantRequest, member: Membership) -> HttpResponse:
    """Who has just given up the right to see the list of members goes where they may."""
    if member.user == request.user and not (member.pk and member.may(PAGES["member_list"])):
        return redirect("chooser")
    return redirect("member_list", request.merchant.slug, request.mode)


def _link(token: str) -> str:
    """The token is in the query, which no log of ours keeps."""
    return links.public(f"{reverse('invitation_accept')}?token={token}")
