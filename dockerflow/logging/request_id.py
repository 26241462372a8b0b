"""The id that a request's log lines have in common."""

import logging
import os
import re
from collections.abc import Mapping
from contextvars import ContextVar

request_id_context: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request being answered; None outside of requests."""

_REQUEST_ID = re.compile(r"([A-Za-z0-9._:/+=-]{1,128})")
_TRACE_IDS = {
    # https://www.w3.org/TR/trace-context/#traceparent-header
    "traceparent": re.compile(
        r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?"
    ),
    # https://cloud.google.com/trace/docs/trace-context
    "x-cloud-trace-context": re.compile(r"([0-9A-Fa-f]{32})(?:/.*)?"),
}

# A random digit with its two high bits set to 10, as a UUID has them.
_VARIANTS = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


def get_or_generate_request_id(headers: Mapping[str, str], header_name: str | None = None) -> str:
    """Return the request id that `headers` carry, or a fresh UUID4 where there is no valid one.

    The header is `header_name`, else ``X-Request-ID``, in any case. An id is at most 128 of
    ``A-Z a-z 0-9 . _ : / + = -``, so that it may go into any log and any header as it is. Of
    ``traceparent`` and ``X-Cloud-Trace-Context`` the trace id alone is the request id: it is what
    tracing tools search for, and it alone stays the same from service to service.
    """
    name = header_name or "X-Request-ID"
    value = headers.get(name)
    if value is None:
        folded = name.lower()
        value = next((value for key, value in headers.items() if key.lower() == folded), "")
    match = _TRACE_IDS.get(name.lower(), _REQUEST_ID).fullmatch(value) if value else None
    return match[1] if match else _uuid4()


def _uuid4() -> str:
    """What ``str(uuid.uuid4())`` is, in a third of the time: most requests bring no id along.

    https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-4
    """
    digits = os.urandom(16).hex()
    variant = _VARIANTS[digits[16]]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def id_of(request: object) -> str | None:
    """The id that the middleware gave to `request`; Django logs a 404 when that has returned."""
    try:
        rid = getattr(request, "_id", None)
    except Exception:
        return None
    return rid if type(rid) is str else None


class RequestIdLogFilter(logging.Filter):
    """Gives every record an attribute ``rid``, for formatters that say ``%(rid)s``.

    It is None outside of requests. :class:`dockerflow.logging.MozlogFormatter` needs no filter,
    unless it runs in another thread (:class:`logging.handlers.QueueListener`): then this filter
    belongs on the handler that queues.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "rid", None) is None:
            record.rid = request_id_context.get() or id_of(getattr(record, "request", None))
        return True
