"""What the commands print: text that does nothing to a terminal, whoever wrote it."""

from __future__ import annotations

import io
import os
import sys
from typing import Any


def printable(text: str, limit: int | None = None) -> str:
    """Return ``text`` as one line, of at most ``limit`` characters, without control characters.

    What a server, a Dockerfile or an application says may contain escape sequences.
    """
    text = "".join(character if character.isprintable() else " " for character in text)
    text = " ".join(text.split())
    return text if limit is None or len(text) <= limit else text[: limit - 3] + "..."


def json_text(value: Any) -> str:
    """Return ``value`` as JSON in the characters that the standard output can take."""
    import json  # noqa: PLC0415 (which a probe does not need)

    text = json.dumps(value, ensure_ascii=False, indent=2)
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return json.dumps(value, indent=2)
    return text


def prepare() -> None:
    """Make the standard streams take any text: a closed one, and one that lacks characters."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # as in "command >&-"
            os.open(os.devnull, os.O_RDWR)  # or the next pipe would be that stream of a child
            setattr(sys, name, io.StringIO())
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def flush() -> bool:
    """Write out what has been printed, and return whether that was possible."""
    try:
        sys.stdout.flush()
    except OSError as error:
        give_up(error)
        return False
    return True


def give_up(error: OSError) -> None:
    """Print no more, and say why unless only the reader has gone, as in ``command | true``."""
    # Python flushes once more when it ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not isinstance(error, BrokenPipeError):
        print(f"the output cannot be written: {error.strerror}", file=sys.stderr)
