"""Files of the accounting feed made by themselves, every day, week or month, while their owner may have them."""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from orders.models import AccountingSchedule, EventLog, Membership
from orders.permissions import Right
from orders.services import audit
from orders.services.due import Asked, asked_often
from orders.services.exports import accounting, asking
from orders.services.index import clock


def of(membership: Membership, mode: str) -> AccountingSchedule | None:
    """That of the merchant, whoever set it."""
    found = AccountingSchedule.objects.filter(merchant=membership.merchant, mode=mode)
    return found.select_related("owner").first()


def set_every(membership: Membership, mode: str, every: str) -> None:
    """Have a file made so often, in this person's name; "" ends it."""
    here: dict[str, Any] = {"merchant": membership.merchant, "mode": mode}
    if not every:
        AccountingSchedule.objects.filter(**here).delete()
        return
    next_at = asking.next_time(every, membership.merchant.zone, clock.now())
    facts = {"owner": membership.user, "every": every, "next_at": next_at}
    AccountingSchedule.objects.update_or_create(**here, defaults=facts)


@asked_often
def due() -> Asked:
    every = AccountingSchedule.objects.all()
    return Asked(every.filter(next_at__lte=Now()), (every, "next_at"))


def make_due() -> int:
    """Make what is new into files where it is time, all of it; how many schedules that were."""
    done = 0
    while (schedule := _take_one()) is not None:
        if _may(schedule):
            _make_all(schedule)
        else:
            schedule.delete()
        done += 1
    return done


def _take_one() -> AccountingSchedule | None:
    with transaction.atomic():
        due = AccountingSchedule.objects.filter(next_at__lte=Now()).select_related("merchant", "owner")
        schedule = due.select_for_update(skip_locked=True, of=("self",)).order_by("next_at").first()
        if schedule is not None:
            schedule.next_at = asking.next_time(schedule.every, schedule.merchant.zone, clock.now())
            schedule.save(update_fields=["next_at"])
    return schedule


def _may(schedule: AccountingSchedule) -> bool:
    members = Membership.objects.filter(user=schedule.owner, merchant=schedule.merchant, user__is_active=True)
    membership = members.first()
    return membership is not None and membership.may(Right.EXPORT_ALL)


def _make_all(schedule: AccountingSchedule) -> None:
    merchant, mode, owner = schedule.merchant, schedule.mode, schedule.owner
    while (made := accounting.make(merchant, mode, owner)) is not None:
        text = f"accounting file {made.number} made, {made.rows} rows, {schedule.get_every_display().lower()}"
        audit.record(EventLog.Kind.EXPORTED, text, user=owner, merchant=merchant, mode=mode)
