"""Logs in the mozlog schema, one line of JSON a record, with the id of the request in each."""

from dockerflow.logging.access import AccessFilter, HypercornFilter, UvicornFilter
from dockerflow.logging.console import ConsoleFormatter
from dockerflow.logging.dictconfig import JsonLogFormatter, SafeJSONEncoder, config
from dockerflow.logging.handlers import MozlogHandler, MozlogQueueHandler
from dockerflow.logging.mozlog import MozlogFormatter
from dockerflow.logging.request_id import (
    RequestIdLogFilter,
    get_or_generate_request_id,
    request_id_context,
)
from dockerflow.logging.tracebacks import safer_format_traceback

__all__ = [
    "AccessFilter",
    "ConsoleFormatter",
    "HypercornFilter",
    "JsonLogFormatter",
    "MozlogFormatter",
    "MozlogHandler",
    "MozlogQueueHandler",
    "RequestIdLogFilter",
    "SafeJSONEncoder",
    "UvicornFilter",
    "config",
    "get_or_generate_request_id",
    "request_id_context",
    "safer_format_traceback",
]
