"""``python -m dockerflow``: the commands for containers, which need no Django.

Exit status: 0 for success, 1 for a failure, 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# A command imports what it needs when it runs: a health check doesn't load what builds need.
# ruff: noqa: PLC0415


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; raises SystemExit(2) for wrong usage."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except _UsageError as error:
        parser: argparse.ArgumentParser = arguments.parser
        parser.error(str(error))


class _UsageError(Exception):
    """An error in the options that argparse can't find by itself."""


def _version(arguments: argparse.Namespace) -> int:
    from dockerflow.cli.provenance import collect
    from dockerflow.version import KEYS, dumps, problem, write

    given = {key: getattr(arguments, key) for key in KEYS}
    if arguments.check is not None:
        if arguments.allow_missing or {*given.values(), arguments.output} != {None}:
            raise _UsageError("--check goes with no other option")
        return _check_version(arguments.check)
    version_object, missing = collect(given, os.environ, os.curdir)
    wrong = [sentence for key in version_object if (sentence := problem(version_object, key))]
    _print_errors(missing + wrong)
    if wrong or (missing and not arguments.allow_missing):
        return 1
    if arguments.output is None:
        sys.stdout.write(dumps(version_object))
        return 0
    try:
        write(version_object, arguments.output)
    except (OSError, ValueError) as error:
        _print_errors([str(error)])
        return 1
    return 0


def _check_version(path: str) -> int:
    from dockerflow.version import problems, read

    try:
        found = [f"{path}: {sentence}" for sentence in problems(read(path))]
    except (OSError, ValueError) as error:
        found = [str(error)]
    _print_errors(found)
    if not found:
        print(f"{path}: a valid version object")
    return 1 if found else 0


def _probe(arguments: argparse.Namespace) -> int:
    from dockerflow.cli.probe import default_url, probe

    try:
        passed, line = probe(arguments.url or default_url(os.environ), arguments.timeout)
    except ValueError as error:
        raise _UsageError(str(error)) from None
    print(line, file=sys.stdout if passed else sys.stderr)
    return 0 if passed else 1


def _rollout(arguments: argparse.Namespace) -> int:
    from dockerflow.cli.rollout_command import run

    try:
        return run(arguments, os.environ)
    except (OSError, ValueError) as error:
        raise _UsageError(str(error)) from None


def _verify(arguments: argparse.Namespace) -> int:
    from dockerflow.cli.verify.container import Bounds
    from dockerflow.cli.verify.interrupts import Interrupted, Interrupts
    from dockerflow.cli.verify.run import verify

    if arguments.url and arguments.command:
        raise _UsageError("a URL and --command don't go together")
    if arguments.target is not None and not arguments.dockerfile:
        raise _UsageError("--target goes with --dockerfile only")
    if not (arguments.url or arguments.command or arguments.dockerfile):
        raise _UsageError("nothing to verify: give a URL, --command or --dockerfile")
    if (arguments.backing or arguments.optional_backing) and not arguments.command:
        raise _UsageError("--backing and --optional-backing need --command")
    if twice := set(arguments.backing) & set(arguments.optional_backing):
        raise _UsageError(f"{min(twice)} is given as --backing and as --optional-backing")
    try:
        with Interrupts() as interrupts:
            report = verify(
                url=arguments.url,
                command=arguments.command,
                dockerfile=arguments.dockerfile,
                target=arguments.target,
                backing=arguments.backing,
                optional_backing=arguments.optional_backing,
                bounds=Bounds(arguments.timeout, arguments.start_timeout, arguments.stop_timeout),
                interrupts=interrupts,
            )
    except ImportError:
        raise _UsageError("--dockerfile needs: pip install dockerflow[verify]") from None
    except (OSError, ValueError) as error:
        raise _UsageError(str(error)) from None
    except Interrupted as interrupted:
        _print_errors(["interrupted; nothing is left running"])
        return 128 + interrupted.number
    print(report.json() if arguments.json else report.text(*_terminal()))
    return 0 if report.conforms else 1


def _terminal() -> tuple[int, bool]:
    """Return the width of the output in columns, and whether it has colours."""
    if not sys.stdout.isatty():
        return 100, False
    # https://no-color.org
    return min(shutil.get_terminal_size().columns, 100), not os.environ.get("NO_COLOR")


def _print_errors(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        print(sentence, file=sys.stderr)


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dockerflow",
        description="Commands for Dockerflow containers; they need no Django.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    version = commands.add_parser(
        "version",
        help="write or check the version object",
        description="Write the version object (version.json) from the options, the CI's variables "
        "and git, in this order.",
    )
    version.set_defaults(run=_version, parser=version)
    version.add_argument("--source", metavar="URL", help="of the repository")
    version.add_argument("--version", metavar="TEXT", help="the release; empty if it is none")
    version.add_argument("--commit", metavar="HASH", help="that is built")
    version.add_argument("--build", metavar="URL", help="of the CI job")
    version.add_argument("--output", metavar="PATH", help="write a file instead of printing")
    version.add_argument(
        "--allow-missing", action="store_true", help="leave out a key that is found nowhere"
    )
    version.add_argument("--check", metavar="PATH", help="check an existing file")

    probe = commands.add_parser(
        "probe",
        help="request a URL; exit 0 on a 2xx answer",
        description="Request a URL once. Exit status: 0 on a 2xx answer, 1 on any other or none.",
    )
    probe.set_defaults(run=_probe, parser=probe)
    probe.add_argument(
        "url",
        nargs="?",
        metavar="URL",
        help="http://127.0.0.1:$PORT$SCRIPT_NAME/__lbheartbeat__ by default",
    )
    probe.add_argument(
        "--timeout", metavar="SECONDS", type=_seconds, default=3.0, help="in all; 3 by default"
    )

    rollout = commands.add_parser(
        "rollout",
        help="wait until a deploy is done",
        description="Request /__version__ and /__heartbeat__ of each URL until all answer with the "
        "new build and work. Without an option for the build it is that of version.json, here or "
        "in /app.",
        epilog="Exit status: 0 if it is done, 1 if the time was up, 2 for a wrong usage.",
    )
    rollout.set_defaults(run=_rollout, parser=rollout)
    rollout.add_argument("urls", nargs="+", metavar="URL", help="of what is deployed")
    rollout.add_argument("--commit", metavar="HASH", help="of the new build")
    rollout.add_argument("--version", metavar="TEXT", help="of the new build")
    rollout.add_argument("--build", metavar="URL", help="of the new build's CI job")
    rollout.add_argument(
        "--times",
        metavar="N",
        type=_count,
        default=10,
        help="right answers in a row, each on a new connection; 10 by default",
    )
    rollout.add_argument(
        "--timeout", metavar="SECONDS", type=_seconds, default=300.0, help="in all; 300 by default"
    )
    rollout.add_argument(
        "--token",
        metavar="TOKEN",
        help="of the heartbeat, to see which check fails; $DOCKERFLOW_HEARTBEAT_TOKEN or the file "
        "$DOCKERFLOW_HEARTBEAT_TOKEN_FILE by default",
    )
    rollout.add_argument("--json", action="store_true", help="print the end as JSON, nothing else")

    verify = commands.add_parser(
        "verify",
        help="check a container or Dockerfile against the specification",
        description="Check a running container, or the application that a command starts, and a "
        "Dockerfile against each requirement of the specification.",
        epilog="Exit status: 0 if no requirement failed, 1 if one did, 2 for wrong usage.",
    )
    verify.set_defaults(run=_verify, parser=verify)
    verify.add_argument("url", nargs="?", metavar="URL", help="of a running container")
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
    verify.add_argument("--dockerfile", metavar="PATH", help="read this Dockerfile")
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
            help=f"longest wait {text}; {seconds:g} by default",
        )
    return parser
