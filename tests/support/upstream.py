"""An upstream that answers in any bytes, and keeps its connections open: what the emulator does not do on purpose."""

import socket
import ssl
import threading
import time
from collections.abc import Iterable
from types import TracebackType

Piece = bytes | float  # bytes to send, or seconds to wait


def answer(body: bytes = b"{}", *headers: str, status: str = "200 OK") -> bytes:
    """A whole answer in JSON, with these headers beside the two it needs."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class Upstream:
    """Answers each request with the next of `answers`, the last one for ever; a list is sent piece by piece."""

    def __init__(self, *answers: bytes | Iterable[Piece], tls: ssl.SSLContext | None = None) -> None:
        self._answers, self._tls = list(answers), tls
        self._server = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.requests: list[bytes] = []
        self.connections = 0
        self.address = f"{'https' if tls else 'http'}://localhost:{self._server.getsockname()[1]}"

    def __enter__(self) -> "Upstream":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for sock in (self._server, *self._open):
            sock.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._server.accept()
                self.connections += 1
                self._open.append(sock)
                threading.Thread(target=self._serve, args=[sock], daemon=True).start()
            except OSError:
                return

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self._tls:
                sock = self._tls.wrap_socket(sock, server_side=True)
            while request := _read(sock):
                self.requests.append(request)
                answers = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
                for piece in [answers] if isinstance(answers, bytes) else answers:
                    time.sleep(piece) if isinstance(piece, float) else sock.sendall(piece)
        except OSError:  # the caller has gone
            return


def _read(sock: socket.socket) -> bytes:
    """One request; nothing when the caller has gone."""
    came = b""
    while b"\r\n\r\n" not in came:
        piece = sock.recv(65536)
        if not piece:
            return b""
        came += piece
    head, _, body = came.partition(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line), 0)
    while len(body) < length:
        body += sock.recv(65536)
    return head + b"\r\n\r\n" + body
