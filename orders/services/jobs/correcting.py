"""The rows of a dry run said otherwise than they were typed: the whole is checked anew, and nothing is sent by it."""

from collections.abc import Mapping

from django.db import transaction

from orders.models import Job, JobRow
from orders.services.jobs import asking
from orders.storable import storable

Cells = Mapping[str, str]


def correct(job: Job, typed: Mapping[int, Cells]) -> int:
    """Say these rows, by their places, anew: how many of them were otherwise before. Raise `MovedOn`."""
    with transaction.atomic():
        changed = [row for row in job.rows.filter(place__in=typed) if _said(row.typed) != _said(typed[row.place])]
        for row in changed:
            if row.typed.get("order", "") != typed[row.place].get("order", ""):  # of a list it was known by its id
                row.order_id, row.order_number = None, ""
            row.typed, row.sure = storable(_said(typed[row.place])), False
        JobRow.objects.bulk_update(changed, ["order_id", "order_number", "typed", "sure"], batch_size=100)
        asking.check(job)
    return len(changed)


def _said(cells: Cells) -> dict[str, str]:
    return {name: text for name, text in cells.items() if text}
