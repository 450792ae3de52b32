"""A running emulator, and what tests tell it and ask it through its control endpoints."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
REFUSAL = {"type": "invalid_request_error", "code": "invalid_request", "message": "Not today"}  # as RevKeen says no


class RunningEmulator:
    def __init__(self, address: str) -> None:
        self.address = address

    @property
    def api(self) -> str:
        return f"{self.address}/revkeen/v2"

    @property
    def digital_river(self) -> str:
        return f"{self.address}/digital-river"

    @property
    def order_protection(self) -> str:
        return f"{self.address}/order-protection"

    def reset(self) -> None:
        self._control("POST", "reset")

    def fault(self, kind: str, path: str = ".*", *, method: str = "*", times: int = 1, **parameters: Any) -> None:
        """Make the next `times` calls that match fail in the way `kind` names (emulator/README.md)."""
        self._control("POST", "faults", {"kind": kind, "method": method, "path": path, "times": times, **parameters})

    def clear_faults(self) -> None:
        self._control("DELETE", "faults")

    def calls(self) -> list[dict[str, Any]]:
        """The calls since the last reset or `forget_calls`, the oldest first."""
        return self._control("GET", "requests")["data"]

    def forget_calls(self) -> None:
        self._control("DELETE", "requests")

    def ledger(self) -> list[dict[str, Any]]:
        return self._control("GET", "ledger")["data"]

    def settings(self, **changes: Any) -> None:
        self._control("PATCH", "settings", changes)

    def patch(self, kind: str, object_id: str, **fields: Any) -> None:
        """Overwrite fields of a stored object, hostile and wrong values included."""
        self._control("PATCH", f"objects/{kind}/{object_id}", fields)

    def revoke(self, key: str) -> None:
        self._control("POST", "keys/revoke", {"key": key})

    def add_key(self, key: str, merchant: str, mode: str, scopes: tuple[str, ...] = ("*",)) -> None:
        self._control("POST", "keys", {"key": key, "merchant": merchant, "mode": mode, "scopes": scopes})

    def set_scopes(self, key: str, scopes: list[str]) -> None:
        self._control("POST", "keys/scopes", {"key": key, "scopes": scopes})

    def add_partner_key(self, key: str, provider: str, merchant: str = "northwind", mode: str = "live") -> None:
        account = {"key": key, "merchant": merchant, "mode": mode, "scopes": ["*"], "provider": provider}
        self._control("POST", "keys", account)

    def get(self, path: str, key: str = "rk_live_northwind_demo") -> Any:
        """Ask as a client of RevKeen would, e.g. `get("/orders?limit=2")`."""
        request = urllib.request.Request(self.api + path, headers={"x-api-key": key})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def orders(self, query: str = "limit=100", key: str = "rk_live_northwind_demo") -> list[dict[str, Any]]:
        return self.get(f"/orders?{query}", key)["data"]

    def cases(self, merchant: str = "northwind", mode: str = "live") -> Any:
        """The ids of the showcase orders, also at the partners, and of customers by name (emulator/README.md)."""
        return self._control("GET", f"cases?merchant={merchant}&mode={mode}")

    def tell_partners(self, order_id: str) -> dict[str, str]:
        """Let both partners know a paid order, as a shop does; what they call it."""
        told: dict[str, str] = self._control("POST", f"sales/{order_id}", {})
        return told

    def make_order(self, key: str = "rk_live_northwind_demo", **body: Any) -> Any:
        """Create an order as another client of RevKeen would: one line over 60.00 unless `line_items` says else."""
        lines = [{"description": "Ridgeline 2 tent", "unit_price": 6000, "quantity": 1}]
        return self.send("/orders", {"line_items": lines, **body}, key)

    def send(self, path: str, body: Any, key: str = "rk_live_northwind_demo", method: str = "POST", **more: str) -> Any:
        """Change something as another client of RevKeen would; `more` headers."""
        headers = {"x-api-key": key, "Content-Type": "application/json", **more}
        request = urllib.request.Request(self.api + path, json.dumps(body).encode(), headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def _control(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.address}/_emulator/{path}", data, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
        return json.loads(text) if text else None


class Emulator(RunningEmulator):
    """One of our own, started here and ended with the `with` block."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "emulator", "--port", "0", "--state", ":memory:", "--limits", "off", *options]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("Emulator ready at "), line
        super().__init__(line.removeprefix("Emulator ready at ").strip())

    def __enter__(self) -> "Emulator":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(10)
