"""A list of our own rows asks the database as often for many rows as for few."""

import uuid
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orders.models import Job, Membership
from orders.services.drafts import drafts
from orders.services.exports import asking as exports
from orders.services.jobs import asking as jobs
from orders.services.orders import saved_views
from orders.services.picking import batches

FEW, MANY = 2, 9


def _draft(member: Membership, number: int) -> None:
    drafts.start(member.merchant, "live", member.user)


def _job(member: Membership, number: int) -> None:
    jobs.begin(member, "live", Job.Kind.CANCEL, "ticked orders", [jobs.Given(place, {}) for place in (1, 2)])


def _batch(member: Membership, number: int) -> None:
    batches.create(member.merchant, "live", {uuid.uuid4(): f"NW-{number}"}, member.user)


def _view(member: Membership, number: int) -> None:
    saved_views.save(member, "live", f"View {number}", "status=paid", shared=False)


def _schedule(member: Membership, number: int) -> None:
    exports.ask_every(member, "live", "day", list="orders", query="", file_format="comma", mark=True, lines=False)


MAKERS: dict[str, Callable[[Membership, int], None]] = {
    "draft_list": _draft,
    "job_list": _job,
    "batch_list": _batch,
    "saved_view_list": _view,
    "export_list": _schedule,
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_list_asks_no_more_for_many_rows_than_for_few(name: str, admin: Client) -> None:
    member = Membership.objects.select_related("merchant", "user").get(user__email="admin@northwind.example")
    asked = []
    for numbers in (range(FEW), range(FEW, MANY)):
        for number in numbers:
            MAKERS[name](member, number)
        admin.get(reverse(name, args=["northwind", "live"]))  # what is kept for a while is not measured
        with CaptureQueriesContext(connection) as queries:
            assert admin.get(reverse(name, args=["northwind", "live"])).status_code == 200
        asked.append([one["sql"] for one in queries.captured_queries])
    few, many = asked
    assert len(many) <= len(few), "\n".join(many)
