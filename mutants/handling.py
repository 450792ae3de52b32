from mutants.catalog import Mutant

HOLDS = "tests/handling/test_holds.py"

MUTANTS = [
    Mutant(
        name="held-orders-shipped",
        defense="An order on hold is not shipped: whoever has its form open, or no form at all, sends it off.",
        target="orders.services.fulfillment.fulfill:_write",
        old="if any(parcel.kind == Shipment.Kind.PARCEL for parcel in parcels):",
        new="if not parcels:",
        red=f"{HOLDS}::test_nothing_of_a_held_order_is_shipped_until_the_hold_is_released_and_units_can_still_be_given_up",
    ),
    Mutant(
        name="holds-last-for-ever",
        defense="A hold with a day ends on it by itself: the order stays out of the queue, and nobody looks for it.",
        target="orders.services.handling.holds:standing_on",
        old="ahead = Q(until=None) | Q(until__gt=day)",
        new="ahead = Q()",
        red=f"{HOLDS}::test_an_order_on_hold_leaves_the_queue_and_is_back_by_itself_on_its_day",
    ),
    Mutant(
        name="held-orders-packed",
        defense="What is put on hold after its batch was made is not packed: its slip lies on the bench all the same.",
        target="orders.services.picking.slips:picking",
        old="free = [order for order in orders if order.id not in held and states.ready_to_ship(order)]",
        new="free = [order for order in orders if states.ready_to_ship(order)]",
        red="tests/picking/test_batches.py::test_what_is_shipped_or_put_on_hold_after_the_batch_was_made_is_not_packed",
    ),
]
