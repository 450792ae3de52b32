"""What may have changed at RevKeen is marked, whoever says so, and read by the worker; nobody is believed."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import DateTimeField, QuerySet, UUIDField

from orders.models import InvoiceToRead, Merchant, ToRead
from orders.services.index import clock

# A mark never falls, in whichever order those of two writers arrive.
MARK = """INSERT INTO {table} (merchant_id, mode, {of}, first_wanted_at, wanted_at, due_at)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (merchant_id, mode, {of}) DO UPDATE SET wanted_at = excluded.wanted_at, due_at = excluded.due_at
    WHERE excluded.wanted_at > {table}.wanted_at"""
TICK = timedelta(milliseconds=1)  # within which SQLite, asked what is due, would take a mark of now for one to come
OF_ORDERS = MARK.format(table="orders_toread", of="order_id")
OF_INVOICES = MARK.format(table="orders_invoicetoread", of="invoice_id")


def mark(merchant: Merchant, mode: str, order_ids: Iterable[uuid.UUID]) -> None:
    """Have the worker read these orders soon. Marking one again raises its mark: a read under way is not enough."""
    _mark(OF_ORDERS, merchant, mode, order_ids)


def mark_invoices(merchant: Merchant, mode: str, invoice_ids: Iterable[uuid.UUID]) -> None:
    """The same for the transactions of these invoices, and what was refunded of them."""
    _mark(OF_INVOICES, merchant, mode, invoice_ids)


def served(merchant: Merchant, mode: str, order_ids: Iterable[uuid.UUID], read_started: datetime) -> None:
    """Reads that began then were kept: marks from before go. One of the same moment stays, for it may be the later."""
    _served(ToRead.objects.filter(merchant=merchant, mode=mode, order_id__in=set(order_ids)), read_started)


def invoices_served(merchant: Merchant, mode: str, invoice_ids: Iterable[uuid.UUID], read_started: datetime) -> None:
    """The same for invoices."""
    _served(InvoiceToRead.objects.filter(merchant=merchant, mode=mode, invoice_id__in=set(invoice_ids)), read_started)


def _mark(statement: str, merchant: Merchant, mode: str, ids: Iterable[uuid.UUID]) -> None:
    wanted = [UUIDField().get_db_prep_value(one, connection) for one in sorted(set(ids))]
    if not wanted:
        return
    now = clock.now()
    at, due = (DateTimeField().get_db_prep_value(moment, connection) for moment in (now, now - TICK))
    with connection.cursor() as cursor:
        cursor.executemany(statement, [(merchant.pk, mode, one, at, at, due) for one in wanted])


def _served(here: "QuerySet[ToRead] | QuerySet[InvoiceToRead]", read_started: datetime) -> None:
    here.filter(wanted_at__lt=read_started).delete()
    here.filter(first_wanted_at__lt=read_started).update(first_wanted_at=read_started)
