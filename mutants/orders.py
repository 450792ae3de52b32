"""Orders and drafts: what is shown of an order, and what a draft becomes."""

from mutants.catalog import Edit, Mutant

MUTANTS = [
    Mutant(
        name="amounts-of-other-facts",
        defense="An event of a payment's refunds shows what the payment was.",
        target="orders.services.orders.timeline:AMOUNTS",
        old='"payment.refunded": "amount_refunded",',
        new='"payment.refunded": "amount",',
        red=(
            "tests/orders/test_timeline.py::test_every_event_of_money_names_the_member_with_its_amount",
            "tests/orders/test_timeline.py::test_one_fact_that_two_events_tell_stands_once_with_its_own_amount",
        ),
    ),
    Mutant(
        name="canceled-with-money-counts-as-over",
        defense="A canceled order counts as over while money that was received for it is still here.",
        target="orders.services.orders.plain_state:_closed",
        old="if left.minor > 0:",
        new="if False:",
        red="tests/orders/test_conditions.py::test_where_money_came_in_the_banner_says_what_of_it_went_back",
    ),
    Mutant(
        name="contradictions-count-as-finished",
        defense="Statuses that do not fit together are not the good case: whatever is not due counts as finished.",
        target="orders.services.orders.plain_state:plain_state",
        old="if states.finished(order):",
        new="if order.amount_due <= 0:",
        red="tests/orders/test_unknown_values.py::test_statuses_that_contradict_each_other_are_not_finished",
    ),
    Mutant(
        name="currencies-not-compared",
        defense="Rule 4, look before sending: an order that is in another currency now is as it was.",
        target="orders.services.changes.snapshots:differences",
        old="if before.currency != now.currency:",
        new="if False:",
        red="tests/changes/test_rules_of_money.py::test_an_order_in_another_currency_than_the_form_showed_is_not_charged",
    ),
    Mutant(
        name="drafts-written-over",
        defense="Two at one draft: the last to save writes over the others.",
        target="orders.services.drafts.drafts:save",
        old="seen = Draft.objects.filter(pk=draft.pk).filter(Q(version=version) | Q(saved_from=page))",
        new="seen = Draft.objects.filter(pk=draft.pk)",
        red="tests/drafts/test_drafts.py::test_a_save_over_a_newer_version_writes_nothing_and_shows_the_difference",
    ),
    Mutant(
        name="events-without-their-order",
        defense="The journal of one order leaves out what staff did about its shipments.",
        target="orders.services.changes.journal_list:_events",
        old="if wanted.state:",
        new="if wanted.state or wanted.order:",
        red="tests/fulfillment/test_journal_of_shipments.py::test_each_has_an_entry_with_its_order_and_a_kind_of_its_own",
    ),
    Mutant(
        name="expired-orders-proposed",
        defense="An expired order is proposed to be paid as if it were not.",
        target="orders.services.orders.conditions:CONDITIONS",
        old="_expired,",
        new="",
        red=(
            "tests/orders/test_conditions.py::test_an_expired_order_is_not_proposed_to_be_paid",
            "tests/orders/test_conditions.py::test_a_declined_attempt_of_an_expired_order_proposes_no_other_one",
        ),
    ),
    Mutant(
        name="expiry-loses-its-seconds",
        defense="What nobody touched stays to the second: the expiry is cut to the minute of its field.",
        target="orders.forms.drafts.drafts:DraftForm.clean_expires_at",
        old="return self.draft.expires_at  # nobody touched it, and the field has no seconds",
        new="pass",
        red="tests/drafts/test_draft_conflicts.py::test_an_expiry_that_nobody_touched_keeps_its_seconds",
    ),
    Mutant(
        name="given-up-units-forgotten",
        defense="Units that were given up and paid end in Finished, without a word of a refund.",
        target="orders.services.orders.conditions:CONDITIONS",
        old="_given_up_and_paid,",
        new="",
        red="tests/orders/test_conditions.py::test_units_that_were_given_up_and_paid_wait_for_a_refund_of_their_share",
    ),
    Mutant(
        name="good-beside-the-open",
        defense="Finished stands beside what is open about an order.",
        target="orders.services.orders.conditions:conditions",
        old="return found if plain is None or (found and plain.done) else [*found, plain]",
        new="return [plain, *found] if plain is not None else found",
        red=(
            "tests/orders/test_conditions.py::test_failed_partner_updates_are_said_instead_of_finished",
            "tests/orders/test_conditions.py::test_units_that_were_given_up_and_paid_wait_for_a_refund_of_their_share",
        ),
    ),
    Mutant(
        name="ids-copied",
        defense="Identity is not content: what partners know an order by travels into copies of it.",
        target="orders.services.drafts.origins:_taken_from",
        old="identity = identity | {REPLACES, REPLACED_BY, marks.NAME}",
        new="identity = {REPLACES, REPLACED_BY, marks.NAME}",
        red=(
            "tests/partners/test_partner_orders.py::test_no_draft_takes_along_what_identifies_an_order_or_its_lines",
            "tests/partners/test_partner_orders.py::test_the_copy_of_a_paid_order_captures_nothing_of_the_original",
        ),
    ),
    Mutant(
        name="invoices-not-looked-at-again",
        defense="Rule 4, look before sending: an invoice that another order got meanwhile is sent with the draft.",
        target="orders.views.drafts.creation:draft_create",
        old="if invoice is not None and invoice.objection is not None:",
        new='if invoice is not None and invoice.objection == "":',
        red="tests/orders/test_invoice_links.py::test_an_invoice_that_was_paid_since_it_was_chosen_is_not_sent",
    ),
    Mutant(
        name="invoices-of-other-orders-linked",
        defense="Rule 12, identity is not content: a draft is linked to an invoice that another order has.",
        target="orders.views.drafts.drafts:_saved",
        old="invoices.refuse_what_cannot_be_linked(request, draft, form)",
        new="",
        red="tests/orders/test_invoice_links.py::test_an_invoice_that_belongs_to_an_order_is_refused_with_its_number_and_the_way_there",
    ),
    Mutant(
        name="invoices-of-replaced-orders-linked",
        defense="Identity is not content: the replacement of an order takes its invoice along.",
        target="orders.services.drafts.origins:replacement_of",
        old='fields |= {"subscription_id": order.subscription_id}',
        new='fields |= {"subscription_id": order.subscription_id, "invoice_id": order.invoice_id}',
        red="tests/drafts/test_replacements.py::test_the_invoice_of_an_order_does_not_go_to_its_replacement",
    ),
    Mutant(
        name="losses-not-ticked",
        defense="A discount or tax that a replacement loses is not asked about.",
        target="orders.views.drafts.creation:draft_create",
        old='request.POST.get("losses", "") != replacements.compare(order.require(), draft).named:',
        new='request.POST.get("losses", "") == "-":',
        red=(
            "tests/drafts/test_replacements.py::test_without_the_tick_for_what_is_lost_nothing_is_sent",
            "tests/drafts/test_replacements.py::test_a_tick_for_other_amounts_than_those_of_now_is_none",
        ),
    ),
    Mutant(
        name="order-page-believes-old-refund-events",
        defense="One truth: the order's page believes the last event of a refund, and not what RevKeen says of it now.",
        target="orders.views.orders.orders:_facts",
        old="refunds=refunds.known_refunds(told, done_here, file.refunds),",
        new="refunds=refunds.known_refunds(told, done_here),",
        red="tests/orders/test_conditions.py::test_a_refund_that_was_canceled_elsewhere_without_an_event_is_not_on_its_way",
    ),
    Mutant(
        name="prices-read-in-another-currency",
        defense="A number without its unit: prices are read in the currency that is chosen beside them.",
        target="orders.forms.drafts.drafts:DraftForm.__init__",
        old="""
            self.asked_currency = typed if self.priced and typed != draft.currency else ""
            self.prices_in = _prices_in(draft, data) if self.priced else typed or draft.currency
        """,
        new="""
            self.asked_currency = ""
            self.prices_in = typed or draft.currency
        """,
        also=(
            Edit(
                "orders.forms.drafts.drafts:DraftForm._typed_in_another",
                "return self.priced and self.prices_in != self.draft.currency",
                "return False",
            ),
        ),
        red=(
            "tests/drafts/test_draft_currency.py::test_another_currency_for_priced_lines_asks_and_changes_no_price",
            "tests/drafts/test_draft_currency.py::test_a_price_that_is_typed_beside_another_currency_is_in_that_of_its_page",
        ),
    ),
    Mutant(
        name="products-of-another-currency-added",
        defense="A number without its unit: a product that was found in another currency counts as no longer sold.",
        target="orders.views.drafts.products:found",
        old="if found_in and not found_in == currency == draft.currency:",
        new='if found_in == "-":',
        red="tests/drafts/test_draft_currency.py::test_a_product_found_in_another_currency_is_not_added_and_read_anew",
    ),
    Mutant(
        name="refunds-missing-in-the-banner",
        defense="The banner of a part-paid order does not say what of the payments went back.",
        target="orders.services.orders.plain_state:plain_state",
        old='said = paid + _went_back(order) if order.amount_paid else "Nothing is paid yet."',
        new='said = paid if order.amount_paid else "Nothing is paid yet."',
        red="tests/orders/test_conditions.py::test_the_page_of_a_part_paid_order_says_what_of_it_is_refunded",
    ),
    Mutant(
        name="unknown-statuses-fulfillable",
        defense="A fulfillment status we do not know is taken for one of RevKeen's.",
        target="orders.states:known_fulfillment",
        old='return order.fulfillment_status == "unfulfilled" or order.fulfillment_status in FULFILLMENT_STATES',
        new="return True",
        red=(
            "tests/orders/test_unknown_values.py::test_an_unknown_fulfillment_status_is_not_finished",
            "tests/orders/test_unknown_values.py::test_orders_with_an_unknown_fulfillment_status_stand_apart_in_to_fulfill",
        ),
    ),
]
