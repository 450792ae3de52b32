import os
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.text import slugify

from orders.models import EventLog, Membership, Merchant, User
from orders.permissions import Role
from orders.services import audit
from orders.services.merchants import members


class Command(BaseCommand):
    help = (
        "Make somebody an admin of a merchant; whichever of the two is not there yet is made. Asks for what is not "
        "given, unless --no-input. The password of a new account is asked for, or taken from ADMIN_PASSWORD: on the "
        "command line everybody on the machine could read it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", default="")
        parser.add_argument("--name", default="", help="of the person, for a new account")
        parser.add_argument("--merchant", default="", help="name of the merchant, such as “Northwind Trading”")
        parser.add_argument("--slug", default="", help="its short name in addresses; made from the name if not given")
        parser.add_argument("--time-zone", default="", help="of a new merchant, such as Europe/Berlin; else UTC")
        parser.add_argument("--no-input", action="store_false", dest="ask", help="never ask; fail instead")

    def handle(self, **options: Any) -> None:
        self.ask = options["ask"]
        try:
            merchant = self._merchant(options)
            person = self._person(options)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        with transaction.atomic():
            merchant.save()
            person.save()
            membership, _ = Membership.objects.get_or_create(user=person, merchant=merchant)
            membership.roles = members.in_order([*membership.roles, Role.ADMIN.value])
            membership.save()
            text = f"{person.email}: {membership.role_names}, by manage.py create_admin"
            audit.record(EventLog.Kind.MEMBER_JOINED, text, user=person, merchant=merchant)
        self.stdout.write(f"{person.email} is an admin of {merchant}: /{merchant.slug}/live/settings/connections/")

    def _merchant(self, options: dict[str, Any]) -> Merchant:
        name = self._value(options["merchant"], "Name of the merchant") if not options["slug"] else options["merchant"]
        slug = options["slug"] or slugify(name)
        known = Merchant.objects.filter(slug=slug).first()
        if known is not None:
            return known
        merchant = Merchant(name=name or slug, slug=slug, time_zone=options["time_zone"] or self._zone())
        merchant.full_clean()
        return merchant

    def _person(self, options: dict[str, Any]) -> User:
        email = self._value(options["email"], "E-mail of the admin").lower()
        known = User.objects.filter(email=email).first()
        if known is not None:
            return known
        person = User(email=email, name=self._value(options["name"], "Name of the admin"))
        password = os.environ.get("ADMIN_PASSWORD", "") or self._password()
        validate_password(password, person)
        person.set_password(password)
        person.full_clean()
        return person

    def _zone(self) -> str:
        return self._value("", "Time zone, or Enter for UTC", fallback="UTC") if self.ask else "UTC"

    def _value(self, given: str, question: str, fallback: str = "") -> str:
        value = given.strip() or (input(f"{question}: ").strip() if self.ask else "") or fallback
        if not value:
            raise CommandError(f"Missing: {question}.")
        return value

    def _password(self) -> str:
        if not self.ask:
            raise CommandError("Missing: ADMIN_PASSWORD in the environment.")
        password = getpass("Password: ")
        if password != getpass("Password again: "):
            raise CommandError("These are not the same password. Nothing was made.")
        return password
