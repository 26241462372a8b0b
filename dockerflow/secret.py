"""A secret from a variable, or from the file that ``NAME_FILE`` names (Docker and Kubernetes)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ENCODING = "utf-8-sig"  # with or without a byte order mark
EXPECTED = "a secret of printable ASCII characters without blanks"


def refuse_quotes_and_comments(value: str) -> None:
    """Refuse quotes and a comment that whatever set the variable has left in its value.

    ``docker run --env-file`` keeps the quotes around a value, and python-decouple a comment after
    it, or in place of it.

    :raises ValueError: with a clause about the value
    """
    text = value.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        raise ValueError("is enclosed in quotes; write the value without quotes")
    is_array = text.startswith("[") and text.endswith("]")
    may_have = not is_array and ("#" in text or ";" in text)  # settings are read at every request
    if may_have and re.search(r"^#\s|\s#|\s;\s", text):
        raise ValueError("contains a comment; write the comment on a line of its own")


def stripped(value: Any) -> str:
    """``value`` without the blanks around it.

    :raises ValueError: it is no text, or blank; with a clause about the value
    """
    if not isinstance(value, str):
        raise ValueError(f"is of type {type(value).__name__}")
    if not value.strip():
        raise ValueError("is blank")
    return value.strip()


def parse(value: Any) -> str:
    """A secret that an ``Authorization`` header can carry, without the blanks around it.

    :raises ValueError: it is none; with a clause about the value
    """
    text = stripped(value)
    # https://www.rfc-editor.org/rfc/rfc6750#section-2.1
    if not re.fullmatch(r"[\x21-\x7e]+", text):
        raise ValueError("holds blanks or characters that no Authorization header can carry")
    return text


def read_file(name: str, path: Any, source: str) -> str:
    """The secret in the file at ``path``, without the newline at its end.

    :param name: the variable or setting that names the file, and ``source`` where it is set
    :raises ValueError: the file cannot be read; with a sentence
    """
    try:
        if isinstance(path, str):
            refuse_quotes_and_comments(path)
        file = Path(path)
        if file.is_fifo():  # to read it may take forever, and what was read is gone
            raise ValueError("is a pipe")
        return file.read_text(encoding=ENCODING).rstrip("\r\n")
    except OSError as error:
        clause = f"cannot be read: {error.strerror}"
    except UnicodeError:
        clause = "cannot be read: it is not UTF-8"
    except (TypeError, ValueError) as error:
        clause = str(error) if isinstance(error, ValueError) else "is not a path"
    # What is not an absolute path may be the secret itself.
    shown = repr(path) if str(path).startswith("/") else "(hidden)"
    raise ValueError(
        f"{name} ({source}): {shown} {clause}. Expected the path of a file that holds the secret."
    )


def both_are_set(name: str, source: str) -> str:
    """A sentence about a secret that is set beside its file."""
    return f"{name} and {name}_FILE ({source}) are both set. Set one."
