"""A dashboard as one would write it at first: a fresh key for each attempt, and no lock on the order.

The same trials must show duplicates with it, or they prove nothing.
"""

import dataclasses
import uuid
from typing import Any

from django.apps import AppConfig


class Naive(AppConfig):
    name = "chaos.naive"

    def ready(self) -> None:
        from orders.services.changes import form_tokens, plans

        read = form_tokens.read

        def fresh(*place: Any) -> form_tokens.FormToken:
            return dataclasses.replace(read(*place), operation_id=uuid.uuid4())

        def lock(*place: Any) -> None:
            return None

        form_tokens.read, plans.lock = fresh, lock
