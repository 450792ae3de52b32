"""Parcels at RevKeen: units that leave once, numbers, and undoing."""

from mutants.catalog import Edit, Mutant

MUTANTS = [
    Mutant(
        name="addresses-that-run",
        defense="A tracking address is a link for customers: javascript: and http: are taken.",
        target="orders.forms.fields.tracking:https_address",
        old='parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0',
        new="bool(parts.scheme)",
        red=(
            "tests/fulfillment/test_parcels.py::test_only_an_https_address_is_taken",
            "tests/fulfillment/test_corrections.py::test_what_cannot_be_is_said_by_its_field_and_nothing_is_saved",
        ),
    ),
    Mutant(
        name="corrected-numbers-not-doubted",
        defense=(
            "A corrected number that something speaks against goes to the partners only when somebody is sure: it goes "
            "at once."
        ),
        target="orders.forms.fulfillment.shipments:TrackingForm._check_doubts",
        old="""
            if self.is_sure:
                return
        """,
        new="return",
        red="tests/fulfillment/test_corrections.py::test_each_doubt_is_said_before_anybody_is_told_and_can_be_overruled",
    ),
    Mutant(
        name="corrections-written-over",
        defense="Two who put the same shipment right: the second writes over the first without having seen it.",
        target="orders.services.fulfillment.corrections:correct",
        old="""
            if standing.version != seen_version:
                raise Stale
        """,
        new="",
        red="tests/fulfillment/test_corrections.py::test_whoever_comes_second_sees_what_the_first_saved_and_may_replace_it",
    ),
    Mutant(
        name="doubted-numbers-sent",
        defense="A number that something speaks against is sent only when somebody is sure: it is sent at once.",
        target="orders.forms.fulfillment.parcel_numbers:TrackingRow.is_doubted",
        old="return bool(self.doubts) and not self.is_sure",
        new="return False",
        red="tests/fulfillment/test_tracking_numbers.py::test_each_doubt_is_said_before_anything_is_sent_and_can_be_overruled",
    ),
    Mutant(
        name="expressions-that-explode",
        defense="Attack 23, ReDoS: an expression takes twice as long for each sign more.",
        target="orders.forms.fields.tracking",
        old='PLAIN = RegexValidator(r"^[ -~]*$"',
        new='PLAIN = RegexValidator(r"^(?:[ -~]+)*$"',
        red="tests/site/test_heavy_requests.py::test_no_expression_takes_long_for_any_text",
    ),
    Mutant(
        name="halves-that-came-back",
        defense=(
            "What is left decides what RevKeen hears: a second half tells it of a line whose first half was undone "
            "since."
        ),
        target="orders.services.fulfillment.shipments:refuse_other_than_shown",
        old="if left > line.left:",
        new="if False:",
        red="tests/faults/test_partners.py::test_the_second_half_of_a_line_completes_nothing_once_the_first_was_undone",
    ),
    Mutant(
        name="halves-that-leave-revkeen-out",
        defense=(
            "What is left decides what RevKeen hears: of two halves of a line, each is sent from a form that shows the "
            "whole."
        ),
        target="orders.services.fulfillment.shipments:refuse_other_than_shown",
        old="if left < line.left:",
        new="if False:",
        red="tests/faults/test_partners.py::test_two_who_ship_the_two_halves_of_a_line_from_old_forms_do_not_forget_revkeen",
    ),
    Mutant(
        name="halves-undone-too-late",
        defense=(
            "What is left decides what RevKeen hears: a first half is undone while the second one tells of the whole "
            "line."
        ),
        target="orders.services.fulfillment.undo:_undo",
        old="if operation is None:",
        new="if False:",
        red="tests/faults/test_partners.py::test_the_first_half_of_a_line_cannot_be_undone_while_the_second_tells_revkeen_of_the_whole",
    ),
    Mutant(
        name="undo-windows-ignored",
        defense="Within the undo window nobody is told: the operation goes out with the press of the button.",
        target="orders.services.changes.journal:submit",
        old="return carry_out(api, operation) if is_new and not change_request.undo_seconds else operation",
        new="return carry_out(api, operation) if is_new else operation",
        red="tests/fulfillment/test_parcels.py::test_undone_within_the_hold_nobody_ever_hears_of_it",
    ),
    Mutant(
        name="left-here-not-counted",
        defense="That something left from here is forgotten where RevKeen calls the order unshipped.",
        target="orders.services.orders.conditions:conditions",
        old="plain = plain_state(facts.order, facts.gone)",
        new="plain = plain_state(facts.order)",
        red="tests/orders/test_conditions.py::test_nothing_is_shipped_is_not_said_where_something_left_from_here",
    ),
    Mutant(
        name="lines-and-e-mail-left-to-defaults",
        defense="RevKeen's defaults, all lines and an e-mail: what is not ticked is left to them.",
        target="orders.services.fulfillment.fulfill:_step",
        old='body: dict[str, Any] = {"line_item_ids": lines, "notify_customer": parcel.notify}',
        new="""
            body: dict[str, Any] = {"line_item_ids": lines}
            if parcel.notify:
                body["notify_customer"] = True
        """,
        red="tests/fulfillment/test_fulfill.py::test_lines_and_e_mail_are_always_named_to_revkeen_and_the_rest_only_when_typed",
    ),
    Mutant(
        name="lines-leave-twice",
        defense="A unit leaves once: one that is in a shipment is sent again from another tab, or by another person.",
        target="orders.services.fulfillment.shipments:write",
        old="_refuse_too_many(parcels, before, shown)",
        new="",
        also=(
            Edit("orders.services.fulfillment.shipments:refuse_other_than_shown", "if left < line.left:", "if False:"),
        ),
        red=(
            "tests/fulfillment/test_fulfill.py::test_a_line_of_a_form_in_another_tab_does_not_leave_twice",
            "tests/fulfillment/test_parcels.py::test_of_two_people_who_ship_parts_the_second_is_told_what_is_left",
        ),
    ),
    Mutant(
        name="lines-that-left-not-locked",
        defense="Lines that have left are locked: the form offers them again.",
        target="orders.services.fulfillment.fulfillable:Fulfillable.open_lines",
        old="return [line for line in self.order.require().lines if self.left(line)]",
        new="return self.order.require().lines",
        red="tests/fulfillment/test_fulfill.py::test_lines_that_have_left_are_locked_and_say_in_which_shipment",
    ),
    Mutant(
        name="missed-updates-not-said",
        defense="What a partner missed while it was off is not said once it is on: the order is called finished.",
        target="orders.services.orders.conditions:CONDITIONS",
        old="partner_conditions.missed,",
        new="",
        red="tests/orders/test_conditions.py::test_what_a_partner_missed_while_it_was_off_is_said_instead_of_finished_once_it_is_on",
    ),
    Mutant(
        name="moved-orders-taken-for-fulfilled",
        defense="Rule 5, look after: an order that moved bears out a fulfillment that it cannot show.",
        target="orders.services.changes.journal:_look_after",
        old="if not contradiction and verification.shows_nothing_new(operation, order.require()):",
        new="if False:",
        red="tests/faults/test_questions.py::test_a_fulfillment_is_not_borne_out_by_an_order_that_somebody_else_moved",
    ),
    Mutant(
        name="packed-though-not-to-ship",
        defense=(
            "Packing slips and the pick list also for orders that are canceled, given back, or whose fulfillment nobody"
            " knows."
        ),
        target="orders.services.picking.slips:picking",
        old="free = [order for order in orders if order.id not in held and states.ready_to_ship(order)]",
        new="free = [order for order in orders if order.id not in held]",
        red="tests/picking/test_papers.py::test_only_what_waits_to_be_shipped_is_packed",
    ),
    Mutant(
        name="parcels-for-changed-orders",
        defense=(
            "Look before sending: a parcel of which RevKeen hears nothing is written down for an order that has "
            "changed."
        ),
        target="orders.services.fulfillment.fulfill:_write_down",
        old="""
            if found:
                raise OrderChanged(found)
        """,
        new="",
        red="tests/fulfillment/test_parcels.py::test_a_part_for_an_order_that_changed_since_is_not_written_down",
    ),
    Mutant(
        name="parts-of-held-orders",
        defense=(
            "One change of an order at a time: a part is written down while an operation on the order is in doubt."
        ),
        target="orders.services.fulfillment.fulfill:_write_alone",
        old="order_id=form_token.order_id,",
        new="order_id=form_token.operation_id,",
        red="tests/fulfillment/test_parcels.py::test_a_part_of_an_order_that_an_operation_holds_is_not_written_down",
    ),
    Mutant(
        name="refused-parcels-not-said",
        defense="A parcel that RevKeen refused is neither on the order nor in the list of what to fulfill.",
        target="orders.services.orders.conditions:CONDITIONS",
        old="_parcels_not_taken,",
        new="",
        red="tests/orders/test_conditions.py::test_a_parcel_that_revkeen_refused_is_said_on_the_order_and_in_to_fulfill_until_it_is_sent_anew",
    ),
    Mutant(
        name="sure-of-any-number",
        defense="Who was sure of one number is asked again for another: they are not.",
        target="orders.forms.fulfillment.parcel_numbers:ParcelNumbers._tracking_row",
        old='self._typed(f"sure-{place}") == sure,',
        new='bool(self._typed(f"sure-{place}")),',
        red="tests/fulfillment/test_tracking_numbers.py::test_who_was_sure_of_one_number_is_not_sure_of_the_next",
    ),
    Mutant(
        name="undo-offered-to-all",
        defense="What one person has just sent off is offered to them alone to undo: it is offered to everybody.",
        target="orders.services.fulfillment.leaving:leaving",
        old="user=user, ",
        new="",
        red="tests/fulfillment/test_at_the_table.py::test_only_ones_own_that_can_still_be_undone_are_offered",
    ),
    Mutant(
        name="undos-of-what-is-being-sent",
        defense="An undo promises that nobody was told: it is taken while a worker has the operation at hand.",
        target="orders.services.fulfillment.undo:_undo",
        old="at_hand = operation is not None and operation.lease_until > fulfillment.undo_until",
        new="at_hand = False",
        red="tests/fulfillment/test_parcels.py::test_what_a_worker_has_at_hand_cannot_be_undone",
    ),
    Mutant(
        name="undos-too-late",
        defense="An undo promises that nobody was told: it is taken after the undo window.",
        target="orders.services.fulfillment.undo:_undo",
        old="held = Fulfillment.objects.filter(pk=fulfillment.pk, undone_at=None, undo_until__gt=Now())",
        new="held = Fulfillment.objects.filter(pk=fulfillment.pk, undone_at=None)",
        red="tests/fulfillment/test_parcels.py::test_when_the_hold_is_over_it_is_too_late_though_nobody_was_told_yet",
    ),
    Mutant(
        name="what-left-proposed-again",
        defense="Only what came to nothing is filled in again: what has left is too.",
        target="orders.services.fulfillment.last_attempt:last_tried",
        old="return found if all(one.state in CAME_TO_NOTHING and one.kind == kind for one in found) else []",
        new="return found if all(one.kind == kind for one in found) else []",
        red="tests/fulfillment/test_at_the_table.py::test_what_revkeen_refused_is_there_again_and_what_left_is_not",
    ),
    Mutant(
        name="undone-parcels-on-the-manifest",
        defense="The manifest has what is handed over: parcels that were undone, or refused, stand on it too.",
        target="orders.services.fulfillment.manifest:parcels",
        old="state__in=Shipment.COUNTED, ",
        new="",
        red="tests/fulfillment/test_manifest.py"
        "::test_parcels_of_the_day_are_counted_by_carrier_and_person_and_an_order_once",
    ),
]
