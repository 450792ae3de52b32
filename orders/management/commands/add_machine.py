from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from orders.services.changes import quarantine


class Command(BaseCommand):
    help = (
        "On a further machine, before its server and workers start: make its counter file. Never after a backup was "
        "restored, which this machine could not notice any more: that is what `quarantine` is for."
    )

    def handle(self, *args: object, **options: object) -> None:
        try:
            joined = quarantine.join()
        except OSError as error:
            raise CommandError(f"{settings.COUNTER_FILE} could not be made: {error}") from error
        if not joined:
            raise CommandError(f"{settings.COUNTER_FILE} is there: this machine belongs to an installation already.")
        self.stdout.write(f"{settings.COUNTER_FILE} was made. The server and workers may start here.")
