"""How an order and the one that replaces it name each other: in their metadata at RevKeen."""

import uuid
from collections.abc import Mapping

REPLACES, REPLACED_BY = "replaces", "replaced_by"


def other(metadata: Mapping[str, object], name: str) -> uuid.UUID | None:
    """The order that `name` of the metadata leads to; None where it holds no order's id."""
    said = metadata.get(name)
    try:
        return uuid.UUID(said) if isinstance(said, str) else None
    except ValueError:
        return None
