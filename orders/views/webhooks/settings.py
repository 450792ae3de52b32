import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders import budgets
from orders.access import merchant_page
from orders.apis.errors import ApiError
from orders.apis.revkeen.webhooks import TYPES
from orders.budgets import SpentTooFast
from orders.forms.webhooks.secret import WebhookSecretForm
from orders.models import Connection
from orders.requests import MerchantRequest
from orders.services.webhooks import registration, state
from orders.services.webhooks.registration import UnderWay
from orders.views.pages import render_page

OFF = "Webhooks are off. "
DELETE_THERE = "RevKeen could not be told, so delete the endpoint there too."


@require_safe
@merchant_page
def connection_webhooks(request: MerchantRequest, connection_id: uuid.UUID) -> HttpResponse:
    return _page(request, _connection(request, connection_id), WebhookSecretForm())


@merchant_page
@require_POST
def webhooks_register(request: MerchantRequest, connection_id: uuid.UUID) -> HttpResponse:
    connection = _connection(request, connection_id)
    try:
        budgets.spend(request, "keys", request.user, request.merchant)
        registration.register(connection, by=request.user)
        messages.success(request, "RevKeen posts to this address from now on.")
    except SpentTooFast as error:
        messages.error(request, str(error))
    except ApiError as error:
        messages.error(request, f"Not set up: {error} If this key may not manage webhooks, set them up by hand.")
    return _to_page(connection)


@sensitive_post_parameters("secret")
@merchant_page
@require_POST
def webhooks_secret(request: MerchantRequest, connection_id: uuid.UUID) -> HttpResponse:
    """Save one that was copied from RevKeen. Where its API made one, a person has none to copy."""
    connection, form = _connection(request, connection_id), WebhookSecretForm(request.POST)
    if state.of(connection).registered:
        messages.error(request, "Webhooks are registered from here. Switch them off first, or register them again.")
        return _to_page(connection)
    if not form.is_valid():
        return _page(request, connection, form)
    registration.save_secret(connection, form.cleaned_data["secret"], by=request.user)
    messages.success(request, "The secret is saved. What RevKeen posts with it is taken from now on.")
    return _to_page(connection)


@merchant_page
@require_POST
def webhooks_replace(request: MerchantRequest, connection_id: uuid.UUID) -> HttpResponse:
    connection = _connection(request, connection_id)
    try:
        budgets.spend(request, "keys", request.user, request.merchant)
        registration.replace(connection, by=request.user)
        messages.success(request, "A second endpoint was made; the first goes when the second has delivered.")
    except UnderWay:
        messages.error(request, "There is nothing to replace, or it is being replaced.")
    except SpentTooFast as error:
        messages.error(request, str(error))
    except ApiError as error:
        messages.error(request, f"Not replaced: {error}")
    return _to_page(connection)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def webhooks_switch_off(request: MerchantRequest, connection_id: uuid.UUID) -> HttpResponse:
    connection = _connection(request, connection_id)
    if request.method != "POST":
        return render_page(request, "orders/webhooks/switch_off.html", {"connection": connection})
    if registration.switch_off(connection, by=request.user):
        messages.success(request, f"{OFF}RevKeen posts nothing here any more.")
    else:
        messages.warning(request, f"{OFF}{DELETE_THERE}")
    return _to_page(connection)


def _page(request: MerchantRequest, connection: Connection, form: WebhookSecretForm) -> HttpResponse:
    context = {
        "connection": connection,
        "form": form,
        "webhooks": state.of(connection),
        "address": registration.address_of(connection),
        "types": TYPES,
    }
    return render_page(request, "orders/webhooks/page.html", context, status=422 if form.errors else 200)


def _connection(request: MerchantRequest, connection_id: uuid.UUID) -> Connection:
    connection = registration.connection_of(request.merchant, request.mode, connection_id)
    if connection is None:
        raise Http404
    return connection


def _to_page(connection: Connection) -> HttpResponse:
    return redirect("connection_webhooks", connection.merchant.slug, connection.mode, connection.pk)
