import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from orders.models import ApprovalRequest, ChainHead, ChainLink, EventLog, Operation

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
ONLY_ADDED_TO = (EventLog, ChainLink, ChainHead)


class Command(BaseCommand):
    help = (
        "PostgreSQL: let a role run the site and the worker without owning a table. It reads and writes what they "
        "need, adds to the event log and its chain without changing either, and can neither remove a row of the "
        "journal nor switch a trigger off. Run it as the owner of the tables, after each migrate; the role exists."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role")

    def handle(self, role: str, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("SQLite has no roles: whoever may write the file may write all of it.")
        if not NAME.fullmatch(role):
            raise CommandError("A role's name is made of small letters, digits and underscores.")
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in statements(role):
                cursor.execute(statement)
        self.stdout.write(f"{role} may run the site and the worker. It owns nothing.")


def statements(role: str) -> list[str]:
    """What lets `role`, an identifier in small letters, do what the site does and no more."""
    only_added = ", ".join(model._meta.db_table for model in ONLY_ADDED_TO)
    return [
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        f"REVOKE UPDATE, DELETE ON {only_added} FROM {role}",
        f"REVOKE DELETE ON {Operation._meta.db_table}, {ApprovalRequest._meta.db_table} FROM {role}",
        f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}",
    ]
