"""Host names, looked up by a deadline: Python's resolver cannot be told to end, so a thread of ours waits for it."""

import ipaddress
import queue
import socket
import threading
import time

MOST_ADDRESSES = 4
MOST_LOOKUPS = 16  # at once; a name server that is silent holds a thread for as long as it likes

_lookups = threading.BoundedSemaphore(MOST_LOOKUPS)


def addresses_of(host: str, port: int, seconds: float) -> list[str]:
    """Where `host` is, the best first. Raise `OSError` (or `TimeoutError` after `seconds`, `UnicodeError`)."""
    if _is_address(host):
        return [host]
    ends = time.monotonic() + seconds
    if not _lookups.acquire(timeout=max(seconds, 0)):
        raise TimeoutError("Too many names are being looked up.")
    found: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.put([str(address[0]) for *_, address in places][:MOST_ADDRESSES])
        except Exception as error:
            found.put(error)
        finally:
            _lookups.release()

    threading.Thread(target=look_up, name="name", daemon=True).start()
    try:
        answer = found.get(timeout=max(ends - time.monotonic(), 0))
    except queue.Empty:
        raise TimeoutError("The name server did not answer.") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False
