"""The invoice that a draft is linked to: chosen by its number, looked at before it is saved and before it is sent."""

import uuid

from django.urls import reverse
from django.utils.html import format_html

from orders.forms.drafts.drafts import DraftForm
from orders.models import Draft
from orders.requests import MerchantRequest
from orders.services.drafts import invoice_links
from orders.services.drafts.invoice_links import Looked, Objection
from orders.services.revkeen import session


def offer(request: MerchantRequest, draft: Draft, form: DraftForm) -> None:
    """Let the form show what can be chosen; where RevKeen cannot be read, what was chosen."""
    with session.session(request.merchant, request.mode) as api:
        form.offer_invoices(invoice_links.offered(api, draft))


def refuse_what_cannot_be_linked(request: MerchantRequest, draft: Draft, form: DraftForm) -> None:
    """Say by the field why another invoice than before is not linked; it is not saved then."""
    chosen = form.cleaned_data.get("invoice_id")
    if chosen is None or chosen == draft.invoice_id:
        return
    found = _look(request, chosen, draft).objection
    if found is not None:
        form.add_error("invoice_id", _describe(request, found))


def of_draft(request: MerchantRequest, draft: Draft) -> Looked | None:
    """The invoice that the draft is linked to, as it is now; None where it has none."""
    return _look(request, draft.invoice_id, draft) if draft.invoice_id else None


def _look(request: MerchantRequest, invoice_id: uuid.UUID, draft: Draft) -> Looked:
    with session.session(request.merchant, request.mode) as api:
        return invoice_links.look(api, invoice_id, draft)


def _describe(request: MerchantRequest, found: Objection) -> str:
    if found.order is None:
        return found.text
    address = reverse("order_detail", args=[request.merchant.slug, request.mode, found.order.id])
    return format_html('{} <a href="{}">Open {}</a>', found.text, address, found.order.public_id)
