"""All addresses. What is below /<merchant>/<live|test>/ names merchant and mode there and nowhere else."""

from django.urls import include, path, register_converter

from orders.models import MODES
from orders.views import health


class ModeConverter:
    regex = "|".join(MODES)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ModeConverter, "mode")

merchant_pages: list = []

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("<slug:merchant>/<mode:mode>/", include(merchant_pages)),
]
