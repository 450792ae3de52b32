"""Looking at what became of an operation, without changing anything: the order, its events, a payment's refunds."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from orders.apis.errors import ApiError, Refused
from orders.apis.revkeen import marks, reads
from orders.apis.revkeen.objects import Event, Listing, Order, Refund
from orders.apis.revkeen.reads import Read
from orders.models import Operation
from orders.services.changes import verification
from orders.services.revkeen.session import Reading, Session

Kind, State = Operation.Kind, Operation.State

MOST_PAGES = 5  # of orders, among which the one of a create is looked for
EARLIER = timedelta(hours=2)  # RevKeen's clock may be behind ours


@dataclass(frozen=True)
class Facts:
    order: Order | None
    events: list[Event]
    unanswered: ApiError | None
    refunds: Listing[Refund] | None = None  # of the payment that a refund is about
    created: Order | None = None  # an order with the mark of a create
    all_looked_at: bool = True  # False: a create may have made an order that was not looked at
    events_read: bool = True  # False: the key may not read them


def look(api: Session, operation: Operation) -> Facts:
    """One round: the events that may tell of the operation, and what has to be as it was before it.

    A key that may not read one of them makes it none; any other failure leaves the look unanswered.
    """
    wanted = [_events(operation), *([_orders(operation)] if operation.kind == Kind.CREATE else [])]
    readings = api.get_together(*wanted, *verification.to_look_at(operation))
    events, others = readings[0], readings[len(wanted) :]
    unfit = next((error for error in map(_unfit, readings) if error is not None), None)
    rows = events.value.rows if events.value is not None and events.error is None else []
    order, refunds = [*(reading.value for reading in others), None, None][:2]
    created, whole = _created(api, operation, readings[1]) if operation.kind == Kind.CREATE else (None, True)
    return Facts(order, rows, unfit, refunds, created, whole, events.error is None)


def tells(operation: Operation, facts: Facts) -> bool:
    """Whether an event or a mark says by itself what became of it."""
    refunds = facts.refunds.rows if facts.refunds is not None else []
    marked = facts.created is not None or verification.refund_marked(operation, refunds) is not None
    return marked or verification.told(operation, facts.events)[0] != ""


def not_told(operation: Operation, facts: Facts) -> str:
    """Why an answer of yes is not believed that nothing but an event can bear out; "" when one does, or none can."""
    if not facts.events_read and facts.unanswered is None:
        return ""
    told = verification.told(operation, facts.events)[0] == State.DONE
    return "" if told else "no event confirms it yet, and the order was partly fulfilled before."


def sign_of(operation: Operation, facts: Facts) -> str:
    """What speaks against a no of RevKeen's, as the end of a sentence; "" when nothing does.

    A no may have come from something on the way, after RevKeen had done it.
    """
    state, _ = verification.told(operation, facts.events)
    if state == State.DONE:
        return "one of its events carries this operation’s key."
    if state == State.REFUSED:  # an event says no as well
        return ""
    if facts.created is not None:
        return f"{facts.created.public_id} carries this operation’s mark."
    if facts.unanswered is not None:
        return "" if isinstance(facts.unanswered, Refused) else f"it could not be read afterwards. {facts.unanswered}"
    if facts.order is not None and verification.moved(operation, facts.order, facts.refunds):
        return "the order has changed since."
    return ""


def _events(operation: Operation) -> Any:
    if operation.order_id is not None and operation.kind != Kind.CREATE:
        return reads.order_events(operation.order_id)
    since = int((operation.created_at - EARLIER).timestamp())
    return reads.events_since(since, ("order.created",))


def _orders(operation: Operation, after: uuid.UUID | None = None) -> Read[Listing[Order]]:
    """The orders among which that of a create is, the newest first."""
    customer_id = operation.body.get("customer_id")
    return reads.orders(
        customer_id=uuid.UUID(customer_id) if customer_id else None,
        created_gte=int((operation.created_at - EARLIER).timestamp()),
        starting_after=after,
        limit=reads.LARGEST_PAGE,
    )


def _created(api: Session, operation: Operation, first: Reading[Listing[Order]]) -> tuple[Order | None, bool]:
    """The order with the create's mark, and whether all that could be it were looked at."""
    reading, readable = first, True
    for _ in range(MOST_PAGES):
        if reading.error is not None:
            return None, False
        page = reading.require()
        found = next((row for row in page.rows if marks.of_order(row.metadata) == str(operation.pk)), None)
        readable = readable and not page.unreadable
        if found is not None or not page.has_more or not page.rows:
            return found, readable and not page.has_more
        reading = api.get(_orders(operation, page.rows[-1].id))
    return None, False


def _unfit(reading: Reading[Any] | None) -> ApiError | None:
    """The error of a reading that tells us nothing of now; a key that may not read is an answer."""
    if reading is None or reading.error is None:
        return None
    refused_for_good = isinstance(reading.error, Refused) and reading.error.status == 403
    return None if refused_for_good else reading.error
