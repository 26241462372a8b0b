"""Handlers that go with the formatters."""

from __future__ import annotations

import logging
import sys
from copy import copy
from logging.handlers import QueueHandler
from typing import Any, TextIO, cast

from dockerflow.logging.jsonable import as_text, escape_non_ascii
from dockerflow.logging.mozlog import STANDARD_ATTRIBUTES, MozlogFormatter, record_of


class MozlogHandler(logging.StreamHandler[TextIO]):
    """Writes mozlog lines to `stream`; `name` is the ``Logger`` of each.

    Without `stream`, to stdout, or to stderr where stdout is closed. Where the stream's encoding
    lacks a character, its JSON escape is written.
    """

    def __init__(self, stream: TextIO | None = None, name: str = "Dockerflow") -> None:
        super().__init__(_standard_stream() if stream is None else stream)
        self._is_standard = stream is None
        self.logger_name = name
        self.setFormatter(MozlogFormatter())

    def setFormatter(self, fmt: logging.Formatter | None) -> None:  # noqa: N802 - logging's name
        if isinstance(fmt, MozlogFormatter):
            fmt = copy(fmt)  # other handlers may have it too
            fmt.logger_name = self.logger_name
            fmt.ensure_ascii = False
        super().setFormatter(fmt)

    def emit(self, record: logging.LogRecord) -> None:
        if self._is_standard and getattr(self.stream, "closed", False):  # since the start
            stream = _standard_stream()
            if stream is None:
                return
            self.stream = stream
        super().emit(record)

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        return line if line.isascii() or self._can_encode(line) else escape_non_ascii(line)

    def _can_encode(self, line: str) -> bool:
        try:
            line.encode(getattr(self.stream, "encoding", None) or "utf-8")
        except UnicodeEncodeError:
            return False
        return True


def _standard_stream() -> TextIO | None:
    # None where the process was started with the stream closed, as in "command >&-".
    streams = [stream for stream in (sys.stdout, sys.stderr) if stream is not None]
    return next((stream for stream in streams if not getattr(stream, "closed", False)), None)


class MozlogQueueHandler(QueueHandler):
    """Queues records for a :class:`~logging.handlers.QueueListener` with all their fields.

    The standard library's handler makes text of messages that are dicts, and adds exceptions to the
    message. This one puts all fields, and with them the id of the request, as plain data into the
    message of the record that it queues. Such a record can be pickled;
    :class:`~dockerflow.logging.MozlogFormatter` and :class:`~dockerflow.logging.ConsoleFormatter`
    format it like the original.
    """

    def __init__(self, queue: Any) -> None:
        super().__init__(queue)
        self.setFormatter(MozlogFormatter())

    def setFormatter(self, fmt: logging.Formatter | None) -> None:  # noqa: N802 - logging's name
        if isinstance(fmt, MozlogFormatter):  # any other would make text of the fields
            super().setFormatter(fmt)

    def prepare(self, record: logging.LogRecord) -> Any:
        fields = cast(MozlogFormatter, self.formatter).plain_record(record)["Fields"]
        queued = {name: getattr(record, name, None) for name in STANDARD_ATTRIBUTES}
        queued |= dict.fromkeys(["args", "exc_info", "exc_text", "stack_info"])
        if getattr(record, "logger_name", None) is not None:
            queued["logger_name"] = as_text(record.logger_name)  # type: ignore[attr-defined]
        return record_of(queued | {"msg": fields})
