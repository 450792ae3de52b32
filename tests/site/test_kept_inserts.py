"""Rows that are written without the ORM's compiler stand there as the ORM would have written them, on either engine."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.db.models.signals import post_save, pre_save

from orders import kept_inserts
from orders.models import Connection, Merchant, PartnerOrder

pytestmark = [pytest.mark.database, pytest.mark.django_db]

YEAR = datetime(2020, 1, 1, tzinfo=UTC)
ORDER = "6f2f7a0e-6a7c-4d5c-8f0c-0d4d4c1b0a11"


def connection(merchant: Merchant, name: str, **fields: Any) -> Connection:
    facts = {"provider": "revkeen", "mode": "live", "fingerprint": name, "prefix": name}
    return Connection(merchant=merchant, **facts | fields)


def partner_order(merchant: Merchant, name: str, number: str = "") -> PartnerOrder:
    named = {"merchant": merchant, "mode": "live", "destination": "digital_river", "partner_order_id": name}
    return PartnerOrder(order_id=ORDER, order_number=number, **named)


def fields(row: Any) -> dict[str, Any]:
    return {column.attname: getattr(row, column.attname) for column in row._meta.concrete_fields}


def test_an_inserted_row_knows_its_key_and_what_the_database_gave_it_and_stands_there_as_saved() -> None:
    merchant = Merchant.objects.create(name="Acme", slug="acme")
    for name in ("first", "“second” %s"):  # the second time out of what was kept
        made = connection(merchant, name, wait_until=YEAR)
        kept_inserts.insert(made)
        assert fields(made) == fields(Connection.objects.get(pk=made.pk))
        assert made.prefix == name
        assert not made._state.adding
        made.name = "changed"
        made.save()
        assert Connection.objects.get(pk=made.pk).name == "changed"


def test_several_rows_are_inserted_by_one_statement_each_with_its_own_key(django_assert_num_queries: Any) -> None:
    merchant = Merchant.objects.create(name="Acme", slug="acme")
    made = [connection(merchant, str(number)) for number in range(5)]
    with django_assert_num_queries(1):
        kept_inserts.insert(*made)
    assert [Connection.objects.get(pk=one.pk).prefix for one in made] == ["0", "1", "2", "3", "4"]


def test_more_rows_than_a_statement_may_have_are_inserted_as_well() -> None:
    merchant = Merchant.objects.create(name="Acme", slug="acme")
    kept_inserts.insert(*(partner_order(merchant, str(number)) for number in range(kept_inserts.AT_ONCE * 2 + 1)))
    assert PartnerOrder.objects.count() == kept_inserts.AT_ONCE * 2 + 1


def test_a_moment_by_the_databases_clock_is_written_as_one() -> None:
    made = connection(Merchant.objects.create(name="Acme", slug="acme"), "now", wait_until=Now())
    kept_inserts.insert(made)
    found = Connection.objects.get(pk=made.pk)
    assert found.wait_until is not None
    assert abs((found.wait_until - found.created_at).total_seconds()) < 1


def test_a_row_that_is_there_already_is_refused_or_left_as_it_is() -> None:
    merchant = Merchant.objects.create(name="Acme", slug="acme")
    kept_inserts.insert(partner_order(merchant, "dro_1", "first"))
    kept_inserts.insert(partner_order(merchant, "dro_1", "second"), unless_there=True)
    assert PartnerOrder.objects.get().order_number == "first"
    with pytest.raises(IntegrityError), transaction.atomic():
        kept_inserts.insert(partner_order(merchant, "dro_1", "second"))
    assert PartnerOrder.objects.get().order_number == "first"


def test_who_listens_to_what_is_saved_hears_of_a_row_before_and_after_and_may_still_change_it() -> None:
    merchant, heard = Merchant.objects.create(name="Acme", slug="acme"), []

    def before(instance: Connection, **about: Any) -> None:
        heard.append(("before", about["raw"], instance.pk))
        instance.prefix = "changed"

    def after(instance: Connection, **about: Any) -> None:
        heard.append(("after", about["created"], instance.pk))

    made = connection(merchant, "sent")
    pre_save.connect(before, sender=Connection)
    post_save.connect(after, sender=Connection)
    try:
        kept_inserts.insert(made)
    finally:
        pre_save.disconnect(before, sender=Connection)
        post_save.disconnect(after, sender=Connection)
    assert [(when, said) for when, said, _ in heard] == [("before", False), ("after", True)]
    assert heard[-1][2] == made.pk
    assert Connection.objects.get(pk=made.pk).prefix == "changed"


def test_a_row_of_something_that_was_never_saved_is_not_written() -> None:
    with pytest.raises(ValueError, match="unsaved related object"):
        kept_inserts.insert(connection(Merchant(name="Acme", slug="acme"), "lost"))
    assert not Connection.objects.exists()
