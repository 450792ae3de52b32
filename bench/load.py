"""People who ask for a page again and again, each on one kept connection, as browsers do."""

import http.client
import statistics
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Outcome:
    """What all people together saw. Times are in seconds; a refusal (503) is not an error but is counted apart."""

    times: list[float] = field(default_factory=list)
    refused: int = 0
    errors: int = 0
    seconds: float = 0.0
    last_answer: tuple[dict[str, str], bytes] = field(default=({}, b""))

    @property
    def p50(self) -> float:
        return statistics.median(self.times)

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.times, n=100)[98]

    @property
    def per_second(self) -> float:
        return len(self.times) / self.seconds


def people(count: int, url: str, seconds: float, headers: dict[str, str] | None = None) -> Outcome:
    """Let `count` people ask for `url` for so long. One who is refused waits as long as the answer says."""
    outcome = Outcome()
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=_person, args=(url, until, headers or {}, outcome)) for _ in range(count)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcome.seconds = time.monotonic() - started
    return outcome


def get(url: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
    connection = _connect(url)
    try:
        return _ask(connection, url, headers or {})
    finally:
        connection.close()


def _person(url: str, until: float, headers: dict[str, str], outcome: Outcome) -> None:
    connection = _connect(url)
    while time.monotonic() < until:
        started = time.monotonic()
        try:
            status, answered, body = _ask(connection, url, headers)
        except (OSError, http.client.HTTPException):
            outcome.errors += 1
            connection.close()
            continue
        if status == 503:
            outcome.refused += 1
            connection.close()  # the server would close it meanwhile
            time.sleep(min(float(answered.get("retry-after", 1)), max(0.0, until - time.monotonic())))
        elif status == 200:
            outcome.times.append(time.monotonic() - started)
            outcome.last_answer = (answered, body)
        else:
            outcome.errors += 1
    connection.close()


def _connect(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    assert parts.hostname
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)


def _ask(
    connection: http.client.HTTPConnection, url: str, headers: dict[str, str]
) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(url)
    connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""), headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body
