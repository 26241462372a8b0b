"""Records in the mozlog schema, one line of JSON each.

Schema: https://wiki.mozilla.org/Firefox/Services/Logging
"""

import json
import logging
import os
import re
import socket
import sys
import time
from collections.abc import Mapping, Set
from copy import copy
from itertools import islice
from logging import LogRecord
from typing import Any, ClassVar, Literal, TextIO

from dockerflow.logging.jsonable import (
    PLAIN_TYPES,
    free_name,
    jsonable,
    jsonable_object,
    one_line,
    text,
)
from dockerflow.logging.request_id import id_of, request_id_context
from dockerflow.logging.tracebacks import failure

# What every record has, in the order in which LogRecord.__init__ sets it.
_STANDARD_ATTRS = tuple(vars(LogRecord("", 0, "", 0, "", (), None)))
_STANDARD_COUNT = len(_STANDARD_ATTRS)
_LAST_STANDARD_ATTR = _STANDARD_ATTRS[-1]
_STANDARD = frozenset(_STANDARD_ATTRS)

# What other formatters add, and uvicorn: a twin of the message with a terminal's codes.
_NO_EXTRAS = frozenset({"asctime", "message", "taskName", "color_message"})

# What a stream's encoding may lack; see MozlogHandler.
_NON_ASCII = re.compile(r"[^\x00-\x7f]")


class MozlogFormatter(logging.Formatter):
    """Formats a record as one line of strictly valid JSON in the mozlog schema.

    Nothing in a record makes it fail. `fmt`, `datefmt` and `style` are what ini files pass to any
    formatter; `logger_name` is the ``Logger`` of every line.
    """

    LOGGING_FORMAT_VERSION: ClassVar[str] = "2.0"

    # https://datatracker.ietf.org/doc/html/rfc5424#section-6.2.1
    SYSLOG_LEVEL_MAP: ClassVar[Mapping[int, int]] = {
        logging.CRITICAL: 2,
        logging.ERROR: 3,
        logging.WARNING: 4,
        logging.INFO: 6,
        logging.DEBUG: 7,
    }

    # For levels below all of the map; one between two of them counts as the lower of the two.
    DEFAULT_SYSLOG_LEVEL: ClassVar[int] = 7

    EXCLUDED_LOGRECORD_ATTRS: ClassVar[Set[str]] = frozenset({*_STANDARD_ATTRS, *_NO_EXTRAS})

    def __init__(
        self,
        fmt: str | None = None,
        datefmt: str | None = None,
        style: Literal["%", "{", "$"] = "%",
        logger_name: str = "Dockerflow",
    ) -> None:
        super().__init__(fmt=fmt, datefmt=datefmt, style=style)
        self.logger_name = logger_name
        self.hostname = socket.gethostname()
        self._excluded = frozenset(self.EXCLUDED_LOGRECORD_ATTRS) | {"rid"}
        self._extended = (
            type(self).convert_record is not MozlogFormatter.convert_record
            or self.EXCLUDED_LOGRECORD_ATTRS != MozlogFormatter.EXCLUDED_LOGRECORD_ATTRS
        )
        self._heads: dict[tuple[str, int, int | None], str] = {}
        # By line number, the names of the extra fields: a call's are the same as the last time.
        self._names: dict[int, tuple[str, ...]] = {}

    def signed(self, logger_name: str) -> "MozlogFormatter":
        """Return a copy of this formatter whose lines name `logger_name` as ``Logger``."""
        formatter = copy(self)
        formatter.logger_name = logger_name
        formatter._heads = {}
        return formatter

    def format(self, record: LogRecord) -> str:
        attributes = record.__dict__
        try:
            message = attributes["msg"]
            if (
                self._extended
                or type(record) is not LogRecord
                or type(message) is not str
                or attributes["exc_info"]
                or attributes["exc_text"]
                or attributes["stack_info"]
                or _LAST_STANDARD_ATTR not in attributes
            ):
                return one_line(self.plain_record(record))
            # From here on the same for ordinary records, by far the most frequent, in few steps.
            if attributes["args"]:
                message = record.getMessage()
            fields: dict[str, Any] = {"msg": message} if message else {}
            rid = request_id_context.get()
            if rid is None and "request" in attributes:
                rid = id_of(attributes["request"])
            if rid is not None:
                fields["rid"] = rid
            extras = len(attributes) - _STANDARD_COUNT
            if extras > 0:
                line = attributes["lineno"]
                names = self._names.get(line, ())
                if len(names) != extras:
                    # LogRecord.__init__ sets the standard attributes first.
                    names = tuple(islice(attributes, _STANDARD_COUNT, None))
                    if not all(type(name) is str and name not in _NO_EXTRAS for name in names):
                        return one_line(self.plain_record(record))
                    self._names[line] = names
                for name in names:
                    value = attributes[name]
                    if type(value) in PLAIN_TYPES:
                        fields[name] = value
                    elif value is not None:
                        fields[name] = jsonable(value)
            key = attributes["name"], attributes["levelno"], attributes["process"]
            head = self._heads.get(key) or self._head(record)
            timestamp = int(attributes["created"] * 1e9)
            return f'{{"Timestamp":{timestamp},{head},"Fields":{one_line(fields or {"msg": ""})}}}'
        except Exception:
            # Arguments that don't fit, as many extras as the last time but others, or a record made
            # of what came from elsewhere.
            self._names.clear()
            return one_line(self.plain_record(record))

    def plain_record(self, record: LogRecord) -> dict[str, Any]:
        """Return what :meth:`convert_record` makes of `record`, as plain data."""
        if not record.__dict__.keys() >= _STANDARD:  # somebody has removed one
            record = logging.makeLogRecord(record.__dict__)
        try:
            return jsonable_object(self.convert_record(record))
        except Exception as error:
            out = MozlogFormatter.convert_record(self, record)
            _merge(out["Fields"], {"convert_record_error": error})
            return jsonable_object(out)

    def convert_record(self, record: LogRecord) -> dict[str, Any]:
        """Return `record` in the mozlog schema, with values of any type. Projects may extend it.

        ``Fields`` holds the message (``msg``), the id of the request (``rid``), an exception
        (``error`` and ``traceback``), a stack (``stack``) and each `extra` under its own name,
        with an underscore behind it where that is taken. A dict as message counts as `extra`.
        """
        return {
            "Timestamp": _timestamp(record),
            **self._envelope(record),
            "Fields": self._fields(record),
        }

    def is_value_jsonlike(self, value: str) -> bool:
        """Say whether `value` looks like a JSON object, for a project's own `convert_record`.

        Mozilla's formatter drops such messages; this one keeps them as they are.
        """
        return value.startswith("{") and value.endswith("}")

    def _head(self, record: LogRecord) -> str:
        if len(self._heads) >= 1000:
            self._heads.clear()  # somebody names loggers after requests
        head = one_line(jsonable_object(self._envelope(record)))[1:-1]
        self._heads[record.name, record.levelno, record.process] = head
        return head

    def _envelope(self, record: LogRecord) -> dict[str, Any]:
        name: Any = record.name or "root"
        number: Any = record.levelno
        number = number if isinstance(number, (int, float)) else 0
        levels = [level for level in self.SYSLOG_LEVEL_MAP if level <= number]
        return {
            "Type": name if isinstance(name, str) else text(name),
            "Logger": self.logger_name,
            "Hostname": self.hostname,
            "EnvVersion": self.LOGGING_FORMAT_VERSION,
            "Severity": self.SYSLOG_LEVEL_MAP[max(levels)] if levels else self.DEFAULT_SYSLOG_LEVEL,
            "Pid": record.process if isinstance(record.process, int) else os.getpid(),
        }

    def _fields(self, record: LogRecord) -> dict[Any, Any]:
        message: Any = record.msg
        structured = issubclass(type(message), dict) and not record.args
        fields = {} if structured else _message(record)
        rid = getattr(record, "rid", None)
        if rid is None:
            rid = request_id_context.get() or id_of(getattr(record, "request", None))
        if rid is not None:
            fields["rid"] = rid
        fields |= _trouble(record)
        if structured:
            _merge(fields, message)
        attributes = vars(record).items()
        _merge(fields, {name: value for name, value in attributes if name not in self._excluded})
        return fields or {"msg": ""}


class MozlogHandler(logging.StreamHandler[Any]):
    """Writes mozlog lines to `stream` (by default stdout); `name` is the ``Logger`` of each.

    Where the stream's encoding lacks a character, its JSON escape is written.
    """

    def __init__(self, stream: TextIO | None = None, name: str = "Dockerflow") -> None:
        super().__init__(sys.stdout if stream is None else stream)
        self.logger_name = name
        self.setFormatter(MozlogFormatter())

    def setFormatter(self, fmt: logging.Formatter | None) -> None:  # noqa: N802 - logging's name
        if isinstance(fmt, MozlogFormatter):
            fmt = fmt.signed(self.logger_name)
        super().setFormatter(fmt)

    def format(self, record: LogRecord) -> str:
        line = super().format(record)
        return line if line.isascii() else self._writable(line)

    def _writable(self, line: str) -> str:
        try:
            line.encode(getattr(self.stream, "encoding", None) or "utf-8")
        except UnicodeEncodeError:
            return _NON_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], line)
        return line


def _timestamp(record: LogRecord) -> int:
    try:
        return int(record.created * 1e9)
    except Exception:  # text, or no number at all
        return time.time_ns()


def _message(record: LogRecord) -> dict[str, Any]:
    try:
        message = record.getMessage()
    except Exception:  # arguments that don't fit, or can't be shown
        return {"msg": str(jsonable(record.msg)), "args": record.args}
    return {"msg": message} if message else {}


def _trouble(record: LogRecord) -> dict[str, Any]:
    trouble: dict[str, Any] = {}
    if record.exc_info and record.exc_info != (None, None, None):
        trouble.update(failure(record.exc_info))
    elif record.exc_text:  # it came through a socket
        trouble["traceback"] = record.exc_text
    if record.stack_info:
        trouble["stack"] = record.stack_info
    return trouble


def _merge(fields: dict[Any, Any], extra: dict[Any, Any]) -> None:
    for name, value in [*dict.items(extra)]:
        if value is not None:
            fields[free_name(name, fields)] = value
