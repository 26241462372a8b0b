"""The heartbeat as metrics for Prometheus."""

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from tests.conftest import available
from tests.support.browser import BROWSERS, wsgi
from tests.support.prometheus import Prometheus
from tests.support.waiting import settle
from tests.support.web import Server

OPENMETRICS = "application/openmetrics-text;version=1.0.0"
TEXT = "text/plain;version=0.0.4"
PARSERS = {OPENMETRICS: parse_openmetrics, TEXT: parse_text}
SAMPLES = "tests.support.sample_checks"


@pytest.fixture
def checks(settings):
    settings.DOCKERFLOW_CHECKS = [f"{SAMPLES}.passes", f"{SAMPLES}.fails"]
    settings.DOCKERFLOW_OPTIONAL_CHECKS = [f"{SAMPLES}.warns"]


@pytest.fixture
def build(settings, tmp_path):
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    settings.BASE_DIR = tmp_path
    (tmp_path / "version.json").write_text(json.dumps({"version": "1.4.0", "commit": "4e6cdab"}))


def samples(answer, accept):
    """Each sample's value by its name and, where it has some, its labels."""
    found = {}
    for family in PARSERS[accept](answer.content.decode()):
        for sample in family.samples:
            labels = ",".join(value for _, value in sorted(sample.labels.items()))
            found[f"{sample.name}({labels})" if labels else sample.name] = sample.value
    return found


@pytest.mark.parametrize("accept", PARSERS)
@pytest.mark.parametrize("browser", BROWSERS.values(), ids=BROWSERS)
def test_a_failure_is_a_sample_and_not_a_failed_scrape(browser, accept, wiring, checks, build):
    answer = browser("/__heartbeat__", accept=accept)
    found = samples(answer, accept)
    measured = [name for name in found if "_seconds(" in name]

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(accept.partition(";")[0])
    assert all(found.pop(name) >= 0 for name in measured)
    assert sorted(measured) == [
        f"dockerflow_check_{kind}_seconds({check},{required},)"
        for kind in ("duration", "state")
        for check, required in (("fails", "true"), ("passes", "true"), ("warns", "false"))
    ]
    assert found == {
        "dockerflow_heartbeat_up": 0,
        "dockerflow_check_up(passes,true,)": 1,
        "dockerflow_check_up(fails,true,)": 0,
        "dockerflow_check_up(warns,false,)": 0,
        "dockerflow_check_level(passes,true,)": 0,
        "dockerflow_check_level(fails,true,)": 40,
        "dockerflow_check_level(warns,false,)": 30,
        "dockerflow_build_info(,4e6cdab,,1.4.0)": 1,
    }


@pytest.mark.parametrize("accept", PARSERS)
def test_without_details_there_is_one_sample(accept, checks, settings):
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "never"

    assert samples(wsgi("/__heartbeat__", accept=accept), accept) == {"dockerflow_heartbeat_up": 0}


def test_a_draining_process_is_not_up(checks, settings, tmp_path):
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    settings.DOCKERFLOW_DRAIN_FILE = tmp_path / "drain"
    settings.DOCKERFLOW_DRAIN_FILE.touch()
    found = samples(wsgi("/__heartbeat__", accept=OPENMETRICS), OPENMETRICS)

    assert found["dockerflow_heartbeat_up"] == 0


def test_without_its_package_the_answer_is_json(checks, settings, monkeypatch):
    monkeypatch.setitem(sys.modules, "dockerflow.django.renderers.prometheus", None)
    answer = wsgi("/__heartbeat__", accept=OPENMETRICS)

    assert (answer.status_code, answer.json()) == (500, {"status": "error"})


@pytest.mark.once
def test_promtool_finds_nothing_wrong(checks, settings, promtool):
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    answer = wsgi("/__heartbeat__", accept=TEXT)
    done = subprocess.run(
        [promtool, "check", "metrics"], input=answer.content, capture_output=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.once
def test_a_real_prometheus_scrapes_it_with_the_token():
    token = "a-token-of-the-tests-1"
    server = Server(
        *("gunicorn", "--bind=127.0.0.1:{port}", "django.core.wsgi:get_wsgi_application()"),
        DOCKERFLOW_CHECKS=f"{SAMPLES}.passes,{SAMPLES}.fails",
        DOCKERFLOW_HEARTBEAT_TOKEN=token,
    )
    with server, available(lambda: Prometheus(server.port, token)) as prometheus:
        settle(lambda: len(prometheus.values("dockerflow_check_up")) == 2)

        assert prometheus.values("up") == {"": 1}
        assert prometheus.values("dockerflow_heartbeat_up") == {"": 0}
        assert prometheus.values("dockerflow_check_up") == {"passes": 1, "fails": 0}
        assert prometheus.values("dockerflow_check_level") == {"passes": 0, "fails": 40}


DOCS = (Path(__file__).parents[3] / "docs/metrics.rst").read_text()


def page_block(name):
    """The block of the docs that is the file of this name."""
    [block] = re.findall(rf":caption: {re.escape(name)}\n\n((?:   .*\n|\n)+)", DOCS)
    return textwrap.dedent(block)


@pytest.mark.once
def test_promtool_takes_the_configuration_and_the_rules_of_the_docs(promtool, tmp_path):
    for name in ("prometheus.yml", "heartbeat.rules.yml"):
        content = page_block(name).replace("/run/secrets/heartbeat-token", "token")
        (tmp_path / name).write_text(content)
    (tmp_path / "token").write_text("token")
    done = subprocess.run(
        [promtool, "check", "config", "prometheus.yml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "4 rules found" in done.stdout


@pytest.mark.once
def test_the_alerts_of_the_docs_fire(promtool, tmp_path):
    (tmp_path / "heartbeat.rules.yml").write_text(page_block("heartbeat.rules.yml"))
    labels = 'job="shop",instance="web-1"'
    series = {
        f'dockerflow_check_up{{{labels},check="c",required="true"}}': "0x60",
        f"dockerflow_heartbeat_up{{{labels}}}": "0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1",
        f'dockerflow_check_duration_seconds{{{labels},check="c"}}': "2x60",
        f'dockerflow_build_info{{{labels},commit="a"}}': "1x60",
        'dockerflow_build_info{job="shop",instance="web-2",commit="b"}': "1x60",
    }
    expected = [
        ("HeartbeatFailing", "5m"),
        ("HeartbeatFlapping", "15m"),
        ("HeartbeatSlow", "25m"),
        ("BuildsDiffer", "45m"),
    ]
    names = re.findall(r"alert: (\w+)", page_block("heartbeat.rules.yml"))
    done = [_fires(promtool, tmp_path, series, alert, at) for alert, at in expected]

    assert names == [alert for alert, _ in expected]
    assert done == [True] * 4


def _fires(promtool, folder, series, alert, at):
    """Whether an alert is there at a time; promtool says so by what it got in place of none."""
    test = {
        "rule_files": ["heartbeat.rules.yml"],
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": s, "values": v} for s, v in series.items()],
                "alert_rule_test": [{"eval_time": at, "alertname": alert, "exp_alerts": []}],
            }
        ],
    }
    (folder / "test.yml").write_text(json.dumps(test))
    done = subprocess.run(
        [promtool, "test", "rules", "test.yml"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return f'alertname="{alert}"' in done.stdout + done.stderr


def test_a_format_whose_version_is_none_is_passed_over(checks):
    accept = "text/plain;version=0.0.4, application/openmetrics-text;version=x"
    answer = wsgi("/__heartbeat__", accept=accept)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
