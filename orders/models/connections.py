import uuid
from datetime import timedelta

from django.db import models
from django.utils import timezone

from orders import secrets
from orders.models.merchants import MODE_CHOICES, Merchant

# The start of a key says which mode it is for; nothing after it is ever shown but the last four characters. The first
# that fits counts. OrderProtection's tokens have no known start.
PREFIXES: dict[str, dict[str, str]] = {
    "revkeen": {"rk_live_": "live", "rk_sandbox_": "test"},
    "digital_river": {"sk_test_": "test", "sk_": "live"},
    "order_protection": {},
}


def prefix_of(provider: str, key: str) -> str:
    """ "" where a key does not begin as those of the provider do."""
    return next((prefix for prefix in PREFIXES[provider] if key.startswith(prefix)), "")


class Connection(models.Model):
    """An API key of a merchant in one mode. Several may be kept; at most one is active."""

    class Provider(models.TextChoices):
        REVKEEN = "revkeen", "RevKeen"
        DIGITAL_RIVER = "digital_river", "Digital River"
        ORDER_PROTECTION = "order_protection", "OrderProtection"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="connections")
    provider = models.CharField(max_length=20, choices=Provider.choices)
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    name = models.CharField(max_length=60)
    sealed_secret = models.TextField()
    fingerprint = models.CharField(max_length=64)
    prefix = models.CharField(max_length=20)
    last_four = models.CharField(max_length=4)
    active = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)
    last_failure_at = models.DateTimeField(null=True)
    last_failure = models.CharField(max_length=200, blank=True)
    refused_at = models.DateTimeField(null=True)  # since when the API answers 401 to this key
    wait_until = models.DateTimeField(null=True)  # the API asked us (429) to send nothing before
    next_slot_at = models.DateTimeField(null=True)  # partner updates to a partner that bounds its rate take turns by it

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "provider", "mode"],
                condition=models.Q(active=True),
                name="one_active_connection_per_mode",
            ),
            # One key belongs to one merchant: otherwise the orders of one would show under the name of another.
            models.UniqueConstraint(fields=["provider", "fingerprint"], name="one_connection_per_key"),
        ]

    def __str__(self) -> str:
        return self.shown_key

    @property
    def shown_key(self) -> str:
        """All of the key that anybody ever sees again."""
        return f"{self.prefix}…{self.last_four}"

    @property
    def secret(self) -> str:
        """The key itself, for the transport only. Raise `secrets.Unreadable`."""
        return secrets.unseal(self.sealed_secret, self._owner)

    @secret.setter
    def secret(self, value: str) -> None:
        self.sealed_secret = secrets.seal(value, self._owner)
        self.fingerprint = secrets.fingerprint(value)
        self.prefix = prefix_of(self.provider, value)
        self.last_four = value[-4:]

    @property
    def failing(self) -> bool:
        """Whether the last thing heard of this key was a failure, within the last hour."""
        if self.last_failure_at is None or self.last_failure_at < timezone.now() - timedelta(hours=1):
            return False
        return self.last_used_at is None or self.last_failure_at > self.last_used_at

    @property
    def _owner(self) -> str:
        return f"connection:{self.pk}:{self.merchant_id}:{self.provider}:{self.mode}"
