"""The heartbeat as a page for people.

It needs none of the project's templates, static files or sessions, loads nothing and runs no
script. https://www.w3.org/TR/CSP3/
"""

from __future__ import annotations

import base64
import functools
import hashlib
import socket
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.http import HttpResponse
from django.template import Context, Engine, Template
from django.utils.safestring import mark_safe

from dockerflow.django.renderers.build import facts, repository
from dockerflow.heartbeat import Message, Report, Result, status

REFRESH = 10  # seconds
WORDS = {"passing": "Passing", "failing": "Failing", "draining": "Draining"}

_FOLDER = Path(__file__).parent


class Since(NamedTuple):
    """When a state began, in UTC, and for how long it has lasted."""

    moment: str
    shown: str
    lasted: str


class Row(NamedTuple):
    """One check and subject; each message with what to do about it."""

    result: Result
    state: str
    duration: str
    since: Since | None
    messages: tuple[Message, ...]


def render(
    report: Report | None,
    *,
    version_object: Mapping[str, Any] | None,
    seconds: float,
    status_code: int,
    notice: str = "",
) -> HttpResponse:
    """Return the page.

    :param report: None while the process is draining
    :param version_object: the build, None where it is not known
    :param seconds: how long the heartbeat took
    :param status_code: the status of the answer, the same as for JSON
    :param notice: a sentence about the state
    """
    now = datetime.now(UTC)
    state = "draining" if report is None else "failing" if report.failed else "passing"
    rows = [] if report is None else [_row(result, now) for result in report.results]
    level = 0 if report is None else report.fail_level
    failing = [row for row in rows if row.result.level >= level]
    failing.sort(key=lambda row: (not row.result.check.required, -row.result.level))
    source = str((version_object or {}).get("source") or "")
    css, digest = _style()
    context = {
        "state": state,
        "word": WORDS[state],
        "since": None if report is None else _since(report.since, now),
        "service": repository(source).rpartition("/")[2],
        "host": socket.gethostname(),
        "facts": facts(version_object),
        "now": f"{now:%H:%M:%S}",  # not by a filter, which follows the project's time zone
        "took": _duration(seconds),
        "groups": [
            ("failing", "Failing", failing),
            ("passing", "Passing", [row for row in rows if row.result.level < level]),
        ],
        "notice": notice,
        "refresh": REFRESH,
        "css": css,
    }
    content = _template().render(Context(context))
    return HttpResponse(
        content.encode("utf-8", "backslashreplace"),  # JSON takes lone surrogates as well
        status=status_code,
        headers={
            "Content-Security-Policy": f"default-src 'none'; style-src '{digest}';"
            " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "Referrer-Policy": "no-referrer",
            "X-Robots-Tag": "noindex",
        },
    )


@functools.cache
def _template() -> Template:
    return Engine(dirs=[str(_FOLDER)], autoescape=True).get_template("heartbeat.html")


@functools.cache
def _style() -> tuple[str, str]:
    """The style sheet, and the hash under which the page's policy allows it."""
    css = (_FOLDER / "heartbeat.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return mark_safe(css), f"sha256-{digest}"  # noqa: S308 (a file of this package)


def _row(result: Result, now: datetime) -> Row:
    duration = _duration(result.duration) if result.finished else "not finished"
    return Row(result, status(result.level), duration, _since(result.since, now), result.messages)


def _since(since: datetime | None, now: datetime) -> Since | None:
    if since is None:
        return None
    return Since(f"{since:%FT%TZ}", f"{since:%F %T} UTC", _lasted((now - since).total_seconds()))


def _lasted(seconds: float) -> str:
    """``4 min 12 s``: at most two units, without those that are 0."""
    rest = max(0, int(seconds))
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        number, rest = divmod(rest, size)
        parts.append((number, unit))
    first = next((i for i, (number, _) in enumerate(parts) if number), len(parts) - 1)
    return _join(parts[first : first + 2])


def _join(parts: Sequence[tuple[int, str]]) -> str:
    (number, unit), *others = parts
    return " ".join([f"{number} {unit}", *(f"{n} {u}" for n, u in others if n)])


def _duration(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.1f} s"
    milliseconds = seconds * 1000
    return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{milliseconds:.1f} ms"
