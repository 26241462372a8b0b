"""Takes credentials out of text that other people wrote: a driver's error, a query string."""

import re
from urllib.parse import unquote_plus

MAX_QUERY = 1024

# Where a run of characters starts and how far it may go is fixed: a text that is long is not slow,
# and a regular expression keeps every other thread of the process waiting.
_URL = re.compile(r"""://(?:(?!://)[^\s'"<>])*@""")
# password=..., PWD = '...', and the repr of a dict: 'password': '...'
_BEFORE = r"""(?P<before>
    (?:(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key)\w{0,20}|pass)
    ["']?\s*(?:=|:(?=\s*["']))\s*
)"""
_QUOTED = r"""b?'(?:\\.|[^'\\])*(?:'|\\?\Z)|b?"(?:\\.|[^"\\])*(?:"|\\?\Z)"""
_BARE = r"""[^\s,;&'")\]}]+"""
_PAIR = re.compile(f"{_BEFORE}(?:{_QUOTED}|{_BARE})", re.IGNORECASE | re.VERBOSE)
_QUOTED_PAIR = re.compile(f"{_BEFORE}(?:{_QUOTED})", re.IGNORECASE | re.VERBOSE)

# //user:password@host, and of a query string that was cut, all that may be such a beginning
_RELATIVE_URL = re.compile(r"(?<![\w:])//[^\s'\"<>/@]*@")
_CUT_URL = re.compile(r"//[^\s'\"<>/@]*$")

# A value may be a query string, or an address with one.
_KEY = re.compile(r"(?<![\w.\[\]-])([\w.\[\]-]+)=")
_END = re.compile(r"[&#;]|$")
_MAX_QUOTING = 3

# Some words are a secret's name as a whole or with another one before them, others wherever they
# are part of a name.
_SECRET = re.compile(
    r"\b(?:(?:access|api|auth|db|otp|pin|private|reset|signing|sms|user|verification)?"
    r"(?:code|key|pass|pin|pw|pwd)|auth|authorization|hmac|jwt|otp|sid|sig|ticket)\b"
    "|assertion|bearer|credential|csrf|passcode|passphrase|passw|saml|secret|session|sessid"
    "|signature|token|verifier|xsrf"
)
# accessKey, PINCode, PINcode
_WORD_ENDS = [
    re.compile("(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"),
    re.compile("(?<=[A-Z][A-Z])(?=[a-z])"),
]


def scrub(text: str) -> str:
    """``text`` with ``***`` for user and password in URLs and for passwords and tokens in DSNs."""
    return _PAIR.sub(r"\g<before>***", _URL.sub("://***@", text))


def mask_query(query: str) -> str:
    """A query string, readable, with ``***`` for the values of keys that speak of secrets.

    Of a long one, the first :data:`MAX_QUERY` characters.
    """
    start = query[:MAX_QUERY]
    readable = "&".join(_masked(*pair.partition("=")) for pair in start.split("&"))
    return readable if start == query else f"{_CUT_URL.sub('//***', readable)}..."


def _masked(quoted_key: str, equals: str, quoted_value: str) -> str:
    key = unquote_plus(quoted_key)
    if equals and _is_secret(unquote_plus(unquote_plus(key))):
        return f"{key}=***"
    return _readable(quoted_key) + equals + _readable(quoted_value)


def _readable(quoted: str) -> str:
    """Unquoted once, and further where that brings a secret to light, which is then masked."""
    plain = deepest = unquote_plus(quoted)
    for _ in range(_MAX_QUOTING):
        masked = _without_secrets(deepest)
        if masked != deepest:
            plain = masked
        deepest = unquote_plus(masked)
    return plain


def _without_secrets(text: str) -> str:
    text = _URL.sub("://***@", _RELATIVE_URL.sub("//***@", text))
    text = _QUOTED_PAIR.sub(r"\g<before>***", text)
    parts, position = [], 0
    for match in _KEY.finditer(text):
        if match.start() >= position and _is_secret(match[1]):
            parts += [text[position : match.end()], "***"]
            position = _END.search(text, match.end()).start()  # type: ignore[union-attr] # has $
    return "".join([*parts, text[position:]])


def _is_secret(key: str) -> bool:
    spellings = [key, *(ends.sub(" ", key) for ends in _WORD_ENDS)]
    return any(
        _SECRET.search(" ".join(re.findall("[a-z]+", spelling.lower()))) for spelling in spellings
    )
