from django import template

from orders.models import Membership
from orders.permissions import Right

register = template.Library()


@register.filter
def may(membership: Membership, right: str) -> bool:
    """Whether to offer a link; the page behind it checks for itself. `{% if membership|may:"SEE_RAW" %}`."""
    return membership.may(Right[right])
