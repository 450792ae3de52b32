from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models

from orders.models.exports import ExportFormat


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person. What they may do is in their memberships; there is no superuser and no Django admin."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)
    uses_shortcuts = models.BooleanField(default=True)  # of single keys, which dictation presses too
    order_columns = models.CharField(max_length=200, blank=True, default="")  # of lists of orders; "": the usual ones
    export_format = models.CharField(max_length=10, choices=ExportFormat.choices, default=ExportFormat.COMMA)
    export_mark = models.BooleanField(default=True)  # their CSV begins with a byte order mark

    invited_to: tuple[str, ...] = ()  # names of merchants that they are about to join, while they choose a password

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    def __str__(self) -> str:
        return self.name or self.email
