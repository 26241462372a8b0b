"""A proxy that can also delay, break off and, where root allows it, lose everything."""

import asyncio
import os
import subprocess
import sys
from shutil import which

from dockerflow.cli.verify.proxy import CHUNK, Proxy

NAMESPACE = "CHAOS_NAMESPACE"  # set in the environment of a run that has a network of its own


def enter_namespace() -> str:
    """Start this program again in a network namespace of its own, where packets may be dropped.

    Return an empty string in the program that was started again, else why that is not possible.
    """
    if NAMESPACE in os.environ:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return ""
    path = os.environ.get("PATH", os.defpath) + os.pathsep + "/usr/sbin"
    if missing := [name for name in ("unshare", "ip", "iptables") if not which(name, path=path)]:
        return f"{', '.join(missing)} not there"
    environment = {**os.environ, NAMESPACE: "1", "PATH": path}
    attempt = subprocess.run(
        ["unshare", "--net", "iptables", "--list", "INPUT"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if attempt.returncode == 0:
        again = [sys.executable, "-m", "tests.chaos", *sys.argv[1:]]
        os.execvpe("unshare", ["unshare", "--net", *again], environment)
    return attempt.stderr.strip()


class ChaosProxy(Proxy):
    """Forwards to a server; ``delay`` is what each chunk takes longer, in seconds."""

    delay = 0.0
    is_breaking_off = False  # after half of each answer

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_answer = writer.get_extra_info("peername") != self.target
        while data := await reader.read(CHUNK):
            await asyncio.sleep(self.delay)
            await self._flowing.wait()
            if is_answer and self.is_breaking_off:
                writer.write(data[: len(data) // 2])
                await writer.drain()
                raise ConnectionResetError
            writer.write(data)
            await writer.drain()
        await self._flowing.wait()
        writer.write_eof()

    def drop(self) -> None:
        """Have the kernel drop all packets to and from this proxy."""
        self._iptables("--insert")

    def deliver(self) -> None:
        """Undo :meth:`drop`. What was connected is gone, as after the keepalives of a server."""
        self.cut()  # of which the other end hears nothing yet
        self.restore()
        self._iptables("--delete")

    def _iptables(self, action: str) -> None:
        for end in ("--dport", "--sport"):
            rule = ["--protocol", "tcp", end, str(self.port), "--jump", "DROP"]
            subprocess.run(["iptables", action, "INPUT", *rule], check=True)
