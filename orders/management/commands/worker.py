import signal
import threading
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

import structlog
from django.core.management.base import BaseCommand
from django.db import close_old_connections, connections

from orders.models import Merchant, Operation, RefundStatus
from orders.services import customer_names, leases, quarantine, refund_statuses, revkeen, settling

log = structlog.get_logger("orders.worker")

C = TypeVar("C", Operation, RefundStatus)

PAUSE_SECONDS = 2.0
SETTLERS = 8
OF_ONE_MERCHANT = 4  # a slow API keeps no more than these from the others


class Command(BaseCommand):
    help = """Does what nobody should wait for: settles operations without an answer, follows refunds that are on their
    way, asks for the names lists lack."""

    def handle(self, *args: object, **options: object) -> None:
        self.stopping = threading.Event()
        self.begun: set[tuple[Merchant, str]] = set()
        self.at_hand: Counter[int] = Counter()  # merchants by the number of their operations and refunds
        self.claiming = threading.Lock()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        threads = [threading.Thread(target=self.repeat, args=(self.settle,)) for _ in range(SETTLERS)]
        for thread in threads:
            thread.start()
        self.repeat(self.fill_names)
        for thread in threads:
            thread.join()

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Finish what is in hand, then end."""
        self.stopping.set()

    def repeat(self, work: Callable[[], bool]) -> None:
        """Work until told to stop, with a pause whenever there was nothing to do."""
        while not self.stopping.is_set():
            close_old_connections()
            try:
                found_work = work()
            except Exception:  # the next round may go better; a worker that has gone helps nobody
                log.exception("a round of work failed")
                found_work = False
            if not found_work:
                self.stopping.wait(PAUSE_SECONDS)
        connections.close_all()

    def settle(self) -> bool:
        """An operation without an answer goes before a refund that is on its way."""
        quarantine.check()  # before anything may be sent again
        return self.take(leases.claim, look_at) or self.take(refund_statuses.claim, refund_statuses.check)

    def take(self, claim: Callable[[list[int]], C | None], work: Callable[[C], object]) -> bool:
        with self.claiming:
            claimed = claim([pk for pk, count in self.at_hand.items() if count >= OF_ONE_MERCHANT])
            if claimed is None:
                return False
            self.at_hand[claimed.merchant_id] += 1
        try:
            work(claimed)
        finally:
            with self.claiming:
                self.at_hand[claimed.merchant_id] -= 1
        return True

    def fill_names(self) -> bool:
        places = self.places()
        for merchant, mode in places:
            with revkeen.session(merchant, mode) as api:
                asked = customer_names.fill(api)
            log.info("asked for names", merchant=merchant.slug, mode=mode, asked=asked)
        return False

    def places(self) -> list[tuple[Merchant, str]]:
        """Where lists lack names; and once where there is not one yet, so that the first list need not lack them."""
        new = set(customer_names.places_without_any()) - self.begun
        self.begun |= new
        return [*new, *(place for place in customer_names.places_with_wanted() if place not in new)]


def look_at(operation: Operation) -> None:
    settled = settling.settle(operation)
    log.info("looked at an operation", operation=str(operation.pk), kind=operation.kind, state=settled.state)
