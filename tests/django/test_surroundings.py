"""The endpoints among everything else that a project may have: none of it reaches a probe."""

import django
import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import override_settings

from tests.support.browser import BROWSERS, WIRINGS

ENDPOINTS = ["/__version__", "/__heartbeat__", "/__lbheartbeat__"]
OURS = "dockerflow.django.middleware.DockerflowMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"
LOGIN = "django.contrib.auth.middleware.LoginRequiredMiddleware"
UPDATE_CACHE = "django.middleware.cache.UpdateCacheMiddleware"
FETCH_FROM_CACHE = "django.middleware.cache.FetchFromCacheMiddleware"


@pytest.fixture(autouse=True)
def passing(tmp_path, settings):
    """A project with a version object, whose heartbeat passes and asks no database."""
    (tmp_path / "version.json").write_text("{}")
    settings.BASE_DIR = tmp_path
    settings.DOCKERFLOW_CHECKS = ["tests.support.sample_checks.passes"]


@pytest.fixture(params=BROWSERS)
def ask(request):
    return BROWSERS[request.param]


@pytest.fixture
def behind(settings):
    """Middleware behind ours."""

    def put(*middleware):
        settings.MIDDLEWARE = [OURS, *middleware]

    return put


@pytest.fixture
def in_front(settings):
    """Middleware in front of an included URLconf."""

    def put(*middleware):
        settings.MIDDLEWARE = list(middleware)
        settings.ROOT_URLCONF = "tests.support.included_urls"

    return put


def statuses(ask, **headers):
    """The statuses of the three endpoints and of another page."""
    return [ask(path, **headers).status_code for path in [*ENDPOINTS, "/"]]


# Behind our middleware


@pytest.mark.parametrize("host", ["10.0.0.1", "not a host", "evil.example.com:99999"])
def test_a_probe_may_name_any_host(ask, behind, host):
    behind(COMMON)

    assert statuses(ask, host=host) == [200, 200, 200, 400]


def test_a_probe_needs_no_tls(ask, behind, settings):
    behind(SECURITY)
    settings.SECURE_SSL_REDIRECT = True

    assert statuses(ask) == [200, 200, 200, 301]


def refuses_all(get_response):
    return lambda request: HttpResponse(status=418)


def test_a_probe_never_meets_a_later_middleware(behind):
    behind("tests.django.test_surroundings.refuses_all")

    assert statuses(BROWSERS["sync"]) == [200, 200, 200, 418]


# In front of the URLconf


def test_the_urls_need_no_csrf_token_to_refuse_a_method(ask, in_front):
    in_front(CSRF)

    assert [ask(path, "POST").status_code for path in [*ENDPOINTS, "/"]] == [405, 405, 405, 403]


def test_the_urls_stay_as_strict_about_the_host_as_the_project(ask, in_front):
    in_front(COMMON)

    assert statuses(ask, host="10.0.0.1") == [400, 400, 400, 400]


@pytest.fixture
def session_key(db):
    """Somebody is logged in."""
    session = SessionStore()
    user = User.objects.create(username="me")
    session["_auth_user_id"] = str(user.pk)
    session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.save()
    return session.session_key


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_session_is_neither_written_nor_answered(ask, in_front, settings, session_key, endpoint):
    in_front(SESSIONS, AUTH)
    settings.SESSION_SAVE_EVERY_REQUEST = True
    before = list(Session.objects.values())
    for key in (session_key, "unknown"):
        response = ask(endpoint, cookies={settings.SESSION_COOKIE_NAME: key})

        assert (response.status_code, dict(response.cookies)) == (200, {})
        assert set(response.headers) == {"Content-Type", "Content-Length", "Cache-Control"}
        assert list(Session.objects.values()) == before


def asks_for_the_user(get_response):
    def middleware(request):
        response = get_response(request)
        response["X-User"] = str(request.user)
        return response

    return middleware


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_other_middleware_still_finds_its_session_and_user(
    in_front, settings, session_key, endpoint
):
    in_front(SESSIONS, AUTH, "tests.django.test_surroundings.asks_for_the_user")
    cookies = {settings.SESSION_COOKIE_NAME: session_key}
    response = BROWSERS["sync"](endpoint, cookies=cookies)

    assert (response.status_code, response.headers["X-User"]) == (200, "me")
    assert dict(response.cookies) == {}


def test_a_page_keeps_its_session(in_front, settings, session_key):
    in_front(SESSIONS)
    settings.SESSION_SAVE_EVERY_REQUEST = True
    cookies = {settings.SESSION_COOKIE_NAME: session_key}
    response = BROWSERS["sync"]("/", cookies=cookies)

    assert list(response.cookies) == [settings.SESSION_COOKIE_NAME]


def test_a_cache_of_the_whole_site_keeps_no_answer(ask, in_front, tmp_path):
    in_front(UPDATE_CACHE, FETCH_FROM_CACHE)
    cache.clear()
    before = [ask(path).status_code for path in ENDPOINTS]
    (tmp_path / "version.json").unlink()
    with override_settings(DOCKERFLOW_CHECKS=["tests.support.sample_checks.fails"]):
        after = [ask(path).status_code for path in ENDPOINTS]
    kept = len(cache._cache)
    ask("/")

    assert (before, after) == ([200, 200, 200], [404, 500, 200])
    assert (kept, len(cache._cache)) == (0, 2)  # the page and its headers
    cache.clear()


@pytest.mark.parametrize("wiring", WIRINGS.values(), ids=WIRINGS)
def test_no_transaction_is_opened(ask, monkeypatch, wiring):
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    with override_settings(**wiring):
        # a transaction needs a connection, which a test without a database is refused
        assert statuses(ask) == [200, 200, 200, 500]


# A failing heartbeat


@pytest.mark.parametrize("wiring", WIRINGS.values(), ids=WIRINGS)
def test_a_failing_heartbeat_is_no_server_error(ask, settings, caplog, wiring):
    settings.DOCKERFLOW_CHECKS = ["tests.support.sample_checks.fails"]
    settings.DOCKERFLOW_ERROR_ENDPOINT = True
    with override_settings(**wiring):
        statuses = [ask(path).status_code for path in ["/__heartbeat__", "/__error__"]]

    assert statuses == [500, 500]
    # what Django mails to ADMINS is what this logger gets
    requests = [record.getMessage() for record in caplog.records if record.name == "django.request"]
    assert requests == ["Internal Server Error: /__error__"]


# Login, which Django can demand from 5.1 on

if django.VERSION >= (5, 1):

    def test_a_probe_needs_no_login(ask, behind):
        behind(SESSIONS, AUTH, LOGIN)

        assert statuses(ask) == [200, 200, 200, 302]

    def test_the_urls_need_no_login(ask, in_front, settings):
        in_front(SESSIONS, AUTH, LOGIN)
        settings.DOCKERFLOW_ERROR_ENDPOINT = True

        assert statuses(ask) == [200, 200, 200, 302]
        assert ask("/__error__").status_code == 500
