"""The finance review: what is signed off is what was seen, and nothing that came since."""

from mutants.catalog import Mutant

REVIEW, MONTHS = "tests/finance/test_review.py", "tests/finance/test_months.py"
THEIRS = "tests/finance/test_unaccounted.py"

MUTANTS = [
    Mutant(
        name="findings-of-one-invoice-alone",
        defense="Orders that share an invoice find each other: only the one that was read is looked at.",
        target="orders.services.index.findings:_write",
        old="related = _related(merchant, mode, copies, invoices)",
        new="related = set()",
        red="tests/finance/test_rules.py::test_orders_on_one_invoice_find_each_other_whichever_is_read_first",
    ),
    Mutant(
        name="signed-off-for-ever",
        defense="A change of an amount reopens what was signed off: it stays signed off.",
        target="orders.services.index.findings:_hear",
        old="sign_off is not None and sign_off.seen == row.seen",
        new="sign_off is not None",
        red=f"{REVIEW}::test_any_change_of_an_amount_reopens_it_and_is_said",
    ),
    Mutant(
        name="signed-off-unseen",
        defense="What changed since the page was opened is not signed off: nobody compares.",
        target="orders.services.finance.sign_offs:sign_off",
        old="if {row.rule: digest_of(row) for row in found} != dict(shown):",
        new="if False:",
        red=f"{REVIEW}::test_what_changed_since_the_page_was_opened_is_not_signed_off",
    ),
    Mutant(
        name="one-person-closes-a-month-twice",
        defense="Two people close a month: whoever signed first may be the second.",
        target="orders.services.finance.months:_second",
        old="if _standing(closing).signed_by_id == by.pk:",
        new="if False:",
        red=f"{MONTHS}::test_two_people_close_a_month_and_never_the_same_one",
    ),
    Mutant(
        name="closed-months-not-held-against-their-digest",
        defense="What is kept of a closed month is what was signed: nobody compares its rows with the digest.",
        target="orders.services.finance.months:is_as_signed",
        old='content["movements"]["digest"] == _of_rows(rows)',
        new="bool(rows)",
        red=f"{MONTHS}::test_what_is_not_as_it_was_signed_is_said",
    ),
    Mutant(
        name="changes-after-closing-unnoticed",
        defense="What changes in a closed month is listed for ever: it is not written down.",
        target="orders.services.index.movements:note",
        old="if amount != before:",
        new="if False:",
        red=f"{MONTHS}::test_what_changes_afterwards_is_listed_for_ever",
    ),
    Mutant(
        name="claims-of-others-believed",
        defense="A fulfillment that claims to be a shipment of ours is one only of that order: any claim is believed.",
        target="orders.services.index.partner_shipments:_is_that",
        old="return (update.shipment.reference, update.partner_order_id) == (row.reference, row.partner_order_id)",
        new="return update.shipment.reference == row.reference",
        red=f"{THEIRS}::test_a_claim_to_be_a_shipment_of_another_order_or_merchant_is_not_believed",
    ),
    Mutant(
        name="second-fulfillments-taken-for-the-first",
        defense="What Digital River made of a shipment is one fulfillment: a second under its reference is ours too.",
        target="orders.services.index.partner_shipments:_is_that",
        old="""
        if update.remote_id:
            return update.remote_id == row.remote_id
    """,
        new="",
        red=f"{THEIRS}::test_a_second_one_under_the_reference_of_a_shipment_is_not_ours",
    ),
    Mutant(
        name="on-their-way-found",
        defense="What a call in doubt may have made is no finding before that is decided: it is one at once.",
        target="orders.services.index.partner_shipments:_left",
        old="return [row for row in uncovered if not any(_may_become(row, update) for update in updates)]",
        new="return uncovered",
        red=f"{THEIRS}::test_one_on_its_way_is_not_found_until_it_is_decided",
    ),
    Mutant(
        name="later-shipments-account-for-nothing",
        defense="Units that Digital River had already when we told of them are accounted for: they stay a finding.",
        target="orders.services.index.partner_shipments:_covered",
        old="left += _units_told_otherwise(update)",
        new="pass",
        red=f"{THEIRS}::test_a_shipment_that_is_recorded_later_takes_it_away",
    ),
    Mutant(
        name="history-held-against-us",
        defense="What left before Digital River was connected is RevKeen's to know: each such parcel is a finding.",
        target="orders.services.index.partner_rules:unaccounted",
        old="if not (row.before_us and _revkeen_knows(order, row))",
        new="",
        red="tests/finance/test_rules.py::test_each_rule_fires_on_exactly_the_orders_that_were_made_for_it",
    ),
    Mutant(
        name="typed-ids-not-followed",
        defense="An id that somebody types says at once which order is meant: nobody looks again.",
        target="orders.services.partners.directory:save_ids",
        old="findings.again(merchant, mode, [order.id])",
        new="pass",
        red=f"{THEIRS}::test_typed_ids_say_which_order_it_is_of_and_each_change_is_followed_at_once",
    ),
    Mutant(
        name="former-owners-keep-it",
        defense="What an order's changed metadata says no more is no longer its: the others are not looked at.",
        target="orders.services.index.findings:_write",
        old="related |= partner_shipments.link(merchant.pk, mode, copies)",
        new="pass",
        red=(
            f"{THEIRS}::test_the_metadata_of_an_order_say_which_it_is_of_under_the_name_of_the_settings",
            f"{THEIRS}::test_an_order_that_is_read_after_its_shipment_is_found_then",
        ),
    ),
    Mutant(
        name="decisions-about-parcels-not-followed",
        defense="What a person decides of a partner update decides whose units these are: nobody looks again.",
        target="orders.services.partners.manual:_write",
        old="deriving.of_shipments(partner_update.merchant, partner_update.mode, partner_update.order_id)",
        new="",
        red=f"{THEIRS}::test_a_parcel_that_a_person_does_not_send_accounts_for_its_units_and_no_others",
    ),
]
