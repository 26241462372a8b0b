"""Which form of the heartbeat's answer a client prefers, by its ``Accept`` header.

Probes get JSON, whatever wildcards they send. The page is for clients that name HTML, and the
metrics for those that name a format of Prometheus with its version.
https://www.rfc-editor.org/rfc/rfc9110#name-accept
"""

from __future__ import annotations

from django.http import HttpRequest

PAGE, METRICS = "page", "metrics"

_HTML = {"text/html", "application/xhtml+xml"}
_WILDCARDS = {"*/*", "application/*"}


def preferred(request: HttpRequest) -> str | None:
    """Return :data:`PAGE`, :data:`METRICS`, or None for JSON."""
    # Not request.headers first: that makes a mapping of all headers, and few clients name a type.
    if request.META.get("HTTP_ACCEPT", "*/*") == "*/*":
        return None
    # Sorted by quality from Django 5.2 on; before, in the order in which the client names them.
    for accepted in request.accepted_types:
        name = f"{accepted.main_type}/{accepted.sub_type}"
        if name in _HTML:
            return PAGE
        if name == "application/openmetrics-text":
            return METRICS
        # Consul's probes ask for text/plain, without the version that Prometheus names.
        if name == "text/plain" and "version" in accepted.params:
            return METRICS
        if name == "application/json" or name in _WILDCARDS:
            return None
    return None
