"""The options of ``python -m dockerflow``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 86400:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of seconds from above 0 to 86400"
        )
    return seconds


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 1000):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1000")
    return int(text)


def _path(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("it is empty: is the variable set?")
    return text


def parser(run: Mapping[str, Callable[[argparse.Namespace], int]]) -> argparse.ArgumentParser:
    """Return the parser of all commands.

    What it parses has ``run``, the function of the command, and ``parser``, that of its options.
    """
    top = argparse.ArgumentParser(
        prog="python -m dockerflow",
        description="Commands for Dockerflow containers; they need no Django.",
    )
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    version = commands.add_parser(
        "version",
        help="write or check the version object",
        description="Write the version object (version.json) from the options, the CI's variables "
        "and git, in this order.",
    )
    version.set_defaults(run=run["version"], parser=version)
    version.add_argument("--source", metavar="URL", help="URL of the repository")
    version.add_argument(
        "--version",
        metavar="TEXT",
        help="name of the release; empty if this build is not a release",
    )
    version.add_argument("--commit", metavar="HASH", help="hash of the commit being built")
    version.add_argument("--build", metavar="URL", help="URL of the CI job")
    version.add_argument(
        "--output", metavar="PATH", type=_path, help="write to this file instead of printing"
    )
    version.add_argument(
        "--allow-missing", action="store_true", help="leave out a key whose value is not found"
    )
    version.add_argument("--check", metavar="PATH", type=_path, help="check an existing file")

    probe = commands.add_parser(
        "probe",
        help="request a URL; exit 0 on a 2xx answer",
        description="Request a URL once. Exit status: 0 on a 2xx answer, 1 on any other or none.",
    )
    probe.set_defaults(run=run["probe"], parser=probe)
    probe.add_argument(
        "url",
        nargs="?",
        metavar="URL",
        help="the URL to request (default http://127.0.0.1:$PORT$SCRIPT_NAME/__lbheartbeat__)",
    )
    probe.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        default=3.0,
        help="total time limit in seconds (default 3)",
    )

    rollout = commands.add_parser(
        "rollout",
        help="wait until a deploy is done",
        description="Request /__version__ and /__heartbeat__ of each URL until every URL serves "
        "the new build and its heartbeat passes. The expected build comes from the options, or "
        "else from version.json here or in /app.",
        epilog="Exit status: 0 if it is done, 1 if the time was up, 2 for wrong usage.",
    )
    rollout.set_defaults(run=run["rollout"], parser=rollout)
    rollout.add_argument("urls", nargs="+", metavar="URL", help="base URL of a deployment")
    rollout.add_argument("--commit", metavar="HASH", help="commit hash of the new build")
    rollout.add_argument("--version", metavar="TEXT", help="version of the new build")
    rollout.add_argument("--build", metavar="URL", help="URL of the new build's CI job")
    rollout.add_argument(
        "--times",
        metavar="N",
        type=_count,
        default=10,
        help="correct answers in a row, each on a new connection (default 10)",
    )
    rollout.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        default=300.0,
        help="total time limit in seconds (default 300)",
    )
    rollout.add_argument(
        "--token",
        metavar="TOKEN",
        help="token of the heartbeat, to see which check fails (default: "
        "$DOCKERFLOW_HEARTBEAT_TOKEN, or the file $DOCKERFLOW_HEARTBEAT_TOKEN_FILE)",
    )
    rollout.add_argument("--json", action="store_true", help="print only a final JSON report")

    verify = commands.add_parser(
        "verify",
        help="check a container or Dockerfile against the specification",
        description="Check a running container, or the application that a command starts, and a "
        "Dockerfile against each requirement of the specification.",
        epilog="Exit status: 0 if no requirement failed, 1 if one did, 2 for wrong usage.",
    )
    verify.set_defaults(run=run["verify"], parser=verify)
    verify.add_argument("url", nargs="?", metavar="URL", help="base URL of a running container")
    verify.add_argument(
        "--command",
        metavar="COMMAND",
        help="start this with a free $PORT, check it and stop it; it is run without a shell, and "
        "$NAME is replaced",
    )
    verify.add_argument(
        "--backing",
        metavar="NAME",
        action="append",
        default=[],
        help="cut off and silence the service that this variable's URL points to, and see whether "
        "the heartbeat fails meanwhile and passes afterwards; may be repeated",
    )
    verify.add_argument(
        "--optional-backing",
        metavar="NAME",
        action="append",
        default=[],
        help="the same for a service without which the heartbeat must pass; may be repeated",
    )
    verify.add_argument("--dockerfile", metavar="PATH", type=_path, help="Dockerfile to check")
    verify.add_argument(
        "--target", metavar="STAGE", help="check this stage of the Dockerfile, not the last one"
    )
    verify.add_argument("--json", action="store_true", help="print the report as JSON")
    for option, seconds, text in (
        ("--timeout", 10.0, "for one answer"),
        ("--start-timeout", 30.0, "until the first answer"),
        ("--stop-timeout", 10.0, "after SIGTERM"),
    ):
        verify.add_argument(
            option,
            metavar="SECONDS",
            type=_seconds,
            default=seconds,
            help=f"longest wait {text} in seconds (default {seconds:g})",
        )
    return top
