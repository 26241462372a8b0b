"""``python -m dockerflow rollout``: what it is given, what it prints, how it ends."""

from __future__ import annotations

import json
import shutil
import sys
import time
from typing import TYPE_CHECKING

from dockerflow.cli.printing import printable
from dockerflow.cli.rollout import Rollout, expected_build
from dockerflow.secret import EXPECTED, both_are_set, parse, read_file, refuse_quotes_and_comments
from dockerflow.version import FILES, KEYS, read

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from dockerflow.cli.rollout import State

TOKEN = "DOCKERFLOW_HEARTBEAT_TOKEN"  # noqa: S105 (a name)
TOKEN_FILE = f"{TOKEN}_FILE"
UP = "\x1b[{}A"
ERASE = "\r\x1b[2K"


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Wait for the rollout and return the exit status: 0, or 1 where the time was up.

    Raises ValueError or OSError where the options can't be right.
    """
    given = {key: getattr(arguments, key) for key in ("version", "commit", "build")}
    rollout = Rollout(
        arguments.urls,
        expected_build(given) or _version_object(),
        times=arguments.times,
        timeout=arguments.timeout,
        token=_token(arguments.token, environ),
    )
    begun = time.monotonic()
    is_terminal = sys.stdout.isatty() and environ.get("TERM") != "dumb"
    fits = len(rollout.states) < shutil.get_terminal_size().lines
    progress = _Terminal() if is_terminal and fits else _Lines()
    for states in rollout.run():
        if not arguments.json:
            progress.show(states)
    if arguments.json:
        print(_report(rollout, time.monotonic() - begun))
    elif not rollout.done:
        print(f"not done after {rollout.timeout:g} s:", file=sys.stderr)
        for state in rollout.states:
            if not state.done:
                print(f"{state.url}: {state.text}", file=sys.stderr)
    return 0 if rollout.done else 1


class _Lines:
    """A line for each new fault and for the end, but none for a right answer."""

    def __init__(self) -> None:
        self.shown: dict[int, str] = {}

    def show(self, states: Sequence[State]) -> None:
        """Print what has changed."""
        for number, state in enumerate(states):
            if state.is_news and self.shown.get(number) != state.text:
                self.shown[number] = state.text
                print(f"{state.url}: {state.text}", flush=True)


class _Terminal:
    """One line for each URL, written again when it changes."""

    def __init__(self) -> None:
        self.height = 0

    def show(self, states: Sequence[State]) -> None:
        """Print all states in the place of those before."""
        columns = shutil.get_terminal_size().columns - 1
        text = UP.format(self.height) if self.height else ""
        for state in states:
            line = printable(f"{state.url}: {state.text}", max(columns, 3))
            text += f"{ERASE}{line}\n"
        self.height = len(states)
        print(text, end="", flush=True)


def _report(rollout: Rollout, seconds: float) -> str:
    report = {
        "done": rollout.done,
        "seconds": round(seconds, 1),
        "expected": dict(rollout.expected),
        "urls": [state._asdict() for state in rollout.states],
    }
    return json.dumps(report, indent=2)


def _version_object() -> dict[str, str]:
    for path in FILES:
        try:
            found = read(path)
        except FileNotFoundError:
            continue
        expected = {key: found[key] for key in KEYS if isinstance(found.get(key), str)}
        # The source is the same for all builds, and so is the version of what is no release.
        if any(expected.get(key, "").strip() for key in ("commit", "version", "build")):
            return expected
        raise ValueError(f"{path} does not say which build it is")
    raise ValueError("which build? Give --commit, --version or --build, or run beside version.json")


def _token(given: str | None, environ: Mapping[str, str]) -> str | None:
    """Return the token of the heartbeat, by the rules of the setting of that name.

    Raises ValueError where it can't be one.
    """
    text, source = given, "--token"
    if text is None:
        text, path = environ.get(TOKEN, "").strip(), environ.get(TOKEN_FILE, "").strip()
        source = f"{TOKEN} (environment)"
        if text and path:
            raise ValueError(both_are_set(TOKEN, "environment"))
        if path:
            text, source = read_file(TOKEN_FILE, path, "environment"), f"{TOKEN_FILE}, {path}"
            source = f"{TOKEN} ({source})"
        elif not text:
            return None
    try:
        refuse_quotes_and_comments(text)
        return parse(text)
    except ValueError as error:
        raise ValueError(f"{source}: (hidden) {error}. Expected {EXPECTED}.") from None
