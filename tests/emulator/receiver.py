"""An address that webhooks are posted to: it keeps what comes, and answers as it is told."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple

PATIENCE_SECONDS = 10.0


class Posted(NamedTuple):
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event

    @property
    def seconds(self) -> int:
        """When it says it was signed, Unix time."""
        return int(self.headers["x-revkeen-signature"].partition(",")[0].removeprefix("t="))

    def is_signed_with(self, secret: str) -> bool:
        signed = hmac.new(secret.encode(), f"{self.seconds}.".encode() + self.body, hashlib.sha256).hexdigest()
        return self.headers["x-revkeen-signature"] == f"t={self.seconds},v1={signed}"


class Receiver:
    def __init__(self) -> None:
        self.posted: list[Posted] = []
        self.status = 204
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.posted.append(Posted(self.path, headers, body))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def wait_for(self, count: int) -> list[Posted]:
        """What has come, as soon as it is so many."""
        until = time.monotonic() + PATIENCE_SECONDS
        while len(self.posted) < count:
            assert time.monotonic() < until, f"only {len(self.posted)} of {count} came"
            time.sleep(0.01)
        return list(self.posted)

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
