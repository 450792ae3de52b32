"""One line per event, as JSON or for a person to read, with the id of the request that caused it."""

import logging
import logging.config
from typing import Any

import structlog

SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def logging_config(format: str, level: str) -> None:
    """Send everything, Django's own messages included, through one formatter to stderr.

    JSON escapes line breaks and control characters, so that a name with a newline stays within its line.
    """
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
            "formatters": {"line": {"()": structlog.stdlib.ProcessorFormatter, **_formatter(format)}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": level},
            # httpx and httpcore log addresses, headers and so our keys; our own line per call says enough.
            "loggers": {name: {"level": "WARNING"} for name in ("httpx", "httpcore", "asyncio")},
        }
    )


def _formatter(format: str) -> dict[str, Any]:
    renderer = structlog.processors.JSONRenderer() if format == "json" else structlog.dev.ConsoleRenderer(colors=False)
    strip = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return {"processors": [strip, renderer], "foreign_pre_chain": SHARED}
