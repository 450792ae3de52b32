from django import template

from orders.models import Membership, Operation
from orders.permissions import PAGES, Right

register = template.Library()


@register.filter
def may(membership: Membership, right: str) -> bool:
    """Whether to offer a link; the page behind it checks for itself. `{% if membership|may:"SEE_RAW" %}`."""
    return membership.may(Right[right])


@register.filter
def may_open(membership: Membership, page: str) -> bool:
    """Whether to offer a way to the page of this name."""
    return membership.may(PAGES[page])


@register.filter
def may_see(membership: Membership, operation: Operation) -> bool:
    """Whether to offer the way to an operation's page: one's own, or everybody's."""
    if membership.may(Right.JOURNAL_OF_ALL):
        return True
    return membership.may(Right.JOURNAL) and operation.user_id == membership.user_id


@register.filter
def right_of(page: str) -> str:
    """What is missing, to complete “You may not …”."""
    return PAGES[page].value
