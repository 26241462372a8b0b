"""How far a rollout is, on a terminal and elsewhere."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dockerflow.cli.rollout import State

UP = "\x1b[{}A"
ERASE = "\r\x1b[2K"


class Lines:
    """A line for each new fault and for the end, but none for a right answer."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.shown: dict[int, str] = {}

    def show(self, states: Sequence[State]) -> None:
        """Print what has changed."""
        for number, state in enumerate(states):
            if state.is_news and self.shown.get(number) != state.text:
                self.shown[number] = state.text
                print(f"{state.url}: {state.text}", file=self.stream, flush=True)


class Terminal:
    """One line for each URL, written again when it changes."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.height = 0

    def show(self, states: Sequence[State]) -> None:
        """Print all states in the place of those before."""
        columns = shutil.get_terminal_size().columns - 1
        text = UP.format(self.height) if self.height else ""
        for state in states:
            line = f"{state.url}: {state.text}"
            line = line if len(line) <= columns else line[: max(columns - 3, 0)] + "..."
            text += f"{ERASE}{line}\n"
        self.height = len(states)
        self.stream.write(text)
        self.stream.flush()


def progress(stream: TextIO, count: int, term: str) -> Lines | Terminal:
    """Return what shows ``count`` URLs on ``stream``; ``term`` is the kind of its terminal."""
    fits = count < shutil.get_terminal_size().lines
    return Terminal(stream) if stream.isatty() and term != "dumb" and fits else Lines(stream)
