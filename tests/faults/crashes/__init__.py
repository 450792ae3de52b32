"""`kill -9` at a point of its own choice: the first process that comes to the point named in CRASH_FILE dies there."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.apps import AppConfig

BEFORE_THE_CALL = "server before the call"
AFTER_THE_CALL = "server after the call"
AFTER_THE_OUTCOME = "server after the outcome"
RECONCILER_BEFORE_IT_READS = "reconciler before it reads"
RECONCILER_AFTER_THE_CALL = "reconciler after the call"


class Crashes(AppConfig):
    name = "tests.faults.crashes"

    def ready(self) -> None:
        from orders.services.changes import journal, reconcile
        from orders.services.revkeen import session

        role = "reconciler" if "worker" in sys.argv else "server"
        change, submit, reconcile_due = session.Session.change, journal.submit, reconcile.reconcile
        session.Session.change = _dying(change, f"{role} before the call", f"{role} after the call")  # type: ignore[method-assign]
        journal.submit = _dying(submit, "", f"{role} after the outcome")
        reconcile.reconcile = _dying(reconcile_due, f"{role} before it reads", "")


def _dying(function: Callable[..., Any], before: str, after: str) -> Callable[..., Any]:
    def dying(*given: Any, **more: Any) -> Any:
        _die_at(before)
        answer = function(*given, **more)
        _die_at(after)
        return answer

    return dying


def _die_at(point: str) -> None:
    file = Path(os.environ["CRASH_FILE"])
    try:
        if file.read_text() != point:
            return
        file.unlink()
    except FileNotFoundError:  # nobody is to die, or another process was quicker
        return
    os.kill(os.getpid(), signal.SIGKILL)
