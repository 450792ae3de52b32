"""Digital River and OrderProtection: each hears of a parcel once, and in its terms."""

from mutants.catalog import Edit, Mutant

MUTANTS = [
    Mutant(
        name="corrected-ids-not-sent",
        defense="An id that a partner did not know is corrected, and what failed for it waits on.",
        target="orders.services.partners.directory:_make_due",
        old=".filter(Q(code__in=WITHOUT_IDS) | Q(pk__in=corrected), state=PartnerUpdate.State.FAILED)",
        new=".filter(code__in=WITHOUT_IDS, state=PartnerUpdate.State.FAILED)",
        red="tests/partners/test_settings.py::test_a_failure_that_wants_an_id_leads_to_it_and_saving_it_sends[order_protection-order_unknown]",
    ),
    Mutant(
        name="ids-of-what-may-be-there",
        defense="What a partner may know already keeps its ids: typed ones reach a partner update in doubt.",
        target="orders.services.partners.directory:save_ids",
        old="_untouched(typed, destination).update(partner_order_id=ids.order_id(destination))",
        new="""
            of_order = PartnerUpdate.objects.filter(order_id=typed.order_id, destination=destination)
            of_order.update(partner_order_id=ids.order_id(destination))
        """,
        red="tests/partners/test_settings.py::test_what_a_partner_may_know_already_keeps_its_ids",
    ),
    Mutant(
        name="late-duplicates-captured",
        defense=(
            "Late duplicates at Digital River: sent again though the first call could yet take the same units once "
            "more."
        ),
        target="orders.services.partners.digital_river:_may_arrive_late",
        old="if sending.doubt.answered or _duplicate_is_refused(sending.partner_update, listed):",
        new="if True:",
        red="tests/partners/test_digital_river_updates.py::test_what_may_still_arrive_and_could_be_captured_twice_is_for_a_person",
    ),
    Mutant(
        name="looks-ten-minutes-early",
        defense=(
            "Digital River may take a call in doubt minutes later: its list is read at once, and tells nothing yet."
        ),
        target="orders.services.partners.digital_river:bring",
        old="sending.pause = settings.DIGITAL_RIVER_DOUBT_SECONDS",
        new="sending.pause = 0",
        red="tests/partners/test_digital_river_updates.py::test_a_call_that_was_done_and_hung_up_on_is_found_and_captured_once",
    ),
    Mutant(
        name="open-lines-not-offered",
        defense="One line that Digital River has closed blocks the whole parcel for good.",
        target="orders.services.partners.digital_river:_open_part",
        old="if not closed or len(closed) == len(items):",
        new="if True:",
        red="tests/partners/test_digital_river_open.py::test_a_line_that_is_gone_there_leaves_the_others_to_be_sent",
    ),
    Mutant(
        name="parcels-of-others-taken-for-ours",
        defense="Sent only where our reference is: any fulfillment of the order counts as this parcel.",
        target="orders.services.partners.digital_river:_ours",
        old="return [one for one in listed if one.metadata.get(REFERENCE) == reference]",
        new="return listed[:1]",
        red="tests/partners/test_digital_river_updates.py::test_a_parcel_is_not_taken_for_one_of_the_same_units_that_is_not_ours",
    ),
    Mutant(
        name="parcels-sent-without-a-look",
        defense=(
            "Digital River captures on every create: after a call in doubt it is sent again, and its list is not read."
        ),
        target="orders.services.partners.digital_river:bring",
        old="reconciled = _reconciled(sending) if sending.to_look_first else None",
        new="reconciled = None",
        red="tests/partners/test_digital_river_updates.py::test_a_call_that_was_done_and_hung_up_on_is_found_and_captured_once",
    ),
    Mutant(
        name="partners-orders-taken-over",
        defense="One order at a partner is one of ours: a second order takes the id over from the first.",
        target="orders.services.partners.partner_orders:claim",
        old="if _holds(found):",
        new="if False:",
        red="tests/partners/test_partner_orders.py::test_a_second_order_with_a_partners_id_is_refused_before_any_call",
    ),
    Mutant(
        name="partners-switched-on-by-adding",
        defense="A partner hears of shipments only after a person has switched it on: its first key is on at once.",
        target="orders.services.merchants.connections:add",
        old="connection.active = provider == REVKEEN and not _alike(connection).exists()",
        new="connection.active = not _alike(connection).exists()",
        red="tests/partners/test_partner_connections.py::test_a_key_is_tried_by_reading_alone_and_saved_switched_off",
    ),
    Mutant(
        name="refusals-taken-for-sent",
        defense="“It is fulfilled already” says nothing of our units: it is believed without a look at them.",
        target="orders.services.partners.digital_river:_refused",
        old="if already and _all_units_are_there(sending.partner_update, listed):",
        new="if already:",
        red=(
            "tests/partners/test_digital_river_updates.py::test_an_order_that_is_finished_without_our_units_is_for_a_person[fulfilled-order_fulfilled]",
            "tests/partners/test_digital_river_updates.py::test_units_that_were_canceled_there_are_not_taken_for_shipped",
        ),
    ),
    Mutant(
        name="repeats-without-a-look",
        defense="OrderProtection after a call in doubt: the shipment is sent again before its list was read.",
        target="orders.services.partners.order_protection:_brought",
        old="there = _there(sending) if sending.partner_update.sent_version or sending.to_look_first else None",
        new="there = _there(sending) if sending.partner_update.sent_version else None",
        red="tests/partners/test_order_protection_updates.py::test_a_call_that_was_done_and_hung_up_on_is_found_and_not_sent_again",
    ),
    Mutant(
        name="shipped-when-it-was-told",
        defense="OrderProtection dates a parcel when it was told of it: a day of outage is a day of the claim.",
        target="orders.services.partners.order_protection:body_of",
        old='"createdAt": _instant(shipment.shipped_at or shipment.created_at),',
        new='"createdAt": _instant(shipment.shipped_at),',
        red="tests/partners/test_order_protection_updates.py::test_it_is_dated_when_it_was_shipped_and_not_when_it_was_told",
    ),
    Mutant(
        name="statuses-in-small-letters",
        defense="OrderProtection takes its statuses exactly so: they are sent as staff read them.",
        target="orders.services.partners.order_protection:body_of",
        old='"fulfillmentStatus": shipment.status,',
        new='"fulfillmentStatus": shipment.status.lower(),',
        red="tests/partners/test_order_protection_updates.py::test_a_parcel_arrives_with_all_that_was_said_of_it",
    ),
    Mutant(
        name="switched-off-at-once",
        defense="A partner is switched off without a word on how many shipments wait for it.",
        target="orders.views.merchants.connections:connection_switch_off",
        old='if request.method != "POST" or request.POST.get("confirmed") != "yes" or not possible:',
        new='if request.method != "POST" or not possible:',
        red="tests/partners/test_switched_off.py::test_switching_off_asks_and_says_how_many_wait",
    ),
    Mutant(
        name="turns-at-once",
        defense="OrderProtection is called five times a second at most: turns are not apart.",
        target="orders.services.partners.order_protection",
        old="APART = timedelta(milliseconds=250)",
        new="APART = timedelta(0)",
        red="tests/partners/test_order_protection_updates.py::test_turns_are_a_quarter_of_a_second_apart_and_begin_anew_after_a_pause",
    ),
    Mutant(
        name="turns-not-waited-for",
        defense="OrderProtection is called five times a second at most: whoever has a turn calls before it.",
        target="orders.services.partners.order_protection:Paced.before_call",
        old="time.sleep(take_turn(self._connection_id))",
        new="take_turn(self._connection_id)",
        red="tests/partners/test_order_protection_updates.py::test_calls_go_out_a_quarter_of_a_second_apart",
    ),
    Mutant(
        name="unknown-lines-open",
        defense="A line in a state that Digital River does not document counts as open there.",
        target="orders.services.partners.digital_river_open:There.units_open",
        old="if self.states.get(item_id, OPEN_STATES[0]) not in OPEN_STATES:",
        new='if self.states.get(item_id) == "fulfilled":',
        red="tests/partners/test_digital_river_open.py::test_a_line_in_a_state_we_do_not_know_is_not_called_open",
    ),
    Mutant(
        name="waits-not-shared",
        defense="Fault 17, 429 of a partner: another process with the same key calls at once.",
        target="orders.services.partners.partner_worker:_ready",
        old="if wait > 0:",
        new="if False:",
        also=(
            Edit(
                "orders.services.partners.directory:client_of",
                "if connection.wait_until is not None:",
                "if False and connection.wait_until is not None:",
            ),
        ),
        red="tests/partners/test_digital_river_updates.py::test_what_one_process_was_asked_to_wait_another_waits_too",
    ),
]
