"""What an error says of a cache's ``LOCATION``, in which there may be a password."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings

URL_HINT = (
    "Percent-encode what is special in a URL, in the password too: / is %2F, ? is %3F, # is %23 and"
    " @ is %40."
)


class Explained(NamedTuple):
    """The text of an error without a part of a password; the hint if the URL is the reason."""

    text: str
    hint: str | None


def explained(error: Exception, alias: str) -> Explained:
    """Return the text of an error that a cache has raised, and a hint where its URL is malformed.

    Where a slash in a password is not percent-encoded, a client takes what is before it for host
    and port, and names both when it cannot connect.
    """
    text = found = str(error)
    for part in _mistaken(alias):
        text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "***", text)
    is_malformed = text != found or any(map(_is_malformed, _urls(alias)))
    return Explained(text, URL_HINT if is_malformed else None)


def _urls(alias: str) -> list[str]:
    location = settings.CACHES.get(alias, {}).get("LOCATION")
    urls = location if isinstance(location, (list, tuple)) else re.split("[;,]", str(location))
    return list(map(str, urls))


def _is_malformed(url: str) -> bool:
    try:
        urlsplit(url).port  # noqa: B018 (it raises)
    except ValueError:
        return True
    return False


def _mistaken(alias: str) -> Iterator[str]:
    """What is taken for host and port in each URL that has an ``@`` behind the place for them."""
    for url in _urls(alias):
        _, _, rest = url.partition("://")
        netloc, *behind = re.split("[/?#]", rest, maxsplit=1)
        if behind and "@" in behind[0]:
            yield from filter(None, netloc.rpartition("@")[2].split(":"))
