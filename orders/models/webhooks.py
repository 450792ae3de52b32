import uuid

from django.db import models
from django.db.models.functions import Now

from orders import secrets
from orders.models.connections import Connection


class WebhookReceiver(models.Model):
    """That a connection takes webhooks, and what came of them. What is not here is answered as if nothing were."""

    class Refusal(models.TextChoices):
        TOO_LARGE = "too_large", "The body was larger than 256 KiB"
        UNSIGNED = "unsigned", "There was no signature"
        OTHER_FORM = "other_form", "The signature was not of the form t=…,v1=…"
        OTHER_SECRET = "other_secret", "The signature was made with another secret"
        OTHER_TIME = "other_time", "It was signed more than five minutes earlier or later"
        NO_EVENT = "no_event", "The body was not an event"
        OTHER_MODE = "other_mode", "It was about the other mode"
        OTHER_ACCOUNT = "other_account", "It was about another RevKeen account"

    class Trouble(models.TextChoices):
        PAUSED = "paused", "RevKeen has paused webhooks to this address, because they failed"
        DISABLED = "disabled", "The webhook endpoint is disabled in RevKeen"
        GONE = "gone", "The webhook endpoint was deleted in RevKeen"
        FAILING = "failing", "Webhooks have failed since RevKeen was asked before"
        ELSEWHERE = "elsewhere", "The webhook endpoint in RevKeen leads to another address"

    connection = models.OneToOneField(Connection, models.CASCADE, primary_key=True, related_name="webhooks")
    account = models.CharField(max_length=64, blank=True)  # RevKeen's name of it, as the first good delivery said
    last_good_at = models.DateTimeField(null=True)  # written every few seconds at most
    refusals = models.PositiveIntegerField(default=0)
    last_refused_at = models.DateTimeField(null=True)
    last_refusal = models.CharField(max_length=20, choices=Refusal.choices, blank=True)
    # What the worker reads of the endpoint at RevKeen, where it was registered from here.
    trouble = models.CharField(max_length=20, choices=Trouble.choices, blank=True)
    failed_of = models.UUIDField(null=True)  # the endpoint of which so many deliveries had failed at the last look
    failed_deliveries = models.PositiveBigIntegerField(default=0)
    checked_at = models.DateTimeField(null=True)
    next_check_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(db_default=Now())  # somebody is at it until then

    class Meta:
        indexes = [
            models.Index(
                fields=["next_check_at"], condition=models.Q(next_check_at__isnull=False), name="webhooks_to_check"
            )
        ]

    def __str__(self) -> str:
        return f"Webhooks of {self.connection}"

    @property
    def merchant_id(self) -> int:
        return self.connection.merchant_id


class WebhookSecret(models.Model):
    """What RevKeen signs webhooks of one endpoint with. A former one is believed for as long as RevKeen retries."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="webhook_secrets")
    sealed_secret = models.TextField()
    endpoint_id = models.UUIDField(null=True)  # at RevKeen; null for a secret that was pasted
    created_at = models.DateTimeField(db_default=Now())
    first_good_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)  # null: RevKeen signs with it

    def __str__(self) -> str:
        return "webhook secret"

    @property
    def secret(self) -> str:
        """Raise `secrets.Unreadable`."""
        return secrets.unseal(self.sealed_secret, self._owner)

    @secret.setter
    def secret(self, value: str) -> None:
        self.sealed_secret = secrets.seal(value, self._owner)

    @property
    def _owner(self) -> str:
        return f"webhook:{self.pk}:{self.connection_id}"


class WebhookReceived(models.Model):
    """An event that was taken, so that it is taken once however often it comes."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="+")
    event_id = models.CharField(max_length=200)
    received_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "event_id"], name="each_webhook_once")]
