"""How long a check waits for a server, and the words for what it got instead of an answer."""

from __future__ import annotations

from dockerflow.conf import conf

_SHARE = 0.8
_LONGEST = 86_400  # seconds; a socket takes some weeks at most


def check_timeout() -> float:
    """Return a little less than ``DOCKERFLOW_HEARTBEAT_TIMEOUT``, in seconds.

    So a check that waits for a silent server can report itself what it waited for, and its thread
    ends with it.
    """
    return min(conf.DOCKERFLOW_HEARTBEAT_TIMEOUT * _SHARE, _LONGEST)


def reason(error: BaseException) -> str:
    """The text of an error of the system, without its number."""
    inner = getattr(error, "reason", None)
    if isinstance(inner, BaseException):
        return reason(inner)
    if isinstance(error, TimeoutError):
        return f"no answer within {check_timeout():g} s"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
