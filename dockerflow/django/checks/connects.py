"""Whether a TCP port accepts connections."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from django.core import checks
from django.core.checks import CheckMessage

from dockerflow import health
from dockerflow.django.checks.subjects import subjects
from dockerflow.django.checks.timeouts import check_timeout, reason

# Sockets are imported when a check first needs them.
# ruff: noqa: PLC0415


class Address(NamedTuple):
    """A TCP address; as text ``host:port``, with an IPv6 address in brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _address(text: str) -> Address:
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/\[\]@]+)):(\d{1,5})", text)
    if match is None or not 0 < int(match[3]) < 65536:
        raise ValueError("is not host:port")
    return Address(match[1] or match[2], int(match[3]))


@subjects("address", parse=_address)
def check_connects(app_configs: Any, address: Address, **kwargs: Any) -> list[CheckMessage]:
    """A TCP connection to a host and port can be opened; it is closed at once. E029 if not."""
    import socket

    try:
        socket.create_connection(address, timeout=check_timeout()).close()
    except (OSError, ValueError) as error:  # ValueError: no name of a host at all
        text = f"Could not connect to {address}: {reason(error)}"
        return [checks.Error(text, id=health.ERROR_CONNECT_FAILED)]
    return []
