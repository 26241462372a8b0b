"""The built wheel: what is in it, and that it is all that a user needs."""

import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from email import message_from_bytes
from pathlib import Path

import django
import pytest

import dockerflow
from tests.support.web import Server, python_path

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("wheel")]  # built once

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = """\
SECRET_KEY = "ten-lines"
ALLOWED_HOSTS = ["shop.example.com"]
INSTALLED_APPS = ["django.contrib.contenttypes", "dockerflow.django"]
MIDDLEWARE = ["dockerflow.django.middleware.DockerflowMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
USE_TZ = True
ROOT_URLCONF = "shop_settings"
urlpatterns = []
"""
IMPORT_ALL = """
import importlib, pkgutil, django, dockerflow
django.setup()
for module in pkgutil.walk_packages(dockerflow.__path__, "dockerflow."):
    if module.name != "dockerflow.django.renderers.prometheus":  # which needs its extra
        importlib.import_module(module.name)
"""
CORE = ["cli.main", "cli.probe", "health", "heartbeat", "loggers", "logging", "scrub", "version"]


INSTALL = r"^1\. Install .*?\.\. code-block:: console\n\n +\$ (.+?)$"  # the first step


@pytest.fixture(scope="module")
def pip(tmp_path_factory):
    """Runs the pip of an environment that has nothing else; ``pip.python`` is its Python."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=True, symlinks=True)

    def pip(*arguments):
        quiet = ["--quiet", "--disable-pip-version-check"]
        subprocess.run([pip.python, "-m", "pip", *quiet, *arguments], check=True)

    pip.python = folder / "bin/python"
    return pip


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A copy of this checkout, for pip to build in."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("setup.py", "pyproject.toml", "README.rst", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "dockerflow", folder / "dockerflow", ignore=ignored)
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=ignored)
    return folder


@pytest.fixture(scope="module")
def wheel(pip, clone):
    pip("wheel", "--no-deps", f"--wheel-dir={clone}", clone)
    [wheel] = clone.glob("*.whl")
    return wheel


def test_the_first_step_of_the_readme_installs_this_package(clone, tmp_path):
    step = re.search(INSTALL, (ROOT / "README.rst").read_text(), re.DOTALL | re.MULTILINE)[1]
    venv.create(tmp_path, with_pip=True, symlinks=True)
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "PATH": os.pathsep.join([str(tmp_path / "bin"), os.defpath]),
    }
    subprocess.run(step, shell=True, cwd=clone, env=environment, check=True)
    program = "import dockerflow; print(dockerflow.__version__, dockerflow.__file__)"
    command = [tmp_path / "bin/python", "-c", program]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    version, file = done.stdout.split()

    assert version == dockerflow.__version__
    assert tmp_path in Path(file).parents


def test_the_wheel_holds_the_package_whole_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    package = (wheel.parent / "dockerflow").rglob("*")
    files = {str(path.relative_to(wheel.parent)) for path in package if path.is_file()}
    metadata = {name for name in names if ".dist-info/" in name}

    assert names - metadata == files
    assert {name.partition(".dist-info/")[2] for name in metadata} == {
        "METADATA",
        "RECORD",
        "WHEEL",
        "licenses/LICENSE",
        "top_level.txt",
    }


def test_the_wheel_asks_for_django_and_decouple_only(wheel):
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("/METADATA")]
        metadata = message_from_bytes(archive.read(name))
    required = [line for line in metadata.get_all("Requires-Dist") if "extra ==" not in line]

    assert sorted(required) == ["Django>=4.2", "python-decouple>=3.8"]
    assert metadata["Requires-Python"] == ">=3.11"


class Project(Server):
    """A project of a few settings in an environment of its own."""

    def __init__(self, python):
        super().__init__("django", "runserver", "--noreload", "127.0.0.1:{port}")
        self.python = python
        (self.folder / "shop_settings.py").write_text(SETTINGS)

    def command(self):
        return [self.python, *super().command()[1:]]

    def environment(self):
        return {
            "BASE_DIR": str(self.folder),
            "DJANGO_SETTINGS_MODULE": "shop_settings",
            "PYTHONPATH": str(self.folder),
            "PYTHONWARNINGS": "error",
        }

    def run_python(self, *arguments):
        command = [self.python, *arguments]
        subprocess.run(command, cwd=self.folder, env=self.environment(), check=True)


def test_the_wheel_and_a_few_settings_are_all_that_a_user_needs(pip, wheel):
    pip("install", wheel, f"Django=={django.__version__}")
    with Project(pip.python) as project:
        project.run_python("-c", IMPORT_ALL)
        project.run_python("-m", "django", "migrate", "--verbosity=0")
        project.run_python(
            "-m", "dockerflow", "version", "--allow-missing", "--output=version.json"
        )
        paths = ["/__version__", "/__heartbeat__", "/__lbheartbeat__"]
        answers = [project.get(path) for path in paths]

    assert [answer.status for answer in answers] == [200, 200, 200]
    assert answers[1].json() == {"status": "ok"}


def imported_by(program, names):
    """What ``names``, an expression, is in a process that has run the program."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {program}; print(sorted({names}))"],
        env={"PYTHONPATH": python_path()},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize("module", ["dockerflow", *(f"dockerflow.{name}" for name in CORE)])
def test_what_needs_no_django_imports_none(module):
    unwanted = "{'asgiref', 'decouple', 'django'} & set(sys.modules)"

    assert imported_by(f"import {module}", unwanted) == "[]"


def test_the_package_itself_imports_nothing():
    program = "before = set(sys.modules); import dockerflow"

    assert imported_by(program, "set(sys.modules) - before") == "['dockerflow']"
