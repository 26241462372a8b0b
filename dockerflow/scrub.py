"""Takes credentials out of text that other people's code wrote, such as a driver's error."""

import re

_URL = re.compile(r"(?P<before>\b[a-z][a-z0-9+.-]*://)[^\s'\"<>]*@", re.IGNORECASE)
# password=..., PWD = '...', and the repr of a dict: 'password': '...'
_PAIR = re.compile(
    r"""(?P<before>(?:pass(?:word|wd|phrase)?|pwd|secret|token|api_?key)["']?\s*(?:=|:(?=\s*["']))\s*)
        (?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^\s,;&'")\]}]+)""",
    re.IGNORECASE | re.VERBOSE,
)


def scrub(text: str) -> str:
    """``text`` with ``***`` for user and password in URLs and for passwords and tokens in DSNs."""
    return _PAIR.sub(r"\g<before>***", _URL.sub(r"\g<before>***@", text))
