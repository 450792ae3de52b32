"""Amounts, payments and refunds: never more than is due, never twice, never another sum than was named."""

from mutants.catalog import Edit, Mutant

MUTANTS = [
    Mutant(
        name="amounts-left-out",
        defense="A call without an amount charges all that is due: it is sent for an order over something.",
        target="orders.services.orders.completions:is_for",
        old="shown.total == shown.amount_paid == shown.amount_due == 0",
        new="0 in (shown.total, shown.amount_paid, shown.amount_due)",
        red="tests/orders/test_completions.py::test_nothing_is_sent_without_an_amount_for_an_order_over_something",
    ),
    Mutant(
        name="amounts-rounded",
        defense="Promise 5, exact amounts: what does not fit the currency is cut.",
        target="orders.money:Money.from_major",
        old="if minor != whole:",
        new="if False:",
        red="tests/orders/test_money.py::test_what_is_no_exact_amount_is_refused_not_rounded",
    ),
    Mutant(
        name="button-names-another-sum",
        defense="Attack 20, what is sent is what the button named: the fields alone count.",
        target="orders.forms.orders.money_moves:MoneyMoveForm.check_button",
        old="if self.cleaned_data[self.button] != self.named:",
        new="if self.cleaned_data[self.button] != self.named and not self.money:",
        red=(
            "tests/orders/test_payments.py::test_what_the_button_did_not_name_is_not_charged",
            "tests/orders/test_refunds.py::test_what_the_button_did_not_name_is_not_sent",
        ),
    ),
    Mutant(
        name="charges-above-what-is-due",
        defense="Attack 20, amount tampering: more is charged than is due.",
        target="orders.forms.orders.payments:PaymentForm.clean_amount",
        old="""
            if self.due < amount:
                raise forms.ValidationError(f"This is more than the {self.due} that is due.")
        """,
        new="",
        red="tests/orders/test_payments.py::test_an_amount_that_cannot_be_charged_is_refused_by_its_field_and_stays_typed",
    ),
    Mutant(
        name="currencies-added-up",
        defense="Promise 5, never summed across currencies: amounts of two are added.",
        target="orders.money:Money._same",
        old="if other.currency != self.currency:",
        new="if False:",
        red="tests/orders/test_money.py::test_currencies_are_never_added_to_each_other",
    ),
    Mutant(
        name="expired-cards-offered",
        defense="A card that has expired cannot be chosen: it can.",
        target="orders.services.orders.payments:blocked_reason",
        old="""
            if method.expired(now):
                return "Expired"
        """,
        new="",
        red="tests/orders/test_payments.py::test_an_expired_card_cannot_be_chosen",
    ),
    Mutant(
        name="large-sums-not-typed",
        defense="Promise 1, a large sum in live is typed once more: whatever is typed will do.",
        target="orders.forms.orders.money_moves:MoneyMoveForm.check_button",
        old="""
            elif self.asks_to_type and self.cleaned_data["typed"] != self.money:
                self.add_error("typed", "Enter the same amount as above.")
        """,
        new="",
        red=(
            "tests/orders/test_payments.py::test_a_large_sum_in_live_is_typed_once_more",
            "tests/orders/test_refunds.py::test_live_asks_once_more_and_a_large_sum_is_typed",
        ),
    ),
    Mutant(
        name="large-sums-without-proof",
        defense="Attack 12, a session left open: a large sum moves without a proof of who moves it.",
        target="orders.views.orders.payments:order_pay",
        old="""
            if form.asks_to_type:
                step_up.require(request)
        """,
        new="",
        red="tests/accounts/test_step_up.py::test_a_large_sum_asks_and_is_charged_once_with_what_was_typed",
    ),
    Mutant(
        name="old-sums-after-a-change",
        defense="After a change the payment form still speaks of the old order.",
        target="orders.views.orders.payments:_shown",
        old="return form if is_as_sent else _form(request, form.data, snapshot, form.kept_token)",
        new="return form",
        red="tests/orders/test_payments.py::test_after_a_change_the_form_speaks_of_the_order_as_it_is_now",
    ),
    Mutant(
        name="one-sum-for-all-currencies",
        defense="The sum that is typed once more is one number in every currency.",
        target="orders.sums_to_type:above",
        old="whole = sums.get(currency, PRESETS.get(currency))",
        new="whole = sums.get(currency, 5000)",
        red="tests/merchants/test_profile.py::test_the_sum_to_type_is_the_currencys_own",
    ),
    Mutant(
        name="payment-form-looks-at-nothing",
        defense="The payment form says nothing of a payment that is on its way, nor that the order expired.",
        target="orders.views.orders.payments:_context",
        old='"look_first": payments.look_first(found, now),',
        new='"look_first": [],',
        red=(
            "tests/orders/test_look_first.py::test_a_payment_that_may_still_come_is_said_before_another_is_taken",
            "tests/orders/test_look_first.py::test_an_expired_order_says_so_on_the_payment_form",
            "tests/orders/test_look_first.py::test_payments_that_cannot_be_read_are_not_taken_for_none",
        ),
    ),
    Mutant(
        name="payments-of-others-given-back",
        defense=(
            "Rule 12, no refund above what the order received net: all payments of an invoice count as the order’s own."
        ),
        target="orders.own_payments:split",
        old="if _paid_with(order, rows) == order.amount_paid:",
        new="if rows or events:",
        red="tests/orders/test_shared_invoices.py::test_another_orders_payment_is_shown_apart_and_cannot_be_chosen",
    ),
    Mutant(
        name="refunds-above-net-in-the-form",
        defense="Rule 12, no refund above what the order received net: the form does not compare.",
        target="orders.forms.orders.refunds:RefundForm.clean",
        old="self._check_net()",
        new="pass",
        red="tests/orders/test_shared_invoices.py::test_no_more_goes_back_than_the_order_received_net",
    ),
    Mutant(
        name="refunds-above-net-sent",
        defense="Rule 12, no refund above what the order received net: it is not looked at before sending.",
        target="orders.services.changes.verification:differences",
        old="return [*found, *_left_differently(operation, refunds), *_above_net(operation, order, refunds)]",
        new="return [*found, *_left_differently(operation, refunds)]",
        red="tests/orders/test_shared_invoices.py::test_the_bound_is_looked_at_again_before_sending",
    ),
    Mutant(
        name="refunds-above-what-is-left",
        defense="Rule 4 and attack 20, amount tampering: more is given back than is left of a payment.",
        target="orders.forms.orders.refunds:RefundForm._check_amount",
        old="elif self.left(payment_id) < amount:",
        new="elif self.left(payment_id) < amount < amount:",
        red="tests/orders/test_refunds.py::test_one_wrong_amount_of_two_names_no_sum",
    ),
    Mutant(
        name="refunds-of-another-call-believed",
        defense=(
            "Fault 22: the answer to an earlier, equal refund is taken for that to this one, when it comes and when it "
            "is looked at again."
        ),
        target="orders.apis.revkeen.changes:_refunded",
        old="if (str(made.payment_id), made.amount_minor, marks.of_refund(made.reason_details)) != asked:",
        new="if (str(made.payment_id), made.amount_minor) != asked[:2]:",
        also=(
            Edit(
                "orders.services.changes.verification:_not_refunded",
                'if marks.of_refund(found.reason_details) not in ("", str(operation.pk)):',
                "if not found.id:",
            ),
        ),
        red="tests/faults/test_questions.py::test_the_answer_to_an_equal_change_before_is_not_taken_for_that_to_this_one[refund]",
    ),
    Mutant(
        name="refunds-on-their-way-forgotten",
        defense="Rule 4, refunds on their way count as spent: only those that are through do.",
        target="orders.services.changes.snapshots:spent",
        old="return sum(refund.amount_minor for refund in refunds.rows if refund.spent)",
        new='return sum(refund.amount_minor for refund in refunds.rows if refund.status == "succeeded")',
        red="tests/orders/test_refunds.py::test_a_refund_made_elsewhere_meanwhile_stops_ours_be_it_on_its_way_or_done",
    ),
    Mutant(
        name="refunds-told-twice",
        defense="A refund is told again by its payment, with the payment's whole amount.",
        target="orders.services.orders.event_overlap:BETTER",
        old='"payment.refunded": _its_refund,',
        new="",
        red="tests/orders/test_timeline.py::test_a_refund_over_two_payments_is_told_as_two_refunds_of_their_own_amounts",
    ),
    Mutant(
        name="sums-not-compared",
        defense="Promise 5, amounts are checked against each other: what is due is believed.",
        target="orders.amounts:_order_sums",
        old='yield Part.DUE, "Total − paid", order.total - order.amount_paid, order.amount_due',
        new="",
        red="tests/orders/test_order_list.py::test_an_order_whose_amounts_do_not_add_up_is_flagged",
    ),
    Mutant(
        name="unknown-decimals-guessed",
        defense="An amount in a currency whose decimals are not known is read with two.",
        target="orders.money:decimal_places",
        old="return PLACES.get(currency)",
        new="return PLACES.get(currency, 2)",
        red=(
            "tests/orders/test_currencies.py::test_an_order_in_an_unknown_currency_is_paid_and_refunded_in_minor_units",
            "tests/orders/test_currencies.py::test_a_currency_has_the_decimals_that_iso_4217_gives_it",
        ),
    ),
    Mutant(
        name="expired-receivables-not-apart",
        defense="What has expired is owed by nobody and stands apart: it counts as what is due of its age, too.",
        target="orders.services.finance.receivables:of_age",
        old="found = ~over & Q(",
        new="found = Q(",
        red="tests/finance/test_lists.py::test_receivables_are_told_by_age_with_the_expired_apart",
    ),
    Mutant(
        name="days-of-greenwich",
        defense="A day of the merchant ends at midnight there: days are those of Greenwich.",
        target="orders.services.finance.periods:Period.end",
        old="time.min, self.zone",
        new="time.min, ZoneInfo('UTC')",
        red="tests/finance/test_overview.py::test_the_figures_are_the_sums_of_what_revkeen_has",
    ),
]
