import uuid
import zoneinfo
from datetime import time, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone

from orders import sums_to_type
from orders.money import Money
from orders.permissions import Right, Role, roles_with

MODES = ("live", "test")
MODE_CHOICES = [("live", "Live"), ("test", "Test")]
INVITATION_LASTS = timedelta(days=7)


def check_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"“{name}” is not a time zone. Try a name such as Europe/Berlin.")


def check_roles(roles: list[str]) -> None:
    if not isinstance(roles, list) or not set(roles) <= {role.value for role in Role}:
        raise ValidationError("Choose roles from the list.")


class Merchant(models.Model):
    name = models.CharField(max_length=120)
    slug = models.SlugField(
        unique=True,
        max_length=50,
        validators=[RegexValidator(r"^[a-z0-9]+(-[a-z0-9]+)*$", "Use lower-case letters, digits and hyphens.")],
    )
    time_zone = models.CharField(max_length=64, default="UTC", validators=[check_time_zone])
    mfa_required = models.BooleanField(default=False)
    # In live mode a larger sum is typed once more: whole units by currency, where it is not the preset.
    sums_to_type = models.JSONField(default=dict, blank=True)
    # The most a person may move without another's approval (services/changes/limits.py), and how long that may take.
    limits = models.JSONField(default=dict, blank=True)
    approval_days = models.PositiveSmallIntegerField(
        default=3, validators=[MinValueValidator(1), MaxValueValidator(30)]
    )
    # For so many seconds after Fulfill nobody is told, and it can be undone.
    undo_seconds = models.PositiveSmallIntegerField(default=10, validators=[MaxValueValidator(120)])
    # After so many days an order that is paid and has not left is one to review.
    review_after_days = models.PositiveSmallIntegerField(
        default=7, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    # An order that is paid by then is to leave on the same day.
    cutoff = models.TimeField(default=time(16, 0))
    # Whether a month is closed by two people, never by one alone.
    two_close_months = models.BooleanField(default=False)
    # Whether at the station each unit is scanned before it leaves, or a reason is given.
    scan_to_verify = models.BooleanField(default=False)
    # On packing slips, below the name.
    sender_address = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @property
    def sender_lines(self) -> list[str]:
        return self.sender_address.splitlines()

    def typed_above(self, currency: str) -> Money | None:
        """Above which sum one is typed once more in live mode; None where every sum is."""
        return sums_to_type.above(self.sums_to_type, currency)

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)


class Membership(models.Model):
    """What a person may do at a merchant, in both modes. Several roles add up."""

    user = models.ForeignKey("orders.User", models.CASCADE, related_name="memberships")
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="memberships")
    roles = models.JSONField(default=list, validators=[check_roles])
    created_at = models.DateTimeField(auto_now_add=True)
    # What the next form of fulfillment begins with (services/fulfillment/presets.py).
    last_carrier = models.CharField(max_length=50, blank=True, default="")
    last_email = models.CharField(max_length=3, blank=True, default="")  # yes, no, or never asked

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "merchant"], name="one_membership_per_merchant")]

    def may(self, right: Right) -> bool:
        return bool(roles_with(right) & set(self.roles))

    @property
    def role_names(self) -> str:
        return ", ".join(role.label for role in Role if role.value in self.roles)


class Invitation(models.Model):
    """A mail to somebody who shall become a member; the link in it holds the token, we hold its hash."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="invitations")
    email = models.EmailField()
    roles = models.JSONField(default=list, validators=[check_roles])
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey("orders.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "email"],
                condition=models.Q(accepted_at=None),
                name="one_open_invitation_per_address",
            )
        ]

    @property
    def open(self) -> bool:
        return self.accepted_at is None and self.expires_at > timezone.now()

    @property
    def role_names(self) -> str:
        return ", ".join(role.label for role in Role if role.value in self.roles)
