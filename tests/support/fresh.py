"""What a process remembers between requests, taken from it: as if another one went on."""

from django.core.cache import caches

from orders.apis import gate
from orders.services.index import sight


def forget_gates() -> None:
    """No connection has failed, and none has asked us to wait."""
    gate.gates = gate.Gates()


def forget_process() -> None:
    """Gates, and what it remembers for some seconds; what all processes share stays."""
    forget_gates()
    sight.forget_seen()
    caches["process"].clear()
