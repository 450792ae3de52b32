"""The peer: a page that makes the same one call and renders the same rows, and does nothing else.

No sign-in, no session, no database, no gate shared with anybody, no copy kept, no middleware at all; the same client,
types and row template. What our page takes more than this one is what all of that costs.
"""

import os
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from orders.apis.gate import Gate
from orders.apis.revkeen import reads
from orders.apis.revkeen.client import Client

django.setup(set_prefix=False)
settings.MIDDLEWARE = []
settings.ROOT_URLCONF = "bench.minimal"
settings.TEMPLATES[0]["DIRS"].append(settings.BASE_DIR / "bench/templates")
settings.TEMPLATES[0]["OPTIONS"] = {}

MERCHANT = SimpleNamespace(slug="northwind", zone=ZoneInfo("Europe/Berlin"))
client = Client(os.environ["REVKEEN_LIVE_URL"], "rk_live_northwind_demo", "2026-05-01", Gate())


def page(request: HttpRequest) -> HttpResponse:
    from orders.views.orders.tables import order_rows  # its models can only be imported when Django is set up

    listing = client.get(reads.orders(limit=50)).require()
    context = {"rows": order_rows(listing, {}), "merchant": MERCHANT, "mode": "live"}
    return render(request, "minimal.html", context)


def order_list(request: HttpRequest, **parts: str) -> HttpResponse:
    """Only so that the rows can name their address."""
    return HttpResponse()


urlpatterns = [path("", page), path("<merchant>/<mode>/orders/", order_list, name="order_list")]
application = WSGIHandler()
