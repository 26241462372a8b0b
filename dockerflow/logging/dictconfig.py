"""The logging configuration for Django, for web servers and for ``logging.config.dictConfig``."""

from __future__ import annotations

import json
import logging
import warnings
from typing import Any, Literal

from dockerflow.logging.jsonable import jsonable
from dockerflow.logging.mozlog import MozlogFormatter

# By name of a logger of Django's or of a web server's, the filters that it gets.
_FILTERS = {
    "django": [],
    "django.server": ["access"],
    "django.channels.server": ["access"],
    "gunicorn.error": [],
    "gunicorn.access": ["access"],
    "uvicorn": [],
    "uvicorn.error": ["uvicorn", "access"],
    "uvicorn.access": ["access"],
    "hypercorn.error": ["hypercorn"],
    "hypercorn.access": ["hypercorn", "access"],
    "daphne.access": ["access"],
    "daphne.server": ["access"],
    "_granian": [],
    "granian.access": ["access"],
}


def config(
    *,
    format: Literal["mozlog", "console"] | None = None,  # noqa: A002 - as the setting is called
    level: str | int | None = None,
    logger_name: str = "Dockerflow",
) -> dict[str, Any]:
    """Return a fresh dict for Django's ``LOGGING``, gunicorn's ``logconfig_dict`` or dictConfig.

    One handler of the root logger writes all records to stdout: as JSON, or with ``console`` as
    coloured text. The defaults of `format` and `level` are ``DOCKERFLOW_LOG_FORMAT`` and
    ``DOCKERFLOW_LOG_LEVEL``. ``DOCKERFLOW_LOG_ACCESS`` decides whether access lines are written.
    These settings are read when the dict is applied. The loggers of Django and of the web servers
    lose their own handlers and levels, so that no record is written twice and `level` applies to
    all of them.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "access": {
                "()": "dockerflow.logging.AccessFilter",
                "written": "ext://dockerflow.conf.lenient.DOCKERFLOW_LOG_ACCESS",
            },
            "hypercorn": {"()": "dockerflow.logging.HypercornFilter"},
            "uvicorn": {"()": "dockerflow.logging.UvicornFilter"},
        },
        "formatters": {
            "mozlog": {"()": "dockerflow.logging.MozlogFormatter"},
            "console": {"()": "dockerflow.logging.ConsoleFormatter"},
        },
        "handlers": {
            "stdout": {
                "class": "dockerflow.logging.MozlogHandler",
                "name": logger_name,
                "formatter": format or "ext://dockerflow.conf.lenient.DOCKERFLOW_LOG_FORMAT",
            }
        },
        "root": {
            "handlers": ["stdout"],
            "level": _level(level),
        },
        "loggers": {
            name: {"handlers": [], "filters": [*names], "level": "NOTSET", "propagate": True}
            for name, names in _FILTERS.items()
        },
    }


def _level(level: str | int | None) -> str | int:
    if level in (None, ""):
        return "ext://dockerflow.conf.lenient.DOCKERFLOW_LOG_LEVEL"
    if isinstance(level, str) and isinstance(logging.getLevelName(level.upper()), int):
        return level.upper()
    return level  # a number, a name of the project's own, or ext://


class JsonLogFormatter(MozlogFormatter):
    """The old name of :class:`MozlogFormatter`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            "JsonLogFormatter is deprecated: use MozlogFormatter.", DeprecationWarning, stacklevel=2
        )
        super().__init__(*args, **kwargs)


class SafeJSONEncoder(json.JSONEncoder):
    """Writes what :mod:`json` refuses as :func:`dockerflow.logging.jsonable.jsonable` does."""

    def default(self, o: object) -> object:
        return jsonable(o)
