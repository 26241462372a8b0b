"""Takes credentials out of text that other people wrote: a driver's error, a query string.

What cannot be told from a secret is masked: of "password: required" the word after the colon too.
"""

import re
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from urllib.parse import unquote

# Where a run of characters starts and how far it may go is fixed in all of these: a long text is
# not slow, and a regular expression keeps every other thread waiting.

# user:password@ of a URL. A quote or an angle bracket ends the URL, except after user: and before
# the first slash.
_IN_URL = r"""(?:(?!://)[^\s'"<>])*@"""
_URL_CREDENTIALS = rf"""://(?:[^\s'"<>/:@]*:(?:(?!://)[^\s/])*@(?:{_IN_URL})?|{_IN_URL})"""
# What urllib, http.client, libpq and httpx quote as the port or the place of the network: the start
# of a password, where a slash in it is not percent-encoded.
_URL_PART = r"""(?i:\b(?:integer value(?: as)?|netloc|port(?: number)?):?\s)(?=['"])"""
# What http.client, requests and httpx quote as a bad value of a header: b'Bearer hush\n'
_QUOTED_HEADER = r"""(['"](?i:basic|bearer)\s{1,9})[^\s'"\\]+"""

# A name, and what is between it and its value: password=..., PWD = '...', 'password': '...',
# X-Api-Key: ..., data['password']=..., {\"password\": ..., password => ...
_NAME = r"[\w.\[\]-]+\Z"
_MAX_NAME = 80  # characters
_SEPARATOR = (
    r"""[\\'")\]]{0,9}\s{0,9}(?:[:=]{0,2}=>?\s{0,9}|:\s{0,9}(?=[bru]{0,2}["'])|:[^\S\r\n]{0,9})"""
)

# 'hu\'sh', 'hu''sh', b"hush", and what has no end
_QUOTED = r"""(?i:[bru]{0,2})(?:'(?:\\.|''|[^'\\])*(?:'|\\?\Z)|"(?:\\.|""|[^"\\])*(?:"|\\?\Z))"""
# \"hush\", \\\"hu\"sh\\\"
_ESCAPED = r"""(?P<escape>\\{1,15})(?P<quote>["'])(?:(?!(?<!\\)(?P=escape)(?P=quote)).)*"""
_ESCAPED += "(?:(?P=escape)(?P=quote))?"
# SecretStr('hush'), ["hush", "hush"]
_GROUP = rf"""[\w.]{{0,40}}[(\[](?:{_QUOTED}|[^'"()\[\]{{}}])*[)\]]?"""
# Not a value: "using password: YES", and a JSON object, whose own names are looked at
_NO_VALUE = r"""(?i:yes|no|true|false|none|null)(?:[\s.,;&'")\]}]|\Z)|\{"""
# Bearer hush
_SCHEME = r"(?i:apikey|basic|bearer|digest|negotiate|token)[^\S\r\n]{1,9}"
# A comma is in the value of "password=hu,sh dbname=shop" and ends that of "password=hush, port=1".
_AFTER_VALUE = r"""\s|\Z|\\*["']|[\w.\[\]-]{1,80}\s{0,9}[=:]"""
_IN_VALUE = rf"""[^\s,;&'")\]}}]|[,;&](?!{_AFTER_VALUE})|['")\]}}](?=\w)"""
_UNQUOTED = f"(?!{_NO_VALUE})(?:{_SCHEME})?(?:{_IN_VALUE})+"
_BRACED = r"\{(?:\}\}|[^}\r\n])*\}?"  # ODBC: PWD={hu;sh}

# The value: after a colon, after "=", in a query string, and of a header with several parts
_COLON_VALUE = f"{_ESCAPED}|{_QUOTED}|{_GROUP}|{_UNQUOTED}"
_EQUALS_VALUE = f"{_BRACED}|{_COLON_VALUE}"
_QUERY_VALUE = rf"(?:{_QUOTED})?[^&#;]*"
_HEADER_VALUE = rf"""{_ESCAPED}|{_QUOTED}|(?:[^'"\r\n]|(?<==)"[^"\r\n]*"?)+"""
# Also as keys of request.META: HTTP_COOKIE
_HEADERS = r"(?i)(?:http_)?(?:(?:proxy[_-])?authorization|(?:set[_-])?cookie)"

_ENCODED_WORD = r"(?<!\S)[^\s%]*%\S*"
_MAX_ENCODING = 3  # times that a text is percent-encoded

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
    "attribute bucket cache candidate category column composite config data dedup deduplication"
    " dict dictionary document end entity evaluated event feature field file filter foreign form"
    " group hash header host idempotency image index issue item json label language last line"
    " locale lookup map menu message metric model n natural next node object option order page"
    " param parameter parent partition preference prefix primary project property public"
    " publishable query range record redis registry related resource routing row s search section"
    " setting shard site slug sort sorting start surrogate tab table template text theme topic"
    " translation unique url version widget"
)
# Most codes are none (status_code, country_code, promo_code). With one of these words before it, a
# code is a secret:
_SECRET_CODES = _words(
    "access activation auth authentication authorization backup challenge confirm confirmation"
    " device email invitation invite key login mfa oauth oob otp pairing pass pin recovery"
    " registration reset secret security sms time totp unlock user validation verification verify"
)
_ONE_WORD = (  # authcode, apikey, dbpass; a pincode is a postal code
    f"(?:{'|'.join(_SECRET_CODES - {'pin'})})codes?"
    "|(?:access|account|api|app|auth|encryption|license|pass|private|reset|signing|ssh|user)keys?"
    "|(?:access|api|auth|db|smtp|user)(?:pass|pin|pw)"
)
# A property of a secret is none: token_type, password_length; max_tokens, has_password. Nor is an
# error about it (TokenError: ...), or secret_santa.
_PROPERTIES = _words(
    "age algorithm at backend changed class count created date enabled engine error exception"
    " expiration expired expires expiry field format invalid length level limit method missing"
    " model module name plugin policy provided rate ratio required santa secure status strength"
    " timeout ttl type updated valid verified version"
)
_QUANTITIES = _words("has is max min num total")
# Alone, these are secrets in a query string (the code of OAuth, the key of an API), and none in
# other text: code=42P01, SID=orcl.
_IN_QUERIES = _words("assertion code codes key keys sid ticket tickets")
# Names that end so and have a number say how many.
_COUNTED = ("tokens", "sessions")


def scrub(text: str) -> str:
    """``text`` with ``***`` for user and password in URLs and for the values of secrets.

    Also where they are percent-encoded; such a word is then decoded.
    """
    masked = _mask(text)
    if "%" not in masked:
        return masked
    return _compiled(_ENCODED_WORD).sub(lambda w: mask_encoded(w[0], _mask, unquote), masked)


def _mask(text: str) -> str:
    return mask_pairs(mask_urls(_compiled(_QUOTED_HEADER).sub(r"\1***", text)))


def mask_encoded(text: str, mask: Callable[[str], str], decode: Callable[[str], str]) -> str:
    """``text`` with its secrets masked, and decoded as far as that uncovers secrets."""
    result = masked = mask(text)
    for _ in range(_MAX_ENCODING):
        decoded = decode(masked)
        if decoded == masked:
            break
        masked = mask(decoded)
        if masked != decoded:
            result = masked
    return result


def mask_urls(text: str) -> str:
    """``text`` with ``***`` for user and password in URLs, also where one could not be parsed."""
    masked = _compiled(_URL_CREDENTIALS).sub("://***@", text)
    return _compiled(f"({_URL_PART})(?:{_QUOTED})").sub(r"\1'***'", masked)


def mask_pairs(text: str, *, query: bool = False) -> str:
    """``text`` with ``***`` for the value of each name that is that of a secret.

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
        equals = "=" in separator[0]
        in_query = query or text[max(0, name.start() - 1) : name.start()] in {"?", "&"}
        if not is_secret(name[0], in_query=in_query and equals):
            continue
        value = _compiled(_value_pattern(name[0], equals, query)).match(text, separator.end())
        if value and not is_count(name[0], value[0]):
            parts += [text[position : separator.end()], "***"]
            position = value.end()
    return "".join([*parts, text[position:]])


def _value_pattern(name: str, equals: bool, query: bool) -> str:
    if equals:
        return _QUERY_VALUE if query else _EQUALS_VALUE
    return _HEADER_VALUE if _compiled(_HEADERS).fullmatch(name) else _COLON_VALUE


def is_secret(name: str, *, in_query: bool) -> bool:
    """Whether a value with this name is a secret; ``in_query``: in a query string."""
    if _compiled(_HEADERS).fullmatch(name):
        return True
    spellings = [
        re.findall("[a-z]+", spelling.lower())
        for spelling in [name, *(_compiled(ends).sub(" ", name) for ends in _WORD_ENDS)]
    ]
    if any(w and (w[-1] in _PROPERTIES or w[0] in _QUANTITIES) for w in spellings):
        return False
    return any(_is_secret_name(words, in_query) for words in spellings)


def is_count(name: str, value: str) -> bool:
    """Whether it says how many secrets there are: ``completion_tokens=17``."""
    return value.isdecimal() and name.lower().endswith(_COUNTED)


def _is_secret_name(words: list[str], in_query: bool) -> bool:
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
