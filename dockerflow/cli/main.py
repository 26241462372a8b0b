"""``python -m dockerflow``: the commands for containers, which need no Django.

Exit status: 0 for success, 1 for a failure, 2 for wrong usage, 130 for Ctrl-C.
"""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from dockerflow.cli import printing
from dockerflow.cli.options import parser

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

# A command imports what it needs when it runs: a health check doesn't load what builds need.
# ruff: noqa: PLC0415


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; raises SystemExit(2) for wrong usage."""
    printing.prepare()
    try:
        status = _run(argv)
    except OSError as error:
        if error.filename is not None:
            raise
        printing.give_up(error)  # it was the output: an unbuffered one raises at once
        return 1
    except KeyboardInterrupt:
        _print_errors(["interrupted"])
        status = 130
    except SystemExit:
        printing.flush()
        raise
    return status if printing.flush() else 1


def _run(argv: Sequence[str] | None) -> int:
    arguments = parser(RUN).parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except ValueError as error:  # what is wrong with the options, beyond what argparse finds
        used: argparse.ArgumentParser = arguments.parser
        used.error(printing.printable(str(error)))


def _version(arguments: argparse.Namespace) -> int:
    from dockerflow.cli.provenance import collect
    from dockerflow.version import KEYS, problem, write

    given = {key: getattr(arguments, key) for key in KEYS}
    if arguments.check is not None:
        if arguments.allow_missing or {*given.values(), arguments.output} != {None}:
            raise ValueError("--check goes with no other option")
        return _check_version(arguments.check)
    version_object, missing = collect(given, os.environ, os.curdir)
    wrong = [sentence for key in version_object if (sentence := problem(version_object, key))]
    if arguments.allow_missing:
        missing = [line.replace(" is missing: ", " is left out: ", 1) for line in missing]
    _print_errors(missing + wrong)
    if missing and not arguments.allow_missing:
        _print_errors(["Give the missing options, or run it in a CI job, or use --allow-missing."])
        return 1
    if wrong:
        return 1
    if arguments.output is None:
        print(printing.json_text(version_object))
        return 0
    try:
        write(version_object, arguments.output)
    except OSError as error:
        _print_errors([f"{arguments.output} cannot be written: {error.strerror}"])
        return 1
    except ValueError as error:
        _print_errors([str(error)])
        return 1
    if missing:
        absent = ", ".join(key for key in KEYS if key not in version_object)
        print(f"Wrote {arguments.output} without {absent}")
    return 0


def _check_version(path: str) -> int:
    from dockerflow.version import problems, read

    try:
        found = [f"{path}: {sentence}" for sentence in problems(read(path))]
    except OSError as error:
        found = [_unreadable(error)]
    except ValueError as error:
        found = [str(error)]
    _print_errors(found)
    if not found:
        print(f"{path}: a valid version object")
    return 1 if found else 0


def _probe(arguments: argparse.Namespace) -> int:
    from dockerflow.cli.probe import default_url, probe

    url = default_url(os.environ) if arguments.url is None else arguments.url
    passed, line = probe(url, arguments.timeout)
    print(line, file=sys.stdout if passed else sys.stderr)
    return 0 if passed else 1


def _rollout(arguments: argparse.Namespace) -> int:
    from dockerflow.cli.rollout_command import run

    try:
        return run(arguments, os.environ)
    except OSError as error:
        if error.filename is None:  # the output, while it shows how far it is
            raise
        raise ValueError(_unreadable(error)) from None


def _verify(arguments: argparse.Namespace) -> int:
    from dockerflow.cli.verify.container import Bounds
    from dockerflow.cli.verify.interrupts import Interrupted, Interrupts
    from dockerflow.cli.verify.run import verify

    if arguments.url is not None and arguments.command is not None:
        raise ValueError("a URL and --command don't go together")
    if arguments.target is not None and arguments.dockerfile is None:
        raise ValueError("--target goes with --dockerfile only")
    if {arguments.url, arguments.command, arguments.dockerfile} == {None}:
        raise ValueError("nothing to verify: give a URL, --command or --dockerfile")
    if (arguments.backing or arguments.optional_backing) and arguments.command is None:
        raise ValueError("--backing and --optional-backing need --command")
    if twice := set(arguments.backing) & set(arguments.optional_backing):
        raise ValueError(f"{min(twice)} is given as --backing and as --optional-backing")
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
        raise ValueError(
            "--dockerfile needs the extra verify: pip install e2b-dockerfile-utils shfmt-py"
        ) from None
    except OSError as error:
        raise ValueError(_unreadable(error)) from None
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


def _unreadable(error: OSError) -> str:
    if error.filename is None:
        return str(error)
    return f"{os.fsdecode(error.filename)} cannot be read: {error.strerror}"


def _print_errors(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        print(printing.printable(sentence), file=sys.stderr)


RUN = {"version": _version, "probe": _probe, "rollout": _rollout, "verify": _verify}
