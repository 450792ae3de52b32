"""Two people at the same moment: one releases a parcel to the partners, the other saves the ids it has there."""

import pytest

from tests.support.processes import Site

pytestmark = pytest.mark.database

MAKE = """
import json, sys, uuid
from django.utils import timezone
from orders.models import Fulfillment, PartnerUpdate, Shipment
from orders.services.index import clock, writing
from tests.conftest import make_merchant, make_person
from tests.support.samples import an_order
print("ready", flush=True); sys.stdin.readline()
merchant = make_merchant("Northwind", "northwind", "Europe/Berlin")
ana = make_person("ana@x.example", merchant, "operations")
order = str(uuid.uuid4())
writing.apply(merchant, "live", [an_order(id=order)], clock.now())
of = dict(merchant=merchant, mode="live", order_id=order)
pressed = Fulfillment.objects.create(pk=uuid.uuid4(), user=ana, who="ana", undo_until=timezone.now(), **of)
sent = Shipment.objects.create(fulfillment=pressed, number=1, notified=False, state="refused", **of)
for partner in ("digital_river", "order_protection"):
    PartnerUpdate.objects.create(shipment=sent, destination=partner, state="blocked", **of)
print(json.dumps(order))
"""
# Each stops for a moment where it has one lock and not the other yet: so long does the other one run into it.
ACT = """
import json, sys, time
from orders.models import OrderCopy, OrderIds, PartnerUpdate, User
from orders.services.index import copies, findings
from orders.services.partners import directory, manual
ana, copy, take = User.objects.get(), OrderCopy.objects.prefetch_related("lines").get(), findings.hold
order = copies.order_of(copy)
blocked = list(PartnerUpdate.objects.order_by("pk"))
saves = sys.argv[1] == "save"
def slowly(*whose):
    time.sleep(0 if saves else 0.5)
    take(*whose)
    time.sleep(1 if saves else 0)
findings.hold = slowly
print("ready", flush=True); sys.stdin.readline()
if saves:
    typed = OrderIds(merchant=copy.merchant, mode="live", order_id=order.id, digital_river="DR-1")
    directory.save_ids(typed, order, ana)
else:
    for one in blocked:
        assert manual.release(one, ana)
print("null")
"""
WHAT_BECAME = "SELECT destination, state, partner_order_id FROM orders_partnerupdate ORDER BY id"


def test_a_parcel_is_released_while_its_ids_are_saved_and_neither_waits_for_ever(site: Site) -> None:
    """Both take the partner updates before they hold the findings."""
    order = site.run(MAKE)
    site.run_together(ACT, [("save",), ("release",)])
    assert site.rows(WHAT_BECAME) == [("digital_river", "waiting", "DR-1"), ("order_protection", "waiting", order)]
