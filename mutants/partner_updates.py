"""Partner updates to partners: order by order, held back, stopped, released, sent again."""

from mutants.catalog import Mutant

MUTANTS = [
    Mutant(
        name="calls-begun-too-late",
        defense="Whoever slept for more than half of the lease begins a call that another may make as well by then.",
        target="orders.services.partners.outbox:take_to_send",
        old="pk=partner_update.pk, state=State.SENDING, attempts=partner_update.attempts, lease_until__gte=enough",
        new="pk=partner_update.pk, state=State.SENDING, attempts=partner_update.attempts",
        red="tests/partners/test_outbox.py::test_one_who_is_late_does_not_begin_a_call",
    ),
    Mutant(
        name="calls-to-partners-not-counted",
        defense="A backup from before a partner update's call is not known to be old.",
        target="orders.services.partners.outbox:take_to_send",
        old="""
            quarantine.count_up()
            transaction.on_commit(quarantine.note_count)
        """,
        new="",
        red=(
            "tests/partners/test_outbox.py::test_each_call_is_counted_so_that_a_backup_from_before_it_is_known_to_be_old",
            "tests/partners/test_outbox.py::test_a_restored_backup_is_noticed_by_its_partner_updates",
        ),
    ),
    Mutant(
        name="partner-update-leases-ignored",
        defense="A partner update is one worker's for 120 s: another takes it while it is being sent.",
        target="orders.services.partners.outbox:_due",
        old="left_behind = Q(state=State.SENDING, lease_until__lte=Now())",
        new="left_behind = Q(state=State.SENDING)",
        red="tests/partners/test_digital_river_updates.py::test_a_worker_that_died_before_it_took_it_left_no_doubt",
    ),
    Mutant(
        name="doubts-forgotten",
        defense="A call in doubt before the last one: its failure, which says that it is over, counts for both.",
        target="orders.services.partners.attempt:Sending.call",
        old=" and (before.answered or not before.doubtful)",
        new="",
        red="tests/partners/test_digital_river_updates.py::test_a_second_failure_does_not_forget_that_the_first_may_still_arrive",
    ),
    Mutant(
        name="failed-parcels-not-held-back",
        defense="A restored backup: RevKeen did not take the parcel, and what failed of it can still be sent again.",
        target="orders.services.fulfillment.shipments:revkeen_ended",
        old="not_sent = (PartnerUpdate.State.FOR_REVKEEN, PartnerUpdate.State.FAILED)",
        new="not_sent = (PartnerUpdate.State.FOR_REVKEEN,)",
        red="tests/faults/test_partners.py::test_after_a_restore_no_partner_is_told_of_what_revkeen_may_not_have",
    ),
    Mutant(
        name="gateways-believed",
        defense="502 and 504 come from a gateway while the call behind it may go on: they count as its end.",
        target="orders.services.partners.attempt",
        old="OVER = (500, 503)",
        new="OVER = (500, 502, 503, 504)",
        red=(
            "tests/partners/test_digital_river_updates.py::test_what_may_still_arrive_and_could_be_captured_twice_is_for_a_person[fault1]",
            "tests/partners/test_digital_river_updates.py::test_what_may_still_arrive_and_could_be_captured_twice_is_for_a_person[fault2]",
        ),
    ),
    Mutant(
        name="held-parcels-sent-again",
        defense="Only an undo ends an undo window: “send again” lets a parcel out before its time.",
        target="orders.services.partners.manual:_write",
        old="pk=partner_update.pk, state__in=from_states, attempts=partner_update.attempts, shipment__in=let_go",
        new="pk=partner_update.pk, state__in=from_states, attempts=partner_update.attempts",
        red="tests/partners/test_outbox.py::test_what_is_held_is_neither_sent_early_nor_stopped_nor_sent",
    ),
    Mutant(
        name="missed-shipments-sent-by-themselves",
        defense=(
            "What was recorded while a partner was off is sent by itself when it is switched on, and nobody was asked."
        ),
        target="orders.services.fulfillment.shipments:_write_partner_updates",
        old="state=goes if on else PartnerUpdate.State.OFF,",
        new="state=goes,",
        red="tests/partners/test_switched_off.py::test_what_it_missed_is_said_and_never_sent_by_itself",
    ),
    Mutant(
        name="parcels-let-go-early",
        defense="Within the undo window nobody is told: partners hear of a parcel that RevKeen hears nothing of.",
        target="orders.services.fulfillment.shipments:_write_partner_updates",
        old="next_try_at=shipment.fulfillment.undo_until,",
        new="next_try_at=Now(),",
        red="tests/fulfillment/test_parcels.py::test_partners_wait_for_revkeen_and_go_when_it_has_accepted",
    ),
    Mutant(
        name="parcels-out-of-order",
        defense="Order by order: the second parcel of an order goes while the first one is unknown.",
        target="orders.services.partners.outbox:_due",
        old="due = due.filter(left_behind | ~Q(state=State.SENDING) & ~Exists(_before_it()))",
        new="due = due.filter(left_behind | ~Q(state=State.SENDING))",
        red=(
            "tests/partners/test_outbox.py::test_of_an_order_one_goes_after_the_other",
            "tests/partners/test_outbox.py::test_one_that_is_unknown_holds_up_its_order_and_no_other",
        ),
    ),
    Mutant(
        name="parcels-told-by-another-form",
        defense="The form of one parcel tells RevKeen of another: with its carrier, and of lines that are not in it.",
        target="orders.views.fulfillment.unreported:_form_token",
        old="if told is None or told.shipment != shipment.pk:",
        new="if told is None:",
        red="tests/fulfillment/test_unreported.py::test_the_form_of_one_parcel_tells_of_no_other",
    ),
    Mutant(
        name="parcels-told-twice",
        defense="Two hold the same partner update: who slept through a lease sends it beside who has it now.",
        target="orders.services.partners.outbox:take_to_send",
        old="pk=partner_update.pk, state=State.SENDING, attempts=partner_update.attempts, lease_until__gte=enough",
        new="pk=partner_update.pk",
        red="tests/partners/test_outbox.py::test_two_who_hold_the_same_partner_update_send_it_once",
    ),
    Mutant(
        name="partners-orders-not-looked-at",
        defense=(
            "One order at a partner is one of ours: what was written before is sent without a look at whose id it is."
        ),
        target="orders.services.partners.partner_worker:_send",
        old="or _of_another_order(at_hand.partner_update) ",
        new="",
        red="tests/partners/test_partner_orders.py::test_what_was_written_before_ids_were_claimed_is_not_sent_as_another_order",
    ),
    Mutant(
        name="partners-told-too-soon",
        defense="RevKeen first: partners hear of a parcel before RevKeen has accepted it.",
        target="orders.services.fulfillment.shipments:_write_partner_updates",
        old="goes = PartnerUpdate.State.WAITING if shipment.step is None else PartnerUpdate.State.FOR_REVKEEN",
        new="goes = PartnerUpdate.State.WAITING",
        red="tests/fulfillment/test_parcels.py::test_partners_wait_for_revkeen_and_go_when_it_has_accepted",
    ),
    Mutant(
        name="parts-of-old-forms",
        defense="The open part of a parcel is sent from a form that showed what an earlier call came to.",
        target="orders.views.partners.updates:_send_open_part",
        old='return request.POST.get("shown") == str(partner_update.attempts) and manual.send_open_part(',
        new="return manual.send_open_part(",
        red="tests/partners/test_digital_river_open.py::test_a_form_from_before_another_call_sends_nothing",
    ),
    Mutant(
        name="refusals-of-partners-not-looked-after",
        defense="A shipment that a partner answered with a 429 goes out again without a look whether it is there.",
        target="orders.services.partners.attempt:Sending.call",
        old="self.doubt = replace(before, by_hand=before.by_hand or (answered and not before.doubtful))",
        new="self.doubt = replace(before, by_hand=before.by_hand)",
        red="tests/faults/test_partners.py::test_a_no_after_the_work_in_the_partners_own_words_does_not_make_it_twice",
    ),
    Mutant(
        name="refused-parcels-told",
        defense="RevKeen refused it: partners hear of the parcel without a person having released it.",
        target="orders.services.fulfillment.shipments:revkeen_ended",
        old='waiting.update(state=PartnerUpdate.State.BLOCKED, code="revkeen", message=operation.message[:500])',
        new='waiting.update(state=PartnerUpdate.State.WAITING, code="revkeen", message=operation.message[:500])',
        red="tests/fulfillment/test_parcels.py::test_partners_are_held_back_when_revkeen_refuses_and_stopped_when_it_is_sent_anew",
    ),
    Mutant(
        name="released-parcels-forgotten",
        defense="A parcel that was released after RevKeen refused it is forgotten: nobody ever tells RevKeen.",
        target="orders.services.partners.manual:_release",
        old="refused.update(state=Shipment.State.LEFT, unreported_since=Now())",
        new="refused.update(state=Shipment.State.LEFT)",
        red="tests/fulfillment/test_unreported.py::test_what_was_released_stays_in_sight_wherever_somebody_looks",
    ),
    Mutant(
        name="releases-not-asked-about",
        defense="A parcel is released by one press, without a word on the money that is captured and on RevKeen.",
        target="orders.views.partners.updates:partner_update_release",
        old='if request.method != "POST" or request.POST.get("confirmed") != "yes":',
        new='if request.method != "POST":',
        red="tests/fulfillment/test_unreported.py::test_releasing_says_first_what_comes_of_it_and_does_nothing",
    ),
    Mutant(
        name="releases-of-what-left-anew",
        defense="A parcel that was sent off anew after a refusal is released too: its units leave twice.",
        target="orders.services.partners.manual:release",
        old="released = _fits(partner_update.shipment) and _release(partner_update, by)",
        new="released = _release(partner_update, by)",
        red="tests/fulfillment/test_shipments.py::test_what_was_sent_off_anew_cannot_be_released",
    ),
    Mutant(
        name="releases-without-a-look",
        defense="A restored backup: what had been released before is released again, and the partner is not read.",
        target="orders.services.partners.manual:_release",
        old='now = {"state": State.WAITING, "by_hand": True, "next_try_at": Now(), "code": "", "message": ""}',
        new='now = {"state": State.WAITING, "next_try_at": Now(), "code": "", "message": ""}',
        red="tests/faults/test_partners.py::test_what_was_released_before_a_backup_was_restored_is_not_captured_twice",
    ),
    Mutant(
        name="stopped-parcels-told-too-soon",
        defense="RevKeen first: what was stopped and is sent again does not wait for it any more.",
        target="orders.services.partners.manual:_send_again",
        old="if of_shipment == Shipment.State.PENDING:",
        new="if False:",
        red="tests/faults/test_partners.py::test_what_was_stopped_and_is_sent_again_still_waits_for_revkeen",
    ),
    Mutant(
        name="stops-ignored",
        defense="A person's stop: who had claimed the partner update sends it all the same.",
        target="orders.services.partners.outbox:take_to_send",
        old="pk=partner_update.pk, state=State.SENDING, attempts=partner_update.attempts, lease_until__gte=enough",
        new="pk=partner_update.pk, attempts=partner_update.attempts, lease_until__gte=enough",
        red="tests/partners/test_outbox.py::test_a_stop_while_a_dead_worker_wakes_up_sends_nothing",
    ),
    Mutant(
        name="stops-of-what-is-being-sent",
        defense="A stop is promised of a partner update whose call may be on its way.",
        target="orders.services.partners.manual",
        old="MAY_BE_STOPPED = (State.FAILED,",
        new="MAY_BE_STOPPED = (State.SENDING, State.FAILED,",
        red="tests/partners/test_outbox.py::test_a_person_who_stops_it_and_a_worker_that_sends_it_do_not_cross",
    ),
    Mutant(
        name="waits-not-said",
        defense="A partner update that waits for a call in doubt is said to be sent again.",
        target="orders.services.partners.manual:not_before",
        old="return until if until > timezone.now() else None",
        new="return None",
        red="tests/fulfillment/test_shipments.py::test_sent_again_while_the_earlier_call_may_be_under_way_it_says_when_it_is_looked_at",
    ),
    Mutant(
        name="waits-of-partners-ignored",
        defense="Fault 17, 429 of a partner: the partner update is due again before the partner's time is over.",
        target="orders.services.partners.attempt:outcome_of",
        old="return Again(code_of(error), str(error), wait=error.wait if isinstance(error, RateLimited) else 0)",
        new="return Again(code_of(error), str(error), wait=0)",
        red="tests/faults/test_partners.py::test_a_429_holds_everything_with_that_key_for_its_time",
    ),
    Mutant(
        name="lists-written-by-two",
        defense="Whoever was too slow over a partner's list writes nothing: it overwrites what another read since.",
        target="orders.services.partners.partner_sweeps:_require",
        old="raise Lost",
        new="pass",
        red="tests/partners/test_partner_sweeps.py::test_one_who_was_too_slow_writes_nothing",
    ),
    Mutant(
        name="lists-without-an-end-read-on",
        defense="A list that says there is more and shows nothing is no list: the pass ends, and counts as complete.",
        target="orders.services.partners.partner_sweeps:_read_page",
        old="""
        if listing.has_more and page.last in ("", sweep.after):
            raise _named_error("{provider}’s list of fulfillments does not come to an end.")
    """,
        new="",
        red="tests/partners/test_partner_sweeps.py::test_an_answer_that_is_none_deletes_nothing_and_is_told",
    ),
    Mutant(
        name="other-modes-kept",
        defense="A fulfillment of the other mode is none of ours: it is kept among those of this one.",
        target="orders.services.partners.partner_sweeps:_taken_apart",
        old=' if row.live_mode is (sweep.mode == "live")',
        new="",
        red="tests/partners/test_partner_sweeps.py::"
        "test_what_cannot_be_read_and_what_is_of_the_other_mode_loses_no_other_and_is_counted",
    ),
    Mutant(
        name="lists-before-updates",
        defense="Partners hear of what left before their lists are read: the lists go first.",
        target="orders.management.commands.worker:Command.send_updates",
        old="""
        return self.of_partners.take(
            outbox.claim, partner_worker.send_update, outbox.scope_of
        ) or self.of_partners.take(partner_sweeps.claim, partner_sweeps.read, outbox.scope_of)
    """,
        new="""
        return self.of_partners.take(
            partner_sweeps.claim, partner_sweeps.read, outbox.scope_of
        ) or self.of_partners.take(outbox.claim, partner_worker.send_update, outbox.scope_of)
    """,
        red="tests/partners/test_partner_sweeps.py::test_partner_updates_go_first",
    ),
]
