"""What a scan is: one function says it, and a label is never what might as well be an item."""

import uuid

import pytest

from orders.models import Batch
from orders.services.fulfillment.numbered import Elsewhere
from orders.services.station.scans import AtHand, Kind, Look, what_is

HERE, OTHER, RETURNED = (uuid.UUID(int=number) for number in (1, 2, 3))  # the same in every process
UPS = "1Z999AA10123456784"
FEDEX = "986578788855"  # twelve digits with a good check digit
FEDEX_GTIN = "012345678905"  # which FedEx may have as well: a UPC
FEDEX_WHOLE = f"9632001960000000000400{FEDEX}"  # the bar code of a label
LOOK = Look(
    item={"4006381333931": ("TENT-1", "Tent"), "MUG-1": ("MUG-1", "Mug")}.get,
    order={"NW-1": HERE, "NW-2": OTHER, str(OTHER): OTHER, "123456789012": OTHER}.get,
    elsewhere=lambda text: Elsewhere({UPS: RETURNED, "NW-3": OTHER}.get(text)),
    batch={"BATCH-17": Batch(number=17)}.get,
)
FRESH = AtHand(HERE, {"tent-1", "00000020000001"}, all_counted=False, counts=False)
COUNTING = AtHand(HERE, {"tent-1", "00000020000001"}, all_counted=False, counts=True)
COUNTED = AtHand(HERE, {"tent-1", "00000020000001"}, all_counted=True, counts=True)


@pytest.mark.parametrize(
    ("text", "at_hand", "kind"),
    [
        ("", COUNTING, Kind.NOTHING),
        ("  ", None, Kind.NOTHING),
        ("tent-1", COUNTING, Kind.ITEM),
        (" TENT-1 ", COUNTED, Kind.ITEM),
        ("20000001", FRESH, Kind.ITEM),  # by a barcode of the line
        ("4006381333931", FRESH, Kind.ITEM),  # by one of the table
        ("MUG-1", COUNTING, Kind.OTHER_ITEM),
        ("4006381333931", None, Kind.OTHER_ITEM),
        ("NW-1", COUNTING, Kind.SAME_ORDER),
        ("NW-2", COUNTING, Kind.ORDER),
        (str(OTHER), None, Kind.ORDER),
        ("NW-3", FRESH, Kind.ORDER),  # asked of RevKeen last
        ("123456789012", COUNTED, Kind.ORDER),  # an order's number is never taken for a label
        (UPS, COUNTING, Kind.LABEL),
        (f"{UPS[:-1]}9", COUNTING, Kind.LABEL),  # the form says that its check digit is wrong
        (UPS, None, Kind.ORDER),  # of a parcel that came back
        (FEDEX, COUNTED, Kind.LABEL),
        (FEDEX, FRESH, Kind.LABEL),  # nobody counts here
        (FEDEX, COUNTING, Kind.UNCLEAR),
        (FEDEX_WHOLE, COUNTING, Kind.LABEL),
        (FEDEX_GTIN, FRESH, Kind.UNCLEAR),
        (FEDEX_GTIN, COUNTED, Kind.LABEL),
        ("X00ABCDEFG", COUNTED, Kind.UNKNOWN),
        (UPS.lower(), COUNTING, Kind.LABEL),
        (FEDEX, None, Kind.UNKNOWN),
        ("BATCH-17", None, Kind.BATCH),
        ("BATCH-17", COUNTING, Kind.BATCH),
        ("BATCH-18", COUNTING, Kind.UNKNOWN),
    ],
)
def test_what_a_scan_is(text: str, at_hand: AtHand | None, kind: Kind) -> None:
    assert what_is(text, at_hand, LOOK).kind is kind


def test_another_barcode_of_an_item_counts_as_its_sku() -> None:
    assert what_is("4006381333931", COUNTING, LOOK).code == "TENT-1"
