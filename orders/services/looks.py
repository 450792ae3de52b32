"""Looking at what became of an operation, without changing anything: the order, its events, a payment's refunds."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from orders.apis.errors import ApiError, Refused
from orders.apis.revkeen import reads
from orders.apis.revkeen.objects import Event, Listing, Order, Refund
from orders.models import Operation
from orders.services import effects
from orders.services.revkeen import Reading, Session

Kind, State = Operation.Kind, Operation.State

EARLIER = timedelta(hours=2)  # RevKeen's clock may be behind ours


@dataclass(frozen=True)
class Facts:
    order: Order | None
    events: list[Event]
    unanswered: ApiError | None
    refunds: Listing[Refund] | None = None  # of the payment that a refund is about


def look(api: Session, operation: Operation) -> Facts:
    """One round: the events that may tell of the operation, and what has to be as it was before it.

    A key that may not read one of them makes it none; any other failure leaves the look unanswered.
    """
    events, *others = api.get_together(_events(operation), *effects.to_look_at(operation))
    unfit = next((error for error in map(_unfit, (events, *others)) if error is not None), None)
    rows = events.value.rows if events.value is not None and events.error is None else []
    order, refunds = [*(reading.value for reading in others), None, None][:2]
    return Facts(order, rows, unfit, refunds)


def sign_of(operation: Operation, facts: Facts) -> str:
    """What speaks against a no of RevKeen's, as the end of a sentence; "" when nothing does.

    A no may have come from something on the way, after RevKeen had done it.
    """
    state, _ = effects.told(operation, facts.events)
    if state == State.DONE:
        return "one of its events carries this operation’s key."
    if state == State.REFUSED:  # an event says no as well
        return ""
    if facts.unanswered is not None:
        return "" if isinstance(facts.unanswered, Refused) else f"it could not be read afterwards. {facts.unanswered}"
    if facts.order is not None and effects.moved(operation, facts.order, facts.refunds):
        return "the order has changed since."
    return ""


def _events(operation: Operation) -> Any:
    if operation.order_id is not None and operation.kind != Kind.CREATE:
        return reads.order_events(operation.order_id)
    since = int((operation.created_at - EARLIER).timestamp())
    return reads.events_since(since, ("order.created",))


def _unfit(reading: Reading[Any] | None) -> ApiError | None:
    """The error of a reading that tells us nothing of now; a key that may not read is an answer."""
    if reading is None or reading.error is None:
        return None
    refused_for_good = isinstance(reading.error, Refused) and reading.error.status == 403
    return None if refused_for_good else reading.error
