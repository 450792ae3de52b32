"""Each filter finds what a plain look at every order finds; any of them combine, and any order sorts."""

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders import amounts, states
from orders.apis.revkeen.objects import Order
from orders.models import CustomerCopy, Fulfillment, Handling, Hold, Merchant, OrderTag, Shipment
from orders.services.index import deriving, order_filters, order_list, writing
from orders.services.index.condition_line import Condition
from orders.services.index.order_filters import CARRIERS, FILTERS, FULFILLMENTS, PAYMENTS, Place
from tests.conftest import make_person
from tests.support.samples import an_order

pytestmark = [pytest.mark.django_db, pytest.mark.database]

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CUSTOMERS = [str(uuid.UUID(int=number)) for number in range(1, 4)]
PRODUCTS = [str(uuid.UUID(int=number)) for number in range(11, 14)]
DAYS = ["2026-11-01", "2026-11-10", "2026-11-19", "2026-11-20"]
ZONE = ZoneInfo("Europe/Berlin")
PLACES = {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3, "QQQ": 0}  # the last is a currency that nobody knows
ODD = {'size "L"': "1", "7": 1.5, "gift": True, "channel": None}


@dataclass(frozen=True)
class Facts:
    """An order, the carriers of what was shipped of it from here, and what staff say of it."""

    order: Order
    carriers: frozenset[str]
    tags: tuple[str, ...]
    held: bool
    person: str  # "" where it is nobody's


Fits = Callable[[Facts, str], bool]


def random_order(dice: random.Random) -> Order:
    total = dice.choice([0, 99, 100, 101, 5000, 10_000, 10_001, 20_000])
    paid = dice.choice([0, total // 2, total])
    created = NOW - timedelta(hours=dice.randrange(24 * 25))
    return an_order(
        {
            "description": dice.choice(["Ridgeline tent", "Lamp", "Wool blanket", "100% wool_cap"]),
            "product_id": dice.choice([None, *PRODUCTS]),
            "metadata": dice.choice([{}, {"sku": "RT-200"}]),
        },
        public_id=f"NW-{dice.randrange(10**5)}",
        status=dice.choice([*states.STATUSES, "on_hold"]),
        billing_type=dice.choice(list(states.BILLING_TYPES)),
        currency=dice.choice(list(PLACES)).lower(),
        total=total,
        amount_paid=paid,
        amount_refunded=dice.choice([0, paid]),
        amount_due=total - paid + dice.choice([0, 0, 1]),
        subtotal=2000,
        created_at=created.isoformat(),
        updated_at=(created + timedelta(hours=dice.randrange(100))).isoformat(),
        customer_id=dice.choice([None, *CUSTOMERS]),
        fulfillment_status=dice.choice([None, "unfulfilled", "partial", "fulfilled", "returned"]),
        notes=dice.choice([None, "", "Call first"]),
        metadata=dice.choice([{}, {"channel": "web"}, {"channel": "Web", "a__b": "1"}, ODD]),
        expires_at=dice.choice([None, *((NOW + timedelta(days=days)).isoformat() for days in (-1, 3, 30))]),
    )


@pytest.fixture
def everything(northwind: Merchant) -> list[Facts]:
    """Some of them shipped from here, by one carrier or another, and one shipment undone."""
    dice = random.Random(7)
    orders = [random_order(dice) for _ in range(120)]
    writing.apply(northwind, "live", orders, NOW)
    user = make_person("operations@northwind.example", northwind, "operations")
    return [Facts(order, ship(order, northwind, user, dice), *say(order, northwind, user, dice)) for order in orders]


def say(order: Order, merchant: Merchant, user: Any, dice: random.Random) -> tuple[tuple[str, ...], bool, str]:
    """Tags, whether it is on hold, and whose it is; holds of the other mode, and those that are over, hold nothing."""
    here = {"merchant": merchant, "mode": "live", "order_id": order.id}
    tags = dice.choice([(), ("Gift",), ("gift", "rush order")])
    for tag in tags:
        OrderTag.objects.create(name=tag, key=tag.casefold(), **here)
    until = dice.choice([None, "2026-11-21", "2026-11-20", "2026-11-19"])
    mode = dice.choice(["live", "live", "test"])
    Hold.objects.create(reason="stock", until=until, user=user, who="", **here | {"mode": mode})
    person = dice.choice([user, None])
    if person or dice.random() < 0.5:
        Handling.objects.create(assigned_to=person, **here)
    held = mode == "live" and until in (None, "2026-11-21")
    return tuple(tag.casefold() for tag in tags), held, user.email if person else ""


def ship(order: Order, merchant: Merchant, user: Any, dice: random.Random) -> frozenset[str]:
    """What counts as shipped by which carriers."""
    here = {"merchant": merchant, "mode": "live", "order_id": order.id}
    left = set()
    for number, carrier in enumerate(dice.choice([[], [], ["ups"], ["ups", ""], ["A cousin"], ["fedex"]]), start=1):
        pressed = Fulfillment.objects.create(id=uuid.uuid4(), user=user, who="", fingerprint="", **here)
        state = dice.choice([Shipment.State.LEFT, Shipment.State.PENDING, Shipment.State.UNDONE])
        Shipment.objects.create(
            fulfillment=pressed, number=number, notified=False, carrier=carrier, state=state, **here
        )
        if state != Shipment.State.UNDONE:
            left.add(carrier)
    return frozenset(left)


def in_days(moment: datetime, text: str) -> bool:
    local = moment.astimezone(ZONE).date()
    today = NOW.astimezone(ZONE).date()
    if text.startswith((">", "<")):
        ago = NOW - timedelta(days=int(text[1:-1]))
        return moment < ago if text[0] == ">" else moment >= ago
    spans = {
        "today": (today, today),
        "yesterday": (today - timedelta(days=1), today - timedelta(days=1)),
        "last_7_days": (today - timedelta(days=6), today),
        "this_month": (today.replace(day=1), today),
        "last_month": (today.replace(month=10, day=1), today.replace(month=10, day=31)),
    }
    first, last = spans.get(text) or (text.split("..") if ".." in text else (text, text))
    return (not first or str(local) >= str(first)) and (not last or str(local) <= str(last))


def in_span(order: Order, text: str) -> bool:
    total = order.total / 10 ** PLACES[order.currency_code]
    if ".." in text:
        first, last = text.split("..")
        return (not first or total >= float(first)) and (not last or total <= float(last))
    if text[0] in "<>":
        return total > float(text[1:]) if text[0] == ">" else total < float(text[1:])
    return total == float(text)


def with_product(order: Order, text: str) -> bool:
    line = order.lines[0]
    words = all(word in line.description.lower() for word in text.lower().split())
    return str(line.product_id) == text or words or line.metadata.get("sku", "").lower() == text.lower()


def with_metadata(order: Order, text: str) -> bool:
    key, equals, value = text.partition("=")
    said = {"": None, "true": True, "1.5": 1.5}.get(value, value)
    return key in order.metadata and (not equals or order.metadata[key] in (value, said))


def expiring(order: Order, text: str) -> bool:
    if order.expires_at is None or order.status not in ("draft", "pending", "partially_paid"):
        return False
    if text == "expired":
        return order.expires_at <= NOW
    return NOW < order.expires_at <= NOW + timedelta(days=int(text[:-1]))


def by_carrier(facts: Facts, text: str) -> bool:
    known = facts.carriers - {""}
    return any(one not in CARRIERS for one in known) if text == "other" else text in known


# Name → the texts to ask with, and a plain look at one order.
PLAIN: dict[str, tuple[list[str], Fits]] = {
    "status": (list(states.STATUSES), lambda one, text: one.order.status == text),
    "payment": (list(PAYMENTS), lambda one, text: states.payment_state(one.order).word == PAYMENTS[text]),
    "fulfillment": (
        list(FULFILLMENTS),
        lambda one, text: states.fulfillment_state(one.order).word == FULFILLMENTS[text],
    ),
    "customer": (CUSTOMERS, lambda one, text: str(one.order.customer_id) == text),
    "billing_type": (list(states.BILLING_TYPES), lambda one, text: one.order.billing_type == text),
    "placed": (
        [
            *DAYS,
            "today",
            "yesterday",
            "last_7_days",
            "this_month",
            "last_month",
            ">7d",
            "<3d",
            "2026-11-01..2026-11-10",
        ],
        lambda one, text: in_days(one.order.created_at, text),
    ),
    "updated": (["2026-11-10..", "..2026-11-10", "today"], lambda one, text: in_days(one.order.updated_at, text)),
    "total": (
        ["100", ">100", "<100", "1..100", "0.5..", "..99.995", "0", "100.01"],
        lambda one, text: in_span(one.order, text),
    ),
    "currency": (["eur", "JPY", "QQQ"], lambda one, text: one.order.currency_code == text.upper()),
    "product": (
        ["tent", "wool blanket", "100% wool", "l_cap", "rt-200", PRODUCTS[0]],
        lambda one, text: with_product(one.order, text),
    ),
    "carrier": (["ups", "fedex", "other"], by_carrier),
    "shipped": (["here"], lambda one, text: bool(one.carriers)),
    "tag": (["gift", "GIFT", "rush  order", "none"], lambda one, text: " ".join(text.lower().split()) in one.tags),
    "hold": (["yes"], lambda one, text: one.held),
    "assigned": (
        ["nobody", "Operations@northwind.example", "no@one.example"],
        lambda one, text: one.person == {"nobody": ""}.get(text, text.lower()),
    ),
    "has": (
        ["note", "metadata"],
        lambda one, text: bool(one.order.notes if text == "note" else one.order.metadata),
    ),
    "metadata": (
        ["channel", "channel=web", "a__b", "a__b=1", "none", "channel=", 'size "L"', "7", "7=1.5", "gift=true", "0"],
        lambda one, text: with_metadata(one.order, text),
    ),
    "expires": (["expired", "7d", "0d"], lambda one, text: expiring(one.order, text)),
    "adds_up": (["no"], lambda one, text: bool(amounts.mismatches(one.order))),
}

CONDITIONS = st.sampled_from(list(PLAIN)).flatmap(
    lambda name: st.builds(Condition, st.just(name), st.sampled_from(PLAIN[name][0]), st.booleans())
)


def fits(one: Facts, condition: Condition) -> bool:
    return PLAIN[condition.name][1](one, condition.text) != condition.negated


def test_every_filter_is_held_against_a_plain_one() -> None:
    assert set(PLAIN) == set(FILTERS)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CONDITIONS, min_size=1, max_size=3))
def test_filters_find_what_a_plain_look_finds(
    everything: list[Facts], northwind: Merchant, conditions: list[Condition]
) -> None:
    place = Place(northwind, "live", NOW)
    asked = [order_filters.asked(place, condition) for condition in conditions]
    assert [one.broken for one in asked] == [""] * len(asked)
    found = order_list.of(place)
    for one in asked:
        assert one.q is not None
        found = found.filter(one.q)
    expected = {one.order.id for one in everything if all(fits(one, condition) for condition in conditions)}
    assert set(found.values_list("order_id", flat=True)) == expected


def sorting(name: str) -> Callable[[Facts], Any]:
    """What a plain sort goes by."""
    keys: dict[str, Callable[[Order], Any]] = {
        "number": lambda order: order.public_id,
        "customer": lambda order: NAMES.get(str(order.customer_id), "").casefold(),
        "payment": lambda order: states.payment_state(order).word,
        "fulfillment": lambda order: states.fulfillment_state(order).word,
        "total": lambda order: (order.currency_code, order.total),
        "due": lambda order: (order.currency_code, 0 if order.status in NOBODY_PAYS else order.amount_due),
        "placed": lambda order: order.created_at,
        "updated": lambda order: order.updated_at,
    }
    return lambda one: keys[name](one.order)


NOBODY_PAYS = ("canceled", "refunded")
NAMES = {customer: f"Customer {customer[-1]}" for customer in CUSTOMERS[:2]}


@pytest.mark.parametrize("name", order_list.SORTS)
def test_pages_in_any_order_hold_every_row_once_forth_and_back(
    name: str, everything: list[Facts], northwind: Merchant
) -> None:
    for customer, called in NAMES.items():
        CustomerCopy.objects.filter(customer_id=customer).update(name=called, seen_at=NOW)
    deriving.of_customers(northwind, "live", map(uuid.UUID, NAMES))
    place, by = Place(northwind, "live", NOW), sorting(name)
    for sort in (name, f"-{name}"):
        found: list[uuid.UUID] = []
        page = order_list.page(place, Q(), sort, size=50)
        while True:
            found += [row.order_id for row in page.rows]
            if not page.more:
                break
            before, page = page, order_list.page(place, Q(), sort, after=found[-1], size=50)
            back = order_list.page(place, Q(), sort, before=page.rows[0].order_id, size=50)
            assert [row.pk for row in back.rows] == [row.pk for row in before.rows]
        of_id = {one.order.id: one for one in everything}
        assert sorted(found) == sorted(of_id)
        keys = [by(of_id[order_id]) for order_id in found]
        assert keys == sorted(keys, reverse=sort.startswith("-"))


@pytest.mark.parametrize("known", ["few", "many", "too many"])
@pytest.mark.parametrize("name", order_list.SORTS)
def test_pages_of_what_was_looked_up_hold_every_row_once_however_many_they_are(
    name: str, known: str, everything: list[Facts], northwind: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    if known != "few":
        monkeypatch.setattr(order_list, "FEW", 3)
        monkeypatch.setattr(order_list, "NEAR", (9, 25))
    place, asked = Place(northwind, "live", NOW), Q(currency="EUR")
    looked_up = order_list.look_up(place, asked, 10 if known == "too many" else 1000)
    assert looked_up.whole == (known != "too many")
    for sort in (name, f"-{name}"):
        expected, found = list(order_list.keys(place, asked, sort, 1000)), list[int]()
        page = order_list.page(place, asked, sort, size=7, known=looked_up)
        while page.rows:
            found += [row.pk for row in page.rows]
            after = page.rows[-1].order_id
            before, page = page, order_list.page(place, asked, sort, after=after, size=7, known=looked_up)
            if page.rows:
                back = page.rows[0].order_id
                rows = order_list.page(place, asked, sort, before=back, size=7, known=looked_up).rows
                assert [row.pk for row in rows] == [row.pk for row in before.rows]
        assert found == expected


def test_counts_are_those_of_the_rows(everything: list[Facts], northwind: Merchant) -> None:
    counts = order_list.count(Place(northwind, "live", NOW), Q(currency="EUR"))
    in_euros = [one.order for one in everything if one.order.currency_code == "EUR"]
    assert counts.by_status[""] == len(in_euros)
    assert counts.by_status["paid"] == sum(order.status == "paid" for order in in_euros)


def test_a_count_that_would_cost_too_much_ends_and_says_so() -> None:
    assert order_list.Counts({"": 10_001}).words("") == "10,000+"
    assert order_list.Counts({"": 50_001, "paid": 17}, exact=False).words("paid") == "17+"
    assert order_list.Counts({"": 1204}).words("") == "1,204"
