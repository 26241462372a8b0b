"""Sends the results of each run to where ``DOCKERFLOW_METRICS`` says: statsd, OpenTelemetry.

These are receivers of the heartbeat's signals, so that a run that several requests share is sent
once. Each needs a package of its own, which is imported when the setting names it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from threading import Thread
from typing import Any

from dockerflow.conf import conf
from dockerflow.django.signals import heartbeat_failed, heartbeat_passed
from dockerflow.heartbeat import Report, status
from dockerflow.heartbeat.threads import start
from dockerflow.loggers import write

logger = logging.getLogger("dockerflow.django")
LOOKUP_SECONDS = 0.05

Send = Callable[[Report], None]


def connect() -> None:
    """Connect a receiver for each entry of ``DOCKERFLOW_METRICS``; called once, at set-up."""
    for name in conf.DOCKERFLOW_METRICS:
        send = SENDERS[name]()

        def receive(sender: Any, report: Report, send: Send = send, **kwargs: Any) -> None:
            send(report)

        for signal in (heartbeat_passed, heartbeat_failed):
            signal.connect(receive, weak=False, dispatch_uid=f"dockerflow.metrics.{name}")


class _StatsdClient:
    """The client of the package statsd, which looks up ``STATSD_HOST`` when it is made.

    That is not done at the start, as in the build of an image, and not in a request, which it could
    hold up for seconds. Until it has succeeded, results are not sent, and each run tries again.
    """

    def __init__(self) -> None:
        self._client: Any = None
        self._thread: Thread | None = None
        self._logged = False

    def get(self) -> Any:
        if self._client is None:
            if self._thread is None or not self._thread.is_alive():
                self._thread = start("statsd", self._make)
            self._thread.join(LOOKUP_SECONDS)
        return self._client

    def _make(self) -> None:
        try:
            # Host, port and prefix: STATSD_HOST, STATSD_PORT and STATSD_PREFIX in the environment.
            # https://statsd.readthedocs.io/en/stable/configure.html#from-the-environment
            from statsd.defaults.env import statsd  # noqa: PLC0415 (an optional package)
        except (OSError, ValueError) as error:  # no such host, or no port
            if not self._logged:
                write(logger, logging.WARNING, "No results are sent to statsd: %s", error)
            self._logged = True
        else:
            self._client = statsd


def _statsd() -> Send:
    client = _StatsdClient()

    def send(report: Report) -> None:
        statsd = client.get()
        if statsd is None:
            return
        with statsd.pipeline() as pipeline:
            pipeline.incr("heartbeat.fail" if report.failed else "heartbeat.pass")
            for result in report.results:
                names = [result.check.name, result.check.subject or ""]
                # The client sends ASCII alone.
                path = ".".join(re.sub(r"[^A-Za-z0-9_-]+", "_", name) for name in names if name)
                pipeline.timing(f"heartbeat.check.{path}", result.duration * 1000)

    return send


def _opentelemetry() -> Send:
    from opentelemetry.metrics import get_meter  # noqa: PLC0415 (an optional package)

    meter = get_meter("dockerflow")
    up = meter.create_gauge(
        "dockerflow.check.up", description="Whether a check passes (1) or fails (0)."
    )
    duration = meter.create_histogram(
        "dockerflow.check.duration", unit="s", description="How long a check took."
    )

    def send(report: Report) -> None:
        for result in report.results:
            attributes = {"check": result.check.name, "subject": result.check.subject or ""}
            up.set(int(result.level < report.fail_level), attributes)
            duration.record(result.duration, {**attributes, "status": status(result.level)})

    return send


SENDERS: dict[str, Callable[[], Send]] = {"statsd": _statsd, "opentelemetry": _opentelemetry}
