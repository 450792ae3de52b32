"""Work that a page leads to and nobody waits for: done once the answer has gone out, in the same thread."""

import threading
from collections.abc import Callable
from typing import Any

import structlog
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.dispatch import receiver

log = structlog.get_logger("orders.afterwards")

Work = Callable[[], None]


class _Left(threading.local):
    work: list[Work] | None = None  # None: no request is being answered here


_left = _Left()


def do(work: Work) -> None:
    """Do `work` after the answer to the request of this thread; at once where there is none. It raises nothing here."""
    if _left.work is None:
        now(work)
    else:
        _left.work.append(work)


@receiver(request_started)
def begin(sender: Any, **kwargs: Any) -> None:
    _left.work = []


def end(sender: Any, **kwargs: Any) -> None:
    work, _left.work = _left.work or [], None
    for one in work:
        now(one)


# Before Django puts the database's connection back: what is done here needs it.
request_finished.disconnect(close_old_connections)
request_finished.connect(end)
request_finished.connect(close_old_connections)


def now(work: Work) -> None:
    """Do `work` before the answer, because the next page has to show it. It raises nothing here."""
    try:
        work()
    except Exception:  # the page is right without it, and whatever it was comes up again
        log.exception("what follows from a page failed")
