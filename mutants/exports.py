"""Exports: whose they are, that they are whole, and that a spreadsheet takes texts for texts."""

from mutants.catalog import Mutant

MADE = "tests/exports/test_making.py"

MUTANTS = [
    Mutant(
        name="exports-marked-up-in-xlsx",
        defense="Exports: a text that looks like marked-up text is written into the workbook as it is.",
        target="orders.services.exports.files:_Sheet._write_text",
        old="""text = f"'{text}" if text.startswith("<r>") and text.endswith("</r>") else text""",
        new="",
        red="tests/exports/test_files.py::test_a_file_that_is_read_back_has_every_cell_of_every_row[xlsx]",
    ),
    Mutant(
        name="exports-of-others",
        defense="Exports: a file is had by whoever is told its address.",
        target="orders.services.exports.asking:exports_of",
        old="mine = Export.objects.filter(owner=membership.user, merchant=membership.merchant, mode=mode)",
        new="mine = Export.objects.filter(merchant=membership.merchant, mode=mode)",
        red=f"{MADE}::test_nobody_else_gets_to_a_file_or_removes_it",
    ),
    Mutant(
        name="accounting-of-what-has-not-moved",
        defense="The accounting feed: a payment is in a file before it moved money, and not in one after it did.",
        target="orders.services.exports.accounting:HEADING_OF_FLOW",
        old="Flow.OTHER.value: OTHER",
        new='Flow.OTHER.value: OTHER, "pending": OTHER, "failed": OTHER',
        red="tests/exports/test_accounting.py::test_each_file_has_what_no_file_had_before_and_nothing_that_has_not_moved",
    ),
    Mutant(
        name="exports-after-the-right-was-lost",
        defense="Exports: a schedule goes on for somebody who may not have the list any more.",
        target="orders.forms.exports.lists:table_of",
        old="if membership is None or not may_export(membership, export.list):",
        new="if membership is None:",
        red=(
            f"{MADE}::test_whoever_lost_the_right_gets_neither_the_file_nor_one_more",
            f"{MADE}::test_an_owner_who_lost_the_right_gets_no_file_no_mail_and_no_more_of_them",
        ),
    ),
    Mutant(
        name="exports-fetched-after-the-right-was-lost",
        defense="Exports: a file that was made before is had by somebody who may not have the list any more.",
        target="orders.views.exports.exports:list_of",
        old="if not lists.may_export(request.membership, name):",
        new="if False:",
        red=(
            f"{MADE}::test_whoever_lost_the_right_gets_neither_the_file_nor_one_more",
            "tests/exports/test_lists.py::test_a_role_exports_its_lists_and_no_others[support-lists2]",
        ),
    ),
    Mutant(
        name="exports-of-two-workers",
        defense="Exports: a worker that was too slow deletes what another has written.",
        target="orders.services.exports.making:_forget_former",
        old="_require(_mine(export).select_for_update().exists())",
        new="",
        red=f"{MADE}::test_a_worker_that_was_too_slow_writes_nothing_into_the_file_of_another",
    ),
    Mutant(
        name="exports-read-by-keys-of-later",
        defense="Exports: an order that leaves the list while it is written is lost.",
        target="orders.services.orders.order_table:_Listed._copies",
        old="by_key = here.in_bulk(part)",
        new="by_key = here.filter(gone_at=None).in_bulk(part)",
        red="tests/exports/test_lists.py::test_the_list_is_that_of_one_moment_whatever_changes_while_it_is_written",
    ),
]
