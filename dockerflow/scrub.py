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

# An address in a value has a query string of its own.
_INNER_PAIR = re.compile(r"(?<=[?&#;])([\w.\[\]-]+)=[^&#;]*")

# Some words are a secret's name as a whole, others wherever they are part of one.
_SECRET = re.compile(
    r"\b(?:auth|authorization|code|jwt|key|otp|pass|pin|pwd|sid|sig)\b"
    "|token|passw|passcode|passphrase|secret|credential|signature|session|sessid|(?:api|access)key"
)
_WORD_ENDS = re.compile("(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def scrub(text: str) -> str:
    """``text`` with ``***`` for user and password in URLs and for passwords and tokens in DSNs."""
    return _PAIR.sub(r"\g<before>***", _URL.sub("://***@", text))


def mask_query(query: str) -> str:
    """A query string, readable, with ``***`` for the values of keys that speak of secrets.

    Of a long one, the first :data:`MAX_QUERY` characters.
    """
    start = query[:MAX_QUERY]
    readable = "&".join(_masked(*pair.partition("=")) for pair in start.split("&"))
    return readable if start == query else f"{readable}..."


def _masked(quoted_key: str, equals: str, quoted_value: str) -> str:
    key = unquote_plus(quoted_key)
    if equals and _is_secret(key):
        return f"{key}=***"
    readable = key + equals + unquote_plus(quoted_value)
    return _INNER_PAIR.sub(_masked_inner, _URL.sub("://***@", readable))


def _masked_inner(pair: re.Match[str]) -> str:
    return f"{pair[1]}=***" if _is_secret(pair[1]) else pair[0]


def _is_secret(key: str) -> bool:
    words = re.findall("[a-z]+", _WORD_ENDS.sub(" ", key).lower())
    return _SECRET.search(" ".join(words)) is not None
