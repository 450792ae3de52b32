"""An account at RevKeen from its other side: other clients, whose orders and changes meet no faults."""

import contextlib
import urllib.error
import uuid
from dataclasses import dataclass
from typing import Any

from tests.support.emulation import RunningEmulator


@dataclass(frozen=True)
class Place:
    """A merchant in a mode, and another key of the same account: what is prepared with it meets no faults."""

    merchant: str
    mode: str

    @property
    def key(self) -> str:
        """The dashboard's."""
        return f"rk_{'live' if self.mode == 'live' else 'sandbox'}_{self.merchant}_demo"

    @property
    def other_key(self) -> str:
        return f"{self.key}2"

    def path(self, rest: str) -> str:
        return f"/{self.merchant}/{self.mode}/{rest}"


PLACES = [Place(merchant, mode) for merchant in ("northwind", "kestrel") for mode in ("live", "test")]

LINES = [
    {"description": "Ridgeline 2 tent", "unit_price": 6000, "quantity": 1},
    {"description": "Trail mug", "unit_price": 1500, "quantity": 2},
]


def ups(place: int) -> str:
    """UPS’s by its check digit, another for each place."""
    digits = f"999AA1{place:09d}"
    value = [int(sign) if sign.isdigit() else (ord(sign) - 63) % 10 for sign in digits]
    return f"1Z{digits}{-(sum(value[0::2]) + 2 * sum(value[1::2])) % 10}"


class Shop:
    """An account at the emulator, from its other side: other clients of RevKeen that change orders there."""

    def __init__(self, emulator: RunningEmulator, place: Place) -> None:
        self.place = place
        self._emulator = emulator
        self.replaced: dict[str, str] = {}  # draft: the order that it is to replace
        self.wallet = emulator.cases(place.merchant, place.mode)["customers"]["wallet_0"]

    def order(self, **body: Any) -> Any:
        usual = {"customer_id": self.wallet["id"], "currency": "usd", "line_items": LINES}
        return self._emulator.make_order(self.place.other_key, **usual | body)

    def paid_order(self, **body: Any) -> Any:
        order = self.order(**body)
        return self._send(f"{order['id']}/pay", self._payment(order["total"]))

    def touch(self, subject: str) -> None:
        """Change something about the order that nobody's form is about."""
        self._try(self.replaced.get(subject, subject), {"notes": str(uuid.uuid4())}, "PATCH")

    def pay(self, subject: str) -> None:
        """Pay a part of it behind everybody's back."""
        self._try(f"{self.replaced.get(subject, subject)}/pay", self._payment(700))

    def _payment(self, amount: int) -> dict[str, Any]:
        return {"amount": amount, "payment_method_id": self.wallet["1111"]}

    def _try(self, path: str, body: dict[str, Any], method: str = "POST") -> None:
        with contextlib.suppress(urllib.error.HTTPError):  # RevKeen takes no change of an order that is over
            self._send(path, body, method)

    def _send(self, path: str, body: dict[str, Any], method: str = "POST") -> Any:
        return self._emulator.send(f"/orders/{path}", body, self.place.other_key, method)


@dataclass(frozen=True)
class Open:
    """A form that is ready to be pressed."""

    path: str
    sent: list[tuple[str, str]]
