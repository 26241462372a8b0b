"""Which form of the heartbeat's answer a client prefers, by its ``Accept`` header.

The form of the highest quality wins. Wildcards count for JSON alone: the page is for clients that
name HTML, and the metrics for those that name a format of Prometheus with its version. So every
probe gets JSON, and so does a client that accepts none of the three, or sends a malformed header.
https://www.rfc-editor.org/rfc/rfc9110#name-accept
"""

from __future__ import annotations

import re
from typing import NamedTuple

from django.http import HttpRequest

PAGE, METRICS = "page", "metrics"
_JSON = "json"

# The form that each range of media types stands for, and how specific the range is
_FORMS = {
    "text/html": (PAGE, 2),
    "application/openmetrics-text": (METRICS, 2),
    "text/plain": (METRICS, 2),
    "application/json": (_JSON, 2),
    "application/*": (_JSON, 1),
    "*/*": (_JSON, 0),
}
_QUALITY = r"0(?:\.\d{0,3})?|1(?:\.0{0,3})?"
_VERSION = r"\d{1,3}(?:\.\d{1,3}){0,3}"


class _Range(NamedTuple):
    form: str
    specificity: int
    quality: float


def preferred(request: HttpRequest) -> str | None:
    """Return :data:`PAGE`, :data:`METRICS`, or None for JSON.

    Of two forms of the same quality, one that is named comes before a wildcard, and the one that is
    named first before the other.
    """
    # Not request.accepts(), whose parser raises for some headers, and differs between the Djangos.
    header = request.META.get("HTTP_ACCEPT", "*/*")
    if header == "*/*":
        return None
    ranges = [found for part in header.split(",") if (found := _parse(part))]
    ranges.sort(key=lambda found: -found.specificity)
    chosen: dict[str, _Range] = {}
    for found in ranges:
        known = chosen.setdefault(found.form, found)
        if known.specificity == found.specificity and known.quality < found.quality:
            chosen[found.form] = found
    best = max(chosen.values(), key=lambda found: found.quality, default=None)
    return None if best is None or best.form == _JSON or not best.quality else best.form


def _parse(text: str) -> _Range | None:
    """One part of the header; None where it stands for none of the forms, or is malformed."""
    name, *rest = (part.strip() for part in text.lower().split(";"))
    if name not in _FORMS:
        return None
    parameters = {
        key.rstrip(): value.lstrip() for key, _, value in (p.partition("=") for p in rest)
    }
    # Consul's probes ask for text/plain, without the version that Prometheus names.
    default = "" if name == "text/plain" else "1.0.0"
    version, quality = parameters.get("version", default), parameters.get("q", "1")
    if not re.fullmatch(_VERSION, version) or not re.fullmatch(_QUALITY, quality):
        return None
    return _Range(*_FORMS[name], float(quality))
