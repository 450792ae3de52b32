"""One line per event, as JSON or for a person to read, with the id of the request that caused it."""

import logging
import logging.config
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]

# What opens a door to whoever reads it: the keys of links for a new password, and the tokens of invitations.
SECRETS = re.compile(r"(?i)(/password/reset/key/[0-9a-z]+-)[^\s/\"'&?#<>]+|(token(?:=|%3d))[\w.~-]{16,}")
# The first two say what every page is made of; our own lines say enough. The last
# says at each start that it makes no pictures, and we need none.
QUIET = ("asyncio", "django.template", "pyBarcode")


def logging_config(format: str, level: str) -> None:
    """Send everything, Django's own messages included, through one formatter to stderr.

    A name with a newline stays within its line: JSON escapes it, and what is made for a person is escaped here.
    """
    logging.setLogRecordFactory(_record_without_secrets)
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": LineFormatter, **_formatter(format)}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {name: {"level": "WARNING"} for name in QUIET},
        }
    )


def masked(text: str) -> str:
    """`text` without what would let its reader set somebody's password or join in their name."""
    return SECRETS.sub(lambda found: f"{found[1] or found[2]}…", text)


class LineFormatter(structlog.stdlib.ProcessorFormatter):
    def format(self, record: logging.LogRecord) -> str:
        """The whole line is looked at, tracebacks and what came from other packages included."""
        return masked(super().format(record))


def _record_without_secrets(*args: Any, **kwargs: Any) -> logging.LogRecord:
    """For handlers that are not ours, such as gunicorn's: nothing secret leaves the logger at all."""
    record = logging.LogRecord(*args, **kwargs)
    record.msg = _masked(record.msg)
    if isinstance(record.args, tuple):
        record.args = tuple(_masked(value) for value in record.args)
    elif isinstance(record.args, dict):
        record.args = {name: _masked(value) for name, value in record.args.items()}
    return record


def _masked(value: Any) -> Any:
    """Text without its secrets, one level deep; other objects as they are, the formatter looks at what they become."""
    if isinstance(value, dict) and type(value) is dict:
        return {name: masked(part) if isinstance(part, str) else part for name, part in value.items()}
    return masked(value) if isinstance(value, str) else value


def _formatter(format: str) -> dict[str, Any]:
    for_machines: list[Any] = [structlog.processors.JSONRenderer()]
    for_people: list[Any] = [_escape, structlog.dev.ConsoleRenderer(colors=False)]
    strip = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return {"processors": [strip, *(for_machines if format == "json" else for_people)], "foreign_pre_chain": SHARED}


def _escape(logger: Any, name: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Nothing in an entry ends its line or moves the cursor; each line of a traceback is marked as one."""
    trace = str(entry.pop("exception", "")).split("\n")
    plain = {_plain(str(key)): _plain(str(value)) for key, value in entry.items()}
    return plain | ({"exception": "\n".join(f"  | {_plain(line)}" for line in trace)} if any(trace) else {})


def _plain(text: str) -> str:
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
