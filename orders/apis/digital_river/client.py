"""The way to Digital River: its four operations, errors by name.

Each create captures money and there is no idempotency key, so a change goes out once, whatever becomes of it.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec

from orders.apis import transport
from orders.apis.calls import Api, Exchange, Recorder, Said, path, taken_apart
from orders.apis.digital_river.objects import Fulfillment, major_units, read_fulfillment
from orders.apis.digital_river.refusals import documented
from orders.apis.errors import InDoubt, Missing, NotSent
from orders.apis.gate import Gate
from orders.apis.listings import Listing, page_of

PROVIDER = "Digital River"
VERSION = "2021-12-13"
# Each call here: https://docs.digitalriver.com/digital-river-api-reference/2021-12-13/fulfillments
LARGEST_PAGE = 100
MOST_PAGES = 20  # of one order
TEST_KEYS = "sk_test_"  # how they begin; every other key is for live data
COSTS = ("distributorCost", "shippingCost")


@dataclass(frozen=True)
class Filters:
    """What of its list Digital River shall send; all that is given must hold. Texts are compared exactly.

    Times are aware. Of both cursors Digital River only looks at `ending_before`. `limit` is at most 100.
    """

    created: datetime | None = None  # this very second
    created_gt: datetime | None = None
    created_gte: datetime | None = None
    created_lt: datetime | None = None
    created_lte: datetime | None = None
    ending_before: str = ""
    starting_after: str = ""
    limit: int = 50
    ids: tuple[str, ...] = ()
    order_id: str = ""
    sku_id: str = ""
    tracking_company: str = ""
    tracking_number: str = ""

    @property
    def params(self) -> transport.Params:
        bounds = {
            "[gt]": self.created_gt,
            "[gte]": self.created_gte,
            "[lt]": self.created_lt,
            "[lte]": self.created_lte,
        }
        times = {f"createdTime{name}": time for name, time in {"": self.created, **bounds}.items()}
        texts = {
            "endingBefore": self.ending_before,
            "startingAfter": self.starting_after,
            "ids": self.ids,
            "orderId": self.order_id,
            "skuId": self.sku_id,
            "trackingCompany": self.tracking_company,
            "trackingNumber": self.tracking_number,
        }
        given = {name: _instant(time) for name, time in times.items() if time}
        return {**given, **{name: text for name, text in texts.items() if text}, "limit": self.limit}


class Client:
    """Calls Digital River with one key. Made for each use, and not shared between threads; `gate` is the connection's.

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
        headers = {
            "Authorization": f"Bearer {secret}",
            "DigitalRiver-Version": VERSION,
            "Content-Type": "application/json",
        }
        self._live = not secret.startswith(TEST_KEYS)
        self._caller = Recorder(API, base_url, secret, headers, gate)
        self._read_seconds, self._change_seconds = read_seconds, change_seconds

    @property
    def last_exchange(self) -> Exchange | None:
        """What last went over the wire in the last operation; None where nothing was sent."""
        return self._caller.last_exchange

    def fulfillments(self, filters: Filters) -> Listing[Fulfillment]:
        """One page, newest first."""
        with self._caller.operation(PROVIDER):
            return self._page(filters, time.monotonic() + self._read_seconds)

    def all_of_order(self, order_id: str) -> list[Fulfillment]:
        """Every fulfillment of an order, newest first. Raise `InDoubt` rather than leave one out."""
        with self._caller.operation(PROVIDER):
            if not order_id:
                raise NotSent("The order’s id at {provider} is not known.")  # without it, all orders would answer
            found: list[Fulfillment] = []
            deadline = time.monotonic() + self._change_seconds  # of all pages
            filters = Filters(order_id=order_id, limit=LARGEST_PAGE)
            for _ in range(MOST_PAGES):
                page = self._page(filters, deadline)
                found += _all_new(page, order_id, {one.id for one in found})
                if not page.has_more:
                    return found
                filters = replace(filters, starting_after=found[-1].id)
            raise InDoubt("{provider} has more fulfillments of this order than we read.")

    def fulfillment(self, fulfillment_id: str) -> Fulfillment:
        """One, with `order_details`."""
        with self._caller.operation(PROVIDER):
            deadline = time.monotonic() + self._read_seconds
            return _this(fulfillment_id, self._caller.read(path("fulfillments", fulfillment_id), deadline))

    def create_fulfillment(self, body: Mapping[str, Any]) -> Fulfillment:
        """Ship units and cancel units. `body` is Digital River's, but that costs are minor units of its `currency`."""
        with self._caller.operation(PROVIDER):
            made = self._of_this_mode(taken_apart(read_fulfillment, self._change("/fulfillments", body)))
            if made.order_id != body.get("orderId"):
                raise InDoubt("{provider} answered with a fulfillment of another order.")
            if not _has(made, body.get("metadata", {})):
                raise InDoubt("{provider} answered with another fulfillment than the one it was to make.")
            return made

    def update_fulfillment(self, fulfillment_id: str, body: Mapping[str, Any]) -> Fulfillment:
        """Change tracking and metadata. Send all metadata: whether it is merged or replaced is not documented."""
        with self._caller.operation(PROVIDER):
            made = self._of_this_mode(_this(fulfillment_id, self._change(path("fulfillments", fulfillment_id), body)))
            if not _has(made, body.get("metadata", {})):
                raise InDoubt("{provider} answered with a fulfillment that does not have what it was to get.")
            return made

    def _of_this_mode(self, found: Fulfillment) -> Fulfillment:
        if found.live_mode != self._live:
            raise InDoubt("{provider} answered with data of the other mode.")
        return found

    def _page(self, filters: Filters, deadline: float) -> Listing[Fulfillment]:
        body = self._caller.read("/fulfillments", deadline, params=filters.params)
        return taken_apart(partial(_read_page, asked=filters.limit), body)

    def _change(self, address: str, body: Mapping[str, Any]) -> bytes:
        deadline = time.monotonic() + self._change_seconds
        return self._caller.call("POST", address, deadline, body=encoded_body(body))


def encoded_body(body: Mapping[str, Any]) -> bytes:
    """A body as it goes over the wire, with costs as decimals. Raise `NotSent` for what cannot be written down."""
    try:
        currency = str(body.get("currency", ""))
        items = [_with_decimals(item, currency) for item in body.get("items", ())]
        return _encode({**body, **({"items": items} if items else {})})
    except (TypeError, ValueError) as error:
        raise NotSent(f"This cannot be written down for {{provider}}, so it was not sent: {error}") from error


def _with_decimals(item: Mapping[str, Any], currency: str) -> Mapping[str, Any]:
    costs = {name: major_units(item[name], currency) for name in COSTS if item.get(name) is not None}
    return {**item, **costs}


class _Envelope(msgspec.Struct, rename="camel"):
    data: list[msgspec.Raw]
    has_more: bool  # a list that does not say whether it is whole is none


_encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode
_envelope = msgspec.json.Decoder(_Envelope)


def _read_page(body: bytes, asked: int) -> Listing[Fulfillment]:
    envelope = _envelope.decode(body)
    return page_of(envelope.data, read_fulfillment, asked, has_more=envelope.has_more)


def _all_new(page: Listing[Fulfillment], order_id: str, seen: set[str]) -> list[Fulfillment]:
    """The rows of the next page of an order; raise `InDoubt` for a page that may hide one."""
    if page.unreadable:
        raise InDoubt("{provider} listed a fulfillment of this order that we cannot read.")
    if any(row.order_id != order_id for row in page.rows):
        raise InDoubt("{provider} listed fulfillments of another order than the one asked for.")
    if seen & {row.id for row in page.rows} or (page.has_more and not page.rows):
        raise InDoubt("{provider}’s list of fulfillments does not come to an end.")
    return list(page.rows)


def _this(fulfillment_id: str, body: bytes) -> Fulfillment:
    found = taken_apart(read_fulfillment, body)
    if found.id != fulfillment_id:
        raise InDoubt("{provider} answered with another fulfillment than the one asked for.")
    return found


def _has(made: Fulfillment, metadata: Mapping[str, Any]) -> bool:
    """Whether it is the one that has our metadata, and in it our reference."""
    return all(made.metadata.get(name) == value for name, value in metadata.items())


def _instant(time: datetime) -> str:
    """`2026-11-21T12:00:00Z`; Digital River keeps whole seconds."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read_refusal(plain: Any) -> Said:
    """The first error decides; its message may be called description, and what holds it may be missing."""
    errors = plain.get("errors") if isinstance(plain, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return {}
    return {
        "code": first.get("code"),
        "message": first.get("message") or first.get("description"),
        "param": first.get("parameter"),
    }


# A 408 may come after the work, and is asked about as a 5xx is. An unknown order is told in one of two ways.
API = Api("x-dr-requestid", _read_refusal, documented, kinds={"not_found": Missing}, unclear=frozenset({408}))
