"""The review queue: what does not add up, counted and listed out of the findings that the index keeps.

A finding is open until somebody signs it off, or has snoozed it until a day. Some rules wait before they count
(`rule.Waits`). What could not be told is counted apart, and never taken for nothing.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

from django.core.cache import caches
from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone

from orders.models import Finding, Merchant, Operation, User
from orders.money import Money
from orders.services.index import partner_shipments
from orders.services.index.order_filters import Place
from orders.services.index.rule import Waits
from orders.services.index.rules import RULES

PAGE_SIZE = 50
COUNTED = 10_000  # more that are signed off are "10,000+"
HALF = 10**9  # sums are made of two halves: a database cannot add up many amounts as large as they may be
READ_AT_ONCE = 500
COUNTED_AGAIN_SECONDS = 10
MANY = 999  # in the navigation
CLOCKS_DIFFER = timedelta(minutes=1)  # RevKeen's and the database's


class State(Enum):
    OPEN = "open"
    SNOOZED = "snoozed"
    SIGNED = "signed"


@dataclass(frozen=True)
class Wanted:
    """Which findings: of a rule, of a currency, of somebody, or of nobody where `unassigned`;
    `placed_before`: of older orders alone.
    """

    place: Place
    state: State = State.OPEN
    rule: str = ""
    currency: str = ""
    assigned_to: User | None = None
    unassigned: bool = False
    placed_before: datetime | None = None


@dataclass(frozen=True)
class Position:
    """Where a page ends: at a rule of an order, whose key it holds."""

    order: int
    rule: str

    @classmethod
    def read(cls, text: str) -> "Position":
        """Raise ValueError for what is none."""
        order, _, rule = text.partition(".")
        if rule not in RULES or not (order.isascii() and order.isdigit() and len(order) < 19):
            raise ValueError("This is no place in the queue.")
        return cls(int(order), rule)

    @classmethod
    def of(cls, finding: Finding) -> "Position":
        return cls(finding.order_id, finding.rule)

    def __str__(self) -> str:
        return f"{self.order}.{self.rule}"


@dataclass(frozen=True)
class RuleCount:
    """How many orders break a rule, and what is at stake, one sum a currency."""

    rule: str
    orders: int
    at_stake: list[Money]


@dataclass(frozen=True)
class Page:
    rows: list[Finding]
    ahead: bool
    more: bool


def counts(wanted: Wanted) -> list[RuleCount]:
    """Of every rule in the order of the registry, whichever `wanted.rule` is; those with nothing too."""
    groups = _all(wanted).values("rule", "currency").order_by()
    found = groups.annotate(orders=Count("*"), high=Sum(F("amount") / HALF), low=Sum(F("amount") % HALF))
    orders: defaultdict[str, int] = defaultdict(int)
    sums: defaultdict[str, list[Money]] = defaultdict(list)
    for row in found.order_by("currency"):
        orders[row["rule"]] += row["orders"]
        amount = int(row["high"]) * HALF + int(row["low"])
        if amount:
            sums[row["rule"]].append(Money(amount, row["currency"]))
    return [RuleCount(rule, orders[rule], sums[rule]) for rule in RULES]


def count(wanted: Wanted, most: int = COUNTED) -> int:
    """How many of all rules, but no more than one above `most`."""
    return _all(wanted)[: most + 1].count()


def page(wanted: Wanted, after: Position | None = None, before: Position | None = None) -> Page:
    """Newest order first: the findings that follow on `after`, or lead up to `before`, or the first ones."""
    found = _found(wanted)
    if before is not None:
        rows = _whole(found.filter(_newer(before)).order_by("order_id", "-rule"), PAGE_SIZE + 1)
        return Page(rows[:PAGE_SIZE][::-1], len(rows) > PAGE_SIZE, True)
    rows = _whole(found.filter(_older(after)) if after else found, PAGE_SIZE + 1)
    return Page(rows[:PAGE_SIZE], after is not None, len(rows) > PAGE_SIZE)


def all_rows(wanted: Wanted) -> Iterator[Finding]:
    """Every finding that is wanted, in the order of the pages, some hundred at a time."""
    found = _found(wanted)
    after: Position | None = None
    while rows := _whole(found.filter(_older(after)) if after else found, READ_AT_ONCE):
        yield from rows
        after = Position.of(rows[-1])


def _whole(found: "QuerySet[Finding, Any]", most: int) -> list[Finding]:
    """The first ones with their orders. Looked up by key once they are known: else SQLite goes through all orders."""
    keys = list(found.values_list("pk", flat=True)[:most])
    rows = Finding.objects.filter(pk__in=keys).select_related("order", "sign_off", "assigned_to")
    by_key = {row.pk: row for row in rows.defer("order__text", "order__metadata", "order__notes")}
    return [by_key[key] for key in keys if key in by_key]


def without_order(place: Place) -> int:
    """Changes in doubt that are about no order yet: the journal has them, the queue cannot."""
    doubtful = (Operation.State.IN_DOUBT, Operation.State.NEEDS_REVIEW)
    here = Operation.objects.filter(merchant=place.merchant, mode=place.mode, state__in=doubtful)
    return here.filter(order_id=None).count()


def shipments_without_order(place: Place) -> int:
    """What Digital River has of no order here: the queue cannot have them. 0 until all orders were imported."""
    if place.as_of is None:
        return 0
    return partner_shipments.without_order(place.merchant.pk, place.mode).count()


def lately_open(merchant: Merchant, mode: str) -> int:
    """How many findings are open, as of some seconds ago, but no more than one above `MANY`; 0 until all orders were
    imported.
    """
    key = f"review-count:{merchant.pk}:{mode}"
    found: Any = caches["process"].get_or_set(key, lambda: _open(merchant, mode), COUNTED_AGAIN_SECONDS)
    return int(found)


def _open(merchant: Merchant, mode: str) -> int:
    place = Place(merchant, mode, timezone.now())
    return count(Wanted(place), MANY) if place.as_of else 0


def today(place: Place) -> date:
    return place.now.astimezone(place.merchant.zone).date()


def counting(place: Place) -> Q:
    """The findings that count by now: those of rules that wait do so once their time has come."""
    days = Q(rule__in=_waiting(Waits.DAYS), since__gt=place.now - timedelta(days=place.merchant.review_after_days))
    payments = Q(rule__in=_waiting(Waits.PAYMENTS))
    if place.payments_as_of is not None:
        payments &= Q(since__gt=place.payments_as_of - CLOCKS_DIFFER)
    return ~(days | payments)


def _waiting(what: Waits) -> list[str]:
    return [name for name, rule in RULES.items() if rule.waits is what]


def _all(wanted: Wanted) -> "QuerySet[Finding, Any]":
    place = wanted.place
    here = Finding.objects.filter(counting(place), merchant=place.merchant, mode=place.mode)
    snoozed = Q(snoozed_until__gt=today(place))
    # As one of one value: SQLite looks by no index for what is asked as NOT signed, and reads all that ever was signed.
    unsigned = Q(signed__in=[False])
    of_state = {
        State.OPEN: unsigned & (Q(snoozed_until=None) | ~snoozed),
        State.SNOOZED: unsigned & snoozed,
        State.SIGNED: Q(signed__in=[True]),
    }
    found = here.filter(of_state[wanted.state])
    if wanted.currency:
        found = found.filter(currency=wanted.currency)
    if wanted.placed_before:
        found = found.filter(order__created_at__lt=wanted.placed_before)
    if wanted.unassigned:
        return found.filter(assigned_to=None)
    return found.filter(assigned_to=wanted.assigned_to) if wanted.assigned_to else found


def _found(wanted: Wanted) -> "QuerySet[Finding, Any]":
    found = _all(wanted).order_by("-order_id", "rule")
    return found.filter(rule=wanted.rule) if wanted.rule else found


def _older(position: Position) -> Q:
    return Q(order_id__lte=position.order) & (Q(order_id__lt=position.order) | Q(rule__gt=position.rule))


def _newer(position: Position) -> Q:
    return Q(order_id__gte=position.order) & (Q(order_id__gt=position.order) | Q(rule__lt=position.rule))
