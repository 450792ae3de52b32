"""What the clients of all APIs have in common: our turn, one exchange, and its answer or an error by name."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from orders.apis import transport
from orders.apis.decoding import MOST_VALUES, TOO_DEEP, too_deep
from orders.apis.errors import (
    ApiError,
    InDoubt,
    KeyRefused,
    Missing,
    NotSent,
    NotUnderstood,
    RateLimited,
    Refused,
    ScopeMissing,
    named,
)
from orders.apis.gate import Gate
from orders.apis.transport import Answer

T = TypeVar("T")
Said = Mapping[str, object]  # `code`, `message`, `param`, `request_id`, as far as an API says them

DEFAULT_WAIT = 5.0  # seconds, after a 429 that does not say how long
LONGEST_WAIT = 15 * 60.0  # whatever an answer asks for: it may be wrong, and then nobody could work until it is over
LONGEST_TEXT = 200
LONGEST_EXCERPT = 2000
REFUSALS: dict[int, type[Refused]] = {401: KeyRefused, 403: ScopeMissing, 404: Missing}


@dataclass(frozen=True)
class Api:
    """What differs from one API to the next."""

    request_id_header: str
    read_refusal: Callable[[Any], Said]  # gets the JSON of a refusal, or None if it was none
    documented: Callable[[int, Any], bool]  # whether the API itself refuses a change with this status and this JSON
    kinds: Mapping[str, type[Refused]] = field(default_factory=dict)  # by code, where the status is not enough
    unclear: frozenset[int] = frozenset()  # statuses of 4xx to a read that are no answer


@dataclass(frozen=True)
class Exchange:
    """What became of one call, for the record. `status` is 0 where no whole answer came."""

    method: str
    path: str
    status: int = 0
    request_id: str = ""
    excerpt: str = ""  # the beginning of the body, without the key


class Caller:
    """Makes calls with one key. `gate` is shared by all who call with the key of one connection in this process."""

    def __init__(self, api: Api, base_url: str, key: str, headers: Mapping[str, str], gate: Gate) -> None:
        self._api, self._base_url, self._key, self._gate = api, base_url, key, gate
        self._headers = headers
        self.second_tries = 0

    def read(self, path: str, deadline: float, *, scope: str = "", params: transport.Params | None = None) -> bytes:
        """The JSON at `path`; asked for once more after a failure that may pass. Raise an `ApiError`."""
        try:
            return self.call("GET", path, deadline, scope=scope, params=params)
        except (NotSent, InDoubt) as error:
            if time.monotonic() >= deadline or not self._worth_another_try(error):
                raise
        self.second_tries += 1
        return self.call("GET", path, deadline, scope=scope, params=params)

    def call(
        self,
        method: str,
        path: str,
        deadline: float,
        *,
        scope: str = "",
        headers: Mapping[str, str] | None = None,
        params: transport.Params | None = None,
        body: bytes | None = None,
    ) -> bytes:
        """Send once; the JSON of an answer of 2xx. Raise an `ApiError`; only `NotSent` means that nothing arrived.

        A change is `Refused` by the API's own documented words alone. Whatever else answers 4xx may stand before the
        API or behind it, and the work may be done: that is `InDoubt`.
        """
        self._gate.before_call(deadline)
        try:
            answer = self._send(method, path, deadline, {**self._headers, **(headers or {})}, params, body)
            if method != "GET":
                self._hold_against_documents(answer)
            checked = self._checked(answer, scope)
        except RateLimited as error:
            self._gate.asked_to_wait(error.wait)
            raise
        except (NotSent, InDoubt):
            self._gate.failed()
            raise
        except Refused:
            self._gate.answered()
            raise
        self._gate.answered()
        return self._without_key(checked)

    def _send(
        self,
        method: str,
        path: str,
        deadline: float,
        headers: Mapping[str, str],
        params: transport.Params | None,
        body: bytes | None,
    ) -> Answer:
        url = self._base_url + path
        return transport.send(method, url, deadline=deadline, headers=headers, params=params, body=body)

    def _worth_another_try(self, error: NotSent | InDoubt) -> bool:
        if isinstance(error, RateLimited):
            return True  # `before_call` waits for our turn, or says that it is too long
        return self._gate.may_try_again()

    def _hold_against_documents(self, answer: Answer) -> None:
        """Raise `InDoubt` for a 4xx to a change that is not the API's own."""
        own = _is_json(answer) and self._api.documented(answer.status, _plain(answer.body))
        if own or not 400 <= answer.status < 500:
            return
        if answer.status == 429:
            self._gate.asked_to_wait(_wait(answer.headers))  # whoever it was
        said = f"{{provider}}, or something before it, answered {answer.status}, and not as {{provider}} refuses."
        raise InDoubt(said, status=answer.status)

    def _checked(self, answer: Answer, scope: str) -> bytes:
        """The body of a 2xx answer in JSON; everything else becomes an error by name."""
        if answer.status == 429:
            raise RateLimited(_wait(answer.headers), answered=True)
        if 400 <= answer.status < 500 and answer.status not in self._api.unclear:
            raise self._refusal(answer, scope)
        if not 200 <= answer.status < 300:
            replayed = answer.headers.get("idempotency-replayed", "").lower() == "true"
            said = f"{{provider}} answered with an error of its own ({answer.status})."
            raise InDoubt(said, status=answer.status, replayed=replayed)
        if not _is_json(answer):
            raise InDoubt("{provider} answered with something that is not JSON.")
        return answer.body

    def _refusal(self, answer: Answer, scope: str) -> Refused:
        said = self._api.read_refusal(_plain(answer.body))
        code, message, param, request_id = (
            self._text(said.get(name)) for name in ("code", "message", "param", "request_id")
        )
        if answer.status == 403 and scope:
            message = f"this key may not {scope}. {message}".strip()
        kind = self._api.kinds.get(code) or REFUSALS.get(answer.status, Refused)
        return kind(answer.status, code, message, param, request_id or self._request_id(answer))

    def _request_id(self, answer: Answer) -> str:
        return self._text(answer.headers.get(self._api.request_id_header))

    def _text(self, value: object, longest: int = LONGEST_TEXT) -> str:
        """What the API said, bounded and without our key: it is shown to people as text, and kept.

        PostgreSQL keeps no NUL.
        """
        if not isinstance(value, str):
            return ""
        for key in self._key_forms:
            value = value.replace(key, "[key]")
        return value[:longest].replace("\x00", "")

    def _without_key(self, body: bytes) -> bytes:
        """The same for a whole answer, which is shown as JSON and kept as a copy."""
        for key in self._key_forms:
            body = body.replace(key.encode(), b"[key]")
        return body

    @property
    def _key_forms(self) -> set[str]:
        """As it is, and as JSON may write it."""
        return {self._key, self._key.replace("/", "\\/")} - {""}


class Recorder(Caller):
    """A caller that keeps its last exchange. One is made for each use, and never shared between threads."""

    last_exchange: Exchange | None = None

    @contextmanager
    def operation(self, provider: str) -> Iterator[None]:
        """What is done in here is one operation: exchanges before it are forgotten, errors name the provider."""
        self.last_exchange = None
        with named(provider):
            yield

    def _send(self, method: str, path: str, *sent: Any) -> Answer:
        self.last_exchange = Exchange(method, path)
        answer = super()._send(method, path, *sent)
        excerpt = self._text(answer.body.decode(errors="replace"), LONGEST_EXCERPT)
        self.last_exchange = Exchange(method, path, answer.status, self._request_id(answer), excerpt)
        return answer


def taken_apart(decode: Callable[[bytes], T], body: bytes) -> T:
    """What `decode` makes of an answer; raise `NotUnderstood` when it is not what the call should get.

    Whatever is raised on the way: the call went out, and no exception by another name may make it "not sent".
    """
    if sum(body.count(mark) for mark in (b",", b"[", b"{")) > MOST_VALUES:
        raise NotUnderstood("{provider} sent more in one answer than we read.", body)
    try:
        return decode(body)
    except ApiError:
        raise
    except Exception as error:
        raise NotUnderstood(_why(error), body) from error


def _why(error: Exception) -> str:
    told = f": {error}" if isinstance(error, msgspec.ValidationError) else "."
    if isinstance(error, RecursionError):
        told = f": {TOO_DEEP}"
    return f"{{provider}} answered with something we cannot read{told}"[:LONGEST_TEXT]


def path(*segments: object) -> str:
    """Every segment is quoted, and none leads up: nothing typed by anybody leads to another address.

    Raise `NotSent` for one that would.
    """
    texts = [str(segment) for segment in segments]
    if any(text in ("", ".", "..") for text in texts):
        raise NotSent("An id is empty or nothing but dots, so nothing was sent.")
    return "".join(f"/{quote(text, safe='')}" for text in texts)


def _is_json(answer: Answer) -> bool:
    return "json" in answer.headers.get("content-type", "")


def _plain(body: bytes) -> Any:
    """The JSON of a body, None if it is none."""
    try:
        return None if too_deep(body) else msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _wait(headers: Mapping[str, str]) -> float:
    """Seconds to wait after a 429: no API says in which form `Retry-After` comes, so both are read."""
    said = headers.get("retry-after", "")
    try:
        seconds = float(said) if said.isascii() else DEFAULT_WAIT
    except ValueError:
        seconds = _seconds_until(said)
    return min(seconds, LONGEST_WAIT) if seconds >= 0 else DEFAULT_WAIT  # NaN is not >= 0


def _seconds_until(date: str) -> float:
    """Until a date of HTTP; `DEFAULT_WAIT` for what is none, or is none in any calendar or zone."""
    try:
        moment = parsedate_to_datetime(date)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (aware - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError, TypeError):
        return DEFAULT_WAIT
