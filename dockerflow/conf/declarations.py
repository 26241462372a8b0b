"""Every setting of Dockerflow: its name, what it takes, its default and its meaning."""

from __future__ import annotations

from pathlib import Path

from dockerflow.conf import dotted, kinds
from dockerflow.conf.setting import Setting
from dockerflow.conf.settings import Lenient, Settings
from dockerflow.conf.sources import databases


def _strtobool(text: str) -> bool | int:
    from decouple import strtobool  # noqa: PLC0415 (see sources)

    return bool(strtobool(text))


_boolean = kinds.boolean(_strtobool)


class Conf(Settings):
    BASE_DIR = Setting(
        kinds.path,
        Path("/app"),
        "The directory of ``version.json``, and of ``settings.ini`` or ``.env``.",
    )
    DOCKERFLOW_VERSION_CALLBACK = Setting(
        dotted.function,
        "dockerflow.version.get_version",
        "Called with ``BASE_DIR``; returns the version object, or None where there is none.",
    )
    DOCKERFLOW_CHECKS = Setting(
        dotted.system_checks,
        [
            "dockerflow.django.checks.check_database_connected",
            "dockerflow.django.checks.check_migrations_applied",
        ],
        "The checks that a heartbeat runs, maybe with what they look at in brackets.",
    )
    DOCKERFLOW_OPTIONAL_CHECKS = Setting(
        dotted.system_checks,
        [],
        "More checks that a heartbeat runs and shows; their failure does not fail it.",
    )
    DOCKERFLOW_DATABASES: Setting[list[str] | None] = Setting(
        kinds.database_aliases(databases),
        None,
        "The databases that checks look at whose entries have no brackets; if it is not set, all.",
    )
    DOCKERFLOW_HEARTBEAT_FAIL_LEVEL = Setting(
        kinds.choice("debug", "info", "warning", "error", "critical"),
        "warning",
        "A message of this level or above fails the heartbeat.",
    )
    DOCKERFLOW_HEARTBEAT_FAILED_STATUS_CODE = Setting(
        kinds.integer(500, 599), 500, "The HTTP status of a failed heartbeat."
    )
    DOCKERFLOW_HEARTBEAT_TIMEOUT = Setting(
        kinds.seconds(zero=False),
        5.0,
        "Seconds within which a heartbeat answers, whatever its checks do.",
    )
    DOCKERFLOW_HEARTBEAT_TTL = Setting(
        kinds.seconds(zero=True),
        0.0,
        "Seconds for which the result of a heartbeat, good or bad, is served again.",
    )
    DOCKERFLOW_HEARTBEAT_DETAILS = Setting(
        kinds.choice("debug", "always", "never"),
        "debug",
        "Who gets the details of a heartbeat: all clients while DEBUG is on, always, or never.",
    )
    DOCKERFLOW_HEARTBEAT_TOKEN: Setting[str | None] = Setting(
        kinds.secret,
        None,
        "A client that sends this token, as a Bearer token or as the password of HTTP Basic,"
        " always gets the details.",
        secret=True,
    )
    DOCKERFLOW_DRAIN_FILE: Setting[Path | None] = Setting(
        kinds.file,
        None,
        "While this file exists, the heartbeat fails as ``draining``: traffic goes elsewhere.",
    )
    DOCKERFLOW_REQUEST_ID_HEADER_NAME = Setting(
        kinds.header_name,
        "X-Request-ID",
        "The header of a request's id, in the request and in its response.",
    )
    DOCKERFLOW_REQUEST_ID_IN_RESPONSE = Setting(
        _boolean,
        True,
        "Whether the response has that header. One that the view has set is always kept.",
    )
    DOCKERFLOW_SUMMARY_LOG_QUERYSTRING = Setting(
        _boolean, False, "Whether ``request.summary`` holds the query string."
    )
    DOCKERFLOW_ERROR_ENDPOINT = Setting(
        _boolean,
        False,
        "Whether ``/__error__`` is served: it raises, to test the reporting of errors.",
    )
    DOCKERFLOW_METRICS: Setting[list[str]] = Setting(
        kinds.choices(
            {
                "statsd": ("statsd", "statsd"),
                "opentelemetry": ("opentelemetry", "opentelemetry-api"),
            }
        ),
        [],
        "Where the results of each run are sent, beside the signals.",
    )
    DOCKERFLOW_LOG_FORMAT = Setting(
        kinds.choice("mozlog", "console"),
        "mozlog",
        "The format that ``dockerflow.logging.config()`` sets up.",
    )
    DOCKERFLOW_LOG_LEVEL = Setting(
        kinds.choice("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
        "INFO",
        "The level of the root logger in ``dockerflow.logging.config()``.",
    )
    DOCKERFLOW_LOG_ACCESS = Setting(
        _boolean,
        False,
        "Whether ``dockerflow.logging.config()`` lets the web server's own access lines through.",
    )


conf = Conf()
lenient = Lenient(conf)
