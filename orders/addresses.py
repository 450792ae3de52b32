"""The address of a page together with what was typed into its form before a sign-in
(orders/services/accounts/unsent.py).
"""

import uuid
from urllib.parse import parse_qsl, urlencode, urlsplit

UNSENT = "unsent"  # in the query of a page


def with_unsent(address: str, form_id: uuid.UUID) -> str:
    path, query, fragment = _parts(address)
    return path + "?" + urlencode([*query, (UNSENT, str(form_id))]) + fragment


def without_unsent(address: str) -> str:
    path, query, fragment = _parts(address)
    return path + ("?" + urlencode(query) if query else "") + fragment


def _parts(address: str) -> tuple[str, list[tuple[str, str]], str]:
    parts = urlsplit(address)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != UNSENT]
    return parts.path, query, f"#{parts.fragment}" if parts.fragment else ""
