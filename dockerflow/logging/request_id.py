"""The id that all log records of a request have in common."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Mapping
from contextvars import ContextVar

request_id_context: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request being answered; None outside of requests."""

# Patterns are text: compiling them takes longer than importing this module, and re remembers them.
_REQUEST_ID = r"([A-Za-z0-9._:/+=-]{1,128})"

# By name of the header, in lower case: where in its value the trace id is.
TRACE_HEADERS = {
    # https://www.w3.org/TR/trace-context/#traceparent-header
    "traceparent": (
        r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?"
    ),
    # https://cloud.google.com/trace/docs/trace-context
    "x-cloud-trace-context": r"([0-9A-Fa-f]{32})(?:/.*)?",
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html
    "x-amzn-trace-id": r"(?:.*;)? *Root=(1-[0-9A-Fa-f]{8}-[0-9A-Fa-f]{24}) *(?:;.*)?",
}


def get_or_generate_request_id(headers: Mapping[str, str], header_name: str | None = None) -> str:
    """Return the request id in `headers`, or a new UUID4 if there is none or it is not valid.

    The header is `header_name`, by default ``X-Request-ID``; upper and lower case are the same. An
    id is 1 to 128 of ``A-Z a-z 0-9 . _ : / + = -``, which are safe in any log and any header. Of
    ``traceparent``, ``X-Cloud-Trace-Context`` and ``X-Amzn-Trace-Id`` (its ``Root``), the trace id
    is the request id: it is the same in all services, and tracing tools search for it.
    """
    name = (header_name or "X-Request-ID").lower()
    value = next((value for key, value in headers.items() if key.lower() == name), "")
    return valid_or_new_id(value, name)


def valid_or_new_id(value: str, header_name: str) -> str:
    """Return the request id in the value of that header, or a new UUID4."""
    if value:
        match = re.fullmatch(TRACE_HEADERS.get(header_name.lower(), _REQUEST_ID), value)
        if match:
            return match[1]
    return str(uuid.uuid4())


def id_of_request(request: object) -> str | None:
    """Return the id that the middleware has set on `request`, or None.

    Django logs some responses after the middleware has returned, with the request as an extra.
    """
    try:
        rid = getattr(request, "_id", None)
    except Exception:
        return None
    return rid if type(rid) is str else None


class RequestIdLogFilter(logging.Filter):
    """Sets ``rid`` on every record, for formatters that use ``%(rid)s``; None outside of requests.

    :class:`dockerflow.logging.MozlogFormatter` needs no filter.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "rid", None) is None:
            record.rid = request_id_context.get() or id_of_request(getattr(record, "request", None))
        return True
