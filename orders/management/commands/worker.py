import signal
import threading
from types import FrameType

import structlog
from django.core.management.base import BaseCommand
from django.db import close_old_connections

from orders.models import Merchant
from orders.services import customer_names, revkeen

log = structlog.get_logger("orders.worker")

PAUSE_SECONDS = 2.0


class Command(BaseCommand):
    help = "Does what nobody should wait for: asks RevKeen for the names of customers that lists lack."

    def handle(self, *args: object, **options: object) -> None:
        self.stopping = threading.Event()
        self.begun: set[tuple[Merchant, str]] = set()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        while not self.stopping.is_set():
            self.work()
            self.stopping.wait(PAUSE_SECONDS)

    def places(self) -> list[tuple[Merchant, str]]:
        """Where lists lack names; and once where there is not one yet, so that the first list need not lack them."""
        new = set(customer_names.places_without_any()) - self.begun
        self.begun |= new
        return [*new, *(place for place in customer_names.places_with_wanted() if place not in new)]

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Finish what is in hand, then end."""
        self.stopping.set()

    def work(self) -> None:
        close_old_connections()
        try:
            for merchant, mode in self.places():
                with revkeen.session(merchant, mode) as api:
                    asked = customer_names.fill(api)
                log.info("asked for names", merchant=merchant.slug, mode=mode, asked=asked)
        except Exception:  # the next round may go better; a worker that has gone helps nobody
            log.exception("a round of work failed")
