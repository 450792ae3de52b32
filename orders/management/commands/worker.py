import contextlib
import math
import queue
import select
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Generic, TypeVar

import structlog
from django.core.management.base import BaseCommand
from django.db import close_old_connections, connections

from orders.forms.exports import lists
from orders.models import DecisionCheck, Operation, PartnerSweep, PartnerUpdate, RefundStatus, WebhookReceiver
from orders.services import due, heartbeat, log_chain, news
from orders.services.approvals import ending
from orders.services.changes import leases, quarantine, reconcile, refund_tracking, review_checks
from orders.services.exports import work as exports
from orders.services.jobs import sending
from orders.services.jobs import work as jobs
from orders.services.partners import outbox, partner_sweeps, partner_worker
from orders.services.sync import turns, work
from orders.services.webhooks import checks
from revkeen_admin import garbage

log = structlog.get_logger("orders.worker")

C = TypeVar("C", Operation, RefundStatus, DecisionCheck, WebhookReceiver, PartnerUpdate, PartnerSweep, jobs.Claimed)
S = TypeVar("S", bound=Hashable)

AFTER_FAILURE_SECONDS = 2.0
CHAIN_SECONDS = 5.0
RECONCILERS = 8
SENDERS = 8
JOB_SENDERS = 8
INDEXERS = 2
OF_ONE_MERCHANT = 4  # a slow API keeps no more than these from the others
ROWS_OF_ONE_MERCHANT = 6  # of jobs: at a third of a second a call they keep up with the rate


class Bell:
    """Wakes one of those that wait for it. Rung while nobody waits, it wakes the next at once; once, however often."""

    def __init__(self) -> None:
        self._rung: queue.Queue[None] = queue.Queue(maxsize=1)

    def ring(self) -> None:
        with contextlib.suppress(queue.Full):
            self._rung.put_nowait(None)

    def wait(self) -> None:
        self._rung.get()


@dataclass
class AtHand(Generic[S]):
    """How much is being done for each scope, a merchant or a partner of one, so that a slow one delays no other.

    Who has found work rings for the next before beginning it: as many come as there is work.
    """

    most: int
    counts: Counter[S] = field(default_factory=Counter)
    claiming: threading.Lock = field(default_factory=threading.Lock)
    bell: Bell = field(default_factory=Bell)

    def take(
        self, claim: Callable[[Collection[S]], C | None], work: Callable[[C], object], scope_of: Callable[[C], S]
    ) -> bool:
        """Claim one and work on it; False where nothing is due."""
        with self.claiming:
            claimed = claim([scope for scope, count in self.counts.items() if count >= self.most])
            if claimed is None:
                return False
            scope = scope_of(claimed)
            self.counts[scope] += 1
        self.bell.ring()
        try:
            work(claimed)
        finally:
            with self.claiming:
                self.counts[scope] -= 1
        return True


class Command(BaseCommand):
    help = """Does what nobody should wait for: reconciles operations without an answer, tells partners of shipments,
    reads their lists, follows refunds that are on their way, checks whether decisions hold and whether webhooks come,
    chains the log, keeps the index of orders and customers fresh, sends the rows of jobs, ends requests for approval,
    and makes the files of large exports."""

    def handle(self, *args: object, **options: object) -> None:
        self.check(databases=["default"])
        self.stopping = threading.Event()
        self.of_merchants = AtHand[int](OF_ONE_MERCHANT)  # operations, refunds and decisions
        self.of_partners = AtHand[outbox.Scope](outbox.PER_SCOPE)
        self.of_jobs = AtHand[int](ROWS_OF_ONE_MERCHANT)
        self.chain, self.index, self.exports, self.approvals = Bell(), Bell(), Bell(), Bell()
        self.name, self.beaten_at = heartbeat.name_of_this(), -math.inf
        self.alarm = alarm_of_signals(self.stop)
        garbage.settle()
        loops: list[tuple[Any, ...]] = [(self.reconcile, self.of_merchants.bell)] * RECONCILERS
        loops += [(self.send_updates, self.of_partners.bell)] * SENDERS
        loops += [(self.send_rows, self.of_jobs.bell)] * JOB_SENDERS
        loops += [(self.chain_log, self.chain, CHAIN_SECONDS)]
        loops += [(self.keep_index, self.index)] * INDEXERS
        loops += [(self.make_exports, self.exports), (self.expire_requests, self.approvals)]
        threads = [threading.Thread(target=self.repeat, args=loop) for loop in loops]
        for thread in threads:
            thread.start()
        try:
            self.watch()
        finally:
            self.stopping.set()
            for bell in {bell for _, bell, *_ in loops}:
                bell.ring()
            for thread in threads:
                thread.join()

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Finish what is in hand, then end."""
        self.stopping.set()

    def repeat(self, work: Callable[[], bool], bell: Bell, pause: float = 0) -> None:
        """Whenever the bell rings, work until there is nothing to do, with a pause after each round."""
        bell.wait()
        while not self.stopping.is_set():
            try:
                found_work = work()
            except Exception:  # the next round may go better; a worker that has gone helps nobody
                log.exception("a round of work failed")
                found_work = not self.stopping.wait(AFTER_FAILURE_SECONDS)
            close_old_connections()
            self.stopping.wait(pause)
            if not found_work:
                bell.wait()
        bell.ring()  # whoever else waits for it shall end too
        connections.close_all()

    def watch(self) -> None:
        """Ring for what is due: when there is news, when it is time, and whenever we say that we are alive.

        That is said only after a check that went well: without it nothing is begun.
        """
        heard: news.News | None = None
        while not self.stopping.is_set():
            try:
                if heard is not None:
                    heard.note()
                until = time.monotonic() + self.ring_for_due()
                close_old_connections()
                if heard is None:
                    heard = news.listen()
                    continue  # what was written between the check and this was heard by nobody
                self.sleep(news.SECONDS)
                heard.wait(max(0, min(until, self.beaten_at + heartbeat.EVERY_SECONDS) - time.monotonic()), self.alarm)
                self.beat()
            except Exception:  # such as a database that is not there: it is checked again, and listened to anew
                log.exception("checking for work failed")
                if heard is not None:
                    heard.close()
                heard = None
                close_old_connections()
                self.sleep(AFTER_FAILURE_SECONDS)
        connections.close_all()

    def sleep(self, seconds: float) -> None:
        """Or until we are told to stop: an event waits on through a signal, and this does not."""
        select.select([self.alarm], [], [], seconds)

    def ring_for_due(self) -> float:
        """Ring for what is due; the seconds until more falls due."""
        quarantine.check()  # before anything may be sent again
        turns.begin_new()
        bells, questions = zip(*self.questions(), strict=True)
        found = due.together(*questions)
        for bell in {bell for bell, kind in zip(bells, found, strict=True) if kind.now}:
            bell.ring()
        if log_chain.due():
            self.chain.ring()
        return min(kind.seconds for kind in found)

    def questions(self) -> Iterator[tuple[Bell, due.Question]]:
        """What may be due, each with the bell of those who do it."""
        of_merchants = (leases.due, refund_tracking.due, review_checks.due, checks.due)
        yield from ((self.of_merchants.bell, question) for question in of_merchants)
        yield from ((self.of_partners.bell, question) for question in (outbox.due, partner_sweeps.due))
        yield self.of_jobs.bell, jobs.due
        yield self.index, turns.due
        yield from ((self.exports, question) for question in exports.DUE)
        yield self.approvals, ending.due

    def reconcile(self) -> bool:
        """An operation without an answer goes before a refund that is on its way, that before what was decided, and how
        RevKeen's webhooks stand comes last.
        """
        quarantine.check()  # before anything may be sent again
        return (
            self.of_merchants.take(leases.claim, reconcile_one, merchant_of)
            or self.of_merchants.take(refund_tracking.claim, refund_tracking.check, merchant_of)
            or self.of_merchants.take(review_checks.claim, review_checks.check, merchant_of)
            or self.of_merchants.take(checks.claim, checks.check, merchant_of)
        )

    def send_updates(self) -> bool:
        """A partner hears of what left before its own list is read."""
        quarantine.check()
        return self.of_partners.take(
            outbox.claim, partner_worker.send_update, outbox.scope_of
        ) or self.of_partners.take(partner_sweeps.claim, partner_sweeps.read, outbox.scope_of)

    def send_rows(self) -> bool:
        """One order of a job; where its pace asks for it, after a short wait."""
        quarantine.check()
        if self.of_jobs.take(jobs.claim, sending.send, lambda claimed: claimed.job.merchant_id):
            return True
        seconds = jobs.pause()
        self.stopping.wait(seconds)
        return seconds > 0

    def beat(self) -> None:
        if time.monotonic() - self.beaten_at >= heartbeat.EVERY_SECONDS:
            heartbeat.beat(self.name)
            self.beaten_at = time.monotonic()

    def chain_log(self) -> bool:
        """Chain what was written since, and sign the head once a day."""
        chained = log_chain.chain_new()
        log_chain.sign_head()
        return chained == log_chain.AT_ONCE

    def expire_requests(self) -> bool:
        """End the requests for approval that nobody decided in time, and tell who asked."""
        ending.expire_due()
        return False

    def keep_index(self) -> bool:
        """Of one merchant and mode, in one turn; the next one's is somebody else's."""
        quarantine.check()
        state = turns.claim()
        if state is None:
            return False
        self.index.ring()
        return work.work(state, self.stopping.wait) > 0

    def make_exports(self) -> bool:
        """One at a time: it takes the processor, not the network."""
        return exports.work(lists.table_of, self.stopping.is_set)


def alarm_of_signals(stop: Callable[[int, FrameType | None], None]) -> socket.socket:
    """Have `stop` called when we are told to end; the socket can be read from then on, so that no wait goes on."""
    alarm, ring = socket.socketpair()
    ring.setblocking(False)
    signal.set_wakeup_fd(ring.detach())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    return alarm


def merchant_of(claimed: Operation | RefundStatus | DecisionCheck | WebhookReceiver) -> int:
    return claimed.merchant_id


def reconcile_one(operation: Operation) -> None:
    reconciled = reconcile.reconcile(operation)
    log.info("reconciled an operation", operation=str(operation.pk), kind=operation.kind, state=reconciled.state)
