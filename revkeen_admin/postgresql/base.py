"""PostgreSQL through a pool, which gets over a server that ended all its connections within one page.

psycopg's pool can look at a connection before it gives it out, but sleeps a second, two, four between those that it
finds dead: with 32 of them the first page waits for 30 s and fails. A dead one is found without asking the server, so
here the next is taken at once, and each that is given back is replaced by the pool in the background.

The planner is told that reading here and there costs little more than reading on. What is asked for lies in memory,
and PostgreSQL's own figure is of disks that turn: by it all orders are read to find a twentieth of them.
"""

from typing import Any

from django.db.backends.postgresql import base
from django.utils.asyncio import async_unsafe
from psycopg import Error, OperationalError
from psycopg_pool import ConnectionPool

TRIES = 40  # more than the pool has connections
PLANNED_BY = "SET random_page_cost = 1.1"


class DatabaseWrapper(base.DatabaseWrapper):
    @async_unsafe
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection that answers. Raise `psycopg.OperationalError` when there is none."""
        for _ in range(TRIES):
            connection = super().get_new_connection(conn_params)
            if self.pool is None or _answers(connection):
                return connection
            self.pool.putconn(connection)
        raise OperationalError("The server ends each connection that it opens.")

    def _configure_connection(self, connection: Any) -> bool:
        commit: bool = super()._configure_connection(connection)  # type: ignore[misc]
        connection.execute(PLANNED_BY)
        return commit or not connection.autocommit


def _answers(connection: Any) -> bool:
    try:
        ConnectionPool.check_connection(connection)
    except Error:
        return False
    return True
