"""Log lines for a developer's terminal: the fields of mozlog, readable."""

import logging
import os
import re
import sys
from typing import Any

from dockerflow.logging.jsonable import Jsonable, one_line
from dockerflow.logging.mozlog import MozlogFormatter

# By syslog severity: critical, error, warning, info, debug.
_COLOURS = {2: "1;31", 3: "31", 4: "33", 6: "32", 7: "2"}

# A message must not steer the terminal: everything but tab and newline is shown, not sent.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_BARE_WORD = re.compile(r"[^\s\"'=\\]+")


class ConsoleFormatter(MozlogFormatter):
    """Formats a record as time, level, logger, message and ``name=value`` for the other fields.

    A traceback follows on lines of its own. The level is coloured if stdout is a terminal, unless
    NO_COLOR (https://no-color.org) is set.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def format(self, record: logging.LogRecord) -> str:
        out = self.plain_record(record)
        fields = out["Fields"]
        message = str(fields.pop("msg", ""))
        blocks = [str(fields.pop(name)) for name in ("traceback", "stack") if name in fields]
        words = [
            str(out["Type"]),
            *([message] if message else []),
            *(f"{name}={_word(value)}" for name, value in fields.items()),
        ]
        shown = "\n".join([" ".join(words), *(block.rstrip() for block in blocks)])
        time = self.formatTime(record, self.datefmt or "%H:%M:%S")
        return f"{time} {self._level(record.levelname, out['Severity'])} {_harmless(shown)}"

    def _level(self, name: str, severity: int) -> str:
        colour = _COLOURS.get(severity)
        padded = f"{name:<8}"
        return f"\x1b[{colour}m{padded}\x1b[0m" if self.coloured and colour else padded


def _word(value: Jsonable) -> str:
    return value if isinstance(value, str) and _BARE_WORD.fullmatch(value) else one_line(value)


def _harmless(shown: str) -> str:
    return _CONTROLS.sub(lambda match: repr(match[0])[1:-1], shown)
