"""Jobs: what is sent is what the check said, each order once, and at the rate that RevKeen allows."""

from mutants.catalog import Mutant

FULFILLING, WORK = "tests/jobs/test_fulfilling.py", "tests/jobs/test_work.py"

MUTANTS = [
    Mutant(
        name="jobs-a-new-key-for-each-attempt",
        defense="Jobs: a row that is begun anew after a kill is sent under another key.",
        target="orders.services.jobs.sending_parcels:carry_out",
        old="token = FormToken(rows[0].operation_id,",
        new='token = FormToken(__import__("uuid").uuid4(),',
        red=f"{WORK}::test_a_worker_that_is_killed_leaves_nothing_undone_and_nothing_done_twice",
    ),
    Mutant(
        name="jobs-apply-what-is-ready-by-now",
        defense="Jobs: the button sends other rows than it named.",
        target="orders.services.jobs.asking:apply",
        old="found = Job.objects.filter(pk=job.pk, state=State.CHECKED, version=version)",
        new="found, count = Job.objects.filter(pk=job.pk, state=State.CHECKED), ready(job).count()",
        red=f"{FULFILLING}::test_doubts_are_overruled_row_by_row_by_whoever_looked",
    ),
    Mutant(
        name="jobs-doubted-rows-are-sent",
        defense="Jobs: a row with a doubt that nobody looked at is sent.",
        target="orders.services.jobs.marks:settle",
        old="out = stopped(row) or doubted(row)",
        new="out = stopped(row)",
        red=f"{FULFILLING}::test_doubts_are_overruled_row_by_row_by_whoever_looked",
    ),
    Mutant(
        name="jobs-of-others",
        defense="Jobs: a job of another merchant or mode is shown to whoever is told its address.",
        target="orders.views.jobs.jobs:job_of",
        old="here = Job.objects.filter(merchant=request.merchant, mode=request.mode, pk=job_id)",
        new="here = Job.objects.filter(pk=job_id)",
        red=f"{FULFILLING}::test_what_is_not_applied_is_its_makers_and_a_job_of_others_is_not_there",
    ),
    Mutant(
        name="jobs-after-the-right-was-lost",
        defense="Jobs: rows go on for somebody who may not do it any more.",
        target="orders.services.jobs.sending:_not_any_more",
        old="return requesters.lost_right_to_ask(job.user, job.merchant, kind_of(job).operation)",
        new='return ""',
        red=f"{WORK}::test_whoever_lost_the_right_has_nothing_sent_for_them",
    ),
    Mutant(
        name="jobs-of-a-restored-backup",
        defense="Jobs: a restored backup sends rows that may have been sent since.",
        target="orders.services.changes.quarantine:quarantine",
        old="_quarantine_jobs()",
        new="pass",
        red=f"{WORK}::test_a_restored_backup_sends_no_row",
    ),
    Mutant(
        name="jobs-a-widened-list",
        defense="Jobs: a list with a condition that is not understood is taken without it.",
        target="orders.views.jobs.chosen:_all_of_list",
        old="if any(one.q is None for one in form.asked):",
        new="if False:",
        red=f"{FULFILLING}::test_a_list_with_a_broken_condition_selects_nothing",
    ),
]
