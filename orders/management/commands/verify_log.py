from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders.models import ChainLink
from orders.services import log_chain

SHOWN = 50


class Command(BaseCommand):
    help = (
        "Verify that no row of the event log or the journal was changed or removed after it was written: every row "
        "against its link, every link against the one before it, every signed head against the chain. Ends with 1 "
        "where anything does not agree."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--link", default="", help="a link noted elsewhere, from the log line of a signed head")

    def handle(self, **options: Any) -> None:
        while log_chain.chain_new():
            pass
        found = list(log_chain.faults(options["link"]))
        for fault in found[:SHOWN]:
            self.stdout.write(f"{f'Position {fault.position}: ' if fault.position else ''}{fault.text}")
        if found:
            raise CommandError(f"{len(found)} {'fault' if len(found) == 1 else 'faults'}. The log was tampered with.")
        last = ChainLink.objects.order_by("-position").first()
        self.stdout.write(
            f"All {last.position} links agree; the last is {last.link}." if last else "Nothing is logged."
        )
