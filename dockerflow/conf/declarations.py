"""Every setting of Dockerflow: its name, what it takes, its default and its meaning."""

from __future__ import annotations

from pathlib import Path

from dockerflow.conf import dotted, kinds
from dockerflow.conf.setting import Setting
from dockerflow.conf.settings import Lenient, Settings
from dockerflow.conf.sources import databases


class Conf(Settings):
    """Every setting, in the order of the reference."""

    BASE_DIR = Setting(
        kinds.path,
        Path("/app"),
        "The directory that contains ``version.json``, and ``settings.ini`` or ``.env``.",
    )
    DOCKERFLOW_VERSION_CALLBACK = Setting(
        dotted.function,
        "dockerflow.version.get_version",
        "The function that returns the version object. It is called with ``BASE_DIR``, and returns"
        " None if there is no version object.",
    )
    DOCKERFLOW_CHECKS = Setting(
        dotted.system_checks,
        [
            "dockerflow.django.checks.check_database_connected",
            "dockerflow.django.checks.check_migrations_applied",
        ],
        "The checks that a heartbeat runs. Brackets after a check name the databases, caches or"
        " other subjects that it looks at.",
    )
    DOCKERFLOW_OPTIONAL_CHECKS = Setting(
        dotted.system_checks,
        [],
        "More checks that a heartbeat runs and shows. If one of them fails, the heartbeat does not"
        " fail.",
    )
    DOCKERFLOW_DATABASES: Setting[list[str] | None] = Setting(
        kinds.database_aliases(databases, lambda: dotted.choosing_databases(_all_checks())),
        None,
        "The databases that a check looks at if its entry has no brackets. If this is not set, it"
        " looks at all databases.",
    )
    DOCKERFLOW_HEARTBEAT_FAIL_LEVEL = Setting(
        kinds.choice("debug", "info", "warning", "error", "critical"),
        "warning",
        "The heartbeat fails if a check returns a message of this level or a higher one.",
    )
    DOCKERFLOW_HEARTBEAT_FAILED_STATUS_CODE = Setting(
        kinds.integer(500, 599), 500, "The HTTP status of a failed heartbeat."
    )
    DOCKERFLOW_HEARTBEAT_TIMEOUT = Setting(
        kinds.seconds(zero=False),
        5.0,
        "The time within which a heartbeat answers, even if a check hangs.",
    )
    DOCKERFLOW_HEARTBEAT_TTL = Setting(
        kinds.seconds(zero=True),
        0.0,
        "How long the result of a heartbeat, good or bad, is served again before the checks are run"
        " again.",
    )
    DOCKERFLOW_HEARTBEAT_DETAILS = Setting(
        kinds.choice("debug", "always", "never"),
        "debug",
        "When all clients get the details of a heartbeat: ``debug`` means while ``DEBUG`` is on.",
    )
    DOCKERFLOW_HEARTBEAT_TOKEN: Setting[str | None] = Setting(
        kinds.secret,
        None,
        "A client that sends this token always gets the details. It sends the token as a Bearer"
        " token, or as the password of HTTP Basic authentication.",
        secret=True,
    )
    DOCKERFLOW_DRAIN_FILE: Setting[Path | None] = Setting(
        kinds.file,
        None,
        "While this file exists, the heartbeat fails with the status ``draining``, so that the load"
        " balancer sends requests to other containers.",
    )
    DOCKERFLOW_REQUEST_ID_HEADER_NAME = Setting(
        kinds.header_name,
        "X-Request-ID",
        "The name of the header with the request id, in the request and in the response.",
    )
    DOCKERFLOW_REQUEST_ID_IN_RESPONSE = Setting(
        kinds.boolean,
        True,
        "Whether the response gets the header with the request id. A header that the view has set"
        " is always kept.",
    )
    DOCKERFLOW_SUMMARY_LOG_QUERYSTRING = Setting(
        kinds.boolean,
        False,
        "Whether ``request.summary`` contains the query string, without its secrets.",
    )
    DOCKERFLOW_ERROR_ENDPOINT = Setting(
        kinds.boolean,
        False,
        "Whether ``/__error__`` is served. It raises an exception, to test error reports.",
    )
    DOCKERFLOW_METRICS: Setting[list[str]] = Setting(
        kinds.choices(
            {
                "statsd": ("statsd", "statsd"),
                "opentelemetry": ("opentelemetry", "opentelemetry-api"),
            }
        ),
        [],
        "The metrics systems that get the results of each run of the checks.",
    )
    DOCKERFLOW_LOG_FORMAT = Setting(
        kinds.choice("mozlog", "console"),
        "mozlog",
        "The format of the log: ``mozlog`` is JSON, ``console`` is for people.",
    )
    DOCKERFLOW_LOG_LEVEL = Setting(
        kinds.choice("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
        "INFO",
        "The lowest level that is logged: the level of the root logger in"
        " ``dockerflow.logging.config()``.",
    )
    DOCKERFLOW_LOG_ACCESS = Setting(
        kinds.boolean,
        False,
        "Whether the access lines of the web server are logged in addition to ``request.summary``.",
    )


conf = Conf()
lenient = Lenient(conf)


def _all_checks() -> list[str]:
    return [*lenient.DOCKERFLOW_CHECKS, *lenient.DOCKERFLOW_OPTIONAL_CHECKS]
