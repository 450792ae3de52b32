"""Two people at the same moment: a batch number is given once, and a job that both apply begins once."""

import pytest

from tests.support.processes import Site

pytestmark = pytest.mark.database

EACH = 10  # batches of either person
MAKE = """
import json, sys
from orders.models import Job, JobRow, Merchant, User
from tests.conftest import make_merchant, make_person
print("ready", flush=True); sys.stdin.readline()
merchant = make_merchant("Northwind", "northwind", "Europe/Berlin")
people = [make_person(f"{name}@x.example", merchant, "operations") for name in ("ana", "ben")]
job = Job.objects.create(merchant=merchant, mode="live", kind="fulfill", user=people[0], who="ana", state="checked")
JobRow.objects.create(job=job, place=1, operation_id=job.pk, state="ready")
print(json.dumps(str(job.pk)))
"""
CREATE = """
import json, sys, uuid
from orders.models import Merchant, User
from orders.services.picking import batches
print("ready", flush=True); sys.stdin.readline()
merchant, person = Merchant.objects.get(), User.objects.get(email=sys.argv[1])
made = [batches.create(merchant, "live", {uuid.uuid4(): "NW-1"}, person).number for _ in range(int(sys.argv[2]))]
print(json.dumps(made))
"""
APPLY = """
import json, sys
from orders.models import Job, User
from orders.services.jobs import asking
print("ready", flush=True); sys.stdin.readline()
try:
    asking.apply(Job.objects.get(pk=sys.argv[2]), 1, 0, User.objects.get(email=sys.argv[1]))
    print(json.dumps("applied"))
except asking.MovedOn as error:
    print(json.dumps(str(error)))
"""
PEOPLE = ("ana@x.example", "ben@x.example")


def test_a_batch_number_is_given_once_and_none_is_left_out(site: Site) -> None:
    site.run(MAKE)
    made = site.run_together(CREATE, [(person, str(EACH)) for person in PEOPLE])
    assert sorted(number for numbers in made for number in numbers) == list(range(1, 2 * EACH + 1))


def test_a_job_that_two_people_apply_at_once_begins_once(site: Site) -> None:
    job = site.run(MAKE)
    said = site.run_together(APPLY, [(person, job) for person in PEOPLE])
    assert sorted(said) == ["It was applied already, or checked anew. Look at it once more.", "applied"]
    assert site.rows("SELECT COUNT(*) FROM orders_eventlog WHERE kind = 'job_applied'") == [(1,)]
