"""The worker's part: making files, one at a time, and keeping them in the database until their owner has had them.

A file is kept in chunks, each with the attempt that wrote it, and is ready in the transaction that knows of the last
one. Whoever takes over from a worker that was killed begins anew under the next attempt: no file has parts of two.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from orders.apis.errors import ApiError
from orders.models import Export, ExportChunk, ExportSchedule
from orders.services.due import Asked, Literal, asked_often
from orders.services.exports import files
from orders.services.index import clock
from orders.tables import NotReady, NotValid, Table, Value

log = structlog.get_logger("orders.exports")

CHUNK = 512 * 1024  # bytes
LEASE = timedelta(seconds=60)  # is renewed every so many rows
ROWS = 500
MOST_ROWS = 1_000_000
MOST_BYTES = 512 * 1024 * 1024
MOST_ATTEMPTS = 10
AGAIN_AFTER = timedelta(seconds=30)  # times the attempts so far
KEPT = timedelta(days=1)
KEPT_OF_SCHEDULE = {
    ExportSchedule.Every.DAY: timedelta(days=7),
    ExportSchedule.Every.WEEK: timedelta(days=35),
    ExportSchedule.Every.MONTH: timedelta(days=100),
}
LITERAL_WAITING = Literal(Export.State.WAITING)  # as in the index exports_due

TableOf = Callable[[Export], Table]
State = Export.State


class NotAllowed(Exception):
    """The owner may not have this list any more."""


class Lost(Exception):
    """Another worker has taken over, or the owner removed it."""


class Stopped(Exception):
    """This worker has to end; another one begins anew."""


class TooLarge(Exception):
    """The message says what is too much."""


@asked_often
def due() -> Asked:
    waiting = Export.objects.filter(state=LITERAL_WAITING)
    return Asked(_due(), (waiting, "due_at"), (waiting, "lease_until"))


def claim() -> Export | None:
    """Take the file that waits longest, under a new attempt; `None` where none is due."""
    if not _due().exists():  # a look that takes no lock
        return None
    with transaction.atomic():
        found = _due().select_for_update(skip_locked=True, of=("self",)).select_related("merchant", "owner", "schedule")
        export: Export | None = found.order_by("due_at").first()
        if export is not None:
            export.attempt, export.lease_until = export.attempt + 1, _lease()
            held = {"attempt": export.attempt, "lease_until": export.lease_until, "rows": 0}
            Export.objects.filter(pk=export.pk).update(**held)
    return export


def make(export: Export, table_of: TableOf, stopping: Callable[[], bool] = lambda: False) -> None:
    """Make a file that the caller has claimed. `table_of` raises what a list raises, or `NotAllowed`."""
    try:
        if export.attempt > MOST_ATTEMPTS:
            raise TooLarge("It was begun ten times and never came to its end.")
        _forget_former(export)
        _write(export, table_of(export), stopping)
    except (Lost, Stopped) as error:
        _give_back(export, error)
    except NotAllowed as error:
        _fail(export, str(error), tell=False)
        if export.schedule_id is not None:
            ExportSchedule.objects.filter(pk=export.schedule_id).update(stopped=str(error)[:200])
    except (TooLarge, NotValid) as error:
        _fail(export, str(error))
    except (NotReady, ApiError) as error:
        _again(export, str(error))
    except Exception:  # ours; it may go better next time
        log.exception("an export failed", export=str(export.pk))
        _again(export, "Something went wrong here. See the worker log.")


def chunks(export: Export) -> Iterator[bytes]:
    """The file of one that is ready, a chunk at a time. Raise `DoesNotExist` when it is deleted meanwhile."""
    left, number = export.size, 0
    while left > 0:
        data = bytes(ExportChunk.objects.get(export=export, attempt=export.attempt, number=number).data)
        yield data
        left, number = left - len(data), number + 1


def forget_old() -> int:
    """Delete what is not kept any more, and say how many files."""
    deleted = Export.objects.filter(ends_at__lte=Now()).delete()[1]
    return deleted.get("orders.Export", 0)


def _forget_former(export: Export) -> None:
    """What attempts before this one have left."""
    with transaction.atomic():
        _require(_mine(export).select_for_update().exists())
        ExportChunk.objects.filter(export=export).exclude(attempt=export.attempt).delete()


def _write(export: Export, table: Table, stopping: Callable[[], bool]) -> None:
    expected = table.count(MOST_ROWS + 1)
    if expected > MOST_ROWS:
        raise TooLarge(f"It would have more than {MOST_ROWS:,} rows. Narrow the filter.")
    _require(_hold(export, expected=expected))
    watched = _Watched(export, stopping)
    content = files.content(
        replace(table, rows=watched.rows(table.rows)),
        export.merchant.zone,
        export.file_format,
        mark=export.mark,
    )
    size = 0
    for number, chunk in enumerate(_of_size(content)):
        size += len(chunk)
        if size > MOST_BYTES:
            raise TooLarge(f"It would be larger than {MOST_BYTES // 1024**2} MB. Narrow the filter.")
        _keep(export, number, chunk)
    _finish(export, watched.count, size)


class _Watched:
    """Rows that are counted as they pass, and the lease that is renewed with them."""

    def __init__(self, export: Export, stopping: Callable[[], bool]) -> None:
        self.count = 0
        self._export, self._stopping = export, stopping

    def rows(self, rows: Iterable[Sequence[Value]]) -> Iterator[Sequence[Value]]:
        for row in rows:
            self.count += 1
            if self.count % ROWS == 0:
                if self._stopping():
                    raise Stopped
                _require(_hold(self._export, rows=self.count))
            yield row


def _of_size(content: Iterable[bytes]) -> Iterator[bytes]:
    pending = bytearray()
    for piece in content:
        pending += piece
        while len(pending) >= CHUNK:
            yield bytes(pending[:CHUNK])
            del pending[:CHUNK]
    if pending:
        yield bytes(pending)


def _keep(export: Export, number: int, data: bytes) -> None:
    with transaction.atomic():
        _require(_mine(export).select_for_update().exists())
        ExportChunk.objects.create(export=export, attempt=export.attempt, number=number, data=data)
    _require(_hold(export))


def _finish(export: Export, rows: int, size: int) -> None:
    every = export.schedule.every if export.schedule else None
    kept = KEPT_OF_SCHEDULE[ExportSchedule.Every(every)] if every else KEPT
    done = {"state": State.READY, "rows": rows, "expected": rows, "size": size, "message": "", "to_tell": True}
    _require(_mine(export).update(**done, ready_at=Now(), ends_at=clock.now() + kept))


def _fail(export: Export, message: str, *, tell: bool = True) -> None:
    failed = {"state": State.FAILED, "message": message[:300], "to_tell": tell}
    if _mine(export).update(**failed, ends_at=clock.now() + KEPT):
        ExportChunk.objects.filter(export=export).delete()


def _again(export: Export, message: str) -> None:
    if export.attempt >= MOST_ATTEMPTS:
        return _fail(export, message)
    later = clock.now() + AGAIN_AFTER * export.attempt
    _mine(export).update(due_at=later, lease_until=later, message=message[:300])
    return None


def _give_back(export: Export, reason: Exception) -> None:
    log.warning("an export was left", export=str(export.pk), reason=type(reason).__name__)
    if isinstance(reason, Stopped):
        _mine(export).update(lease_until=Now())


def _due() -> "QuerySet[Export, Export]":
    return Export.objects.filter(state=LITERAL_WAITING, due_at__lte=Now(), lease_until__lte=Now())


def _mine(export: Export) -> "QuerySet[Export, Export]":
    return Export.objects.filter(pk=export.pk, lease_until=export.lease_until, state=State.WAITING)


def _hold(export: Export, **changes: int) -> int:
    """Renew the lease; 0 where it is another's."""
    until = _lease()
    held = _mine(export).update(lease_until=until, **changes)
    export.lease_until = until
    return held


def _lease() -> datetime:
    """No two leases end at the same moment."""
    return clock.now() + LEASE + timedelta(microseconds=secrets.randbelow(1_000_000))


def _require(held: object) -> None:
    if not held:
        raise Lost
