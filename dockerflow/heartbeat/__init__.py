"""The heartbeat engine: runs checks within a deadline and returns a report. Needs no Django."""

from dockerflow.heartbeat.engine import Answer, Heartbeat
from dockerflow.heartbeat.report import LEVELS, Check, Message, Report, Result, status
from dockerflow.heartbeat.runs import Hooks

__all__ = [
    "LEVELS",
    "Answer",
    "Check",
    "Heartbeat",
    "Hooks",
    "Message",
    "Report",
    "Result",
    "status",
]
