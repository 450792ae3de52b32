"""What a rule of the finance review is, and what it finds."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from orders.apis.revkeen.objects import Order
from orders.services.index.rule_facts import Facts


@dataclass(frozen=True)
class Found:
    """`amount` in minor units of the order's currency. `seen` has what it was found by beside the order's own amounts:
    minor units as numbers, everything else as text.
    """

    amount: int
    words: tuple[str, ...]
    seen: dict[str, int | str] = field(default_factory=dict)
    since: datetime | None = None


class Waits(Enum):
    """What a finding waits for after its `since` before it counts."""

    NOTHING = "nothing"
    DAYS = "days"  # the merchant's setting
    PAYMENTS = "payments"  # until the copies of payments and refunds are of a later moment


@dataclass(frozen=True)
class Rule:
    """`ask` is the one question; `says` what is compared, as a sentence; `at` where the order's page shows it."""

    label: str
    says: str
    ask: Callable[[Facts, Order], Found | None]
    at: str = "#h-sum"
    unknown: bool = False
    waits: Waits = Waits.NOTHING
