"""Orders that may have changed at RevKeen are marked, whoever says so, and read by the worker; nobody is believed."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import DateTimeField, UUIDField

from orders.models import Merchant, ToRead
from orders.services.index import clock

# A mark never falls, in whichever order those of two writers arrive.
MARK = """INSERT INTO orders_toread (merchant_id, mode, order_id, first_wanted_at, wanted_at, due_at)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (merchant_id, mode, order_id) DO UPDATE SET wanted_at = excluded.wanted_at, due_at = excluded.due_at
    WHERE excluded.wanted_at > orders_toread.wanted_at"""


def mark(merchant: Merchant, mode: str, order_ids: Iterable[uuid.UUID]) -> None:
    """Have the worker read these orders soon. Marking one again raises its mark: a read under way is not enough."""
    at = DateTimeField().get_db_prep_value(clock.now(), connection)
    ids = [UUIDField().get_db_prep_value(order_id, connection) for order_id in sorted(set(order_ids))]
    with connection.cursor() as cursor:
        cursor.executemany(MARK, [(merchant.pk, mode, order_id, at, at, at) for order_id in ids])


def served(merchant: Merchant, mode: str, order_ids: Iterable[uuid.UUID], read_started: datetime) -> None:
    """Reads that began then were kept: marks from before go. One of the same moment stays, for it may be the later."""
    here = ToRead.objects.filter(merchant=merchant, mode=mode, order_id__in=set(order_ids))
    here.filter(wanted_at__lt=read_started).delete()
    here.filter(first_wanted_at__lt=read_started).update(first_wanted_at=read_started)
