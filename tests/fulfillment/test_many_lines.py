"""The form that fulfills an order of many lines: it never has more fields than one request may have."""

from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.http import QueryDict

from orders.forms.fulfillment.fulfill import MOST_ROWS, FulfillmentForm, fresh
from orders.models import PartnerSettings
from orders.services.fulfillment.fulfillable import FulfillmentSnapshot, LineSnapshot
from tests.support.shown import order_facts

FIELDS_OF_A_LINE = 6  # its tick, its units, and four that Digital River takes


def shown(lines: int) -> FulfillmentSnapshot:
    line = LineSnapshot(2, 2, False, "Tent", "", None, "", "")
    every = {f"line-{number}": line for number in range(lines)}
    return FulfillmentSnapshot(**order_facts(), lines=every, partners={}, recipient="")


def form_of(data: QueryDict, lines: int) -> FulfillmentForm:
    return FulfillmentForm(
        data,
        snapshot=shown(lines),
        destinations={"digital_river", "order_protection"},
        defaults=PartnerSettings(),
        zone=ZoneInfo("Europe/Berlin"),
    )


@pytest.mark.parametrize("lines", [10, 150, 380, 1200])
def test_as_many_parcels_as_it_may_have_fit_into_one_request(lines: int) -> None:
    data = fresh(shown(lines), ticked={})
    form = form_of(data, lines)
    while form.can_add:
        data = form.data.copy()
        data["do"] = "parcel"
        form = form_of(data, lines)
    assert len(form.parcels) > 1
    assert len(form.parcels) * lines <= MOST_ROWS
    assert MOST_ROWS * FIELDS_OF_A_LINE < settings.DATA_UPLOAD_MAX_NUMBER_FIELDS


def test_parcels_with_nothing_in_them_are_not_counted_on_the_button() -> None:
    data = fresh(shown(2), ticked={"line-0": 2, "line-1": 2})
    data.setlist("parcel", ["1", "2", "3"])
    assert form_of(data, 2).named.parcels == 1
