"""The rows of a job as a table to take along: what became of those that were applied, or those that the check kept out.

The second has the headings of the template, so that it can be put right and read in again.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Count, QuerySet

from orders import states
from orders.models import Job, JobRow
from orders.services.jobs.table_reading import COLUMNS
from orders.states import State

RESULTS, BAD = "results", "bad"
HEAD = ("Row", "Order", "Order id", "Carrier", "Tracking number", "Result", "Reason")


def applied(job: Job) -> "QuerySet[JobRow, JobRow]":
    """The rows that are part of the job: all but those that the check keeps out."""
    return job.rows.exclude(state=JobRow.State.BAD)


def kept_out(job: Job) -> "QuerySet[JobRow, JobRow]":
    return job.rows.filter(state=JobRow.State.BAD)


def e_mailed(job: Job) -> int:
    """Orders whose customers an e-mail goes to, when what is ready is applied."""
    ready = job.rows.filter(state=JobRow.State.READY, asked__notify=True).exclude(seen__recipient="")
    return ready.values("order_id").distinct().count()


def counts(job: Job) -> dict[str, int]:
    """Rows by state."""
    return counts_of([job])[job.pk]


def counts_of(jobs: Iterable[Job]) -> dict[uuid.UUID, dict[str, int]]:
    """Job → rows by state, of a whole page in one question."""
    found = {job.pk: dict.fromkeys(JobRow.State.values, 0) for job in jobs}
    rows = JobRow.objects.filter(job__in=list(found)).order_by()
    for job_id, state, count in rows.values_list("job_id", "state").annotate(Count("pk")):
        found[job_id][state] = count
    return found


def table(job: Job, which: str) -> Iterator[Sequence[Any]]:
    """Head and rows."""
    if which == BAD:
        yield [*COLUMNS.values(), "Why not"]
        for row in kept_out(job).iterator():
            yield [*(_typed(row, name) for name in COLUMNS), row.message]
        return
    yield HEAD
    for row in applied(job).iterator():
        asked = (row.asked.get("carrier", ""), row.asked.get("tracking", ""))
        yield [row.place, row.order_number, str(row.order_id), *asked, _state(row).word, row.message]


def _typed(row: JobRow, name: str) -> str:
    return str(row.typed.get(name, "") or (row.order_number if name == "order" else ""))


def _state(row: JobRow) -> State:
    return states.job_row_state(row)
