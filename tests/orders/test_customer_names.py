"""Names come along with answers, or the worker asks for them: few calls, and never for ever."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from orders.apis.revkeen import reads
from orders.models import Connection, CustomerCopy, IndexState, Merchant, OrderCopy, Sweep
from orders.services.revkeen import customer_names, session
from tests.support.emulation import Emulator
from tests.support.indexing import derived_otherwise, read_customers, run

pytestmark = pytest.mark.database


def fill(merchant: Merchant) -> int:
    """Ask for those that are wanted now, and say how many."""
    names = customer_names.next_wanted(merchant, "live")
    with session.session(merchant, "live", for_index=True) as api:
        customer_names.fill(api, names)
    return len(names)


def customers(emulator: Emulator) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = emulator.get("/customers?limit=100")["data"]
    return rows


def test_all_customers_are_read_by_pages_and_none_by_itself(northwind: Merchant, emulator: Emulator) -> None:
    rows = customers(emulator)
    emulator.forget_calls()
    read_customers(northwind)
    assert len(emulator.calls()) == 1
    named = customer_names.known(northwind, "live", [uuid.UUID(row["id"]) for row in rows])
    assert len(named) == len(rows)
    assert fill(northwind) == 0


def test_customers_of_imported_orders_are_left_to_the_pages(northwind: Merchant, emulator: Emulator) -> None:
    Connection.objects.exclude(merchant=northwind, mode="live").delete()
    run()
    asked = [call["path"] for call in emulator.calls() if "/customers" in call["path"]]
    assert len(asked) == 1
    assert not OrderCopy.objects.exclude(customer_id=None).filter(customer_name="").exists()


def test_customers_are_kept_with_the_terms_of_their_orders_or_not_at_all(
    northwind: Merchant, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    Connection.objects.exclude(merchant=northwind, mode="live").delete()
    with monkeypatch.context() as killed:
        killed.setattr(customer_names.deriving, "of_customers", _killed)
        with pytest.raises(KeyboardInterrupt):
            run()
    IndexState.objects.update(lease_until=None)
    run()
    assert derived_otherwise() == []


def _killed(*args: object) -> None:
    raise KeyboardInterrupt


def test_a_key_that_may_not_read_customers_keeps_nothing_else_from_being_read(
    northwind: Merchant, emulator: Emulator
) -> None:
    Connection.objects.exclude(merchant=northwind, mode="live").delete()
    emulator.fault("respond", "/customers", status=403, body={"error": {"message": "No scope."}})
    run()
    assert Sweep.objects.get(kind="payments").as_of is not None
    assert Sweep.objects.get(kind="customers").as_of is None


def test_later_only_the_wanted_ones_are_asked_for(northwind: Merchant, emulator: Emulator) -> None:
    read_customers(northwind)
    row = customers(emulator)[0]
    CustomerCopy.objects.filter(customer_id=row["id"]).delete()
    customer_names.known(northwind, "live", [uuid.UUID(row["id"])])
    emulator.forget_calls()
    assert fill(northwind) == 1
    assert [call["path"].split("/")[-1] for call in emulator.calls()] == [row["id"]]


def test_a_customer_that_is_gone_is_not_asked_for_again_and_again(northwind: Merchant, emulator: Emulator) -> None:
    read_customers(northwind)
    gone = uuid.uuid4()
    customer_names.known(northwind, "live", [gone])
    assert [fill(northwind), fill(northwind)] == [1, 0]
    CustomerCopy.objects.filter(customer_id=gone).update(asked_at=timezone.now() - timedelta(hours=1))
    assert fill(northwind) == 1


def test_a_name_of_spaces_falls_back_to_the_address(northwind: Merchant, emulator: Emulator) -> None:
    row = customers(emulator)[0]
    emulator.patch("customers", row["id"], name="   ", company_name="")
    read_customers(northwind)
    assert CustomerCopy.objects.get(customer_id=row["id"]).name == row["email"]


def test_a_name_with_a_nul_is_kept_without_it(northwind: Merchant, emulator: Emulator) -> None:
    row = customers(emulator)[0]
    emulator.patch("customers", row["id"], name="Ac\x00me", email="a\x00@acme.example")
    read_customers(northwind)
    kept = CustomerCopy.objects.get(customer_id=row["id"])
    assert (kept.name, kept.email) == ("Acme", "a@acme.example")


def test_a_customer_listed_twice_is_kept_once(northwind: Merchant, emulator: Emulator) -> None:
    row = reads.customer(uuid.UUID(customers(emulator)[0]["id"]))
    with session.session(northwind, "live") as api:
        customer = api.get(row).require()
    customer_names.remember(northwind, "live", [customer, customer])
    assert CustomerCopy.objects.get().name == customer.shown_name


def test_what_an_outage_left_unanswered_is_asked_for_again(northwind: Merchant, emulator: Emulator) -> None:
    read_customers(northwind)
    row = customers(emulator)[0]
    CustomerCopy.objects.filter(customer_id=row["id"]).delete()
    customer_names.known(northwind, "live", [uuid.UUID(row["id"])])
    emulator.fault("disconnect", times=5)
    fill(northwind)
    emulator.clear_faults()
    assert fill(northwind) == 0, "at once"
    CustomerCopy.objects.filter(customer_id=row["id"]).update(asked_at=timezone.now() - timedelta(minutes=11))
    assert fill(northwind) == 1
    assert CustomerCopy.objects.get(customer_id=row["id"]).seen_at is not None
