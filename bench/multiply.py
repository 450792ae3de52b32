"""Ten times the orders of a filled PostgreSQL database, made in it: copies with ids and numbers of their own."""

import psycopg

TIMES = 10
INDEXED = (
    *("orders_ordercopy", "orders_orderlinecopy", "orders_term", "orders_customercopy"),
    *("orders_transactioncopy", "orders_refundcopy", "orders_finding"),
)
NTH = f"generate_series(1, {TIMES - 1}) AS nth"

# A column → what a copy has in it; all other columns are as they were. `(…)::text` of nothing is nothing.
ID = "md5({0}::text || nth)::uuid"
COPIES = {
    "orders_customercopy": {
        "customer_id": ID.format("customer_id"),
        "email": "nth || email",
        "text": "replace(text, lower(email), nth || lower(email))",
    },
    "orders_ordercopy": {
        "id": "id + nth",
        "order_id": ID.format("order_id"),
        "customer_id": ID.format("customer_id"),
        "invoice_id": ID.format("invoice_id"),
        "public_id": "public_id || nth",
        "text": "replace(text, lower(public_id), lower(public_id) || nth)",
    },
    "orders_orderlinecopy": {"line_id": ID.format("line_id"), "order_id": "order_id + nth"},
    "orders_term": {
        "order_id": "order_id + nth",
        "value": "CASE WHEN kind IN (1, 3, 11, 12) THEN md5(value || nth)::uuid::text"
        " WHEN kind IN (2, 16) THEN value || nth WHEN kind IN (4, 8) THEN nth || value ELSE value END",
    },
    "orders_transactioncopy": {
        name: ID.format(name) for name in ("transaction_id", "parent_id", "invoice_id", "customer_id", "order_id")
    },
    "orders_refundcopy": {
        name: ID.format(name)
        for name in ("refund_id", "payment_id", "invoice_id", "customer_id", "order_id", "told_order_id")
    },
    "orders_finding": {"order_id": "order_id + nth"},
    "orders_fulfillment": {"id": ID.format("id"), "order_id": ID.format("order_id")},
    "orders_shipment": {
        "id": "id + nth * 1000000",
        "order_id": ID.format("order_id"),
        "reference": ID.format("reference"),
        "fulfillment_id": ID.format("fulfillment_id"),
    },
    "orders_trackingnumber": {
        "shipment_id": "shipment_id + nth * 1000000",
        "number": "nth || number",
        "normalized": "nth || normalized",
    },
    "orders_shipmentitem": {"shipment_id": "shipment_id + nth * 1000000", "line_item_id": ID.format("line_item_id")},
}
SERIAL = (
    *("orders_customercopy", "orders_orderlinecopy", "orders_term", "orders_trackingnumber", "orders_shipmentitem"),
    *("orders_transactioncopy", "orders_refundcopy", "orders_finding"),
)


def multiply(address: str) -> None:
    """Without their indexes meanwhile: those are made once, of all rows."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '1GB'; SET synchronous_commit = off")
        indexes = _without_indexes(connection)
        for table, changed in COPIES.items():
            connection.execute(_copies(connection, table, changed))
        for statement in indexes:
            connection.execute(statement)
        connection.execute("VACUUM ANALYZE")


def _without_indexes(connection: "psycopg.Connection[tuple[str, ...]]") -> list[str]:
    """Drop those of the large tables but for constraints; return what makes them again."""
    asked = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexdef NOT LIKE '%% UNIQUE %%'"
    found = connection.execute(asked, [list(INDEXED)]).fetchall()
    for name, _ in found:
        connection.execute(f"DROP INDEX {name}")
    return [definition for _, definition in found]


def _copies(connection: "psycopg.Connection[tuple[str, ...]]", table: str, changed: dict[str, str]) -> str:
    asked = "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position"
    columns = [name for (name,) in connection.execute(asked, [table]) if not (name == "id" and table in SERIAL)]
    values = ", ".join(changed.get(column, column) for column in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table}, {NTH}"
