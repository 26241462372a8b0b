"""Counts heartbeats with statsd, whose host is ``STATSD_HOST``; without it nothing is counted."""

import functools
from typing import Any

from django.conf import settings
from django.dispatch import receiver
from statsd import StatsClient

from dockerflow.django.signals import heartbeat_failed, heartbeat_passed
from dockerflow.heartbeat import Report


@functools.cache
def statsd() -> StatsClient:
    """The client, made at the first heartbeat: it looks its host up, which no start waits for."""
    return StatsClient(settings.STATSD_HOST, settings.STATSD_PORT, prefix="harbour")


@receiver(heartbeat_passed)
def count_passed(**kwargs: Any) -> None:
    statsd().incr("heartbeat.passed")


@receiver(heartbeat_failed)
def count_failed(report: Report, **kwargs: Any) -> None:
    statsd().incr("heartbeat.failed")
    for result in report.results:
        if result.level:
            statsd().incr(f"heartbeat.failed.{result.check.name}")
