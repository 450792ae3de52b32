import signal
import threading
from types import FrameType

import structlog
from django.core.management.base import BaseCommand
from django.db import close_old_connections

from orders.services import customer_names, revkeen

log = structlog.get_logger("orders.worker")

PAUSE_SECONDS = 2.0


class Command(BaseCommand):
    help = "Does what nobody should wait for: asks RevKeen for the names of customers that lists lack."

    def handle(self, *args: object, **options: object) -> None:
        self.stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        while not self.stopping.is_set():
            self.work()
            self.stopping.wait(PAUSE_SECONDS)

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Finish what is in hand, then end."""
        self.stopping.set()

    def work(self) -> None:
        close_old_connections()
        try:
            for merchant, mode in customer_names.places_with_wanted():
                with revkeen.session(merchant, mode) as api:
                    asked = customer_names.fill(api)
                log.info("asked for names", merchant=merchant.slug, mode=mode, asked=asked)
        except Exception:  # the next round may go better; a worker that has gone helps nobody
            log.exception("a round of work failed")
