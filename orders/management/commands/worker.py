import signal
import threading
from collections import Counter
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, field
from types import FrameType
from typing import Generic, TypeVar

import structlog
from django.core.management.base import BaseCommand
from django.db import close_old_connections, connections

from orders.models import DecisionCheck, Delivery, Merchant, Operation, RefundStatus
from orders.services import (
    customer_names,
    decision_checks,
    deliveries,
    delivering,
    leases,
    log_chain,
    quarantine,
    refund_statuses,
    revkeen,
    settling,
    workers,
)

log = structlog.get_logger("orders.worker")

C = TypeVar("C", Operation, RefundStatus, DecisionCheck, Delivery)
P = TypeVar("P", bound=Hashable)

PAUSE_SECONDS = 2.0
CHAIN_SECONDS = 5.0
FILLING_SECONDS = 60.0  # for all reads of one round of names
SETTLERS = 8
DELIVERERS = 8
OF_ONE_MERCHANT = 4  # a slow API keeps no more than these from the others


@dataclass
class AtHand(Generic[P]):
    """How much is being done for each place, so that a slow one does not keep everybody."""

    most: int
    counts: Counter[P] = field(default_factory=Counter)
    claiming: threading.Lock = field(default_factory=threading.Lock)

    def take(
        self, claim: Callable[[Collection[P]], C | None], work: Callable[[C], object], place_of: Callable[[C], P]
    ) -> bool:
        """Claim one and work on it; False where nothing is due."""
        with self.claiming:
            claimed = claim([place for place, count in self.counts.items() if count >= self.most])
            if claimed is None:
                return False
            place = place_of(claimed)
            self.counts[place] += 1
        try:
            work(claimed)
        finally:
            with self.claiming:
                self.counts[place] -= 1
        return True


class Command(BaseCommand):
    help = """Does what nobody should wait for: settles operations without an answer, delivers shipments to partners,
    follows refunds that are on their way, looks whether decisions hold, chains the log, asks for names lists lack."""

    def handle(self, *args: object, **options: object) -> None:
        self.stopping = threading.Event()
        self.begun: set[tuple[Merchant, str]] = set()
        self.of_merchants = AtHand[int](OF_ONE_MERCHANT)  # operations, refunds and decisions
        self.of_partners = AtHand[deliveries.Place](deliveries.PER_PLACE)
        self.name = workers.name_of_this()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        rounds = [(self.settle,)] * SETTLERS + [(self.deliver,)] * DELIVERERS
        threads = [threading.Thread(target=self.repeat, args=work) for work in rounds]
        threads.append(threading.Thread(target=self.repeat, args=(self.beat, workers.EVERY_SECONDS)))
        threads.append(threading.Thread(target=self.repeat, args=(self.chain_log, CHAIN_SECONDS)))
        for thread in threads:
            thread.start()
        self.repeat(self.fill_names)
        for thread in threads:
            thread.join()

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Finish what is in hand, then end."""
        self.stopping.set()

    def repeat(self, work: Callable[[], bool], pause: float = PAUSE_SECONDS) -> None:
        """Work until told to stop, with a pause whenever there was nothing to do."""
        while not self.stopping.is_set():
            close_old_connections()
            try:
                found_work = work()
            except Exception:  # the next round may go better; a worker that has gone helps nobody
                log.exception("a round of work failed")
                found_work = False
            if not found_work:
                self.stopping.wait(pause)
        connections.close_all()

    def settle(self) -> bool:
        """An operation without an answer goes before a refund that is on its way, and that before what was decided."""
        quarantine.check()  # before anything may be sent again
        return (
            self.of_merchants.take(leases.claim, look_at, merchant_of)
            or self.of_merchants.take(refund_statuses.claim, refund_statuses.check, merchant_of)
            or self.of_merchants.take(decision_checks.claim, decision_checks.check, merchant_of)
        )

    def deliver(self) -> bool:
        quarantine.check()
        return self.of_partners.take(deliveries.claim, delivering.deliver, deliveries.place_of)

    def beat(self) -> bool:
        workers.beat(self.name)
        return False

    def chain_log(self) -> bool:
        """Chain what was written since, and sign the head once a day."""
        chained = log_chain.chain_new()
        log_chain.sign_head()
        return chained == log_chain.AT_ONCE

    def fill_names(self) -> bool:
        places = self.places()
        for merchant, mode in places:
            with revkeen.session(merchant, mode, FILLING_SECONDS) as api:
                asked = customer_names.fill(api)
            log.info("asked for names", merchant=merchant.slug, mode=mode, asked=asked)
        return False

    def places(self) -> list[tuple[Merchant, str]]:
        """Where lists lack names; and once where there is not one yet, so that the first list need not lack them."""
        new = set(customer_names.places_without_any()) - self.begun
        self.begun |= new
        return [*new, *(place for place in customer_names.places_with_wanted() if place not in new)]


def merchant_of(claimed: Operation | RefundStatus | DecisionCheck) -> int:
    return claimed.merchant_id


def look_at(operation: Operation) -> None:
    settled = settling.settle(operation)
    log.info("looked at an operation", operation=str(operation.pk), kind=operation.kind, state=settled.state)
