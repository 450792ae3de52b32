"""What is found by parts of words is indexed by trigrams, and terms are compared byte by byte.

SQLite keeps trigrams in a virtual table beside the rows, and triggers keep it in step, whoever writes; PostgreSQL has
an index for it. A later migration for which SQLite makes one of these tables anew, as it does for a new column with a
default, loses the triggers, and has to make them again. Workers hear of what marks an order to be read, as of what else they have to do.
"""

from django.db import migrations

TABLES = ("orders_ordercopy", "orders_customercopy")
NEWS = {
    "orders_customercopy": "INSERT",
    "orders_toread": "INSERT OR UPDATE",
    "orders_sweep": "INSERT OR UPDATE",
}


def of_sqlite(table):
    """Removing a row needs the text under which it was indexed: it is the old one of the row."""
    fts = f"{table}_text"
    remove = f"INSERT INTO {fts}({fts}, rowid, text) VALUES ('delete', old.id, old.text);"
    add = f"INSERT INTO {fts}(rowid, text) VALUES (new.id, new.text);"
    changed = "WHEN old.text IS NOT new.text OR old.id IS NOT new.id"
    return [
        f"CREATE VIRTUAL TABLE {fts} USING fts5(text, content='{table}', content_rowid='id', tokenize='trigram')",
        f"CREATE TRIGGER {fts}_added AFTER INSERT ON {table} BEGIN {add} END",
        f"CREATE TRIGGER {fts}_removed AFTER DELETE ON {table} BEGIN {remove} END",
        f"CREATE TRIGGER {fts}_changed AFTER UPDATE OF text, id ON {table} {changed} BEGIN {remove} {add} END",
    ]


def of_postgresql():
    yield "CREATE EXTENSION IF NOT EXISTS pg_trgm"
    for table in TABLES:
        yield f"CREATE INDEX {table}_text ON {table} USING gin (text gin_trgm_ops)"
    yield 'ALTER TABLE orders_term ALTER COLUMN value TYPE text COLLATE "C"'
    for table, verbs in NEWS.items():
        yield f"CREATE TRIGGER {table}_news AFTER {verbs} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION orders_news()"


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        statements = list(of_postgresql())
    else:
        statements = [statement for table in TABLES for statement in of_sqlite(table)]
    for statement in statements:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("orders", "0006_the_index")]
    operations = [migrations.RunPython(create)]
