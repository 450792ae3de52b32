from mutants.catalog import Mutant

MUTANTS = [
    Mutant(
        name="broken-conditions-fatal",
        defense="A filter that makes no sense costs more than itself: nothing of the list is shown.",
        target="orders.services.index.order_filters:asked",
        old="return Asked(condition, broken=str(error), filter=known)",
        new="raise",
        red="tests/orders/test_order_list.py::test_a_condition_that_makes_no_sense_is_struck_out_and_the_list_is_drawn",
    ),
    Mutant(
        name="filters-turned-around-are-not",
        defense="A filter with a minus before it finds what it should leave out.",
        target="orders.services.index.order_filters:asked",
        old="return Asked(condition, ~question if condition.negated else question, filter=known)",
        new="return Asked(condition, question, filter=known)",
        red="tests/index/test_order_filters.py::test_filters_find_what_a_plain_look_finds",
    ),
    Mutant(
        name="index-counts-what-it-lacks",
        defense="What is not known is said to be not known: tabs count while not all orders were read.",
        target="orders.services.orders.order_lists:_of_index",
        old="    if as_of is not None:",
        new="    if place:",
        red="tests/orders/test_indexed_lists.py::test_until_all_orders_were_read_the_list_says_so_and_counts_nothing",
    ),
    Mutant(
        name="too-many-taken-for-all",
        defense="Of more orders than are looked up at once the list has those alone, and its counts are called exact.",
        target="orders.services.index.order_list:look_up",
        old="whole=len(found) <= most",
        new="whole=True",
        red="tests/index/test_order_filters.py"
        "::test_pages_of_what_was_looked_up_hold_every_row_once_however_many_they_are",
    ),
    Mutant(
        name="lists-across-modes",
        defense="Merchant and mode: a list out of the index has the orders of both modes.",
        target="orders.services.index.order_list:of",
        old="mode=place.mode, ",
        new="",
        red="tests/orders/test_indexed_lists.py::test_nothing_of_the_other_mode_is_listed",
    ),
    Mutant(
        name="old-index-fulfilled-from",
        defense="An index that nobody keeps fresh says what waits to be shipped, though RevKeen would answer.",
        target="orders.services.fulfillment.to_fulfill:search",
        old="timezone.now() - as_of <= FRESH",
        new="True",
        red="tests/fulfillment/test_to_fulfill.py"
        "::test_an_index_that_nobody_keeps_fresh_stands_in_only_while_revkeen_does_not_answer",
    ),
    Mutant(
        name="rows-lost-at-a-page-border",
        defense="Orders that are equal in what a list is sorted by are left out after the last row of a page.",
        target="orders.services.index.keyset:beyond",
        old="return least & reduce(or_, (same & beyond for same, beyond in zip(equal, further, strict=True)))",
        new="return further[0]",
        red="tests/index/test_order_filters.py::test_pages_in_any_order_hold_every_row_once_forth_and_back",
    ),
]
