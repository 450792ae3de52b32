from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders.models import EventLog, User
from orders.services import audit
from orders.services.accounts import factor_resets


class Command(BaseCommand):
    help = "Take away the second factor of somebody who lost it and whom no admin can help; ends all their sessions."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise CommandError(f"Nobody has the address {email}.")
        if not user.authenticator_set.exists():  # type: ignore[attr-defined]
            self.stdout.write(f"{user.email} has no second factor. Nothing was changed.")
            return
        factor_resets.take_away(user)
        audit.record(EventLog.Kind.MFA_CHANGED, "second factor reset by manage.py reset_second_factor", user=user)
        self.stdout.write(f"The second factor of {user.email} is gone. They sign in with their password alone now.")
