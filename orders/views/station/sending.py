"""Enter at the station: the order goes off as the form that fulfills would send it, or it is said why not yet."""

import uuid

from django.http import HttpResponse

from orders.forms.fulfillment.fulfill import FulfillmentForm
from orders.forms.station import packing_form
from orders.models import EventLog, Fulfillment, Operation, Packing
from orders.requests import MerchantRequest
from orders.services import audit
from orders.services.fulfillment import fulfill, fulfillable, presets, undo
from orders.services.fulfillment.fulfill import FulfillmentFormToken
from orders.services.fulfillment.fulfillable import FulfillmentSnapshot
from orders.services.fulfillment.undo import OthersFollow, TooLate
from orders.services.revkeen import session
from orders.services.station import bench
from orders.services.station.work import BAD, GOOD, PLAIN, WAIT, Said, Work
from orders.storable import storable
from orders.views.changes import form_page
from orders.views.changes.form_page import Problem
from orders.views.fulfillment.fulfill_form import form_with
from orders.views.station import opening
from orders.views.station.opening import Answer

State = Operation.State


def send(request: MerchantRequest, packing: Packing, work: Work) -> Answer:
    assert packing.order_id is not None  # noqa: S101  (the caller has looked)
    form_token = form_page.read_form_token(
        request, packing.form_token, Operation.Kind.FULFILL, packing.order_id, FulfillmentSnapshot
    )
    form = form_for(request, packing.order_id, work, form_token.snapshot)
    if (said := packing_form.obstacle(work, form_token.snapshot, form)) is not None:
        return said, work, {}
    answer = form_page.carry_out(request, lambda api: fulfill.fulfill(api, request.user, form_token, form.asked))
    if isinstance(answer, Problem):
        return _not_sent(request, packing, work, answer)
    presets.remember(request.membership, form.asked, form.email_chosen)
    return _sent(request, packing, work, form_token, form, answer)


def form_for(request: MerchantRequest, order_id: uuid.UUID, work: Work, shown: FulfillmentSnapshot) -> FulfillmentForm:
    return form_with(request, order_id, shown, packing_form.filled_in(work, shown))


def undo_one(request: MerchantRequest, packing: Packing, work: Work | None, fulfillment_id: str) -> Answer:
    """Take back what this person or another sent off; with nothing at hand it lies here again as it was."""
    found = Fulfillment.objects.filter(merchant=request.merchant, mode=request.mode, pk=fulfillment_id).first()
    if found is None:
        return Said(BAD, "There is nothing to undo."), work, {}
    try:
        undo.undo(found, request.user)
    except OthersFollow:
        return Said(BAD, "Another change has locked the order. Undo that first.", str(found.order_id)), work, {}
    except TooLate:
        found.refresh_from_db(fields=["undone_at"])
        if found.undone_at:
            return Said(PLAIN, f"{found.order_number}: undone already. No system was notified."), work, {}
        return Said(BAD, f"{found.order_number}: too late, it was already sent.", str(found.order_id)), work, {}
    undone = Said(PLAIN, f"{found.order_number}: undone. No system was notified.", str(found.order_id))
    if packing.order_id is not None:
        return undone, work, {}
    said, work, changes = opening.open_order(request, packing, found.order_id)
    return (undone if changes else Said(said.tone, f"{undone.words} {said.words}", said.order_id)), work, changes


def _sent(
    request: MerchantRequest,
    packing: Packing,
    work: Work,
    form_token: FulfillmentFormToken,
    form: FulfillmentForm,
    answer: Operation | Fulfillment | HttpResponse,
) -> Answer:
    if isinstance(answer, Operation) and (problem := form_page.problem_of(answer)):
        return _not_sent(request, packing, work, problem)
    number, order_id = form_token.snapshot.number, str(packing.order_id)
    if isinstance(answer, HttpResponse):
        words = f"{number} was sent before with something else in it. Look at what was recorded."
        return Said(BAD, words, order_id), None, bench.NOTHING
    _note_uncounted(request, packing, work)
    if isinstance(answer, Operation) and answer.state != State.DONE and not undo.held(answer):
        words = f"{number}: nobody knows yet whether RevKeen took it. It will be found out; do not send it again."
        return Said(WAIT, words, order_id), None, bench.NOTHING
    what = fulfill.summary(form_token, form.asked)
    return Said(GOOD, f"{number} fulfilled: {what}.", order_id), None, bench.NOTHING


def _not_sent(request: MerchantRequest, packing: Packing, work: Work, problem: Problem) -> Answer:
    """It stays at hand, over the order as it is now, so that the next Enter is a new try."""
    assert packing.order_id is not None  # noqa: S101
    changed = [f"{what} was {before}, is {now}." for what, before, now in problem.changed]
    holder = [f"{problem.holder.user} is changing it."] if problem.holder else []
    words = " ".join([f"{problem.title}", problem.text, *changed, *holder]).strip()
    with session.session(request.merchant, request.mode) as api:
        found = fulfillable.fulfillable(api, packing.order_id)
    if (blocked := opening.not_packed(request, found)) is not None and not problem.holder:
        return Said(BAD, f"{words} {blocked[0].words}", str(packing.order_id)), None, bench.NOTHING
    return Said(BAD, words, str(packing.order_id)), work, opening.begun(request, packing, found, work)


def _note_uncounted(request: MerchantRequest, packing: Packing, work: Work) -> None:
    if work.reason:
        audit.record(
            EventLog.Kind.SHIPPED_UNCOUNTED,
            storable(f"{packing.order_number}: {work.reason}"),
            user=request.user,
            merchant=request.merchant,
            mode=request.mode,
            order_id=packing.order_id,
        )
