"""What jobs do beside fulfilling: canceling, notes and metadata, a status at OrderProtection, partner updates again.

Each has its dry run and its sending. What changes an order at RevKeen goes through the journal, as its form does.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from orders.models import Job, JobRow, Membership, Operation, PartnerUpdate, Shipment
from orders.money import Money
from orders.services.changes import journal, limits
from orders.services.changes.form_tokens import FormToken
from orders.services.changes.snapshots import OrderSnapshot, kept, snapshot_of
from orders.services.fulfillment import corrections
from orders.services.jobs import marks
from orders.services.jobs.known_orders import KnownOrders
from orders.services.jobs.marks import Code
from orders.services.orders import cancellations, next_steps, order_edits
from orders.services.orders.order_edits import LINKS, LONGEST_NOTES, EditSnapshot
from orders.services.partners import manual, outbox
from orders.services.revkeen.session import Session

Kind = Operation.Kind


def _named_once(rows: Sequence[JobRow], known: KnownOrders) -> list[tuple[JobRow, Any]]:
    """Each row that nothing keeps out so far, with its order; a second row of an order is marked."""
    first: dict[object, int] = {}
    found = []
    for row in rows:
        order = known.orders.get(row.order_id) if row.order_id else None
        if order is None:
            continue
        if row.order_id in first:
            marks.add(row, Code.TWICE, f"Row {first[row.order_id]} names the same order.")
            continue
        first[row.order_id] = row.place
        found.append((row, order))
    return found


# Canceling


def check_cancel(job: Job, rows: Sequence[JobRow], known: KnownOrders) -> None:
    """Also what the person may not cancel alone: nothing of that is sent by a job."""
    membership = Membership.objects.select_related("merchant").filter(user=job.user, merchant=job.merchant).first()
    so_far: dict[str, Money] = {}
    for row, order in _named_once(rows, known):
        if reason := next_steps.step(order, "order_cancel").reason:
            marks.add(row, Code.CLOSED, f"{reason[0].upper()}{reason[1:]}")
            continue
        money = order.money(order.amount_due)
        if words := _above_limit(membership, job.mode, money, so_far):
            marks.add(row, Code.LIMIT, f"{words} Ask for approval on the order’s own page.")
            continue
        row.seen = kept(snapshot_of(order))


def _above_limit(membership: Membership | None, mode: str, money: Money, so_far: dict[str, Money]) -> str:
    """In words, that this cancellation is above a limit, with those of the rows before it; "" where it is not."""
    if membership is None:
        return "Its requester is no member any more."
    before = so_far.get(money.currency, Money(0, money.currency))
    found = limits.met(membership, mode, Kind.CANCEL, money)
    day = limits.of_member(membership, Kind.CANCEL, money.currency).day
    if found is None and day is not None:
        today = limits.today(membership, mode, Kind.CANCEL, money.currency)
        if day < today + before + money:
            return f"With the rows above it is above the limit of {day} in cancellations a day."
    if found is None:
        so_far[money.currency] = before + money
    return str(found or "")


def cancel(api: Session, job: Job, rows: list[JobRow]) -> Operation:
    token = FormToken(
        rows[0].operation_id,
        job.merchant,
        job.mode,
        Kind.CANCEL,
        rows[0].order_id,
        msgspec.convert(rows[0].seen, OrderSnapshot),
    )
    asked = cancellations.change_request(token, job.asked["reason"], job.asked.get("text", ""))
    return journal.submit(api, job.user, asked)


# Notes and metadata


def check_edit(job: Job, rows: Sequence[JobRow], known: KnownOrders) -> None:
    note, name = job.asked.get("note", ""), job.asked.get("name", "")
    for row, order in _named_once(rows, known):
        if reason := next_steps.step(order, "order_edit").reason:
            marks.add(row, Code.CLOSED, f"{reason[0].upper()}{reason[1:]}")
            continue
        changes: dict[str, Any] = {}
        if note:
            changes["notes"] = f"{order.notes}\n{note}" if order.notes else note
        if name and (name not in order.metadata or order.metadata[name] != job.asked.get("value", "")):
            changes["metadata"] = {**order.metadata, name: job.asked.get("value", "")}
        if len(changes.get("notes", "")) > LONGEST_NOTES:
            marks.add(row, Code.INVALID, f"With it the notes have more than {LONGEST_NOTES:,} characters.")
        elif not changes:
            marks.add(row, Code.NOTHING, "The order has this metadata already.")
        row.asked = {"changes": changes}
        row.seen = kept(order_edits.snapshot_for(order))


def edit(api: Session, job: Job, rows: list[JobRow]) -> Operation:
    shown = msgspec.convert(rows[0].seen, EditSnapshot)
    token = FormToken(rows[0].operation_id, job.merchant, job.mode, Kind.UPDATE, rows[0].order_id, shown)
    changes = rows[0].asked["changes"]
    words = {"notes": "notes", "metadata": f"metadata ({job.asked.get('name', '')})"}
    return journal.submit(api, job.user, order_edits.change_request(token, changes, [words[one] for one in changes]))


def fixed_name(name: str) -> bool:
    """Whether it is one that only replacing an order writes."""
    return name in LINKS


# OrderProtection's status


def check_status(job: Job, rows: Sequence[JobRow], known: KnownOrders) -> None:
    for row, order in _named_once(rows, known):
        found = [one for one in known.shipments[order.id] if corrections.takes_status(one)]
        others = [one for one in found if one.status != job.asked["status"]]
        if not found:
            marks.add(row, Code.NOTHING, "OrderProtection gets no shipment of this order.")
        elif not others:
            marks.add(row, Code.NOTHING, "All of its shipments have this status.")
        row.asked = {"shipments": [one.pk for one in others]}


def set_status(api: Session, job: Job, rows: list[JobRow]) -> None:
    """Written down here; the outbox tells OrderProtection."""
    found = Shipment.objects.filter(pk__in=rows[0].asked["shipments"], merchant=job.merchant, mode=job.mode)
    corrections.set_status(found, job.asked["status"], job.user)


# Partner updates


def check_send_again(job: Job, rows: Sequence[JobRow], known: KnownOrders) -> None:
    """Those that a person has to do something about, and that may go once more."""
    waiting = outbox.needing_someone(job.merchant, job.mode).filter(state__in=manual.MAY_BE_SENT_AGAIN)
    of_orders: dict[object, list[int]] = {}
    for pk, order_id in waiting.order_by("pk").values_list("pk", "order_id"):
        of_orders.setdefault(order_id, []).append(pk)
    for row, order in _named_once(rows, known):
        row.asked = {"updates": of_orders.get(order.id, [])}
        if not row.asked["updates"]:
            marks.add(row, Code.NOTHING, "No partner update of this order can be sent again.")


def send_again(api: Session, job: Job, rows: list[JobRow]) -> None:
    """The outbox sends them; where a call may have arrived, the partner is read first."""
    found = PartnerUpdate.objects.filter(pk__in=rows[0].asked["updates"], merchant=job.merchant, mode=job.mode)
    for partner_update in found.select_related("shipment"):
        manual.send_again(partner_update, job.user)
