"""Whether a URL answers."""

from __future__ import annotations

import functools
import re
import urllib.error
from typing import Any
from urllib.parse import urlsplit

from django.core import checks
from django.core.checks import CheckMessage

from dockerflow import health
from dockerflow.django.checks.subjects import subjects
from dockerflow.django.checks.timeouts import check_timeout, reason

# HTTP is imported when a check first needs it.
# ruff: noqa: PLC0415


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("is not a URL") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValueError("is not an http or https URL")
    if "@" in parts.netloc:
        raise ValueError("has a user or a password, which the answer would show")
    if not re.fullmatch(r"[\x21-\x7e]+", text):
        raise ValueError("has characters that must be percent-encoded")
    return text


@subjects("url", parse=_url)
def check_url(app_configs: Any, url: str, **kwargs: Any) -> list[CheckMessage]:
    """A GET of a URL is answered with 2xx. Redirects are not followed.

    E028 for any other status and where there is no answer. Proxies are those of the environment.
    """
    try:
        with _opener().open(url, timeout=check_timeout()):
            return []
    except urllib.error.HTTPError as error:
        with error:
            problem = f"answered {error.code} {error.reason}".rstrip()
            if location := error.headers.get("Location"):
                problem += f", a redirect to {location}"
    except (OSError, ValueError) as error:  # ValueError: what answers does not speak HTTP
        problem = f"did not answer: {reason(error)}"
    except Exception as error:  # http.client has exceptions of its own
        problem = f"did not answer: {type(error).__name__}: {error}"
    return [checks.Error(f"{url} {problem}", id=health.ERROR_URL_FAILED)]


@functools.cache
def _opener() -> Any:
    """Made once a process: it reads the certificates of all authorities, which takes 20 ms."""
    # urllib and not httpx: the standard library suffices for one request.
    from urllib.request import HTTPRedirectHandler, build_opener

    class NoRedirects(HTTPRedirectHandler):
        def http_error_302(self, *args: Any, **kwargs: Any) -> None:
            """Nothing, so that the redirect is an error, wherever it leads."""

        http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302

    return build_opener(NoRedirects())
