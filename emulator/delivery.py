"""How an answer reaches the caller: at once, in drips, cut off, or not at all."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal, Protocol

Ending = Literal["close", "reset"]
HANG_SECONDS = 600.0


class Wire(Protocol):
    """What a delivery may do with the connection."""

    gone: asyncio.Event

    def write(self, data: bytes) -> None: ...
    async def drain(self) -> None: ...
    def end(self, how: Ending) -> None: ...


class Answer(Protocol):
    """What is to be delivered."""

    body: bytes

    def head(self) -> bytes:
        """Status line and headers."""


class Delivery:
    """All of it, at once."""

    async def send(self, response: Answer, wire: Wire) -> None:
        wire.write(response.head() + response.body)


PLAIN = Delivery()


@dataclass(frozen=True)
class Drip(Delivery):
    """A few bytes at a time: no single wait is long, the whole is."""

    seconds: float
    size: int
    headers: bool

    async def send(self, response: Answer, wire: Wire) -> None:
        slow = response.body
        if self.headers:
            slow = response.head() + slow
        else:
            wire.write(response.head())
        for start in range(0, len(slow), self.size):
            if wire.gone.is_set():
                return
            if start:
                await asyncio.sleep(self.seconds)
            wire.write(slow[start : start + self.size])


@dataclass(frozen=True)
class Twice(Delivery):
    """All of it, and again: what is left unread on the connection is there before the next call."""

    async def send(self, response: Answer, wire: Wire) -> None:
        wire.write(2 * (response.head() + response.body))


@dataclass(frozen=True)
class Drop(Delivery):
    """Not a byte of it: the connection ends instead."""

    how: Ending

    async def send(self, response: Answer, wire: Wire) -> None:
        wire.end(self.how)


@dataclass(frozen=True)
class Cut(Delivery):
    """The connection ends in the middle of the body."""

    how: Ending

    async def send(self, response: Answer, wire: Wire) -> None:
        wire.write(response.head() + response.body[: len(response.body) // 2])
        await asyncio.sleep(0.02)  # a reset at once would also throw away the half that was sent
        wire.end(self.how)


@dataclass(frozen=True)
class Hang(Delivery):
    """Silence, until the caller has had enough."""

    seconds: float = HANG_SECONDS

    async def send(self, response: Answer, wire: Wire) -> None:
        try:
            await asyncio.wait_for(wire.gone.wait(), self.seconds)
        except TimeoutError:
            wire.end("close")


@dataclass(frozen=True)
class Flood(Delivery):
    """A body of so many bytes, made while it is sent."""

    size: int

    async def send(self, response: Answer, wire: Wire) -> None:
        head = response.head().replace(b"Content-Length: 0", f"Content-Length: {self.size}".encode())
        opening, closing = b'{"data":"', b'"}'
        wire.write(head + opening)
        left = self.size - len(opening) - len(closing)
        while left > 0 and not wire.gone.is_set():
            piece = min(left, 65_536)
            wire.write(b"A" * piece)
            await wire.drain()
            await asyncio.sleep(0)  # whether the caller has gone is only learned between two turns
            left -= piece
        wire.write(closing)


@dataclass(frozen=True)
class Raw(Delivery):
    """Any bytes whatever, then the end of the connection."""

    data: bytes
    how: Ending

    async def send(self, response: Answer, wire: Wire) -> None:
        wire.write(self.data)
        await asyncio.sleep(0.02)
        wire.end(self.how)
