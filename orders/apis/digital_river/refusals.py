"""How Digital River says no, as its reference, guides and connectors have it. Another no may be anybody's."""

from typing import Any

TYPES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    429: "too_many_requests",
}
CODES = frozenset(
    # of a fulfillment that is created
    "quantity_too_large item_fulfilled item_cancelled order_fulfilled order_complete order_cancelled "
    "order_not_submitted payment_authorization_failed "
    # of any call; documented without their statuses
    "missing_parameter invalid_parameter unknown_parameter invalid_integer invalid_quantity_amount "
    "invalid_string_blank invalid_string_empty invalid_currency currency_unsupported invalid_metadata_key "
    "invalid_metadata_value invalid_format not_found already_exists restricted_update order_already_complete "
    "charge_not_capturable charge_expired api_key_expired account_closed method_not_allowed".split()
)


def documented(status: int, plain: Any) -> bool:
    """Whether Digital River itself refuses a change so: its envelope, the type of the status, a code that it has.

    One documented example lacks the type. Where a class of errors has no code of its own, its type stands for one.
    """
    errors = plain.get("errors") if isinstance(plain, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    family = TYPES.get(status)
    if not isinstance(first, dict) or family is None or plain.get("type", family) != family:
        return False
    return first.get("code") in {*CODES, family}
