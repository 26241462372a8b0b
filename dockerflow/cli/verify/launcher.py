"""Starts a command for verify, and kills whatever is left of it when standard input ends.

Run as a program, ``python -I launcher.py FD MODE COMMAND...``, so that it is independent of the
package and of the process that called verify: orphans of the command become children of this
process, and it cleans up also where the caller was killed.

MODE is ``process-1`` (the command is process 1 of a PID namespace of its own, as in a container) or
``process``. To the file descriptor FD it writes a line for each event: ``started PID`` and
``ended STATUS`` (-N for signal N), or ``failed REASON``, or ``refused REASON`` where the system
does not allow a namespace.

https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

KILL_SECONDS = 5.0
POLL_SECONDS = 0.02
# from <linux/sched.h>, <linux/mount.h> and <linux/prctl.h>
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x00020000, 0x10000000, 0x20000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 0x2, 0x4, 0x8, 0x4000, 0x40000
PR_SET_CHILD_SUBREAPER = 36


def main() -> None:
    """Start the command, wait for its end and for the end of standard input."""
    reports, mode, *command = int(sys.argv[1]), *sys.argv[2:]
    as_process_1 = mode == "process-1"
    # a container ignores and blocks no signal; nohup, background jobs and parents do
    for number in (signal.SIGCHLD, signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    try:
        if sys.platform == "linux":
            _call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        if as_process_1:
            _enter_pid_namespace()
    except OSError as error:
        _report(reports, f"refused {error.strerror}")
        return
    try:
        process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            # this process has one thread
            preexec_fn=_mount_proc if as_process_1 else None,  # noqa: PLW1509
        )
    except OSError as error:
        _report(reports, f"failed {error.strerror}: {error.filename}")
    except subprocess.SubprocessError:
        _report(reports, "refused mount of /proc: not permitted")
    else:
        _report(reports, f"started {process.pid}")
        _wait(process, reports)


def _wait(process: subprocess.Popen[bytes], reports: int) -> None:
    """Reap children until none is left; kill them once standard input has ended."""
    deadline: float | None = None
    while deadline is None or time.monotonic() < deadline:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == process.pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            _report(reports, f"ended {process.returncode}")
        elif pid == 0 and deadline is not None:
            _kill(process.pid)
            time.sleep(POLL_SECONDS / 2)
        elif pid == 0 and select.select([sys.stdin], [], [], POLL_SECONDS)[0]:
            deadline = time.monotonic() + KILL_SECONDS


def _kill(leader: int) -> None:
    """Kill every child; their children come here next. Elsewhere than on Linux: the group."""
    if sys.platform != "linux":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)
    me = str(os.getpid())
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # the name of the program stands in parentheses and may hold any character
            _, parent, *_ = path.read_text(errors="replace").rpartition(")")[2].split()
            if parent == me:
                os.kill(int(path.parent.name), signal.SIGKILL)


def _enter_pid_namespace() -> None:
    """Make the next child process 1 of a new namespace; raises OSError where that is forbidden.

    Without root's rights this takes a user namespace too, in which user and group stay the same.
    """
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        _call("unshare", CLONE_NEWPID)
        return
    _call("unshare", CLONE_NEWPID | CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")


def _mount_proc() -> None:
    """Give the command, which this runs in just before it starts, the /proc of its namespace."""
    _call("unshare", CLONE_NEWNS)
    _call("mount", None, b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None)
    flags = ctypes.c_ulong(MS_NOSUID | MS_NODEV | MS_NOEXEC)
    _call("mount", b"proc", b"/proc", b"proc", flags, None)


def _call(function: str, *arguments: object) -> None:
    """Call a function of the C library; raises OSError where it returns an error."""
    if ctypes.CDLL(None, use_errno=True)[function](*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")


def _report(descriptor: int, line: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(descriptor, f"{line}\n".encode())


if __name__ == "__main__":
    main()
