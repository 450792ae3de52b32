"""As of when the index is right, and how far its passes have come: stored facts, and nothing that is only hoped."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models.functions import Now

from orders.models import IndexState, Merchant, Sweep


@dataclass(frozen=True)
class Progress:
    """Of the first import, or of one that was asked for: orders read, of so many where RevKeen counts them."""

    rows: int
    expected: int | None


@dataclass(frozen=True)
class Freshness:
    """`as_of`: every change before it that RevKeen tells of by an event, or to an order that is open, is in the copies.

    None while they are being built. `compared_since`: when the last pass over all orders began, which finds the rest.
    """

    as_of: datetime | None = None
    compared_since: datetime | None = None
    without_events: bool = False  # the key may not read them; then the passes alone find changes
    importing: Progress | None = None


def as_of(merchant: Merchant, mode: str) -> datetime | None:
    """As of when the copies are right, by the database's clock; None while they are being built."""
    return freshness(merchant, mode).as_of


def halted(merchant: Merchant, mode: str) -> bool:
    """Whether a worker waits because RevKeen did not answer it, or asked it to."""
    return IndexState.objects.filter(merchant=merchant, mode=mode, wait_until__gt=Now()).exists()


def money_as_of(merchant: Merchant, mode: str) -> datetime | None:
    """As of when the copies of transactions and refunds are right: the oldest of the passes over them.

    None until each of these has come to its end once.
    """
    kinds = [kind for kind in Sweep.OF_MONEY if kind not in (Sweep.Kind.PAY_ALL, Sweep.Kind.REFUND_ALL)]
    passes = Sweep.objects.filter(merchant=merchant, mode=mode, kind__in=kinds)
    moments = [as_of for as_of in passes.values_list("as_of", flat=True) if as_of is not None]
    return min(moments) if len(moments) == len(kinds) else None


def freshness(merchant: Merchant, mode: str) -> Freshness:
    """The oldest of what the feed and the passes over open orders are as of."""
    state = IndexState.objects.filter(merchant=merchant, mode=mode).first()
    sweeps = {sweep.kind: sweep for sweep in Sweep.objects.filter(merchant=merchant, mode=mode)}
    whole = sweeps.get(Sweep.Kind.ALL)
    if state is None or whole is None:
        return Freshness()
    if whole.as_of is None:
        return Freshness(without_events=state.feed_refused, importing=Progress(whole.rows, whole.expected))
    parts = [max(whole.as_of, sweeps[kind].as_of or whole.as_of) for kind in Sweep.OF_STATUS]
    if not state.feed_refused:
        parts.append(state.as_of or whole.as_of)
    return Freshness(min(parts), whole.as_of, state.feed_refused)
