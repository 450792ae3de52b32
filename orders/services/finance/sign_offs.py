"""Looking at findings: signing off, assigning, and snoozing until a day. What people said outlives the index."""

import hashlib
import json
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from orders.models import EventLog, Finding, Membership, Merchant, ReviewCase, SignOff, User
from orders.money import Money
from orders.permissions import Right
from orders.services import audit
from orders.services.finance.review import counting
from orders.services.index import findings
from orders.services.index.order_filters import Place
from orders.services.index.rule import Rule, Waits
from orders.services.index.rules import RULES
from orders.storable import storable

# What the amounts of an order are called where they changed.
NAMES = {
    "subtotal": "Subtotal",
    "discount": "Discount",
    "tax": "Tax",
    "total": "Total",
    "amount_paid": "Paid",
    "amount_refunded": "Refunded",
    "amount_due": "Due",
    "currency": "Currency",
}
LONGEST_CHANGE = 120  # characters of a text that changed


class Moved(Exception):
    """The amounts are not those that were shown, or the finding has gone. Nothing was signed off."""


@dataclass(frozen=True)
class Change:
    """An amount that differs from what somebody signed off; "" where there was none."""

    name: str
    before: str
    now: str

    def __str__(self) -> str:
        return f"{self.name} {self.before or 'nothing'} → {self.now or 'nothing'}"


@dataclass(frozen=True)
class Reviewed:
    """A finding as pages show it; `shown` is what a form says of it: the rule, and the digest of what is shown."""

    finding: Finding
    rule: Rule
    at_stake: Money | None
    shown: str
    changes: list[Change]


def reviewed(finding: Finding) -> Reviewed:
    at_stake = Money(finding.amount, finding.currency) if finding.amount else None
    shown = f"{finding.rule}:{digest_of(finding)}"
    return Reviewed(finding, RULES[finding.rule], at_stake, shown, changes(finding))


def of_order(place: Place, order_id: uuid.UUID) -> list[Reviewed]:
    """What the order breaks now, in the order of the rules, signed off or not."""
    here = Finding.objects.filter(merchant=place.merchant, mode=place.mode, order__order_id=order_id)
    found = {row.rule: row for row in here.select_related("sign_off", "assigned_to")}
    if any(RULES[rule].waits is not Waits.NOTHING for rule in found if rule in RULES):
        counted = set(here.filter(counting(place)).values_list("rule", flat=True))
        found = {rule: row for rule, row in found.items() if rule in counted}
    return [reviewed(found[rule]) for rule in RULES if rule in found]


def digest_of(finding: Finding) -> str:
    """Of what a page shows of a finding: a form signs off this, and nothing that came since."""
    shown = json.dumps([finding.words, finding.seen], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


def history(place: Place, order_id: uuid.UUID) -> list[tuple[SignOff, str]]:
    """Every sign-off of the order with its rule's label, the newest first, also of what has been put right since."""
    found = SignOff.objects.filter(merchant=place.merchant, mode=place.mode, order_id=order_id)
    return [(one, RULES[one.rule].label if one.rule in RULES else one.rule) for one in found]


def changes(finding: Finding) -> list[Change]:
    """What reopened it: each amount that is not as it was signed off."""
    if finding.sign_off is None or finding.signed:
        return []
    before, now = finding.sign_off.seen, finding.seen
    names = [name for name in dict.fromkeys([*NAMES, *sorted({*before, *now})]) if before.get(name) != now.get(name)]
    return [Change(NAMES.get(name, name), _shown(before, name), _shown(now, name)) for name in names]


def sign_off(
    merchant: Merchant, mode: str, order_id: uuid.UUID, shown: Mapping[str, str], note: str, by: User
) -> list[SignOff]:
    """Let these findings stand, by rule with the digest that was shown. Raise `Moved`, and then none is signed off.

    What is signed off already stays as it is: a form that is sent twice signs off once.
    """
    with transaction.atomic():
        findings.hold(merchant, mode)
        rows = Finding.objects.filter(merchant=merchant, mode=mode, order__order_id=order_id, rule__in=shown)
        found = list(rows.select_for_update(of=("self",)).select_related("order").order_by("pk"))
        if {row.rule: digest_of(row) for row in found} != dict(shown):
            raise Moved
        written = [_sign_off(row, order_id, note, by) for row in found if not row.signed]
        findings.said_anew(merchant, mode, order_id)
    return written


def assign(
    merchant: Merchant, mode: str, order_id: uuid.UUID, rules: Collection[str], to: User | None, until: date | None,
    by: User,
) -> None:  # fmt: skip
    """Say who is to look at these findings of the order, and from which day on (in the merchant's zone)."""
    with transaction.atomic():
        findings.hold(merchant, mode)
        for rule in rules:
            named: dict[str, Any] = {"merchant": merchant, "mode": mode, "order_id": order_id, "rule": rule}
            ReviewCase.objects.update_or_create(**named, defaults={"assigned_to": to, "snoozed_until": until})
        findings.said_anew(merchant, mode, order_id)
        words = [f"to {to}" if to else "to nobody", *([f"snoozed until {until:%Y-%m-%d}"] if until else [])]
        _record(EventLog.Kind.REVIEW_ASSIGNED, merchant, mode, order_id, f"{_labels(rules)}: {', '.join(words)}", by)


def reviewers(merchant: Merchant) -> list[User]:
    """Who may review, and so may be assigned to."""
    members = Membership.objects.filter(merchant=merchant).select_related("user").order_by("user__name", "pk")
    return [member.user for member in members if member.may(Right.REVIEW)]


def _sign_off(row: Finding, order_id: uuid.UUID, note: str, by: User) -> SignOff:
    text = f"{_labels([row.rule])}: {' '.join(row.words)[:250]} Note: {note}"
    _record(EventLog.Kind.SIGNED_OFF, row.merchant, row.mode, order_id, text, by)
    return SignOff.objects.create(
        merchant=row.merchant,
        mode=row.mode,
        order_id=order_id,
        rule=row.rule,
        user=by,
        who=by.email,
        note=storable(note),
        words=row.words,
        seen=row.seen,
        currency=row.currency,
    )


def _record(kind: EventLog.Kind, merchant: Merchant, mode: str, order_id: uuid.UUID, text: str, by: User) -> None:
    audit.record(kind, storable(text), user=by, merchant=merchant, mode=mode, order_id=order_id)


def _labels(rules: Iterable[str]) -> str:
    return ", ".join(RULES[rule].label for rule in rules if rule in RULES)


def _shown(seen: Mapping[str, Any], name: str) -> str:
    value = seen.get(name, "")
    return str(Money(value, str(seen.get("currency", "")))) if isinstance(value, int) else str(value)[:LONGEST_CHANGE]
