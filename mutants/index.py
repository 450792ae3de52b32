"""The index: the newest state wins, no mark is lost, and as of when it is right is never a hope."""

from mutants.catalog import Mutant

WRITING = "tests/index/test_writing.py"
MONEY = "tests/index/test_money_copies.py"
MACHINE = "tests/index/test_any_order.py::test_the_index_never_lies_whatever_happens_in_whatever_order"

MUTANTS = [
    Mutant(
        name="older-states-written",
        defense="A copy never becomes older: whatever is read last is written.",
        target="orders.services.index.writing:_newer",
        old="return updated_at > row.updated_at",
        new="return True",
        red=f"{WRITING}::test_the_newer_state_wins_whenever_it_was_read",
    ),
    Mutant(
        name="stamped-when-written",
        defense="A page that was read before a change does not undo it: copies are stamped when they are written.",
        target="orders.services.index.writing:apply",
        old="batch = Batch(merchant, mode, read_started, by_id)",
        new="batch = Batch(merchant, mode, read_started.now(read_started.tzinfo), by_id)",
        red=f"{WRITING}::test_of_two_states_with_the_same_time_the_one_wins_whose_read_began_later",
    ),
    Mutant(
        name="reads-without-news-not-noted",
        defense="A later read without news protects from an older one: it is not noted.",
        target="orders.services.index.writing:_apply",
        old="if same:",
        new="if not same:",
        red=f"{WRITING}::test_a_read_without_news_is_noted_all_the_same",
    ),
    Mutant(
        name="marks-always-deleted",
        defense="An order that changes while it is read is read again: every mark goes with any read.",
        target="orders.services.index.marks:_served",
        old="here.filter(wanted_at__lt=read_started).delete()",
        new="here.delete()",
        red=f"{WRITING}::test_a_mark_goes_with_a_read_that_began_after_it_alone",
    ),
    Mutant(
        name="as-of-before-marks-are-read",
        defense="As of when the index is right waits for what was marked: it does not.",
        target="orders.services.sync.settling:right_as_of",
        old="if ToRead.objects.filter(merchant=state.merchant, mode=state.mode).exists():",
        new="if False:",
        red="tests/index/test_sync.py::test_nothing_is_as_of_a_moment_before_which_something_is_still_to_be_read",
    ),
    Mutant(
        name="left-statuses-not-read",
        defense="An order that has left a status without an event is read: what a pass has not seen is left alone.",
        target="orders.services.sync.sweeps:_finish",
        old="marks.mark(sweep.merchant, sweep.mode, unseen[:MOST_MARKED])",
        new="",
        red="tests/index/test_sync.py::test_a_change_that_no_event_tells_of_is_found_by_the_passes",
    ),
    Mutant(
        name="feed-begun-after-the-import",
        defense="What changes during the import is read: the feed is begun when it is over.",
        target="orders.services.sync.work:_next",
        old="if _feed_is_due(state):",
        new="if not Sweep.objects.filter(due_at__lte=Now()).exists():",
        red="tests/index/test_sync.py::test_the_import_has_every_order_and_takes_the_feed_first",
    ),
    Mutant(
        name="no-share-of-the-calls",
        defense="People have most of the calls: the background takes as many as it likes.",
        target="orders.services.sync.turns:take_calls",
        old="if state.next_call_at > now:",
        new="if False:",
        red="tests/index/test_sync.py::test_the_background_keeps_to_its_share_in_every_minute[500]",
    ),
    Mutant(
        name="two-workers-at-one-index",
        defense="One worker at a time has an index: one that was too slow goes on writing.",
        target="orders.services.sync.turns:require",
        old="raise Lost",
        new="pass",
        red="tests/index/test_sync.py::test_one_worker_at_a_time_has_an_index",
    ),
    Mutant(
        name="own-changes-after-the-answer",
        defense="What was changed here is kept in the index after the answer, so that the next search may miss it.",
        target="orders.services.revkeen.session:session",
        old="when = afterwards.now if page.changed else afterwards.do",
        new="when = afterwards.do",
        red="tests/index/test_sight.py::test_what_was_changed_here_is_in_the_index_before_the_answer",
    ),
    Mutant(
        name="numbers-taken-for-a-yes",
        defense="Of a copy only what changed is written: a 1 in metadata that became a yes passes for the same.",
        target="orders.services.index.copying:changed_columns",
        old='changed = {"metadata"}  # of which Python takes 1 and true for the same',
        new="changed: set[str] = set()",
        red="tests/index/test_writing.py::test_a_number_in_metadata_that_becomes_a_yes_is_written",
    ),
    Mutant(
        name="notes-found-as-they-were",
        defense="Orders are found by what is written on them now: a new note alone changes nothing of what finds them.",
        target="orders.services.index.copying:SAID",
        old='"notes", ',
        new="",
        red="tests/index/test_writing.py::test_an_order_is_found_by_whatever_changes_of_it_alone[notes--]",
    ),
    Mutant(
        name="older-payments-written",
        defense="The copy of a payment never becomes older: whatever is read last is written.",
        target="orders.services.index.money_copies:_newer",
        old="return updated_at > kept",
        new="return True",
        red=f"{MONEY}::test_the_newer_state_of_a_payment_wins_and_at_a_tie_the_later_read",
    ),
    Mutant(
        name="owners-guessed",
        defense="Of several orders with one invoice none is guessed: the first one that was paid has the money.",
        target="orders.services.index.owners:_owner",
        old="if told or len(candidates) != 1:",
        new="if told or not candidates:",
        red=f"{MONEY}::test_of_several_orders_of_an_invoice_none_is_guessed",
    ),
    Mutant(
        name="pending-money-forgotten",
        defense="What is not pending any more is read: what a pass over pending money has not seen is left alone.",
        target="orders.services.sync.payments:_finish",
        old="if not of.new:",
        new="if False:",
        red=f"{MONEY}::test_what_is_not_pending_any_more_is_found_although_no_event_tells_of_it",
    ),
    Mutant(
        name="watermark-to-now",
        defense="An event that is seen late is read: the feed is read on from now, and not from a little before.",
        target="orders.services.sync.feed:_since",
        old="int((state.watermark - LAG).timestamp())",
        new="int(clock.now().timestamp())",
        red="tests/index/test_sync.py::test_an_event_that_is_seen_after_a_later_read_is_not_missed",
    ),
    Mutant(
        name="second-tries-not-counted",
        defense="People have most of the calls: those made once more are not counted.",
        target="orders.services.sync.turns:charge",
        old="_take(state, clock.now(), calls)",
        new="pass",
        red="tests/index/test_sync.py::test_the_background_keeps_to_its_share_in_every_minute[50]",
    ),
    Mutant(
        name="payments-events-ignored",
        defense="Payments and refunds name no order: the order of their invoice or payment is not read.",
        target="orders.services.index.concerned:orders_of",
        old="return named | _of_invoices(merchant, mode, invoices) | _of_payments(merchant, mode, payments)",
        new="return named",
        red="tests/index/test_hints.py::test_an_event_of_a_payment_or_refund_has_the_order_read",
    ),
    Mutant(
        name="customers-without-their-terms",
        defense="A worker that is killed leaves no customer whose orders are not found by name: terms come later.",
        target="orders.services.revkeen.customer_names",
        old="@transaction.atomic",
        new="",
        red="tests/orders/test_customer_names.py::test_customers_are_kept_with_the_terms_of_their_orders_or_not_at_all",
    ),
    Mutant(
        name="webhook-payloads-believed",
        defense="No row is made of a payload: its status is written.",
        target="orders.services.webhooks.receive:_take",
        old="if is_new:",
        new="""
        from orders.models import OrderCopy
        told = payload.data.get("object") or {}
        OrderCopy.objects.filter(order_id__in=webhooks.subject(payload).orders).update(status=str(told.get("status")))
        if is_new:
    """,
        red="tests/webhooks/test_receive.py::test_nothing_that_a_payload_says_becomes_a_row",
    ),
]
