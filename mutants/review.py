"""The finance review: what is signed off is what was seen, and nothing that came since."""

from mutants.catalog import Mutant

REVIEW, MONTHS = "tests/finance/test_review.py", "tests/finance/test_months.py"

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
]
