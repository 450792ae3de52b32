"""How RevKeen says no, as its reference has it. What says no in another way may have been anybody on the way there."""

from typing import Any

MEMBERS = ("type", "code", "message")  # of an error: always there

_ANY_BODY = frozenset({"invalid_request", "validation_error"})
# Payment attempts name them; a pay that is declined is a 400, and its codes are documented nowhere else.
_DECLINES = frozenset(
    "generic_decline insufficient_funds over_limit expired_card invalid_card_number invalid_cvv invalid_expiry "
    "call_issuer lost_or_stolen pickup_card suspected_fraud restricted_card processor_error gateway_error "
    "communication_error issuer_unavailable duplicate_transaction authentication_required".split()
)
CODES = {
    400: _ANY_BODY | _DECLINES,
    401: frozenset({"unauthenticated", "authentication_failed", "invalid_api_key", "expired_api_key"}),
    403: frozenset({"permission_denied", "insufficient_permissions", "forbidden"}),
    404: frozenset({"resource_missing", "resource_not_found"}),
    409: frozenset({"conflict", "idempotency_conflict", "idempotency_in_progress"}),
    422: _ANY_BODY,  # documented for business rules, without a code of its own
}
WITHOUT_CODES = 429  # documented, and none of its codes


def documented(status: int, plain: Any) -> bool:
    """Whether RevKeen itself refuses a change so: its envelope, with a code that it is known to give this status."""
    error = plain.get("error") if isinstance(plain, dict) else None
    if not isinstance(error, dict) or not all(isinstance(error.get(name), str) for name in MEMBERS):
        return False
    return status == WITHOUT_CODES or error["code"] in CODES.get(status, ())
