"""A restored backup sends nothing: its open operations and partner updates wait until a person has looked.

A counter goes up when an operation begins and when it ends, and before each call that tells a partner of a shipment, in
the database and then in a file beside it. After a
backup was restored the file is ahead of the database, or belongs to another installation: what was open then may have
been reconciled since.
Several servers may each have a file; each is at most as far as the database that it was written from.
"""

import contextlib
import errno
import fcntl
import os
import uuid
from pathlib import Path

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from orders.kept_queries import Update, kept, kept_update
from orders.models import Job, JobRow, JournalCounter, Operation, PartnerUpdate

log = structlog.get_logger("orders.journal")

RESTORED = "A backup was restored."
WIDTH = 60  # bytes of the file: always written whole, in place


def count_up() -> None:
    """Count an operation that begins or ends, as the last thing in its transaction: all others wait for this row."""
    if not _count_up():
        JournalCounter.objects.get_or_create(pk=1)
        _count_up()


def note_count() -> None:
    """Write the database's counter into the file, if it is ahead of it."""
    _try_to_note(_counter()[0])


def check() -> int:
    """Put everything open into quarantine if a backup was restored; how many operations that were.

    Not within a transaction: what it finds must stand whatever becomes of the operation that made us look. Raise
    OSError when there is no file yet and none can be made: nothing may be counted that the file would never know.
    """
    noted = _noted()  # before the counter, which may go up meanwhile
    counter = next(iter(_counter()), None) or JournalCounter.objects.get_or_create(pk=1)[0]
    if noted is None and counter.count:  # or another has written the first file just now
        noted = _noted()
        counter.refresh_from_db()
    if _restored(counter, noted):
        log.error("a backup was restored: open operations are in quarantine")
        quarantined = quarantine()
        _note(counter, overwrite=True)
        return quarantined
    if noted is None:  # before the first operation, which would else be without a file for a moment
        _note(counter)
    return 0


def join() -> bool:
    """Give a further machine its file: without one it would take the database for a restored backup. False: it has one.

    Nothing is checked by this, so it is for a machine that is added while others run, with their own files, and not
    for one on which the database may be a restored one. Raise OSError when the file cannot be made.
    """
    if Path(settings.COUNTER_FILE).exists():
        return False
    _make(JournalCounter.objects.get_or_create(pk=1)[0])
    return True


def quarantine() -> int:
    """What is open now is never sent again by a machine, and waits for a person; how many operations that are."""
    with transaction.atomic():
        quarantine_partner_updates()
        _quarantine_jobs()
        return _quarantine_operations()


def quarantine_partner_updates() -> int:
    """How many partner updates wait for a person now. Each may have been sent: the partner is read before the next
    call.
    """
    return PartnerUpdate.objects.filter(state__in=PartnerUpdate.OPEN).update(
        state=PartnerUpdate.State.FAILED,
        doubtful=True,
        answered=False,
        by_hand=False,
        code="quarantined",
        message="A backup was restored. This may have been sent since the backup was made.",
    )


def _quarantine_jobs() -> None:
    """No row of a job is sent by itself any more: it may have been sent since the backup was made."""
    running = Job.objects.filter(state=Job.State.RUNNING)
    of_running = JobRow.objects.filter(job__in=running, state__in=(JobRow.State.READY, JobRow.State.SENDING))
    of_running.update(state=JobRow.State.IN_DOUBT, message=f"{RESTORED} This may have been sent since then.")
    running.update(state=Job.State.STOPPED, message=RESTORED, ended_at=Now())


def _quarantine_operations() -> int:
    return Operation.objects.filter(state__in=Operation.OPEN, quarantined=False).update(
        quarantined=True,
        state=Operation.State.NEEDS_REVIEW,
        code="quarantined",
        message="A backup was restored. This may have been completed since the backup was made.",
    )


@kept()
def _counter() -> "QuerySet[JournalCounter]":
    return JournalCounter.objects.filter(pk=1)


@kept_update()
def _count_up() -> Update:
    return Update(JournalCounter.objects.filter(pk=1), count=F("count") + 1)


def _restored(counter: JournalCounter, noted: tuple[uuid.UUID, int] | None) -> bool:
    if noted is None:
        return counter.count > 0
    installation, count = noted
    return installation != counter.installation or count > counter.count


def _noted() -> tuple[uuid.UUID, int] | None:
    """What stands in the file; never half of what is being written."""
    try:
        with Path(settings.COUNTER_FILE).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            return _read(file.fileno())
    except FileNotFoundError:
        return None


def _read(file: int) -> tuple[uuid.UUID, int] | None:
    try:
        installation, count = os.pread(file, WIDTH, 0).split()
        return uuid.UUID(installation.decode()), int(count)
    except ValueError:
        return None


def _try_to_note(counter: JournalCounter) -> None:
    try:
        _note(counter)
    except OSError:  # the database is what counts; the file catches up with the next operation
        log.exception("the counter file could not be written")


def _note(counter: JournalCounter, *, overwrite: bool = False) -> None:
    """`overwrite` takes the file back to where a restored database is. Raise OSError."""
    if not Path(settings.COUNTER_FILE).exists():
        _make(counter)
    file = os.open(settings.COUNTER_FILE, os.O_RDWR)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        noted = _read(file)
        if overwrite or noted is None or noted[0] != counter.installation or noted[1] < counter.count:
            _write(file, counter)
    finally:
        os.close(file)


def _make(counter: JournalCounter) -> None:
    """The file appears whole or not at all: half of one, on a full disk, would pass for a restored backup."""
    made = f"{settings.COUNTER_FILE}.{uuid.uuid4().hex}"
    file = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        _write(file, counter)
        with contextlib.suppress(FileExistsError):  # another has made it just now
            os.link(made, settings.COUNTER_FILE)
    finally:
        os.close(file)
        Path(made).unlink(missing_ok=True)


def _write(file: int, counter: JournalCounter) -> None:
    """All of it, or raise OSError."""
    whole = f"{counter.installation} {counter.count}".ljust(WIDTH - 1).encode() + b"\n"
    if os.pwrite(file, whole, 0) != len(whole):
        raise OSError(errno.ENOSPC, "The counter file could not be written whole.")
    os.fsync(file)
