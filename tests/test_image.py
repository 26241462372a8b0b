"""Images, really built and run: the example's, and that of the documentation's walk-through."""

import json
import os
import re
import shutil
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from tests.conftest import available
from tests.support.images import Buildah, Container, run
from tests.support.process import unused_port
from tests.support.verification import ABOUT_DOCKERFILE
from tests.support.walkthrough import DockerShell, blocks

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("images")]  # built once

CHECKOUT = Path(__file__).parents[1]
DOCKERFILE = CHECKOUT / "example" / "Dockerfile"
VERSION_OBJECT = {
    "source": "https://github.com/example/harbour",
    "version": "1.0.0",
    "commit": "4e6cdab6ed30dd5e80dd3bcdcb2fdb3ac2b7ac11",
    "build": "https://ci.example.com/harbour/7",
}
SECOND = 1_000_000_000  # nanoseconds, in which Docker counts


@pytest.fixture(scope="module")
def buildah():
    with available(Buildah) as buildah:
        yield buildah


@pytest.fixture(scope="module")
def image(buildah):
    buildah.fetch("setuptools", "--requirement", CHECKOUT / "example" / "requirements.txt")
    arguments = {key.upper(): value for key, value in VERSION_OBJECT.items()}
    buildah.build("harbour", CHECKOUT, dockerfile=DOCKERFILE, **arguments)
    return "harbour"


@pytest.fixture
def database(postgresql):
    """The URL of an empty one."""
    postgresql.execute("CREATE DATABASE empty")
    yield postgresql.url.removesuffix("postgres") + "empty"
    postgresql.execute("DROP DATABASE empty WITH (FORCE)")


@pytest.fixture
def environment(database, redis_server):
    compose = yaml.safe_load((CHECKOUT / "example" / "compose.yaml").read_text())
    urls = {"DATABASE_URL": database, "REDIS_URL": redis_server.url}
    return {**compose["services"]["web"]["environment"], **urls}


@pytest.fixture
def docker_run(buildah, image, environment):
    """Runs the image with other words than its own and returns what it printed."""

    def run_to_its_end(*words):
        with closing(Container(buildah, image, *words, **environment)) as container:
            return run(container.command())

    return run_to_its_end


@pytest.fixture
def container(buildah, image, environment):
    with Container(buildah, image, **environment) as container:
        yield container


def test_the_example_image_says_how_it_is_run(buildah, image):
    expected = {
        "User": "app",
        "WorkingDir": "/app",
        "ExposedPorts": {"8000/tcp": {}},
        "Entrypoint": ["python", "-m"],
        "Cmd": ["gunicorn"],
        "Healthcheck": {
            "Test": ["CMD", "python", "-m", "dockerflow", "probe"],
            "Interval": 10 * SECOND,
            "Timeout": 4 * SECOND,
            "StartPeriod": 20 * SECOND,
        },
    }
    config = buildah.config(image)

    assert {name: config[name] for name in expected} == expected


def test_no_secret_is_in_the_environment_of_the_example_image(buildah, image):
    names = [variable.partition("=")[0] for variable in buildah.config(image)["Env"]]

    assert names == ["PATH", "PORT", "PYTHONUNBUFFERED"]


def test_nothing_but_the_application_is_in_the_folder_of_the_example_image(buildah, image):
    app = buildah.mount(buildah.container(image)) / "app"

    assert sorted(path.name for path in app.iterdir()) == [
        *("config", "gunicorn.conf.py", "harbour", "manage.py", "requirements.txt"),
        *("staticfiles", "version.json"),  # made by the build
    ]


def test_the_example_container_is_ready_when_another_one_has_migrated(container, docker_run):
    before = container.get("/__heartbeat__")
    docker_run("manage", "migrate")
    after = container.get("/__heartbeat__")

    checks = {
        "check_database_connected": "ok",
        "check_migrations_applied": "warning",
        "check_berths_loaded": "info",
        "check_redis_connected": "ok",
    }
    assert (before.status, before.json()["checks"]) == (500, checks)
    assert (after.status, after.json()["checks"]) == (200, dict.fromkeys(checks, "ok"))


def test_the_example_container_tells_which_build_it_is(container):
    assert container.get("/__version__").json() == VERSION_OBJECT


def test_the_health_check_of_the_example_image_passes_in_its_container(buildah, image, container):
    how, *words = buildah.config(image)["Healthcheck"]["Test"]

    assert how == "CMD"
    assert re.fullmatch(
        rf"http://127\.0\.0\.1:{container.port}/__lbheartbeat__: 200 OK in \d+ ms\n",
        run(container.inside(words)),
    )


def test_the_example_container_ends_when_it_is_told_to_and_leaves_no_file(container):
    assert container.terminate() == 0
    assert container.written() == []


def test_one_variable_adds_checks_to_the_example_container(
    buildah, image, environment, docker_run, container
):
    docker_run("manage", "migrate")
    url = f"http://127.0.0.1:{container.port}/__lbheartbeat__"
    added = {"check_disk_space": "/tmp:0.1%", "check_url": url}
    optional = ",".join(f"{name}[{subject}]" for name, subject in added.items())
    variables = {"DOCKERFLOW_OPTIONAL_CHECKS": optional, "DOCKERFLOW_HEARTBEAT_TOKEN": "t" * 32}

    with Container(buildah, image, **{**environment, **variables}) as more:
        headers = {"Authorization": f"Bearer {'t' * 32}"}
        found = more.get("/__heartbeat__", headers=headers).json()["checks"]
        page = more.get("/__heartbeat__", headers={**headers, "Accept": "text/html"}).body.decode()
        printed = run(more.inside(["python", "-m", "manage", "dockerflow", "heartbeat"]))

    assert {name: found[name] for name in added} == dict.fromkeys(added, "ok")
    for name, subject in added.items():
        assert name in page
        assert subject in page
        assert re.search(rf"^{name} +ok .*\(optional\)$", printed, re.MULTILINE)


def test_the_example_conforms_seen_from_inside_its_container(docker_run):
    docker_run("manage", "migrate")
    services = ("--backing", "DATABASE_URL", "--optional-backing", "REDIS_URL")
    report = json.loads(
        docker_run("dockerflow", "verify", "--json", "--command", "python -m gunicorn", *services)
    )

    not_passed = [line["name"] for line in report["lines"] if line["outcome"] != "passed"]
    assert not_passed == [
        "environment",  # can't be seen
        *ABOUT_DOCKERFILE,
    ]


def write_wheel(folder, name, version, files):
    """Write the wheel of a pure Python package."""
    about = f"{name}-{version}.dist-info"
    metadata = {
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in {**files, **metadata}.items():
            wheel.writestr(path, text)
        wheel.writestr(f"{about}/RECORD", "".join(f"{path},,\n" for path in wheel.namelist()))


def test_the_walk_through_ends_with_a_conforming_container(buildah, database, tmp_path):
    port = unused_port()
    page = (CHECKOUT / "docs" / "container.rst").read_text(encoding="utf-8")
    page = page.replace("postgres://shop:secret@db.example.com/shop", database)
    page = page.replace("localhost:8000", f"localhost:{port}")
    steps = blocks(page)

    source, folder = tmp_path / "dockerflow", tmp_path / "empty"
    unneeded = [".*", "__pycache__", "_build", "build", "*.egg-info"]
    shutil.copytree(CHECKOUT, source, ignore=shutil.ignore_patterns(*unneeded))
    folder.mkdir()
    [requirements] = (step.text for step in steps if step.caption == "requirements.txt")
    ours, *others = requirements.split()
    buildah.fetch("setuptools", f"{source}[verify]", *others)
    # What PyPI has under the name: another package, of a higher version.
    wheels = buildah.folder / "wheels"
    (wheels / Path(ours).name).unlink()
    write_wheel(wheels, "dockerflow", "9999.1", {"dockerflow/logging.py": ""})
    environment = {
        "HOME": str(tmp_path),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
    }
    with DockerShell(folder, environment, port, buildah) as shell:
        for step in steps[: steps.index(next(s for s in steps if s.caption == "uwsgi.ini"))]:
            shell.follow(step)
