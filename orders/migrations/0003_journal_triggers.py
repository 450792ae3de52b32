"""The journal is not edited: the database itself refuses deletes, changes to what was asked and to what has ended."""

from django.db import migrations

TABLE = "orders_operation"
ASKED = (
    "id merchant_id mode connection_id shown_key kind order_id order_number draft_id body seen summary fingerprint "
    "plan_id step later user_id who asked_in created_at"
).split()
ENDED = "OLD.state IN ('done', 'refused', 'not_sent')"
STOP = f"BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: {TABLE} is append-only'); END"
TAKEN = f"EXISTS (SELECT 1 FROM {TABLE} WHERE created_order_id = NEW.created_order_id AND id <> NEW.id)"
RULES = {
    "kept": "the journal is not edited: a row stays",
    "asked": "the journal is not edited: what was asked stays",
    "ended": "the journal is not edited: an outcome is written once",
}


def _asked_changed(different: str) -> str:
    return " OR ".join(f"NEW.{column} {different} OLD.{column}" for column in ASKED)


SQLITE = [
    f"CREATE TRIGGER {TABLE}_{name} BEFORE {verb} ON {TABLE} {condition} BEGIN SELECT RAISE(ABORT, '{RULES[name]}'); END"
    for name, verb, condition in (
        ("kept", "DELETE", ""),
        ("asked", "UPDATE", f"WHEN {_asked_changed('IS NOT')}"),
        ("ended", "UPDATE", f"WHEN {ENDED}"),
    )
] + [  # no REPLACE takes a row away through the index that makes what RevKeen created one row's
    f"CREATE TRIGGER {TABLE}_no_replace_of_created BEFORE INSERT ON {TABLE} WHEN {TAKEN} {STOP}",
    f"CREATE TRIGGER {TABLE}_no_replace_by_update BEFORE UPDATE OF created_order_id ON {TABLE} WHEN {TAKEN} {STOP}",
]
POSTGRESQL = [
    f"CREATE FUNCTION {TABLE}_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{text}'; END $$"
    for name, text in RULES.items()
] + [
    f"CREATE TRIGGER {TABLE}_{trigger} BEFORE {verb} ON {TABLE} {each} EXECUTE FUNCTION {TABLE}_{name}()"
    for trigger, name, verb, each in (
        ("kept", "kept", "DELETE", "FOR EACH ROW"),
        ("whole", "kept", "TRUNCATE", "FOR EACH STATEMENT"),
        ("asked", "asked", "UPDATE", f"FOR EACH ROW WHEN ({_asked_changed('IS DISTINCT FROM')})"),
        ("ended", "ended", "UPDATE", f"FOR EACH ROW WHEN ({ENDED})"),
    )
]


def create_triggers(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_event_log_triggers")]
    operations = [migrations.RunPython(create_triggers)]
