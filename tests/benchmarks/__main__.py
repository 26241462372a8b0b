"""The benchmarks, or some: see ``python -m tests.benchmarks --help``.

What counts is the ratios within one run; machines differ, and are busy at times.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

BENCHMARKS = ["heartbeat", "imports", "logs", "requests"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("benchmark", nargs="*", help=f"of {', '.join(BENCHMARKS)}; all by default")
    parser.add_argument("--rounds", type=int, help="how often each candidate has its turn")
    parser.add_argument(
        "--baseline", type=Path, metavar="DIR", help="an older checkout, to compare this one with"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.benchmark) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ)
        if arguments.baseline:
            package = (arguments.baseline / "dockerflow").resolve(strict=True)
            # Of the old checkout nothing else is imported: its tests may be others.
            Path(folder, "dockerflow").symlink_to(package)
            environment["BASELINE_DOCKERFLOW"] = folder
        rounds = [str(arguments.rounds)] if arguments.rounds else []
        for name in arguments.benchmark or BENCHMARKS:
            command = [sys.executable, "-m", f"tests.benchmarks.{name}", *rounds]
            subprocess.run(command, env=environment, check=True)


main()
