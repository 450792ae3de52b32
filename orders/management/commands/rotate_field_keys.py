from collections.abc import Callable, Iterator
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet

from orders import secrets
from orders.models import ApprovalToken, Connection, OperationToken, WebhookSecret

BATCH = 200

# What of an authenticator's data is sealed (see `accounts.SecondFactorAdapter`).
SEALED_DATA = {"secret", "seed"}


class Command(BaseCommand):
    help = (
        "Encrypt all secrets again with the first of FIELD_ENCRYPTION_KEYS, and recompute the fingerprints of API "
        "keys with SECRET_KEY. Afterwards the other keys can be taken out of the environment, if nothing is reported."
    )

    def handle(self, **options: Any) -> None:
        done, failed = 0, 0
        for kind, rotate in SEALED.items():
            for row in _in_batches(kind.objects.all()):
                ok = self._rotate(f"{kind.__name__} {row.pk} ({row})", rotate, row)
                done, failed = done + ok, failed + (not ok)
        self.stdout.write(f"{done} secrets are encrypted with the first key now.")
        if failed:
            raise CommandError(f"{failed} could not be rotated; they are as they were. Keep the former keys.")

    def _rotate(self, name: str, rotate: Any, row: Model) -> bool:
        """One row, in a transaction of its own: what cannot be opened stops nothing, and is reported."""
        try:
            with transaction.atomic():
                rotate(row.pk)
        except secrets.Unreadable as error:
            self.stderr.write(f"{name}: {error}")
            return False
        except IntegrityError:
            self.stderr.write(f"{name}: another connection holds the same key. Remove one of the two.")
            return False
        return True


def _rotate_connection(pk: Any) -> None:
    connection = Connection.objects.select_for_update().filter(pk=pk).first()
    if connection is not None:
        connection.secret = connection.secret
        connection.save(update_fields=["sealed_secret", "fingerprint"])


def _rotate_authenticator(pk: Any) -> None:
    authenticator = Authenticator.objects.select_for_update().filter(pk=pk).first()
    if authenticator is not None:
        for name in SEALED_DATA & authenticator.data.keys():
            authenticator.data[name] = secrets.reseal(authenticator.data[name])
        authenticator.save(update_fields=["data"])


def _rotate_sealed(kind: type[ApprovalToken] | type[OperationToken] | type[WebhookSecret]) -> Callable[[Any], None]:
    def rotate(pk: Any) -> None:
        row = kind.objects.select_for_update().filter(pk=pk).first()
        if row is not None:
            row.sealed_secret = secrets.reseal(row.sealed_secret)
            row.save(update_fields=["sealed_secret"])

    return rotate


SEALED: dict[Any, Any] = {
    Connection: _rotate_connection,
    Authenticator: _rotate_authenticator,
    OperationToken: _rotate_sealed(OperationToken),
    ApprovalToken: _rotate_sealed(ApprovalToken),
    WebhookSecret: _rotate_sealed(WebhookSecret),
}


def _in_batches(rows: QuerySet[Any]) -> Iterator[Any]:
    """By primary key and not with a cursor, which the transactions between would close."""
    rows, last = rows.order_by("pk"), None
    while batch := list(rows.filter(pk__gt=last)[:BATCH] if last is not None else rows[:BATCH]):
        yield from batch
        last = batch[-1].pk
