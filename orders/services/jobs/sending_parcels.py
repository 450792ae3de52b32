"""One order of a job that fulfills: its rows become parcels, which are sent off as the form sends them."""

import copy

import msgspec

from orders.carriers import tracking_address
from orders.models import Fulfillment, Job, JobRow, Operation
from orders.services.changes.form_tokens import FormToken
from orders.services.fulfillment import fulfill
from orders.services.fulfillment.fulfillable import FulfillmentSnapshot
from orders.services.fulfillment.shipments import Parcel, ParcelItem
from orders.services.revkeen.session import Session

HERE_ALONE = 32_000  # the step of a row whose parcel RevKeen is not told of: no line is complete with it


def carry_out(api: Session, job: Job, rows: list[JobRow]) -> Operation | None:
    """The operation that tells RevKeen; None where nothing is due to it. Raise what `fulfill.fulfill` raises.

    All of it follows from what the dry run fixed: a worker that begins anew sends the same under the same key.
    """
    shown = msgspec.convert(rows[0].seen, FulfillmentSnapshot)
    parcels, of_parcels = _parcels(rows, shown)
    _note_steps(of_parcels, fulfill.completed_by(parcels, shown))
    merchant = copy.copy(job.merchant)
    merchant.undo_seconds = 0  # the undo window is the job's, and is over
    order_id = rows[0].order_id
    token = FormToken(rows[0].operation_id, merchant, job.mode, Operation.Kind.FULFILL, order_id, shown)
    sent = fulfill.fulfill(api, job.user, token, parcels)
    return None if isinstance(sent, Fulfillment) else sent


def _parcels(rows: list[JobRow], shown: FulfillmentSnapshot) -> tuple[list[Parcel], list[list[JobRow]]]:
    """Rows with the same carrier and number are one parcel."""
    together: dict[tuple[str, str], list[JobRow]] = {}
    for row in rows:
        together.setdefault((row.asked["carrier"], row.asked["tracking"]), []).append(row)
    plain = [_parcel(of_parcel, notify=False) for of_parcel in together.values()]
    completed = fulfill.completed_by(plain, shown)
    parcels = [
        _parcel(of_parcel, notify=bool(lines and shown.recipient) and any(row.asked["notify"] for row in of_parcel))
        for of_parcel, lines in zip(together.values(), completed, strict=True)
    ]
    return parcels, list(together.values())


def _parcel(rows: list[JobRow], *, notify: bool) -> Parcel:
    units: dict[str, int] = {}
    for row in rows:
        for line_id, count in row.asked["items"]:
            units[line_id] = units.get(line_id, 0) + count
    carrier, number = rows[0].asked["carrier"], rows[0].asked["tracking"]
    return Parcel(
        items=tuple(ParcelItem(line_id, count) for line_id, count in units.items()),
        carrier=carrier,
        tracking=((number, tracking_address(carrier, number)),) if number else (),
        notify=notify,
    )


def _note_steps(of_parcels: list[list[JobRow]], completed: list[list[str]]) -> None:
    told = 0
    for rows, lines in zip(of_parcels, completed, strict=True):
        step = told if lines else HERE_ALONE
        told += bool(lines)
        ids = [row.pk for row in rows]
        JobRow.objects.filter(pk__in=ids).exclude(step=step).update(step=step)
