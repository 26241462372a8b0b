"""What describes containers: Dockerfiles, the Compose file, the Kubernetes manifest."""

import json
import re
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from dockerflow.conf import conf
from dockerflow.version import problems
from tests.support import command
from tests.support.verification import ABOUT_DOCKERFILE
from tests.support.walkthrough import blocks

pytestmark = pytest.mark.once

CHECKOUT = Path(__file__).parents[1]
EXAMPLE = CHECKOUT / "example"
GRACEFUL_TIMEOUT = 30  # seconds, gunicorn's own
# https://docs.docker.com/reference/compose-file/interpolation/
DEFAULT = re.compile(r"\$\{\w+:-(.*)\}")


@pytest.fixture(params=["example/Dockerfile", "docs/container.rst"])
def dockerfile(request, tmp_path):
    """Each of the two that are shown to people."""
    path = CHECKOUT / request.param
    if path.suffix == ".rst":
        shown = dict(blocks(path.read_text()))["Dockerfile"]
        path = tmp_path / "Dockerfile"
        path.write_text(shown)
    return path


@pytest.fixture
def compose():
    return yaml.safe_load((EXAMPLE / "compose.yaml").read_text())


@pytest.fixture
def manifest():
    """Its objects by their kind."""
    documents = yaml.safe_load_all((EXAMPLE / "kubernetes.yaml").read_text())
    return {document["kind"]: document for document in documents}


@pytest.fixture
def pod(manifest):
    return manifest["Deployment"]["spec"]["template"]["spec"]


@pytest.fixture
def web(pod):
    [container] = pod["containers"]
    return container


def test_a_linter_finds_nothing_in_the_dockerfiles(dockerfile):
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, dockerfile], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


def test_the_dockerfiles_follow_every_requirement_and_recommendation(dockerfile):
    status, out, _ = command.run("verify", "--json", "--dockerfile", dockerfile)

    outcomes = {line["name"]: line["outcome"] for line in json.loads(out)["lines"]}
    assert status == 0
    assert [name for name, outcome in outcomes.items() if outcome == "passed"] == ABOUT_DOCKERFILE


def test_the_example_is_built_for_any_python_that_is_supported():
    text = (EXAMPLE / "Dockerfile").read_text()
    comment = re.search(r"^# Any Python .*$", text, re.MULTILINE)[0]
    supported = re.findall(r"Python :: (3\.\d+)", (CHECKOUT / "setup.py").read_text())

    assert re.findall(r"3\.\d+", comment) == supported


def test_the_dockerfiles_start_from_the_same_python(dockerfile):
    assert re.findall(r"^ARG PYTHON_VERSION=(.*)$", dockerfile.read_text(), re.MULTILINE) == [
        "3.14"
    ]


def test_compose_accepts_its_file():
    done = subprocess.run(
        [
            *(sys.executable, "-m", "check_jsonschema"),
            *("--builtin-schema", "vendor.compose-spec", EXAMPLE / "compose.yaml"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "ok -- validation done\n")


def test_compose_builds_the_example_with_a_good_version_object(compose):
    build = compose["services"]["web"]["build"]
    given = {name: DEFAULT.sub(r"\1", value) for name, value in build["args"].items()}
    dockerfile = EXAMPLE / build["context"] / build["dockerfile"]

    assert re.findall(r"^ARG (\w+)$", dockerfile.read_text(), re.MULTILINE) == list(given)
    assert problems({name.lower(): value for name, value in given.items()}) == []


def test_compose_waits_for_databases_that_tell_when_they_are_healthy(compose):
    services = compose["services"]
    waits = {
        (service, needed): condition["condition"]
        for service, description in services.items()
        for needed, condition in description.get("depends_on", {}).items()
    }
    assert waits == {
        ("web", "migrate"): "service_completed_successfully",
        ("web", "redis"): "service_healthy",
        ("migrate", "postgres"): "service_healthy",
    }
    assert [name for name in services if "healthcheck" in services[name]] == ["postgres", "redis"]


def test_kubernetes_accepts_the_manifest(manifest):
    for document in manifest.values():
        kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)


def test_the_probes_ask_what_each_is_for(web):
    probes = {name: web[name]["httpGet"] for name in web if name.endswith("Probe")}

    assert probes == {
        "startupProbe": {"path": "/__lbheartbeat__", "port": "http"},
        "readinessProbe": {"path": "/__heartbeat__", "port": "http"},
        "livenessProbe": {"path": "/__lbheartbeat__", "port": "http"},
    }


def test_the_readiness_probe_waits_for_a_heartbeat_that_takes_its_whole_time(web):
    assert web["readinessProbe"]["timeoutSeconds"] > conf.DOCKERFLOW_HEARTBEAT_TIMEOUT


def test_a_pod_is_known_to_drain_before_it_is_told_to_stop_and_has_time_to(pod, web):
    probe = web["readinessProbe"]
    noticed = probe["periodSeconds"] * probe["failureThreshold"]
    [script] = [word for word in web["lifecycle"]["preStop"]["exec"]["command"] if "sleep" in word]
    [slept] = map(int, re.findall(r"sleep (\d+)$", script))

    assert noticed < slept
    assert slept + GRACEFUL_TIMEOUT < pod["terminationGracePeriodSeconds"]


def test_every_dockerflow_variable_of_the_files_is_a_setting(compose, manifest):
    files = [compose["services"]["web"]["environment"], manifest["ConfigMap"]["data"]]
    named = {name for file in files for name in file if name.startswith("DOCKERFLOW_")}

    assert named <= {name for setting in conf for name in setting.names}
    assert named
