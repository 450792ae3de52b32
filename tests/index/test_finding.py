"""What is typed finds the order it is of, and nothing that is typed is an error."""

import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.models import CustomerCopy, Merchant, OrderCopy, ProductCopy
from orders.services.index import finding, writing
from tests.support.samples import an_order

pytestmark = [pytest.mark.django_db, pytest.mark.database]

CUSTOMER, PRODUCT, INVOICE = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
AT = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture
def order(northwind: Merchant) -> OrderCopy:
    """One that can be found in every way, among others."""
    CustomerCopy.objects.create(
        merchant=northwind,
        mode="live",
        customer_id=CUSTOMER,
        name="Jörg Groß 田中太郎",
        email="Joerg.Gross@example.com",
        phone="+49 (170) 123-4567",
        text="jörg groß\njoerg.gross@example.com",
        seen_at=AT,
    )
    ProductCopy.objects.create(merchant=northwind, mode="live", product_id=PRODUCT, code="tent-2")
    line = {"description": "Ridgeline “Größe 2” tent", "product_id": str(PRODUCT), "metadata": {"sku": "RT-200/B"}}
    wanted = an_order(
        line,
        public_id="NW-10640",
        customer_id=str(CUSTOMER),
        invoice_id=str(INVOICE),
        total=12050,
        currency="eur",
        notes="Leave with the neighbor, 100% sure",
        metadata={"purchase": {"po": "PO 4711"}},
    )
    others = [an_order({"description": "Lamp"}, public_id=f"NW-{number}") for number in range(106400, 106403)]
    writing.apply(northwind, "live", [wanted, *others], AT)
    writing.apply(northwind, "test", [an_order(public_id="NW-10640")], AT)
    return OrderCopy.objects.get(order_id=wanted.id)


TYPED = [
    *("NW-10640", "nw-10640", "10640", "#10640", " NW-10640 "),
    *("Jörg Groß", "jorg", "gross", "GROSS", "groß jörg", "田中", "太郎", "田中太郎"),
    *("joerg.gross@example.com", "JOERG.GROSS@EXAMPLE.COM", "oerg.gro", "@example.com"),
    *("+49 170 1234567", "0170 1234567", "1234567", "170-123-4567"),
    *("ridgeline", "ridge tent", "GROSSE 2", "größe", "rt-200/b", "RT-200", "tent-2"),
    *("neighbor", "100% sure", "PO 4711", "po 47"),
    *("120.50", "120,50", "120,50 EUR", "€120.50", "120.5", "eur 120.50", "120.50 euros"),
    *("nw10640", "Groß, Jörg", "“ridgeline”"),
]


@pytest.mark.parametrize("typed", TYPED)
def test_the_order_is_found(order: OrderCopy, northwind: Merchant, typed: str) -> None:
    assert finding.find_ids(northwind, "live", typed)[0].key == order.pk


def test_the_order_is_found_by_each_of_its_ids(order: OrderCopy, northwind: Merchant) -> None:
    for some_id in (order.order_id, CUSTOMER, PRODUCT, INVOICE, str(order.order_id)[:8], str(order.order_id).upper()):
        assert [hit.key for hit in finding.find_ids(northwind, "live", str(some_id))] == [order.pk]


def test_whole_terms_come_first_and_then_beginnings(order: OrderCopy, northwind: Merchant) -> None:
    hits = finding.find_ids(northwind, "live", "NW-10640")
    assert [hit.whole for hit in hits] == [True, False, False, False]
    assert len(finding.find_ids(northwind, "live", "NW-10640", limit=2)) == 2


def test_customers_are_found_by_parts(order: OrderCopy, northwind: Merchant) -> None:
    customer = CustomerCopy.objects.get(customer_id=CUSTOMER)
    assert finding.find_customer_ids(northwind, "live", "Groß example") == [customer.pk]
    assert finding.find_customer_ids(northwind, "test", "Groß") == []


def test_what_has_gone_is_not_found(order: OrderCopy, northwind: Merchant) -> None:
    writing.gone(northwind, "live", order.order_id, datetime.now(UTC))
    for typed in ("joerg.gross@example.com", "neighbor", str(order.order_id)[:8]):
        assert not finding.find_ids(northwind, "live", typed)


@pytest.mark.parametrize("typed", ["5,000", "¥5,000", "JPY 5000", "5.000 jpy"])
def test_amounts_are_read_by_the_decimals_of_their_currency(northwind: Merchant, typed: str) -> None:
    writing.apply(northwind, "live", [an_order(total=5000, currency="jpy"), an_order(total=5000, currency="usd")], AT)
    found = OrderCopy.objects.in_bulk([hit.key for hit in finding.find_ids(northwind, "live", typed)])
    assert {copy.currency for copy in found.values()} == {"JPY"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.text("\"'*%_\\-()#,.@ \x00\ud800€٣12", max_size=30) | st.just("a" * 10_000))
def test_nothing_that_is_typed_is_an_error(northwind: Merchant, typed: str) -> None:
    finding.find_ids(northwind, "live", typed)
    finding.find_customer_ids(northwind, "live", typed)
