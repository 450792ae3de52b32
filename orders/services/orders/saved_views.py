"""Lists of orders with a name: one's own, and those of the team, of a merchant and mode."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.db.models import BigIntegerField, CharField, Q, QuerySet
from django.db.models.functions import Lower

from orders.kept_queries import Given, kept
from orders.models import Membership, SavedView
from orders.permissions import Right

MOST = 20  # views of one person, and as many of the team
IN_NAVIGATION = 8


class NameTaken(Exception):
    """There is such a view already; upper and lower case are the same."""


class TooMany(Exception):
    """There are `MOST` of them."""


class Gone(Exception):
    """There is no such view any more."""


def seen_by(membership: Membership, mode: str) -> "QuerySet[SavedView, SavedView]":
    """One's own views and those of the team, by name."""
    return _seen_by(membership.merchant_id, mode, membership.user_id).select_related("author")


def in_navigation(membership: Membership, mode: str) -> list[tuple[uuid.UUID, str, str]]:
    """The first few of them, for every page: key, name and query."""
    return _in_navigation(membership.merchant_id, mode, membership.user_id)


@kept(BigIntegerField(), CharField(), BigIntegerField())
def _in_navigation(
    merchant_id: Given, mode: Given, person_id: Given
) -> "QuerySet[SavedView, tuple[uuid.UUID, str, str]]":
    return _seen_by(merchant_id, mode, person_id).values_list("pk", "name", "query")[:IN_NAVIGATION]


def _seen_by(merchant_id: int | Given, mode: str | Given, person_id: int | Given) -> "QuerySet[SavedView, SavedView]":
    views = SavedView.objects.filter(merchant=merchant_id, mode=mode)
    return views.filter(Q(shared=True) | Q(author=person_id)).order_by(Lower("name"))


def find(membership: Membership, mode: str, view_id: uuid.UUID) -> SavedView | None:
    return seen_by(membership, mode).filter(pk=view_id).first()


def may_change(membership: Membership, view: SavedView) -> bool:
    """One's own; one of the team's that one saved, while one may share, and every one of the team's for admins."""
    own = view.author_id == membership.user_id
    if not view.shared:
        return own
    return membership.may(Right.MANAGE) or (own and membership.may(Right.SHARE))


def save(membership: Membership, mode: str, name: str, query: str, *, shared: bool) -> SavedView:
    """Raise `NameTaken` or `TooMany`."""
    whose = Q(shared=True) if shared else Q(shared=False, author=membership.user)
    if SavedView.objects.filter(whose, merchant=membership.merchant, mode=mode).count() >= MOST:
        raise TooMany
    with _names():
        return SavedView.objects.create(
            merchant=membership.merchant, mode=mode, author=membership.user, shared=shared, name=name, query=query
        )


def change(view: SavedView, name: str, query: str) -> None:
    """Raise `NameTaken`, or `Gone` where somebody removed it meanwhile."""
    with _names():
        if not SavedView.objects.filter(pk=view.pk).update(name=name, query=query):
            raise Gone


def remove(view: SavedView) -> None:
    view.delete()


@contextmanager
def _names() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise NameTaken from error
