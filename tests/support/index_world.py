"""RevKeen, merchants and workers as the state machine of the index moves them, and what must be true of the copies."""

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from orders.apis.listings import Listing
from orders.apis.revkeen.objects import Order
from orders.models import Connection, IndexState, Merchant, OrderCopy, Sweep, ToRead
from orders.services.index import clock, copying, forgetting, freshness, marks, sight, writing
from orders.services.revkeen.session import Session
from orders.services.sync import feed, settling, sweeps, turns, work
from orders.services.webhooks import receive
from tests.support.emulation import Emulator
from tests.support.fresh import forget_gates
from tests.support.indexing import all_orders
from tests.support.webhooks import SECRET, signature, take_webhooks

OPEN = ("pending", "paid")
SMALL_PAGE = 20  # orders, so that an import takes several pages
# Where a worker may die: around everything that it writes.
POINTS = (
    (marks, "mark"),
    (marks, "served"),
    (writing, "apply"),
    (settling, "settle"),
    (settling, "right_as_of"),
    (sweeps, "_finish"),
    (turns, "require"),
    (feed, "_remember"),
)


class Killed(BaseException):
    """`kill -9`, as far as it can be had within a process."""


@dataclass
class Place:
    """One merchant and mode: its key, and what was changed at RevKeen, told by webhook, and last seen in the copies."""

    merchant: Merchant
    mode: str
    key: str
    connection: Connection
    changed: dict[uuid.UUID, datetime] = field(default_factory=dict)  # the database's clock after the last change
    newest: dict[uuid.UUID, datetime] = field(default_factory=dict)  # the last `updated_at` of each copy
    told: set[uuid.UUID] = field(default_factory=set)  # by a webhook that was taken after the last change
    late: tuple[Listing[Order], datetime] | None = None  # a page that was read and not yet written

    @property
    def here(self) -> dict[str, Any]:
        return {"merchant": self.merchant, "mode": self.mode}

    def forget(self) -> None:
        for kept in (self.changed, self.newest, self.told):
            kept.clear()
        self.late = None


class World:
    def __init__(self, emulator: Emulator, places: list[Place], patch: pytest.MonkeyPatch) -> None:
        self.emulator, self.places, self.patch = emulator, places, patch
        self.ahead = timedelta()  # of this host's clock before the database's
        now = timezone.now
        patch.setattr(timezone, "now", lambda: now() + self.ahead)
        for place in places:
            take_webhooks(place.connection)

    def restart(self) -> None:
        self.emulator.reset()
        self.ahead = timedelta()
        for place in self.places:
            forgetting.forget(**place.here)
            place.forget()
        self.forget_process()
        turns.begin_new()
        Sweep.objects.filter(kind=Sweep.Kind.ALL).update(page_size=SMALL_PAGE)

    def forget_process(self) -> None:
        """As a new one that takes over."""
        feed.forget_seen()
        sight.forget_seen()

    def orders(self, place: Place) -> list[Order]:
        return all_orders(self.emulator, place.key)

    def note(self, place: Place, order_id: uuid.UUID) -> None:
        """That this order was changed before now."""
        place.changed[order_id] = clock.now()
        place.told.discard(order_id)

    def create(self, place: Place) -> None:
        self.note(place, uuid.UUID(self.emulator.make_order(place.key)["id"]))

    def write_note(self, place: Place, pick: int) -> None:
        """With an event."""
        order = self.orders(place)[pick]
        if order.status == "pending":
            self.emulator.send(f"/orders/{order.id}", {"notes": str(uuid.uuid4())}, place.key, method="PATCH")
            self.note(place, order.id)

    def change_in_silence(self, place: Place, pick: int, name: str) -> None:
        """Without an event."""
        order = [order for order in self.orders(place) if order.status in OPEN][pick]
        value = str(uuid.uuid4()) if name == "notes" else "canceled"
        self.emulator.patch("orders", str(order.id), **{name: value})
        self.note(place, order.id)

    def deliver(self, place: Place, pick: int, to: Place | None = None) -> None:
        """Post one of the newest events, as RevKeen may at any time and again; `to` another's address it is refused."""
        events = self.emulator.get("/events?limit=30", place.key)["data"]
        event = events[pick % len(events)]
        body = json.dumps({name: event[name] for name in ("id", "type", "created", "data")}).encode()
        target = to or place
        signed = signature(body, SECRET if to is None else "another secret", seconds=clock.now().timestamp())
        if to is not None:
            with pytest.raises(receive.Wrong):
                receive.receive(target.connection.pk, {"X-Revkeen-Signature": signed}, body)
            return
        receive.receive(target.connection.pk, {"X-Revkeen-Signature": signed}, body)
        told = event["data"]["object"]
        if event["type"].startswith("order.") and self.is_new(event["id"]):
            place.told.add(uuid.UUID(told["id"]))

    def is_new(self, event_id: str) -> bool:
        """Whether it was delivered for the first time since the last restart."""
        first = event_id not in self._delivered
        self._delivered.add(event_id)
        return first

    _delivered: set[str] = set()

    def work(self, place: Place, most_steps: int) -> None:
        """One turn of a worker whose time has come; a lease of one that was killed is over by then."""
        forget_gates()  # a breaker that is open keeps nothing from being right, only from being soon
        here = IndexState.objects.filter(**place.here)
        here.update(lease_until=None, wait_until=None)
        ToRead.objects.filter(**place.here).update(due_at=Now())
        others = IndexState.objects.exclude(pk__in=here)
        others.update(lease_until=clock.now() + timedelta(hours=1))
        state = turns.claim()
        others.update(lease_until=None)
        if state is not None:
            with self.patch.context() as patched:
                patched.setattr(work, "MOST_STEPS", most_steps)
                work.work(state, lambda seconds: None)

    def work_and_be_killed(self, place: Place, most_steps: int, at: int) -> None:
        with self.patch.context() as patched:
            counted = iter(range(10_000))
            for module, name in POINTS:
                patched.setattr(module, name, _killing(getattr(module, name), counted, at))
            with suppress(Killed):
                self.work(place, most_steps)
                return
        self.forget_process()

    @contextmanager
    def meanwhile(self, at: int, happens: Callable[[], None]) -> Iterator[None]:
        """While an answer is on its way to whoever works, the so manieth, something else happens."""
        original, counted = Session._calls, iter(range(10_000))

        def calls(session: Session, reads: Any) -> Any:
            answers = original(session, reads)
            if threading.current_thread() is threading.main_thread() and next(counted) == at:
                happens()
            return answers

        with self.patch.context() as patched:
            patched.setattr(Session, "_calls", calls)
            yield

    # What must be true.

    def check(self, places: list[Place] | None = None) -> None:
        for place in places or self.places:
            copies = {copy.order_id: copy for copy in OrderCopy.objects.filter(**place.here)}
            for order_id, copy in copies.items():
                assert copy.updated_at >= place.newest.get(order_id, copy.updated_at), "a copy became older"
                place.newest[order_id] = copy.updated_at
            told = {order.id: copying.digest_of(order) for order in self.orders(place)}
            kept = {order_id: copy.digest for order_id, copy in copies.items()}
            assert kept.keys() <= told.keys(), "an order of another merchant"
            self._check_as_of(place, told, kept)
            marked = set(ToRead.objects.filter(**place.here).values_list("order_id", flat=True))
            lost = [order_id for order_id in place.told - marked if kept.get(order_id) != told[order_id]]
            assert lost == [], "a mark was lost"

    def _check_as_of(self, place: Place, told: dict[uuid.UUID, str], kept: dict[uuid.UUID, str]) -> None:
        as_of = freshness.as_of(**place.here)
        if as_of is not None:
            assert as_of <= clock.now()
            before = [order_id for order_id, at in place.changed.items() if at < as_of]
            assert [order_id for order_id in before if kept.get(order_id) != told[order_id]] == [], "as_of lies"


def _killing(function: Any, counted: Iterator[int], at: int) -> Any:
    def killing(*args: Any, **kwargs: Any) -> Any:
        if next(counted) == at:
            raise Killed
        result = function(*args, **kwargs)
        if next(counted) == at:
            raise Killed
        return result

    return killing
