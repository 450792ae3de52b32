import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders import budgets
from orders.access import merchant_page
from orders.budgets import SpentTooFast
from orders.forms.merchants.connections import AddConnection, ChooseProvider, RenameConnection
from orders.models import Connection, EventLog
from orders.requests import MerchantRequest
from orders.services.merchants import connections
from orders.services.merchants.connections import Gone, StillActive
from orders.services.merchants.key_check import KeyNotAccepted
from orders.services.partners import directory, switched_off
from orders.services.webhooks import state as webhooks
from orders.services.webhooks.state import Webhooks
from orders.states import State
from orders.views.merchants.recent_changes import recent_changes
from orders.views.pages import render_page, sent

Kind = EventLog.Kind
Provider = Connection.Provider
CHANGES = (
    Kind.KEY_ADDED,
    Kind.KEY_REFUSED,
    Kind.KEY_ACTIVATED,
    Kind.KEY_SWITCHED_OFF,
    Kind.KEY_RENAMED,
    Kind.KEY_REMOVED,
    Kind.WEBHOOKS_ON,
    Kind.WEBHOOK_SECRET,
    Kind.WEBHOOKS_OFF,
)


@dataclass(frozen=True)
class Row:
    connection: Connection
    state: State
    removable: bool
    may_switch_off: bool
    webhooks: State | None  # of a key of RevKeen's that takes them


@dataclass(frozen=True)
class Section:
    """One provider's part of the page."""

    provider: Connection.Provider
    rows: list[Row]
    form: AddConnection
    waiting: int  # partner updates that a partner has yet to get
    missed: int  # shipments that were recorded while it was off

    @property
    def partner(self) -> bool:
        return self.provider != Provider.REVKEEN

    @property
    def add(self) -> str:
        """What the button for one more is called."""
        article = "an" if self.provider == Provider.ORDER_PROTECTION else "a"
        return f"Add {article} {self.provider.label} {self.form.key_word}"

    @property
    def main(self) -> bool:
        """Without RevKeen nothing else comes first."""
        return not self.partner and not self.rows

    @property
    def on(self) -> bool:
        return any(row.connection.active for row in self.rows)


@require_safe
@merchant_page
def connection_list(request: MerchantRequest) -> HttpResponse:
    return _list_page(request)


@sensitive_post_parameters("key")
@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def connection_add(request: MerchantRequest) -> HttpResponse:
    provider = ChooseProvider(request.POST).chosen
    if provider is None:
        raise Http404
    form = AddConnection(sent(request), provider=provider, mode=request.mode)
    if request.method == "POST" and form.is_valid():
        try:
            budgets.spend(request, "keys", request.user, request.merchant)
            name, key = form.cleaned_data["name"], form.cleaned_data["key"]
            added = connections.add(request.merchant, request.mode, name, key, request.user, provider)
        except SpentTooFast as error:
            form.add_error(None, str(error))
        except KeyNotAccepted as error:
            form.add_error("key", f"{error} Nothing was saved.")
        else:
            saved = f"{provider.label} accepted {added.shown_key}. It is saved{_and_active(added)}."
            messages.success(request, f"{saved}{_of_changes(added)}")
            return _to_list(request)
    return _list_page(request, form)


@merchant_page
@require_POST
def connection_activate(request: MerchantRequest, connection_id: uuid.UUID) -> HttpResponse:
    connection = _connection(request, connection_id)
    try:
        connections.activate(connection, by=request.user)
        messages.success(request, _said_active(connection))
    except KeyNotAccepted as error:
        messages.error(request, f"{connection.shown_key} was not made active. {error}")
    except Gone as error:
        raise Http404 from error
    return _to_list(request)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page
def connection_switch_off(request: MerchantRequest, connection_id: uuid.UUID) -> HttpResponse:
    """Says how many partner updates wait for it, and asks."""
    connection = _connection(request, connection_id)
    possible = connections.may_switch_off(connection)
    if request.method != "POST" or request.POST.get("confirmed") != "yes" or not possible:
        open_ones = directory.open_partner_updates(request.merchant, request.mode, connection.provider)
        context = {"connection": connection, "possible": possible, "waiting": open_ones}
        return render_page(
            request, "orders/merchants/connections/switch_off.html", context, status=422 if request.POST else 200
        )
    try:
        connections.switch_off(connection, by=request.user)
    except Gone as error:
        raise Http404 from error
    name = connection.get_provider_display()
    waiting = directory.open_partner_updates(request.merchant, request.mode, connection.provider)
    messages.success(request, f"{name} is switched off: new shipments are not sent there.{_and_waiting(waiting)}")
    return _to_list(request)


@merchant_page
@require_POST
def connection_try(request: MerchantRequest, connection_id: uuid.UUID) -> HttpResponse:
    connection = _connection(request, connection_id)
    try:
        budgets.spend(request, "keys", request.user, request.merchant)
        connections.try_now(connection)
        what = "every kind of read" if connection.provider == Provider.REVKEEN else "what we asked it"
        name = connection.get_provider_display()
        messages.success(request, f"{connection.shown_key} works: {name} answered {what}.")
    except SpentTooFast as error:
        messages.error(request, str(error))
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
    return render_page(request, "orders/merchants/connections/rename.html", context, status=422 if form.errors else 200)


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
            messages.success(request, f"{connection.shown_key} was removed.")
            return _to_list(request)
    context = {
        "connection": connection,
        "removable": connections.may_remove(connection),
        "partner": connection.provider != Provider.REVKEEN,
        "waiting": _waiting_with_no_key(connection),
    }
    return render_page(request, "orders/merchants/connections/remove.html", context, status=status)


def _list_page(request: MerchantRequest, form: AddConnection | None = None) -> HttpResponse:
    """With the form that was sent, if one was, in its place."""
    found = connections.connections_of(request.merchant, request.mode)
    context = {
        "form": form,
        "sections": [_section(request, provider, found, form) for provider in Provider],
        "changes": recent_changes(request.merchant, *CHANGES, mode=request.mode),
        "not_delivered": webhooks.in_trouble(request.merchant, request.mode),
    }
    status = 422 if form and form.errors else 200
    return render_page(request, "orders/merchants/connections/list.html", context, status=status)


def _section(
    request: MerchantRequest, provider: Connection.Provider, found: list[Connection], form: AddConnection | None
) -> Section:
    keys = [row for row in found if row.provider == provider]
    on = webhooks.of_those_on(request.merchant, request.mode) if provider == Provider.REVKEEN else {}
    rows = [_row(row, on) for row in keys]
    own = form if form and form.provider == provider else AddConnection(provider=provider, mode=request.mode)
    partner = provider != Provider.REVKEEN
    waiting = directory.open_partner_updates(request.merchant, request.mode, provider) if partner else 0
    missed = switched_off.waiting(request.merchant, request.mode, provider).count() if partner else 0
    return Section(provider, rows, own, waiting, missed)


def _row(connection: Connection, webhooks_on: dict[uuid.UUID, Webhooks]) -> Row:
    may = connections.may_remove(connection), connections.may_switch_off(connection)
    found = webhooks_on.get(connection.pk)
    return Row(connection, _state(connection), *may, found.state if found else None)


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
        return State("Standby" if connection.provider == Provider.REVKEEN else "Off", "circle")
    return (
        State("Active, failing", "alert-triangle", "bad")
        if connection.failing
        else State("Active", "circle-check", "good")
    )


def _to_list(request: MerchantRequest) -> HttpResponse:
    return redirect("connection_list", request.merchant.slug, request.mode)


def _and_active(connection: Connection) -> str:
    if connection.provider != Provider.REVKEEN:
        return ", and sends nothing until you switch it on"
    return " and active" if connection.active else "; it is on standby until it is made active"


def _of_changes(connection: Connection) -> str:
    """A key is tried by reading. What it may change would show only by a change, which nobody has asked for."""
    if connection.provider != Provider.REVKEEN:
        return ""
    return (
        " It can read all that the pages show. What it can change was not tried: without orders:write it cannot "
        "create, change, charge, cancel or fulfill an order, and without refunds:write it cannot refund. RevKeen "
        "refuses that then, and nothing is done."
    )


def _said_active(connection: Connection) -> str:
    if connection.provider == Provider.REVKEEN:
        return f"{connection.shown_key} is active now; the former key stays here."
    name = connection.get_provider_display()
    return f"{name} is switched on with {connection.shown_key}: shipments recorded from now on are sent there."


def _and_waiting(count: int) -> str:
    if not count:
        return ""
    return f" {count:,} {'update waits' if count == 1 else 'updates wait'} until it is on again."


def _waiting_with_no_key(connection: Connection) -> int:
    """Partner updates that nothing can send when this key goes, because it is the partner's only one."""
    alike = connections.connections_of(connection.merchant, connection.mode)
    if connection.provider == Provider.REVKEEN or sum(row.provider == connection.provider for row in alike) > 1:
        return 0
    return directory.open_partner_updates(connection.merchant, connection.mode, connection.provider)
