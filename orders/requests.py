"""The requests our views get: Django's, with what our middleware and decorators put on them."""

from django.http import HttpRequest
from django.urls import ResolverMatch
from django_htmx.middleware import HtmxDetails

from orders.models import Membership, Merchant, User
from orders.services.accounts.unsent import Unsent


class Request(HttpRequest):
    htmx: HtmxDetails
    user: User
    request_id: str
    unsent: Unsent | None  # what is filled into the form of the page, see middleware.unsent_forms


class MerchantRequest(Request):
    """A request below /<merchant>/<mode>/ by somebody who may make it."""

    merchant: Merchant
    mode: str
    resolver_match: ResolverMatch
    membership: Membership  # the one at this merchant
    memberships: list[Membership]  # all of the person's, for the switcher
