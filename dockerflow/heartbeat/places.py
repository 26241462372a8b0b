"""Where a thread is: the line of code that waits."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from types import CodeType, FrameType

from dockerflow.scrub import scrub

_PACKAGES = "site-packages", "dist-packages"
_OWN = f"{Path(__file__).parents[1]}/"  # this package, wherever it is installed
_STANDARD_LIBRARY = f"{Path(os.__file__).parent}/"


def frames_inside(thread: int | None, code: CodeType) -> list[FrameType]:
    """The frames of a thread, by its number, inside the call of ``code``; the innermost is last."""
    frame = sys._current_frames().get(thread or 0)
    return [*takewhile(lambda frame: frame.f_code is not code, _outwards(frame))][::-1]


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def stack(frames: list[FrameType]) -> str | None:
    """The frames as a traceback shows them, without credentials; None without any."""
    lines = ((frame, frame.f_lineno) for frame in frames)
    return scrub("".join(traceback.StackSummary.extract(lines).format())) or None


def place(frames: list[FrameType]) -> str | None:
    """The innermost line of the project, else of a library, as ``shop.stock, line 7, in ask``."""
    wanted = (
        frame
        for is_wanted in (_is_of_project, _is_of_library)
        for frame in reversed(frames)
        if is_wanted(frame)
    )
    frame = next(wanted, None)
    if frame is None:
        return None
    return f"{frame.f_globals.get('__name__')}, line {frame.f_lineno}, in {frame.f_code.co_name}"


def _is_of_library(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    return any(f"/{name}/" in file for name in _PACKAGES) and not file.startswith(_OWN)


def _is_of_project(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    known = (_OWN, _STANDARD_LIBRARY, "<")
    return not file.startswith(known) and not any(f"/{name}/" in file for name in _PACKAGES)
