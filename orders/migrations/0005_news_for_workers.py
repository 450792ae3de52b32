"""Workers hear at once of what they may have to do: PostgreSQL tells them at the commit, whatever program wrote it.

SQLite needs nothing of the kind (orders/services/news.py). A message says only that something was written, so that
many of one transaction are one.
"""

from django.db import migrations

WRITTEN = "INSERT OR UPDATE"
TABLES = {
    "orders_operation": WRITTEN,
    "orders_partnerupdate": WRITTEN,
    "orders_refundstatus": WRITTEN,
    "orders_decisioncheck": WRITTEN,
    "orders_unchained": "INSERT",
    "orders_customername": "INSERT",
    "orders_connection": "INSERT OR UPDATE OF active",
}

POSTGRESQL = [
    """CREATE FUNCTION orders_news() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN PERFORM pg_notify('orders_news', ''); RETURN NULL; END $$""",
    *(
        f"CREATE TRIGGER {table}_news AFTER {verbs} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION orders_news()"
        for table, verbs in TABLES.items()
    ),
]


def create_triggers(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else []:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("orders", "0004_log_chain_triggers")]
    operations = [migrations.RunPython(create_triggers)]
