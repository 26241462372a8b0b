"""A query string for the log: readable, bounded and without secrets."""

import re
from urllib.parse import unquote_plus

from dockerflow.scrub import is_secret, mask_pairs, mask_urls

MAX_QUERY = 1024  # characters

# //user:password@host, and of a query string that was cut, all that may be such a beginning
_RELATIVE_URL = re.compile(r"(?<![\w:])//[^\s'\"<>/@]*@")
_CUT_URL = re.compile(r"//[^\s'\"<>/@]*$")
_MAX_QUOTING = 3


def mask_query(query: str) -> str:
    """A query string, unquoted, with ``***`` for the values of keys that name secrets.

    Of a long one, the first :data:`MAX_QUERY` characters.
    """
    start = query[:MAX_QUERY]
    readable = "&".join(_masked(*pair.partition("=")) for pair in start.split("&"))
    return readable if start == query else f"{_CUT_URL.sub('//***', readable)}..."


def _masked(quoted_key: str, equals: str, quoted_value: str) -> str:
    key = unquote_plus(quoted_key)
    if equals and is_secret(unquote_plus(unquote_plus(key)), in_query=True):
        return f"{key}=***"
    return _readable(quoted_key) + equals + _readable(quoted_value)


def _readable(quoted: str) -> str:
    """Unquoted once, and further where that uncovers a secret, which is then masked.

    A value may be a query string, or an address with one.
    """
    plain = deepest = unquote_plus(quoted)
    for _ in range(_MAX_QUOTING):
        masked = _without_secrets(deepest)
        if masked != deepest:
            plain = masked
        deepest = unquote_plus(masked)
    return plain


def _without_secrets(text: str) -> str:
    return mask_pairs(mask_urls(_RELATIVE_URL.sub("//***@", text)), query=True)
