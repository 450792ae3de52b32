"""HTTP/1.1 with keep-alive on loopback: h11 reads, the answers are written by hand because faults need every byte."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

import h11

from emulator.delivery import Ending
from emulator.messages import Request, json_response

MAX_BODY = 1_048_576
MAX_SENT_AHEAD = 2 * MAX_BODY
LAST_WORD_SECONDS = 1.0
Exchange = Callable[[Request, "Connection"], Awaitable[None]]

_WHY = {
    400: "this is not HTTP/1.1",
    413: "the body is larger than 1 MiB",
    431: "the headers are larger than 16 KiB",
}


class Connection(asyncio.Protocol):
    """One caller's connection. Requests on it are answered one after another."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._unread = b""
        self._refused = False
        self._task: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self.gone = asyncio.Event()
        self._begin_request()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 (for mypy)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()
        self._writable.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if self._task is not None:  # sent ahead while an answer is under way
            self._unread += data
            if len(self._unread) > MAX_SENT_AHEAD:
                self.end("reset")
            return
        self._parser.receive_data(data)
        self._read()

    # delivery.Wire

    def write(self, data: bytes) -> None:
        if not self.gone.is_set():
            self._transport.write(data)

    async def drain(self) -> None:
        await self._writable.wait()

    def end(self, how: Ending) -> None:
        if how == "close":
            self._transport.close()
            return
        handle = self._transport.get_extra_info("socket")
        if handle is not None and handle.fileno() >= 0:  # no lingering: the peer sees a reset
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    # helpers

    def _begin_request(self) -> None:
        # A parser per request: h11 would otherwise insist on writing the answer too.
        self._parser = h11.Connection(h11.SERVER)
        self._head: h11.Request | None = None
        self._body = b""

    def _read(self) -> None:
        try:
            self._read_events()
        except h11.RemoteProtocolError as error:
            self._refuse(error.error_status_hint)

    def _read_events(self) -> None:
        while True:
            event = self._parser.next_event()
            if event is h11.NEED_DATA:
                if self._parser.they_are_waiting_for_100_continue:
                    self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                return None
            if isinstance(event, h11.Request):
                self._head = event
            elif isinstance(event, h11.Data):
                self._body += event.data
                if len(self._body) > MAX_BODY:
                    return self._refuse(413)
            elif isinstance(event, h11.EndOfMessage):
                return self._answer()
            else:
                return None

    def _answer(self) -> None:
        head = self._head
        if head is None:
            return
        path, _, query = head.target.decode("latin-1").partition("?")
        headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
        request = Request(head.method.decode(), path, query, headers, self._body, self.gone)
        options = [option.strip() for option in headers.get("connection", "").lower().split(",")]
        keep = head.http_version == b"1.1" and "close" not in options
        self._unread = self._parser.trailing_data[0]
        self._task = asyncio.get_running_loop().create_task(self._serve(request, keep))

    async def _serve(self, request: Request, keep: bool) -> None:
        try:
            await self._exchange(request, self)
            await self.drain()
        except BaseException:
            self.end("reset")
            raise
        finally:
            self._task = None
        if self.gone.is_set() or self._transport.is_closing():
            return
        if not keep:
            self._transport.close()
            return
        self._begin_request()
        if self._unread:
            self._parser.receive_data(self._unread)
            self._unread = b""
            self._read()

    def _refuse(self, status: int) -> None:
        """The caller may still be sending: closed at once, the connection would be reset and the answer lost."""
        response = json_response(status, {"error": _WHY.get(status, _WHY[400])}, [("Connection", "close")])
        self._refused = True
        self.write(response.head() + response.body)
        self._transport.write_eof()
        asyncio.get_running_loop().call_later(LAST_WORD_SECONDS, self._transport.close)


async def listen(exchange: Exchange, port: int) -> asyncio.Server:
    """Listen on loopback; port 0 takes a free one."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: Connection(exchange), "127.0.0.1", port, backlog=512)
