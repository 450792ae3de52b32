"""The way in for somebody who was invited. The token comes in the mail and is kept in the session, so that it stands
in no address, log or Referer from there on."""

from typing import cast

from django.contrib import messages
from django.contrib.auth import login
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from orders import known_devices
from orders.forms.merchants.members import NewAccount
from orders.models import Invitation, User
from orders.requests import Request
from orders.services.merchants import members, profile
from orders.services.merchants.members import InvitationClosed, InvitedSomebodyElse
from orders.views.pages import sent

TOKEN = "invitation"  # noqa: S105  (the name of it in the session)


@sensitive_post_parameters("password", "repeated")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_accept(request: HttpRequest) -> HttpResponse:
    try:
        if "token" in request.GET:
            return _keep(request, request.GET["token"])
        invitation = members.open_invitation(request.session.get(TOKEN, ""))
        if request.user.is_authenticated:
            return _join(cast(Request, request), invitation)
        if User.objects.filter(email=invitation.email).exists():
            return render(request, "orders/merchants/members/invitation_sign_in.html", {"invitation": invitation})
        return _make_account(request, invitation)
    except InvitationClosed:
        return render(request, "orders/merchants/members/invitation_closed.html", status=410)


def _keep(request: HttpRequest, token: str) -> HttpResponse:
    """Only a good token gets a session, or anybody could fill the table of sessions."""
    members.open_invitation(token)
    request.session[TOKEN] = token
    return redirect("invitation_accept")


def _join(request: Request, invitation: Invitation) -> HttpResponse:
    status = 200
    if request.method == "POST":
        try:
            members.accept(invitation, request.user)
            return _welcome(request, invitation)
        except InvitedSomebodyElse:
            status = 403
    context = {"invitation": invitation, "for_me": request.user.email == invitation.email}
    return render(request, "orders/merchants/members/invitation_join.html", context, status=status)


def _make_account(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    form = NewAccount(sent(request), email=invitation.email, merchant=invitation.merchant.name)
    if request.method == "POST" and form.is_valid():
        user = form.new_user()
        try:
            members.accept(invitation, user)
        except IntegrityError:  # the form was sent twice, or accepted for another merchant in another tab
            return redirect("invitation_accept")
        login(request, user)
        return _welcome(request, invitation)
    context = {"invitation": invitation, "form": form}
    return render(
        request, "orders/merchants/members/invitation_account.html", context, status=422 if form.errors else 200
    )


def _welcome(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    request.session.pop(TOKEN, None)
    merchant = invitation.merchant
    messages.success(request, f"Welcome to {merchant}. Your role: {invitation.role_names}.")
    response = redirect("order_list", merchant.slug, profile.opening_mode(merchant))
    known_devices.remember(request, response, invitation.email)
    return response
