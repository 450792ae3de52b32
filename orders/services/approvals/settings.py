"""The limits of a merchant, as an admin sets them. Each change is in the event log."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from orders.models import EventLog, Merchant, User
from orders.services import audit
from orders.services.changes.limits import NOUNS, ONCE

Limits = Mapping[str, Mapping[str, Mapping[str, Mapping[str, int]]]]  # role, kind, span, currency: whole units


def save(merchant: Merchant, limits: Limits, approval_days: int, by: User) -> None:
    before = _lines(merchant.limits) | {"days for approval": str(merchant.approval_days)}
    now = _lines(limits) | {"days for approval": str(approval_days)}
    changed = [name for name in sorted(before | now) if before.get(name) != now.get(name)]
    if not changed:
        return
    merchant.limits, merchant.approval_days = dict(limits), approval_days
    with transaction.atomic():
        merchant.save(update_fields=["limits", "approval_days"])
        for name in changed:
            text = f"{name}: {now.get(name, 'none')}, before {before.get(name, 'none')}"
            audit.record(EventLog.Kind.LIMITS_CHANGED, text, user=by, merchant=merchant)


def _lines(limits: Limits) -> dict[str, str]:
    """`support, one payment` → `EUR 500`."""
    found: dict[str, Any] = {}
    for role, kinds in limits.items():
        for kind, noun in NOUNS.items():
            for span, sums in kinds.get(kind, {}).items():
                name = f"{role}, one {noun}" if span == ONCE else f"{role}, {noun}s in a day"
                if sums:
                    found[name] = ", ".join(f"{currency} {whole:,}" for currency, whole in sorted(sums.items()))
    return found
