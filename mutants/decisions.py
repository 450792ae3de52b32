"""What waits for a person: who decides, when, and what a restored backup may not send."""

from mutants.catalog import Mutant

MUTANTS = [
    Mutant(
        name="counter-files-half-made",
        defense=(
            "Rule 11: on a full disk the first operation begins without its counter file, and the next look takes it "
            "for one of a backup."
        ),
        target="orders.services.changes.quarantine:check",
        old="_note(counter)",
        new="_try_to_note(counter)",
        red="tests/changes/test_quarantine.py::test_a_full_disk_when_the_counter_file_is_made_does_not_pass_for_a_restored_backup",
    ),
    Mutant(
        name="decided-at-once",
        defense='Rule 9, ten quiet minutes: "it did not happen" may be said while the call is still on its way.',
        target="orders.services.changes.review",
        old="QUIET = timedelta(minutes=10)",
        new="QUIET = timedelta()",
        red="tests/changes/test_review.py::test_before_ten_quiet_minutes_nobody_says_that_it_did_not_happen",
    ),
    Mutant(
        name="decided-by-who-clicked",
        defense="Rule 9, somebody else decides: whoever clicked says themselves that it did not happen.",
        target="orders.services.changes.reviewers:blocked_reason",
        old="if not fixed or user in fixed or (asker_too and user.pk == operation.user_id):",
        new="if not fixed or user in fixed or user.pk == operation.user_id:",
        red="tests/changes/test_review.py::test_whoever_clicked_does_not_say_that_it_did_not_happen_where_others_can",
    ),
    Mutant(
        name="decided-on-old-facts",
        defense="Rule 9, a fresh read: a decision stands though RevKeen shows something else by now.",
        target="orders.services.changes.review:_checked",
        old="""
            if facts.unanswered is None:
                _check_unchanged(operation, decision.shown, facts)
        """,
        new="",
        red="tests/changes/test_review.py::test_when_revkeen_shows_something_else_than_the_page_did_nothing_is_decided",
    ),
    Mutant(
        name="deciders-of-today",
        defense="Rule 13, who may decide is fixed when the operation begins: whoever has the right today does.",
        target="orders.services.changes.reviewers:blocked_reason",
        old="fixed = set(operation.deciders.all())",
        new="fixed = set(others_now(operation))",
        red="tests/changes/test_review.py::test_who_may_decide_is_fixed_when_it_begins",
    ),
    Mutant(
        name="decision-not-checked",
        defense=(
            "Rule 13, the ledger is looked at afterwards: what RevKeen shows against a decision is not written down."
        ),
        target="orders.services.changes.review_checks:check",
        old='_write(claimed, {"next_look_at": None}, "" if happened == decided else words)',
        new='_write(claimed, {"next_look_at": None}, "")',
        red=(
            "tests/changes/test_review_checks.py::test_a_payment_that_was_charged_though_decided_not_to_have_been_is_said_once",
            "tests/changes/test_review_checks.py::test_a_refund_is_held_against_the_decision_too",
        ),
    ),
    Mutant(
        name="partner-updates-of-restored-backups",
        defense="A restored backup sends nothing: its partner updates go out, though they may have been sent since.",
        target="orders.services.changes.quarantine:quarantine",
        old="quarantine_partner_updates()",
        new="",
        red="tests/partners/test_outbox.py::test_a_restored_backup_sends_nothing_to_partners_and_a_person_finds_what_was_sent",
    ),
    Mutant(
        name="quarantine-ends-with-a-step",
        defense="Rule 11, the step after one in quarantine: it is sent by a machine.",
        target="orders.services.changes.plans:_begin",
        old="**(HELD if before.quarantined else {}),",
        new="",
        red="tests/changes/test_quarantine.py::test_the_step_after_one_in_quarantine_waits_for_a_person_too",
    ),
    Mutant(
        name="restored-backups-go-on",
        defense="Rule 11 and fault 43, a restored backup sends nothing: it is not noticed.",
        target="orders.services.changes.quarantine:_restored",
        old="return installation != counter.installation or count > counter.count",
        new="return installation != counter.installation",
        red="tests/changes/test_quarantine.py::test_what_was_open_in_a_restored_backup_is_never_sent_again",
    ),
    Mutant(
        name="yes-to-money-alone",
        defense="Rule 13, both answers about money need a second person: whoever clicked says that it happened.",
        target="orders.services.changes.review:obstacles_to_yes",
        old="another = reviewers.blocked_reason(operation, user, asker_too=operation.kind not in Operation.MONEY)",
        new="another = reviewers.blocked_reason(operation, user, asker_too=True)",
        red="tests/changes/test_review.py::test_both_answers_about_money_need_a_reason_and_a_second_person[happened]",
    ),
]
