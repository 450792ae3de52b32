"""How webhooks of a connection stand, for the pages of settings."""

import uuid
from dataclasses import dataclass

from orders.models import Connection, Merchant, WebhookReceiver, WebhookSecret
from orders.services.webhooks import registration
from orders.states import State

WAITING = State("Waiting for the first one", "clock", "wait")
ON = State("On", "circle-check", "good")
OFF = State("Off", "circle")


@dataclass(frozen=True)
class Webhooks:
    """`receiver` is None where they are off."""

    receiver: WebhookReceiver | None
    secrets: list[WebhookSecret]  # that RevKeen signs with, the newest last

    @property
    def registered(self) -> bool:
        """From here; else a person has copied the secret."""
        return bool(self.secrets) and self.secrets[-1].endpoint_id is not None

    @property
    def replacing(self) -> bool:
        return len(self.secrets) > 1

    @property
    def refused_last(self) -> bool:
        """Whether the last that came was refused."""
        receiver = self.receiver
        if receiver is None or receiver.last_refused_at is None:
            return False
        return receiver.last_good_at is None or receiver.last_refused_at > receiver.last_good_at

    @property
    def to_register(self) -> bool:
        """Whether doing so from here would help; its secret may have been replaced in RevKeen."""
        return self.receiver is None or not self.registered or bool(self.receiver.trouble) or self.refused_last

    @property
    def state(self) -> State:
        if self.receiver is None:
            return OFF
        if self.receiver.trouble:
            return State("Not delivered", "alert-triangle", "bad")
        if self.refused_last:
            return State("Last one refused", "alert-triangle", "wait")
        return ON if self.secrets and self.secrets[-1].first_good_at else WAITING


def of(connection: Connection) -> Webhooks:
    receiver = WebhookReceiver.objects.filter(connection=connection).first()
    return Webhooks(receiver, registration.current_secrets(connection) if receiver else [])


def of_those_on(merchant: Merchant, mode: str) -> dict[uuid.UUID, Webhooks]:
    """By connection, where they are on."""
    receivers = WebhookReceiver.objects.filter(connection__merchant=merchant, connection__mode=mode)
    return {receiver.pk: of(receiver.connection) for receiver in receivers.select_related("connection")}


def in_trouble(merchant: Merchant, mode: str) -> WebhookReceiver | None:
    """One to which RevKeen does not deliver, for the banner."""
    found = WebhookReceiver.objects.filter(connection__merchant=merchant, connection__mode=mode)
    return found.exclude(trouble="").select_related("connection").first()
