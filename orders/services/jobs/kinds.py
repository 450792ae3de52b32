"""The kinds of jobs: who may have one, how many calls one order takes, its dry run, and its sending."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orders.apis.order_protection.objects import LABELS
from orders.models import Job, JobRow, Membership, Operation
from orders.permissions import Right
from orders.services.jobs import other_changes, parcels, sending_parcels
from orders.services.jobs.known_orders import KnownOrders
from orders.services.orders import cancellations
from orders.services.revkeen.session import Session

Kind = Job.Kind
THROUGH_THE_JOURNAL = 3  # calls: a look, the change, and a look after it


@dataclass(frozen=True)
class KindOfJob:
    """`verb`: what the button says before the number of rows. `operation`: its kind in the journal, for the right.

    `carry_out` gives the operation that RevKeen is told by; None where all of it is done here.
    """

    verb: str
    right: Right
    operation: Operation.Kind
    calls: int
    check: Callable[[Job, Sequence[JobRow], KnownOrders], None]
    carry_out: Callable[[Session, Job, list[JobRow]], Operation | None]


KINDS = {
    Kind.FULFILL: KindOfJob(
        "Fulfill", Right.FULFILL, Operation.Kind.FULFILL, THROUGH_THE_JOURNAL, parcels.check, sending_parcels.carry_out
    ),
    Kind.CANCEL: KindOfJob(
        "Cancel",
        Right.PAY,
        Operation.Kind.CANCEL,
        THROUGH_THE_JOURNAL,
        other_changes.check_cancel,
        other_changes.cancel,
    ),
    Kind.EDIT: KindOfJob(
        "Change",
        Right.DRAFT,
        Operation.Kind.UPDATE,
        THROUGH_THE_JOURNAL,
        other_changes.check_edit,
        other_changes.edit,
    ),
    Kind.STATUS: KindOfJob(
        "Set the status of",
        Right.FULFILL,
        Operation.Kind.FULFILL,
        0,
        other_changes.check_status,
        other_changes.set_status,
    ),
    Kind.SEND_AGAIN: KindOfJob(
        "Send again for",
        Right.FULFILL,
        Operation.Kind.FULFILL,
        0,
        other_changes.check_send_again,
        other_changes.send_again,
    ),
}


def kind_of(job: Job) -> KindOfJob:
    return KINDS[Kind(job.kind)]


def may_have(membership: Membership, kind: str) -> bool:
    return membership.may(KINDS[Kind(kind)].right)


def asked_words(job: Job) -> str:
    """What holds for all rows, in words; "" where every row says it."""
    asked = job.asked
    if job.kind == Kind.CANCEL:
        return cancellations.whole_reason(asked["reason"], asked.get("text", ""))
    if job.kind == Kind.STATUS:
        return LABELS[asked["status"]]
    if job.kind == Kind.EDIT:
        pair = f"{asked['name']}: {asked.get('value', '')}" if asked.get("name") else ""
        return "; ".join(part for part in (asked.get("note", ""), pair) if part)
    return ""
