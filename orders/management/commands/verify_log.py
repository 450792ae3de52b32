from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders.models import ChainLink, MonthClosing
from orders.services import log_chain
from orders.services.finance import months
from orders.services.log_chain import Fault

SHOWN = 50


class Command(BaseCommand):
    help = (
        "Verify that no row of the event log or the journal was changed or removed after it was written: every row "
        "against its link, every link against the one before it, every signed head against the chain, and every closed "
        "month against what was signed. Ends with 1 where anything does not agree."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--link", default="", help="a link noted elsewhere, from the log line of a signed head")

    def handle(self, **options: Any) -> None:
        while log_chain.chain_new():
            pass
        found = [*map(_said, log_chain.faults(options["link"])), *_months_not_as_signed()]
        for text in found[:SHOWN]:
            self.stdout.write(text)
        if found:
            raise CommandError(f"{len(found)} {'fault' if len(found) == 1 else 'faults'}. The log was tampered with.")
        last = ChainLink.objects.order_by("-position").first()
        self.stdout.write(
            f"All {last.position} links agree; the last is {last.link}." if last else "Nothing is logged."
        )


def _said(fault: Fault) -> str:
    return f"{f'Position {fault.position}: ' if fault.position else ''}{fault.text}"


def _months_not_as_signed() -> Iterator[str]:
    for closing in MonthClosing.objects.select_related("merchant").order_by("pk"):
        if not months.is_as_signed(closing):
            yield f"{closing} of {closing.merchant.slug} in {closing.mode} mode is not what was signed."
