"""Log lines for a developer's terminal: the fields of mozlog, readable."""

from __future__ import annotations

import logging
import os
import re
import sys
from typing import Any

from dockerflow.logging.jsonable import Jsonable, one_line
from dockerflow.logging.mozlog import MozlogFormatter

# By syslog severity: critical, error, warning, info, debug.
_COLOURS = {2: "1;31", 3: "31", 4: "33", 6: "32", 7: "2"}

# A message must not control the terminal: all but tab and newline are shown as escapes.
_CONTROLS = r"[\x00-\x08\x0b-\x1f\x7f-\x9f]"
_BARE_WORD = r"[^\s\"'=\\]+"


class ConsoleFormatter(MozlogFormatter):
    """Formats a record as time, level, logger, message and ``name=value`` for the other fields.

    A traceback follows on lines of its own. What the message or the traceback already says is not
    repeated. The level is coloured if stdout is a terminal, unless NO_COLOR (https://no-color.org)
    is set.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.coloured = _is_terminal(sys.stdout) and not os.environ.get("NO_COLOR")

    def format(self, record: logging.LogRecord) -> str:
        out = self.plain_record(record)
        fields = out["Fields"]
        message = str(fields.pop("msg", ""))
        blocks = [str(fields.pop(name)) for name in ("traceback", "stack") if name in fields]
        words = [
            str(out["Type"]),
            *([message] if message else []),
            *(
                f"{name}={_word(value)}"
                for name, value in fields.items()
                if not _has_lines("\n".join([message, *blocks]), value)
            ),
        ]
        shown = "\n".join([" ".join(words), *(block.rstrip() for block in blocks)])
        time = self.formatTime(record, self.datefmt or "%H:%M:%S")
        return f"{time} {self._level(record.levelname, out['Severity'])} {_harmless(shown)}"

    def _level(self, name: str, severity: int) -> str:
        colour = _COLOURS.get(severity)
        padded = f"{name:<8}"
        return f"\x1b[{colour}m{padded}\x1b[0m" if self.coloured and colour else padded


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):  # None, an object that only writes, or closed
        return False


def _has_lines(shown: str, value: Jsonable) -> bool:
    """Whether `value`, text or a list of texts, stands in `shown` as lines of its own."""
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(text, str) and text for text in texts):
        return False
    return "\n".join(["", *texts, ""]) in f"\n{shown}\n"


def _word(value: Jsonable) -> str:
    return value if isinstance(value, str) and re.fullmatch(_BARE_WORD, value) else one_line(value)


def _harmless(shown: str) -> str:
    return re.sub(_CONTROLS, lambda match: repr(match[0])[1:-1], shown)
