"""What a check returns, short enough to be compared whole."""

import re
from collections.abc import Callable
from typing import Any

from django.core.checks import CheckMessage

Short = tuple[int, str, str]


def short(check: Callable[..., list[CheckMessage]], **arguments: Any) -> list[Short]:
    """Level, id and text of each message; what follows a colon, a driver's words, is "..."."""
    return [
        (message.level, message.id, re.sub(r"(?<=: )[^:].*", "...", message.msg, flags=re.DOTALL))
        for message in check(app_configs=None, **arguments)
    ]
