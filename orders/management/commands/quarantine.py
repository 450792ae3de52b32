from django.core.management.base import BaseCommand

from orders.services.changes import quarantine


class Command(BaseCommand):
    help = (
        "After a backup was restored: keep everything that is open from being sent again, until a person has looked. "
        "Run it before the servers and workers start."
    )

    def handle(self, *args: object, **options: object) -> None:
        updates = quarantine.quarantine_partner_updates()
        if updates:
            noun = "partner update is" if updates == 1 else "partner updates are"
            self.stdout.write(f"{updates} {noun} in quarantine. They stand among those that need review.")
        count = quarantine.quarantine()
        if not count:
            self.stdout.write("No operation was open." if updates else "Nothing was open: nothing is in quarantine.")
            return
        noun = "operation is" if count == 1 else "operations are"
        self.stdout.write(f"{count} {noun} in quarantine. They stand in each merchant's journal under “Needs review”.")
