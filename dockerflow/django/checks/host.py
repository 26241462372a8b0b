"""Whether the name of a host has an address."""

from __future__ import annotations

import re
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage

from dockerflow import health
from dockerflow.django.checks.subjects import subjects
from dockerflow.django.checks.timeouts import reason

# Sockets are imported when a check first needs them.
# ruff: noqa: PLC0415


def _host(text: str) -> str:
    if not re.fullmatch(r"[^\s:/\[\]@,]+", text):
        raise ValueError("is not the name of a host")
    return text


@subjects("host", parse=_host)
def check_host_resolves(app_configs: Any, host: str, **kwargs: Any) -> list[CheckMessage]:
    """The name of a host has an address. E030 if not."""
    import socket

    try:
        socket.getaddrinfo(host, None)
    except (OSError, ValueError) as error:  # ValueError: no name of a host at all
        text = f"The name {host} has no address: {reason(error)}"
        return [checks.Error(text, id=health.ERROR_HOST_UNKNOWN)]
    return []
