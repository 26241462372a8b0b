"""Ends what a test run started, however the run itself ends.

``python -m tests.support.watchdog FOLDER`` reads process ids, one a line. When its input ends (the
run closed it, crashed or was killed: the kernel closes a dead process's pipes), it ends those
processes with all their descendants and removes FOLDER.
"""

import contextlib
import os
import shutil
import signal
import sys

import psutil

GRACE = 5  # seconds: PostgreSQL needs a moment to give its shared memory back


def family(pid: int) -> list[psutil.Process]:
    """Return the process and its descendants, parents first; nothing if it is gone."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def send(what: signal.Signals, processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(what)


def main(folder: str) -> None:
    # A number is another process's before long: psutil knows each by its start as well.
    started = []
    for line in sys.stdin:
        with contextlib.suppress(psutil.NoSuchProcess):
            started.append(psutil.Process(int(line)))
    running = [process for process in started if process.is_running()]
    processes = [member for process in running for member in family(process.pid)]
    send(signal.SIGTERM, processes)
    send(signal.SIGCONT, processes)  # the run may have died while they were frozen
    _, processes = psutil.wait_procs(processes, timeout=GRACE)
    send(signal.SIGKILL, processes)
    psutil.wait_procs(processes, timeout=GRACE)
    for process in started:  # children that outlived the process itself
        if process.is_running() or not psutil.pid_exists(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
