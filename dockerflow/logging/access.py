"""The access lines of web servers: whether they are written, and how they get to the log."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

PROBES = ("/__lbheartbeat__", "/__heartbeat__", "/__version__")
# What daphne logs with -v 2, too: "127.0.0.1" - - [26/Nov/2026:08:38:29 +0000] "GET / HTTP/1.1" 200
_LINE_OF_TWISTED = r'"[^"]*" - - \[[^]]*\] "(.*?)" (\d+) '


class AccessFilter(logging.Filter):
    """Drops access lines: all of them unless `written`, and always those of passing probes.

    Passing is a status below 400, or none; the endpoints may be below any prefix. It knows the
    lines of gunicorn, uvicorn, hypercorn, daphne, granian and runserver, and lets other records
    pass.
    """

    written = False

    def __init__(self, written: bool = False) -> None:
        super().__init__()
        # For all instances: dictConfig leaves those of an earlier configuration in place, such as a
        # server's before Django's.
        AccessFilter.written = written
        _log_access_lines_of_daphne()

    def filter(self, record: logging.LogRecord) -> bool:
        target, status = _target_and_status(record)
        if not target and not record.name.endswith(".access"):
            return True  # the logger is also used for something else
        path = target.partition("?")[0].rstrip("/")
        # Hypercorn often misses the status of a WSGI application's response, and shows "-".
        is_passing_probe = path.endswith(PROBES) and status.startswith(("1", "2", "3", "-"))
        return self.written and not is_passing_probe


class HypercornFilter(logging.Filter):
    """Gives the loggers of hypercorn back to the root logger.

    Hypercorn gives them a handler and a level when the application is loaded, and so after Django
    has applied LOGGING. Its lines would be plain text, and those about errors written twice.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        logger = logging.getLogger(record.name)
        if logger.handlers or not logger.propagate or logger.level:
            _give_back(logger)
        return logger.isEnabledFor(record.levelno)


class UvicornFilter(logging.Filter):
    """Gives the loggers of uvicorn back to the root logger, when gunicorn's worker has taken them.

    With ``--preload``, it does so after Django has applied LOGGING: it gives them the handlers of
    gunicorn's loggers, which then have none, and their lines would be lost.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        for name in ("error", "access"):
            logger = logging.getLogger(f"uvicorn.{name}")
            if logger.handlers is logging.getLogger(f"gunicorn.{name}").handlers:
                _give_back(logger)
        return logging.getLogger(record.name).isEnabledFor(record.levelno)


def _give_back(logger: logging.Logger) -> None:
    logger.handlers = []
    logger.propagate = True
    logger.setLevel(logging.NOTSET)


def _target_and_status(record: logging.LogRecord) -> tuple[str, str]:
    """Return path (and query) and status of what an access line is about, else empty text."""
    request_line, target, status = "", "", ""
    match record.name, record.args:
        case "gunicorn.access" | "hypercorn.access", {"U": path, "s": code}:
            target, status = str(path), str(code)
        case "uvicorn.access", (_, _, path, _, code):
            target, status = str(path), str(code)
        case "uvicorn.error", (_, path, *_) if '"WebSocket %s"' in str(record.msg):
            target = str(path)
        case "daphne.access", (_, line, code, _):
            request_line, status = str(line), str(code)
        case "daphne.server", _ if match := re.match(_LINE_OF_TWISTED, str(record.msg)):
            request_line, status = match.groups()
        case "granian.access" | "django.channels.server", {"path": path, **more}:
            target, status = str(path), str(more.get("status", ""))
        case "django.server", (line, code, _):
            request_line, status = str(line), str(code)
    return target or "".join(request_line.split()[1:2]), status


def _log_access_lines_of_daphne() -> None:
    """Have daphne log its access lines: by itself, it writes them to stdout as plain text.

    There is no option to give it a logger, and it looks up its stream before it loads the
    application.
    """
    module = sys.modules.get("daphne.access")
    if module is not None:
        module.AccessLogGenerator.write_entry = _log_entry


def _log_entry(self: Any, host: str, request: str, **details: Any) -> None:
    status, length = (details.get(name) or "-" for name in ("status", "length"))
    logging.getLogger("daphne.access").info('%s "%s" %s %s', host, request, status, length)
