"""The journal: a row before every call, an outcome after it, and what may be sent once more."""

from mutants.catalog import Edit, Mutant

MUTANTS = [
    Mutant(
        name="any-event-is-proof",
        defense="An event with our key that is of an unknown type is taken for done.",
        target="orders.services.changes.verification:told",
        old="happened = any(event.type in DONE_EVENTS[Kind(operation.kind)] for event in ours)",
        new="happened = bool(ours)",
        red="tests/orders/test_unknown_values.py::test_an_event_of_unknown_type_with_our_key_proves_nothing",
    ),
    Mutant(
        name="call-within-the-transaction",
        defense="Rule 2, row before call: row and call are in one transaction, which a crash undoes.",
        target="orders.services.changes.journal:submit",
        old="""
            operation, is_new = begin(api, user, change_request)
            return carry_out(api, operation) if is_new and not change_request.undo_seconds else operation
        """,
        new="""
            with transaction.atomic():
                operation, is_new = begin(api, user, change_request)
                return carry_out(api, operation) if is_new and not change_request.undo_seconds else operation
        """,
        red="tests/changes/test_rules_of_money.py::test_when_the_call_goes_out_its_row_is_committed",
    ),
    Mutant(
        name="charges-sent-hours-later",
        defense="Rule 7, a charge fires within 15 minutes or not at all: it has 20 hours.",
        target="orders.services.changes.reconcile",
        old="RESEND_MONEY_WITHIN = timedelta(minutes=15)",
        new="RESEND_MONEY_WITHIN = timedelta(hours=20)",
        red="tests/changes/test_rules_of_money.py::test_a_charge_older_than_fifteen_minutes_is_not_sent_again",
    ),
    Mutant(
        name="completions-not-read-back",
        defense="An order that RevKeen says is completed is not read back.",
        target="orders.services.changes.verification:_not_paid",
        old=' if order.status == "paid" and order.amount_due == 0 else f"the order is {order.status}, not paid."',
        new="",
        red="tests/orders/test_completions.py::test_an_answer_that_the_order_does_not_bear_out_is_not_done",
    ),
    Mutant(
        name="drafts-created-twice",
        defense="Rule 3, one create per draft, ever: a second page creates it again.",
        target="orders.migrations.0001_initial",
        old="('kind', 'create')",
        new="('kind', '')",
        also=(
            Edit(  # SQLite's guard against REPLACE refuses a second one too
                "orders.migrations.0004_log_chain_triggers:IN_THE_WAY",
                "kind = 'create' AND NEW.kind = 'create'",
                "kind = '' AND NEW.kind = 'create'",
            ),
        ),
        red="tests/drafts/test_drafts.py::test_created_twice_from_two_pages_it_is_one_order",
    ),
    Mutant(
        name="events-of-others-believed",
        defense="Rule 7, only an event with our key tells: any event of the order makes it done.",
        target="orders.services.changes.verification:_ours",
        old="return [event for event in events if str(operation.pk) in (_key_of(event), _mark_of(event))]",
        new="return [event for event in events if event.request]",
        red="tests/changes/test_rules_of_money.py::test_an_event_of_another_key_says_nothing_of_ours",
    ),
    Mutant(
        name="key-of-each-request",
        defense="Rule 1 and fault 1, the form carries the operation: each request gets a key of its own.",
        target="orders.services.changes.journal:_row",
        old="pk=form_token.operation_id,",
        new="pk=uuid.uuid4(),",
        red=(
            "tests/changes/test_journal.py::test_a_payment_is_done_once_and_its_token_is_wiped",
            "tests/orders/test_payments.py::test_the_same_form_sent_again_charges_once_and_shows_the_first_result",
        ),
    ),
    Mutant(
        name="keys-from-the-future-sent",
        defense="Fault 32, a clock turned back: a key whose age is not known is sent again.",
        target="orders.services.changes.reconcile:_young",
        old="return timedelta() <= age < within",
        new="return age < within",
        red="tests/changes/test_rules_of_money.py::test_a_key_from_the_future_is_not_sent_again",
    ),
    Mutant(
        name="keys-sent-that-are-forgotten",
        defense="Rule 7 and fault 33, RevKeen forgets a key after a day: it is sent again later than that.",
        target="orders.services.changes.reconcile",
        old="""
            RESEND_WITHIN = timedelta(hours=20)
            RESEND_MONEY_WITHIN = timedelta(minutes=15)
        """,
        new="""
            RESEND_WITHIN = timedelta(hours=48)
            RESEND_MONEY_WITHIN = timedelta(hours=48)
        """,
        red="tests/faults/test_time.py::test_what_is_unknown_for_more_than_a_day_is_read_and_waits_for_a_person",
    ),
    Mutant(
        name="later-steps-lost",
        defense="Fault 46, half of a plan: what follows on a step that is done is forgotten.",
        target="orders.services.changes.plans:_steps_after",
        old="return later.then if operation.state == Operation.State.DONE else later.instead",
        new="return [] if operation.state == Operation.State.DONE else later.instead",
        red="tests/orders/test_refunds.py::test_two_payments_go_back_one_after_another_under_one_lock",
    ),
    Mutant(
        name="leases-ignored",
        defense="Fault 9, one at an operation at a time: a second worker takes what the first is at.",
        target="orders.services.changes.leases:_due",
        old="due = Operation.objects.filter(state__in=OPEN, lease_until__lte=Now(), next_try_at__lte=Now())",
        new="due = Operation.objects.filter(state__in=OPEN, next_try_at__lte=Now())",
        red="tests/changes/test_rules_of_money.py::test_what_somebody_is_at_nobody_else_takes",
    ),
    Mutant(
        name="looks-not-after",
        defense="Rule 5 and fault 23, look after: RevKeen's yes is believed though the order does not show it.",
        target="orders.services.changes.journal:_look_after",
        old="if contradiction:",
        new="if not order.require():",
        red="tests/changes/test_rules_of_money.py::test_a_yes_that_the_order_does_not_show_is_not_done",
    ),
    Mutant(
        name="looks-not-before-sending",
        defense="Rule 4 and fault 4, look before sending: what changed since the form was opened is not compared.",
        target="orders.services.changes.journal:_carry_out_one",
        old="""
            if found:
                return outcomes.changed(operation, found)
        """,
        new="",
        red="tests/orders/test_payments.py::test_an_order_that_changed_since_the_form_was_opened_is_not_charged",
    ),
    Mutant(
        name="marks-not-looked-for",
        defense=(
            "Rule 7: what was made under a key that was lost is not looked for by its mark before it is sent again."
        ),
        target="orders.services.changes.reconcile:reconcile",
        old="told = _from_events(api, operation, facts) or _from_marks(operation, facts)",
        new="told = _from_events(api, operation, facts)",
        red="tests/faults/test_questions.py::test_what_was_made_is_found_by_its_mark_when_its_key_is_lost[create]",
    ),
    Mutant(
        name="no-answer-taken-for-not-sent",
        defense='Rule 6 and fault 12, unknown is not "not sent": a lost answer closes the operation.',
        target="orders.services.changes.journal:send",
        old="return _no_answer(operation, error)",
        new="return outcomes.not_sent(operation, error)",
        red=(
            "tests/changes/test_rules_of_money.py::test_whatever_may_have_happened_is_unknown",
            "tests/changes/test_journal.py::test_a_lost_answer_is_unknown_until_the_event_tells",
        ),
    ),
    Mutant(
        name="not-sent-again-taken-for-never-sent",
        defense="Rule 6, the second sending found no connection: the first is taken for not sent too.",
        target="orders.services.changes.journal:_not_sent",
        old="""
            if operation.attempts > 1:
                return outcomes.in_doubt(operation, error)
        """,
        new="",
        red="tests/changes/test_rules_of_money.py::test_when_it_cannot_be_sent_again_the_first_sending_stays_unknown",
    ),
    Mutant(
        name="orders-not-held",
        defense="Rule 3 and fault 3, one open operation per order: the order is not held.",
        target="orders.services.changes.journal:_write_row",
        old="""
            if operation.order_id is not None:
                plans.lock(operation, operation.order_id)
        """,
        new="",
        red=(
            "tests/changes/test_journal.py::test_a_lost_answer_is_unknown_until_the_event_tells",
            "tests/orders/test_payments.py::test_whoever_comes_second_is_told_who_and_when_and_keeps_what_was_typed",
        ),
    ),
    Mutant(
        name="other-body-taken-for-the-first",
        defense="Rule 1, the same form with another body: it is shown the first result as if it were its own.",
        target="orders.services.changes.journal:_first",
        old="""
            if first is not None and first.fingerprint != change_request.fingerprint:
                raise OtherBody(first)
        """,
        new="",
        red="tests/orders/test_payments.py::test_the_same_form_with_another_sum_sends_nothing_more",
    ),
    Mutant(
        name="refusals-not-looked-after",
        defense="Rule 5, look after: a no is believed without a look at what RevKeen shows.",
        target="orders.services.changes.journal:_refused",
        old="sign = checks.sign_of(operation, checks.look(api, operation))",
        new='sign = ""',
        red="tests/faults/test_refusals.py::test_a_no_in_revkeens_own_words_is_held_against_its_events",
    ),
    Mutant(
        name="replacement-not-taken-back",
        defense="Fault 46, half of a plan: what replaces a step that was refused is forgotten.",
        target="orders.services.changes.plans:_steps_after",
        old="return later.then if operation.state == Operation.State.DONE else later.instead",
        new="return later.then if operation.state == Operation.State.DONE else []",
        red="tests/drafts/test_drafts.py::test_paid_in_between_the_replacement_is_canceled_instead",
    ),
    Mutant(
        name="sent-by-whoever-slept",
        defense="Rule 2, what ended meanwhile is not sent: whoever slept past its lease sends it all the same.",
        target="orders.services.changes.leases:_take",
        old="may_be_sent = untouched.filter(state__in=(Operation.State.STARTED, Operation.State.IN_DOUBT))",
        new="may_be_sent = untouched",
        red="tests/changes/test_two_at_work.py::test_a_page_that_slept_until_it_was_reconciled_sends_nothing",
    ),
    Mutant(
        name="sent-for-who-lost-the-right",
        defense="A machine goes on for somebody who lost the right: what was held is sent.",
        target="orders.services.changes.reconcile:_from_the_rest",
        old="""
            if lost:
                return outcomes.stopped(operation, lost)
        """,
        new="",
        red="tests/changes/test_lost_rights.py::test_what_was_held_ends_unsent_in_words",
    ),
    Mutant(
        name="sent-though-the-order-changed",
        defense="Rule 7, sent once more only if the order is as before: it goes out whatever the order shows.",
        target="orders.services.changes.reconcile:may_be_sent",
        old="and _as_before(operation, facts)",
        new="",
        red="tests/changes/test_rules_of_money.py::test_an_order_that_is_not_as_before_is_not_sent_again",
    ),
    Mutant(
        name="sent-while-a-person-decides",
        defense="Rules 7 and 8, what waits for a person: the worker goes on sending it.",
        target="orders.services.changes.leases:_take",
        old="may_be_sent = untouched.filter(state__in=(Operation.State.STARTED, Operation.State.IN_DOUBT))",
        new="may_be_sent = untouched.filter(state__in=Operation.OPEN)",
        also=(
            Edit(
                "orders.services.changes.reconcile:may_be_sent",
                """
                    operation.state != State.NEEDS_REVIEW
                    and not operation.quarantined
                """,
                "not operation.quarantined",
            ),
        ),
        red="tests/changes/test_rules_of_money.py::test_a_stored_error_is_a_persons_after_two_replays_and_never_means_no",
    ),
    Mutant(
        name="sent-with-another-key",
        defense=(
            "Rule 7 and fault 29, the pinned connection: after the key was replaced the charge goes out under the new "
            "one."
        ),
        target="orders.services.changes.reconcile:may_be_sent",
        old="and connection_id == operation.connection_id",
        new="",
        red="tests/changes/test_rules_of_money.py::test_with_another_key_it_is_not_sent_again",
    ),
    Mutant(
        name="steps-named-by-an-old-key",
        defense=(
            "Rule 1, what the journal says was sent is what was sent: a step begun after the key was replaced names the"
            " old one."
        ),
        target="orders.services.changes.plans:_key",
        old="if active is None:",
        new="if active is None or active:",
        red="tests/changes/test_two_at_work.py::test_a_step_that_follows_when_the_key_was_replaced_is_sent_with_the_key_that_its_row_names",
    ),
    Mutant(
        name="stored-errors-for-ever",
        defense="Rule 8 and fault 19, a stored 5xx: it is sent again and again, and never becomes a person's.",
        target="orders.services.changes.journal:_no_answer",
        old="if equal_errors >= 2 + foreign else",
        new="if equal_errors >= 20 else",
        red="tests/changes/test_rules_of_money.py::test_a_stored_error_is_a_persons_after_two_replays_and_never_means_no",
    ),
    Mutant(
        name="tokens-kept",
        defense="Rule 2, a payment token is wiped when its payment is reconciled: it is kept.",
        target="orders.services.changes.outcomes:_end",
        old="OperationToken.objects.filter(operation=operation).delete()",
        new="pass",
        red="tests/changes/test_journal.py::test_a_payment_is_done_once_and_its_token_is_wiped",
    ),
]
