"""``python -m dockerflow rollout``: what it is given, what it prints, how it ends."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from dockerflow.cli.progress import progress
from dockerflow.cli.rollout import Rollout, expected_build
from dockerflow.version import KEYS, read

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

TOKEN = "DOCKERFLOW_HEARTBEAT_TOKEN"  # noqa: S105 (a name)
VERSION_FILES = (Path("version.json"), Path("/app/version.json"))


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Wait for the rollout and return the exit status: 0, 1 where the time was up, 130 for Ctrl-C.

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
    shown = progress(sys.stdout, len(rollout.states), environ.get("TERM", ""))
    try:
        for states in rollout.run():
            if not arguments.json:
                shown.show(states)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    if arguments.json:
        print(_report(rollout, time.monotonic() - begun))
    elif not rollout.done:
        print(f"not done after {rollout.timeout:g} s:", file=sys.stderr)
        for state in rollout.states:
            if not state.done:
                print(f"{state.url}: {state.text}", file=sys.stderr)
    return 0 if rollout.done else 1


def _report(rollout: Rollout, seconds: float) -> str:
    report = {
        "done": rollout.done,
        "seconds": round(seconds, 1),
        "expected": dict(rollout.expected),
        "urls": [state._asdict() for state in rollout.states],
    }
    return json.dumps(report, indent=2)


def _version_object() -> dict[str, str]:
    for path in VERSION_FILES:
        try:
            found = read(path)
        except FileNotFoundError:
            continue
        if expected := {key: found[key] for key in KEYS if isinstance(found.get(key), str)}:
            return expected
        raise ValueError(f"{path} does not say which build it is")
    raise ValueError("which build? Give --commit, --version or --build, or run beside version.json")


def _token(given: str | None, environ: Mapping[str, str]) -> str | None:
    token, source = given, "--token"
    if token is None:
        token, source = environ.get(TOKEN), TOKEN
    path = environ.get(f"{TOKEN}_FILE")
    if not token and path:
        token, source = Path(path).read_text(encoding="utf-8-sig"), f"{TOKEN}_FILE"
    token = (token or "").strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ValueError(f"the token of {source} has characters that no header can have")
    return token or None
