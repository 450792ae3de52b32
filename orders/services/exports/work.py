"""Everything that a worker does about exports, the quickest first."""

from collections.abc import Callable

from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse

from orders import links, mails
from orders.models import Export, ExportSchedule
from orders.services.due import Asked, Literal, asked_often
from orders.services.exports import accounting_schedule, asking, making
from orders.services.index import clock

RUNNING = Literal("")  # as in the index schedules_due


@asked_often
def _to_tell_due() -> Asked:
    return Asked(Export.objects.filter(to_tell=True))


@asked_often
def _schedules_due() -> Asked:
    schedules = ExportSchedule.objects.filter(stopped=RUNNING)
    return Asked(schedules.filter(next_at__lte=Now()), (schedules, "next_at"))


@asked_often
def _old_ones_due() -> Asked:
    kept = Export.objects.filter(ends_at__isnull=False)
    return Asked(kept.filter(ends_at__lte=Now()), (kept, "ends_at"))


DUE = (making.due, _to_tell_due, _schedules_due, accounting_schedule.due, _old_ones_due)


def work(table_of: making.TableOf, stopping: Callable[[], bool] = lambda: False) -> bool:
    """One round; False where nothing was to be done."""
    did = bool(making.forget_old()) + begin_scheduled() + accounting_schedule.make_due() + tell()
    export = making.claim()
    if export is not None:
        making.make(export, table_of, stopping)
        did += 1 + tell()
    return did > 0


def begin_scheduled() -> int:
    """Ask for the files whose time has come, each once; where no worker was for days, one of them."""
    begun = 0
    while _begin_one():
        begun += 1
    return begun


def _begin_one() -> bool:
    with transaction.atomic():
        due = ExportSchedule.objects.filter(stopped="", next_at__lte=Now()).select_related("merchant", "view")
        schedule = due.select_for_update(skip_locked=True, of=("self",)).order_by("next_at").first()
        if schedule is None:
            return False
        schedule.next_at = asking.next_time(schedule.every, schedule.merchant.zone, clock.now())
        schedule.save(update_fields=["next_at"])
        same = ("merchant", "mode", "owner_id", "list", "title", "words", "file_format", "mark", "lines")
        query = schedule.view.query if schedule.view else schedule.query
        Export.objects.create(schedule=schedule, query=query, **{name: getattr(schedule, name) for name in same})
    return True


def tell() -> int:
    """Mail to the owners of what is ready, or failed, once each."""
    told = 0
    for export in Export.objects.filter(to_tell=True).select_related("owner", "merchant", "schedule")[:100]:
        if Export.objects.filter(pk=export.pk, to_tell=True).update(to_tell=False):
            _mail(export)
            told += 1
    return told


def _mail(export: Export) -> None:
    address = links.public(reverse("export_list", args=[export.merchant.slug, export.mode]))
    ready = export.state == Export.State.READY
    text = render_to_string("orders/exports/mail.txt", {"export": export, "address": address, "ready": ready})
    state = "is ready" if ready else "could not be made"
    mails.send_soon(f"Your export of {export.merchant} {state}", text, export.owner.email)
