"""Takes credentials out of text that other people wrote: a driver's error, a query string."""

import re
from functools import cache
from itertools import pairwise

# user:password@ of a URL. Where a run of characters starts and how far it may go is fixed, here and
# below: a long text is not slow, and a regular expression keeps every other thread waiting.
_URL_CREDENTIALS = r"""://(?:(?!://)[^\s'"<>])*@"""

# password=..., PWD = '...', and the repr of a dict: 'password': '...'
_SEPARATOR = r"""\s{0,9}=\s{0,9}|["']\s{0,9}[:=]\s{0,9}|\s{0,9}:\s{0,9}(?=b?["'])"""
_NAME = r"[\w.\[\]-]+\Z"
_MAX_NAME = 80  # characters
_QUOTED = r"""b?'(?:\\.|[^'\\])*(?:'|\\?\Z)|b?"(?:\\.|[^"\\])*(?:"|\\?\Z)"""
_TEXT_VALUE = rf"""{_QUOTED}|[^\s,;&'")\]}}]+"""
_QUERY_VALUE = rf"(?:{_QUOTED})?[^&#;]*"
_JSON_VALUE = rf"{_QUOTED}|[\w.+-]+"

# accessKey, PINCode; PINcode
_WORD_ENDS = ["(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "(?<=[A-Z][A-Z])(?=[a-z])"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A name is that of a secret where one of its words contains one of these,
_PARTS = (
    "assertion|bearer|credential|csrf|passcode|passphrase|passw|pwd|saml|secret(?!ar)|sessid"
    "|session|signature|token(?!i[sz])|verifier|xsrf"
)
# is one of these,
_SECRETS = _words("auth authorization hmac jwt otp pass pin pw sid sig totp")
# or is "key" or "code". Most keys are secrets, and every vendor names its own (stripe_key). With
# one of these words before it, a key is none:
_PLAIN_KEYS = _words(
    "attribute bucket cache candidate column composite config dedup deduplication dict dictionary"
    " document end entity evaluated event feature field file filter foreign form group hash header"
    " host idempotency image index issue item label language last line locale lookup map menu"
    " message metric natural next object option order page parent partition preference prefix"
    " primary project property public publishable query range record related resource routing row"
    " search section setting shard site slug sort sorting start surrogate tab table template text"
    " theme topic translation unique url widget"
)
# Most codes are none (status_code, country_code, promo_code). With one of these words before it, a
# code is a secret:
_SECRET_CODES = _words(
    "access activation auth authentication authorization backup challenge confirm confirmation"
    " device email invitation invite key login mfa oauth oob otp pairing pass pin recovery"
    " registration reset secret security sms time totp unlock user validation verification verify"
)
_ONE_WORD = (  # authcode, apikey, dbpass
    f"(?:{'|'.join(_SECRET_CODES)})codes?"
    "|(?:access|account|api|app|auth|encryption|license|pass|private|reset|signing|ssh|user)keys?"
    "|(?:access|api|auth|db|smtp|user)(?:pass|pin|pw)"
)
# A property of a secret is none: token_type, password_length; max_tokens, has_password.
_PROPERTIES = _words(
    "algorithm count enabled expiration expires expiry format length limit method name policy"
    " required status strength ttl type version"
)
_QUANTITIES = _words("has is max min num total")
# Alone, these are secrets in a query string (the code of OAuth, the key of an API), and none in
# other text: code=42P01, SID=orcl.
_IN_QUERIES = _words("code codes key keys sid ticket tickets")


def scrub(text: str) -> str:
    """``text`` with ``***`` for user and password in URLs and for the values of secrets."""
    return mask_pairs(mask_urls(text))


def mask_urls(text: str) -> str:
    """``text`` with ``***`` for user and password in URLs."""
    return _compiled(_URL_CREDENTIALS).sub("://***@", text)


def mask_pairs(text: str, *, query: bool = False) -> str:
    """``text`` with ``***`` for the value of each ``name=value`` whose name is that of a secret.

    :param query: ``text`` is a query string, in which a value ends at ``&``, ``#`` or ``;``
    """
    parts, position = [], 0
    for separator in _compiled(_SEPARATOR).finditer(text):
        end = separator.start()
        if end < position:  # within a value that is masked
            continue
        name = _compiled(_NAME).search(text, max(position, end - _MAX_NAME), end)
        if name is None:
            continue
        in_json = separator[0].strip()[0] != "="
        in_query = query or text[max(0, name.start() - 1) : name.start()] in {"?", "&"}
        if not is_secret(name[0], in_query=in_query and not in_json):
            continue
        pattern = _JSON_VALUE if in_json else _QUERY_VALUE if query else _TEXT_VALUE
        if value := _compiled(pattern).match(text, separator.end()):
            parts += [text[position : separator.end()], "***"]
            position = value.end()
    return "".join([*parts, text[position:]])


def is_secret(name: str, *, in_query: bool) -> bool:
    """Whether a value with this name is a secret; ``in_query``: in a query string."""
    spellings = [
        re.findall("[a-z]+", spelling.lower())
        for spelling in [name, *(_compiled(ends).sub(" ", name) for ends in _WORD_ENDS)]
    ]
    if any(w and (w[-1] in _PROPERTIES or w[0] in _QUANTITIES) for w in spellings):
        return False
    return any(_name_a_secret(words, in_query) for words in spellings)


def _name_a_secret(words: list[str], in_query: bool) -> bool:
    if len(words) == 1 and words[0] in _IN_QUERIES:
        return in_query
    if words and words[-1] in {"key", "keys"} and words[-2] not in _PLAIN_KEYS:
        return True
    if any(
        (word in {"key", "keys"} and before in {"access", "api", "encryption", "private"})
        or (word in {"code", "codes"} and before in _SECRET_CODES)
        for before, word in pairwise(words)
    ):
        return True
    part, one_word = _compiled(_PARTS), _compiled(_ONE_WORD)
    return any(w in _SECRETS or part.search(w) or one_word.fullmatch(w) for w in words)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiled when first used: most processes import this module and never mask anything."""
    return re.compile(pattern)
