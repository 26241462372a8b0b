"""Takes credentials out of text that other people wrote: a driver's error, a query string."""

import re
from urllib.parse import unquote_plus

MAX_QUERY = 1024

# Where a run of characters starts and how far it may go is fixed: a text that is long is not slow,
# and a regular expression keeps every other thread of the process waiting.
_URL = re.compile(r"""://(?:(?!://)[^\s'"<>])*@""")
# password=..., PWD = '...', and the repr of a dict: 'password': '...'
_PAIR = re.compile(
    r"""(?P<before>
            (?:(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key)\w{0,20}|pass)
            ["']?\s*(?:=|:(?=\s*["']))\s*
        )
        (?:b?'(?:\\.|[^'\\])*'|b?"(?:\\.|[^"\\])*"|[^\s,;&'")\]}]+)""",
    re.IGNORECASE | re.VERBOSE,
)

_SECRET_WORDS = {"auth", "authorization", "code", "jwt", "key", "otp", "pin", "pwd", "sig"}
_SECRET_PART = re.compile("token|passw|passphrase|secret|credential|signature|session|apikey")


def scrub(text: str) -> str:
    """``text`` with ``***`` for user and password in URLs and for passwords and tokens in DSNs."""
    return _PAIR.sub(r"\g<before>***", _URL.sub("://***@", text))


def mask_query(query: str) -> str:
    """A query string, readable, with ``***`` for the values of keys that speak of secrets.

    It is cut after :data:`MAX_QUERY` characters.
    """
    pairs = (pair.partition("=") for pair in query.split("&"))
    readable = "&".join(
        unquote_plus(key)
        + equals
        + ("***" if _is_secret(unquote_plus(key)) else unquote_plus(value))
        for key, equals, value in pairs
    )
    return readable if len(readable) <= MAX_QUERY else f"{readable[:MAX_QUERY]}..."


def _is_secret(key: str) -> bool:
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower())
    return any(word in _SECRET_WORDS or _SECRET_PART.search(word) for word in words)
