"""Run the tests: ``python3 tests/run.py [tox arguments] [-- pytest arguments]``.

Without arguments: the whole suite on the built wheel, with this Python and the newest Django it
runs; with Python 3.15, only the fast tests. ``python3 tests/run.py dev`` makes ``.venv`` instead,
in which pytest tests the checkout as it is. Needs Python 3.11 or later; whatever is installed is
installed in this checkout.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 (whoever clones this may have an older one)
    sys.exit("tests/run.py needs Python 3.11 or later; this is " + sys.version.split()[0])

sys.path.pop(0)  # this folder, whose package "logging" would be taken for Python's own

try:
    import ensurepip  # noqa: F401 (Debian packages it apart, and venv fails late without it)
    import venv
except ImportError:
    sys.exit("tests/run.py makes a virtual environment; on Debian: apt-get install python3-venv")

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = "{}.{}".format(*sys.version_info)
DJANGO = "61" if sys.version_info >= (3, 12) else "52"
QUICK = "-quick" if sys.version_info >= (3, 15) else ""  # for the rest, packages are missing there


def tox() -> Path:
    """Return the tox of this checkout, installed if need be."""
    folder = ROOT / ".tox" / f"tox-{PYTHON}"
    program = folder / "bin" / "tox"
    if not program.exists():
        print(f"Installing tox in {folder}", flush=True)
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([folder / "bin/pip", "install", "--quiet", "tox>=4.22"], check=True)
    return program


DEV = """
Made {folder}, where dockerflow is this checkout, with everything that the tests, the linter and the
type checker need:

    . {folder}/bin/activate
    pytest tests/conf/test_kinds.py     one file
    pytest -m "not once" -n auto        all fast tests
    ruff check && ruff format --check && mypy && lint-imports
"""


def main(arguments: list[str]) -> None:
    program = tox()
    environment = {
        "TOX_ENV": f"py{PYTHON}-django{DJANGO}{QUICK}".replace(".", ""),  # unless -e says otherwise
        "TOX_DISCOVER": sys.executable,
        "VIRTUALENV_OVERRIDE_APP_DATA": str(ROOT / ".tox" / "virtualenv"),
    }
    environment.update(os.environ)
    command = [str(program), "--conf", str(ROOT / "tox.ini")]
    if arguments == ["dev"]:
        folder = ROOT / ".venv"
        subprocess.run([*command, "devenv", "-e", "dev", folder], env=environment, check=True)
        for packages in folder.glob("lib/python*/site-packages"):
            (packages / "tests.pth").write_text(str(ROOT))  # so that "tests" is imported, too
        print(DEV.format(folder=os.path.relpath(folder)))
    else:
        os.execve(program, [*command, *arguments], environment)


if __name__ == "__main__":
    main(sys.argv[1:])
