"""Questions whose SQL is kept find what they would find if they were put anew, on either engine."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import BigIntegerField, BooleanField, CharField, DateTimeField, DurationField, QuerySet, UUIDField
from django.db.models.functions import Now

from orders.kept_queries import FEW, Given, Several, Update, kept, kept_update
from orders.models import Connection, Membership, Merchant, User

pytestmark = [pytest.mark.database, pytest.mark.django_db]

YEAR = datetime(2020, 1, 1, tzinfo=UTC)


@kept(CharField(), DateTimeField(), BooleanField())
def connections(mode: Given, since: Given, active: Given) -> "QuerySet[Any]":
    found = Connection.objects.filter(mode=mode, created_at__gt=since, active=active)
    return found.select_related("merchant").annotate(now=Now()).order_by("prefix")


@kept(UUIDField(), UUIDField())
def keys(one: Given, other: Given) -> "QuerySet[Any, Any]":
    return Connection.objects.filter(pk__in=[one, other]).values_list("prefix", "pk", "created_at").order_by("prefix")


@kept(BigIntegerField())
def memberships(user_id: Given) -> "QuerySet[Membership]":
    return Membership.objects.filter(user_id=user_id).select_related("merchant")


@kept(CharField(), Several(UUIDField()), Several(CharField()))
def called(mode: Given, keys: Given, names: Given) -> "QuerySet[Any, Any]":
    here = Connection.objects.filter(mode=mode).values_list("prefix").order_by()
    return here.filter(pk__in=keys).union(here.filter(merchant__in=Merchant.objects.filter(name__in=names)))


@kept_update(CharField(), DurationField(), Several(UUIDField()))
def rename(name: Given, span: Given, keys: Given) -> Update:
    of_active = Merchant.objects.filter(pk__gt=0)
    rows = Connection.objects.filter(pk__in=keys, merchant__in=of_active)
    return Update(rows, prefix=name, wait_until=Now() + span, active=False)


def connection(name: str, **fields: Any) -> Connection:
    merchant = Merchant.objects.create(name=name, slug=name.lower())
    facts = {"provider": "revkeen", "mode": "live", "fingerprint": name, "prefix": name, "active": True}
    return Connection.objects.create(merchant=merchant, **facts | fields)


def test_a_kept_question_finds_objects_with_every_field_as_the_orm_does(django_assert_num_queries: Any) -> None:
    made = [connection("Acme", wait_until=YEAR), connection("Birch"), connection("Cedar", mode="test")]
    for _ in range(2):
        with django_assert_num_queries(1):
            found = connections("live", YEAR, True)
            assert [one.merchant.name for one in found] == ["Acme", "Birch"]
        for one in found:
            assert fields(one) == fields(Connection.objects.get(pk=one.pk))
            assert fields(one.merchant) == fields(Merchant.objects.get(pk=one.merchant_id))
            assert one.now.tzinfo is not None
            assert not one._state.adding
    assert [one.pk for one in connections("test", YEAR, True)] == [made[2].pk]
    assert connections("test", YEAR, False) == []


def test_a_kept_question_for_some_of_several_keys_finds_those() -> None:
    acme, birch = connection("Acme"), connection("Birch")
    assert keys(birch.pk, acme.pk) == [("Acme", acme.pk, acme.created_at), ("Birch", birch.pk, birch.created_at)]
    assert keys(birch.pk, uuid.UUID(int=0)) == [("Birch", birch.pk, birch.created_at)]


def test_as_many_values_as_one_likes_are_given_together_and_each_answer_is_of_these_alone() -> None:
    made = [connection(f"Acme {number}") for number in range(FEW + 3)]
    for many in (1, FEW + 2, 2, 0, 1, FEW, 3):
        some = made[:many]
        assert sorted(called("live", [one.pk for one in some], ())) == [(one.prefix,) for one in some]
        assert sorted(called("live", (), {one.prefix for one in some})) == [(one.prefix,) for one in some]
    assert sorted(called("live", [made[0].pk], ["Acme 2"])) == [("Acme 0",), ("Acme 2",)]
    assert called("test", [made[0].pk], ["Acme 2"]) == []


def test_a_kept_change_changes_what_is_meant_nothing_else_and_says_how_much_that_was() -> None:
    made = [connection(f"Acme {number}") for number in range(FEW + 3)]
    for many in (1, 0, 2, FEW + 2):
        Connection.objects.update(prefix="before", wait_until=None, active=True)
        now = Connection.objects.annotate(now=Now()).first().now  # type: ignore[union-attr]
        assert rename("after", timedelta(minutes=many + 1), [one.pk for one in made[:many]]) == many
        changed = Connection.objects.filter(prefix="after", active=False)
        assert set(changed) == set(made[:many])
        for one in changed:
            assert timedelta(0) <= one.wait_until - now - timedelta(minutes=many + 1) < timedelta(minutes=1)  # type: ignore[operator]


def test_what_changed_since_it_was_last_asked_is_found_and_nothing_of_anybody_else() -> None:
    merchant = Merchant.objects.create(name="Acme", slug="acme")
    ada, bo = (User.objects.create(email=f"{name}@acme.example", name=name) for name in ("ada", "bo"))
    assert memberships(ada.pk) == []
    joined = Membership.objects.create(user=ada, merchant=merchant, roles=["viewer"])
    assert [one.roles for one in memberships(ada.pk)] == [["viewer"]]
    Membership.objects.filter(pk=joined.pk).update(roles=["admin"])
    assert [one.roles for one in memberships(ada.pk)] == [["admin"]]
    assert memberships(bo.pk) == []
    joined.delete()
    assert memberships(ada.pk) == []


def fields(one: Any) -> dict[str, Any]:
    return {field.attname: getattr(one, field.attname) for field in one._meta.concrete_fields}
