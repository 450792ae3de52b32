"""What keeps the index of one merchant and mode fresh, the most urgent first, for as long as something is due."""

from collections.abc import Callable
from datetime import timedelta

import structlog
from django.db.models.functions import Now

from orders.apis.errors import ApiError, RateLimited
from orders.models import IndexState, Sweep
from orders.services.revkeen.session import Session, session
from orders.services.sync import feed, invoices, payments, rereading, sweeps, turns

log = structlog.get_logger("orders.sync")

URGENCY = [kind.value for kind in Sweep.Kind]
MOST_STEPS = 100  # before others get their turn
LONGEST_PAUSE = 2.0  # seconds that a worker waits for its turn to call; it holds the index for no longer

Step = Callable[[Session], None]


def work(state: IndexState, pause: Callable[[float], object]) -> int:
    """Do what is due, and say in how many steps. `pause` waits for some seconds, or ends at once when all shall end."""
    steps, wait = 0, None
    try:
        while steps < MOST_STEPS and (step := _next(state)) is not None:
            seconds = turns.take_calls(state)
            if seconds > LONGEST_PAUSE or (seconds and pause(seconds)):
                break
            if not seconds:
                with session(state.merchant, state.mode, for_index=True) as api:
                    step(api)
                steps += 1
    except turns.Lost:
        log.warning("another worker has taken over an index", merchant=state.merchant.slug, mode=state.mode)
    except ApiError as error:
        wait = timedelta(seconds=error.wait) if isinstance(error, RateLimited) else turns.AFTER_FAILURE
    turns.give_back(state, wait=wait)
    return steps


def _next(state: IndexState) -> Step | None:
    """What is marked goes first, then the feed, which is due until it was read once, and so before the import."""
    if marked := rereading.due(state):
        return lambda api: rereading.read(api, state, marked)
    if moved := invoices.due(state):
        return lambda api: invoices.read(api, state, moved)
    if IndexState.objects.filter(pk=state.pk, feed_due_at__lte=Now()).exists():
        return lambda api: feed.read(api, state)
    due = Sweep.objects.filter(merchant=state.merchant, mode=state.mode, due_at__lte=Now()).select_related("merchant")
    for sweep in sorted(due, key=lambda sweep: URGENCY.index(sweep.kind))[:1]:
        read_page = payments.read_page if sweep.kind in Sweep.OF_MONEY else sweeps.read_page
        return lambda api: read_page(api, state, sweep)
    return None
