"""All addresses. What is below /<merchant>/<live|test>/ names merchant and mode there and nowhere else."""

from django.urls import URLPattern, URLResolver, include, path, register_converter
from django.urls.converters import StringConverter

from orders.models import MODES
from orders.views import customers, health, orders, search


class ModeConverter(StringConverter):
    regex = "|".join(MODES)


class DirectionConverter(StringConverter):
    regex = "newer|older"


register_converter(ModeConverter, "mode")
register_converter(DirectionConverter, "direction")

order_pages = [
    path("", orders.order_list, name="order_list"),
    path("<uuid:order_id>/", orders.order_detail, name="order_detail"),
    path("<uuid:order_id>/<direction:direction>/", orders.order_neighbour, name="order_neighbour"),
    path("<uuid:order_id>/json/", orders.order_json, name="order_json"),
]

customer_pages = [
    path("", customers.customer_list, name="customer_list"),
    path("<uuid:customer_id>/", customers.customer_detail, name="customer_detail"),
]

merchant_pages: list[URLPattern | URLResolver] = [
    path("orders/", include(order_pages)),
    path("customers/", include(customer_pages)),
    path("search/", search.search, name="search"),
]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("<slug:merchant>/<mode:mode>/", include(merchant_pages)),
]
