"""What people read and do here is in the index at once."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from orders import afterwards
from orders.apis.listings import Listing
from orders.models import Fulfillment, IndexState, Merchant, Operation, OrderCopy, Shipment, Term, User
from orders.services.fulfillment import corrections, undo
from orders.services.fulfillment.corrections import Tracking
from orders.services.index import clock, finding, sight
from tests.support.emulation import Emulator
from tests.support.fulfilling import fulfill, paid_order
from tests.support.journal import change_request, payable, reconcile_due, submit
from tests.support.pages import order_path
from tests.support.samples import an_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def state(northwind: Merchant) -> IndexState:
    return IndexState.objects.create(merchant=northwind, mode="live", watermark=clock.now())


def copy(order: dict[str, Any]) -> OrderCopy:
    return OrderCopy.objects.get(order_id=order["id"])


def look_at(client: Client, *orders: dict[str, Any]) -> None:
    for order in orders:
        assert client.get(order_path("", order)).status_code == 200


def found(merchant: Merchant, text: str) -> list[int]:
    return [hit.key for hit in finding.find_ids(merchant, "live", text)]


def test_every_order_of_a_list_that_was_read_is_in_the_index(admin: Client, emulator: Emulator) -> None:
    admin.get("/northwind/live/orders/")
    read = {order["id"] for order in emulator.orders("limit=50")}
    assert {str(copy.order_id) for copy in OrderCopy.objects.all()} == read


def test_what_was_changed_here_is_in_the_index_before_the_answer(
    northwind: Merchant, mara: User, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(afterwards, "do", lambda work: None)  # nothing is done after it
    paid = submit(northwind, mara, change_request(northwind, mara, payable(emulator), 100))
    assert OrderCopy.objects.get(order_id=paid.order_id).amount_paid == 100


def test_an_order_page_learns_what_its_order_is_found_by(
    admin: Client, northwind: Merchant, emulator: Emulator
) -> None:
    order = emulator.orders("status=refunded")[0]
    admin.get(order_path("", order))
    kinds = set(Term.objects.filter(order=copy(order)).values_list("kind", flat=True))
    assert {Term.Kind.INVOICE_NUMBER, Term.Kind.PAYMENT, Term.Kind.CARD} <= kinds
    for value in Term.objects.filter(order=copy(order), kind=Term.Kind.CARD).values_list("value", flat=True):
        for typed in (value, f"Visa ••{value}", f"••{value}", f"visa {value}", f"Card ending in {value}"):
            assert copy(order).pk in found(northwind, typed), typed
        assert copy(order).pk not in found(northwind, f"parcel {value}")


def test_what_is_as_it_was_costs_nothing(
    northwind: Merchant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    orders = [an_order(public_id=f"NW-{number}") for number in range(50)]
    now = clock.now()
    sight.look(northwind, "live", now, orders)
    with django_assert_num_queries(0):
        sight.look(northwind, "live", now, orders)


def test_a_list_that_comes_back_is_looked_through_again_once_an_order_in_it_was_seen_otherwise(
    northwind: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[object] = []
    apply = sight.writing.apply
    monkeypatch.setattr(sight.writing, "apply", lambda *args: (looked.extend(args[2]), apply(*args))[1])
    order, now = an_order(notes="as it was"), clock.now()
    listing, other = Listing([order]), an_order(notes="as it is", id=str(order.id))
    for seen in (listing, listing, listing, other, listing, listing):
        sight.look(northwind, "live", now, [seen])
    assert [one.notes for one in looked] == ["as it was", "as it is", "as it was"]


def test_what_was_outdated_is_counted_unless_it_was_changed_from_here(
    admin: Client, northwind: Merchant, emulator: Emulator, state: IndexState
) -> None:
    ours, elsewhere, same = (paid_order(emulator) for _ in range(3))
    look_at(admin, ours, elsewhere, same)
    fulfill(admin, ours)
    emulator.patch("orders", elsewhere["id"], notes="Changed elsewhere")
    look_at(admin, ours, elsewhere, same)
    state.refresh_from_db()
    assert copy(ours).fulfillment_state == "Fulfilled"
    assert state.differed == 1
    assert state.differed_at is not None


def test_a_parcel_is_found_and_counted_the_moment_it_is_written(
    admin: Client, northwind: Merchant, emulator: Emulator, mara: User
) -> None:
    order = paid_order(emulator, lines=2)
    look_at(admin, order)
    assert copy(order).units_left == 4
    assert fulfill(admin, order, 0, carrier="ups", tracking_number="1Z 999AA1 01 2345 6784").status_code == 303
    assert copy(order).units_left == 2
    for typed in ("1Z999AA10123456784", "1z 999 aa1 01 2345 6784", "23456784"):
        assert found(northwind, typed) == [copy(order).pk]
    corrections.correct(Shipment.objects.get(), 1, Tracking("fedex", (("986578788855", ""),)), mara)
    assert found(northwind, "986578788855") == [copy(order).pk]
    assert not found(northwind, "1Z999AA10123456784")


def test_units_that_are_undone_or_refused_are_left_again(
    admin: Client, northwind: Merchant, emulator: Emulator, mara: User
) -> None:
    Merchant.objects.update(undo_seconds=60)
    undone, refused = paid_order(emulator), paid_order(emulator)
    look_at(admin, undone, refused)
    for order in (undone, refused):
        fulfill(admin, order)
        assert copy(order).units_left == 0
    undo.undo(Fulfillment.objects.get(order_id=undone["id"]), mara)
    assert copy(undone).units_left == 2
    emulator.patch("orders", refused["id"], status="canceled")
    reconcile_due(Operation.objects.get(order_id=refused["id"]))
    assert Shipment.objects.get(order_id=refused["id"]).state == Shipment.State.REFUSED
    assert copy(refused).units_left == 2
