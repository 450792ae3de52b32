"""The id of the request being answered: in each log line, on error pages, in the event log."""

import uuid
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("request_id", default="")


def begin_request() -> str:
    _current.set(f"req_{uuid.uuid4().hex[:20]}")
    return _current.get()


def current_request_id() -> str:
    return _current.get()
