"""Copies of orders: which state wins, and that no row is lost for anything in it."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orders.apis.listings import Unreadable
from orders.apis.revkeen.objects import Order
from orders.models import CustomerCopy, Merchant, OrderCopy, OrderLineCopy, Term, ToRead
from orders.services.index import clock, deriving, folding, keys, marks, writing
from orders.services.index.metadata import terms as terms_of_metadata
from tests.support.indexing import derived_otherwise
from tests.support.samples import an_order

pytestmark = [pytest.mark.django_db, pytest.mark.database]

ORDER = uuid.uuid4()
AT = datetime(2026, 11, 1, 10, tzinfo=UTC)


def sent(seconds: int = 0, **fields: Any) -> Order:
    """A state of one order, which changed so many seconds after it was created."""
    return an_order(id=str(ORDER), updated_at=(AT + timedelta(seconds=seconds)).isoformat(), **fields)


def apply(merchant: Merchant, *orders: Order | Unreadable, at: int) -> writing.Applied:
    """Orders that were read beginning so many seconds after the order was created."""
    return writing.apply(merchant, "live", orders, AT + timedelta(seconds=at))


def copy() -> OrderCopy:
    return OrderCopy.objects.get(order_id=ORDER)


def test_the_newer_state_wins_whenever_it_was_read(northwind: Merchant) -> None:
    apply(northwind, sent(5, status="paid"), at=10)
    assert apply(northwind, sent(4, status="pending"), at=20) == writing.Applied()
    assert copy().status == "paid"
    assert apply(northwind, sent(6, status="fulfilled"), at=7).outdated == (ORDER,)
    assert copy().status == "fulfilled"


def test_of_two_states_with_the_same_time_the_one_wins_whose_read_began_later(northwind: Merchant) -> None:
    apply(northwind, sent(5, status="paid"), at=20)
    apply(northwind, sent(5, status="pending"), at=10)
    assert copy().status == "paid"
    apply(northwind, sent(5, status="refunded"), at=30)
    assert copy().status == "refunded"


def test_a_read_without_news_is_noted_all_the_same(northwind: Merchant) -> None:
    """Else an older read that is written late would win over it."""
    apply(northwind, sent(status="paid"), at=10)
    assert apply(northwind, sent(status="paid"), at=30) == writing.Applied()
    apply(northwind, sent(status="pending"), at=20)
    assert copy().status == "paid"


def test_every_field_is_kept(northwind: Merchant) -> None:
    order = sent(
        notes="By the door",
        metadata={"po": "4711", "deep": [{"a": 1.5}]},
        customer_id=str(uuid.uuid4()),
        invoice_id=str(uuid.uuid4()),
        subscription_id=str(uuid.uuid4()),
        fulfillment_status="unfulfilled",
        paid_at="2026-11-01T12:00:00+02:00",
        expires_at="9999-12-31T23:59:59-08:00",
        livemode=True,
    )
    apply(northwind, order, at=1)
    kept = copy()
    same = ["public_id", "status", "billing_type", "subtotal", "discount", "tax", "total", "amount_due", "metadata"]
    same += ["customer_id", "invoice_id", "subscription_id", "fulfillment_status", "notes", "livemode", "created_at"]
    assert {name: getattr(kept, name) for name in same} == {name: getattr(order, name) for name in same}
    assert (kept.currency, kept.paid_at, kept.summary) == ("USD", AT, "Tent")
    assert kept.expires_at is not None
    assert kept.expires_at.year == 9999
    line, sent_line = kept.lines.get(), order.lines[0]
    for name in ("description", "quantity", "unit_price", "subtotal", "discount", "tax", "total", "product_id"):
        assert getattr(line, name) == getattr(sent_line, name)
    assert (kept.payment_state, kept.fulfillment_state, kept.units_left) == ("Payment due", "Unfulfilled", 2)
    assert kept.amounts_rule == ""


def test_a_number_in_metadata_that_becomes_a_yes_is_written(northwind: Merchant) -> None:
    """Though Python takes 1 and true for the same."""
    apply(northwind, sent(metadata={"gift": 1}), at=10)
    apply(northwind, sent(1, metadata={"gift": True}), at=20)
    assert copy().metadata["gift"] is True


def test_what_is_unknown_or_too_much_for_a_column_loses_no_row(northwind: Merchant) -> None:
    strange = sent(public_id="N" * 5000, status="on\x00hold", fulfillment_status="lost", notes="\x00", amount_due=5)
    apply(northwind, strange, at=1)
    kept = copy()
    assert (kept.public_id, kept.status, kept.fulfillment_state) == ("N" * 5000, "onhold", "lost")
    assert kept.amounts_rule == "Total − paid"


def test_an_order_that_cannot_be_read_is_kept_with_the_reason(northwind: Merchant) -> None:
    unreadable = Unreadable(str(ORDER), "Expected `int`", "paid", "NW-7")
    apply(northwind, unreadable, Unreadable("no id of any kind", "Expected `str`", ""), at=1)
    assert (copy().unreadable, copy().public_id) == ("Expected `int`", "NW-7")
    apply(northwind, sent(status="paid"), at=2)
    assert (copy().unreadable, copy().id) == ("", pytest.approx(keys.first_of(AT), abs=1 << 20))
    apply(northwind, unreadable, at=3)
    assert (copy().unreadable, copy().status, copy().lines.count()) == ("Expected `int`", "paid", 1)


def test_a_list_without_line_items_takes_none_away(northwind: Merchant) -> None:
    apply(northwind, sent(), at=1)
    apply(northwind, sent(line_items=None), at=2)
    assert copy().lines.count() == 1


def test_many_orders_of_one_second_are_all_kept_and_in_the_order_of_time(northwind: Merchant) -> None:
    orders = [an_order(created_at="2026-11-01T10:00:00Z", public_id=f"NW-{number}") for number in range(350)]
    later = an_order(created_at="2026-11-01T10:00:02Z")
    assert len(apply(northwind, later, *orders, at=1).new) == 351
    newest, *others = OrderCopy.objects.order_by("-id")
    assert newest.order_id == later.id
    assert {row.order_id for row in others} == {order.id for order in orders}


def test_keys_are_found_however_many_orders_were_created_at_once() -> None:
    wanted = [((1, "live", str(number)), AT) for number in range(70_000)]
    chosen = keys.choose(wanted, lambda candidates: {key for key in candidates if key % 2})
    assert len(set(chosen.values())) == 70_000
    assert all(key % 2 == 0 for key in chosen.values())


def test_an_order_that_is_gone_is_marked_and_comes_back(northwind: Merchant) -> None:
    apply(northwind, sent(), at=1)
    writing.gone(northwind, "live", ORDER, AT + timedelta(seconds=5))
    apply(northwind, sent(), at=3)  # read before it went
    assert copy().gone_at == AT + timedelta(seconds=5)
    apply(northwind, sent(), at=7)
    assert copy().gone_at is None


def test_terms_and_lines_are_those_of_the_newest_state(northwind: Merchant) -> None:
    apply(northwind, sent(public_id="NW-1", notes="first"), at=1)
    apply(northwind, sent(9, public_id="NW-2", line_items=[]), at=2)
    assert not OrderLineCopy.objects.exists()
    numbers = Term.objects.filter(kind=Term.Kind.NUMBER).values_list("value", flat=True)
    assert set(numbers) == {"nw-2", "2"}
    assert "first" not in copy().text


@pytest.mark.parametrize(
    ("change", "term", "part"),
    [
        ({"notes": "By the door"}, None, "by the door"),
        ({"metadata": {"po": "4711"}}, "4711", "4711"),
        ({"metadata": {"po": True}}, "po=true", None),
        ({"public_id": "NW-2"}, "nw-2", "nw-2"),
        ({"amount_paid": 77}, "0.77 usd", None),
        ({"invoice_id": str(uuid.UUID(int=7))}, str(uuid.UUID(int=7)), None),
        ({"customer_id": str(uuid.UUID(int=8))}, str(uuid.UUID(int=8)), None),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_an_order_is_found_by_whatever_changes_of_it_alone(
    change: dict[str, Any], term: str | None, part: str | None, northwind: Merchant
) -> None:
    """Terms and text are made anew where something changed that they are made of, and not elsewhere."""
    before = {"public_id": "NW-1", "metadata": {"po": 1}}
    apply(northwind, sent(**before), at=1)
    apply(northwind, sent(9, **before | change), at=2)
    assert term is None or Term.objects.filter(order=copy().pk, value=term).exists()
    assert part is None or part in copy().text
    assert derived_otherwise() == []


def test_a_customer_is_wanted_once_and_found_by_name_when_known(northwind: Merchant) -> None:
    customer = uuid.uuid4()
    apply(northwind, sent(customer_id=str(customer)), at=1)
    assert CustomerCopy.objects.get(customer_id=customer).seen_at is None
    CustomerCopy.objects.update(name="Zoë Ångström", seen_at=clock.now())
    deriving.of_customers(northwind, "live", [customer])
    names = Term.objects.filter(kind=Term.Kind.NAME).values_list("value", flat=True)
    assert set(names) == {"zoë", "zoe", "ångström", "angstrom"}
    assert "zoe angstrom" in copy().text


def test_a_mark_goes_with_a_read_that_began_after_it_alone(northwind: Merchant) -> None:
    marks.mark(northwind, "live", [ORDER])
    before = ToRead.objects.get().wanted_at
    marks.served(northwind, "live", [ORDER], before - timedelta(seconds=1))
    marks.served(northwind, "live", [ORDER], before)
    assert ToRead.objects.get().wanted_at == before
    marks.served(northwind, "live", [ORDER], before + timedelta(milliseconds=1))
    assert not ToRead.objects.exists()


def test_marking_again_raises_the_mark_and_never_lowers_it(northwind: Merchant) -> None:
    marks.mark(northwind, "live", [ORDER, ORDER])
    later = clock.now() + timedelta(hours=1)
    ToRead.objects.update(wanted_at=later)
    marks.mark(northwind, "live", [ORDER])
    assert ToRead.objects.get().wanted_at == later
    ToRead.objects.update(wanted_at=AT)
    marks.mark(northwind, "live", [ORDER])
    assert ToRead.objects.get().wanted_at > AT


def test_what_is_found_by_does_not_depend_on_the_order_in_which_metadata_comes() -> None:
    """PostgreSQL keeps the keys in another order than RevKeen sends, and a text of many values is cut."""
    metadata = {"zone": "north", "a": {"z": "deep", "b": "deeper"}, "gift": "yes"}
    turned = dict(reversed([*metadata.items()])) | {"a": {"b": "deeper", "z": "deep"}}
    assert list(turned) != list(metadata)
    assert folding.values(turned) == folding.values(metadata) == ["deeper", "deep", "yes", "north"]
    assert list(terms_of_metadata(turned)) == list(terms_of_metadata(metadata))
