"""Limits and approval: what one person may not do alone."""

from mutants.catalog import Mutant

LIMITS = "tests/approvals/test_limits.py"
APPROVALS = "tests/approvals/test_approvals.py"

MUTANTS = [
    Mutant(
        name="above-the-limit-sent",
        defense="Limits: the journal begins what is above the limit of whoever asked, if the page did not say so.",
        target="orders.services.changes.journal:_write_row",
        old="change_request.allow(user)",
        new="",
        red=f"{LIMITS}::test_above_the_limit_the_button_asks_for_approval_and_a_forged_one_sends_nothing",
    ),
    Mutant(
        name="approved-above-own-limit",
        defense="Approval: somebody approves more than they may move themselves.",
        target="orders.services.approvals.approvers:_may",
        old=" and limit.cover(money)",
        new="",
        red=f"{APPROVALS}::test_an_approver_needs_the_right_and_a_limit_that_covers_it",
    ),
    Mutant(
        name="approved-by-the-asker-in-the-database",
        defense="Approval: the database takes a requester's own word for an approval.",
        target="orders/migrations/0019_approvals.py",
        old="models.Q(('decided_by__isnull', False), models.Q(('decided_by', models.F('user')), _negated=True)), "
        "_connector='OR')",
        new="models.Q(('decided_by__isnull', False)), _connector='OR')",
        red=f"{APPROVALS}::test_the_database_refuses_a_requesters_own_word_and_every_other_edit",
    ),
    Mutant(
        name="approved-by-who-asked",
        defense="Approval: whoever asked may decide, once they have the right and a limit that covers it.",
        target="orders.services.approvals.approvers:blocked_reason",
        old="""
            if request.user_id == user.pk:
                return "You asked for this yourself, so somebody else has to decide."
        """,
        new="",
        red=f"{APPROVALS}::test_the_requester_never_approves_whatever_roles_they_get",
    ),
    Mutant(
        name="approved-for-who-lost-the-right",
        defense="Approval: what somebody asked for is sent in their name though they may not do it any more.",
        target="orders.services.approvals.ending:Approved.allow",
        old=" or cannot_be_sent(standing)",
        new="",
        red=f"{APPROVALS}::test_the_right_of_who_asked_is_looked_at_again",
    ),
    Mutant(
        name="approved-under-another-id",
        defense="Approval, once: the operation has an id of its own, so the database would take a second.",
        target="orders.services.approvals.ending:_as_asked",
        old="request.pk, request.merchant, request.mode,",
        new="__import__('uuid').uuid4(), request.merchant, request.mode,",
        red=f"{APPROVALS}::test_a_request_is_sent_once_as_it_stands_when_another_approves",
    ),
    Mutant(
        name="asked-and-sent",
        defense="Approval: a form whose button asks for approval sends what it asks for, where the limit has gone.",
        target="orders.views.changes.form_page:send",
        old="""
            if ASK in request.POST:
                return _ask(request, change_request)
        """,
        new="",
        red=f"{LIMITS}::test_nobody_is_charged_by_a_button_that_asks",
    ),
    Mutant(
        name="day-counts-what-is-done-alone",
        defense="Limits of a day: what is in doubt or begun may have moved money, and is not counted.",
        target="orders.services.changes.limits:COUNTED",
        old="(*Operation.OPEN, Operation.State.DONE)",
        new="(Operation.State.DONE,)",
        red=f"{LIMITS}::test_the_day_counts_what_is_done_in_doubt_or_begun",
    ),
    Mutant(
        name="steps-to-come-not-counted",
        defense="Limits: a refund over several payments counts as its first part.",
        target="orders.services.changes.limits:whole",
        old="if money is None or kind != Kind.REFUND:",
        new="if money is None or kind != Kind.UPDATE:",
        red=f"{LIMITS}::test_a_refund_over_several_payments_counts_as_one_sum",
    ),
]
