"""The station: what is scanned counts once, what is wrong goes nowhere, and nobody packs what another packs."""

from mutants.catalog import Mutant

MUTANTS = [
    Mutant(
        name="scan-counted-twice",
        defense="A scan that is sent again, because no answer came, counts once: it counts each time.",
        target="orders.services.station.bench:said_before",
        old='return any(heard["id"] == scan_id for heard in packing.heard)',
        new="return False",
        red="tests/station/test_station.py::test_a_scan_that_is_sent_twice_counts_once",
    ),
    Mutant(
        name="enter-over-a-refusal",
        defense="Enter sends nothing over a refusal that nobody has seen: it sends what is there.",
        target="orders.views.station.station:_unread",
        old='return Said(BAD, NOT_SEEN) if last["tone"] == BAD and action.is_enter else None',
        new="return None",
        red="tests/station/test_station.py::test_enter_sends_nothing_over_a_refusal_that_nobody_saw",
    ),
    Mutant(
        name="order-taken-unseen",
        defense="What was meant for an order that a colleague took does nothing else: Enter opens the next order.",
        target="orders.views.station.station:_not_meant",
        old="bench.told(packing, action.seen)",
        new='""',
        red="tests/station/test_station.py::"
        "test_whoever_goes_on_with_an_order_that_was_taken_over_is_told_so_and_nothing_else_happens",
    ),
    Mutant(
        name="key-pressed-twice",
        defense="A double click confirms no question that nobody has read: it would ship without a tracking number.",
        target="orders.views.station.station:_unread",
        old='if not last["text"]:',
        new="if False:",
        red="tests/station/test_station.py::test_a_key_pressed_twice_answers_nothing_that_nobody_read",
    ),
    Mutant(
        name="item-as-a-label",
        defense="Digits that may be an item's are no label while items are counted: they go to the customer as one.",
        target="orders.services.station.scans:_label",
        old="is_sure = at_hand.all_counted or not (at_hand.counts or _is_gtin(plain))",
        new="is_sure = True",
        red="tests/station/test_scans.py::test_what_a_scan_is",
    ),
    Mutant(
        name="surplus-unit-counted",
        defense="A unit more than is left of a line is refused: it is counted.",
        target="orders.services.station.work:count",
        old="if work.units[line_id] < shown.lines[line_id].left",
        new="if True",
        red="tests/station/test_station.py"
        "::test_a_wrong_item_a_surplus_unit_and_a_label_twice_are_refused_and_change_nothing",
    ),
    Mutant(
        name="unscanned-units-leave",
        defense="Where every unit is scanned none leaves without a scan or a reason: Enter sends them.",
        target="orders.forms.station.packing_form:missing",
        old="if work.part or work.reason or not (work.units or work.must):",
        new="if work.part or work.reason or not work.units:",
        red="tests/station/test_station.py::test_where_every_unit_is_scanned_nothing_leaves_without_a_scan_or_a_reason",
    ),
    Mutant(
        name="order-packed-by-two",
        defense="An order that lies with somebody is taken over on purpose alone: whoever scans it takes it.",
        target="orders.services.station.bench:free",
        old="if holder is not None and holder.pk != packing.pk:",
        new="if False:",
        red="tests/station/test_station.py::test_two_people_never_have_the_same_order",
    ),
    Mutant(
        name="next-is-anothers",
        defense="What follows is assigned to nobody else: two people would walk to one order.",
        target="orders.services.fulfillment.to_fulfill:free_for",
        old="and row.handled.assigned_to in (None, user)",
        new="and True",
        red="tests/station/test_batch_at_hand.py::test_the_next_order_is_none_that_is_on_hold_or_another_persons",
    ),
]
