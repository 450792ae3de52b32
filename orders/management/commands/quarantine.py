from django.core.management.base import BaseCommand

from orders.services.changes import quarantine


class Command(BaseCommand):
    help = (
        "After a backup was restored: keep everything that is open from being sent again, until a person has looked. "
        "Run it before the servers and workers start."
    )

    def handle(self, *args: object, **options: object) -> None:
        delivered = quarantine.quarantine_partner_updates()
        if delivered:
            partner_updates = "partner update is" if delivered == 1 else "partner updates are"
            self.stdout.write(f"{delivered} {partner_updates} in quarantine. They stand among those that need review.")
        count = quarantine.quarantine()
        if not count:
            self.stdout.write("No operation was open." if delivered else "Nothing was open: nothing is in quarantine.")
            return
        operations = "operation is" if count == 1 else "operations are"
        self.stdout.write(
            f"{count} {operations} in quarantine. They stand in each merchant's journal under “Needs review”."
        )
