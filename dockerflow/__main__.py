"""``python -m dockerflow``: what a container needs and no Django.

Exit status: 0, 1 for a problem, 2 for a wrong usage.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# A command imports what it needs when it runs: a health check doesn't load what builds need.
# ruff: noqa: PLC0415


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status, 0 or 1; a wrong usage exits with 2."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except _UsageError as error:
        parser: argparse.ArgumentParser = arguments.parser
        parser.error(str(error))


class _UsageError(Exception):
    """What is wrong with the options, where argparse can't see it."""


def _version(arguments: argparse.Namespace) -> int:
    from dockerflow.provenance import collect
    from dockerflow.version import KEYS, dumps, problem, write

    given = {key: getattr(arguments, key) for key in KEYS}
    if arguments.check is not None:
        if arguments.allow_missing or {*given.values(), arguments.output} != {None}:
            raise _UsageError("--check goes with no other option")
        return _check_version(arguments.check)
    version_object, missing = collect(given, os.environ, os.curdir)
    wrong = [sentence for key in version_object if (sentence := problem(version_object, key))]
    _complain(missing + wrong)
    if wrong or (missing and not arguments.allow_missing):
        return 1
    if arguments.output is None:
        sys.stdout.write(dumps(version_object))
        return 0
    try:
        write(version_object, arguments.output)
    except (OSError, ValueError) as error:
        _complain([str(error)])
        return 1
    return 0


def _check_version(path: str) -> int:
    from dockerflow.version import problems, read

    try:
        found = [f"{path}: {sentence}" for sentence in problems(read(path))]
    except (OSError, ValueError) as error:
        found = [str(error)]
    _complain(found)
    if not found:
        print(f"{path}: a good version object")
    return 1 if found else 0


def _probe(arguments: argparse.Namespace) -> int:
    from dockerflow.probe import default_url, probe

    try:
        passed, line = probe(arguments.url or default_url(os.environ), arguments.timeout)
    except ValueError as error:
        raise _UsageError(str(error)) from None
    print(line, file=sys.stdout if passed else sys.stderr)
    return 0 if passed else 1


def _complain(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        print(sentence, file=sys.stderr)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 86400:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of seconds (above 0, one day at most)"
        )
    return seconds


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dockerflow", description="What a Dockerflow container needs."
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
    version.add_argument("--check", metavar="PATH", help="say what is wrong with an existing file")

    probe = commands.add_parser(
        "probe",
        help="ask a health check's question once",
        description="Ask for a URL once and exit with 0 if it answers 2xx, 1 if it doesn't.",
    )
    probe.set_defaults(run=_probe, parser=probe)
    probe.add_argument(
        "url", nargs="?", metavar="URL", help="http://127.0.0.1:$PORT/__lbheartbeat__ by default"
    )
    probe.add_argument(
        "--timeout", metavar="SECONDS", type=_seconds, default=3.0, help="in all; 3 by default"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
