"""The lines of a draft, as they stand in its column of JSON."""

from typing import Any

import msgspec
from django.db import models
from msgspec import Struct


class DraftLine(Struct, frozen=True, kw_only=True):
    id: str  # ours
    product_id: str | None = None
    description: str = ""
    quantity: int = 1
    unit_price: int | None = None  # minor units; None while it is not known
    metadata: dict[str, Any] = {}


class LinesField(models.JSONField):
    """A list of `DraftLine`, in their order. For migrations it is the column that it is: one of JSON."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> list[DraftLine]:
        return msgspec.convert(super().from_db_value(value, expression, connection), list[DraftLine])

    def get_prep_value(self, value: Any) -> Any:
        return msgspec.to_builtins(super().get_prep_value(value))

    def deconstruct(self) -> Any:
        name, _, positional, named = super().deconstruct()
        return name, "django.db.models.JSONField", positional, named
