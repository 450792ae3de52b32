"""What the database knows of how rows are spread, by which it chooses among indexes: now and then it is told to look.

SQLite never looks by itself, and PostgreSQL only some time after many rows were written; until then both guess.
"""

from django.db import connection, transaction
from django.db.models import Model

from orders.models import (
    CustomerCopy,
    Finding,
    OrderCopy,
    OrderLineCopy,
    RefundCopy,
    Shipment,
    ShipmentItem,
    Term,
    TrackingNumber,
    TransactionCopy,
)

OF: tuple[type[Model], ...] = (
    *(OrderCopy, OrderLineCopy, Term, CustomerCopy, TransactionCopy, RefundCopy, Finding),
    *(Shipment, ShipmentItem, TrackingNumber),
)
LOOKED_AT = 1000  # entries of each index, on SQLite; PostgreSQL draws its own sample


def gather() -> None:
    """Look at what is kept of orders, after an import and once a day."""
    sqlite = connection.vendor == "sqlite"
    with transaction.atomic(), connection.cursor() as cursor:
        if sqlite:
            cursor.execute(f"PRAGMA analysis_limit = {LOOKED_AT}")
        for model in OF:
            cursor.execute(f"ANALYZE {model._meta.db_table}")
        if sqlite:  # the others read it with the tables, which they do once there are others
            cursor.execute("CREATE TABLE orders_looked_at (id INTEGER)")
            cursor.execute("DROP TABLE orders_looked_at")
