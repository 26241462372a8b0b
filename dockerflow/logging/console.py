"""Log lines for a developer's terminal: the fields of mozlog, readable."""

from __future__ import annotations

import logging
import os
import re
import sys
from typing import Any

from dockerflow.logging.jsonable import Jsonable, as_text, one_line
from dockerflow.logging.mozlog import MozlogFormatter

# By syslog severity: critical, error, warning, info, debug.
_COLOURS = {2: "1;31", 3: "31", 4: "33", 6: "32", 7: "2"}

# Shown as escapes: what controls a terminal, but for tabs, and what no encoding has.
_CONTROLS = r"[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]"
_BARE_WORD = r"[^\s\"'=\\]+"


class ConsoleFormatter(MozlogFormatter):
    """Formats a record as time, level, logger, message and ``name=value`` for the other fields.

    Further lines of the message and a traceback follow on lines of their own; a field that they
    already show is left out. The level is coloured if stdout is a terminal, unless NO_COLOR
    (https://no-color.org) is set.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.coloured = _is_terminal(sys.stdout) and not os.environ.get("NO_COLOR")

    def format(self, record: logging.LogRecord) -> str:
        out = self.plain_record(record)
        fields = out["Fields"]
        message, *more = str(fields.pop("msg", "")).split("\n")
        for name in ("traceback", "stack"):
            if name in fields:
                more += str(fields.pop(name)).rstrip().split("\n")
        words = [
            str(out["Type"]),
            *([message] if message else []),
            *(
                f"{_word(name)}={_word(value)}"
                for name, value in fields.items()
                if not _are_shown([message, *more], value)
            ),
        ]
        shown = "\n".join(map(escaped_controls, [" ".join(words), *more]))
        return f"{self._time(record)} {self._level(record, out['Severity'])} {shown}"

    def _time(self, record: logging.LogRecord) -> str:
        try:
            return self.formatTime(record, self.datefmt or "%H:%M:%S")
        except Exception:  # a record made of what came from elsewhere
            return "--:--:--"

    def _level(self, record: logging.LogRecord, severity: int) -> str:
        colour = _COLOURS.get(severity)
        name = f"{escaped_controls(as_text(getattr(record, 'levelname', None))):<8}"
        return f"\x1b[{colour}m{name}\x1b[0m" if self.coloured and colour else name


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):  # None, an object that only writes, or closed
        return False


def _are_shown(lines: list[str], value: Jsonable) -> bool:
    """Whether `value`, text or a list of texts, is among the `lines` already."""
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(text, str) and text for text in texts):
        return False
    return "\n".join(["", *map(str, texts), ""]) in "\n".join(["", *lines, ""])


def _word(value: Jsonable) -> str:
    return value if isinstance(value, str) and re.fullmatch(_BARE_WORD, value) else one_line(value)


def escaped_controls(shown: str) -> str:
    """A line with escapes for what controls a terminal, but for tabs."""
    return re.sub(_CONTROLS, lambda match: repr(match[0])[1:-1], shown)
