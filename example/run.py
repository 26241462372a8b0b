"""Serve the example on ``$PORT``, 8000 by default: ``python3 example/run.py``.

Needs Python 3.11 or later. What it installs and writes stays in this checkout.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 (whoever clones this may have an older one)
    sys.exit("example/run.py needs Python 3.11 or later; this is " + sys.version.split()[0])

try:
    import ensurepip  # noqa: F401 (Debian packages it apart, and venv fails late without it)
    import venv
except ImportError:
    sys.exit("example/run.py makes a virtual environment; on Debian: apt-get install python3-venv")

import os
import secrets
import shlex
import socket
import subprocess
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent
CHECKOUT = EXAMPLE.parent
VENV = EXAMPLE / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = EXAMPLE / "requirements.txt"


def install() -> None:
    """Make the virtual environment, again where this Python or the requirements are others."""
    stamp = VENV / "installed.txt"
    needed = "\n".join(
        [sys.version, str(CHECKOUT), (CHECKOUT / "setup.py").read_text(), REQUIREMENTS.read_text()]
    )
    if stamp.exists() and stamp.read_text() == needed:
        return
    print(f"Installing the example in {VENV}", flush=True)
    # Or pip writes into the home directory.
    os.environ.update(PIP_NO_CACHE_DIR="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
    venv.create(VENV, clear=True, symlinks=True, with_pip=True)
    run([PYTHON, "-m", "pip", "install", "--quiet", "--editable", ".", "-r", REQUIREMENTS])
    stamp.write_text(needed)


def run(command: list[str | Path], *, quiet: bool = False, **environment: str) -> None:
    """Run a command, which has to succeed; a quiet one shows its output only if it does not."""
    arguments = [str(argument) for argument in command]
    env = {**os.environ, **environment}
    done = subprocess.run(  # noqa: S603
        arguments, cwd=CHECKOUT, env=env, capture_output=quiet, text=True, check=False
    )
    if done.returncode:
        sys.stderr.write((done.stdout or "") + (done.stderr or ""))
        sys.exit(f"example/run.py stopped: this failed: {shlex.join(arguments)}")


def check_port(port: str) -> None:
    """Stop where the server could not listen."""
    try:
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("0.0.0.0", int(port)))  # noqa: S104 (as gunicorn does)
    except (ValueError, OverflowError):
        sys.exit(f"PORT is {port!r}, which is not the number of a port")
    except OSError as error:
        sys.exit(
            f"Port {port} cannot be used ({error.strerror}). Choose another one with PORT=8001"
        )


def main() -> None:
    environment = {
        "PORT": os.environ.get("PORT") or "8000",
        "SECRET_KEY": os.environ.get("SECRET_KEY") or secrets.token_urlsafe(50),
        # Everybody may see the page with the checks: nothing here is secret.
        "DOCKERFLOW_HEARTBEAT_DETAILS": os.environ.get("DOCKERFLOW_HEARTBEAT_DETAILS") or "always",
    }
    check_port(environment["PORT"])
    install()
    manage = [PYTHON, EXAMPLE / "manage.py"]
    version_object = EXAMPLE / "version.json"
    # It warns of keys that only a CI knows.
    version = [PYTHON, "-m", "dockerflow", "version", "--allow-missing", "--output", version_object]
    run(version, quiet=True)
    # A check would warn of the same keys.
    run([*manage, "migrate", "--skip-checks", "--verbosity=0"], **environment)
    run([*manage, "collectstatic", "--no-input", "--verbosity=0"], **environment)
    print(f"Serving http://localhost:{environment['PORT']}/", flush=True)
    os.chdir(EXAMPLE)
    os.execve(PYTHON, [str(PYTHON), "-m", "gunicorn"], {**os.environ, **environment})  # noqa: S606


if __name__ == "__main__":
    main()
