"""Who may say what became of an operation: fixed when it begins, so that nobody gives or takes the right afterwards."""

from collections.abc import Iterable

from django.db.models import BigIntegerField, QuerySet

from orders import kept_inserts
from orders.kept_queries import Given, kept
from orders.models import Membership, Operation, User
from orders.permissions import Right


def fix(operation: Operation) -> None:
    """Keep who may decide about it beside whoever asked, in the transaction that writes its row."""
    through = Operation.deciders.through
    able = {other.pk for other in others_now(operation)}
    kept_inserts.insert(*(through(operation_id=operation.pk, user_id=pk) for pk in sorted(able)))


def hand_on(before: Operation, step: Operation) -> None:
    """A step is decided by whom its plan began with."""
    step.deciders.set(before.deciders.all())


def others_now(operation: Operation) -> list[User]:
    """Active people of the merchant with the right to decide, other than who asked."""
    rows = _others(operation.merchant_id, operation.user_id)
    return [row.user for row in rows if row.may(Right.DECIDE)]


@kept(BigIntegerField(), BigIntegerField())
def _others(merchant_id: Given, user_id: Given) -> "QuerySet[Membership]":
    memberships = Membership.objects.filter(merchant=merchant_id, user__is_active=True)
    return memberships.exclude(user=user_id).select_related("user")


def blocked_reason(operation: Operation, user: User, *, asker_too: bool) -> str:
    """Why `user`, who has the right now, may not decide about it; "" when they may.

    `asker_too`: whoever asked may say it as well. Where nobody else had the right when it began, everybody with it may.
    """
    fixed = set(operation.deciders.all())
    if not fixed or user in fixed or (asker_too and user.pk == operation.user_id):
        return ""
    able = fixed & set(others_now(operation))
    who = f"{_names(able)} can decide this" if able else _nobody_left(fixed)
    if user.pk == operation.user_id:
        return f"You started this change yourself; {who}"
    return f"You had no right to decide when this started; {who}"


def _nobody_left(fixed: Iterable[User]) -> str:
    return f"{_names(fixed)} had the right when this started, and needs the role again to decide"


def _names(users: Iterable[User]) -> str:
    names = sorted(str(user) for user in users)
    return " or ".join(names[:3]) + (" or another" if len(names) > 3 else "")
