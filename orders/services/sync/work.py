"""What keeps the index of one merchant and mode fresh, the most urgent first, for as long as something is due."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db.models import BigIntegerField, CharField, QuerySet
from django.db.models.functions import Now

from orders.apis.errors import ApiError, RateLimited
from orders.kept_queries import Given, kept
from orders.models import IndexState, Sweep
from orders.services.revkeen import customer_names
from orders.services.revkeen.session import Session, session
from orders.services.sync import customers, feed, invoices, payments, rereading, sampling, sweeps, turns

log = structlog.get_logger("orders.sync")

URGENCY = [kind.value for kind in Sweep.Kind]
MOST_STEPS = 100  # before others get their turn
PAGES_AT_ONCE = 10  # of a pass, before it is looked what is more urgent than that
LONGEST_PAUSE = 2.0  # seconds that a worker waits for its turn to call; it holds the index for no longer


@dataclass(frozen=True)
class Step:
    """So many calls at once, and what makes them; it returns how many steps that was."""

    calls: int
    take: Callable[[Session], int | None]


def work(state: IndexState, pause: turns.Pause) -> int:
    """Do what is due, and say in how many steps. `pause` waits for some seconds, or ends at once when all shall end."""
    steps, wait = 0, None
    try:
        while steps < MOST_STEPS and (step := _next(state, MOST_STEPS - steps, pause)) is not None:
            seconds = turns.take_calls(state, step.calls)
            if seconds > LONGEST_PAUSE or (seconds and pause(seconds)):
                break
            if not seconds:
                steps += _take(state, step)
    except turns.Lost:
        log.warning("another worker has taken over an index", merchant=state.merchant.slug, mode=state.mode)
    except turns.Ending:
        pass
    except ApiError as error:
        wait = timedelta(seconds=error.wait) if isinstance(error, RateLimited) else turns.AFTER_FAILURE
    turns.give_back(state, wait=wait)
    return steps


def _take(state: IndexState, step: Step) -> int:
    """Raise `ApiError`, `Lost`, `Ending`."""
    with session(state.merchant, state.mode, for_index=True) as api:
        try:
            return step.take(api) or 1
        finally:
            if api.second_tries:
                turns.charge(state, api.second_tries)


def _next(state: IndexState, most: int, pause: turns.Pause) -> Step | None:
    """What is marked goes first, then the feed, which is due until it was read once, and so before the import."""
    if marked := rereading.due(state):
        return Step(len(marked), lambda api: rereading.read(api, state, marked))
    if moved := invoices.due(state):
        return Step(len(moved), lambda api: invoices.read(api, state, moved, pause))
    if _feed_is_due(state):
        return Step(1, lambda api: feed.read(api, state, pause))
    if names := customer_names.next_wanted(state.merchant, state.mode):
        return Step(len(names), lambda api: customer_names.fill(api, names))
    first = min(_due_sweeps(state.merchant_id, state.mode), key=lambda sweep: URGENCY.index(sweep.kind), default=None)
    return None if first is None else _pass(state, first, most)


def _pass(state: IndexState, sweep: Sweep, most: int) -> Step:
    if sweep.kind in Sweep.OF_MONEY:
        return Step(1, lambda api: payments.read_page(api, state, sweep))
    if sweep.kind == Sweep.Kind.CUSTOMERS:
        return Step(1, lambda api: customers.read_page(api, state, sweep))
    if sweep.kind == Sweep.Kind.SAMPLE:
        return Step(rereading.AT_ONCE, lambda api: sampling.read_some(api, state, sweep))
    pages = min(most, PAGES_AT_ONCE)
    return Step(1, lambda api: sweeps.read_pages(api, state, sweep, pages, lambda: not _is_urgent(state)))


def _is_urgent(state: IndexState) -> bool:
    return bool(rereading.due(state) or invoices.due(state)) or _feed_is_due(state)


def _feed_is_due(state: IndexState) -> bool:
    return bool(_with_due_feed(state.pk))


@kept(BigIntegerField())
def _with_due_feed(pk: Given) -> "QuerySet[IndexState, tuple[int]]":
    return IndexState.objects.filter(pk=pk, feed_due_at__lte=Now()).values_list("pk")


@kept(BigIntegerField(), CharField())
def _due_sweeps(merchant_id: Given, mode: Given) -> "QuerySet[Sweep]":
    return Sweep.objects.filter(merchant=merchant_id, mode=mode, due_at__lte=Now()).select_related("merchant")
