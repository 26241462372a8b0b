"""The endpoints, asked as a probe asks: by the middleware and by the URLconf, sync and async."""

import json
import os
from typing import Any, ClassVar

import pytest
from django.test import Client, RequestFactory, override_settings
from django.urls import include, path, reverse

from dockerflow.django import views
from dockerflow.django.middleware import DockerflowMiddleware
from tests.support.browser import BROWSERS, ROUTES, WIRINGS
from tests.support.web import Server

ENDPOINTS = [f"/__{name}__" for name in ROUTES if name != "error"]
VERSION = {
    "source": "https://github.com/mozilla-services/Dockerflow",
    "version": "1.4.0",
    "commit": "4e6cdab6ed30dd5e80dd3bcdcb2fdb3ac2b7ac11",
    "build": "https://ci.example.com/job/7",
}


@pytest.fixture(autouse=True)
def base_dir(tmp_path, settings):
    """A directory with a version object; the heartbeat passes and asks no database."""
    (tmp_path / "version.json").write_text(json.dumps(VERSION))
    settings.BASE_DIR = tmp_path
    settings.DOCKERFLOW_CHECKS = ["tests.support.sample_checks.passes"]
    return tmp_path


@pytest.fixture(params=BROWSERS)
def ask(request, wiring):
    """A browser, four times: either wiring, sync and async."""
    return BROWSERS[request.param]


# Common to all


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("slash", ["", "/"])
def test_an_endpoint_answers_with_and_without_a_slash(ask, endpoint, slash):
    assert ask(endpoint + slash).status_code == 200


@pytest.mark.parametrize(
    "url", ["/__version__//", "/__version__x", "/x/__version__", "/__version__%0A", "/__error__"]
)
def test_nothing_else_is_an_endpoint(ask, url):
    assert ask(url).status_code == 404


@pytest.mark.parametrize(
    ("endpoint", "headers"),
    [
        (
            "/__version__",
            {"Content-Type": "application/json", "Content-Length": str(len(json.dumps(VERSION)))},
        ),
        ("/__heartbeat__", {"Content-Type": "application/json", "Content-Length": "16"}),
        ("/__lbheartbeat__", {"Content-Type": "text/html; charset=utf-8", "Content-Length": "0"}),
    ],
)
def test_the_headers_are_these_and_no_others(ask, endpoint, headers):
    assert dict(ask(endpoint).headers) == {**headers, "Cache-Control": "no-store"}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_head_is_get_without_the_body(ask, endpoint):
    got, head = ask(endpoint), ask(endpoint, "HEAD")

    assert (head.status_code, dict(head.headers), head.content) == (
        got.status_code,
        dict(got.headers),
        b"",
    )


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
def test_other_methods_are_refused(ask, caplog, endpoint, method):
    response = ask(endpoint, method)

    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")
    assert response.headers["Cache-Control"] == "no-store"
    assert caplog.records == []


def test_the_urls_are_reversible():
    with override_settings(**WIRINGS["URLconf"]):
        paths = [reverse(f"dockerflow:{name}") for name in ROUTES]

    assert paths == [f"/__{name}__" for name in ROUTES]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_under_a_script_name_the_path_is_what_follows_it(wiring, endpoint):
    browser = Client(SCRIPT_NAME="/shop")

    assert browser.get(endpoint).status_code == 200
    assert browser.get(f"/shop{endpoint}").status_code == 404


class PrefixedURLs:
    urlpatterns = [path("ops/", include("dockerflow.django.urls", namespace="dockerflow"))]


@pytest.mark.parametrize("browser", BROWSERS)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_urlconf_may_be_included_under_a_prefix(settings, browser, endpoint):
    settings.MIDDLEWARE = []
    settings.ROOT_URLCONF = PrefixedURLs
    ask = BROWSERS[browser]

    assert (ask(f"/ops{endpoint}").status_code, ask(endpoint).status_code) == (200, 404)


def test_the_middleware_has_the_routes_of_the_urlconf_and_no_others():
    patterns = [(pattern.pattern, view) for pattern, view in DockerflowMiddleware.viewpatterns]

    assert patterns == [(rf"/__{name}__/?\Z", view) for name, view in ROUTES.items()]


class Observes:
    """In front of ours, as tracing tools stand."""

    seen: ClassVar[list[Any]] = []

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        match = request.resolver_match
        self.seen.append((match.view_name, match.route, match.func))
        return response


@pytest.mark.parametrize("browser", BROWSERS)
def test_a_request_is_known_by_its_route_to_what_stands_in_front(wiring, settings, browser):
    settings.MIDDLEWARE = [f"{__name__}.Observes", *settings.MIDDLEWARE]
    settings.DOCKERFLOW_ERROR_ENDPOINT = True
    Observes.seen.clear()
    for name in ROUTES:
        BROWSERS[browser](f"/__{name}__")

    assert Observes.seen == [
        (f"dockerflow:{name}", rf"^__{name}__/?\Z", view) for name, view in ROUTES.items()
    ]


class Notes:
    """A middleware that adds to what is known of the route."""

    seen: ClassVar[list[dict[str, str]]] = []

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        self.seen.append(dict(request.resolver_match.kwargs))
        request.resolver_match.kwargs["tenant"] = "eu"
        return response


def test_what_is_added_to_the_route_of_a_request_is_not_seen_in_the_next(settings):
    settings.MIDDLEWARE = [f"{__name__}.Notes", *settings.MIDDLEWARE]
    Notes.seen.clear()
    for _ in range(2):
        BROWSERS["sync"]("/__lbheartbeat__")

    assert Notes.seen == [{}, {}]


@pytest.mark.parametrize("endpoint", ["/__version__", "/__lbheartbeat__"])
def test_an_event_loop_gets_its_answer_without_a_thread(endpoint):
    async def get_response(request):
        raise AssertionError("not reached")

    answering = DockerflowMiddleware(get_response)(RequestFactory().get(endpoint))

    with pytest.raises(StopIteration) as answered:
        answering.send(None)  # which would return, had anything been waited for
    assert answered.value.value.status_code == 200


UVICORN = ["uvicorn", "--port={port}", "--factory", "django.core.asgi:get_asgi_application"]


def test_a_real_asgi_server_serves_all_three(base_dir):
    environment = {
        "BASE_DIR": str(base_dir),
        "DOCKERFLOW_CHECKS": "tests.support.sample_checks.fails",
        "DOCKERFLOW_HEARTBEAT_FAILED_STATUS_CODE": "503",
    }
    with Server(*UVICORN, **environment) as server:
        answers = [
            server.get(endpoint)
            for endpoint in ["/__version__", "/__heartbeat__", "/__lbheartbeat__"]
        ]

    assert [(answer.status, answer.body) for answer in answers] == [
        (200, json.dumps(VERSION).encode()),
        (503, b'{"status": "error"}'),
        (200, b""),
    ]


def test_under_an_asgi_root_path_the_path_is_what_follows_it():
    with Server(*UVICORN, "--root-path=/shop") as server:
        statuses = [
            server.get(path).status for path in ["/__lbheartbeat__", "/shop/__lbheartbeat__"]
        ]

    assert statuses == [200, 404]


# /__version__


def test_the_version_object_is_served(ask):
    assert ask("/__version__").json() == VERSION


def test_without_a_file_there_is_no_version(ask, base_dir, caplog):
    (base_dir / "version.json").unlink()
    response = ask("/__version__")

    assert (response.status_code, response.json()) == (404, {"error": "version.json not found"})
    assert caplog.records == []


def test_a_version_file_is_parsed_again_only_when_it_changed(ask, base_dir):
    file = base_dir / "version.json"
    file.write_text('{"version": "1"}')
    os.utime(file, ns=(0, 0))
    seen = [ask("/__version__").json()]
    file.write_text('{"version": "2"}')
    os.utime(file, ns=(0, 0))
    seen.append(ask("/__version__").json())
    os.utime(file, ns=(1, 1))
    seen.append(ask("/__version__").json())

    assert seen == [{"version": "1"}, {"version": "1"}, {"version": "2"}]


def hush(root):
    raise OSError("cannot reach https://me:hush@registry")


def nothing(root):
    return None


def junk(root):
    return ["1.4.0"]


def unserializable(root):
    return {"version": object()}


def infinite(root):
    return {"version": float("nan")}


def quits(root):
    raise SystemExit(3)


def interrupts(root):
    raise KeyboardInterrupt


def exits(root):
    raise GeneratorExit


def custom(root):
    return {"version": "2", "root": str(root)}


def test_a_callback_is_called_with_base_dir(ask, settings, base_dir):
    settings.DOCKERFLOW_VERSION_CALLBACK = "tests.django.test_views.custom"

    assert ask("/__version__").json() == {"version": "2", "root": str(base_dir)}


def test_callback_and_base_dir_may_be_set_in_the_environment_alone(ask, settings, monkeypatch):
    del settings.BASE_DIR
    monkeypatch.setenv("BASE_DIR", "/somewhere")
    monkeypatch.setenv("DOCKERFLOW_VERSION_CALLBACK", "tests.django.test_views.custom")

    assert ask("/__version__").json() == {"version": "2", "root": "/somewhere"}


def test_a_callback_may_have_no_version(ask, settings):
    settings.DOCKERFLOW_VERSION_CALLBACK = "tests.django.test_views.nothing"

    assert ask("/__version__").status_code == 404


@pytest.mark.parametrize(
    ("callback", "error"),
    [
        ("hush", "OSError: cannot reach https://***@registry"),
        ("junk", "TypeError: it is a list, not a dict"),
        ("infinite", "ValueError: Out of range float values are not JSON compliant"),
        ("quits", "SystemExit: 3"),
        ("unserializable", "TypeError: Object of type object is not JSON serializable"),
    ],
)
def test_a_broken_callback_is_described_in_the_log_and_not_in_the_body(
    ask, settings, caplog, callback, error
):
    settings.DOCKERFLOW_VERSION_CALLBACK = f"tests.django.test_views.{callback}"
    response = ask("/__version__")

    assert (response.status_code, response.json()) == (
        500,
        {"error": "the version object is broken, see the log"},
    )
    [record] = caplog.records
    assert (record.name, record.levelname, record.getMessage()) == (
        "dockerflow.django",
        "ERROR",
        (
            "The version object is invalid (callback"
            f" tests.django.test_views.{callback}, BASE_DIR {settings.BASE_DIR})"
        ),
    )
    # since Python 3.14, another text or a note may follow
    assert any(line.startswith(error) for line in caplog.text.splitlines())


@pytest.mark.parametrize("stop", ["interrupts", "exits"])
def test_what_ends_the_process_passes_through_the_endpoint(settings, rf, stop):
    settings.DOCKERFLOW_VERSION_CALLBACK = f"tests.django.test_views.{stop}"

    with pytest.raises({"interrupts": KeyboardInterrupt, "exits": GeneratorExit}[stop]):
        views.version(rf.get("/__version__"))


def test_a_number_in_the_file_that_is_no_json_is_a_broken_file(ask, base_dir, caplog):
    file = base_dir / "version.json"
    file.write_text('{"version": "1.4.0", "size": 1e999}')
    response = ask("/__version__")

    assert (response.status_code, response.json()) == (
        500,
        {"error": "the version object is broken, see the log"},
    )
    assert len(caplog.records) == 1
    assert f"ValueError: {file} is not JSON: 1e999 is not a JSON number" in caplog.text


@pytest.mark.parametrize(
    ("name", "value"),
    [("DOCKERFLOW_VERSION_CALLBACK", 5), ("DOCKERFLOW_VERSION_CALLBACK", "no.such.place")],
)
def test_a_setting_that_has_gone_bad_is_answered_in_json(ask, settings, caplog, name, value):
    setattr(settings, name, value)
    response = ask("/__version__")

    assert (response.status_code, response.json()) == (
        500,
        {"error": "the version object is broken, see the log"},
    )
    assert [record.name for record in caplog.records] == ["dockerflow.django"]


def test_a_bad_base_dir_is_answered_in_json(ask, settings, caplog):
    settings.BASE_DIR = 5
    response = ask("/__version__")

    assert (response.status_code, response.json()) == (
        500,
        {"error": "the version object is broken, see the log"},
    )
    assert [record.name for record in caplog.records] == ["dockerflow.django"]


def test_a_broken_file_is_named_in_the_log_with_its_path(ask, base_dir, caplog):
    file = base_dir / "version.json"
    file.write_text('{"version": "1.4.0"')
    response = ask("/__version__")

    assert (response.status_code, response.json()) == (
        500,
        {"error": "the version object is broken, see the log"},
    )
    [record] = caplog.records
    assert record.getMessage() == (
        "The version object is invalid"
        f" (callback dockerflow.version.get_version, BASE_DIR {base_dir})"
    )
    assert f"ValueError: {file} is not JSON: Expecting ',' delimiter" in caplog.text


# /__lbheartbeat__


def test_lbheartbeat_touches_nothing_and_logs_nothing(ask, settings, caplog):
    settings.BASE_DIR = 5  # whoever reads a setting or a file now raises, as does a query here
    settings.DOCKERFLOW_CHECKS = settings.DOCKERFLOW_DRAIN_FILE = object()
    response = ask("/__lbheartbeat__")

    assert (response.status_code, response.content, caplog.records) == (200, b"", [])


# /__error__


def test_error_raises_once_it_is_asked_for(ask, settings, caplog):
    settings.DOCKERFLOW_ERROR_ENDPOINT = True
    response = ask("/__error__")

    assert response.status_code == 500
    assert ("dockerflow.django", 40, "The endpoint /__error__ was called") in caplog.record_tuples
    assert "RuntimeError: This is the error that /__error__ raises for a test" in caplog.text


def test_error_is_for_get_and_head_only(ask, settings, caplog):
    settings.DOCKERFLOW_ERROR_ENDPOINT = True
    response = ask("/__error__", "POST")

    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_error_is_not_there_unless_it_is_asked_for(ask, settings, method):
    settings.DOCKERFLOW_REQUEST_ID_IN_RESPONSE = False
    missing = ask("/nothing", method)
    error = ask("/__error__", method)

    assert (error.status_code, error.content, error.headers) == (
        404,
        missing.content,
        missing.headers,
    )
