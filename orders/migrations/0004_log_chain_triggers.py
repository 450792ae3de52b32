"""The chain follows what is written, and is itself only added to.

Every new event and operation, and every operation that ends, is queued for its link by the database, whatever program
wrote it. On SQLite, REPLACE removes the row that is in its way without asking the triggers for deletes (unless the
connection set `recursive_triggers`, which another program's does not): the triggers for inserts ask for them. They
look for what is in the way through every unique index that the table has.
"""

from django.db import migrations

EVENTS, OPERATIONS, LINKS, HEADS = "orders_eventlog", "orders_operation", "orders_chainlink", "orders_chainhead"
QUEUE = "INSERT INTO orders_unchained (fact, row) VALUES"
ENDED = "('done', 'refused', 'not_sent')"

# A SQLite id is 32 digits without hyphens, PostgreSQL's has them: the queue holds the latter.
HYPHENS = "substr({0},1,8)||'-'||substr({0},9,4)||'-'||substr({0},13,4)||'-'||substr({0},17,4)||'-'||substr({0},21)"
SQLITE_ID = HYPHENS.format("NEW.id")

IN_THE_WAY = {
    EVENTS: "id = NEW.id",
    OPERATIONS: "id = NEW.id OR (draft_id = NEW.draft_id AND kind = 'create' AND NEW.kind = 'create'"
    " AND state <> 'refused' AND state <> 'not_sent')",
    LINKS: "position = NEW.position OR (fact = NEW.fact AND row = NEW.row)",
    HEADS: "id = NEW.id OR day = NEW.day",
}

SQLITE = [
    *(
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}"
        f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {condition})"
        f" BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: {table} is append-only'); END"
        for table, condition in IN_THE_WAY.items()
    ),
    *(
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, 'the log chain is append-only'); END"
        for table in (LINKS, HEADS)
        for verb in ("UPDATE", "DELETE")
    ),
    f"CREATE TRIGGER {EVENTS}_chained AFTER INSERT ON {EVENTS} BEGIN {QUEUE} ('event', NEW.id); END",
    f"CREATE TRIGGER {OPERATIONS}_chained AFTER INSERT ON {OPERATIONS} BEGIN {QUEUE} ('asked', {SQLITE_ID});"
    f" INSERT INTO orders_unchained (fact, row) SELECT 'ended', {SQLITE_ID} WHERE NEW.state IN {ENDED}; END",
    f"CREATE TRIGGER {OPERATIONS}_chained_end AFTER UPDATE ON {OPERATIONS} WHEN NEW.state IN {ENDED}"
    f" BEGIN {QUEUE} ('ended', {SQLITE_ID}); END",
]

POSTGRESQL = [
    """CREATE FUNCTION orders_log_chain_refuse() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'the log chain is append-only'; END $$""",
    *(
        statement
        for table in (LINKS, HEADS)
        for statement in (
            f"""CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
                FOR EACH ROW EXECUTE FUNCTION orders_log_chain_refuse()""",
            f"""CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION orders_log_chain_refuse()""",
        )
    ),
    f"""CREATE FUNCTION orders_log_chain_queue() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN {QUEUE} (TG_ARGV[0], NEW.id::text); RETURN NULL; END $$""",
    *(
        f"""CREATE TRIGGER {table}_{name} AFTER {verb} ON {table}
            FOR EACH ROW {condition} EXECUTE FUNCTION orders_log_chain_queue('{fact}')"""
        for table, name, verb, condition, fact in (
            (EVENTS, "chained", "INSERT", "", "event"),
            (OPERATIONS, "chained", "INSERT", "", "asked"),
            (OPERATIONS, "chained_at_once", "INSERT", f"WHEN (NEW.state IN {ENDED})", "ended"),
            (OPERATIONS, "chained_end", "UPDATE", f"WHEN (NEW.state IN {ENDED})", "ended"),
        )
    ),
]


def create_triggers(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("orders", "0003_journal_triggers")]
    operations = [migrations.RunPython(create_triggers)]
