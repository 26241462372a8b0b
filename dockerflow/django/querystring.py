"""A query string for the log: readable, bounded and without secrets."""

import re
from urllib.parse import unquote_plus

from dockerflow.scrub import is_count, is_secret, mask_encoded, mask_pairs, mask_urls

MAX_QUERY = 1024  # characters

# //user:password@host, and of a query string that was cut, all that may be such a beginning
_RELATIVE_URL = re.compile(r"(?<![\w:])//[^\s'\"<>/@]*@")
_CUT_URL = re.compile(r"//[^\s'\"<>/@]*$")


def mask_query(query: str) -> str:
    """A query string, unquoted, with ``***`` for the values of keys that name secrets.

    Of a long one, the first :data:`MAX_QUERY` characters.
    """
    start = query[:MAX_QUERY]
    readable = "&".join(_masked(*pair.partition("=")) for pair in start.split("&"))
    return readable if start == query else f"{_CUT_URL.sub('//***', readable)}..."


def _masked(quoted_key: str, equals: str, quoted_value: str) -> str:
    key, value = unquote_plus(quoted_key), unquote_plus(quoted_value)
    name = unquote_plus(unquote_plus(key))
    if equals and is_secret(name, in_query=True) and not is_count(name, value):
        return f"{key}=***"
    return _readable(key) + equals + _readable(value)


def _readable(plain: str) -> str:
    """Decoded further where that uncovers a secret, which is then masked.

    A value may be a query string, or an address with one.
    """
    return mask_encoded(plain, _without_secrets, unquote_plus)


def _without_secrets(text: str) -> str:
    return mask_pairs(mask_urls(_RELATIVE_URL.sub("//***@", text)), query=True)
