import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders.access import merchant_page
from orders.forms.connections import AddConnection, RenameConnection
from orders.models import Connection, EventLog
from orders.requests import MerchantRequest
from orders.services import connections
from orders.services.connections import Gone, StillActive
from orders.services.key_trial import KeyNotAccepted
from orders.states import State
from orders.views.changes import recent_changes
from orders.views.pages import render_page, sent

Kind = EventLog.Kind
CHANGES = (Kind.KEY_ADDED, Kind.KEY_REFUSED, Kind.KEY_ACTIVATED, Kind.KEY_RENAMED, Kind.KEY_REMOVED)


@dataclass(frozen=True)
class Row:
    connection: Connection
    state: State
    removable: bool


@require_safe
@merchant_page
def connection_list(request: MerchantRequest) -> HttpResponse:
    return _list_page(request, AddConnection())


@sensitive_post_parameters("key")
@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def connection_add(request: MerchantRequest) -> HttpResponse:
    form = AddConnection(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            name, key = form.cleaned_data["name"], form.cleaned_data["key"]
            added = connections.add(request.merchant, request.mode, name, key, by=request.user)
        except KeyNotAccepted as error:
            form.add_error("key", f"{error} Nothing was saved.")
        else:
            messages.success(request, f"RevKeen took {added.shown_key}. It is saved{_and_active(added)}.")
            return _to_list(request)
    return _list_page(request, form)


@merchant_page
@require_POST
def connection_activate(request: MerchantRequest, connection_id: uuid.UUID) -> HttpResponse:
    connection = _connection(request, connection_id)
    try:
        connections.activate(connection, by=request.user)
        messages.success(request, f"{connection.shown_key} is active now; the former key stays here.")
    except KeyNotAccepted as error:
        messages.error(request, f"{connection.shown_key} was not made active. {error}")
    except Gone as error:
        raise Http404 from error
    return _to_list(request)


@merchant_page
@require_POST
def connection_try(request: MerchantRequest, connection_id: uuid.UUID) -> HttpResponse:
    connection = _connection(request, connection_id)
    try:
        connections.try_now(connection)
        messages.success(request, f"{connection.shown_key} works: RevKeen answered every kind of read.")
    except KeyNotAccepted as error:
        messages.error(request, f"{connection.shown_key} was tried just now. {error}")
    return _to_list(request)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def connection_rename(request: MerchantRequest, connection_id: uuid.UUID) -> HttpResponse:
    connection = _connection(request, connection_id)
    form = RenameConnection(sent(request), initial={"name": connection.name})
    if request.method == "POST" and form.is_valid():
        try:
            connections.rename(connection, form.cleaned_data["name"], by=request.user)
        except Gone as error:
            raise Http404 from error
        return _to_list(request)
    context = {"form": form, "connection": connection}
    return render_page(request, "orders/connections/rename.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def connection_remove(request: MerchantRequest, connection_id: uuid.UUID) -> HttpResponse:
    connection = _connection(request, connection_id)
    status = 200
    if request.method == "POST":
        try:
            connections.remove(connection, by=request.user)
        except StillActive:
            status = 409
        except Gone as error:
            raise Http404 from error
        else:
            messages.success(request, f"{connection.shown_key} is removed.")
            return _to_list(request)
    context = {"connection": connection, "removable": connections.may_remove(connection)}
    return render_page(request, "orders/connections/remove.html", context, status=status)


def _list_page(request: MerchantRequest, form: AddConnection) -> HttpResponse:
    found = connections.connections_of(request.merchant, request.mode)
    context = {
        "form": form,
        "rows": [Row(row, _state(row), not row.active or len(found) == 1) for row in found],
        "changes": recent_changes(request.merchant, *CHANGES, mode=request.mode),
    }
    return render_page(request, "orders/connections/list.html", context, status=422 if form.errors else 200)


def _connection(request: MerchantRequest, connection_id: uuid.UUID) -> Connection:
    for connection in connections.connections_of(request.merchant, request.mode):
        if connection.pk == connection_id:
            return connection
    raise Http404


def _state(connection: Connection) -> State:
    if not connections.readable(connection):
        return State("Cannot be decrypted", "alert-triangle", "bad")
    if connection.refused_at is not None:
        return State("Active, refused", "alert-triangle", "bad") if connection.active else State("Revoked", "ban")
    if not connection.active:
        return State("Standby", "circle")
    return (
        State("Active, failing", "alert-triangle", "bad")
        if connection.failing
        else State("Active", "circle-check", "good")
    )


def _to_list(request: MerchantRequest) -> HttpResponse:
    return redirect("connection_list", request.merchant.slug, request.mode)


def _and_active(connection: Connection) -> str:
    return " and active" if connection.active else "; it is on standby until it is made active"
