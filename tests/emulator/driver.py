"""What the emulator's own tests also ask of it: the log and the ledger by filters, its clock, its showcase."""

from __future__ import annotations

import urllib.error
from typing import Any
from urllib.parse import urlencode

from tests.support.emulation import Emulator

Json = dict[str, Any]


class Driver(Emulator):
    def requests(self, **wanted: Any) -> list[Json]:
        return self.control("GET", f"requests?{urlencode(wanted)}")["data"]

    def ledger(self, **wanted: Any) -> list[Json]:
        return self.control("GET", f"ledger?{urlencode(wanted)}")["data"]

    def faults(self) -> list[Json]:
        return self.control("GET", "faults")["data"]

    def cases(self, merchant: str = "northwind", mode: str = "live") -> Json:
        """{"orders": {case: id}, "customers": {case: {"id": …, last four: payment method id}}}, and a map of order ids
        for each partner.
        """
        return self.control("GET", f"cases?merchant={merchant}&mode={mode}")

    def advance(self, seconds: float) -> None:
        self.control("POST", "clock", {"advance": seconds})

    def change_scopes(self, key: str, *scopes: str) -> None:
        self.control("POST", "keys/scopes", {"key": key, "scopes": scopes})

    def settle_refund(self, id: str, status: str) -> Json:
        return self.control("POST", f"refunds/{id}", {"status": status})

    def plant(self, kind: str, id: str, members: Json) -> Json:
        """The object with these members; "$hidden" is what the API never tells."""
        return self.control("PATCH", f"objects/{kind}/{id}", members)["object"]

    def control(self, method: str, path: str, body: Json | None = None) -> Json:
        return self._control(method, path, body)

    def _control(self, method: str, path: str, body: Any = None) -> Any:
        """Raises ValueError with what the emulator says is wrong."""
        try:
            return super()._control(method, path, body)
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode()) from None
