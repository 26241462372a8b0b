"""Container images, built and run by buildah: without a daemon, and no registry is asked.

The image that a Dockerfile starts from is made of this Python and what that needs of the machine;
pip, inside, finds what it installs in a folder of wheels that the machine's own pip filled.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.support.process import STOP_TIMEOUT, Failed, Missing, find_program, python_path
from tests.support.watchdog import family
from tests.support.web import Server

PYTHON_VERSION = "{}.{}".format(*sys.version_info)
USER = 10001
PIP_CONF = "[global]\nno-index = true\nfind-links = /wheels\n"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
PROGRAMS = ("sh", "groupadd", "useradd")
# what a wheel for manylinux may count on, beside libc.so.6
# https://peps.python.org/pep-0599/#the-manylinux2014-policy
LIBRARIES = (
    *("libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libresolv.so.2", "libutil.so.1"),
    *("libgcc_s.so.1", "libstdc++.so.6"),
)


def shared_objects(binaries: Iterable[Path]) -> set[Path]:
    """Return what the dynamic linker loads for these."""
    # It fails for what this Python brings libraries for that are newer than the system's.
    listed = subprocess.run(
        ["ldd", *binaries],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    return {Path(path) for path in re.findall(r"(?:=> |^\t)(/\S+)", listed.stdout, re.MULTILINE)}


def make_slim_system(root: Path) -> None:
    """Fill ``root`` with a Linux of Python and of what Dockerfiles expect to find beside it."""
    prefix = Path(sys.base_prefix)
    unneeded = ("__pycache__", "config-*", "include", "share", "site-packages", "test", "tests")
    ignore = shutil.ignore_patterns(*unneeded)
    shutil.copytree(prefix, root / prefix.relative_to("/"), symlinks=True, ignore=ignore)
    (root / "usr").mkdir()
    (root / "usr/local").symlink_to(prefix)
    python = root / prefix.relative_to("/") / "bin/python"
    if not python.exists():
        python.symlink_to(f"python{PYTHON_VERSION}")
    programs = [find_program(name, hint="apt-get install passwd") for name in PROGRAMS]
    loaded = shared_objects([*programs, *prefix.rglob("*.so")])
    system = next(path.parent for path in loaded if path.name == "libc.so.6")
    for source in {*programs, *loaded, *(system / name for name in LIBRARIES)}:
        if prefix not in source.parents:
            target = root / source.relative_to("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    zones = Path("usr/share/zoneinfo")
    ignore = shutil.ignore_patterns("posix", "right")
    shutil.copytree("/" / zones, root / zones, symlinks=True, ignore=ignore)
    for folder in ("etc", "root", "tmp"):
        (root / folder).mkdir(exist_ok=True)
    (root / "tmp").chmod(0o1777)
    if CERTIFICATES.exists():  # Debian's pip takes them from there
        certificates = root / CERTIFICATES.relative_to("/")
        certificates.parent.mkdir(parents=True)
        shutil.copy(CERTIFICATES, certificates)
    (root / "bin").symlink_to("usr/bin")
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
    (root / "etc/ld.so.conf").write_text("/usr/local/lib\n")
    ldconfig = find_program("ldconfig", folders=[Path("/sbin")], hint="it is part of libc-bin")
    subprocess.run([ldconfig, "-r", root], check=True)


def memory() -> str | None:
    """Return where files live in memory, if there is plenty: a disk takes a minute to drop ours."""
    found = os.statvfs("/dev/shm")
    plenty = found.f_bavail * found.f_frsize > 4 << 30
    return "/dev/shm" if plenty and not found.f_flag & os.ST_NOEXEC else None


class Buildah:
    """A place for images and containers, which are gone with the ``with`` block."""

    def __init__(self) -> None:
        self.program = find_program("buildah", hint="apt-get install buildah")
        if os.geteuid() != 0:
            raise Missing("buildah without a daemon takes root's rights")
        if sys.base_prefix == "/usr":
            raise Missing("an image takes a Python with a folder of its own, such as pyenv's")
        self.folder = Path(tempfile.mkdtemp(prefix="buildah-", dir=memory()))
        self._containers: dict[str, str] = {}
        self._watchdog = subprocess.Popen(
            [sys.executable, "-m", "tests.support.watchdog", self.folder],
            env={**os.environ, "PYTHONPATH": python_path()},
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def __enter__(self):
        try:
            make_slim_system(self.folder / "slim")
            (self.folder / "wheels").mkdir()
            (self.folder / "pip.conf").write_text(PIP_CONF)
            (self.folder / "Dockerfile").write_text(
                "FROM scratch\n"
                "COPY slim /\n"
                "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin\n"
            )
            self.build(f"python:{PYTHON_VERSION}-slim", self.folder)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._watchdog.communicate()

    def fetch(self, *requirements: str | Path) -> None:
        """Put wheels of these, as pip's command line names them, where builds find them."""
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet"]
        run([*pip, "--wheel-dir", self.folder / "wheels", *requirements])

    def build(
        self, image: str, context: Path, *, dockerfile: Path | None = None, **arguments: str
    ) -> None:
        """Build ``image`` with these build arguments; the Dockerfile is the context's own if None.

        Raises:
            Failed: with all that was said, when it can't be built.
        """
        arguments = {"PYTHON_VERSION": PYTHON_VERSION, **arguments}
        options = [
            *("--isolation", "chroot", "--pull-never"),
            *("--format", "docker"),  # the other one has no HEALTHCHECK
            *("--volume", f"{self.folder}/wheels:/wheels:ro"),
            *("--volume", f"{self.folder}/pip.conf:/etc/pip.conf:ro"),
            *(f"--build-arg={name}={value}" for name, value in arguments.items()),
            *("--file", dockerfile or context / "Dockerfile"),
        ]
        run([*self._buildah("build"), *options, "--tag", image, context])

    def config(self, image: str) -> dict[str, Any]:
        """Return what the image says about how it is run."""
        described = json.loads(run(self._buildah("inspect", "--type", "image", image)))
        return described["Docker"]["config"]

    def container(self, image: str) -> str:
        """Return the name of the image's container: one serves all, nothing writes into it."""
        if image not in self._containers:
            made = run(self._buildah("from", "--pull-never", image))
            self._containers[image] = made.strip()
        return self._containers[image]

    def mount(self, container: str) -> Path:
        """Return the folder that is the container's file system."""
        return Path(run(self._buildah("mount", container)).strip())

    def command(
        self, container: str, words: Sequence[str], environment: dict[str, str]
    ) -> list[str | Path]:
        """Return what runs ``words`` in the container, as the image's user and in its folder."""
        variables = [f"--env={name}={value}" for name, value in environment.items()]
        options = ["--isolation", "chroot", *variables]
        return [*self._buildah("run"), *options, container, "--", *words]

    def _buildah(self, *words: str) -> list[str | Path]:
        storage = ["--storage-driver", "vfs", "--root", self.folder / "storage"]
        return [self.program, *storage, "--runroot", self.folder / "run", *words]


class Container(Server):
    """A container on ``port``: what ``docker run IMAGE WORDS`` starts."""

    def __init__(self, buildah: Buildah, image: str, *words: str, **environment: str) -> None:
        super().__init__(**environment)
        self._buildah = buildah
        self._container = buildah.container(image)
        config = buildah.config(image)
        self._words = [*config["Entrypoint"], *(words or config["Cmd"])]

    def command(self) -> list[str | Path]:
        return self.inside(self._words)

    def inside(self, words: Sequence[str]) -> list[str | Path]:
        """Return the command that runs ``words`` in this container: ``docker exec``."""
        environment = {"PORT": str(self.port), **self._environment}
        return self._buildah.command(self._container, words, environment)

    def written(self) -> list[Path]:
        """Return the files that its user has written."""
        root = self._buildah.mount(self._container)
        return [path for path in root.rglob("*") if path.lstat().st_uid == USER]

    def terminate(self) -> int:
        """Send SIGTERM to the first process, as ``docker stop`` does; return its exit status."""
        # before it is buildah's own child, which became the user to start it
        _, first, *_ = (process for process in family(self.pid) if process.uids().real == USER)
        first.terminate()
        return self._process.wait(STOP_TIMEOUT)


def run(command: Sequence[str | Path], **options: Any) -> str:
    """Run a command to its end and return what it wrote to stdout.

    Raises:
        Failed: it exited with anything but 0.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        raise Failed(f"{command} exited with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
