"""The rights of an ordinary user, where the tests run as root, who may do everything."""

import os
import pwd
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path


@contextmanager
def ordinary_user() -> Iterator[None]:
    """This process may do what nobody may, as far as files are concerned."""
    os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)


unprivileged = ordinary_user if os.geteuid() == 0 else nullcontext


@contextmanager
def folder_for_all() -> Iterator[Path]:
    """A new folder in which every user may write, unlike in pytest's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder
