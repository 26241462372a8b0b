"""No password, token or credential in a URL is in an answer, a log record or a command's output."""

import json

import pytest
from django.core import checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from dockerflow.django.checks import register, subjects
from tests.support.browser import wsgi

HTML, METRICS = "text/html", "application/openmetrics-text;version=1.0.0"


def _url():
    return "postgres://shop:" + "hu" + "sh@db"  # so that no line of this file has it


def raises(app_configs, **kwargs):
    raise OSError(f"cannot reach {_url()}")


def raises_from_another(app_configs, **kwargs):
    try:
        raise OSError(f"cannot reach {_url()}")
    except OSError as error:
        raise RuntimeError("unavailable") from error


def raises_during_another(app_configs, **kwargs):
    try:
        raise OSError(f"cannot reach {_url()}")
    except OSError:
        raise RuntimeError("unavailable")  # noqa: B904


def raises_a_group(app_configs, **kwargs):
    raise ExceptionGroup("several", [ValueError("no"), OSError(f"cannot reach {_url()}")])


def raises_with_a_note(app_configs, **kwargs):
    error = RuntimeError("unavailable")
    error.add_note(f"cannot reach {_url()}")
    raise error


class Quiet(Exception):
    def __str__(self):
        return "unavailable"


def raises_what_only_its_repr_shows(app_configs, **kwargs):
    raise Quiet(_url())


def raises_in_a_line_with_a_password(app_configs, **kwargs):
    raise OSError("cannot reach postgres://shop:hush@db")


class NoRepr(Exception):
    def __repr__(self):
        raise SystemExit


def raises_what_cannot_be_shown(app_configs, **kwargs):
    raise NoRepr(_url())


RAISING = [value for name, value in list(globals().items()) if name.startswith("raises")]


@pytest.mark.parametrize("check", RAISING, ids=lambda check: check.__name__)
def test_the_record_of_a_check_that_raises_has_no_password(check, settings, log):
    settings.DOCKERFLOW_CHECKS = [f"{__name__}.{check.__name__}"]
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    answer = wsgi("/__heartbeat__")
    [record] = log

    assert record["Fields"]["message_ids"] == ["dockerflow.health.C002"]
    assert "hush" not in json.dumps(record)
    assert "hush" not in answer.content.decode()


def is_unavailable(app_configs, **kwargs):
    raises_from_another(app_configs)


def test_a_record_keeps_what_is_no_credential(settings, log):
    settings.DOCKERFLOW_CHECKS = [f"{__name__}.is_unavailable"]  # its first failure is logged
    wsgi("/__heartbeat__")
    [record] = log
    shown = record["Fields"]["traceback"]

    assert record["Fields"]["error"] == "RuntimeError('unavailable')"
    assert "OSError: cannot reach postgres://***@db\n" in shown
    assert "in raises_from_another\n" in shown
    assert shown.endswith("RuntimeError: unavailable")


def breaks(base_dir):
    raise OSError(f"cannot reach {_url()}")


def test_the_record_of_a_version_callback_that_raises_has_no_password(settings, log):
    settings.DOCKERFLOW_VERSION_CALLBACK = f"{__name__}.breaks"
    wsgi("/__version__")
    [record] = log

    assert record["Fields"]["error"] == "OSError('cannot reach postgres://***@db')"


@subjects("url")
def check_fails(app_configs, url, **kwargs):
    return [checks.Error(f"{url} is down", hint=f"ask {url}", id="tests.E001")]


URLS = "https://h/?api_key=hush,https://h/?api_key=hush2,https://h/"


@pytest.fixture
def urls(settings):
    settings.DOCKERFLOW_CHECKS = [f"{__name__}.check_fails[{URLS}]"]
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"


def test_a_subject_is_shown_without_credentials(urls, log):
    body = wsgi("/__heartbeat__").json()["details"]["check_fails"]
    names = ["https://h/?api_key=***", "https://h/?api_key=*** (2)", "https://h/"]

    assert list(body["subjects"]) == names
    assert body["messages"] == {
        "tests.E001": "https://h/?api_key=*** is down\nhttps://h/?api_key=*** is down\n"
        "https://h/ is down"
    }
    assert [record["Fields"]["subject"] for record in log] == names


@pytest.mark.parametrize("accept", [HTML, METRICS])
def test_no_form_of_the_answer_has_credentials(accept, urls):
    content = wsgi("/__heartbeat__", accept=accept).content.decode()

    assert "api_key=***" in content
    assert "hush" not in content


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_the_settings_command_shows_no_credentials(options, urls, capsys):
    call_command("dockerflow", "settings", *options)
    shown = capsys.readouterr().out

    assert "check_fails[https://h/?api_key=***" in shown
    assert "hush" not in shown


def test_the_check_command_shows_no_credentials(urls):
    register()
    with pytest.raises(SystemCheckError) as caught:
        call_command("check", deploy=True, tags=["dockerflow"], databases=["default"])
    shown = str(caught.value)

    assert "https://h/?api_key=*** is down" in shown
    assert "hush" not in shown


LOCATIONS = [
    "redis://shop:hush/word@127.0.0.1:6379/0",
    "redis://:hush#word@127.0.0.1:6379/0",
    "redis://shop:hush?word@127.0.0.1/0",
    "redis://shop:it's-hush/word@127.0.0.1/0",
    "redis://shop:hush\u2100@127.0.0.1/0",
    "redis://shop:hush[@127.0.0.1/0",
]
BACKENDS = ["django.core.cache.backends.redis.RedisCache", "django_redis.cache.RedisCache"]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("location", LOCATIONS)
def test_a_password_that_is_not_percent_encoded_is_not_quoted(backend, location, settings, log):
    settings.CACHES = {"shop": {"BACKEND": backend, "LOCATION": location}}
    settings.DOCKERFLOW_CHECKS = ["check_redis_connected", "check_caches"]
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    details = wsgi("/__heartbeat__").json()["details"]

    assert list(details["check_redis_connected"]["messages"]) == ["dockerflow.health.E006"]
    assert list(details["check_caches"]["messages"]) == ["dockerflow.health.E011"]
    for checked in details.values():
        [hint] = checked["hints"].values()
        assert hint.startswith("Percent-encode what is special in a URL")
    assert "hush" not in json.dumps([details, *log])


MISTAKEN = [
    "redis://nowhere:4242/hush@127.0.0.1:6379/0",
    "redis://:hu@sh4242.invalid:4242/word@127.0.0.1:6379/0",
]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("location", MISTAKEN)
def test_a_password_that_is_taken_for_host_and_port_is_not_quoted(backend, location, settings):
    settings.CACHES = {"shop": {"BACKEND": backend, "LOCATION": [location]}}
    settings.DOCKERFLOW_CHECKS = ["check_redis_connected", "check_caches"]
    settings.DOCKERFLOW_HEARTBEAT_DETAILS = "always"
    details = wsgi("/__heartbeat__").json()["details"]

    for checked in details.values():
        [hint] = checked["hints"].values()
        assert hint.startswith("Percent-encode what is special in a URL")
    assert list(details["check_redis_connected"]["messages"]) == ["dockerflow.health.E004"]
    assert "4242" not in json.dumps(details["check_redis_connected"]["messages"])
    assert "4242" not in json.dumps(details["check_caches"]["messages"])
