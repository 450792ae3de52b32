"""The rows of the dashboard that a browser looks at."""

import sqlite3
import uuid
from contextlib import closing
from typing import Any

from scripts.stack import Stack
from tests.support.at_work import until


def database(stack: Stack) -> sqlite3.Connection:
    return sqlite3.connect(stack.environment["DATABASE_URL"].removeprefix("sqlite:///"), timeout=10)


def in_index(stack: Stack, orders: list[dict[str, Any]]) -> None:
    """Wait until the index has the last of these orders: slips and lists are of what it has."""
    wanted = uuid.UUID(orders[-1]["id"]).hex
    with closing(database(stack)) as kept:
        query = "SELECT 1 FROM orders_ordercopy WHERE order_id = ?"
        assert until(lambda: kept.execute(query, (wanted,)).fetchone(), bool)
