"""What a newcomer finds in the demo: nothing of a day's work is an empty page."""

from django.conf import LazySettings
from django.core.management import call_command

from orders.models import Batch, Handling, Hold, Job, JobRow, OrderTag
from tests.support.emulation import Emulator


def test_the_demo_has_jobs_with_each_result_a_check_to_correct_and_orders_that_staff_said_something_of(
    db: None, emulator: Emulator, settings: LazySettings
) -> None:
    settings.PLAIN_HTTP = True
    call_command("seed_demo", "--at-work")
    assert sorted(Job.objects.values_list("kind", "state")) == [
        ("edit", "ended"),
        ("fulfill", "checked"),
        ("fulfill", "ended"),
    ]
    sent = JobRow.objects.filter(job__state="ended")
    assert set(sent.values_list("state", flat=True)) == {"done", "not_sent"}
    kept_out = JobRow.objects.filter(job__state="checked", state="bad")
    codes = {code for row in kept_out for code, _ in row.marks}
    assert codes == {"carrier", "damaged", "shipped", "twice", "unknown", "no_line"}
    said = " ".join(words for row in kept_out for _, words in row.marks)
    assert "No order “NW-404” here." in said
    assert "imported" not in said  # all orders are there to be checked against, and the page says as of when
    assert not Job.objects.filter(as_of=None).exists()
    assert Batch.objects.count() == 2
    assert set(Hold.objects.values_list("reason", flat=True)) == {"stock", "customer", "address"}
    assert OrderTag.objects.exists()
    assert Handling.objects.exclude(assigned_to=None).exists()
