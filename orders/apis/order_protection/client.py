"""The way to OrderProtection: its three operations on fulfillments, errors by name.

A fulfillment is kept there under our own id, so sending the same one again is harmless. How it refuses is not
documented.
"""

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from orders.apis import transport
from orders.apis.calls import Api, Exchange, Recorder, Said, path, taken_apart
from orders.apis.errors import InDoubt, NotSent
from orders.apis.gate import Gate
from orders.apis.listings import MOST_ROWS, page_of
from orders.apis.order_protection.objects import STATUSES, Fulfillment, read_fulfillment

PROVIDER = "OrderProtection"


class Client:
    """Calls OrderProtection with one token. Made for each use, not shared between threads; `gate` is the connection's.

    Every method may raise any `ApiError`; after a change only `NotSent` and `Refused` mean that nothing was done.
    """

    def __init__(
        self,
        base_url: str,
        secret: str,
        gate: Gate,
        *,
        read_seconds: float = transport.READ_SECONDS,
        change_seconds: float = transport.CHANGE_SECONDS,
    ) -> None:
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        self._caller = Recorder(API, base_url, secret, headers, gate)
        self._read_seconds, self._change_seconds = read_seconds, change_seconds

    @property
    def last_exchange(self) -> Exchange | None:
        """What last went over the wire in the last operation; None where nothing was sent."""
        return self._caller.last_exchange

    # https://docs.orderprotection.com/api-reference/fulfillments/get-fulfillments-for-order
    def fulfillments(self, source_order_id: str) -> list[Fulfillment]:
        """All of an order. Raise `InDoubt` rather than leave one out, `Missing` for an order it does not know."""
        with self._caller.operation(PROVIDER):
            body = self._caller.read(_address(source_order_id), time.monotonic() + self._read_seconds)
            page = page_of(taken_apart(_read_list, body), read_fulfillment, MOST_ROWS)
            if page.unreadable:
                raise InDoubt("{provider} listed a fulfillment of this order that we cannot read.")
            if page.has_more:
                raise InDoubt("{provider} has more fulfillments of this order than we read.")
            return list(page.rows)

    # https://docs.orderprotection.com/api-reference/fulfillments/create-fulfillment-for-order
    def create_fulfillment(self, source_order_id: str, body: Mapping[str, Any]) -> None:
        """Make the fulfillment of `body["sourceFulfillmentId"]` known, or put this in its place."""
        with self._caller.operation(PROVIDER):
            self._change("POST", _address(source_order_id), body)

    # https://docs.orderprotection.com/api-reference/fulfillments/update-fulfillment-for-order
    def set_status(self, source_order_id: str, source_fulfillment_id: str, status: str) -> None:
        """`status` is one of `STATUSES`. Nothing else of a fulfillment changes."""
        with self._caller.operation(PROVIDER):
            if status not in dict(STATUSES):
                raise NotSent("{provider} has no such status, so nothing was sent.")
            self._change("PUT", _address(source_order_id, source_fulfillment_id), {"status": status})

    def _change(self, method: str, address: str, body: Mapping[str, Any]) -> None:
        """Nothing but `{"status": "ok"}` is a yes."""
        deadline = time.monotonic() + self._change_seconds
        said = taken_apart(_read_yes, self._caller.call(method, address, deadline, body=encoded_body(body)))
        if said.status.strip().lower() != "ok" or said.error:
            raise InDoubt("{provider} answered with something else than its yes.")


class _Yes(msgspec.Struct):
    status: str
    error: Any = None


_read_yes = msgspec.json.Decoder(_Yes).decode


def encoded_body(body: Mapping[str, Any]) -> bytes:
    """A body as it goes over the wire. Raise `NotSent` for what cannot be written down."""
    try:
        return msgspec.json.encode(body, order="deterministic")
    except (TypeError, ValueError) as error:
        raise NotSent(f"This cannot be written down for {{provider}}, so it was not sent: {error}") from error


_read_list = msgspec.json.Decoder(list[msgspec.Raw]).decode


def _address(source_order_id: str, *source_fulfillment_id: str) -> str:
    return "/v1" + path("orders", source_order_id, "fulfillments", *source_fulfillment_id)


def _read_refusal(plain: Any) -> Said:
    """A text or a list of texts under `message`, or nothing that we know."""
    said = plain.get("message") or plain.get("error") if isinstance(plain, dict) else None
    texts = said if isinstance(said, list) else [said]
    return {"message": "; ".join(text for text in texts if isinstance(text, str))}


def _is_its_own(status: int, plain: Any) -> bool:
    """It documents no refusal, and that errors come as JSON: one that gives a reason is taken for its own."""
    return status != TIMED_OUT and bool(_read_refusal(plain)["message"])


TIMED_OUT = 408  # it may come after the work
API = Api("x-request-id", _read_refusal, _is_its_own, unclear=frozenset({TIMED_OUT}))
