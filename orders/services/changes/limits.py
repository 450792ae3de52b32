"""The most a person may move without another's approval: in one go and in a day, by role, kind of change and currency.

The day is the merchant's, and what counts is what the journal has of the person: done, in doubt and begun. What is kept
is `{role: {kind: {"once": {currency: whole units}, "day": {…}}}}`; a currency that is not there has no limit.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.db.models import BigIntegerField, QuerySet
from django.db.models.functions import Now

from orders.kept_queries import Given, kept
from orders.models import Membership, Merchant, Operation, User
from orders.money import Money
from orders.permissions import roles_with
from orders.services.changes import plans
from orders.services.changes.plans import Step
from orders.services.changes.requesters import RIGHTS

Json = Mapping[str, Any]
Kind = Operation.Kind

ONCE, DAY = "once", "day"
NOUNS = {Kind.PAY: "payment", Kind.REFUND: "refund", Kind.CANCEL: "cancellation", Kind.CREATE: "discount"}
COUNTED = (*Operation.OPEN, Operation.State.DONE)


@dataclass(frozen=True)
class Limits:
    """What somebody may move of one kind in one currency; None: as much as they like."""

    once: Money | None
    day: Money | None

    @property
    def exist(self) -> bool:
        return self.once is not None or self.day is not None

    def cover(self, money: Money) -> bool:
        """Whether nothing in it keeps one from this sum, on a day without any other."""
        return all(limit is None or not limit < money for limit in (self.once, self.day))


@dataclass(frozen=True)
class Met:
    """Which limit a sum is above; `so_far` is what came before it today, where the limit is that of a day."""

    kind: str
    money: Money
    limit: Money
    so_far: Money | None = None

    def __str__(self) -> str:
        noun = NOUNS[Kind(self.kind)]
        if self.so_far is None:
            return f"{self.money} is above the limit of {self.limit} for one {noun}."
        return f"{self.money}, with {self.so_far} earlier today, is above the limit of {self.limit} in {noun}s a day."


class NotAlone(Exception):
    """Nothing was sent: the person may not do it by themselves."""


class AboveLimit(NotAlone):
    """It needs the approval of somebody else."""

    def __init__(self, met: Met) -> None:
        super().__init__(str(met))
        self.met = met


class AskedFor(NotAlone):
    """Approval was asked for with this form: whatever becomes of it becomes of that request."""


class NotKnown(NotAlone):
    """How much it is could not be told, so nobody knows whether it is above a limit."""


def limited(merchant: Merchant, kind: str) -> bool:
    """Whether anybody there has a limit for this kind of change."""
    return any(any(of_role.get(kind, {}).values()) for of_role in merchant.limits.values())


def of_member(membership: Membership, kind: str, currency: str) -> Limits:
    """The largest of the roles that allow it; none where one of them has none."""
    roles = roles_with(RIGHTS[Kind(kind)]) & set(membership.roles)
    kept = [membership.merchant.limits.get(role, {}).get(kind, {}) for role in roles]
    return Limits(*(_largest([of_role.get(span, {}) for of_role in kept], currency) for span in (ONCE, DAY)))


def met(membership: Membership, mode: str, kind: str, money: Money) -> Met | None:
    """The limit that `money` would be above now, if it is one."""
    found = of_member(membership, kind, money.currency)
    if found.once is not None and found.once < money:
        return Met(kind, money, found.once)
    if found.day is None:
        return None
    so_far = today(membership, mode, kind, money.currency)
    return Met(kind, money, found.day, so_far) if found.day < so_far + money else None


def require(user: User, merchant: Merchant, mode: str, kind: str, money: Money | None) -> None:
    """Hold all else that this person begins until the transaction ends, and raise `AboveLimit` or `NotKnown`.

    Roles and limits are read anew: those of the page may be old by now.
    """
    if kind not in NOUNS:
        return
    (fresh,) = _merchant(merchant.pk)
    if not limited(fresh, kind):
        return
    # The lock: PostgreSQL lets one transaction of a person look and write after the other, SQLite lets one write.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    membership = Membership.objects.filter(user=user, merchant=merchant).first()
    membership = membership or Membership(user=user, roles=[])
    membership.merchant = fresh
    if money is None:
        raise NotKnown
    found = met(membership, mode, kind, money)
    if found is not None:
        raise AboveLimit(found)


@kept(BigIntegerField())
def _merchant(merchant_id: Given) -> "QuerySet[Merchant]":
    return Merchant.objects.filter(pk=merchant_id)


def today(membership: Membership, mode: str, kind: str, currency: str) -> Money:
    """What the person moved of this kind since midnight at the merchant, by the database's clock."""
    zone = membership.merchant.zone
    now = User.objects.filter(pk=membership.user_id).annotate(now=Now()).values_list("now", flat=True)[0]
    start = datetime.combine(now.astimezone(zone).date(), time(), zone)
    rows = Operation.objects.filter(merchant_id=membership.merchant_id, mode=mode, user_id=membership.user_id)
    rows = rows.filter(kind=kind, state__in=COUNTED, created_at__gte=start)
    if kind != Kind.REFUND:
        rows = rows.filter(step=0)  # the order that a replacement cancels was looked at with its create
    sums = [_whole(row) for row in rows]
    return Money(sum(money.minor for money in sums if money is not None and money.currency == currency), currency)


def whole(kind: str, body: Json, seen: Json, steps: Iterable[Step]) -> Money | None:
    """All that an operation moves with the steps of its kind that follow; None where nobody knows how much that is."""
    money = _money(kind, body, seen)
    if money is None or kind != Kind.REFUND:
        return money
    return Money(money.minor + sum(step.body["amount_minor"] for step in steps if step.kind == kind), money.currency)


def _whole(operation: Operation) -> Money | None:
    """The same of one that was begun. The step after it has a row of its own once it has ended."""
    steps = plans.later_of(operation).then if operation.open else []
    return whole(operation.kind, operation.body, operation.seen, steps)


def _money(kind: str, body: Json, seen: Json) -> Money | None:
    """What one operation moves."""
    if kind == Kind.PAY:
        return Money(body.get("amount", 0), seen["currency"])  # one without is over nothing
    if kind == Kind.REFUND:
        return Money(body["amount_minor"], seen["currency"])
    if kind == Kind.CANCEL:
        return Money(seen["amount_due"], seen["currency"])
    if kind == Kind.CREATE and seen.get("discount") is not None:
        return Money(seen["discount"], body["currency"].upper())
    return None


def _largest(sums: list[Mapping[str, int]], currency: str) -> Money | None:
    found = [of_role.get(currency) for of_role in sums]
    if None in found:
        return None
    return Money.from_major(str(max((whole for whole in found if whole is not None), default=0)), currency)
